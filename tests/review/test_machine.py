"""Random people do random things at random times: what must never happen doesn't, and the log alone tells the rest."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.review.parts import House, house, person
from waglan.core import Problem
from waglan.core.events import OptOut, OutcomeLabel
from waglan.index import Index
from waglan.ledger.erasure import erase
from waglan.review import Filter, Judgement, Queue, ReviewSection, rounds

PEOPLE = [
    person("r1", "reviewer"),
    person("r2", "reviewer"),
    person("b1", "reviewer", "approver"),
    person("b2", "reviewer", "approver", authenticator="password:b1"),
    person("a1", "approver"),
    person("u1", "user", "reviewer"),
    person("x1", "auditor"),
]
REFUSALS = ("review.", "access.", "vault.erased", "decision.missing")
DAYS = (3, 31, 40)
VERDICTS = st.sampled_from(["agree", "change", "reject"])


class Reviewing(RuleBasedStateMachine):
    """One institution; a model keeps nothing but ids, the log is asked what happened."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.folder = Path(tempfile.mkdtemp())
        self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.ids: list[str] = []
        self.looks: dict[tuple[str, str], str] = {}

    @initialize(tier=st.sampled_from(["low", "high", "critical"]), sample=st.sampled_from([0.0, 0.5]))
    def open(self, tier: str, sample: float) -> None:
        given = ReviewSection(grace_seconds=60)
        self.house: House = self.stack.enter_context(house(self.folder / "w", tier, sample=sample, settings=given))
        for days, doubt, actor in ((3, False, "u1"), (31, True, "u1"), (3, True, ""), (40, False, "r1")):
            self.decide(days, doubt, actor)

    def tried(self, call: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Do something that may be refused, with a Problem and nothing else."""
        try:
            return call(*args, **more)
        except Problem as problem:
            assert problem.code.startswith(REFUSALS), problem.code
            return None

    def someone(self, at: int) -> Any:
        found = PEOPLE[at % len(PEOPLE)]
        return msgspec.structs.replace(found, authenticated_ms=self.house.clock.ms)

    def one(self, at: int) -> str:
        return self.ids[at % len(self.ids)]

    @rule(days=st.sampled_from(DAYS), doubt=st.booleans(), actor=st.sampled_from(["u1", "r1", ""]))
    def decide(self, days: int, doubt: bool, actor: str) -> None:
        who = f"p-{actor}" if actor else ""
        self.ids.append(self.house.decide(days, doubt=doubt, customer=f"C-{len(self.ids) % 4}", actor=who))

    @rule(seconds=st.sampled_from([1, 40, 1_000, 90_000]))
    def wait(self, seconds: int) -> None:
        self.house.clock.ms += seconds * 1_000

    @rule(at=st.integers(0, 50), who=st.integers(0, 6))
    def look(self, at: int, who: int) -> None:
        one, item = self.someone(who), self.one(at)
        self.tried(self.house.desk.take, one, item)
        if shown := self.tried(self.house.desk.show, one, item):
            self.looks[one.id, item] = shown.sha256

    @rule(at=st.integers(0, 50), verdict=VERDICTS)
    def judge_what_was_seen(self, at: int, verdict: Any) -> None:
        if self.looks:
            (one, item), shown = sorted(self.looks.items())[at % len(self.looks)]
            self.judge(next(i for i, p in enumerate(PEOPLE) if p.id == one), item, verdict, shown)

    @rule(who=st.sampled_from([0, 0, 1, 2, 3, 5]), verdict=VERDICTS, seconds=st.sampled_from([0, 5, 400, 1_000]))
    def judge_the_next(self, who: int, verdict: Any, seconds: int) -> None:
        one = self.someone(who)
        item = self.tried(self.house.desk.next, one)
        if item and (shown := self.tried(self.house.desk.show, one, item.id)):
            self.looks[one.id, item.id] = shown.sha256
            self.house.clock.ms += seconds * 1_000
            self.judge(who, item.id, verdict, shown.sha256)

    def judge(self, who: int, item: str, verdict: Any, shown: str) -> None:
        effect = "release" if verdict == "change" else ""
        reason = "" if verdict == "agree" else "R"
        given = Judgement(verdict=verdict, reason=reason, effect=effect)
        self.tried(self.house.desk.judge, self.someone(who), item, given, shown=shown)

    @rule(
        who=st.integers(0, 6), at=st.integers(0, 50), refuse=st.booleans(), fresh=st.booleans(),
        seconds=st.sampled_from([0, 0, 0, 90_000]),
    )  # fmt: skip
    def release(self, who: int, at: int, refuse: bool, fresh: bool, seconds: int) -> None:
        one = self.someone(who)
        judged = self.tried(self.house.desk.queue, one, Filter(stage="judged"))
        item = judged.items[at % len(judged.items)].id if judged and judged.items else self.one(at)
        shown = self.looks.get((one.id, item), "0" * 64)
        if fresh and (made := self.tried(self.house.desk.show, one, item)):
            shown = self.looks[one.id, item] = made.sha256
        self.house.clock.ms += seconds * 1_000
        if refuse:
            self.tried(self.house.desk.refuse, one, item, shown=shown, reason="NO")
        else:
            self.tried(self.house.desk.release, one, item, shown=shown)

    @rule(
        at=st.integers(0, 50), who=st.integers(0, 6),
        verb=st.sampled_from(["undo", "send_back", "hand_back", "hand_up"]),
    )  # fmt: skip
    def other(self, at: int, who: int, verb: str) -> None:
        self.tried(getattr(self.house.desk, verb), self.someone(who), self.one(at))

    @rule(at=st.integers(0, 50), who=st.integers(0, 6), what=st.sampled_from(["explanation", "human_review"]))
    def request(self, at: int, who: int, what: Any) -> None:
        item = self.tried(self.house.desk.request, self.someone(who), self.one(at), what, channel="web")
        if item:
            self.ids.append(item.id)

    @rule(
        at=st.integers(0, 50), who=st.integers(0, 6),
        outcome=st.sampled_from(["explained", "upheld", "changed", "declined"]),
    )  # fmt: skip
    def answer(self, at: int, who: int, outcome: Any) -> None:
        self.tried(self.house.desk.answer, self.someone(who), self.one(at), outcome)

    @rule(at=st.integers(0, 50), who=st.integers(0, 6))
    def override(self, at: int, who: int) -> None:
        self.tried(self.house.desk.override, self.someone(who), self.one(at), "hold", "R")

    @rule(at=st.integers(0, 50), what=st.sampled_from(["label", "opt_out", "correct", "erase"]))
    def change(self, at: int, what: str) -> None:
        item, made = self.one(at), self.house
        if what == "label":
            made.workspace.record(OutcomeLabel(label="paid", label_at=1), refs=(item,))
        elif what == "correct":
            self.tried(made.desk.correct, self.someone(4), item, {"inputs.days": 1}, "R")
        elif subject := made.workspace.vault.known(f"C-{at % 4}"):
            if what == "opt_out":
                made.workspace.record(OptOut(active=bool(at % 2)), subject=subject)
            elif at % 10 == 0:
                erase(made.workspace.ledger, subject, basis="request", actor="p-a1")

    @rule(at=st.integers(0, 50))
    def seed(self, at: int) -> None:
        if made := self.tried(self.house.desk.seed, self.someone(4), "triage", 1, random=Random(at)):
            self.ids.extend(made)

    @rule()
    def rounds(self) -> None:
        rounds(self.house.desk)
        before = self.house.workspace.ledger.head().size
        assert rounds(self.house.desk).leases == 0 and self.house.workspace.ledger.head().size == before

    def teardown(self) -> None:
        if hasattr(self, "house"):
            check(self.house)
            assert_rebuilt(self.house)
        self.stack.close()


def check(made: House) -> None:
    """Read the whole log: who let what leave, and on whose verdict."""
    ledger = made.workspace.ledger
    leaves = [dict(ledger.leaf(at)) for at in range(ledger.head().size)]
    by_id = {leaf["id"]: leaf for leaf in leaves}
    released: set[str] = set()
    void = {leaf["refs"][1] for leaf in leaves if leaf["kind"] == "void"}
    for leaf in leaves:
        if leaf["kind"] == "review":
            decision = by_id[leaf["refs"][0]]
            assert leaf["actor"] != decision.get("actor", "")
            assert "shown" in leaf["commit"]
        if leaf["kind"] != "release":
            continue
        decision, review = by_id[leaf["refs"][0]], by_id[leaf["refs"][1]]
        facts = decision["facts"]
        assert not facts.get("drill") and review["refs"][0] == decision["id"]
        assert review["id"] not in void and review["id"] not in released, "left twice, or on a verdict that is void"
        released.add(review["id"])
        verdict = review["facts"]["verdict"]
        two = facts["tier"] == "critical" or (
            facts["tier"] == "high" and (facts.get("adverse") is not False or verdict != "agree")
        )
        if two:
            assert leaf["actor"] != review["actor"]
            assert leaf["facts"]["authenticator"] != review["facts"]["authenticator"]
            assert leaf["actor"] != decision.get("actor", "")
        assert 0 <= leaf["at_ms"] - review["at_ms"] <= 24 * 3_600_000


def assert_rebuilt(made: House) -> None:
    """The tables made anew from the log alone, in one go and in small steps, are those that grew with it."""
    made.index.follow()
    with tempfile.TemporaryDirectory() as folder:
        queue = Queue.of(made.workspace)
        for name, step in (("one", None), ("steps", 7)):
            with Index.open(Path(folder) / f"{name}.db", made.workspace.ledger, (queue,)) as again:
                while again.follow(step):
                    pass
                for table in ("review_item", "review_verdict", "review_effect", "review_notice", "review_event"):
                    assert rows(again, table) == rows(made.index, table), table


def rows(index: Index, table: str) -> list[Any]:
    with index.reading() as connection:
        return sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr)


TestReviewing = Reviewing.TestCase
TestReviewing.settings = settings(
    max_examples=4,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def step(machine: Reviewing, random: Random) -> None:
    """What people mostly do, and now and then what they mustn't."""
    draw = random.random()
    who, at, verdict = random.randrange(7), random.randrange(50), random.choice(["agree", "agree", "change", "reject"])
    if draw < 0.15:
        machine.decide(random.choice(DAYS), random.random() < 0.3, random.choice(["u1", "r1", ""]))
    elif draw < 0.45:
        machine.judge_the_next(random.choice([0, 1, 2, 3, 5]), verdict, random.choice([0, 30, 400, 1_000]))
    elif draw < 0.65:
        machine.release(random.choice([2, 3, 4, 4, 4, who]), at, random.random() < 0.2, True, 0)
    elif draw < 0.70:
        machine.release(who, at, False, random.random() < 0.5, random.choice([0, 90_000]))
    elif draw < 0.75:
        machine.judge_what_was_seen(at, verdict)
    elif draw < 0.80:
        machine.other(at, random.choice([0, 1, 4]), random.choice(["undo", "send_back", "hand_back", "hand_up"]))
    elif draw < 0.85:
        machine.request(at, 5, random.choice(["explanation", "human_review"]))
    elif draw < 0.89:
        machine.answer(at, random.choice([0, 1, 4]), random.choice(["explained", "upheld", "changed", "declined"]))
    elif draw < 0.93:
        machine.change(at, random.choice(["label", "opt_out", "correct", "erase"]))
    elif draw < 0.96:
        machine.seed(at)
    elif draw < 0.98:
        machine.wait(random.choice([40, 1_000, 90_000]))
    else:
        machine.rounds()


@pytest.mark.parametrize("tier", ["low", "high", "critical"])
def test_a_long_day(tier: str) -> None:
    machine, random = Reviewing(), Random(tier)
    machine.open(tier=tier, sample=0.3)
    for _ in range(90):
        step(machine, random)
    kinds = set(machine.house.kinds())
    states = {kept[5] for kept in rows(machine.house.index, "review_item")}
    machine.teardown()
    assert kinds >= {"review", "release", "request"} and states >= {"open", "released"}
