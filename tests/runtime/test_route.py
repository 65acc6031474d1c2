import pytest
from hypothesis import given
from hypothesis import strategies as st

from waglan.core import Finding, Outcome, Reason, Route, UseCase, Verdict
from waglan.core.usecase import ReviewRule
from waglan.runtime.route import route

REASON = (Reason(code="r"),)


def manifest(tier="low", **review):
    return UseCase(
        name="u", version="1", title={"en": "U"}, owner="o", purposes=("p",), tier=tier, review=ReviewRule(**review)
    )


def outcome(**fields):
    return Outcome(**({"value": "x", "effect": "x", "adverse": False, "reasons": REASON} | fields))


def finding(verdict, **fields):
    return Finding(control="c", verdict=verdict, **fields)


@pytest.mark.parametrize(
    ("findings", "given_outcome", "fault", "tier", "review", "expected", "why"),
    [
        ([], outcome(), "", "low", {}, "auto", ()),
        ([finding(Verdict.PASS), finding(Verdict.NOTE), finding(Verdict.REDACT)], outcome(), "", "low", {}, "auto", ()),
        ([finding(Verdict.REVIEW)], outcome(), "", "low", {}, "human", ("control:c",)),
        ([finding(Verdict.ERROR)], outcome(), "", "low", {}, "human", ("control:c",)),
        ([finding(Verdict.ERROR, acts_as=Verdict.BLOCK)], outcome(), "", "low", {}, "blocked", ("control:c",)),
        ([finding(Verdict.BLOCK)], None, "blocked", "low", {}, "blocked", ("control:c",)),
        ([finding(Verdict.BLOCK, enforced=False)], outcome(), "", "low", {}, "auto", ()),
        ([], None, "timeout", "low", {}, "human", ("outcome:timeout",)),
        ([], outcome(reasons=()), "", "low", {}, "human", ("outcome:no-reasons",)),
        ([], outcome(reasons=(Reason(code=""),)), "", "low", {}, "human", ("outcome:no-reasons",)),
        ([], outcome(flags=("odd",)), "", "low", {}, "human", ("outcome:flag:odd",)),
        ([], outcome(), "", "critical", {}, "human", ("tier:critical",)),
        ([], None, "timeout", "critical", {}, "human", ("outcome:timeout", "tier:critical")),
        ([], outcome(adverse=True), "", "high", {}, "human", ("tier:adverse",)),
        ([], outcome(adverse=None), "", "high", {}, "human", ("tier:adverse-unknown",)),
        ([], outcome(adverse=True), "", "medium", {}, "auto", ()),
        ([], outcome(adverse=True), "", "medium", {"adverse": True}, "human", ("review:adverse",)),
        ([], outcome(), "", "low", {"always": True}, "human", ("review:always",)),
        ([], outcome(effect="close"), "", "low", {"effects": ("close",)}, "human", ("review:effect:close",)),
    ],
)
def test_the_table_of_routes(findings, given_outcome, fault, tier, review, expected, why):
    routed = route(findings, given_outcome, fault, manifest(tier, **review))
    assert routed.route == expected and routed.why == why


@pytest.mark.parametrize(
    ("tier", "human", "level"),
    [
        ("critical", False, "in_the_loop"),
        ("high", True, "in_the_loop"),
        ("high", False, "in_command"),
        ("medium", True, "in_command"),
        ("low", False, "out_of_the_loop"),
    ],
)
def test_the_tier_sets_the_oversight_level(tier, human, level):
    assert route((), outcome(flags=("f",) if human else ()), "", manifest(tier)).oversight == level


FINDINGS = st.lists(
    st.builds(
        Finding,
        control=st.sampled_from(["a", "b", "c"]),
        verdict=st.sampled_from(list(Verdict)),
        acts_as=st.sampled_from([None, Verdict.REVIEW, Verdict.BLOCK]),
    ),
    max_size=6,
)
OUTCOMES = st.none() | st.builds(
    outcome, adverse=st.sampled_from([None, True, False]), flags=st.sampled_from([(), ("f",)])
)
STRICT = {Route.AUTO: 0, Route.HUMAN: 1, Route.BLOCKED: 2}


@given(FINDINGS, OUTCOMES, st.sampled_from(["low", "medium", "high", "critical"]), FINDINGS)
def test_one_finding_more_never_makes_a_route_milder(findings, given_outcome, tier, more):
    before = route(findings, given_outcome, "f", manifest(tier)).route
    after = route([*findings, *more], given_outcome, "f", manifest(tier)).route
    assert STRICT[after] >= STRICT[before]


@given(FINDINGS, OUTCOMES)
def test_a_higher_tier_never_makes_a_route_milder(findings, given_outcome):
    ranks = [
        STRICT[route(findings, given_outcome, "f", manifest(t)).route] for t in ("low", "medium", "high", "critical")
    ]
    assert ranks == sorted(ranks)


@given(FINDINGS, OUTCOMES, st.sampled_from(["low", "medium", "high", "critical"]))
def test_only_what_nothing_speaks_against_is_automatic(findings, given_outcome, tier):
    routed = route(findings, given_outcome, "f", manifest(tier))
    assert (routed.route is Route.AUTO) == (not routed.why)
