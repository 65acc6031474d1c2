"""What ``waglan doctor`` says of one thing that it looked at."""

from __future__ import annotations

from typing import Literal

import msgspec

from waglan.core.problem import Problem


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing looked at: ``ok``, a ``note`` worth knowing, or a ``finding`` with what to do ``next``."""

    name: str
    state: Literal["ok", "note", "finding"]
    told: str
    next: str = ""


def of_problem(name: str, problem: Problem) -> Check:
    """A Problem as a finding."""
    place = f" [{problem.where}]" if problem.where else ""
    return Check(name=name, state="finding", told=f"{problem.what}{place} {problem.why}", next=problem.next)
