"""Seeded datasets with the status that is right: what was recorded, what came later, and what a test must say of it.

Each belongs to an institution of its own with one use case, so that one log holds them all. What stands after a
``yield`` happens once the first part was counted.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from tests.evidence.scene import HOUR_MS, Bank, check, clause, decision, model, use_case
from waglan.core import Entry, Verdict
from waglan.core.events import (
    Attestation,
    Correction,
    Count,
    Document,
    Erasure,
    Event,
    Inapplicable,
    OutcomeLabel,
    Release,
    Review,
    TestRun,
)
from waglan.index.days import DAY_MS

CLAUSES = (
    clause("NOTICE", check("NOTICE.1"), check("NOTICE.2", min_n=30), check("NOTICE.3", freshness="P7D")),
    clause("WHY", check("WHY.1", 'explanation_id == "reasons"', scope="adverse")),
    clause("SURE", check("SURE.1", "confidence >= 0.8", rate=0.9, min_n=10)),
    clause("LOOK", check("LOOK.1", "review_seconds >= 5", scope="reviewed_at is not None", rate=0.9, sampled=True)),
    clause("MEND", check("MEND.1", "corrected or confidence >= 0.5"),
           check("MEND.2", 'label is None or label != "wrong"')),
    clause("KEEP", check("KEEP.1", "not erased")),
    clause("VALID", check("VALID.1", "validated_at <= decided_at and validation_expires_at > decided_at")),
    clause("GUARD", check("GUARD.1", 'controls["privacy.identifiers"] in ("pass", "redact")')),
    clause("EYES", check("EYES.1", "reviewed_at <= released_at and reviewer != approver", scope='route == "human"')),
    clause("DRIFT", check("DRIFT.1", "passed", kind="register", over="test_runs", scope='of == "drift"')),
    clause("RUNS", check("RUNS.1", "passed", kind="register", over="test_runs", scope='of == "fairness"',
                         freshness="P30D")),
    clause(
        "STATE",
        check(
            "STATE.1", "validator is not None", kind="register", over="models", scope='state == "in_use"',
            current="validation_expires_at is None or validation_expires_at > now",
        ),
    ),
    clause("SIGN", check("SIGN.1", kind="attestation", over="attestations", scope='clause == "SIGN"', holds="True")),
    *[
        clause(name, check(f"{name}.1", "approver is not None", kind="document", over="documents",
                           scope=f'"{name}" in clauses', current="expires_at is None or expires_at > now"))
        for name in ("PAPER", "PAPER_OLD", "PAPER_BARE", "PAPER_NONE")
    ],
    clause("BANK", check("BANK.1"), source="BANKS"),
    clause("INSURER", check("INSURER.1"), applies_to=("insurer",)),
    clause("CORE", check("CORE.1"), source="CRITICAL"),
    clause("OLD", check("OLD.1"), source="OLD"),
    clause("BARE"),
)  # fmt: skip


class Firm:
    """One dataset's institution: what it puts on the log bears its use case's name."""

    def __init__(self, bank: Bank, name: str) -> None:
        self.bank = bank
        self.name = name
        self.random = random.Random(name)

    def made(self, count: int, *, ago: float = 0.5, subject: str = "", **changes: object) -> list[str]:
        """So many decisions, a second apart, so many days ago."""
        usual = {"use_case": self.name, "policy_digest": self.name.ljust(64, "0"), "confidence": "0.900000"}
        at_ms = self.bank.clock.at_ms - int(ago * DAY_MS)
        facts = [decision(**(usual | changes)) for _ in range(count)]
        return self.bank.put(*facts, at_ms=at_ms, subject=subject)

    def said(self, facts: Event, *refs: str, ago: float = 0.25, actor: str = "p-1") -> list[str]:
        """An event about some entries."""
        return self.bank.put(facts, at_ms=self.bank.clock.at_ms - int(ago * DAY_MS), refs=refs, actor=actor)

    def reviewed(self, count: int, seconds: int) -> None:
        """So many decisions, each looked at for so long."""
        for each in self.made(count):
            self.said(Review(verdict="agree", review_seconds=seconds), each)


Dataset = Callable[[Firm], Iterator[None]]


class Right(NamedTuple):
    """What a dataset must come to: status and why by test; what else the report says, by attribute."""

    dataset: Dataset
    tests: Mapping[str, str]
    report: Mapping[str, object] = {}


def all_pass(firm: Firm) -> Iterator[None]:
    firm.made(100)
    yield


def one_fails(firm: Firm) -> Iterator[None]:
    firm.made(60)
    yield
    firm.made(1, notice_id="")
    firm.made(39)


def breach_beside_unknown(firm: Firm) -> Iterator[None]:
    firm.made(59)
    firm.made(40, explanation_id="")
    firm.made(1, explanation_id="none")
    yield


def all_unknown(firm: Firm) -> Iterator[None]:
    firm.made(50, explanation_id="", confidence=None)
    yield


def one_percent_unknown(firm: Firm) -> Iterator[None]:
    firm.made(99)
    firm.made(1, explanation_id="")
    yield


def two_percent_unknown(firm: Firm) -> Iterator[None]:
    firm.made(98)
    firm.made(2, explanation_id="")
    yield


def scope_unknown(firm: Firm) -> Iterator[None]:
    firm.made(95)
    firm.made(5, adverse=None)
    yield


def scope_never_known(firm: Firm) -> Iterator[None]:
    firm.made(50, adverse=None)
    yield


def out_of_scope(firm: Firm) -> Iterator[None]:
    firm.made(50, adverse=False, explanation_id="")
    yield


def nothing(firm: Firm) -> Iterator[None]:
    yield


def drills_only(firm: Firm) -> Iterator[None]:
    firm.made(40, drill=True)
    yield
    firm.made(40, drill=True)


def replays_only(firm: Firm) -> Iterator[None]:
    firm.made(40, replay=True)
    yield


def imports_only(firm: Firm) -> Iterator[None]:
    firm.made(40, imported=True)
    yield


def failing_drill(firm: Firm) -> Iterator[None]:
    firm.made(40)
    firm.made(10, drill=True, notice_id="", explanation_id="none")
    yield


def drills_beside_thin(firm: Firm) -> Iterator[None]:
    firm.made(29)
    firm.made(500, drill=True)
    yield


def just_enough(firm: Firm) -> Iterator[None]:
    firm.made(15)
    yield
    firm.made(15)


def below_rate(firm: Firm) -> Iterator[None]:
    firm.made(26)
    firm.made(4, confidence="0.100000")
    yield


def at_rate(firm: Firm) -> Iterator[None]:
    firm.made(27)
    firm.made(3, confidence="0.100000")
    yield


def floor_below_rate(firm: Firm) -> Iterator[None]:
    firm.made(179)
    firm.made(20, confidence="0.100000")
    firm.made(1, confidence=None)
    yield


def sample_too_small(firm: Firm) -> Iterator[None]:
    firm.reviewed(20, 9)
    yield


def sample_enough(firm: Firm) -> Iterator[None]:
    firm.reviewed(60, 9)
    yield


def sample_breached(firm: Firm) -> Iterator[None]:
    firm.reviewed(30, 9)
    firm.reviewed(30, 1)
    yield


def sample_undecided(firm: Firm) -> Iterator[None]:
    firm.reviewed(50, 9)
    firm.reviewed(10, 1)
    yield


def gone_quiet(firm: Firm) -> Iterator[None]:
    firm.made(50, ago=12)
    yield


def quiet_and_back(firm: Firm) -> Iterator[None]:
    firm.made(50, ago=25)
    yield
    firm.made(1)


def before_the_window(firm: Firm) -> Iterator[None]:
    firm.made(50, ago=40, notice_id="")
    yield
    firm.made(10)


def backdated_breach(firm: Firm) -> Iterator[None]:
    firm.made(50)
    yield
    firm.made(1, ago=20, notice_id="")


def backdated_out(firm: Firm) -> Iterator[None]:
    firm.made(50)
    yield
    firm.made(1, ago=45, notice_id="")


def mended(firm: Firm) -> Iterator[None]:
    firm.made(20)
    (wrong,) = firm.made(1, confidence="0.200000")
    yield
    firm.said(Correction(fields=("confidence",), reason="typing"), wrong)


def turned_out_wrong(firm: Firm) -> Iterator[None]:
    made = firm.made(20)
    yield
    firm.said(OutcomeLabel(label="wrong", label_at=1), made[3])


def wrong_and_mended(firm: Firm) -> Iterator[None]:
    made = firm.made(20)
    firm.said(OutcomeLabel(label="wrong", label_at=1), made[3])
    yield
    firm.said(OutcomeLabel(label="right", label_at=2), made[3])


def erased(firm: Firm) -> Iterator[None]:
    subject = firm.bank.workspace.vault.subject(f"{firm.name}-person")
    firm.bank.workspace.ledger.submit(
        [
            Entry(
                id=firm.bank.workspace.ids.new(firm.bank.clock.at_ms), kind="decision", at_ms=firm.bank.clock.at_ms,
                facts=decision(use_case=firm.name, confidence="0.900000"), subject=subject, private={"in": b"{}"},
            )
        ]
    ).result()  # fmt: skip
    firm.made(9)
    yield
    head = firm.bank.workspace.ledger.head().size
    kids = {
        leaf["kid"]
        for at in range(head)
        if (leaf := firm.bank.workspace.ledger.leaf(at)).get("subject") == subject and leaf.get("kid")
    }
    for kid in kids:
        firm.said(Erasure(basis="request", erased_kid=kid))


def model_unregistered(firm: Firm) -> Iterator[None]:
    firm.made(20, models=_asked("m.none"))
    yield


def model_registered_late(firm: Firm) -> Iterator[None]:
    firm.made(20, models=_asked("m.late"))
    yield
    now = firm.bank.clock.at_ms
    firm.said(
        model(
            id="m.late",
            validated_at=now - 50 * DAY_MS,
            validation_expires_at=now + DAY_MS,
            validation_id="v",
            use_case=firm.name,
        )
    )


def validation_in_force(firm: Firm) -> Iterator[None]:
    now = firm.bank.clock.at_ms
    firm.said(
        model(id="m.good", validated_at=now - 50 * DAY_MS, validation_expires_at=now + DAY_MS, validation_id="v",
              validator="p-3", use_case=firm.name)
    )  # fmt: skip
    firm.made(20, models=_asked("m.good"))
    yield


def validation_ended(firm: Firm) -> Iterator[None]:
    now = firm.bank.clock.at_ms
    firm.said(
        model(id="m.past", validated_at=now - 50 * DAY_MS, validation_expires_at=now - 9 * DAY_MS, validator="p-3",
              use_case=firm.name)
    )  # fmt: skip
    firm.made(10, ago=12, models=_asked("m.past"))
    yield
    firm.made(1, models=_asked("m.past"))


def _asked(name: str) -> tuple[tuple[str, str, str, str, str, bool], ...]:
    return ((name, "1", "aa" * 32, "self", "HK", True),)


def control_absent(firm: Firm) -> Iterator[None]:
    firm.made(20)
    yield


def control_stopped(firm: Firm) -> Iterator[None]:
    firm.made(20, controls=(("privacy.identifiers", Verdict.PASS),))
    firm.made(1, controls=(("privacy.identifiers", Verdict.ERROR),))
    yield


def reviewed_by_two(firm: Firm) -> Iterator[None]:
    for each in firm.made(5, route="human"):
        firm.said(Review(verdict="agree", review_seconds=30), each, actor="p-1", ago=0.4)
        firm.said(Release(outcome="as_decided"), each, actor="p-2", ago=0.3)
    yield


def released_by_the_reviewer(firm: Firm) -> Iterator[None]:
    for at, each in enumerate(firm.made(5, route="human")):
        firm.said(Review(verdict="agree", review_seconds=30), each, actor="p-1", ago=0.4)
        firm.said(Release(outcome="as_decided"), each, actor="p-1" if at == 2 else "p-2", ago=0.3)
    yield


def not_yet_reviewed(firm: Firm) -> Iterator[None]:
    firm.made(5, route="human")
    yield


def half_unrecorded(firm: Firm) -> Iterator[None]:
    firm.made(50)
    now = firm.bank.clock.at_ms
    firm.said(Count(counted=100, from_ms=now - 2 * DAY_MS, until_ms=now, source="gateway", use_case=firm.name))
    yield


def all_recorded(firm: Firm) -> Iterator[None]:
    firm.made(100)
    now = firm.bank.clock.at_ms
    firm.said(Count(counted=100, from_ms=now - 2 * DAY_MS, until_ms=now, source="gateway", use_case=firm.name))
    yield


def recount(firm: Firm) -> Iterator[None]:
    firm.made(100)
    now = firm.bank.clock.at_ms
    firm.said(Count(counted=100, from_ms=now - 2 * DAY_MS, until_ms=now, source="gateway", use_case=firm.name))
    yield
    firm.said(Count(counted=120, from_ms=now - 2 * DAY_MS, until_ms=now, source="gateway", use_case=firm.name))


def runs_passed(firm: Firm) -> Iterator[None]:
    firm.said(TestRun(of="drift", metric="psi", passed=True, use_case=firm.name))
    firm.said(TestRun(of="fairness", metric="gap", passed=True, use_case=firm.name), ago=45)
    yield


def run_failed(firm: Firm) -> Iterator[None]:
    firm.said(TestRun(of="drift", metric="psi", passed=True, use_case=firm.name))
    yield
    firm.said(TestRun(of="drift", metric="psi", passed=False, use_case=firm.name), ago=0.1)


def run_undecided(firm: Firm) -> Iterator[None]:
    firm.said(TestRun(of="drift", metric="psi", use_case=firm.name))
    yield


def signed(firm: Firm) -> Iterator[None]:
    firm.said(Attestation(clause="SIGN", entity=firm.name, until_ms=firm.bank.clock.at_ms + DAY_MS))
    yield


def signed_long_ago(firm: Firm) -> Iterator[None]:
    firm.said(Attestation(clause="SIGN", entity=firm.name, until_ms=firm.bank.clock.at_ms - HOUR_MS), ago=50)
    yield


def signed_and_withdrawn(firm: Firm) -> Iterator[None]:
    firm.said(Attestation(clause="SIGN", entity=firm.name))
    yield
    firm.said(Attestation(clause="SIGN", entity=firm.name, state="withdrawn"), ago=0.1)


def papers(firm: Firm) -> Iterator[None]:
    now = firm.bank.clock.at_ms
    for name, changes in (
        ("PAPER", {"approver": "p-1", "expires_at": now + DAY_MS}),
        ("PAPER_OLD", {"approver": "p-1", "expires_at": now - DAY_MS}),
        ("PAPER_BARE", {}),
    ):
        firm.said(Document(id=name.lower(), digest="dd" * 32, clauses=(name,), approved_at=now - DAY_MS, **changes))
    yield


def excused(firm: Firm) -> Iterator[None]:
    firm.made(5, notice_id="")
    firm.said(Inapplicable(clause="NOTICE", entity=firm.name, reason="no_customers"))
    yield


def excuse_ended(firm: Firm) -> Iterator[None]:
    firm.made(5, notice_id="")
    now = firm.bank.clock.at_ms
    firm.said(Inapplicable(clause="NOTICE", entity=firm.name, reason="no_customers", until_ms=now - 1))
    yield


def excuse_taken_back(firm: Firm) -> Iterator[None]:
    firm.made(5, notice_id="")
    firm.said(Inapplicable(clause="NOTICE", entity=firm.name, reason="no_customers"))
    yield
    firm.said(Inapplicable(clause="NOTICE", entity=firm.name, reason="no_customers", active=False), ago=0.1)


def shuffled(firm: Firm) -> Iterator[None]:
    """What each row says is drawn; the counts are known."""
    rows: list[dict[str, object]] = (
        [{"explanation_id": "reasons"}] * 70 + [{"explanation_id": "none"}] * 3 + [{"explanation_id": ""}] * 20
    )
    rows += [{"adverse": None}] * 7
    firm.random.shuffle(rows)
    for at, changes in enumerate(rows):
        firm.made(1, ago=firm.random.uniform(0, 28), **changes)
        if at == 40:
            yield


NO_ROWS, MET = "no_evidence no_rows", "met "
RIGHT: Mapping[str, Right] = {
    each.dataset.__name__: each
    for each in (
        Right(all_pass, {"NOTICE.1": MET, "NOTICE.2": MET, "NOTICE.3": MET, "WHY.1": MET, "SURE.1": MET, "BANK.1": MET,
                         "INSURER.1": "not_applicable unlicensed", "CORE.1": "not_applicable unlicensed",
                         "OLD.1": "not_applicable superseded"}, {"of_recorded": True, "recorded": 100}),
        Right(one_fails, {"NOTICE.1": "breached failed", "WHY.1": MET}),
        Right(breach_beside_unknown, {"WHY.1": "breached failed"}),
        Right(all_unknown, {"WHY.1": "unknown unknown_share", "SURE.1": "unknown unknown_share", "NOTICE.1": MET}),
        Right(one_percent_unknown, {"WHY.1": MET}),
        Right(two_percent_unknown, {"WHY.1": "unknown unknown_share"}),
        Right(scope_unknown, {"WHY.1": "unknown unknown_share"}),
        Right(scope_never_known, {"WHY.1": "unknown unknown_share"}),
        Right(out_of_scope, {"WHY.1": NO_ROWS}),
        Right(nothing, {"NOTICE.1": NO_ROWS, "WHY.1": NO_ROWS, "DRIFT.1": NO_ROWS, "SIGN.1": NO_ROWS,
                        "EYES.1": NO_ROWS, "LOOK.1": NO_ROWS}, {"recorded": 0}),
        Right(drills_only, {"NOTICE.1": NO_ROWS}, {"recorded": 0}),
        Right(replays_only, {"NOTICE.1": NO_ROWS}, {"recorded": 0}),
        Right(imports_only, {"NOTICE.1": NO_ROWS}, {"recorded": 0}),
        Right(failing_drill, {"NOTICE.1": MET, "WHY.1": MET}, {"recorded": 40}),
        Right(drills_beside_thin, {"NOTICE.2": "thin few", "NOTICE.1": MET}),
        Right(just_enough, {"NOTICE.2": MET}),
        Right(below_rate, {"SURE.1": "breached below"}),
        Right(at_rate, {"SURE.1": MET}),
        Right(floor_below_rate, {"SURE.1": "unknown unknown_share"}),
        Right(sample_too_small, {"LOOK.1": "thin few"}),
        Right(sample_enough, {"LOOK.1": MET}),
        Right(sample_breached, {"LOOK.1": "breached below"}),
        Right(sample_undecided, {"LOOK.1": "thin few"}),
        Right(gone_quiet, {"NOTICE.3": "stale old", "NOTICE.1": MET}),
        Right(quiet_and_back, {"NOTICE.3": MET}),
        Right(before_the_window, {"NOTICE.1": MET}, {"recorded": 10}),
        Right(backdated_breach, {"NOTICE.1": "breached failed"}),
        Right(backdated_out, {"NOTICE.1": MET}, {"recorded": 50}),
        Right(mended, {"MEND.1": MET}),
        Right(turned_out_wrong, {"MEND.2": "breached failed"}),
        Right(wrong_and_mended, {"MEND.2": MET}),
        Right(erased, {"KEEP.1": "breached failed", "NOTICE.1": MET}, {"recorded": 10}),
        Right(model_unregistered, {"VALID.1": "unknown unknown_share"}),
        Right(model_registered_late, {"VALID.1": "unknown unknown_share"}),
        Right(validation_in_force, {"VALID.1": MET, "STATE.1": "attested "}),
        Right(validation_ended, {"VALID.1": "breached failed", "STATE.1": "expired ended"}),
        Right(control_absent, {"GUARD.1": "unknown unknown_share"}),
        Right(control_stopped, {"GUARD.1": "breached failed"}),
        Right(reviewed_by_two, {"EYES.1": MET}),
        Right(released_by_the_reviewer, {"EYES.1": "breached failed"}),
        Right(not_yet_reviewed, {"EYES.1": "unknown unknown_share"}),
        Right(half_unrecorded, {"NOTICE.1": MET}, {"of_recorded": True}),
        Right(all_recorded, {"NOTICE.1": MET}, {"of_recorded": False}),
        Right(recount, {"NOTICE.1": MET}, {"of_recorded": True}),
        Right(runs_passed, {"DRIFT.1": MET, "RUNS.1": "stale old"}),
        Right(run_failed, {"DRIFT.1": "breached failed"}),
        Right(run_undecided, {"DRIFT.1": "unknown unknown_share"}),
        Right(signed, {"SIGN.1": "attested "}),
        Right(signed_long_ago, {"SIGN.1": "expired ended"}),
        Right(signed_and_withdrawn, {"SIGN.1": NO_ROWS}),
        Right(papers, {"PAPER.1": "attested ", "PAPER_OLD.1": "expired ended", "PAPER_BARE.1": "breached failed",
                       "PAPER_NONE.1": NO_ROWS}),
        Right(excused, {"NOTICE.1": "not_applicable excused"}),
        Right(excuse_ended, {"NOTICE.1": "breached failed"}),
        Right(excuse_taken_back, {"NOTICE.1": "breached failed"}),
        Right(shuffled, {"WHY.1": "breached failed"}),
    )
}  # fmt: skip


def fill(bank: Bank) -> None:
    """Put every dataset on one log, its first part counted before the second comes."""
    firms = {name: right.dataset(Firm(bank, name)) for name, right in RIGHT.items()}
    for name, steps in firms.items():
        bank.put(use_case(name=name, policy_digest=name.ljust(64, "0")))
        next(steps)
    bank.evidence.update()
    for at, steps in enumerate(firms.values()):
        assert next(steps, None) is None
        if at % 12 == 0:
            bank.evidence.update()
    bank.evidence.update()
