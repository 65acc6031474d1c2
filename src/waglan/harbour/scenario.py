"""The seam of scenarios: something planted in the sample bank, and what exactly, so that it can be looked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import msgspec

from waglan.core.registry import Registry
from waglan.core.usecase import Texts
from waglan.harbour.plan import Plan


class Planted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a scenario planted.

    Attributes
    ----------
    scenario
        Its name.
    title
        One sentence per language.
    look
        Where it shows: a page below ``/console``, with its query.
    from_ms, until_ms
        When, milliseconds since 1970 UTC; None where it holds all the time.
    use_case, model
        What it concerns.
    group
        Input to value, for something that happens to a group of people.
    people, staff
        References of customers, keys of employees.
    figures
        How much, by name.
    """

    scenario: str
    title: Texts
    look: str = ""
    from_ms: int | None = None
    until_ms: int | None = None
    use_case: str = ""
    model: str = ""
    group: dict[str, str] = {}
    people: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    figures: dict[str, float] = {}


class Sown(NamedTuple):
    """The changed plan, and what was planted in it."""

    plan: Plan
    planted: Planted


class Scenario(Protocol):
    """Changes a plan. It takes and gives values; nothing is written, and it finds all randomness in the plan's seed."""

    @property
    def name(self) -> str: ...

    def plant(self, plan: Plan) -> Sown: ...


scenarios: Registry[Scenario] = Registry("scenario", "waglan.scenarios")
"""Scenarios by name; a package offers its own under the entry-point group ``waglan.scenarios``."""


def plant(plan: Plan, names: Iterable[str]) -> tuple[Plan, tuple[Planted, ...]]:
    """Plant several scenarios, in the order of their names; a Problem for an unknown one."""
    planted = []
    for name in sorted(names):
        plan, one = scenarios.get(name).plant(plan)
        planted.append(one)
    return plan, tuple(planted)
