"""From a case to a decision: controls, use case, controls, route. Nothing is written here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, NamedTuple

import msgspec

from waglan.core.case import Case
from waglan.core.clock import Clock
from waglan.core.control import Registers
from waglan.core.decision import Decision, data_classes, encode_inputs, entry
from waglan.core.entry import Entry
from waglan.core.finding import Finding, Verdict
from waglan.core.ids import Ids
from waglan.core.outcome import Outcome, fault
from waglan.runtime.apart import Apart, Overdue
from waglan.runtime.ask import Ask
from waglan.runtime.catalogue import Loaded
from waglan.runtime.checks import Checked, Checks
from waglan.runtime.kit import BATCH_DEADLINE_S, NoAnswer, RuntimeKit, Slots
from waglan.runtime.route import route

RECORD_CONTROL = "record.inputs"
DOOR_CONTROL = "door.inputs"


class Judged(NamedTuple):
    """A decision and the entry that records it."""

    decision: Decision
    entry: Entry


class Answer(NamedTuple):
    """What the use case gave: a usable outcome, or why there is none."""

    outcome: Outcome | None
    fault: str


BLOCKED = Answer(None, "blocked")


class Trial(NamedTuple):
    """One case on its way: what the before-controls left, its private inputs, its kit, and how it came.

    ``share`` is how many cases share the time since ``started_ns``.
    """

    line: Checked
    inputs: bytes
    kit: RuntimeKit
    ask: Ask
    dropped: tuple[str, ...]
    started_ns: int
    share: int


class Judge:
    """Decides the cases of one use case.

    Parameters
    ----------
    loaded
        Manifest and plug-in.
    slots
        Its models.
    registers, clock, ids, apart
        What is in force, time, names, and where untrusted code runs.
    """

    def __init__(
        self, loaded: Loaded, slots: Slots, registers: Registers, *, clock: Clock, ids: Ids, apart: Apart
    ) -> None:
        self.loaded = loaded
        self._manifest = loaded.manifest
        self._decider: Any = loaded.plugin.decider
        self._inline = bool(getattr(self._decider, "inline", False))
        self._many = getattr(self._decider, "decide_many", None)
        self._slots = slots
        self._clock = clock
        self._ids = ids
        self._apart = apart
        self._checks = Checks(loaded.manifest, registers, clock, apart)
        self._classes = data_classes(loaded.manifest)

    async def one(self, case: Case, ask: Ask, dropped: tuple[str, ...] = ()) -> Judged:
        """Decide one case."""
        started, now_ms = self._clock.monotonic_ns(), self._clock.now_ms()
        inputs, line = _encoded(await self._checks.before(case, now_ms))
        kit = RuntimeKit(self._slots, now_ms)
        answer = BLOCKED if line.blocked else await self._ask(line.rest, kit)
        return await self._conclude(Trial(line, inputs, kit, ask, dropped, started, 1), answer)

    async def many(self, cases: Sequence[Case], ask: Ask, dropped: Sequence[tuple[str, ...]]) -> list[Judged]:
        """Decide many cases as if one by one; only ids, times and latencies differ."""
        started, now_ms = self._clock.monotonic_ns(), self._clock.now_ms()
        lines = [_encoded(line) for line in await self._checks.before_many(cases, now_ms)]
        alive = [line.rest for _, line in lines if not line.blocked]
        shared = RuntimeKit(self._slots, now_ms)
        answers = await self._ask_many(alive, shared) if alive else None
        queue = iter(answers or ())
        judged = []
        for (inputs, line), names in zip(lines, dropped, strict=True):
            kit = shared if answers is not None and not line.blocked else RuntimeKit(self._slots, now_ms)
            if line.blocked:
                answer = BLOCKED
            else:
                answer = next(queue) if answers is not None else await self._ask(line.rest, kit)
            judged.append(await self._conclude(Trial(line, inputs, kit, ask, names, started, len(lines)), answer))
        return judged

    async def _ask(self, case: Case, kit: RuntimeKit) -> Answer:
        """The use case's answer; whatever it does, an Answer comes out."""
        shown = msgspec.structs.replace(case, aside={}, inputs=dict(case.inputs))
        try:
            if self._inline:
                outcome = self._decider.decide(shown, kit)
                if isinstance(outcome, Awaitable):
                    outcome = await outcome
            else:
                deadline_s = self._manifest.deadline_ms / 1000
                outcome = await self._apart.run(lambda: self._decider.decide(shown, kit), deadline_s)
        except NoAnswer:
            return Answer(None, "no-model")
        except (Overdue, TimeoutError):
            return Answer(None, "timeout")
        except Exception as error:
            return Answer(None, f"raised:{type(error).__name__[:64]}")
        return self._checked(outcome)

    async def _ask_many(self, cases: Sequence[Case], kit: RuntimeKit) -> list[Answer] | None:
        """Answers by the plug-in's batch form; None when it has none or it failed: then one by one."""
        many = self._many
        if many is None:
            return None
        shown = [msgspec.structs.replace(case, aside={}, inputs=dict(case.inputs)) for case in cases]
        deadline_s = max(self._manifest.deadline_ms / 1000, BATCH_DEADLINE_S)
        try:
            if self._inline:
                async with asyncio.timeout(deadline_s):
                    outcomes = await many(shown, kit)
            else:
                outcomes = await self._apart.run(lambda: many(shown, kit), deadline_s)
            if len(outcomes) != len(cases):
                return None
        except Exception:
            return None
        return [self._checked(outcome) for outcome in outcomes]

    def _checked(self, outcome: Any) -> Answer:
        why = fault(outcome)
        if why:
            return Answer(None, why)
        if outcome.effect in self._manifest.adverse_effects and outcome.adverse is not True:
            outcome = msgspec.structs.replace(outcome, adverse=True)
        return Answer(outcome, "")

    async def _conclude(self, trial: Trial, answer: Answer) -> Judged:
        line, kit = trial.line, trial.kit
        findings = [*line.findings, *kit.findings]
        costs = [*line.cost_us, *[0] * len(kit.findings)]
        if trial.dropped:
            findings.append(Finding(control=DOOR_CONTROL, verdict=Verdict.NOTE, code="dropped", where=trial.dropped))
            costs.append(0)
        if not line.blocked:
            after = await self._checks.after(line.rest, answer.outcome, kit.now_ms, tuple(kit.uses))
            findings += after.findings
            costs += after.cost_us
            answer = Answer(after.rest, answer.fault)
        return self._record(trial, tuple(findings), tuple(costs), answer)

    def _record(self, trial: Trial, findings: tuple[Finding, ...], costs: tuple[int, ...], answer: Answer) -> Judged:
        manifest, ask, case = self._manifest, trial.ask, trial.line.rest
        routed = route(findings, answer.outcome, answer.fault, manifest)
        told = _disclosed(manifest.disclosure.text, case.language) if manifest.disclosure else None
        decided_at = self._clock.now_ms()
        decision = Decision(
            id=self._ids.new(decided_at),
            case=case,
            outcome=answer.outcome,
            findings=findings,
            route=routed.route,
            why=routed.why,
            use_case_version=manifest.version,
            policy_digest=self.loaded.digest,
            tier=manifest.tier,
            oversight_level=routed.oversight,
            phase=manifest.phase,
            models=tuple(trial.kit.uses),
            control_us=costs,
            failover=trial.kit.failover,
            drill=ask.drill,
            replay=ask.replay,
            disclosure_id=manifest.disclosure.id if told and manifest.disclosure else "",
            disclosure_lang=told,
            decided_at=decided_at,
            latency_us=(self._clock.monotonic_ns() - trial.started_ns) // 1000 // trial.share,
        )
        try:
            return Judged(decision, entry(decision, self._classes, trial.inputs, ask.actor))
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
            if answer.outcome is None:
                raise
            return self._record(trial, findings, costs, Answer(None, "not-json"))


def _disclosed(text: Any, language: str) -> Any:
    """The language in which the customer is told: theirs, else English, else none."""
    return language if language in text else ("en" if "en" in text else None)


def _encoded(line: Checked) -> tuple[bytes, Checked]:
    """The private inputs as bytes; when a control left something that JSON can't hold, the case is blocked."""
    try:
        return encode_inputs(line.rest), line
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        finding = Finding(
            control=RECORD_CONTROL,
            verdict=Verdict.ERROR,
            code="not-json",
            params=(type(error).__name__,),
            acts_as=Verdict.BLOCK,
        )
        rest = msgspec.structs.replace(line.rest, inputs={}, aside={})
        return encode_inputs(rest), Checked(rest, [*line.findings, finding], [*line.cost_us, 0], True)
