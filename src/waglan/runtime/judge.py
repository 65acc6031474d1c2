"""From a case to a decision: controls, use case, controls, route. Nothing is written here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from waglan.core.case import Case
from waglan.core.clock import Clock
from waglan.core.decision import Decision, data_classes, encode_inputs, entry
from waglan.core.entry import Entry
from waglan.core.finding import Finding, Verdict
from waglan.core.ids import Ids
from waglan.core.outcome import Outcome, fault
from waglan.runtime.apart import MISBEHAVIOUR, Apart, Overdue
from waglan.runtime.ask import Ask
from waglan.runtime.catalogue import Loaded
from waglan.runtime.checks import Checked, Checks
from waglan.runtime.gates import RuleSet
from waglan.runtime.kit import BATCH_DEADLINE_S, NoAnswer, RuntimeKit, Slots
from waglan.runtime.live import Known
from waglan.runtime.registers import LogRegisters
from waglan.runtime.route import SUSPENDED, route
from waglan.runtime.stance import Stance, alone, assessed

RECORD_CONTROL = "record.inputs"
DOOR_CONTROL = "door.inputs"


class Judged(NamedTuple):
    """A decision and the entry that records it."""

    decision: Decision
    entry: Entry


class Given(NamedTuple):
    """What the use case gave: a usable outcome, or why there is none."""

    outcome: Outcome | None
    fault: str


class Answer(NamedTuple):
    """What is left of what was given once the after-controls saw it, and the kit it was found with."""

    outcome: Outcome | None
    fault: str
    kit: RuntimeKit
    after: Checked


class Trial(NamedTuple):
    """One case on its way: what the before-controls left, its private inputs, and how it came.

    ``share`` is how many cases share the time since ``started_ns``.
    """

    line: Checked
    inputs: bytes
    ask: Ask
    dropped: tuple[str, ...]
    started_ns: int
    share: int


_NOTHING = Checked(None, [], [], False)
_SUSPENDED = Given(None, SUSPENDED)


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
    tenant
        Whose log it is, for rules that ask.
    stopped
        Whether somebody stopped the use case; by the registers when left out.
    """

    def __init__(
        self,
        loaded: Loaded,
        slots: Slots,
        registers: LogRegisters,
        *,
        clock: Clock,
        ids: Ids,
        apart: Apart,
        tenant: str = "",
        stopped: Callable[[], bool] | None = None,
    ) -> None:
        self.loaded = loaded
        self._manifest = loaded.manifest
        self._decider: Any = loaded.plugin.decider
        self.inline = bool(getattr(self._decider, "inline", False))
        self._many = getattr(self._decider, "decide_many", None)
        self._slots = slots
        self._registers = registers
        self._tenant = tenant
        self._clock = clock
        self._ids = ids
        self._apart = apart
        self._checks = Checks(loaded.manifest, registers, clock, apart)
        self._classes = data_classes(loaded.manifest)
        self._stopped = stopped or (lambda: registers.use_case_suspended(loaded.manifest.name))
        self._assessed = assessed(loaded.manifest)
        self._alone = alone(loaded.manifest, self._assessed)

    async def one(self, case: Case, ask: Ask, dropped: tuple[str, ...] = ()) -> Judged:
        """Decide one case."""
        (judged,) = await self.many((case,), (ask,), (dropped,))
        return judged

    async def many(
        self, cases: Sequence[Case], asks: Sequence[Ask], dropped: Sequence[tuple[str, ...]]
    ) -> list[Judged]:
        """Decide many cases as if one by one; only ids, times and latencies differ."""
        started, now_ms = self._clock.monotonic_ns(), self._clock.now_ms()
        seen = [_encoded(line) for line in await self._checks.before(cases, now_ms)]
        trials = [
            Trial(line, inputs, ask, names, started, len(seen))
            for (inputs, line), ask, names in zip(seen, asks, dropped, strict=True)
        ]
        alive = [trial for trial in trials if not trial.line.blocked]
        answered = iter(await self._answers(alive, now_ms))
        blocked = Answer(None, "blocked", RuntimeKit(self._slots, now_ms), _NOTHING)
        return [self._record(trial, blocked if trial.line.blocked else next(answered)) for trial in trials]

    async def _answers(self, trials: Sequence[Trial], now_ms: int) -> list[Answer]:
        """What the use case gave to each case, after the after-controls saw it."""
        if not trials:
            return []
        cases = [trial.line.rest for trial in trials]
        shared = RuntimeKit(self._slots, now_ms)
        together = self._many is not None and len(cases) > 1 and not self._stopped()
        given = await self._ask_many(cases, shared) if together else None
        if given is None:
            kits = [RuntimeKit(self._slots, now_ms) for _ in cases]
            given = [await self._ask(case, kit) for case, kit in zip(cases, kits, strict=True)]
        else:
            kits = [shared] * len(cases)
        if self._stopped():  # what was answered meanwhile isn't used either
            given = [_SUSPENDED for _ in given]
        outcomes = [outcome for outcome, _ in given]
        if kits[0] is shared or not any(kit.uses for kit in kits):
            checked = await self._checks.after(cases, outcomes, now_ms, kits[0].uses)
        else:
            checked = [
                (await self._checks.after((case,), (outcome,), now_ms, kit.uses))[0]
                for case, outcome, kit in zip(cases, outcomes, kits, strict=True)
            ]
        return [Answer(after.rest, why, kit, after) for after, (_, why), kit in zip(checked, given, kits, strict=True)]

    async def _ask(self, case: Case, kit: RuntimeKit) -> Given:
        """The use case's answer; whatever it does, something is given."""
        if self._stopped():
            return _SUSPENDED
        shown = msgspec.structs.replace(case, aside={}, inputs=dict(case.inputs))
        try:
            if self.inline:
                outcome = self._decider.decide(shown, kit)
                if isinstance(outcome, Awaitable):
                    outcome = await outcome
            else:
                deadline_s = self._manifest.deadline_ms / 1000
                outcome = await self._apart.run(lambda: self._decider.decide(shown, kit), deadline_s)
        except NoAnswer:
            return Given(None, "no-model")
        except (Overdue, TimeoutError):
            return Given(None, "timeout")
        except MISBEHAVIOUR as error:
            return Given(None, f"raised:{type(error).__name__[:64]}")
        return self._checked(outcome)

    async def _ask_many(self, cases: Sequence[Case], kit: RuntimeKit) -> list[Given] | None:
        """Answers by the plug-in's batch form; None when it failed: then one by one."""
        many: Any = self._many
        shown = [msgspec.structs.replace(case, aside={}, inputs=dict(case.inputs)) for case in cases]
        deadline_s = max(self._manifest.deadline_ms / 1000, BATCH_DEADLINE_S)
        try:
            if self.inline:
                async with asyncio.timeout(deadline_s):
                    outcomes = await many(shown, kit)
            else:
                outcomes = await self._apart.run(lambda: many(shown, kit), deadline_s)
            if len(outcomes) != len(cases):
                return None
        except MISBEHAVIOUR:
            return None
        return [self._checked(outcome) for outcome in outcomes]

    def _checked(self, outcome: Any) -> Given:
        why = fault(outcome)
        if why:
            return Given(None, why)
        if outcome.effect in self._manifest.adverse_effects and outcome.adverse is not True:
            outcome = msgspec.structs.replace(outcome, adverse=True)
        return Given(outcome, "")

    def _record(self, trial: Trial, answer: Answer) -> Judged:
        manifest, ask, line, kit = self._manifest, trial.ask, trial.line, answer.kit
        rules, stance = self._registers.rules, self._stance()
        case, after = line.rest, answer.after
        findings, costs = tuple(line.findings), tuple(line.cost_us)
        if kit.findings or trial.dropped:
            between = (*kit.findings, *_dropped(trial.dropped))
            findings, costs = findings + between, costs + (0,) * len(between)
        findings, costs = findings + tuple(after.findings), costs + tuple(after.cost_us)
        routed = route(findings, answer.outcome, answer.fault, manifest, stance)
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
            tier=stance.tier,
            observed_tier=stance.observed,
            oversight_level=routed.oversight,
            phase=manifest.phase,
            models=kit.uses,
            control_us=costs,
            failover=kit.failover,
            drill=ask.drill,
            replay=ask.replay,
            disclosure_id=manifest.disclosure.id if told and manifest.disclosure else "",
            disclosure_lang=told,
            decided_at=decided_at,
            rules=rules.digest,
            latency_us=(self._clock.monotonic_ns() - trial.started_ns) // 1000 // trial.share,
        )
        if rules.gating:
            decision = self._gated(rules, decision, answer, ask.actor, stance)
        try:
            return Judged(decision, entry(decision, self._classes, trial.inputs, ask.actor))
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
            # Findings were checked for what JSON can hold, so it is the outcome that can't be written.
            return self._record(trial, Answer(None, "not-json", kit, after))

    def _stance(self) -> Stance:
        """How high the use case stands now."""
        manifest = self._manifest
        return self._registers.standings.stance(
            manifest.name, self._alone, self._assessed, manifest.tier, self._clock.now_ms()
        )

    def _gated(self, rules: RuleSet, decision: Decision, answer: Answer, actor: str, stance: Stance) -> Decision:
        """The decision with what the rules in force say of it; its route so far is what they see."""
        began = self._clock.monotonic_ns()
        registers = self._registers
        use_case = registers.use_case(decision.policy_digest)
        found = rules.findings(Known(decision, self._classes, self._tenant, actor, use_case, registers.model))
        if not found:
            return decision
        findings = decision.findings + found
        routed = route(findings, answer.outcome, answer.fault, self._manifest, stance)
        cost = (self._clock.monotonic_ns() - began) // 1000 // len(found)
        return msgspec.structs.replace(
            decision,
            findings=findings,
            control_us=decision.control_us + (cost,) * len(found),
            route=routed.route,
            why=routed.why,
            oversight_level=routed.oversight,
        )


def _dropped(names: tuple[str, ...]) -> tuple[Finding, ...]:
    """The note that undeclared or unused fields came and were left out."""
    return (Finding(control=DOOR_CONTROL, verdict=Verdict.NOTE, code="dropped", where=names),) if names else ()


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
