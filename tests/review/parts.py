"""A small institution with a queue: one use case of any tier, people, and a clock that moves when told."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tests.runtime.parts import Steady
from waglan.access.identity import Identity, Role
from waglan.index import Index
from waglan.review import Desk, Item, Judgement, Queue, ReviewSection
from waglan.runtime import Ask, Workspace

MODULE = """
from pathlib import Path
from waglan import Outcome, Reason, load_plugin

class Triage:
    inline = True
    async def decide(self, case, kit):
        late = case.inputs["days"] > 30
        doubt = case.inputs.get("doubt", False)
        reason = Reason(code="LATE" if late else "PROMPT", weight=float(case.inputs["days"]),
                        text={"en": "Days since the last payment.", "zh-Hant": "距上次付款的日數。"})
        return Outcome(value="hold" if late else "release", effect="hold" if late else "release", adverse=late,
                       confidence=0.9, score=case.inputs["days"] / 100, stakes_hkd=float(case.inputs["days"] * 1000),
                       reasons=(reason,), flags=("doubt",) if doubt else ())

plugin = load_plugin(Path(__file__).with_name("triage.toml"), Triage())
"""
MANIFEST = """
name = "triage"
version = "1"
owner = "Ada"
purposes = ["triage"]
tier = "{tier}"
phase = "production"
customer_facing = true
adverse_effects = ["hold"]
[title]
en = "Triage"
zh-Hant = "分流"
[inputs.customer]
type = "text"
role = "subject"
required = false
[inputs.days]
type = "integer"
minimum = 0
[inputs.days.title]
en = "Days late"
[inputs.doubt]
type = "boolean"
required = false
[review]
sample = {sample}
[disclosure]
id = "d1"
contact = "2345 0000"
[disclosure.text]
en = "AI helps."
zh-Hant = "由人工智能協助。"
"""
TENANT = "bank"
NOT_BY_CHANCE = {"low": 0.0, "medium": 0.0, "high": 0.0, "critical": 0.0}
START_MS = 1_700_000_000_000


def person(name: str, *roles: Role, authenticator: str = "", at_ms: int = START_MS) -> Identity:
    return Identity(
        id=f"p-{name}",
        tenant=TENANT,
        roles=roles,
        kind="person",
        authenticator=authenticator or f"password:{name}",
        authenticated_ms=at_ms,
        at_ms=at_ms,
    )


REVIEWER, SECOND = person("rita", "reviewer"), person("sam", "reviewer")
APPROVER, CHIEF = person("ann", "approver"), person("chen", "approver")
BOTH = person("bo", "reviewer", "approver")
USER, AUDITOR = person("uma", "user"), person("aud", "auditor")


class House(NamedTuple):
    """Everything a test needs."""

    workspace: Workspace
    index: Index
    desk: Desk
    clock: Steady

    def decide(self, days: int, *, doubt: bool = False, customer: str = "", **ask: Any) -> str:
        row: dict[str, Any] = {"days": days, "doubt": doubt}
        if customer:
            row["customer"] = customer
        return self.workspace.runtime.decide_sync("triage", row, Ask(**ask)).decision.id

    def taken(self, who: Identity, item_id: str, seconds: int = 20) -> str:
        """Take and look; gives the hash of what was shown, some time later."""
        self.desk.take(who, item_id)
        sha256 = self.desk.show(who, item_id).sha256
        self.clock.ms += seconds * 1_000
        return sha256

    def judged(self, who: Identity, item_id: str, verdict: Any = "agree", seconds: int = 20, **more: Any) -> Item:
        more = {"reason": "" if verdict == "agree" else "WRONG", **more}
        if verdict == "change":
            effect = self.desk.item(who, item_id).effect
            more = {"effect": "release" if effect == "hold" else "hold", **more}
        sha256 = self.taken(who, item_id, seconds)
        return self.desk.judge(who, item_id, Judgement(verdict=verdict, **more), shown=sha256)

    def released(self, who: Identity, item_id: str) -> Item:
        return self.desk.release(who, item_id, shown=self.desk.show(who, item_id).sha256)

    def kinds(self) -> list[str]:
        ledger = self.workspace.ledger
        return [ledger.leaf(at)["kind"] for at in range(ledger.head().size)]

    def leaves(self, kind: str) -> list[dict[str, Any]]:
        ledger = self.workspace.ledger
        return [leaf for at in range(ledger.head().size) if (leaf := dict(ledger.leaf(at)))["kind"] == kind]

    def private(self, entry_id: str) -> dict[str, bytes]:
        at = self.workspace.ledger.find(entry_id)
        assert at is not None
        return dict(self.workspace.ledger.opened(at))


def create(folder: Path, tier: str = "high", sample: float = 0.0, clock: Any = None) -> Workspace:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "triage.py").write_text(textwrap.dedent(MODULE))
    (folder / "triage.toml").write_text(MANIFEST.format(tier=tier, sample=sample))
    return Workspace.create(folder, tenant=TENANT, modules=("./triage.py",), clock=clock)


@contextmanager
def house(
    folder: Path, tier: str = "high", *, sample: float = 0.0, settings: ReviewSection | None = None, access: Any = None
) -> Iterator[House]:
    clock = Steady(START_MS)
    given = settings or ReviewSection()
    given = msgspec.structs.replace(given, sample={**NOT_BY_CHANCE, **given.sample})
    with (
        create(folder, tier, sample, clock) as workspace,
        Index.open(folder / "index.db", workspace.ledger, (Queue.of(workspace),)) as index,
    ):
        desk = Desk.open(workspace, index, access, settings=given)
        yield House(workspace, index, desk, clock)
