from __future__ import annotations

import functools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.samples import columns, model
from waglan.core import LANGUAGES
from waglan.kit.scorecard import Band, Plan, ScorecardModel, rows_of
from waglan.kit.scorecard.reasons import band_label, is_target
from waglan.kit.scorecard.recourse import nearest_value

MODEL = functools.cache(model)


def test_each_decline_has_a_reason_whose_best_band_raises_the_score():
    m = MODEL()
    by_name = {c.name: c for c in m.scorecard.characteristics}
    rows = rows_of(columns(seed=5)[0])
    declined = 0
    for row, answer in zip(rows, m.predict_many(rows), strict=True):
        if answer.approve:
            continue
        declined += 1
        assert 1 <= len(answer.reasons) <= 4
        weights = [r.weight for r in answer.reasons]
        assert weights == sorted(weights, reverse=True)
        for reason in answer.reasons:
            c = by_name[reason.where[0]]
            targets = [at for at, b in enumerate(c.binning.bands) if is_target(b)]
            best = max(targets, key=lambda at, c=c: c.points[at])
            moved = m.predict(row | {c.name: nearest_value(c.binning, best, row[c.name])})
            assert moved.score - answer.score == reason.weight > 0
    assert declined > 100


def test_an_approval_says_what_speaks_for_it():
    m = MODEL()
    best = m.predict({"income": 10**6, "late": 0, "ratio": 0.0, "colour": "amber", "owner": True})
    assert best.approve
    assert best.reasons
    assert all(r.code.endswith(".gained") for r in best.reasons)


def test_an_approval_for_which_nothing_speaks_names_the_score():
    m = model(Plan(cut_off=0))
    worst = {c.name: nearest_value(c.binning, c.points.index(0), None) for c in m.scorecard.characteristics
             if is_target(c.binning.bands[c.points.index(0)])}  # fmt: skip
    if m.score(worst) == m.scorecard.lowest:
        assert [r.code for r in m.predict(worst).reasons] == ["score.reached"]


def test_a_family_gives_one_reason():
    plan = Plan(families={"late": "record", "ratio": "record"}, approve_rate=0.3)
    together, apart = model(plan), model(Plan(approve_rate=0.3))
    row = {"income": 3_000, "late": 4, "ratio": 0.99, "colour": "blue", "owner": False}
    names = [r.where[0] for r in apart.predict(row).reasons]
    assert {"late", "ratio"} <= set(names)
    assert len({"late", "ratio"} & {r.where[0] for r in together.predict(row).reasons}) == 1


def test_text_in_three_languages_from_title_and_band():
    title = {"en": "Late payments", "zh-Hant": "逾期次數", "zh-Hans": "逾期次数"}
    m = model(Plan(titles={"late": title}, approve_rate=0.3))
    reason = next(r for r in m.predict({"late": 9, "income": 9_000}).reasons if r.code == "late.lost")
    points = int(reason.weight)
    assert set(reason.text) == set(LANGUAGES)
    assert reason.text["en"].startswith("Late payments: ")
    assert reason.text["en"].endswith(f"; {points} points below the best band")
    assert reason.text["zh-Hant"].startswith("逾期次數：") and reason.text["zh-Hant"].endswith(
        f"比最佳分檔低 {points} 分"
    )
    assert reason.text["zh-Hans"].startswith("逾期次数：") and reason.text["zh-Hans"].endswith(
        f"比最佳分档低 {points} 分"
    )


@pytest.mark.parametrize(
    ("band", "kind", "label"),
    [
        ({"role": "range", "high": 30_000.0}, "number", "below 30,000"),
        ({"role": "range", "low": 0.25, "high": 0.5}, "number", "0.25 to under 0.5"),
        ({"role": "range", "low": 2.0, "high": 5.0}, "integer", "2 to 4"),
        ({"role": "range", "low": 2.0, "high": 3.0}, "integer", "2"),
        ({"role": "range", "low": 7.0}, "integer", "7 or more"),
        ({"role": "range"}, "number", "any value"),
        ({"role": "values", "values": ("a", "b", "c", "d")}, "category", "a, b, c, …"),
        ({"role": "values", "values": ("true",)}, "boolean", "yes"),
        ({"role": "special", "low": -2.0}, "integer", "-2"),
        ({"role": "missing"}, "number", "not given"),
        ({"role": "other"}, "category", "another value"),
    ],
)
def test_bands_in_words(band, kind, label):
    assert band_label(Band(rows=1, events=0, woe=0.0, **band), kind, "en") == label


@settings(max_examples=25, deadline=None)
@given(protected=st.sampled_from(["owner", "colour", "late"]))
def test_protected_attributes_are_in_no_reason_or_change(protected):
    inputs, bad = columns()
    kept = [c for c in inputs if c.name != protected]
    from tests.kit.samples import TRAINING
    from waglan.kit.scorecard import fit_scorecard

    fitted = fit_scorecard("x", kept, bad, Plan(protected=(protected,)), TRAINING)
    m = ScorecardModel(fitted.scorecard, "0" * 64)
    answers = m.predict_many(rows_of(inputs)[:300])
    assert protected not in {name for a in answers for r in a.reasons for name in r.where}
    assert protected not in {c.input for a in answers for alt in a.alternatives for c in alt.changes}
    spoken = msgspec.json.encode(answers).decode()
    assert f'"{protected}' not in spoken
