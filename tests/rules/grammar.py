"""Random rules of every shape the language has, and rows full of what engines disagree about."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from waglan.rules import Type, tables

T = Type

SCHEMA: dict[str, Type] = {
    # names that a careless query would take for something else
    "id": T.TEXT, "value": T.TEXT, "select": T.TEXT, "key": T.BOOLEAN, "b2": T.BOOLEAN, "i1": T.INTEGER,
    "type": T.INTEGER, "n1": T.NUMBER, "n2": T.NUMBER, "m1": T.MONEY, "m2": T.MONEY, "started_at": T.TIME,
    "ended_at": T.TIME, "day": T.DATE, "json": T.DATE, "took": T.DURATION, "reasons": T.TEXTS, "why": T.TEXTS,
    "controls": T.VERDICTS,
}  # fmt: skip

TABLES = tables(
    """
[tables.cap]
keys = ["sector"]
value = "money"
[[tables.cap.rows]]
sector = "a"
from = 2020-01-01
until = 2024-02-29
value = "100000.50"
cites = "a circular"
[[tables.cap.rows]]
sector = "a"
from = 2024-02-29
value = "-5"
cites = "a later circular"
[[tables.cap.rows]]
sector = "中文"
from = 1969-01-01
value = "7"
cites = "another"
[tables.rate]
keys = ["sector", "tier"]
value = "number"
[[tables.rate.rows]]
sector = "a"
tier = "it's"
from = 1960-01-01
until = 2030-01-01
value = 0.1
cites = "a paper"
[[tables.rate.rows]]
sector = "b"
tier = "b"
from = 1960-01-01
value = -3
cites = "a paper"
"""
)

TEXTS = (
    "", "a", "A", "b", "B", "z", " ", "a ", "ab", "aB", "abc", "it's", 'a"b', "a\\b", "\\", "%", "_", "a%", "$", "${a}",
    "a\nb", "\t", "{x}", "--", "é", "e\u0301", "É", "ß", "İ", "ı", "Ａ", "ａ", "中", "中文", "繁體中文", "\uffee",
    "\U0001f600", "\U00020000", "\u200b", "1", "10", "9", "NULL", "null", "true", "advice", "AML.1", "AML.2", "pass",
)  # fmt: skip
BIG = 2**63 - 1
INTEGERS = (0, 1, -1, 2, 3, 7, -7, 10, 100, 999, 1000, -1000, 2**31, 2**32 + 1, 2**53, 2**53 + 1, -(2**53) - 1,
            10**18, BIG, BIG - 1, -BIG, -BIG - 1)  # fmt: skip
NUMBERS = (0.0, -0.0, 0.1, 0.2, 0.3, 0.30000000000000004, 0.5, 1.0, -1.0, 1.5, 2.675, 100.0, 1 / 3, 1e16, 1e-5, 1e15,
           9007199254740993.0, 1e-15, 1e29, 1e30, 1.0000000000000002e30, 1e31, -1e30, 1e-30, -1e-30, 9e-31, 5e-324,
           1.7e308, math.nan, math.inf, -math.inf)  # fmt: skip
CENTS = (0, 1, -1, 50, 99, 100, 101, -5, 5, 10_000_050, 100_000_00, 10**18 - 1, -(10**18) + 1, 12345)
DAY = 86_400_000
TIMES = (0, -1, 1, 57_599_999, 57_600_000, -28_800_000, -28_800_001, 1_767_196_799_999, 1_767_196_800_000,
         1_709_136_000_000, 1_709_164_800_000, -2_000_000_000_000, 9_000_000_000_000, 122_000_000_000)  # fmt: skip
DAYS = (0, -1, 1, 18_262, 19_782, 19_781, 20_000, -25_000, 100_000)
SPANS = (0, 1, -1, DAY, -DAY, 3_600_000, 7 * DAY, 10**15, BIG)
NAMES = ("privacy.identifiers", "purpose.consent", "中文", "it's", "a\\b")
OFFSETS = ("+08:00", "+00:00", "-03:30", "+14:00", "+05:45")
NOW = 1_767_196_800_123


def rows(random: Random, count: int) -> list[dict[str, Any]]:
    """Rows in the terms of `waglan.rules.row`; also what a column can hold and a rule must not take."""
    return [{name: _value(random, kind) for name, kind in SCHEMA.items()} for _ in range(count)]


def _value(r: Random, kind: Type) -> Any:
    if r.random() < 0.12:
        return None
    return _VALUES[kind](r)


def _either(r: Random, fixed: tuple[Any, ...], other: Callable[[], Any], share: float = 0.7) -> Any:
    return r.choice(fixed) if r.random() < share else other()


def _time(r: Random) -> int:
    return _either(r, TIMES, lambda: r.randrange(-2_000_000_000_000, 9_000_000_000_000))


def _date(r: Random) -> datetime.date:
    days = _either(r, DAYS, lambda: r.randrange(-25_000, 100_000))
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=days)


def _number(r: Random) -> float:
    return _either(r, NUMBERS, lambda: r.uniform(-10, 10) * 10.0 ** r.randrange(-4, 5))


_VALUES: dict[Type, Callable[[Random], Any]] = {
    T.TEXT: lambda r: r.choice(TEXTS),
    T.BOOLEAN: lambda r: r.random() < 0.5,
    T.INTEGER: lambda r: _either(r, INTEGERS, lambda: r.randrange(-10_000, 10_000)),
    T.NUMBER: _number,
    T.MONEY: lambda r: Decimal(_either(r, CENTS, lambda: r.randrange(-(10**9), 10**9))).scaleb(-2),
    T.TIME: _time,
    T.DATE: _date,
    T.DURATION: lambda r: _either(r, SPANS, lambda: r.randrange(-10 * DAY, 10 * DAY)),
    T.TEXTS: lambda r: tuple(r.choice(TEXTS) for _ in range(r.choice((0, 1, 1, 2, 3)))),
    T.VERDICTS: lambda r: {n: r.choice(("pass", "block", "")) for n in NAMES if r.random() < 0.5},
}


class Writer:
    """Writes rules. Every one is well typed; how deep is the caller's choice."""

    def __init__(self, random: Random) -> None:
        self._r = random
        self._loop: str | None = None

    def rule(self, kind: Type, depth: int) -> str:
        """An expression of type ``kind``."""
        if depth <= 0 or self._r.random() < 0.08:
            return self._leaf(kind)
        return str(self._r.choice(self._shapes(kind))(depth - 1))

    def _leaf(self, kind: Type) -> str:
        if kind is T.TEXT and self._loop and self._r.random() < 0.6:
            return self._loop
        fields = [name for name, type in SCHEMA.items() if type is kind]
        if kind is T.TIME and self._r.random() < 0.1:
            return "now"
        return self._r.choice(fields) if self._r.random() < 0.7 or kind is T.DURATION else self._literal(kind)

    def _literal(self, kind: Type) -> str:
        r = self._r
        if kind is T.TEXT:
            return json.dumps(r.choice(TEXTS), ensure_ascii=False)
        if kind is T.BOOLEAN:
            return r.choice(("True", "False"))
        if kind is T.INTEGER:
            return str(r.choice([i for i in INTEGERS if abs(i) <= BIG]))
        if kind is T.NUMBER:
            return repr(r.choice([n for n in NUMBERS if n == 0 or 1e-30 <= abs(n) <= 1e30]))
        if kind is T.MONEY:
            return f"coalesce({r.choice(('m1', 'm2'))}, {r.choice(('0', '0.5', '-7.25', '100000', '0.01'))})"
        if kind is T.TIME:
            at = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(milliseconds=r.choice(TIMES))
            return f'time("{at.isoformat(timespec="milliseconds")}")'
        if kind is T.DATE:
            return f'date("{datetime.date(1970, 1, 1) + datetime.timedelta(days=r.choice(DAYS))}")'
        return r.choice(["reasons", "why"])

    def _any_of(self, *kinds: Type) -> Type:
        return self._r.choice(kinds)

    def _shapes(self, kind: Type) -> list[Callable[[int], str]]:
        own = {
            T.BOOLEAN: self._booleans,
            T.INTEGER: self._integers,
            T.NUMBER: self._numbers,
            T.MONEY: self._moneys,
            T.TEXT: self._texts,
            T.TIME: self._times,
            T.DATE: self._dates,
            T.DURATION: self._durations,
        }[kind]()
        shared: list[Callable[[int], str]] = [
            lambda d: f"({self.rule(kind, d)} if {self.rule(T.BOOLEAN, d)} else {self.rule(kind, d)})",
            lambda d: f"coalesce({self.rule(kind, d)}, {self.rule(kind, d)})",
        ]
        if kind not in (T.TEXT, T.BOOLEAN):
            shared.append(lambda d: f"{self._r.choice(('min', 'max'))}({self.rule(kind, d)}, {self.rule(kind, d)})")
        return own * 2 + shared

    def _booleans(self) -> list[Callable[[int], str]]:
        w, r = self.rule, self._r
        ordered = (T.TEXT, T.INTEGER, T.NUMBER, T.MONEY, T.TIME, T.DATE, T.DURATION)
        signs = ("==", "!=", "<", "<=", ">", ">=")

        def compare(d: int) -> str:
            kind = r.choice(ordered)
            other = kind
            if kind in (T.INTEGER, T.NUMBER, T.MONEY) and r.random() < 0.4:
                other = self._any_of(T.INTEGER, T.NUMBER)
            if kind is T.MONEY and other is not T.MONEY:  # a constant there must be money
                fixed = r.choice(("0.5", "-7.25", "100000", "0.00", "1e5"))
                return f"({w(kind, d)} {r.choice(signs)} {r.choice((fixed, f'abs({w(other, d)})'))})"
            return f"({w(kind, d)} {r.choice(signs)} {w(other, d)})"

        def chain(d: int) -> str:
            kind = r.choice(ordered)
            return f"({w(kind, d)} {r.choice(signs)} {w(kind, d)} {r.choice(signs)} {w(kind, d)})"

        def among(d: int) -> str:
            kind = r.choice((T.TEXT, T.TEXT, T.INTEGER, T.NUMBER, T.TIME, T.DATE))
            members = [self._literal(kind) if r.random() < 0.9 else w(kind, d) for _ in range(r.choice((1, 2, 3, 14)))]
            return f"({w(kind, d)} {r.choice(('in', 'not in'))} ({', '.join(members)},))"

        def quantified(d: int) -> str:
            if self._loop:
                return compare(d)
            self._loop = "x"
            made = f"{r.choice(('any', 'all'))}({w(T.BOOLEAN, d)} for x in {self._literal(T.TEXTS)})"
            self._loop = None
            return made

        def joined(d: int) -> str:
            return "(" + r.choice((" and ", " or ")).join(w(T.BOOLEAN, d) for _ in range(r.choice((2, 2, 3)))) + ")"

        def some(d: int) -> str:
            kind = r.choice((*ordered, T.BOOLEAN))
            return f"({w(kind, d)} is {r.choice(('', 'not '))}None)"

        return [
            compare, compare, compare, chain, among, quantified, joined, joined, some,
            lambda d: f"(not {w(T.BOOLEAN, d)})",
            lambda d: f"({w(T.BOOLEAN, d)} {r.choice(('==', '!='))} {w(T.BOOLEAN, d)})",
            lambda d: f"({r.choice(('reasons', 'why', 'controls'))} is {r.choice(('', 'not '))}None)",
            lambda d: f"({w(T.TEXT, d)} {r.choice(('in', 'not in'))} {self._literal(T.TEXTS)})",
            lambda d: f"{r.choice(('startswith', 'endswith', 'contains'))}({w(T.TEXT, d)}, {w(T.TEXT, d)})",
        ]  # fmt: skip

    def _integers(self) -> list[Callable[[int], str]]:
        w, r = self.rule, self._r
        return [
            lambda d: f"({w(T.INTEGER, d)} {r.choice('+-*')} {w(T.INTEGER, d)})",
            lambda d: f"({w(T.INTEGER, d)} {r.choice(('//', '%'))} {r.choice((1, 2, 7, 1000, 10**9))})",
            lambda d: f"(-{w(T.INTEGER, d)})",
            lambda d: f"abs({w(T.INTEGER, d)})",
            lambda d: f"len({w(T.TEXT, d)})",
            lambda d: f"len({r.choice(('reasons', 'why'))})",
            lambda d: f'{r.choice(("hour", "weekday"))}({w(T.TIME, d)}, "{r.choice(OFFSETS)}")',
        ]

    def _numbers(self) -> list[Callable[[int], str]]:
        w, r = self.rule, self._r
        return [
            lambda d: f"({w(T.NUMBER, d)} {r.choice('+-*/')} {w(self._any_of(T.NUMBER, T.NUMBER, T.INTEGER), d)})",
            lambda d: f"({w(self._any_of(T.INTEGER, T.MONEY), d)} / {w(self._any_of(T.INTEGER, T.MONEY), d)})",
            lambda d: f"({w(T.MONEY, d)} {r.choice('*/')} {w(T.NUMBER, d)} + {w(T.NUMBER, 0)} * 1.5)",
            lambda d: f"({w(T.MONEY, d)} {r.choice('+-')} abs({w(T.NUMBER, d)}))",
            lambda d: f"({w(T.DURATION, d)} / {w(T.DURATION, d)})",
            lambda d: f"(-{w(T.NUMBER, d)})",
            lambda d: f"abs({w(T.NUMBER, d)})",
            lambda d: f'table("rate", {w(T.TEXT, d)}, "it\'s", on={w(T.DATE, d)})',
        ]

    def _moneys(self) -> list[Callable[[int], str]]:
        w, r = self.rule, self._r
        return [
            lambda d: f"({w(T.MONEY, d)} {r.choice('+-')} {w(T.MONEY, d)})",
            lambda d: f"({w(T.MONEY, d)} {r.choice('+-')} {r.choice(('7', '-0.25', 'i1', w(T.INTEGER, d) + ' * 1'))})",
            lambda d: f"({w(T.MONEY, d)} * {w(T.INTEGER, d)})",
            lambda d: f"(-{w(T.MONEY, d)})",
            lambda d: f"abs({w(T.MONEY, d)})",
            lambda d: f'table("cap", {w(T.TEXT, d)}, on={w(T.DATE, d)})',
        ]

    def _texts(self) -> list[Callable[[int], str]]:
        return [
            lambda d: f"lower({self.rule(T.TEXT, d)})",
            lambda d: f"controls[{json.dumps(self._r.choice(NAMES), ensure_ascii=False)}]",
        ]

    def _times(self) -> list[Callable[[int], str]]:
        w, r = self.rule, self._r
        return [
            lambda d: f"({w(T.TIME, d)} {r.choice('+-')} {w(T.DURATION, d)})",
            lambda d: f'start({w(T.DATE, d)}, "{r.choice(OFFSETS)}")',
            lambda d: f"start({w(T.DATE, d)})",
        ]

    def _dates(self) -> list[Callable[[int], str]]:
        w, r = self.rule, self._r
        return [lambda d: f"date({w(T.TIME, d)})", lambda d: f'date({w(T.TIME, d)}, "{r.choice(OFFSETS)}")']

    def _durations(self) -> list[Callable[[int], str]]:
        w, r = self.rule, self._r
        return [
            lambda d: f"({w(T.TIME, d)} - {w(T.TIME, d)})",
            lambda d: f"({w(T.DATE, d)} - {w(T.DATE, d)})",
            lambda d: f"{r.choice(('days', 'hours', 'minutes', 'seconds'))}({w(T.INTEGER, d)})",
            lambda d: f"({w(T.DURATION, d)} {r.choice('+-')} {w(T.DURATION, d)})",
            lambda d: f"({w(T.DURATION, d)} * {w(T.INTEGER, d)})",
            lambda d: f"(-{w(T.DURATION, d)})",
        ]


KINDS = (T.BOOLEAN, T.BOOLEAN, T.BOOLEAN, T.BOOLEAN, T.INTEGER, T.NUMBER, T.MONEY, T.TEXT, T.TIME, T.DATE, T.DURATION)
"""What roots give: mostly truth, the rest so that no comparison hides a difference."""
