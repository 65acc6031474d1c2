"""What a control saw. Errors of the domain are values."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

import msgspec


class Verdict(StrEnum):
    """How a control judged, from mild to strict. ``ERROR`` acts as the control's declared ``on_error``."""

    PASS = "pass"
    NOTE = "note"
    REDACT = "redact"
    REVIEW = "review"
    BLOCK = "block"
    ERROR = "error"


STRICTNESS = MappingProxyType({verdict: rank for rank, verdict in enumerate(Verdict)})


class Finding(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One control's answer about one decision.

    Attributes
    ----------
    control
        The control's name.
    verdict
        How it judged.
    code
        A stable code within the control; the control declares its text per language.
    params
        Values for that text. Never personal data: findings reach logs and pages.
    where
        Field paths concerned, such as ``inputs.income``.
    score
        The control's own measure, where it has one.
    acts_as
        For ``ERROR``: the verdict it has on the route. Else the verdict itself.
    enforced
        False in dry run: recorded, without effect on the route or the case.
    """

    control: str
    verdict: Verdict
    code: str = ""
    params: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    score: float | None = None
    acts_as: Verdict | None = None
    enforced: bool = True

    @property
    def effect(self) -> Verdict:
        """The verdict that counts for the route."""
        if not self.enforced:
            return Verdict.PASS
        if self.acts_as is not None:
            return self.acts_as
        return Verdict.REVIEW if self.verdict is Verdict.ERROR else self.verdict
