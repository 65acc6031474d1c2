"""Small honest parts to build use cases from in tests."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from waglan.core import (
    Case,
    Control,
    Finding,
    Ids,
    InputSchema,
    ModelCard,
    Outcome,
    Plugin,
    Reason,
    Redacted,
    UseCase,
    Verdict,
    controls,
)
from waglan.core.manifest import digest
from waglan.core.usecase import ControlPlan, Disclosure, Input, ModelSlot
from waglan.runtime.apart import Apart
from waglan.runtime.breaker import Breaker
from waglan.runtime.catalogue import Loaded
from waglan.runtime.judge import Judge
from waglan.runtime.kit import Seat, Slots
from waglan.runtime.registers import LogRegisters


class Steady:
    """A clock that moves only when told."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self.ms = now_ms

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ns(self) -> int:
        return self.ms * 1_000_000


class Adds:
    """A model that adds its inputs; ``after`` calls it misbehaves as told."""

    def __init__(self, name: str, *, inline: bool = True, fault: Any = None) -> None:
        self.card = ModelCard(id=name, version="1", digest="d" * 64, inline=inline)
        self.fault = fault
        self.calls = 0

    def predict(self, inputs: dict[str, Any]) -> Any:
        self.calls += 1
        if callable(self.fault):
            return self.fault()
        return sum(v for v in inputs.values() if isinstance(v, int))


class AddsMany(Adds):
    """The same with a batch form."""

    def predict_many(self, rows: Any) -> Any:
        if callable(self.fault):
            return self.fault()
        return [self.predict(row) for row in rows]


class Small:
    """Approves small sums, by a model."""

    inline = True

    async def decide(self, case: Case, kit: Any) -> Outcome:
        total = await kit.model("sum", case.inputs)
        return _outcome(total)


class SmallMany(Small):
    """The same with a batch form."""

    async def decide_many(self, cases: Any, kit: Any) -> Any:
        return [_outcome(t) for t in await kit.model_many("sum", [c.inputs for c in cases])]


def _outcome(total: int) -> Outcome:
    small = total < 100
    return Outcome(
        value="yes" if small else "no",
        effect="approve" if small else "decline",
        adverse=not small,
        confidence=0.75,
        score=float(total),
        reasons=(Reason(code="SUM", weight=float(total)),) if total % 7 else (),
        stakes_hkd=float(abs(total)),
    )


def manifest(**changes: Any) -> UseCase:
    fields: dict[str, Any] = {
        "name": "small",
        "version": "1",
        "title": {"en": "Small"},
        "owner": "Ada",
        "purposes": ("test",),
        "tier": "low",
        "inputs": {
            "a": Input(type="integer"),
            "b": Input(type="integer", required=False),
            "t": Input(type="text", required=False),
        },
        "models": {"sum": ModelSlot(use=("m1",), deadline_ms=50)},
        "disclosure": Disclosure(id="d1", text={"en": "AI is used."}),
    }
    return UseCase(**(fields | changes))


def registered(name: str, stage: str, check: Any, **declared: Any) -> str:
    """Register a control for a test under a name of its own."""
    spec = Control(name=name, stage=stage, check=check, clauses=("T.1",), summary={}, messages={}, **declared)
    if name not in controls:
        controls.add(name, spec)
    return name


def passes(name: str) -> Any:
    return lambda *_: Finding(control=name, verdict=Verdict.PASS)


def masks(name: str) -> Any:
    """A before-control that hides digits in ``t``."""

    def check(case: Case, context: Any) -> Finding | Redacted:
        text = case.inputs.get("t") or ""
        masked = "".join("#" if c.isdigit() else c for c in text)
        if masked == text:
            return Finding(control=name, verdict=Verdict.PASS)
        finding = Finding(control=name, verdict=Verdict.REDACT, code="digits", where=("inputs.t",))
        return Redacted(finding, msgspec.structs.replace(case, inputs={**case.inputs, "t": masked}))

    return check


def judge(
    decider: Any,
    *models: Any,
    clock: Any = None,
    before: tuple[str, ...] = (),
    after: tuple[str, ...] = (),
    model_ms: int = 10_000,
    **changes: Any,
) -> Judge:
    """A judge over models in slot ``sum``."""
    clock = clock or Steady()
    plan = ControlPlan(
        before=before, after=after, dry_run=changes.pop("dry_run", ()), settings=changes.pop("settings", {})
    )
    slots = {"sum": ModelSlot(use=tuple(m.card.id for m in models), deadline_ms=model_ms)} if models else {}
    m = manifest(controls=plan, models=slots, **changes)
    apart = Apart()
    seats = {each.card.id: Seat(each, Breaker(clock.monotonic_ns, failures=3)) for each in models}
    loaded = Loaded(m, InputSchema(m.inputs), digest(m), Plugin(m, decider))
    return Judge(loaded, Slots(m.models, seats, clock, apart), LogRegisters(), clock=clock, ids=Ids(), apart=apart)


def case(**inputs: Any) -> Case:
    return Case(use_case="small", inputs={"a": 1, "b": None, "t": None} | inputs, purpose="test", received_at=1)


def now(work: Any) -> Any:
    return asyncio.run(work)
