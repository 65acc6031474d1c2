"""A small firm whose decisions break some obligations, with people's names and numbers wherever one might put them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from waglan.core.entry import event
from waglan.core.events import (
    Attestation,
    Count,
    DataSource,
    Drill,
    Entity,
    Event,
    Incident,
    ModelRegistration,
    TestRun,
    Vendor,
)
from waglan.evidence import Evidence, last_days
from waglan.evidence.catalogue import force, load
from waglan.evidence.pack import Pack, Wanted, write_pack
from waglan.index import Decisions, Index
from waglan.runtime import Ask, Workspace

PLANTED = ("陳大文", "Chan Tai Man", "A123456(3)", "A1234563", "9123 4567", "chan.tm@example.com", "Flat 3B")
"""Nothing of this may be in a pack."""
MODULE = """
from waglan.core import Outcome, Plugin, Reason, UseCase
from waglan.core.usecase import ControlPlan, Disclosure, Input


class Answers:
    inline = True

    def decide(self, case, kit):
        small = case.inputs["amount"] < 50
        return Outcome(
            value={"note": f"{case.inputs['remark']} gets {case.inputs['amount']}"},
            effect="approve" if small else "decline", adverse=not small, confidence=0.9,
            score=float(case.inputs["amount"]),
            reasons=(Reason(code="AMOUNT", text={"en": f"asked by {case.inputs['remark']}"}),), explanation_id="words",
        )


plugin = Plugin(
    UseCase(
        name="loan", version="1", title={"en": "Small loans", "zh-Hant": "小額貸款"}, owner="Head of Loans",
        purposes=("credit_assessment",), sector="banking", use_type="decision", audience="retail", customer_facing=True,
        tier="medium", phase="production", adverse_effects=("decline",),
        inputs={
            "person": Input(type="text", role="subject", data_class="personal"),
            "hkid": Input(type="text", role="identifier", data_class="personal"),
            "name": Input(type="text", role="protected", data_class="personal"),
            "income": Input(type="number", data_class="financial"),
            "remark": Input(type="text", data_class="internal"),
            "amount": Input(type="integer", data_class="internal"),
            "kind": Input(type="category", values=("new", "old"), data_class="internal"),
            "free": Input(type="category", data_class="internal"),
        },
        controls=ControlPlan(before=("people.opt_out",), after=("output.explanation",)),
        disclosure=Disclosure(id="loan-1", text={"en": "AI is used."}, contact="desk@bank.example"),
    ),
    Answers(),
)
"""


class Firm(NamedTuple):
    """An open workspace with its index and its evidence, counted."""

    workspace: Workspace
    index: Any
    evidence: Evidence

    def pack(self, out: Path, **changes: Any) -> Pack:
        """A pack of the last 30 days."""
        given = {"window": last_days(self.workspace.clock.now_ms()), "tongues": ("en",), "sample": 5, "actor": "cli"}
        return write_pack(self.workspace, self.index, self.evidence, out, Wanted(**(given | changes)))


def make(folder: Path, decisions: int = 12) -> None:
    """The firm's workspace, closed again."""
    folder.mkdir(parents=True)
    (folder.parent / "loan.py").write_text(MODULE)
    with Workspace.create(folder, tenant="bank", modules=("../loan.py",)) as workspace:
        now_ms = workspace.clock.now_ms()
        rows = [
            {
                "person": f"{PLANTED[3]}-{at}", "hkid": PLANTED[2], "name": PLANTED[0], "income": 31_415.5,
                "remark": f"{PLANTED[1]} {PLANTED[4]} {PLANTED[5]}", "amount": 10 * at, "kind": "new",
                "free": PLANTED[6],
            }
            for at in range(decisions)
        ]  # fmt: skip
        answers = workspace.runtime.decide_many("loan", rows, Ask(channel="http", actor="k-1", language="zh-Hant"))
        assert not [each for each in answers if isinstance(each, Exception)]
        for facts in _registers(now_ms):
            workspace.record(facts, actor="p-01K0000000000000000000000A")
        _noted(workspace, Incident(cause="outage", detected_at=now_ms, use_case="loan"))
        _noted(workspace, Attestation(clause="FSTB.12.1.1", until_ms=now_ms + 86_400_000))
        workspace.opt_out(PLANTED[3], actor="cli")
        force.put_in_force(workspace, load(), actor="cli")


@contextmanager
def opened(folder: Path) -> Iterator[Firm]:
    """The firm, counted up to the log's head."""
    with Workspace.open(folder) as workspace:
        index = Index.open(workspace.folder / "index.db", workspace.ledger, (Decisions(),))
        index.follow()
        with Evidence.open(workspace, index) as evidence:
            evidence.update()
            yield Firm(workspace, index, evidence)
        index.close()


def _registers(now_ms: int) -> tuple[Event, ...]:
    digest, year = "ab" * 32, 365 * 86_400_000
    return (
        Entity(id="bank-a", name="Bank A 甲銀行", licences=("bank",)),
        Vendor(id="acme", legal_entity=f"Acme, c/o {PLANTED[4]}", service="=HYPERLINK(1)", region="SG"),
        DataSource(id="past-loans", title="Past loans", licence="own", personal=True, card_digest=digest),
        ModelRegistration(id="m", version="1", digest=digest, state="proposed", vendor="acme", builder="team"),
        ModelRegistration(
            id="m", version="1", digest=digest, vendor="acme", use_case="loan", owner="Head of Loans",
            licence="Apache-2.0",
            data_sources=("past-loans", "unknown-source"), intended_use="Ranks *applications*",
            limits="Small loans only",
            validated_at=now_ms, validation_expires_at=now_ms + year, validator="validation", origin="vendor",
            region="SG",
        ),
        TestRun(of="fairness", metric="impact_ratio", model="m", model_version="1", passed=True, value="0.91", n=300),
        Drill(id="d-1", what="failover", use_case="loan", passed=False, began_at=now_ms, ended_at=now_ms, asked=3),
        Count(source="gateway", use_case="loan", counted=15, from_ms=now_ms - 3_600_000, until_ms=now_ms + 3_600_000),
    )  # fmt: skip


def _noted(workspace: Workspace, facts: Event) -> None:
    """An event with a note that names somebody."""
    now_ms = workspace.clock.now_ms()
    made = event(workspace.ids.new(now_ms), now_ms, facts, actor="p-01K0000000000000000000000A")
    private = {"note": json.dumps(f"{PLANTED[0]} {PLANTED[2]}", ensure_ascii=False).encode()}
    workspace.ledger.submit((msgspec.structs.replace(made, private=private),)).result()
