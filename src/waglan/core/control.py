"""The control seam: what acts on a case before a model sees it and on an outcome before anybody else does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

import msgspec

from waglan.core.case import Case, Language
from waglan.core.events import ModelRegistration
from waglan.core.finding import Finding, Verdict
from waglan.core.outcome import ModelUse, Outcome
from waglan.core.registry import Registry
from waglan.core.usecase import UseCase

Stage = Literal["before", "after"]


class Redacted(NamedTuple):
    """A finding together with what it leaves of the case (before) or of the outcome (after)."""

    finding: Finding
    rest: Case | Outcome


class Registers(Protocol):
    """What the log says is in force. Derived, never written here."""

    def model(self, model_id: str, version: str) -> ModelRegistration | None:
        """The newest registration of exactly this version, or None."""
        ...

    def opted_out(self, subject: str, use_case: str) -> bool:
        """Whether the subject has refused automated decisions of this use case (or of all)."""
        ...


class Context(msgspec.Struct, frozen=True, gc=False):
    """All that a control may know beside the case and the outcome; it is given, never fetched.

    Attributes
    ----------
    use_case
        The manifest.
    settings
        The control's own settings from the manifest, of the type it declared, or None.
    registers
        What is in force according to the log.
    now_ms
        The time of this decision, milliseconds since 1970 UTC.
    models
        The models asked so far; empty before the use case ran.
    failed
        Whether the use case gave no usable outcome (after-controls then see ``None``).
    """

    use_case: UseCase
    settings: Any
    registers: Registers
    now_ms: int
    models: tuple[ModelUse, ...] = ()


Before = Callable[[Case, Context], Finding | Redacted]
After = Callable[[Case, Outcome | None, Context], Finding | Redacted]
BeforeMany = Callable[[Sequence[Case], Context], Sequence[Finding | Redacted]]


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """A control as registered.

    Attributes
    ----------
    name
        ``area.noun``, the same in manifest, record, console and documents.
    stage
        When it acts.
    check
        A pure function: `Before` takes ``(case, context)``, `After` takes ``(case, outcome, context)``.
    clauses
        Ids of the obligations it serves.
    on_error
        What its failure does to the decision: ``review`` or ``block``. A silent pass is not on offer.
    budget_us
        What one call may cost, microseconds; the record keeps what it did cost.
    summary
        One sentence per language.
    messages
        Text per finding code and language; ``{0}``, ``{1}`` take the finding's params.
    settings
        The Struct that its section in the manifest must satisfy, or None.
    many
        The same check over many cases that share one context, where that is cheaper (before-controls).
    inline
        True promises bounded work without I/O, so it runs in the caller's thread; otherwise it runs apart,
        under a deadline.
    """

    name: str
    stage: Stage
    check: Callable[..., Finding | Redacted]
    clauses: tuple[str, ...]
    summary: Mapping[Language, str]
    messages: Mapping[str, Mapping[Language, str]]
    on_error: Verdict = Verdict.REVIEW
    budget_us: int = 200
    settings: type[msgspec.Struct] | None = None
    many: BeforeMany | None = None
    inline: bool = False


controls: Registry[Control] = Registry("control", "waglan.controls")

F = TypeVar("F", bound=Callable[..., Any])


def control(**declared: Any) -> Callable[[F], F]:
    """Register a check function as a control and give it back untouched; arguments as in `Control`."""

    def register(check: F) -> F:
        spec = Control(check=check, **declared)
        if spec.on_error not in (Verdict.REVIEW, Verdict.BLOCK):
            raise ValueError(f"control {spec.name}: on_error is review or block, not {spec.on_error}")
        controls.add(spec.name, spec)
        return check

    return register
