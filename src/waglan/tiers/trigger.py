"""What raises a tier, as data: triggers, floors of obligations, what each tier asks, and prohibited practices."""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from waglan.core.case import Language
from waglan.core.manifest import parse_toml
from waglan.core.profile import AXES, Answer, Practice
from waglan.core.usecase import Oversight, Tier
from waglan.rules import Expression, Type, parse

Dpo = Literal["low", "limited", "high", "unacceptable"]
Frequency = Literal["once", "each_session", "each_answer"]
Cases = Literal["none", "adverse", "all"]
TIERS: tuple[Tier, ...] = ("low", "medium", "high", "critical")
DPO: tuple[Dpo, ...] = ("low", "limited", "high", "unacceptable")
LEVELS: tuple[Oversight, ...] = ("out_of_the_loop", "in_command", "in_the_loop")
CASES: tuple[Cases, ...] = ("none", "adverse", "all")
_FILE = "triggers.toml"
_Titles = dict[Language, str]


class Trigger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reason for a tier: while ``when`` holds or can't be said, the tier is at least this.

    ``dpo`` is its level in the DPO's guideline (2025), ``cites`` are ids of obligations.
    """

    id: str
    when: str
    tier: Tier
    dpo: Dpo
    cites: tuple[str, ...]
    title: _Titles


class Floor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An obligation (its ``id``) that asks for more oversight than the tier: of which cases a person sees first."""

    id: str
    when: str
    oversight: Oversight
    cases: Cases
    title: _Titles


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a tier asks.

    Attributes
    ----------
    oversight
        Where the person is, for a decision that nothing else sends to one.
    sample
        Share of automatic decisions, 0 to 1, that a person looks at afterwards.
    disclosure
        How often a customer is told that AI is used.
    retention_days, drill_days
        How long decisions are kept at least, and how often a drill is due.
    """

    tier: Tier
    oversight: Oversight
    sample: float
    disclosure: Frequency
    retention_days: int
    drill_days: int


class Forbidden(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A practice of the DPO's unacceptable level."""

    id: Practice
    cites: tuple[str, ...]
    title: _Titles


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    triggers: tuple[Trigger, ...]
    floors: tuple[Floor, ...]
    terms: tuple[Terms, ...]
    practices: tuple[Forbidden, ...]


class Lattice(msgspec.Struct, frozen=True):
    """The data ready for use; ``triggers`` and ``floors`` come with their rules."""

    triggers: tuple[tuple[Trigger, Expression], ...]
    floors: tuple[tuple[Floor, Expression], ...]
    terms: Mapping[Tier, Terms]
    practices: Mapping[Practice, Forbidden]


def schema() -> dict[str, Type]:
    """The fields that a trigger may use: the axes of a profile."""
    return {axis: _type(possible) for axis, possible in AXES.items()}


@functools.cache
def lattice() -> Lattice:
    """The triggers that are shipped, read once."""
    text = importlib.resources.files("waglan.tiers").joinpath(_FILE).read_text(encoding="utf-8")
    return read(text, _FILE)


def read(text: str, origin: str) -> Lattice:
    """Triggers and the rest from TOML; a Problem names the place of what can't be used."""
    document = parse_toml(text, _Document, origin)
    axes = schema()
    judged = axes | {"tier": Type.TEXT}
    return Lattice(
        tuple((each, parse(each.when, axes, where=f"{origin}: {each.id}")) for each in document.triggers),
        tuple((each, parse(each.when, judged, where=f"{origin}: {each.id}")) for each in document.floors),
        MappingProxyType({each.tier: each for each in document.terms}),
        MappingProxyType({each.id: each for each in document.practices}),
    )


def _type(possible: tuple[Answer, ...]) -> Type:
    return Type.BOOLEAN if isinstance(possible[0], bool) else Type.TEXT
