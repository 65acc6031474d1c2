"""The functions of the language, by name."""

from __future__ import annotations

import ast
import datetime
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING

from waglan.rules.node import Node, const
from waglan.rules.table import EPOCH
from waglan.rules.types import DAY_MS, ORDERED, Type
from waglan.rules.unify import unify

if TYPE_CHECKING:
    from waglan.rules.check import Checker

SPANS: Mapping[str, int] = MappingProxyType({"days": DAY_MS, "hours": 3_600_000, "minutes": 60_000, "seconds": 1_000})
"""Milliseconds by unit."""

HONG_KONG = 480
"""Minutes east of Greenwich: no summer time since 1979."""

_MANY = 16
_OFFSET = re.compile(r"([+-])(\d\d):([0-5]\d)")
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MS = datetime.timedelta(milliseconds=1)

Function = Callable[["Checker", ast.Call], Node]


def _args(checker: Checker, call: ast.Call, least: int, most: int) -> list[ast.expr]:
    if not least <= len(call.args) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        name = checker.source.written(call.func)
        raise checker.mismatch(call, f"{name}() takes {wanted} arguments, not {len(call.args)}.", "See docs/rules.md.")
    return call.args


def _len(checker: Checker, call: ast.Call) -> Node:
    (given,) = _args(checker, call, 1, 1)
    made = checker.typed(given)
    if made.type not in {Type.TEXT, Type.TEXTS}:
        raise checker.mismatch(given, "len() takes a text or a list.", "Name one.")
    return Node("len" if made.type is Type.TEXT else "size", Type.INTEGER, (made,))


def _lower(checker: Checker, call: ast.Call) -> Node:
    (given,) = _args(checker, call, 1, 1)
    return Node("lower", Type.TEXT, (checker.of(given, Type.TEXT, "lower()"),))


def _texts(op: str) -> Function:
    def function(checker: Checker, call: ast.Call) -> Node:
        one, other = [checker.of(a, Type.TEXT, f"{op}()") for a in _args(checker, call, 2, 2)]
        return Node(op, Type.BOOLEAN, (one, other))

    return function


def _span(name: str) -> Function:
    def function(checker: Checker, call: ast.Call) -> Node:
        (given,) = _args(checker, call, 1, 1)
        return Node("span", Type.DURATION, (checker.of(given, Type.INTEGER, f"{name}()"),), name)

    return function


def _abs(checker: Checker, call: ast.Call) -> Node:
    (given,) = _args(checker, call, 1, 1)
    made = checker.typed(given)
    if made.type not in ORDERED - {Type.TIME, Type.DATE}:
        raise checker.mismatch(given, "abs() takes a number, money or a duration.", "See docs/rules.md.")
    return Node("abs", made.type, (made,))


def _several(op: str, allowed: frozenset[Type]) -> Function:
    def function(checker: Checker, call: ast.Call) -> Node:
        made = unify([checker.typed(a) for a in _args(checker, call, 2, _MANY)])
        if made is None or made[0].type not in allowed:
            name = checker.source.written(call.func)
            raise checker.mismatch(call, f"{name}() can't choose between these.", "Give values of one type.")
        return Node(op, made[0].type, made)

    return function


def _quantifier(name: str) -> Function:
    def function(checker: Checker, call: ast.Call) -> Node:
        (given,) = _args(checker, call, 1, 1)
        held, variable, condition = _loop(checker, given, name)
        checker.variables[variable] = Node("var", Type.TEXT, (), variable)
        body = checker.boolean(condition)
        del checker.variables[variable]
        return Node(name, Type.BOOLEAN, (held, body), variable)

    return function


def _loop(checker: Checker, given: ast.expr, name: str) -> tuple[Node, str, ast.expr]:
    """List, variable and condition of ``condition for variable in list``."""
    next = f'Write {name}(startswith(r, "AML") for r in reasons), without `if` and without a loop in a loop.'
    if not isinstance(given, ast.GeneratorExp) or checker.variables:
        raise checker.mismatch(given, f"{name}() takes one loop over a list.", next)
    loop = given.generators[0]
    if len(given.generators) > 1 or loop.ifs or loop.is_async or not isinstance(loop.target, ast.Name):
        raise checker.mismatch(given, f"{name}() takes one plain loop over a list.", next)
    variable = loop.target.id
    if variable in checker.schema or variable == "now":
        raise checker.mismatch(loop.target, f"{variable!r} is a field already.", "Take another word in the loop.")
    if not variable.isascii() or variable.startswith("_"):
        raise checker.mismatch(loop.target, f"{variable!r} can't be used in a loop.", "Take letters a to z.")
    return checker.of(loop.iter, Type.TEXTS, f"{name}()"), variable, given.elt


def offset(checker: Checker, args: list[ast.expr]) -> int:
    """Minutes east of Greenwich: the argument after the first, or Hong Kong's."""
    if len(args) == 1:
        return HONG_KONG
    found = _OFFSET.fullmatch(checker.literal(args[1], "An offset"))
    minutes = 0 if found is None else int(found[2]) * 60 + int(found[3])
    if found is None or minutes > 14 * 60:
        raise checker.mismatch(args[1], "That isn't an offset from UTC.", 'Write "+08:00"; zones by name can change.')
    return -minutes if found[1] == "-" else minutes


def _date(checker: Checker, call: ast.Call) -> Node:
    args = _args(checker, call, 1, 2)
    if len(args) == 1 and isinstance(args[0], ast.Constant):
        text = checker.literal(args[0], "A date")
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            with suppress(ValueError):  # a day that no month has is refused below
                return const(Type.DATE, datetime.date.fromisoformat(text).toordinal() - EPOCH)
        raise checker.mismatch(args[0], f"There is no date {text!r}.", 'Write date("2026-01-31").')
    made = checker.of(args[0], Type.TIME, "date()")
    return Node("date", Type.DATE, (made,), offset(checker, args))


def _time(checker: Checker, call: ast.Call) -> Node:
    (given,) = _args(checker, call, 1, 1)
    text = checker.literal(given, "A time")
    with suppress(ValueError, OverflowError):  # what no calendar has is refused below
        at = datetime.datetime.fromisoformat(text)
        if at.tzinfo is not None and at.microsecond % 1000 == 0:
            return const(Type.TIME, (at.astimezone(datetime.UTC) - _EPOCH) // _MS)
    next = 'Write time("2026-01-31T09:00:00+08:00"): with an offset, milliseconds at most.'
    raise checker.mismatch(given, f"{text!r} isn't a moment in time.", next)


def _clock(op: str, wanted: Type, given: Type) -> Function:
    def function(checker: Checker, call: ast.Call) -> Node:
        args = _args(checker, call, 1, 2)
        return Node(op, given, (checker.of(args[0], wanted, f"{op}()"),), offset(checker, args))

    return function


def _table(checker: Checker, call: ast.Call) -> Node:
    args = _args(checker, call, 1, _MANY)
    name = checker.literal(args[0], "The name of a table")
    table = checker.tables.get(name)
    if table is None:
        raise checker.unknown(args[0], "table", name, list(checker.tables))
    if [k.arg for k in call.keywords] != ["on"]:
        what = f"table({name!r}) must say for which day."
        raise checker.mismatch(call, what, "Write on=date(decided_at): the value in force on that day.")
    keys = [checker.of(a, Type.TEXT, f"A key of table({name!r})") for a in args[1:]]
    if len(keys) != len(table.keys):
        raise checker.mismatch(call, f"table({name!r}) takes {', '.join(table.keys)}.", "Give each of them.")
    day = checker.of(call.keywords[0].value, Type.DATE, "on")
    return Node("table", table.type, (*keys, day), table)


_SCALARS = ORDERED | {Type.TEXT, Type.BOOLEAN}

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "abs": _abs,
        "all": _quantifier("all"),
        "any": _quantifier("any"),
        "coalesce": _several("coalesce", _SCALARS),
        "contains": _texts("contains"),
        "date": _date,
        "days": _span("days"),
        "endswith": _texts("endswith"),
        "hour": _clock("hour", Type.TIME, Type.INTEGER),
        "hours": _span("hours"),
        "len": _len,
        "lower": _lower,
        "max": _several("greatest", ORDERED),
        "min": _several("least", ORDERED),
        "minutes": _span("minutes"),
        "seconds": _span("seconds"),
        "start": _clock("start", Type.DATE, Type.TIME),
        "startswith": _texts("startswith"),
        "table": _table,
        "time": _time,
        "weekday": _clock("weekday", Type.TIME, Type.INTEGER),
    }
)
