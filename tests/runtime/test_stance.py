"""The tier that is acted on: profile, rulings and obligations' floors, on real decisions."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.parts import Adds, Small, case, judge, now
from tests.runtime.test_route import manifest, outcome
from tests.runtime.test_suspension import put
from tests.runtime.test_workspace import MANIFEST, made
from waglan.core import Problem, Route
from waglan.core.events import ObservedTier, TierRuling
from waglan.core.profile import AXES, Profile, from_answers
from waglan.runtime import Workspace
from waglan.runtime.ask import Ask
from waglan.runtime.registers import LogRegisters
from waglan.runtime.route import route
from waglan.runtime.stance import Stance, alone, assessed
from waglan.tiers import CASES, TIERS

MILD = {axis: possible[0] for axis, possible in AXES.items()}
PERSONAL = """
[profile]
customer_facing = false
effect = "decides"
adverse = true
personal_data = "personal"
autonomy = "in_command"
regulated_activity = "none"
reversible = true
third_party = "none"
cross_border = false
genai = false
scale = "small"
agentic = "none"
remedy = true
"""


def profile(**worse):
    return Profile(**(MILD | worse))


def decided(made, **inputs):
    return now(made.one(case(**inputs), Ask())).decision


def test_the_assessed_tier_counts_where_it_is_higher():
    found = judge(
        Small(), Adds("m1"), tier="low", profile=profile(effect="decides", adverse=True, personal_data="personal")
    )
    decision = decided(found, a=200)
    assert decision.tier == "high" and decision.why == ("tier:adverse",) and decision.oversight_level == "in_the_loop"
    assert decided(judge(Small(), Adds("m1"), tier="high", profile=profile()), a=3).tier == "high"
    assert decided(judge(Small(), Adds("m1"), tier="low", profile=Profile()), a=3).why[0] == "tier:critical"


def test_registration_carries_the_profile_and_it_takes_effect(tmp_path):
    with made(tmp_path / "w", manifest=MANIFEST + PERSONAL) as workspace:
        decision = workspace.runtime.decide_sync("triage", {"days": 40}).decision
        assert decision.tier == "high" and decision.route is Route.HUMAN and decision.observed_tier is None
        facts = workspace.ledger.leaf(0)["facts"]
        assert facts["tier"] == "medium" and facts["profile"] == sorted(facts["profile"])
        manifest = workspace.catalogue.get("triage").manifest
        assert from_answers(facts["profile"]) == manifest.profile
        assert workspace.registers.effective_tier(manifest, 0)[:2] == ("high", "assessed")


def test_a_manifest_without_a_profile_is_what_it_was(tmp_path):
    with made(tmp_path / "w") as workspace:
        decision = workspace.runtime.decide_sync("triage", {"days": 40}).decision
        assert decision.tier == "medium" and decision.route is Route.AUTO
        assert "profile" not in workspace.ledger.leaf(0)["facts"]


def test_an_unacceptable_use_is_refused_and_nothing_is_decided(tmp_path):
    text = MANIFEST + '\n[profile]\nprohibited = ["social_scoring"]\n'
    with made(tmp_path / "w", manifest=text) as workspace:
        with pytest.raises(Problem) as found:
            workspace.runtime.decide_sync("triage", {"days": 1})
        assert found.value.code == "use_case.unacceptable" and found.value.where == "triage"
        with pytest.raises(Problem):
            workspace.prepare("triage")
        assert workspace.ledger.head().size == 0


def test_rulings_and_observations_count_here_and_in_other_processes(tmp_path):
    with made(tmp_path / "w", manifest=MANIFEST + PERSONAL) as workspace, Workspace.open(tmp_path / "w") as other:

        def tiers():
            other.runtime.refresh()
            return {w.runtime.decide_sync("triage", {"days": 1}).decision.tier for w in (workspace, other)}

        assert tiers() == {"high"}
        until = workspace.clock.now_ms() + 10**9
        workspace.record(
            TierRuling(use_case="triage", tier="low", reason="r", proposer="p-1", until_ms=until), actor="p-2"
        )
        assert tiers() == {"medium"}, "no lower than declared"
        workspace.record(TierRuling(use_case="triage", tier="critical", reason="r"), actor="p-1")
        assert tiers() == {"critical"}
        workspace.record(TierRuling(use_case="triage", tier="low", reason="r", active=False), actor="p-1")
        assert tiers() == {"critical"}
        workspace.record(
            TierRuling(use_case="triage", tier="low", reason="r", active=False, proposer="p-1"), actor="p-2"
        )
        assert tiers() == {"high"}
        workspace.record(ObservedTier(use_case="triage", tier="critical", n=40))
        assert tiers() == {"critical"}
    with Workspace.open(tmp_path / "w") as again:
        decision = again.runtime.decide_sync("triage", {"days": 1}).decision
        assert decision.tier == decision.observed_tier == "critical"


def test_what_is_observed_stands_on_the_decision_even_where_it_raises_nothing():
    registers = LogRegisters()
    put(registers, ObservedTier(use_case="u", tier="low", n=40))
    m = manifest("medium")
    assert registers.effective_tier(m, 0) == Stance("medium", "declared", "low")


@pytest.mark.parametrize(
    ("tier", "floors", "cases", "adverse", "why", "level"),
    [
        ("high", (("SFC.5b", "all"),), "all", False, ("floor:SFC.5b",), "in_the_loop"),
        ("medium", (("PMF.5", "adverse"),), "adverse", False, (), "in_command"),
        ("medium", (("PMF.5", "adverse"),), "adverse", True, ("floor:PMF.5",), "in_the_loop"),
        ("medium", (("PMF.5", "adverse"),), "adverse", None, ("floor:PMF.5",), "in_the_loop"),
        ("high", (("PMF.5", "adverse"),), "adverse", True, ("tier:adverse",), "in_the_loop"),
        ("critical", (("PMF.5", "adverse"),), "adverse", True, ("tier:critical",), "in_the_loop"),
    ],
)
def test_an_obligation_sets_a_floor_under_the_tier(tier, floors, cases, adverse, why, level):
    stance = Stance(tier, "lowered", None, cases, floors)
    routed = route([], outcome(adverse=adverse), "", manifest("low"), stance)
    assert routed.why == why and routed.oversight == level
    assert routed.route == (Route.HUMAN if why else Route.AUTO)


def test_research_to_clients_goes_to_a_person_even_where_it_is_let_stand_low():
    advice = profile(customer_facing=True, regulated_activity="performs", effect="recommends")
    m = manifest("low")
    found = assessed(msgspec.structs.replace(m, profile=advice))
    stance = alone(m, found)._replace(tier="low")
    assert route([], outcome(), "", m, stance).why == ("floor:SFC.5b",)


@given(st.sampled_from(TIERS), st.sampled_from(TIERS), st.sampled_from(CASES), st.none() | st.booleans())
def test_a_higher_stance_never_routes_more_mildly(tier, other, cases, adverse):
    floors = () if cases == "none" else (("X.1", cases),)
    strict = {Route.AUTO: 0, Route.HUMAN: 1, Route.BLOCKED: 2}
    low, high = sorted((tier, other), key=TIERS.index)
    one = route([], outcome(adverse=adverse), "", manifest("low"), Stance(low))
    two = route([], outcome(adverse=adverse), "", manifest("low"), Stance(high, "raised", None, cases, floors))
    assert strict[one.route] <= strict[two.route]
