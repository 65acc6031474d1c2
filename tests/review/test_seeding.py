"""Cases that are known to be wrong: planted, not to be told from real ones, and what they say of who judged them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from tests.review.parts import APPROVER, REVIEWER, SECOND, House, house
from waglan.core import Outcome, Problem, Reason
from waglan.core.events import ObservedTier, OptOut, TierRuling
from waglan.ledger.erasure import erase
from waglan.review import Filter, ReviewSection, State, rounds
from waglan.review.wrong import KINDS, Material, wrongs


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "w") as made:
        fill(made)
        yield made


def fill(made: House, count: int = 12) -> None:
    for at in range(count):
        made.decide(days=31 + at if at % 2 else at, customer=f"C-{at}", doubt=at % 4 == 0)


def finish(made: House) -> None:
    """Judge and release all there is, so that the log's decisions aren't under anybody's eyes any more."""
    while item := made.desk.next(REVIEWER):
        made.desk.hand_back(REVIEWER, item.id)
        if made.judged(REVIEWER, item.id).state is State.JUDGED:
            made.released(APPROVER, item.id)


def test_a_seeded_case_is_a_drill_on_the_log_that_says_under_seal_what_is_wrong(filled: House) -> None:
    finish(filled)
    (seeded,) = filled.desk.seed(APPROVER, "triage", 1, random=Random(1))
    leaf = filled.leaves("decision")[-1]
    assert leaf["id"] == seeded and leaf["facts"]["drill"] is True and leaf["actor"] == APPROVER.id
    assert set(leaf["commit"]) == {"in", "out", "planted"} and "planted" not in json.dumps(leaf["facts"])
    said = json.loads(filled.private(seeded)["planted"])
    original = next(each for each in filled.leaves("decision") if each["id"] == said["of"])
    assert said["kind"] in KINDS and said["was"] != said["is"]
    assert original["subject"] == leaf["subject"] and original["kid"] == leaf["kid"]
    assert filled.private(seeded)["in"] == filled.private(said["of"])["in"]
    assert filled.private(seeded)["out"] != filled.private(said["of"])["out"]


def test_a_seeded_case_stands_as_high_as_a_real_one(filled: House) -> None:
    filled.workspace.record(TierRuling(use_case="triage", tier="critical", reason="pilot"), actor="p-x")
    filled.workspace.record(ObservedTier(use_case="triage", tier="high", n=40))
    filled.decide(days=40, customer="C-99")
    real = filled.leaves("decision")[-1]["facts"]
    finish(filled)
    filled.desk.seed(APPROVER, "triage", 1, random=Random(1))
    seeded = filled.leaves("decision")[-1]["facts"]
    assert (seeded["tier"], seeded["observed_tier"]) == (real["tier"], real["observed_tier"]) == ("critical", "high")
    assert "tier:critical" in seeded["why"]


def test_only_who_may_seeds(filled: House) -> None:
    finish(filled)
    for who in (REVIEWER, None):
        with pytest.raises(Problem, match=r"You may not|Sign in"):
            filled.desk.seed(who, "triage", 1)
    with pytest.raises(Problem, match="No case"):
        filled.desk.seed(APPROVER, "triage", 0)


def tells(value: Any) -> str:
    """The shape of a JSON value: names and types, as far as a page could show a difference."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{k}:{tells(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(sorted({tells(v) for v in value})) + "]"
    return type(value).__name__


@pytest.fixture
def sampled(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "s", sample=1.0) as made:
        fill(made)
        yield made


def test_no_field_that_a_reviewer_sees_tells_a_seeded_case_from_a_real_one(sampled: House) -> None:
    filled = sampled
    finish(filled)
    seeded = set(filled.desk.seed(APPROVER, "triage", 12, random=Random(3)))
    real = {filled.decide(days=31 + at, customer=f"C-{at}", doubt=at % 2 == 0) for at in range(6)}
    real |= {filled.decide(days=2 + at, customer="C-2", doubt=at % 2 == 0) for at in range(6)}
    items = filled.desk.queue(SECOND, Filter()).items
    assert {item.cause for item in items if item.id in seeded} == {"route", "sample"}
    assert {item.id for item in items} == seeded | real
    seen: dict[bool, dict[str, set[str]]] = {True: {}, False: {}}
    for item in items:
        filled.desk.take(SECOND, item.id)
        shown = filled.desk.show(SECOND, item.id)
        filled.desk.hand_back(SECOND, item.id)
        parts = {
            "item": msgspec.to_builtins(filled.desk.item(SECOND, item.id)),
            "shown": shown.content,
            "case": shown.case,
            "outcome": shown.outcome,
        }
        text = json.dumps(parts)
        assert "drill" not in text and "planted" not in text and "seed" not in text and APPROVER.id not in text
        facts = shown.content["decision"]["facts"]
        mine = seen[item.id in seeded]
        for name, value in (
            ("cause", item.cause),
            ("item", tells(parts["item"])),
            ("content", tells({k: v for k, v in shown.content.items() if k not in ("decision",)})),
            *((f"facts.{k}", tells(v)) for k, v in facts.items()),
            ("facts", ",".join(sorted(facts))),
            ("why", json.dumps(facts.get("why", []))),
            ("eyes", str(item.eyes)),
            ("priority", str(item.priority)),
            ("due", str(item.due_ms - item.opened_ms)),
        ):
            mine.setdefault(name, set()).add(value)
    assert seen[True].keys() == seen[False].keys()
    for name, values in seen[True].items():
        assert values <= seen[False][name], name
    by_cause = [filled.desk.queue(SECOND, Filter(cause=cause)).items for cause in ("route", "sample")]
    assert {item.id for found in by_cause for item in found} == seeded | real


def test_after_the_verdict_it_is_known_and_nothing_leaves(filled: House) -> None:
    finish(filled)
    first, second = filled.desk.seed(APPROVER, "triage", 2, random=Random(5))
    releases = filled.kinds().count("release")
    item = filled.judged(REVIEWER, first, "agree")
    assert (item.state, item.cause, item.caught) == (State.DONE, "seeded", False)
    item = filled.judged(SECOND, second, "reject")
    assert (item.state, item.caught) == (State.DONE, True)
    missed, caught = filled.leaves("attention")
    assert missed["facts"] == {"caught": False, "reviewer": REVIEWER.id} and missed["refs"][0] == first
    assert caught["facts"] == {"caught": True, "reviewer": SECOND.id}
    assert [leaf["facts"]["cause"] for leaf in filled.leaves("review")[-2:]] == ["seeded", "seeded"]
    assert filled.kinds().count("release") == releases
    mine = {each.person: each for each in filled.desk.attention(APPROVER)}
    assert (mine[REVIEWER.id].seeded, mine[REVIEWER.id].caught) == (1, 0)
    assert (mine[SECOND.id].seeded, mine[SECOND.id].caught) == (1, 1)
    assert mine[SECOND.id].statement == "unknown" and mine[SECOND.id].judged == 0
    (own,) = filled.desk.attention(REVIEWER)
    assert own.person == REVIEWER.id


def test_who_planted_it_does_not_judge_it(filled: House) -> None:
    from tests.review.parts import person

    both = person("ann", "approver", "reviewer")
    finish(filled)
    (seeded,) = filled.desk.seed(both, "triage", 1, random=Random(5))
    with pytest.raises(Problem, match="You may not"):
        filled.desk.take(both, seeded)


def test_nothing_is_seeded_from_the_erased_the_opted_out_and_what_is_under_review(filled: House) -> None:
    for at in range(0, 12, 3):
        erase(filled.workspace.ledger, f"C-{at}", basis="request", actor="p-ann")
    for at in range(1, 12, 3):
        subject = filled.workspace.vault.known(f"C-{at}") or ""
        filled.workspace.record(OptOut(use_case="triage"), subject=subject)
    finish(filled)
    held = filled.decide(40, customer="C-40")
    left = {filled.workspace.vault.known(f"C-{at}") for at in (2, 5, 8, 11)}
    made = filled.desk.seed(APPROVER, "triage", 30, random=Random(9))
    subjects = {leaf["subject"] for leaf in filled.leaves("decision") if leaf["id"] in made}
    assert subjects and subjects <= left
    assert all(json.loads(filled.private(each)["planted"])["of"] != held for each in made)


def test_an_erasure_reaches_the_seeded_copy(filled: House) -> None:
    finish(filled)
    (seeded,) = filled.desk.seed(APPROVER, "triage", 1, random=Random(5))
    subject = filled.leaves("decision")[-1]["subject"]
    erase(filled.workspace.ledger, subject, basis="request", actor="p-ann")
    with pytest.raises(Problem) as raised:
        filled.private(seeded)
    assert raised.value.code == "vault.erased"
    assert filled.desk.item(SECOND, seeded).state is State.VOID


def test_rounds_keep_the_share_of_seeded_cases(tmp_path: Path) -> None:
    with house(tmp_path / "w", settings=ReviewSection(seeded_share=0.1)) as made:
        fill(made, 20)
        assert rounds(made.desk, random=Random(1)).seeded == 0  # among so few it would stand out
        fill(made, 20)
        assert made.desk.counts(REVIEWER).open >= 20
        planted = sum(rounds(made.desk, random=Random(at)).seeded for at in range(10))
        assert planted in (3, 4)
        with made.index.reading() as connection:
            seeded, total = connection.execute("SELECT sum(cause = 'seeded'), count(*) FROM review_item").fetchone()
        assert seeded >= 0.1 * total > seeded - 1
        assert {leaf["actor"] for leaf in made.leaves("decision") if leaf["facts"].get("drill")} == {"review"}


OUTCOME = Outcome(
    value={"limit": 12_000, "late": True},
    effect="hold",
    adverse=True,
    score=640.0,
    stakes_hkd=50_000.0,
    reasons=(Reason(code="A"),),
)


def test_each_way_of_being_wrong_changes_one_thing() -> None:
    material = Material({"hold": True, "release": False, "odd": None}, [(Reason(code="B"),), (Reason(code="A"),)])
    found: dict[str, set[str]] = {}
    for at in range(300):
        made = wrongs(OUTCOME, material, Random(at))
        assert len(made) == 3
        said, new = made[0].said, made[0].outcome
        found.setdefault(said["kind"], set()).add(said["field"])
        if said["kind"] == "effect_flipped":
            assert new.effect == "release" and new.adverse is False and new.value == OUTCOME.value
        elif said["kind"] == "reason_contradicts":
            assert [r.code for r in new.reasons] == ["B"] and new.effect == "hold"
        else:
            assert said["is"] / said["was"] in (10, 0.1) and new.effect == "hold"
    assert found == {
        "effect_flipped": {"effect"},
        "reason_contradicts": {"reasons"},
        "figure_off": {"stakes_hkd", "score", "value.limit"},
    }
    nothing = Material({"hold": True}, ())
    assert wrongs(Outcome(value="x", effect="hold", reasons=(Reason(code="A"),)), nothing, Random(1)) == []
