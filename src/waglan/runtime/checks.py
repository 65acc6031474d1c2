"""Running controls, fail closed: whatever a control does, a Finding comes out, and never a silent pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from waglan.core.case import Case
from waglan.core.clock import Clock
from waglan.core.control import Context, Control, Redacted, Registers, controls
from waglan.core.finding import Finding, Verdict
from waglan.core.outcome import ModelUse, Outcome, fault
from waglan.core.problem import Problem
from waglan.core.usecase import UseCase
from waglan.runtime.apart import Apart

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

    async def before(self, case: Case, now_ms: int) -> Checked:
        """Run the before-controls in order until one blocks."""
        return await self._run(self._before, (), case, now_ms, ())

    async def after(self, asked: Case, outcome: Outcome | None, now_ms: int, models: tuple[ModelUse, ...]) -> Checked:
        """Run the after-controls in order; all of them, since none can undo what another saw."""
        return await self._run(self._after, (asked,), outcome, now_ms, models)

    async def before_many(self, cases: Sequence[Case], now_ms: int) -> list[Checked]:
        """`before` for many cases; a control's ``many`` is used where it has one and behaves."""
        lines = [Checked(case, [], [], False) for case in cases]
        for step in self._before:
            alive = [at for at, line in enumerate(lines) if not line.blocked]
            context = self._context(step, now_ms, ())
            started = self._ns()
            answers = self._ask_many(step, [lines[at].rest for at in alive], context)
            for turn, at in enumerate(alive):
                rest, findings, costs, _ = lines[at]
                answer = await self._ask(step, (), rest, context) if answers is None else answers[turn]
                rest, finding = _judged(step, rest, answer)
                findings.append(finding)
                costs.append((self._ns() - started) // 1000 // len(alive))
                lines[at] = Checked(rest, findings, costs, finding.effect is Verdict.BLOCK)
        return lines

    @staticmethod
    def _ask_many(step: Step, cases: list[Case], context: Context) -> Sequence[Any] | None:
        """The answers of the control's batch form; None when it has none or it failed: then one by one."""
        if step.spec.many is None or not step.inline or not cases:
            return None
        try:
            answers = step.spec.many(cases, context)
            return answers if len(answers) == len(cases) else None
        except Exception:
            return None

    def _context(self, step: Step, now_ms: int, models: tuple[ModelUse, ...]) -> Context:
        return Context(self._manifest, step.settings, self._registers, now_ms, models)

    async def _run(
        self, plan: tuple[Step, ...], before: tuple[Any, ...], rest: Any, now_ms: int, models: tuple[ModelUse, ...]
    ) -> Checked:
        """Run a stage; ``before`` are the arguments that stand before what the controls may redact."""
        clock = self._ns
        findings: list[Finding] = []
        costs: list[int] = []
        blocked = False
        plain = Context(self._manifest, None, self._registers, now_ms, models)
        last = clock()
        for step in plan:
            context = plain if step.settings is None else self._context(step, now_ms, models)
            if step.inline:
                try:
                    answer = step.check(*before, rest, context)
                except Exception as error:
                    answer = _failure(step, "raised", type(error).__name__)
            else:
                answer = await self._ask(step, before, rest, context)
            if (
                type(answer) is Finding
                and answer.control == step.name
                and step.enforced
                and type(answer.verdict) is Verdict
            ):
                finding = answer
            else:
                rest, finding = _judged(step, rest, answer)
            findings.append(finding)
            now = clock()
            costs.append((now - last) // 1000)
            last = now
            if finding.verdict is not Verdict.PASS and finding.effect is Verdict.BLOCK:
                blocked = True
                if not before:
                    break
        return Checked(rest, findings, costs, blocked)

    async def _ask(self, step: Step, before: tuple[Any, ...], rest: Any, context: Context) -> Any:
        """A control's answer; its failure is one too."""
        try:
            if step.inline:
                return step.check(*before, rest, context)
            return await self._apart.run(lambda: step.check(*before, rest, context), APART_DEADLINE_S)
        except Exception as error:
            return _failure(step, "raised", type(error).__name__)


def _failure(step: Step, code: str, detail: str) -> Finding:
    return Finding(
        control=step.spec.name, verdict=Verdict.ERROR, code=code, params=(detail,), acts_as=step.spec.on_error
    )


def _judged(step: Step, rest: Any, answer: Any) -> tuple[Any, Finding]:
    """Judge a control's answer: what it leaves, and its finding. In dry run the finding is kept and nothing acts."""
    finding = answer
    if type(answer) is Redacted:
        finding, changed = answer
        if not _only_less(rest, changed):
            finding = _failure(step, "changed-too-much", type(changed).__name__)
        elif step.enforced:
            rest = changed
    if type(finding) is not Finding:
        finding = _failure(step, "wrong-type", type(finding).__name__)
    elif finding.control != step.name or type(finding.verdict) is not Verdict:
        finding = _failure(step, "wrong-finding", str(finding.control))
    if not step.enforced:
        finding = msgspec.structs.replace(finding, enforced=False)
    return rest, finding


def _only_less(old: Any, new: Any) -> bool:
    """Whether a redaction kept to its business: inputs and aside of a case, or a still usable outcome."""
    if type(old) is Case:
        return type(new) is Case and msgspec.structs.replace(new, inputs=old.inputs, aside=old.aside) == old
    return type(new) is Outcome and not fault(new)
