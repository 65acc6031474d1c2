"""From a profile to a tier: the highest of the triggers that fire, never a mean."""

from __future__ import annotations

import functools
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
        self._rules = [(rule.closure(), Fired(trigger), DPO.index(trigger.dpo)) for trigger, rule in triggers]
        self._about = {
            each.trigger.id: (holds, rule.fields)
            for (holds, each, _), (_, rule) in zip(self._rules, triggers, strict=True)
        }
        self._floors = [(rule.closure(), floor) for floor, rule in lattice.floors]
        self._terms = {
            tier: (each.oversight, each.sample, each.disclosure, each.retention_days, each.drill_days)
            for tier, each in lattice.terms.items()
        }

    def assess(self, profile: Profile) -> Assessment:
        """A profile's tier with its reasons and what follows from it.

        A trigger fires where its rule is true or unknown. Kleene's logic never turns what some answer would make true
        into false, so a missing answer counts as the worst admissible one.
        """
        said = msgspec.structs.astuple(profile)
        row: dict[str, Any] = dict(zip(AXES, said, strict=False))  # what is prohibited comes last and is no axis
        fired, level = [], 0
        for holds, each, dpo in self._rules:
            if holds(row, 0) is not False:
                fired.append(each)
                level = max(level, dpo)
        unknown: tuple[str, ...] = ()
        if None in said:
            unknown = tuple([axis for axis, value in row.items() if value is None])
            fired = [self._because(each, row) for each in fired]
        tier = row["tier"] = fired[0].trigger.tier if fired else TIERS[0]  # they stand by tier, the highest first
        floors = tuple([floor for holds, floor in self._floors if holds(row, 0) is not False])
        cases: Cases = max([floor.cases for floor in floors], key=CASES.index) if floors else "none"
        oversight, sample, disclosure, retention_days, drill_days = self._terms[tier]
        return Assessment(
            tier,
            "unacceptable" if profile.prohibited else DPO[level],
            tuple(fired),
            profile.prohibited,
            unknown,
            "in_the_loop" if cases == "all" else oversight,
            cases,
            floors,
            sample,
            disclosure,
            retention_days,
            drill_days,
        )

    def _because(self, each: Fired, row: dict[str, Any]) -> Fired:
        """The trigger with the axes for want of which it fired; as it is where it fires for certain."""
        holds, fields = self._about[each.trigger.id]
        missing = tuple([field for field in fields if row[field] is None])
        return each if not missing or holds(row, 0) else Fired(each.trigger, missing)


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
