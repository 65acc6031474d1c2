"""The types of values in rules, and what a schema is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol


class Type(StrEnum):
    """What a field or a part of an expression holds. Every one may be unknown.

    Inside, everything is one of five things that all engines share: text, truth value, 64-bit integer, double, list or
    map of texts. Money is whole cents, a time milliseconds since 1970 UTC, a date days since 1970, a duration
    milliseconds.
    """

    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    TIME = "time"
    DATE = "date"
    DURATION = "duration"
    TEXTS = "texts"
    VERDICTS = "verdicts"


class Named(Protocol):
    """A type that is known by its name, such as a member of `waglan.facts.schema.FactType`."""

    @property
    def name(self) -> str: ...


WHOLE = frozenset({Type.INTEGER, Type.MONEY, Type.TIME, Type.DATE, Type.DURATION})
"""Held as 64-bit integers."""

ORDERED = WHOLE | {Type.NUMBER}
"""What has a smaller and a larger, apart from texts."""

LARGEST = 2**63 - 1
"""Integers run from -LARGEST to LARGEST, so that a change of sign never overflows."""

LEAST_MAGNITUDE, GREATEST_MAGNITUDE = 1e-30, 1e30
"""A number that is read is 0 or between these in magnitude, so that what is computed never overflows or vanishes."""

DAY_MS = 86_400_000


def types(schema: Mapping[str, Named]) -> dict[str, Type]:
    """The fields that rules may use; one of a type that rules don't know (a list of records) isn't among them."""
    return {name: Type[type.name] for name, type in schema.items() if type.name in Type.__members__}
