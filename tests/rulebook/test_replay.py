"""What a rule would have done: counted over the facts, the same as deciding again one by one."""

import collections

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rulebook.conftest import APPROVER, DAY, DEV, START
from tests.rulebook.test_book import LIMIT, released
from waglan.core.events import RuleInForce
from waglan.runtime import Ask


def replayed(firm, draft=LIMIT):
    return firm.book.replay(DEV, draft, START, firm.clock.ms + 1)


def test_who_would_be_stopped_is_told_by_group_and_example(firm):
    for stakes, effect in ((10.0, "approve"), (2000.0, "approve"), (3000.0, "decline"), (None, "decline")):
        firm.decide(stakes_hkd=stakes, effect=effect)
    firm.decide(stakes_hkd=9000.0, flags=("odd",))
    firm.decide(Ask(drill=True), stakes_hkd=9000.0)
    found = replayed(firm)
    assert found.all.looked_at == 5 and found.all.in_scope == 5
    assert (found.all.fails, found.all.unknown, found.all.human, found.all.already) == (3, 1, 3, 1)
    assert found.all.changed == 3 and found.now is None
    by_effect = {g.value: g.counts.human for g in found.groups if g.by == "effect"}
    assert by_effect == {"approve": 1, "decline": 2}
    assert {g.by for g in found.groups} == {
        "use_case", "route", "effect", "adverse", "language", "channel", "tier", "day",
    }  # fmt: skip
    assert [(e.route, e.instead) for e in found.examples] == [("auto", "human")] * 3
    assert found.examples[0].at_ms > found.examples[-1].at_ms


@pytest.mark.parametrize(("gate", "count"), [("block", "blocked"), ("human", "human"), ("warn", "noted")])
def test_each_gate_is_counted_as_what_it_would_do(firm, gate, count):
    firm.decide(stakes_hkd=5000.0)
    found = replayed(firm, msgspec.structs.replace(LIMIT, gate=gate))
    assert getattr(found.all, count) == 1 and found.all.changed == (gate != "warn")


def test_a_looser_rule_frees_what_only_it_had_stopped(firm):
    released(firm)
    firm.decide(stakes_hkd=1500.0)
    firm.decide(stakes_hkd=5000.0)
    firm.decide(stakes_hkd=1500.0, flags=("odd",))
    looser = msgspec.structs.replace(LIMIT, holds="stakes_hkd <= 2000")
    found = replayed(firm, looser)
    assert (found.all.fails, found.all.freed, found.all.already, found.all.changed) == (1, 1, 1, 1)
    assert found.now.fails == 3 and found.now.changed == 0
    ending = replayed(firm, msgspec.structs.replace(LIMIT, state="withdrawn"))
    assert ending.all.freed == 2 and [e.instead for e in ending.examples] == ["auto", "auto"]


def test_a_rule_sees_where_a_decision_was_going_before_rules_spoke(firm):
    wary = msgspec.structs.replace(LIMIT, id="WARY", holds='route != "auto" or confidence >= 0.8')
    released(firm, wary)
    assert firm.decide(confidence=0.5).route == "human"
    again = msgspec.structs.replace(wary, id="AGAIN")
    assert replayed(firm, again).all.fails == 1
    assert firm.book.try_(DEV, again)[0].answer == "fails"


def test_only_the_period_counts_and_the_same_log_gives_the_same_digest(firm):
    firm.decide(stakes_hkd=5000.0)
    edge = firm.clock.ms
    firm.clock.ms += DAY
    firm.decide(stakes_hkd=5000.0)
    whole, first = replayed(firm), firm.book.replay(DEV, LIMIT, START, edge + 1)
    assert (whole.all.looked_at, first.all.looked_at) == (2, 1)
    assert firm.book.replay(DEV, LIMIT, edge + 1, firm.clock.ms + 1).all.looked_at == 1
    assert firm.book.replay(DEV, LIMIT, START, edge).all.looked_at == 0
    assert whole.sha256 == firm.book.replay(DEV, LIMIT, START, firm.clock.ms + 1).sha256 != first.sha256


def test_a_rule_about_the_release_is_asked_of_what_was_released(firm):
    from waglan.core.events import Release, Review

    seen = msgspec.structs.replace(LIMIT, holds="reviewer != approver", gate="block")
    auto, own, two = (firm.decide(flags=("odd",) if at else ()) for at in range(3))
    for made, reviewer, approver in ((own, "p-1", "p-1"), (two, "p-1", "p-2")):
        firm.clock.ms += 1000
        firm.workspace.record(Review(verdict="agree", cause="route"), refs=(made.id,), actor=reviewer)
        firm.workspace.record(Release(outcome="as_decided"), refs=(made.id,), actor=approver)
    found = replayed(firm, seen)
    assert (found.all.blocked, found.all.human) == (1, 1)
    assert {e.id: e.instead for e in found.examples} == {own.id: "blocked", auto.id: "human"}
    answers = {t.id: t.answer for t in firm.book.try_(DEV, seen)}
    assert answers == {auto.id: "unknown", own.id: "fails", two.id: "holds"}


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cases=st.lists(
        st.tuples(st.sampled_from([None, 10.0, 999.995, 1000.0, 5000.0]), st.booleans(), st.sampled_from([0.1, 0.9])),
        min_size=1, max_size=12,
    ),
    gate=st.sampled_from(["block", "human", "warn"]),
)  # fmt: skip
def test_a_replay_says_what_deciding_again_does(firm, cases, gate):
    draft = msgspec.structs.replace(
        LIMIT,
        scope="confidence > 0.5",
        holds='stakes_hkd <= 1000 or route != "auto"',
        gate=gate,
        id=f"R{firm.clock.ms}",
    )
    begin = firm.clock.ms + 1
    before = [_decided(firm, case) for case in cases]
    found = firm.book.replay(DEV, draft, begin, firm.clock.ms + 1)
    firm.book.release(APPROVER, firm.book.propose(DEV, draft, found).id)
    after = [_decided(firm, case) for case in cases]
    moved = collections.Counter(
        str(new.route) for old, new in zip(before, after, strict=True) if old.route != new.route
    )
    noted = sum(1 for new in after if any(f.verdict == "note" and f.control.startswith("rule.") for f in new.findings))
    assert (found.all.human, found.all.blocked, found.all.changed) == (
        moved["human"], moved["blocked"], sum(moved.values()),
    )  # fmt: skip
    assert found.all.noted == noted
    firm.workspace.record(RuleInForce(id=draft.id, digest="", gate=gate, holds="True", state="withdrawn"))


def _decided(firm, case):
    stakes, doubtful, confidence = case
    return firm.decide(stakes_hkd=stakes, flags=("odd",) if doubtful else (), confidence=confidence)
