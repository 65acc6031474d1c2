"""Statuses as a pure function, and Wilson's bounds against published figures."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.scene import check
from waglan.evidence.result import WORST, Counts
from waglan.evidence.status import Told, Verdict, bounds, freshness_days, judged, unknown_share, wilson, worst

TODAY = 20_000
_few = st.integers(0, 60)
_counts = st.builds(Counts, passed=_few, failed=st.integers(0, 6), unknown=st.integers(0, 3), scope_unknown=_few)


@pytest.mark.parametrize(
    ("passed", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_newcombe_1998_prints_it(passed: int, n: int, low: float, high: float) -> None:
    """Table I, method 3 (score, without continuity correction) of Statistics in Medicine 17, 857-872."""
    found = wilson(passed, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    mirrored = wilson(n - passed, n)
    assert mirrored.low == pytest.approx(1 - found.high) and mirrored.high == pytest.approx(1 - found.low)


@given(st.integers(0, 500), st.integers(1, 500))
def test_wilson_holds_the_share(passed: int, n: int) -> None:
    passed = min(passed, n)
    low, high = wilson(passed, n)
    assert 0.0 <= low <= passed / n <= high <= 1.0


@pytest.mark.parametrize(
    ("changes", "counts", "right"),
    [
        ({}, Counts(), "no_evidence no_rows"),
        ({}, Counts(passed=1), "met "),
        ({}, Counts(passed=999, failed=1), "breached failed"),
        ({}, Counts(passed=1, failed=1, unknown=98), "breached failed"),
        ({}, Counts(failed=1, scope_unknown=1_000_000), "breached failed"),
        ({}, Counts(passed=99, unknown=1), "met "),
        ({}, Counts(passed=98, unknown=2), "unknown unknown_share"),
        ({}, Counts(passed=98, scope_unknown=2), "unknown unknown_share"),
        ({"min_n": 30}, Counts(passed=29), "thin few"),
        ({"min_n": 30}, Counts(passed=30), "met "),
        ({"min_n": 200}, Counts(passed=199, unknown=1), "thin few"),
        ({"rate": 0.9}, Counts(passed=89, failed=11), "breached below"),
        ({"rate": 0.9}, Counts(passed=90, failed=10), "met "),
        ({"rate": 0.9}, Counts(passed=1, failed=50, unknown=49), "breached below"),
        ({"rate": 0.9}, Counts(passed=1_795, failed=200, unknown=5), "unknown unknown_share"),
        ({"rate": 0.9, "sampled": True}, Counts(passed=90, failed=10), "thin few"),
        ({"rate": 0.9, "sampled": True}, Counts(passed=980, failed=20), "met "),
        ({"rate": 0.9, "sampled": True}, Counts(passed=800, failed=200), "breached below"),
        ({"freshness": "P7D"}, Counts(passed=9), "stale old"),
        ({"freshness": "P8D"}, Counts(passed=9), "met "),
        ({"freshness": "P7D"}, Counts(passed=8, failed=1), "breached failed"),
        ({"kind": "register", "over": "vendors"}, Counts(passed=1), "attested "),
        ({"kind": "register", "over": "test_runs"}, Counts(passed=1), "met "),
        ({"kind": "drill", "over": "drills"}, Counts(passed=1), "met "),
        ({"kind": "document", "over": "documents"}, Counts(passed=1), "attested "),
        ({"kind": "attestation", "over": "attestations"}, Counts(passed=1), "attested "),
    ],
)
def test_status(changes: dict[str, object], counts: Counts, right: str) -> None:
    found = judged(check("A.1", **changes), Told(counts, 0, TODAY - 8), TODAY)
    assert f"{found.status} {found.why}" == right


@pytest.mark.parametrize(
    ("min_n", "counts", "expired", "right"),
    [
        (1, Counts(), 3, "expired ended"),
        (3, Counts(passed=2), 1, "expired ended"),
        (3, Counts(passed=1), 1, "thin few"),
        (2, Counts(passed=2), 5, "attested "),
        (1, Counts(failed=1), 5, "breached failed"),
    ],
)
def test_what_has_expired_doesnt_count(min_n: int, counts: Counts, expired: int, right: str) -> None:
    test = check("A.1", kind="register", over="vendors", min_n=min_n)
    found = judged(test, Told(counts, expired, TODAY), TODAY)
    assert f"{found.status} {found.why}" == right


@given(_counts, st.sampled_from((1.0, 0.95, 0.5)), st.booleans(), st.integers(1, 40))
def test_nothing_is_met_that_isnt_known(counts: Counts, rate: float, sampled: bool, min_n: int) -> None:
    test = check("A.1", rate=rate, sampled=sampled and rate < 1.0, min_n=min_n)
    found = judged(test, Told(counts, 0, TODAY), TODAY)
    if counts.failed and rate == 1.0:
        assert found == Verdict("breached", "failed")
    if found.status == "met":
        assert counts.passed + counts.failed >= min_n and unknown_share(counts) <= 0.01
        assert counts.floor is not None and counts.floor >= (rate if rate < 1.0 else 0.99)
        limits = bounds(counts)
        assert limits is not None and (not test.sampled or limits.low >= rate)


@given(_counts, st.sampled_from((1.0, 0.95, 0.5)))
def test_the_unknown_never_hides_a_breach(counts: Counts, rate: float) -> None:
    """A breach for certain stays one whatever more is unknown, unless what is unknown could make it good."""
    test = check("A.1", rate=rate)
    more = counts + Counts(unknown=17, scope_unknown=4)
    if judged(test, Told(counts, 0, TODAY), TODAY).status == "breached" and rate == 1.0:
        assert judged(test, Told(more, 0, TODAY), TODAY).status == "breached"
    if judged(test, Told(more, 0, TODAY), TODAY).status == "breached":
        assert judged(test, Told(counts, 0, TODAY), TODAY).status == "breached"


def test_the_worst_counts_and_what_doesnt_apply_only_alone() -> None:
    for a, b in itertools.product(WORST, WORST):
        found = worst([Verdict(a), Verdict(b)]).status
        assert found == WORST[min(WORST.index(a), WORST.index(b))]
    assert worst([]) == Verdict("no_evidence", "no_rows")
    assert WORST.index("unknown") > WORST.index("breached")


def test_freshness_is_days() -> None:
    assert (freshness_days(""), freshness_days("P30D")) == (None, 30)
    with pytest.raises(ValueError, match="P7D"):
        freshness_days("7 days")
