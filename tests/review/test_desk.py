"""The desk's verbs, one after the other and against each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.review.parts import APPROVER, AUDITOR, BOTH, CHIEF, REVIEWER, SECOND, USER, House, house, person
from waglan.access.identity import local
from waglan.core import Problem
from waglan.core.events import OptOut, OutcomeLabel
from waglan.review import Filter, Judgement, State


@pytest.fixture
def high(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "w") as made:
        yield made


@pytest.fixture
def low(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "w", "low") as made:
        yield made


def code(call: object, *args: object, **more: object) -> str:
    with pytest.raises(Problem) as raised:
        call(*args, **more)  # type: ignore[operator]
    return raised.value.code


def test_a_decision_that_goes_to_a_person_is_in_the_queue_and_others_are_not(high: House) -> None:
    held = high.decide(31, customer="C-1")
    high.decide(3)
    (item,) = high.desk.queue(REVIEWER).items
    assert (item.id, item.decision, item.cause, item.state) == (held, held, "route", State.OPEN)
    assert (item.eyes, item.tier, item.effect, item.adverse, item.stakes_hkd) == (2, "high", "hold", True, "31000.00")
    assert item.due_ms == item.decided_ms + 24 * 3_600_000 and item.use_case == "triage" and not item.overdue
    counts = high.desk.counts(REVIEWER)
    assert (counts.open, counts.mine, counts.judged, counts.by_use_case) == (1, 0, 0, {"triage": 1})


def test_two_people_let_an_adverse_answer_of_a_high_tier_leave(high: House) -> None:
    held = high.decide(31, customer="C-1")
    item = high.judged(REVIEWER, held, seconds=75, note="Checked the account.")
    assert (item.state, item.verdict, item.judged_by) == (State.JUDGED, "agree", REVIEWER.id)
    item = high.released(APPROVER, held)
    assert (item.state, item.outcome, item.released_by) == (State.RELEASED, "as_decided", APPROVER.id)
    (review,), (release,) = high.leaves("review"), high.leaves("release")
    assert review["refs"] == [held] and review["actor"] == REVIEWER.id
    assert review["facts"] == {
        "authenticator": "password:rita",
        "cause": "route",
        "review_seconds": 75,
        "verdict": "agree",
    }
    assert release["refs"] == [held, review["id"]] and release["facts"]["outcome"] == "as_decided"
    private = high.private(review["id"])
    assert json.loads(private["note"]) == "Checked the account." and "value" not in private
    shown = json.loads(private["shown"])
    assert shown["person"] == REVIEWER.id and json.loads(shown["case"])["inputs"]["days"] == 31
    assert json.loads(high.private(release["id"])["value"]) == "hold"
    assert review["subject"] == release["subject"] != ""
    assert "Checked" not in json.dumps(review) and not high.desk.queue(REVIEWER).items


def test_one_pair_of_eyes_releases_in_one_commit(low: House) -> None:
    low.decide(3)
    held = low.decide(31, doubt=True)
    item = low.judged(REVIEWER, held)
    assert (item.state, item.eyes, item.outcome) == (State.RELEASED, 1, "as_decided")
    assert low.kinds()[-2:] == ["review", "release"]
    changed = low.judged(REVIEWER, low.decide(31, doubt=True), "change")
    assert (changed.state, changed.outcome, changed.changed_effect) == (State.RELEASED, "as_changed", "release")
    assert low.kinds()[-3:] == ["review", "release", "override"]
    rejected = low.judged(REVIEWER, low.decide(31, doubt=True), "reject")
    assert (rejected.state, rejected.outcome) == (State.RELEASED, "refused")
    assert low.kinds()[-2:] == ["review", "release"]


def test_who_turns_an_answer_of_a_high_tier_needs_a_second_person(high: House) -> None:
    high.decide(31)
    held = high.decide(3, doubt=True)
    assert high.desk.item(REVIEWER, held).eyes == 1
    item = high.judged(REVIEWER, held, "change")
    assert (item.state, item.eyes) == (State.JUDGED, 2)
    item = high.released(APPROVER, held)
    (override,) = high.leaves("override")
    assert item.outcome == "as_changed" and override["facts"]["effect"] == "hold"
    assert json.loads(high.private(override["id"])["value"]) == "hold" and override["actor"] == APPROVER.id


def test_nobody_releases_their_own_verdict(high: House) -> None:
    held = high.decide(31)
    high.judged(BOTH, held)
    assert code(high.desk.show, BOTH, held) == "access.denied"
    assert code(high.desk.release, BOTH, held, shown="0" * 64) == "access.denied"
    same_device = person("dora", "approver", authenticator="password:bo")
    shown = high.desk.show(same_device, held).sha256
    assert code(high.desk.release, same_device, held, shown=shown) == "review.same_authenticator"
    assert high.desk.item(BOTH, held).state is State.JUDGED and "release" not in high.kinds()


def test_who_asked_the_use_case_does_not_review_it(high: House) -> None:
    held = high.decide(31, actor=REVIEWER.id)
    assert code(high.desk.take, REVIEWER, held) == "access.denied"
    assert high.desk.next(REVIEWER) is None
    assert high.desk.next(SECOND) is not None


@pytest.mark.parametrize("who", [USER, APPROVER, AUDITOR, local("bank"), None, person("x")])
def test_only_reviewers_take_and_judge(high: House, who: object) -> None:
    held = high.decide(31)
    expected = "access.sign_in" if who is None else "access.denied"
    assert code(high.desk.take, who, held) == expected
    assert code(high.desk.judge, who, held, Judgement(verdict="agree"), shown="0" * 64) == expected


def test_another_institution_finds_nothing(high: House) -> None:
    held = high.decide(31)
    stranger = REVIEWER.__class__(
        **{**{f: getattr(REVIEWER, f) for f in REVIEWER.__struct_fields__}, "tenant": "other"}
    )
    for call in (high.desk.take, high.desk.item, high.desk.show):
        assert code(call, stranger, held) == "access.missing"
    assert code(high.desk.queue, stranger) == "access.missing"


def test_a_lease_keeps_others_away_until_it_ends_by_itself(high: House) -> None:
    held = high.decide(31)
    item = high.desk.take(REVIEWER, held)
    assert (item.state, item.holder) == (State.LEASED, REVIEWER.id)
    assert item.lease_until_ms == high.clock.ms + 15 * 60_000
    assert code(high.desk.take, SECOND, held) == "review.taken"
    assert high.desk.next(SECOND) is None and high.desk.next(REVIEWER) is not None
    high.clock.ms += 10 * 60_000
    assert high.desk.take(REVIEWER, held).lease_until_ms == high.clock.ms + 15 * 60_000
    shown = high.desk.show(REVIEWER, held).sha256
    high.clock.ms += 15 * 60_000
    assert high.desk.item(REVIEWER, held).state is State.OPEN
    assert code(high.desk.judge, REVIEWER, held, Judgement(verdict="agree"), shown=shown) == "review.not_held"
    assert high.desk.take(SECOND, held).holder == SECOND.id


def test_handing_back_and_up(high: House) -> None:
    held = high.decide(31)
    assert code(high.desk.hand_back, REVIEWER, held) == "review.not_held"
    high.desk.take(REVIEWER, held)
    before = high.desk.hand_back(REVIEWER, held)
    assert before.state is State.OPEN
    high.desk.take(REVIEWER, held)
    item = high.desk.hand_up(REVIEWER, held)
    assert item.escalated == ("handed_up",) and item.priority > before.priority and item.state is State.OPEN
    assert code(high.desk.take, REVIEWER, held) == "review.own_work"
    assert high.desk.take(SECOND, held).holder == SECOND.id


def test_time_counts_over_several_looks_and_only_with_the_case_in_hand(high: House) -> None:
    held = high.decide(31)
    high.taken(REVIEWER, held, 30)
    high.desk.hand_back(REVIEWER, held)
    high.clock.ms += 3_600_000
    high.taken(REVIEWER, held, 10_000)
    shown = high.taken(REVIEWER, held, 12)
    high.desk.judge(REVIEWER, held, Judgement(verdict="agree"), shown=shown)
    assert high.leaves("review")[0]["facts"]["review_seconds"] == 30 + 15 * 60 + 12


def test_a_verdict_needs_what_was_shown(high: House) -> None:
    held, other = high.decide(31), high.decide(32)
    high.desk.take(REVIEWER, held)
    agree = Judgement(verdict="agree")
    assert code(high.desk.judge, REVIEWER, held, agree, shown="0" * 64) == "review.stale"
    foreign = high.taken(REVIEWER, other)
    assert code(high.desk.judge, REVIEWER, held, agree, shown=foreign) == "review.stale"
    first, second = high.desk.show(REVIEWER, held), high.desk.show(REVIEWER, held)
    assert first.sha256 != second.sha256
    assert high.desk.judge(REVIEWER, held, agree, shown=first.sha256).state is State.JUDGED


@pytest.mark.parametrize("what", ["label", "opt_out", "correction"])
def test_a_verdict_on_what_has_changed_is_refused_before_and_void_after(high: House, what: str) -> None:
    def change(decision: str) -> None:
        if what == "label":
            high.workspace.record(OutcomeLabel(label="paid", label_at=1), refs=(decision,))
        elif what == "opt_out":
            leaf = high.workspace.ledger.leaf(high.workspace.ledger.find(decision))  # type: ignore[arg-type]
            high.workspace.record(OptOut(use_case="triage"), subject=leaf["subject"])
        else:
            high.desk.correct(APPROVER, decision, {"inputs.days": 3}, "TYPO")

    held = high.decide(31, customer="C-1")
    shown = high.taken(REVIEWER, held)
    change(held)
    assert code(high.desk.judge, REVIEWER, held, Judgement(verdict="agree"), shown=shown) == "review.stale"
    high.judged(REVIEWER, held)
    shown = high.desk.show(APPROVER, held).sha256
    change(held)
    high.index.follow()
    assert high.desk.item(APPROVER, held).stale
    assert code(high.desk.release, APPROVER, held, shown=shown) == "review.changed"
    item = high.desk.item(REVIEWER, held)
    assert (item.state, item.verdict, item.judged_by) == (State.OPEN, "", "")
    assert high.leaves("void")[0]["facts"]["reason"] == "changed"
    high.judged(SECOND, held)
    assert high.released(APPROVER, held).state is State.RELEASED


def test_a_verdict_expires_after_a_day(high: House) -> None:
    held = high.decide(31)
    item = high.judged(REVIEWER, held)
    assert item.expires_ms == (item.judged_ms or 0) + 24 * 3_600_000
    high.clock.ms = (item.expires_ms or 0) + 1
    shown = high.desk.show(APPROVER, held).sha256
    assert code(high.desk.release, APPROVER, held, shown=shown) == "review.expired"
    assert high.desk.item(REVIEWER, held).state is State.OPEN
    assert high.leaves("void")[0]["facts"]["reason"] == "expired"


def test_undo_within_the_grace_period_by_its_author(high: House) -> None:
    held = high.decide(31)
    high.judged(REVIEWER, held)
    assert code(high.desk.undo, SECOND, held) == "review.not_yours"
    high.clock.ms += 30_000
    assert high.desk.undo(REVIEWER, held).state is State.OPEN
    high.judged(REVIEWER, held)
    high.clock.ms += 30_001
    assert code(high.desk.undo, REVIEWER, held) == "review.grace"
    high.released(APPROVER, held)
    assert code(high.desk.undo, REVIEWER, held) == "review.state"


def test_sent_back_is_judged_again(high: House) -> None:
    high.decide(3)
    held = high.decide(31)
    high.judged(REVIEWER, held)
    item = high.desk.send_back(APPROVER, held, "Look at the second account.")
    assert item.state is State.RETURNED
    void = high.leaves("void")[0]
    assert void["facts"]["reason"] == "returned"
    assert json.loads(high.private(void["id"])["note"]) == "Look at the second account."
    high.desk.take(REVIEWER, held)
    kinds = [each["kind"] for each in high.desk.show(REVIEWER, held).content["events"]]
    assert kinds == ["review", "void"]
    high.judged(REVIEWER, held, "change")
    assert high.released(APPROVER, held).outcome == "as_changed"


def test_an_approver_can_refuse_what_was_agreed(high: House) -> None:
    held = high.decide(31)
    high.judged(REVIEWER, held)
    shown = high.desk.show(CHIEF, held).sha256
    assert code(high.desk.refuse, CHIEF, held, shown=shown, reason="") == "review.reason"
    item = high.desk.refuse(CHIEF, held, shown=shown, reason="NOT_FAIR", note="Not in this case.")
    assert (item.state, item.outcome) == (State.RELEASED, "refused")
    assert "effect" not in high.leaves("release")[0]["facts"]


def test_nothing_leaves_twice_and_an_approval_counts_once(high: House) -> None:
    held, other = high.decide(31), high.decide(33)
    for each in (held, other):
        high.judged(REVIEWER, each)
    shown = high.desk.show(APPROVER, held).sha256
    high.desk.release(APPROVER, held, shown=shown)
    assert code(high.desk.release, APPROVER, held, shown=shown) == "review.state"
    assert code(high.desk.release, APPROVER, other, shown=shown) == "review.stale"
    assert code(high.desk.release, CHIEF, held, shown=shown) == "review.state"
    assert high.kinds().count("release") == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"verdict": "maybe"}, "review.verdict"),
        ({"verdict": "reject"}, "review.reason"),
        ({"verdict": "reject", "reason": "it is wrong"}, "review.reason"),
        ({"verdict": "reject", "reason": "A" * 65}, "review.reason"),
        ({"verdict": "agree", "note": "x" * 4_001}, "review.note"),
        ({"verdict": "change", "reason": "R"}, "review.effect"),
        ({"verdict": "change", "reason": "R", "effect": "relese"}, "review.effect"),
        ({"verdict": "change", "reason": "R", "effect": "hold", "value": "release"}, "review.value"),
        ({"verdict": "change", "reason": "R", "effect": "hold", "value": {"a": 1}}, "review.value"),
        ({"verdict": "change", "reason": "R", "effect": "hold", "value": None}, "review.value"),
        ({"verdict": "change", "reason": "R", "effect": "hold", "value": float("nan")}, "review.value"),
    ],
)
def test_a_verdict_that_cannot_be_taken_leaves_the_case_in_hand(high: House, given: dict, expected: str) -> None:  # type: ignore[type-arg]
    held = high.decide(31)
    shown = high.taken(REVIEWER, held)
    assert code(high.desk.judge, REVIEWER, held, Judgement(**given), shown=shown) == expected
    assert high.desk.item(REVIEWER, held).holder == REVIEWER.id and "review" not in high.kinds()
    assert high.desk.judge(REVIEWER, held, Judgement(verdict="agree"), shown=shown).state is State.JUDGED


def test_a_critical_release_needs_a_fresh_sign_in(tmp_path: Path) -> None:
    with house(tmp_path / "w", "critical") as made:
        held = made.decide(3)
        assert made.judged(REVIEWER, held, seconds=301).eyes == 2
        shown = made.desk.show(APPROVER, held).sha256
        assert code(made.desk.release, APPROVER, held, shown=shown) == "review.fresh"
        future = person("ann", "approver", at_ms=made.clock.ms + 1)
        assert code(made.desk.release, future, held, shown=shown) == "review.fresh"
        fresh = person("ann", "approver", at_ms=made.clock.ms - 300_000)
        assert made.desk.release(fresh, held, shown=shown).state is State.RELEASED


def test_erasure_takes_a_case_out_of_the_queue(high: House) -> None:
    from waglan.ledger.erasure import erase

    held = high.decide(31, customer="C-1")
    high.desk.take(REVIEWER, held)
    erase(high.workspace.ledger, "C-1", basis="request", actor="p-ann")
    high.index.follow()
    assert high.desk.item(REVIEWER, held).state is State.VOID and not high.desk.queue(REVIEWER).items
    assert code(high.desk.take, REVIEWER, held) == "review.state"


def test_an_automatic_answer_is_overridden_by_one_person_only_where_that_is_enough(tmp_path: Path) -> None:
    with house(tmp_path / "l", "low") as low:
        done = low.decide(3, customer="C-1")
        recorded = low.desk.override(APPROVER, done, "hold", "LATE_NEWS", note="Call of today.")
        leaf = low.workspace.ledger.leaf(recorded.index)
        assert leaf["kind"] == "override" and leaf["refs"] == [done] and leaf["facts"]["effect"] == "hold"
        assert code(low.desk.override, REVIEWER, done, "hold", "X") == "access.denied"
        assert code(low.desk.override, APPROVER, low.decide(31, doubt=True), "hold", "X") == "review.held"
        assert code(low.desk.override, APPROVER, done, "hodl", "X") == "review.effect"
        assert code(low.desk.override, APPROVER, "0" * 26, "hold", "X") == "decision.missing"
    with house(tmp_path / "h", "high") as high:
        high.decide(31)
        assert code(high.desk.override, APPROVER, high.decide(3), "hold", "X") == "review.two_people"


def test_corrections_name_fields_that_are_there(high: House) -> None:
    held = high.decide(31, customer="C-1")
    recorded = high.desk.correct(APPROVER, held, {"inputs.days": 13}, "TYPO")
    leaf = high.workspace.ledger.leaf(recorded.index)
    assert leaf["facts"] == {"fields": ["inputs.days"], "reason": "TYPO"}
    assert json.loads(high.workspace.ledger.opened(recorded.index)["correct"]) == {"inputs.days": 13}
    assert code(high.desk.correct, APPROVER, held, {"inputs.dais": 13}, "TYPO") == "review.field"
    assert code(high.desk.correct, APPROVER, held, {}, "TYPO") == "review.field"


def test_pages_go_through_the_queue_in_order_without_loss(high: House) -> None:
    made = {high.decide(31 + at % 5, doubt=bool(at % 2)) for at in range(23)} | {high.decide(1, doubt=True)}
    seen, after = [], ""
    high.index.follow()
    while True:
        page = high.desk.queue(REVIEWER, after=after, limit=5)
        seen += page.items
        if not page.next:
            break
        after = page.next
    assert {item.id for item in seen} == made and len(seen) == len(made)
    keys = [(-item.priority, item.due_ms, item.id) for item in seen]
    assert keys == sorted(keys) and seen[-1].adverse is False
    assert code(high.desk.queue, REVIEWER, after="x") == "review.page"
    assert code(high.desk.queue, REVIEWER, after="1.2") == "review.page"


def test_what_is_no_id_is_not_there(high: House) -> None:
    for odd in ("x", "", "é" * 26, "0" * 26, "x" * 100_000, "'; DROP TABLE review_item; --", "../../etc/passwd"):
        assert code(high.desk.take, REVIEWER, odd) == "review.missing"
        assert code(high.desk.item, REVIEWER, odd) == "review.missing"
        assert code(high.desk.request, USER, odd, "explanation", channel="web") == "decision.missing"
        assert code(high.desk.correct, APPROVER, odd, {"inputs.days": 1}, "R") == "decision.missing"
        assert high.desk.of_decision(REVIEWER, odd) == ()


def test_what_is_no_value_is_refused(high: House) -> None:
    held = high.decide(31)
    deep: object = 1
    for _ in range(5_000):
        deep = [deep]
    for odd in (deep, "x" * 30_000, float("inf"), object(), {1: 2}):
        shown = high.taken(REVIEWER, held, 1)
        given = Judgement(verdict="change", reason="R", effect="hold", value=odd)
        assert code(high.desk.judge, REVIEWER, held, given, shown=shown) == "review.value"
        assert code(high.desk.correct, APPROVER, held, {"inputs.days": odd}, "R") == "review.value"
    for wrong in (Filter(stage="x"), Filter(cause="seeded")):  # type: ignore[arg-type]
        assert code(high.desk.queue, REVIEWER, wrong) == "review.filter"


def test_filters(high: House) -> None:
    first, second = high.decide(31), high.decide(32)
    high.desk.take(REVIEWER, first)
    ids = lambda **given: [item.id for item in high.desk.queue(REVIEWER, Filter(**given)).items]  # noqa: E731
    assert ids(free=True) == [second] and ids(holder=REVIEWER.id) == [first]
    assert ids(tier="low") == ids(use_case="x") == ids(cause="sample") == ids(overdue=True) == []
    high.judged(REVIEWER, first)
    assert ids(stage="judged") == [first] and ids(judged_by=SECOND.id, stage="judged") == []
    high.released(APPROVER, first)
    assert ids(stage="finished") == [first] and ids() == [second]
    high.clock.ms += 25 * 3_600_000
    assert ids(overdue=True) == [second] and high.desk.counts(REVIEWER).overdue == 1


def test_what_is_imported_replayed_or_blocked_opens_no_review(high: House) -> None:
    high.decide(31, replay=True)
    high.index.follow()
    assert not high.desk.queue(REVIEWER).items
    assert code(high.desk.item, REVIEWER, "0" * 26) == "review.missing"
