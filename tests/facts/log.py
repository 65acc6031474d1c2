"""A log in memory with the two methods that facts need, filled with real leaves and a real tree."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from waglan.core.decision import DecisionFacts, Route
from waglan.core.entry import Entry
from waglan.core.events import Event
from waglan.core.finding import Verdict
from waglan.core.ids import ulid
from waglan.ledger import leaf
from waglan.ledger.merkle import Frontier, extend, leaf_hash
from waglan.ledger.store import Head, Row

START_MS = 1_760_000_000_000
ALLOWED = b"SECRET-SEALED-PAYLOAD"


class MemoryLog:
    """Append-only; ``cut`` rolls back, as an older backup would."""

    def __init__(self) -> None:
        self.stored: list[Row] = []
        self._serial = count(1)

    def head(self) -> Head:
        frontier, _ = extend(Frontier(), [leaf_hash(r.leaf) for r in self.stored])
        return Head(size=frontier.size, peaks=frontier.peaks)

    def rows(self, start: int, stop: int) -> Iterator[tuple[int, Row]]:
        return ((index, self.stored[index]) for index in range(start, min(stop, len(self.stored))))

    def add(
        self,
        facts: Event,
        *,
        subject: str = "",
        kid: str = "",
        refs: tuple[str, ...] = (),
        actor: str = "",
        kind: str = "",
    ) -> str:
        serial = next(self._serial)
        at_ms = START_MS + 1_000 * serial
        entry = Entry(id=ulid(at_ms, serial), kind=kind or facts.kind, at_ms=at_ms, facts=facts, refs=refs, actor=actor)
        data = leaf.build(
            entry,
            tenant="check",
            source=f"tests.{ulid(START_MS, 1)}",
            n=len(self.stored),
            kid=kid,
            commit={"in": "ab" * 32} if subject else {},
            subject=subject,
        )
        self.stored.append(Row(entry.id, data, ALLOWED if subject else b""))
        return entry.id

    def cut(self, size: int) -> None:
        del self.stored[size:]


def decision(**changes: object) -> DecisionFacts:
    """A usual decision's public part."""
    usual: dict[str, object] = {
        "adverse": True,
        "channel": "cli",
        "confidence": "0.930000",
        "controls": (("privacy.identifiers", Verdict.PASS), ("explanation.present", Verdict.PASS)),
        "data_classes": ("financial",),
        "effect": "decline",
        "models": (("m.one", "1", "aa" * 32, "self", "HK", False), ("m.two", "2", "bb" * 32, "Acme", "SG", True)),
        "policy_digest": "cc" * 32,
        "purpose": "credit_assessment",
        "reasons": ("income", "history"),
        "route": Route.HUMAN,
        "score": "612.500000",
        "stakes_hkd": "50000.10",
        "use_case": "credit",
        "use_case_version": "1.0",
        "why": ("adverse",),
    }
    return DecisionFacts(**(usual | changes))  # type: ignore[arg-type]
