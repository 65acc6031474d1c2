"""What went wrong, why, and what to do next: the one error a user ever sees."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class Problem(Exception):  # noqa: N818 - the name RFC 9457 gives to it
    """A failure that a user can act on.

    Parameters
    ----------
    what, why, next
        One sentence each. Faces render the three lines; HTTP renders RFC 9457.
    code
        A stable slug (``input.unknown``, ``ledger.unavailable``); becomes the problem *type*.
    where
        The place: a field path, ``row 12, field age``, ``manifest.toml:14``.
    status
        The HTTP status a door answers with.
    errors
        Further places of the same kind, each as a mapping of ``where``, ``what`` and ``next``.

    References
    ----------
    RFC 9457, *Problem Details for HTTP APIs*.
    """

    def __init__(
        self,
        what: str,
        why: str,
        next: str,
        *,
        code: str = "problem",
        where: str = "",
        status: int = 422,
        errors: Iterable[Problem] = (),
    ) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.next = next
        self.code = code
        self.where = where
        self.status = status
        self.errors = tuple(errors)

    def again(self) -> Problem:
        """The same Problem as another exception: one object raised in several tasks gathers all their tracebacks."""
        made = Problem(
            self.what, self.why, self.next, code=self.code, where=self.where, status=self.status, errors=self.errors
        )
        made.__cause__ = self.__cause__
        return made

    def __str__(self) -> str:
        place = f" [{self.where}]" if self.where else ""
        return f"{self.what}{place}\n{self.why}\n{self.next}"

    def as_dict(self) -> dict[str, Any]:
        """The RFC 9457 members, plus ``next`` and ``errors``."""
        body: dict[str, Any] = {
            "type": f"urn:waglan:problem:{self.code}",
            "title": self.what,
            "status": self.status,
            "detail": self.why,
            "next": self.next,
        }
        if self.where:
            body["where"] = self.where
        if self.errors:
            body["errors"] = [{"where": e.where, "title": e.what, "detail": e.why, "next": e.next} for e in self.errors]
        return body


def nearest(name: str, valid: Iterable[str]) -> str:
    """A sentence that names the closest valid word, or all of them when none is close."""
    known = sorted(valid)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Valid names: {', '.join(known)}." if known else "There is none to choose from."
