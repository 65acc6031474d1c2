"""What the conformance suite says: flaws as values, collected and never raised."""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Flaw(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that a plug-in doesn't keep.

    Attributes
    ----------
    subject
        What was checked: ``use case triage``, ``control privacy.identifiers``.
    check
        The promise, a stable slug: ``decide.mutates``; listed in ``docs/plugins.md``.
    what
        What was seen.
    next
        What to do about it.
    where
        The sample, field or language concerned.
    """

    subject: str
    check: str
    what: str
    next: str
    where: str = ""


class Report(NamedTuple):
    """The suite's answer about one plug-in: which promises were looked at, and what was found."""

    subject: str
    checks: tuple[str, ...]
    flaws: tuple[Flaw, ...]


class Notes:
    """Collects flaws while a plug-in is being checked."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._checks: dict[str, None] = {}
        self._flaws: list[Flaw] = []

    def expect(self, kept: bool, check: str, what: str, advice: str, where: str = "") -> bool:
        """Note that a promise was looked at, and a flaw when it isn't kept; gives ``kept`` back."""
        self._checks[check] = None
        if not kept:
            self._flaws.append(Flaw(subject=self._subject, check=check, what=what, next=advice, where=where))
        return kept

    def include(self, other: Report) -> None:
        """Take in what was found about a part, under the part's own name."""
        self._checks.update(dict.fromkeys(other.checks))
        self._flaws.extend(other.flaws)

    def report(self) -> Report:
        """All that was noted."""
        return Report(self._subject, tuple(self._checks), tuple(dict.fromkeys(self._flaws)))
