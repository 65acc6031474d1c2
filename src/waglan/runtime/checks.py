"""Running controls, fail closed: whatever a control does, a Finding comes out, and never a silent pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from waglan.core.case import Case
from waglan.core.clock import Clock
from waglan.core.control import Context, Control, Redacted, Registers, controls
from waglan.core.finding import Finding, Verdict
from waglan.core.outcome import LONGEST_CODE, ModelUse, Outcome, fault
from waglan.core.problem import Problem
from waglan.core.usecase import UseCase
from waglan.runtime.apart import MISBEHAVIOUR, Apart

APART_DEADLINE_S = 1.0
"""How long a control that isn't inline may take."""


class Step(NamedTuple):
    """A control as one manifest uses it."""

    spec: Control
    name: str
    check: Callable[..., Any]
    inline: bool
    settings: Any
    enforced: bool


class Checked(NamedTuple):
    """What the controls of a stage leave: the case or outcome, findings and costs in µs, and whether one blocked."""

    rest: Any
    findings: list[Finding]
    cost_us: list[int]
    blocked: bool


def steps(manifest: UseCase, stage: Literal["before", "after"]) -> tuple[Step, ...]:
    """The controls of one stage with their settings; a Problem for a wrong name, stage or setting."""
    plan = manifest.controls
    return tuple(
        _step(manifest, name, stage, plan.settings.get(name), name not in plan.dry_run)
        for name in (plan.before if stage == "before" else plan.after)
    )


def _step(manifest: UseCase, name: str, stage: str, given: dict[str, Any] | None, enforced: bool) -> Step:
    spec = controls.get(name)
    if spec.stage != stage:
        raise Problem(
            f"The control {name!r} stands in controls.{stage}.",
            f"It acts {spec.stage} the use case.",
            f"Move it to controls.{spec.stage}.",
            code="manifest.stage",
            where=manifest.name,
        )
    if spec.settings is None:
        if given:
            raise Problem(
                f"The control {name!r} takes no settings.",
                f"The manifest gives it {', '.join(given)}.",
                f"Remove [controls.settings.{name!r}].",
                code="manifest.settings",
                where=manifest.name,
            )
        return Step(spec, name, spec.check, spec.inline, None, enforced)
    try:
        settings = msgspec.convert(given or {}, spec.settings)
        return Step(spec, name, spec.check, spec.inline, settings, enforced)
    except msgspec.ValidationError as error:
        raise Problem(
            f"The settings of the control {name!r} can't be used.",
            str(error),
            f"See the control's paragraph in docs/controls.md and correct [controls.settings.{name!r}].",
            code="manifest.settings",
            where=manifest.name,
        ) from None


class Checks:
    """The controls of one manifest, ready to run.

    Parameters
    ----------
    manifest, registers, clock, apart
        What controls may know, and where those that aren't inline run.
    """

    def __init__(self, manifest: UseCase, registers: Registers, clock: Clock, apart: Apart) -> None:
        self._manifest = manifest
        self._registers = registers
        self._ns = clock.monotonic_ns
        self._apart = apart
        self._before = steps(manifest, "before")
        self._after = steps(manifest, "after")

    async def before(self, cases: Sequence[Case], now_ms: int) -> list[Checked]:
        """Run the before-controls over cases, each control over all of them; a case that one blocks is left out."""
        return await self._run(self._before, None, cases, now_ms, ())

    async def after(
        self, asked: Sequence[Case], outcomes: Sequence[Outcome | None], now_ms: int, models: tuple[ModelUse, ...]
    ) -> list[Checked]:
        """Run the after-controls over outcomes; all of them, since none can undo what another saw."""
        return await self._run(self._after, asked, outcomes, now_ms, models)

    async def _run(
        self,
        plan: tuple[Step, ...],
        asked: Sequence[Case] | None,
        rests: Sequence[Any],
        now_ms: int,
        models: tuple[ModelUse, ...],
    ) -> list[Checked]:
        """Run a stage over ``rests``: cases, or the outcomes of the cases ``asked``."""
        left = list(rests)
        findings: list[list[Finding]] = [[] for _ in left]
        costs: list[list[int]] = [[] for _ in left]
        blocked = [False] * len(left)
        alive = range(len(left)) if asked is None else range(len(asked))
        for step in plan:
            if not alive:
                break
            started = self._ns()
            context = Context(self._manifest, step.settings, self._registers, now_ms, models)
            arguments = [(left[at],) if asked is None else (asked[at], left[at]) for at in alive]
            answers = await self._answers(step, arguments, context)
            stopped = False
            for at, answer in zip(alive, answers, strict=True):
                left[at], finding = _judged(step, left[at], answer)
                findings[at].append(finding)
                if finding.verdict is not Verdict.PASS and finding.effect is Verdict.BLOCK:
                    blocked[at] = stopped = True
            cost = (self._ns() - started) // 1000 // len(alive)
            for at in alive:
                costs[at].append(cost)
            if stopped and asked is None:
                alive = [at for at in alive if not blocked[at]]  # type: ignore[assignment] # either is a sequence
        return [Checked(*each) for each in zip(left, findings, costs, blocked, strict=True)]

    async def _answers(self, step: Step, arguments: list[tuple[Any, ...]], context: Context) -> Sequence[Any]:
        """A control's answer to each case, by its batch form where it has one that behaves; a failure is one too."""
        check = step.check
        if not step.inline:
            return [await self._apart_answer(check, each, context) for each in arguments]
        try:
            if step.spec.many is not None and len(arguments) > 1:
                answers = step.spec.many([each[0] for each in arguments], context)
                if len(answers) == len(arguments):
                    return answers
            return [check(*each, context) for each in arguments]
        except MISBEHAVIOUR:  # one case's failure is not the others': ask again, one by one
            return [_answer(check, each, context) for each in arguments]

    async def _apart_answer(self, check: Callable[..., Any], arguments: tuple[Any, ...], context: Context) -> Any:
        try:
            return await self._apart.run(lambda: check(*arguments, context), APART_DEADLINE_S)
        except Exception as error:
            return _Raised(type(error).__name__)


def _answer(check: Callable[..., Any], arguments: tuple[Any, ...], context: Context) -> Any:
    try:
        return check(*arguments, context)
    except MISBEHAVIOUR as error:
        return _Raised(type(error).__name__)


def _failure(step: Step, code: str, detail: str) -> Finding:
    return Finding(
        control=step.spec.name, verdict=Verdict.ERROR, code=code, params=(detail,), acts_as=step.spec.on_error
    )


class _Raised(NamedTuple):
    """In place of an answer: what kind of error the control raised."""

    error: str


def _judged(step: Step, rest: Any, answer: Any) -> tuple[Any, Finding]:
    """Judge a control's answer: what it leaves, and its finding. In dry run the finding is kept and nothing acts."""
    finding = answer
    if type(answer) is Redacted:
        finding, changed = answer
    if type(answer) is _Raised:
        finding = _failure(step, "raised", answer.error)
    elif type(finding) is not Finding:
        finding = _failure(step, "wrong-type", type(finding).__name__)
    elif finding.control != step.name or type(finding.verdict) is not Verdict or not _recordable(finding):
        finding = _failure(step, "wrong-finding", str(finding.control)[:LONGEST_CODE])
    elif type(answer) is Redacted:
        if not _only_less(rest, changed):
            finding = _failure(step, "changed-too-much", type(changed).__name__)
        elif step.enforced:
            rest = changed
    if not step.enforced:
        finding = msgspec.structs.replace(finding, enforced=False)
    return rest, finding


def _recordable(finding: Finding) -> bool:
    """Whether a finding is of the types it declares; ``acts_as`` and ``enforced`` are the runtime's to set."""
    return (
        type(finding.code) is str
        and len(finding.code) <= LONGEST_CODE
        and (not finding.params or _texts(finding.params))
        and (not finding.where or _texts(finding.where))
        and (finding.score is None or (type(finding.score) in (int, float) and math.isfinite(finding.score)))
        and finding.acts_as is None
        and finding.enforced is True
    )


def _texts(values: Any) -> bool:
    return type(values) is tuple and all(type(value) is str for value in values)


def _only_less(old: Any, new: Any) -> bool:
    """Whether a redaction kept to its business: inputs and aside of a case, or a still usable outcome."""
    if type(old) is Case:
        return type(new) is Case and msgspec.structs.replace(new, inputs=old.inputs, aside=old.aside) == old
    return type(new) is Outcome and not fault(new)
