"""From a profile to a tier: the highest of the triggers that fire, never a mean."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from waglan.core.profile import AXES, Answer, Practice, Profile
from waglan.core.usecase import Oversight, Tier
from waglan.tiers.trigger import CASES, DPO, TIERS, Cases, Dpo, Floor, Frequency, Lattice, Trigger, lattice


class Fired(NamedTuple):
    """A trigger that counts: for certain where ``unknown`` is empty, else because these axes aren't answered."""

    trigger: Trigger
    unknown: tuple[str, ...] = ()


class Assessment(NamedTuple):
    """What a profile comes to.

    Attributes
    ----------
    tier, dpo
        The tier, and the level in the DPO's guideline.
    fired
        The triggers that count, highest tier first.
    prohibited
        Practices it names that nobody may use AI for.
    unknown
        Axes that aren't answered.
    oversight
        Where the person is, for a decision that nothing else sends to one.
    cases
        Which decisions an obligation wants a person to agree to first, whatever the tier; ``floors`` are those
        obligations.
    sample, disclosure, retention_days, drill_days
        As in `Terms`.
    """

    tier: Tier
    dpo: Dpo
    fired: tuple[Fired, ...]
    prohibited: tuple[Practice, ...]
    unknown: tuple[str, ...]
    oversight: Oversight
    cases: Cases
    floors: tuple[Floor, ...]
    sample: float
    disclosure: Frequency
    retention_days: int
    drill_days: int

    @property
    def unacceptable(self) -> bool:
        """Whether it can't be registered at all."""
        return bool(self.prohibited)


class Change(NamedTuple):
    """An answer that would give a lower tier."""

    axis: str
    answer: Answer
    tier: Tier


class Assessor:
    """Triggers compiled.

    Parameters
    ----------
    lattice
        The data to judge by.
    """

    def __init__(self, lattice: Lattice) -> None:
        triggers = sorted(lattice.triggers, key=lambda pair: -TIERS.index(pair[0].tier))
        self._rules = [rule.closure() for _, rule in triggers]
        self._known = [Fired(trigger) for trigger, _ in triggers]
        self._fields = {trigger.id: rule.fields for trigger, rule in triggers}
        self._floors = tuple((rule.closure(), floor) for floor, rule in lattice.floors)
        self._terms = lattice.terms

    def assess(self, profile: Profile) -> Assessment:
        """A profile's tier with its reasons and what follows from it.

        A trigger fires where its rule is true or unknown. Kleene's logic never turns what some answer would make true
        into false, so a missing answer counts as the worst admissible one.
        """
        row: dict[str, Any] = dict(zip(AXES, msgspec.structs.astuple(profile), strict=False))  # without `prohibited`
        said = [holds(row, 0) for holds in self._rules]
        fired = [each for each, holds in zip(self._known, said, strict=True) if holds is not False]
        unknown: tuple[str, ...] = ()
        if None in row.values():
            unknown = tuple([axis for axis, value in row.items() if value is None])
            fired = [
                each if holds else Fired(each.trigger, self._missing(each.trigger, row))
                for each, holds in zip(self._known, said, strict=True)
                if holds is not False
            ]
        tier = fired[0].trigger.tier if fired else TIERS[0]  # they stand by tier, the highest first
        row["tier"] = tier
        floors = tuple([floor for holds, floor in self._floors if holds(row, 0) is not False])
        terms = self._terms[tier]
        cases: Cases = max([floor.cases for floor in floors], key=CASES.index, default="none")
        return Assessment(
            tier,
            "unacceptable" if profile.prohibited else _level(fired),
            tuple(fired),
            profile.prohibited,
            unknown,
            "in_the_loop" if cases == "all" else terms.oversight,
            cases,
            floors,
            terms.sample,
            terms.disclosure,
            terms.retention_days,
            terms.drill_days,
        )

    def _missing(self, trigger: Trigger, row: dict[str, Any]) -> tuple[str, ...]:
        return tuple([field for field in self._fields[trigger.id] if row[field] is None])


def _level(fired: Sequence[Fired]) -> Dpo:
    """The highest level of the triggers that count."""
    levels = {each.trigger.dpo for each in fired}
    return next((level for level in reversed(DPO) if level in levels), DPO[0])


@functools.cache
def assessor() -> Assessor:
    """The assessor of the shipped triggers, compiled once."""
    return Assessor(lattice())


def assess(profile: Profile) -> Assessment:
    """What a profile comes to by the shipped triggers; see `Assessor.assess`."""
    return assessor().assess(profile)


def would_lower(profile: Profile) -> tuple[Change, ...]:
    """The milder answers that would by themselves give a lower tier: what to find out, or to change, first."""
    now, found = assess(profile).tier, []
    for axis, possible in AXES.items():
        value = getattr(profile, axis)
        milder = possible if value is None else possible[: possible.index(value)]
        for answer in milder:
            tier = assess(_with(profile, axis, answer)).tier
            if TIERS.index(tier) < TIERS.index(now):
                found.append(Change(axis, answer, tier))
    return tuple(found)


def best_case(profile: Profile) -> Tier:
    """The tier if everything unanswered turned out mild: no answer can bring it lower than this."""
    for axis, possible in AXES.items():
        if getattr(profile, axis) is None:
            profile = _with(profile, axis, possible[0])
    return assess(profile).tier


def worst(profile: Profile) -> Profile:
    """The profile with the worst admissible answer wherever there was none."""
    for axis, possible in AXES.items():
        if getattr(profile, axis) is None:
            profile = _with(profile, axis, possible[-1])
    return profile


def _with(profile: Profile, axis: str, answer: Answer) -> Profile:
    changed: dict[str, Any] = {axis: answer}
    return msgspec.structs.replace(profile, **changed)
