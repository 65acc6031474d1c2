from __future__ import annotations

import functools
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.samples import LEVELS, TRAINING, columns, model
from waglan.core import Problem, formats
from waglan.kit.scorecard import BinningRule, Plan, ScorecardModel, digest, dump, fit_scorecard, load, read, rows_of

MODEL = functools.cache(model)
ANY_ROW = st.fixed_dictionaries(
    {},
    optional={
        "income": st.none() | st.integers(-(10**15), 10**15) | st.just(math.nan),
        "late": st.none() | st.integers(-3, 40) | st.booleans(),
        "ratio": st.none() | st.floats(-1e15, 1e15) | st.sampled_from([-1.0, -0.0, 0.0, 5e-324, math.nan]),
        "colour": st.none() | st.sampled_from(LEVELS) | st.text(max_size=4),
        "owner": st.none() | st.booleans(),
        "unknown": st.text(max_size=3),
    },
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ANY_ROW, max_size=40))
def test_one_by_one_and_many_give_the_same_bits(rows):
    m = MODEL()
    many = m.predict_many(rows)
    assert msgspec.json.encode(many) == msgspec.json.encode([m.predict(row) for row in rows])
    assert m.scores(rows).tolist() == [m.score(row) for row in rows] == [int(a.score) for a in many]


def test_training_columns_score_as_rows_do():
    inputs, _ = columns()
    m = MODEL()
    assert m.score_columns(inputs).tolist() == [m.score(row) for row in rows_of(inputs)]


def test_the_edge_of_a_band_belongs_to_the_upper_one():
    m = MODEL()
    for c in m.scorecard.characteristics:
        for edge in c.binning.edges:
            above, below = np.nextafter(edge, np.inf), np.nextafter(edge, -np.inf)
            at = [m.predict({c.name: v}).score for v in (edge, above, below)]
            assert at[0] == at[1]
            bands = [next(i for i, b in enumerate(c.binning.bands) if b.low == edge)]
            expected = c.points[bands[0]] - c.points[bands[0] - 1]
            assert at[0] - at[2] == expected


def test_points_follow_the_scale():
    m = MODEL()
    scaling, card = m.scorecard.scaling, m.scorecard
    assert scaling.factor * math.log(2) == pytest.approx(scaling.pdo)
    odds = [(1 - p) / p for p in (card.probability(500), card.probability(520))]
    slope = card.calibration.slope
    assert odds[1] / odds[0] == pytest.approx(2.0**slope)


def test_a_better_score_is_a_smaller_probability():
    m = MODEL()
    found = [m.probability(s) for s in range(m.scorecard.lowest, m.scorecard.highest + 1)]
    assert found == sorted(found, reverse=True)
    assert all(0 < p < 1 for p in found)


def test_probabilities_are_calibrated_on_unseen_rows():
    m = MODEL()
    inputs, bad = columns(seed=99, n=20_000)
    p = m.probabilities(m.score_columns(inputs))
    assert abs(p.mean() - bad.mean()) < 0.02
    worst = max(abs(part.mean() - bad[at].mean()) for at in np.array_split(np.argsort(p), 10) for part in [p[at]])
    assert worst < 0.06


def test_the_file_says_what_it_is_and_reads_back_the_same():
    m = MODEL()
    raw = dump(m.scorecard)
    body = msgspec.json.decode(raw)
    assert body["format"] == "waglan.scorecard/1"
    assert body["id"] == "test.scorecard"
    assert load(raw) == m.scorecard
    again = formats.get("waglan.scorecard/1")(raw)
    assert isinstance(again, ScorecardModel)
    assert again.card.digest == digest(raw)
    assert again.card.version == digest(raw)[:12]
    assert dump(again.scorecard) == raw


def test_training_twice_gives_the_same_bytes():
    assert dump(model().scorecard) == dump(model().scorecard)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda b: b | {"format": "waglan.other/1"},
        lambda b: b | {"protected": [b["characteristics"][0]["binning"]["name"]]},
        lambda b: {k: v for k, v in b.items() if k != "base"},
        lambda b: b | {"characteristics": [b["characteristics"][0] | {"points": [1]}]},
        lambda b: b | {"cut_off": "many"},
    ],
)
def test_a_spoilt_file_is_a_problem(spoil):
    raw = msgspec.json.encode(spoil(msgspec.json.decode(dump(MODEL().scorecard))))
    with pytest.raises(Problem) as caught:
        read(raw)
    assert caught.value.code == "model.invalid"


def test_a_protected_attribute_can_not_be_trained_on():
    inputs, bad = columns()
    with pytest.raises(Problem) as caught:
        fit_scorecard("x", inputs, bad, Plan(protected=("owner",)), TRAINING)
    assert caught.value.code == "training.protected"


def test_coefficients_never_contradict_the_evidence():
    inputs, bad = columns()
    twin = inputs[1]._replace(name="late_twin", values=inputs[1].values * -1.0)
    fitted = fit_scorecard("x", (*inputs, twin), bad, Plan(rules={"ratio": BinningRule(specials=(-1.0,))}), TRAINING)
    assert all(c.coefficient > 0 for c in fitted.scorecard.characteristics)


def test_noise_is_left_out():
    inputs, bad = columns()
    noise = inputs[2]._replace(name="noise", values=np.random.default_rng(8).random(bad.size))
    fitted = fit_scorecard("x", (*inputs, noise), bad, Plan(), TRAINING)
    assert ("noise", "weak") in [(d.name, d.why) for d in fitted.dropped]


def test_the_cut_off_lets_the_share_pass():
    inputs, bad = columns()
    fitted = fit_scorecard("x", inputs, bad, Plan(approve_rate=0.7), TRAINING)
    m = ScorecardModel(fitted.scorecard, "0" * 64)
    scores = m.score_columns(inputs)
    assert np.mean(scores >= fitted.scorecard.cut_off) >= 0.7
    assert np.mean(scores > fitted.scorecard.cut_off) < 0.7
    assert fit_scorecard("x", inputs, bad, Plan(cut_off=501), TRAINING).scorecard.cut_off == 501


def test_what_training_never_saw_is_named():
    m = MODEL()
    seen = {"income": 20_000, "late": 0, "ratio": 0.5, "colour": "amber", "owner": True}
    assert m.predict(seen).unseen == ()
    assert m.predict(seen | {"colour": "mauve"}).unseen == ("colour",)
    assert m.predict(seen | {"owner": None}).unseen == ("owner",)
    assert m.predict(seen | {"income": None}).unseen == ()
