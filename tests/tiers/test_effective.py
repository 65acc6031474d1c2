from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waglan.core.events import TierRuling
from waglan.tiers import TIERS, Observed, Ruling, effective, lowers, ruled

tiers = st.sampled_from(TIERS)
maybe = st.none() | tiers


def raising(at, tier, until=None):
    return Ruling(at, tier, False, until)


def lowering(at, tier, until=100):
    return Ruling(at, tier, True, until)


@pytest.mark.parametrize(
    ("declared", "assessed", "rulings", "observed", "now", "expected"),
    [
        ("low", None, (), None, 0, ("low", "declared")),
        ("low", "high", (), None, 0, ("high", "assessed")),
        ("high", "low", (), None, 0, ("high", "declared")),
        ("low", "medium", (raising(1, "critical"),), None, 0, ("critical", "raised")),
        ("low", "medium", (raising(1, "critical", 10),), None, 10, ("medium", "assessed")),
        ("low", "high", (lowering(1, "medium"),), None, 0, ("medium", "lowered")),
        ("low", "high", (lowering(1, "medium"),), None, 100, ("high", "assessed")),
        ("low", "high", (lowering(1, "low"),), None, 0, ("low", "declared")),
        ("high", "critical", (lowering(1, "low"),), None, 0, ("high", "declared")),
        ("low", "high", (lowering(1, "critical"),), None, 0, ("high", "assessed")),
        ("low", "medium", (), Observed(3, "high"), 0, ("high", "observed")),
        ("low", "high", (), Observed(3, "medium"), 0, ("high", "assessed")),
        # An observation that says no more than the profile doesn't undo a ruling; a newer one that says more does.
        ("low", "high", (lowering(2, "medium"),), Observed(3, "high"), 0, ("medium", "lowered")),
        ("low", "high", (lowering(2, "medium"),), Observed(3, "critical"), 0, ("critical", "observed")),
        ("low", "high", (lowering(4, "medium"),), Observed(3, "critical"), 0, ("medium", "lowered")),
        ("low", "medium", (raising(1, "critical"), lowering(2, "medium")), None, 0, ("medium", "lowered")),
        ("low", "medium", (raising(1, "critical"), lowering(2, "medium")), None, 100, ("critical", "raised")),
        ("low", "medium", (lowering(1, "low"), raising(2, "high")), None, 0, ("high", "raised")),
    ],
)
def test_the_table(declared, assessed, rulings, observed, now, expected):
    assert effective(declared, assessed, rulings, observed, now) == expected


@given(tiers, maybe, st.lists(st.tuples(tiers, st.booleans(), st.none() | st.integers(0, 9)), max_size=4), maybe,
       st.integers(0, 4), st.integers(0, 9))  # fmt: skip
def test_never_below_what_is_declared_and_only_a_ruling_lowers(declared, assessed, said, seen, at, now):
    rulings = [Ruling(i, tier, low, 5 if low and until is None else until) for i, (tier, low, until) in enumerate(said)]
    observed = None if seen is None else Observed(at * 10, seen)
    found = effective(declared, assessed, rulings, observed, now)
    rank = TIERS.index
    assert rank(found.tier) >= rank(declared)
    without = effective(declared, assessed, [r for r in rulings if not r.lowers], observed, now)
    assert rank(found.tier) <= rank(without.tier)
    if rank(found.tier) < rank(without.tier):
        assert any(r.lowers and r.holds(now) for r in rulings)
    if not rulings and observed is None:
        assert found.tier == max(declared, assessed or "low", key=rank)


def test_who_may_lower():
    assert lowers("p-1", "p-2", 5)
    assert not lowers("", "p-2", 5) and not lowers("p-1", "p-1", 5) and not lowers("p-1", "p-2", None)


def ruling(tier="high", **fields):
    return TierRuling(use_case="u", tier=tier, reason="r", **fields)


def test_every_raise_stands_and_only_two_people_take_one_back():
    found = ruled((), ruling("critical"), 1, "p-1")
    found = ruled(found, ruling("high"), 2, "p-2")
    assert effective("low", None, found, None, 0).tier == "critical"
    alone = ruled(found, ruling(active=False), 3, "p-1")
    assert effective("low", None, alone, None, 0).tier == "critical"
    both = ruled(found, ruling(active=False, proposer="p-1"), 3, "p-2")
    assert effective("low", None, both, None, 0).tier == "low"


def test_of_lowerings_the_newest_stands_and_anybody_takes_it_back():
    found = ruled((), ruling("low", proposer="p-1", until_ms=9), 1, "p-2")
    found = ruled(found, ruling("medium", proposer="p-1", until_ms=9), 2, "p-2")
    assert effective("low", "high", found, None, 0) == ("medium", "lowered")
    found = ruled(found, ruling("low", active=False), 3, "p-3")
    assert effective("low", "high", found, None, 0) == ("high", "assessed")


def test_one_person_alone_lowers_nothing():
    found = ruled((), ruling("low", proposer="p-1", until_ms=9), 1, "p-1")
    assert effective("low", "high", found, None, 0) == ("high", "assessed")
