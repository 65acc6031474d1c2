from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.samples import columns, model
from waglan.kit.scorecard import Plan, rows_of
from waglan.kit.scorecard.recourse import Move, Option, fewest_moves

GAINS = st.lists(st.integers(1, 40), unique=True, max_size=4).map(
    lambda gains: tuple(Option(gain, at) for at, gain in enumerate(sorted(gains)))
)


def brute(choices, shortfall):
    """(inputs changed, points beyond) of the best set, or None."""
    best = None
    for picked in itertools.product(*[(None, *options) for options in choices]):
        moved = [o for o in picked if o is not None]
        total = sum(o.gain for o in moved)
        if moved and total >= shortfall:
            key = (len(moved), total - shortfall)
            best = key if best is None else min(best, key)
    return best


@settings(max_examples=400, deadline=None)
@given(choices=st.lists(GAINS, max_size=5), shortfall=st.integers(1, 120))
def test_no_smaller_set_exists(choices, shortfall):
    moves = fewest_moves(choices, shortfall)
    expected = brute(choices, shortfall)
    if expected is None:
        assert moves is None
        return
    assert moves is not None
    assert len({m.at for m in moves}) == len(moves)
    gained = sum(choices[m.at][m.band].gain for m in moves)
    assert (len(moves), gained - shortfall) == expected


def test_ties_go_to_the_inputs_that_stand_first():
    same = (Option(5, 0),)
    assert fewest_moves([same, same, same], 5) == (Move(0, 0),)
    assert fewest_moves([same, same, same], 10) == (Move(0, 0), Move(1, 0))


CHANGES = {"income": "increase", "late": "decrease", "ratio": "any", "colour": "fixed", "owner": "any"}


@pytest.fixture(scope="module")
def decided():
    m = model(Plan(changes=CHANGES, approve_rate=0.6))
    rows = rows_of(columns(seed=6)[0])
    return m, [(row, answer) for row, answer in zip(rows, m.predict_many(rows), strict=True) if not answer.approve]


def test_following_the_advice_turns_the_decline(decided):
    m, declines = decided
    found = [(row, a) for row, a in declines if a.recourse == "found"]
    assert len(found) > 100
    for row, answer in found:
        (alternative,) = answer.alternatives
        changed = row | {c.input: c.new for c in alternative.changes}
        again = m.predict(changed)
        assert again.approve
        assert again.score == alternative.score
        for left_out in alternative.changes:
            assert not m.predict(changed | {left_out.input: left_out.old}).approve


def test_the_advice_keeps_to_what_may_change(decided):
    _, declines = decided
    for row, answer in declines:
        for change in (c for alt in answer.alternatives for c in alt.changes):
            assert change.old == row[change.input]
            assert change.input != "colour"
            if change.input in ("income", "late"):
                assert isinstance(change.new, int)
                assert change.old is not None
                assert (change.new > change.old) == (change.input == "income")
            if change.input == "owner":
                assert change.new is not row["owner"]


def test_where_nothing_may_change_it_says_so():
    m = model(Plan(changes=dict.fromkeys(CHANGES, "fixed"), approve_rate=0.6))
    rows = rows_of(columns(seed=6)[0])[:500]
    declines = [a for a in m.predict_many(rows) if not a.approve]
    assert declines
    assert {a.recourse for a in declines} == {"none"}
    assert all(a.alternatives == () for a in declines)


def test_where_all_of_it_is_not_enough_it_says_so():
    m = model(Plan(cut_off=10_000))
    assert m.predict({"late": 9}).recourse == "none"
