"""What the SQL of all engines has in common; each engine's own file says where it differs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from waglan.rules.types import GREATEST_MAGNITUDE, LARGEST, LEAST_MAGNITUDE, WHOLE, Type

CAPITALS, SMALL = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"


class Dialect(ABC):
    """Writes the core operations in one engine's SQL.

    Every method gives text that stands for itself between any two operators, and is unknown (NULL) exactly where the
    closure gives None. The table in ``design/rules.md`` names each guard.
    """

    name: ClassVar[str]
    boolean: ClassVar[str] = "BOOLEAN"
    double: ClassVar[str] = "DOUBLE"
    integer_division: ClassVar[str] = "/"

    def quoted(self, name: str) -> str:
        """An identifier."""
        return '"' + name.replace('"', '""') + '"'

    def text(self, value: str) -> str:
        """A text literal."""
        return "'" + value.replace("'", "''") + "'"

    def whole(self, value: int) -> str:
        """A 64-bit literal."""
        return f"CAST({value} AS BIGINT)"

    def real(self, value: float) -> str:
        """A double literal, exact to the last bit."""
        return f"CAST('{value!r}' AS {self.double})"

    def constant(self, type: Type, value: Any) -> str:
        """A literal of any type."""
        if type is Type.TEXT:
            return self.text(value)
        if type is Type.BOOLEAN:
            return "TRUE" if value else "FALSE"
        return self.whole(value) if type in WHOLE else self.real(value)

    def field(self, column: str, type: Type) -> str:
        """A column as rules see it."""
        if type is Type.NUMBER:
            return self.ranged(column)
        if type in {Type.INTEGER, Type.DURATION}:
            return f"NULLIF({column}, {self.whole(-LARGEST)} - 1)"
        loaded = {Type.MONEY: self.cents, Type.TIME: self.milliseconds, Type.DATE: self.days}.get(type)
        return column if loaded is None else loaded(column)

    @abstractmethod  # money as whole cents
    def cents(self, column: str) -> str: ...

    @abstractmethod  # a time as milliseconds since 1970 UTC
    def milliseconds(self, column: str) -> str: ...

    @abstractmethod  # a date as days since 1970
    def days(self, column: str) -> str: ...

    def ranged(self, column: str) -> str:
        """A number in the range of rules, else unknown; NaN and infinities aren't in it."""
        low, high, zero = self.real(LEAST_MAGNITUDE), self.real(GREATEST_MAGNITUDE), self.real(0.0)
        return f"CASE WHEN abs({column}) BETWEEN {low} AND {high} OR {column} = {zero} THEN {column} END"

    @abstractmethod  # +, - or * of integers, unknown beyond 64 bits
    def whole_sum(self, sign: str, a: str, b: str) -> str: ...

    def quotient(self, a: str, b: str) -> str:
        """Division of numbers, unknown by zero."""
        return f"({a} / NULLIF({b}, {self.real(0.0)}))"

    def floor(self, a: str, b: str) -> str:
        """``//`` by a positive constant: the engines cut towards zero."""
        return f"({a} {self.integer_division} {b} - CASE WHEN {a} % {b} < 0 THEN 1 ELSE 0 END)"

    def modulo(self, a: str, b: str) -> str:
        """``%`` by a positive constant, never negative."""
        return f"(({a} % {b} + {b}) % {b})"

    def absolute(self, x: str, type: Type) -> str:
        """Magnitude."""
        return f"abs({x})"

    def as_number(self, x: str) -> str:
        """An integer as a double."""
        return f"CAST({x} AS {self.double})"

    def among(self, x: str, members: Sequence[str], type: Type) -> str:
        """``in`` with constants. Some engines compare doubles bit by bit here: + 0 takes the sign from a zero."""
        sought = f"({x} + {self.real(0.0)})" if type is Type.NUMBER else x
        return f"({sought} IN ({', '.join(members)}))"

    def extreme(self, op: str, args: Sequence[str]) -> str:
        """Smallest or largest, unknown when any is."""
        known = " AND ".join(f"{a} IS NOT NULL" for a in args)
        return f"CASE WHEN {known} THEN {op}({', '.join(args)}) END"

    def choose(self, condition: str, then: str, otherwise: str) -> str:
        """``a if c else b``, unknown when c is."""
        return f"CASE {condition} WHEN TRUE THEN {then} WHEN FALSE THEN {otherwise} END"

    def rows(self, conditions: Sequence[tuple[str, str]]) -> str:
        """The value of the first condition that is true."""
        return f"CASE {' '.join(f'WHEN {c} THEN {v}' for c, v in conditions)} END"

    def length(self, x: str) -> str:
        """Code points."""
        return f"length({x})"

    def lower(self, x: str) -> str:
        """A to Z as small letters, nothing else changed."""
        return f"translate({x}, '{CAPITALS}', '{SMALL}')"

    def startswith(self, x: str, part: str) -> str:
        """Whether a text begins so."""
        return f"starts_with({x}, {part})"

    def endswith(self, x: str, part: str) -> str:
        """Whether a text ends so."""
        return f"ends_with({x}, {part})"

    def contains(self, x: str, part: str) -> str:
        """Whether a text holds another."""
        return f"contains({x}, {part})"

    def size(self, x: str) -> str:
        """How many a list holds."""
        return f"len({x})"

    def has(self, x: str, value: str) -> str:
        """Whether a list holds a text."""
        return f"list_contains({x}, {value})"

    def item(self, x: str, name: str) -> str:
        """What a map holds under a name."""
        return f"{x}[{self.text(name)}]"

    def element(self, name: str) -> str:
        """The variable of a loop."""
        return name

    def any(self, held: str, variable: str, body: str) -> str:
        """Whether a condition is true of any element of a list: the largest of 2 true, 1 unknown, 0 false."""
        largest = f"coalesce({self.largest(held, variable, self.graded(body))}, 0)"
        return f"CASE WHEN {held} IS NOT NULL THEN CASE {largest} WHEN 2 THEN TRUE WHEN 0 THEN FALSE END END"

    def graded(self, body: str) -> str:
        """2 true, 1 unknown, 0 false."""
        return f"CASE {body} WHEN TRUE THEN 2 WHEN FALSE THEN 0 ELSE 1 END"

    def largest(self, held: str, variable: str, grade: str) -> str:
        """The largest grade over a list, NULL for an empty one."""
        return f"list_max(list_transform({held}, lambda {variable}: {grade}))"
