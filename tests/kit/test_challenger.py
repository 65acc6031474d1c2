from __future__ import annotations

import builtins
import functools

import msgspec
import numpy as np
import pytest

from tests.kit.samples import TRAINING, columns
from waglan.core import Problem, formats
from waglan.kit.scorecard import Plan, challenger, metrics, rows_of

lightgbm = pytest.importorskip("lightgbm", reason="the extra waglan[credit] is not installed")


@functools.cache
def trained():
    inputs, bad = columns()
    plan = Plan(protected=("colour",), families={"late": "f"}, stakes="income")
    found = challenger.fit_challenger("test.challenger", inputs, bad, plan, TRAINING, monotone={"late": "increasing"})
    raw = challenger.dump_challenger(found)
    return raw, challenger.read_challenger(raw)


def test_contributions_add_up_and_alone_is_as_together():
    _, m = trained()
    inputs, bad = columns(seed=3)
    rows = rows_of(inputs)[:200]
    many = m.predict_many(rows)
    assert many == [m.predict(row) for row in rows]
    x = np.column_stack([c.values[:200] for c in inputs if c.name != "colour"])
    raw = m._booster.predict(x, raw_score=True)
    assert np.abs(m.contributions(x).sum(axis=1) - raw).max() < 1e-9
    assert [a.score for a in many] == m.score_columns([c.take(np.arange(200)) for c in inputs]).tolist()
    assert metrics.auc(bad, -m.score_columns(inputs)) > 0.65


def test_it_never_speaks_of_what_is_protected():
    raw, m = trained()
    assert "colour" not in [i["name"] for i in msgspec.json.decode(raw)["inputs"]]
    answers = m.predict_many(rows_of(columns(seed=4)[0])[:200])
    assert {a.recourse for a in answers} == {"not_needed", "not_offered"}
    for a in answers:
        assert 1 <= len(a.reasons) <= 4
        assert all("colour" not in r.where for r in a.reasons)
        assert all(r.code.endswith((".gained", "score.reached") if a.approve else ".lost") for r in a.reasons)


def test_a_trend_asked_for_is_kept():
    _, m = trained()
    base = {"income": 20_000, "ratio": 0.5, "owner": False}
    scores = [m.predict(base | {"late": late}).score for late in range(8)]
    assert scores == sorted(scores, reverse=True)


def test_the_file_reads_back():
    raw, m = trained()
    again = formats.get("waglan.lightgbm/1")(raw)
    rows = rows_of(columns(seed=3)[0])[:20]
    assert again.predict_many(rows) == m.predict_many(rows)
    assert again.card.id == "test.challenger"
    with pytest.raises(Problem) as caught:
        challenger.read_challenger(raw.replace(b'"base_odds"', b'"odds"'))
    assert caught.value.code == "model.invalid"


@pytest.mark.parametrize("error", [ImportError("no module"), OSError("libgomp.so.1: cannot open shared object file")])
def test_without_the_library_there_is_a_problem_that_says_what_to_type(monkeypatch, error):
    real = builtins.__import__

    def refuse(name, *arguments, **named):
        if name == "lightgbm":
            raise error
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(Problem) as caught:
        challenger.lightgbm()
    assert caught.value.code == "environment.lightgbm"
    assert "Type: " in caught.value.next
