"""What decisions say of a tier: worse than the profile raises at once, unseen proves nothing, only changes are kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.registers.drills import made
from tests.runtime.parts import Steady
from waglan.core.entry import event
from waglan.core.events import ModelRegistration, TierRuling
from waglan.core.profile import AXES, Profile
from waglan.index import Decisions, Index
from waglan.registers.observed import LARGE, LEAST, MEDIUM, Tally, joined, observe, seen
from waglan.tiers import TIERS, assess


@pytest.fixture
def bank(tmp_path):
    clock = Steady()
    workspace, names = made(tmp_path / "w", clock=clock)
    with workspace, Index.open(tmp_path / "w" / "index.db", workspace.ledger, (Decisions(),)) as index:
        yield workspace, index, names, clock


def decide(workspace, index, days, n):
    workspace.runtime.decide_many("triage", [{"days": days}] * n)
    index.follow()


def observations(workspace):
    size = workspace.ledger.head().size
    return [leaf["facts"] for at in range(size) if (leaf := workspace.ledger.leaf(at))["kind"] == "observed_tier"]


def tier(workspace):
    return workspace.registers.effective_tier(workspace.catalogue.get("triage").manifest, workspace.clock.now_ms())


def test_decisions_worse_than_the_profile_raise_the_tier_at_once(bank):
    workspace, index, _, _ = bank
    decide(workspace, index, 1, LEAST - 1)
    assert observe(workspace, index) == ()
    decide(workspace, index, 1, 1)
    assert observe(workspace, index) == ("triage",), "the first one is recorded"
    assert observations(workspace)[-1] == {
        "n": LEAST, "tier": "medium", "use_case": "triage", "profile": observations(workspace)[-1]["profile"],
    }  # fmt: skip
    assert observe(workspace, index) == () and tier(workspace).tier == "medium"
    decide(workspace, index, 40, 1)
    assert observe(workspace, index) == ("triage",)
    found = observations(workspace)[-1]
    assert found["tier"] == "high" and "adverse_decision" in found["triggers"]
    assert "autonomy=out_of_the_loop" in found["profile"] and "adverse=yes" in found["profile"]
    assert tier(workspace)[:3] == ("high", "observed", "high")
    decision = workspace.runtime.decide_sync("triage", {"days": 40}).decision
    assert decision.tier == "high" and decision.observed_tier == "high" and decision.why == ("tier:adverse",)
    assert decision.oversight_level == "in_the_loop"
    index.follow()
    assert observe(workspace, index) == ()


def test_another_process_sees_it_and_does_not_record_it_again(bank, tmp_path):
    from waglan.runtime import Workspace

    workspace, index, _, clock = bank
    decide(workspace, index, 40, LEAST)
    with (
        Workspace.open(workspace.folder, clock=clock) as other,
        Index.open(tmp_path / "other.db", other.ledger, (Decisions(),)) as theirs,
    ):
        assert observe(workspace, index) == ("triage",)
        assert observe(other, theirs) == ()
        other.runtime.refresh()
        assert tier(other).tier == "high"


def test_a_person_who_knows_may_let_it_stand(bank):
    workspace, index, _, clock = bank
    decide(workspace, index, 40, LEAST)
    observe(workspace, index)
    granted = TierRuling(use_case="triage", tier="medium", reason="pilot", proposer="p-1", until_ms=clock.ms + 1_000)
    workspace.record(granted, actor="p-2")
    assert tier(workspace)[:2] == ("medium", "declared")
    assert workspace.runtime.decide_sync("triage", {"days": 40}).decision.observed_tier == "high"
    clock.ms += 1_000
    assert tier(workspace).tier == "high"


def test_an_incident_opens_for_what_nobody_knew_of_and_for_no_more(bank):
    from waglan.registers import Registrar, watch

    workspace, index, _, clock = bank
    registrar = Registrar(workspace, index)
    decide(workspace, index, 1, LEAST)
    observe(workspace, index)
    granted = TierRuling(use_case="triage", tier="low", reason="pilot", proposer="p-1", until_ms=clock.ms + 10**9)
    workspace.record(granted, actor="p-2")
    clock.ms += 1_000
    assert watch(registrar) == ()
    decide(workspace, index, 40, 1)
    observe(workspace, index)
    assert tier(workspace).tier == "high"
    (opened,) = watch(registrar)
    found = registrar.book().incident(opened).facts
    assert (found.cause, found.detail, found.use_case) == ("observed_tier", "high", "triage")
    assert watch(registrar) == ()


def test_without_a_profile_nothing_changes(tmp_path):
    workspace, _ = made(tmp_path / "w", profile="", clock=Steady())
    with workspace, Index.open(tmp_path / "w" / "index.db", workspace.ledger, (Decisions(),)) as index:
        decide(workspace, index, 40, LEAST)
        assert observe(workspace, index) == () and observations(workspace) == []
        decision = workspace.runtime.decide_sync("triage", {"days": 40}).decision
        assert decision.tier == "medium" and decision.observed_tier is None and decision.route == "auto"


def test_drills_are_not_looked_at(bank):
    from waglan.access.identity import local
    from waglan.registers.drilling import Plan, run_drill

    workspace, index, _, _ = bank
    run_drill(workspace, local("bank"), "triage", Plan(cases=LEAST, pause=lambda _: None, target_ms=0))
    index.follow()
    assert observe(workspace, index) == ()


def test_models_say_where_data_go_and_on_whom_it_depends(bank):
    workspace, index, names, _ = bank
    now_ms = workspace.clock.now_ms()
    abroad = ModelRegistration(
        id=names[0], version="1", digest="d" * 64, vendor="acme", region="SG", prompt_digest="a" * 64
    )
    workspace.ledger.submit([event(workspace.ids.new(now_ms), now_ms, abroad)]).result()
    decide(workspace, index, 1, LEAST)
    observe(workspace, index)
    said = observations(workspace)[-1]["profile"]
    assert {"cross_border=yes", "genai=yes", "third_party=substitutable"} <= set(said)


def model(name, **fields):
    return ModelRegistration(id=name, version="1", digest="d" * 64, **fields)


@pytest.mark.parametrize(
    ("tally", "models", "slots", "expected"),
    [
        (Tally(n=40), (), (), {"scale": "small"}),
        (Tally(n=MEDIUM), (), (), {"scale": "medium"}),
        (Tally(n=LARGE), (), (), {"scale": "large"}),
        (Tally(n=40, auto=40), (), (), {"scale": "small", "autonomy": "in_command"}),
        (Tally(n=40, auto=4, adverse=9), (), (), {"scale": "small", "autonomy": "in_command", "adverse": True}),
        (Tally(n=40, auto=4, adverse=9, adverse_auto=1), (), (),
         {"scale": "small", "autonomy": "out_of_the_loop", "adverse": True, "effect": "decides"}),
        (Tally(n=4_000, pii=39), (), (), {"scale": "small"}),
        (Tally(n=4_000, pii=40), (), (), {"scale": "small", "personal_data": "personal"}),
        (Tally(n=40, pii=4), (), (), {"scale": "small"}),
        (Tally(n=40, models={("m", "1")}), (model("m", vendor="v"),), (("m",),),
         {"scale": "small", "third_party": "single"}),
        (Tally(n=40, models={("m", "1")}), (model("m", vendor="v"), model("o", vendor="v")), (("m", "o"),),
         {"scale": "small", "third_party": "single"}),
        (Tally(n=40, models={("m", "1")}), (model("m", vendor="v"), model("o", vendor="w")), (("m", "o"),),
         {"scale": "small", "third_party": "substitutable"}),
        (Tally(n=40, models={("m", "1")}), (model("m", vendor="v"), model("o")), (("m", "o"),),
         {"scale": "small", "third_party": "substitutable"}),
        (Tally(n=40, models={("m", "1")}), (model("m", region="HK-1"),), (("m",),), {"scale": "small"}),
        (Tally(n=40, models={("m", "2")}), (model("m", region="SG"),), (("m",),), {"scale": "small"}),
    ],
)  # fmt: skip
def test_what_counts_as_seen(tally, models, slots, expected):
    assert seen(tally, {(m.id, m.version): m for m in models}, slots) == expected


profiles = st.builds(Profile, **{axis: st.none() | st.sampled_from(possible) for axis, possible in AXES.items()})
sightings = st.fixed_dictionaries({}, optional={axis: st.sampled_from(possible) for axis, possible in AXES.items()})


@given(profiles, sightings)
def test_an_observation_never_lowers_and_joins_only_what_is_worse(profile, found):
    observed = joined(profile, found)
    assert TIERS.index(assess(observed).tier) >= TIERS.index(assess(profile).tier)
    for axis, possible in AXES.items():
        said, now = getattr(profile, axis), getattr(observed, axis)
        if said is None:
            assert now is None
        else:
            assert possible.index(now) == max(possible.index(said), possible.index(found.get(axis, said)))
