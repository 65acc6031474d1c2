"""From Python's syntax tree to a typed one: only what is listed here is part of the language."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from waglan.core.problem import Problem, nearest
from waglan.rules import functions
from waglan.rules.arithmetic import combine
from waglan.rules.node import Node, const
from waglan.rules.row import number, whole
from waglan.rules.syntax import Source
from waglan.rules.table import Table
from waglan.rules.types import ORDERED, Type
from waglan.rules.unify import unify

_COMPARE: Mapping[type[ast.cmpop], str] = MappingProxyType(
    {ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge"}
)
_MEMBERS_MAX = 200


class Checker:
    """Types one expression.

    Parameters
    ----------
    source
        The text.
    schema
        Types by field.
    tables
        Date-aware tables by name.
    """

    def __init__(self, source: Source, schema: Mapping[str, Type], tables: Mapping[str, Table]) -> None:
        self.source = source
        self.schema = schema
        self.tables = tables
        self.variables: dict[str, Node] = {}

    def typed(self, node: ast.AST) -> Node:
        """The typed form of ``node``.

        Raises
        ------
        Problem
            With the place, what is wrong there and, for a name, the nearest valid one.
        """
        handler = _HANDLERS.get(type(node))
        if handler is None:
            what = f"{self.source.written(node) or type(node).__name__!r} isn't part of the language of rules."
            why = "A rule reads the fields of one decision and nothing else, so that it means the same everywhere."
            raise self.source.problem(node, what, why, "See docs/rules.md for what may be written.", "syntax")
        return handler(self, node)

    def boolean(self, node: ast.AST) -> Node:
        """The typed form of what must be true, false or unknown."""
        made = self.typed(node)
        if made.type is not Type.BOOLEAN:
            raise self.mismatch(node, f"This is {_a(made.type)}, not true or false.", "Compare it with something.")
        return made

    def of(self, node: ast.AST, wanted: Type, what: str) -> Node:
        """The typed form of what must have type ``wanted``; ``what`` names the thing that asks for it."""
        made = self.typed(node)
        if made.type is not wanted:
            raise self.mismatch(node, f"{what} takes {_a(wanted)}; this is {_a(made.type)}.", "See docs/rules.md.")
        return made

    def mismatch(self, node: ast.AST, what: str, next: str) -> Problem:
        """The Problem of a wrong type."""
        return self.source.problem(node, what, "Types are checked before a rule may act or count.", next, "type")

    def unknown(self, node: ast.AST, kind: str, name: str, valid: list[str]) -> Problem:
        """The Problem of a name that isn't there."""
        why = "A name that doesn't exist is a mistake, never an unknown value."
        return self.source.problem(node, f"There is no {kind} {name!r}.", why, nearest(name, valid), kind)

    def _constant(self, node: ast.Constant) -> Node:
        value = node.value
        if isinstance(value, bool):
            return const(Type.BOOLEAN, value)
        if isinstance(value, str):
            return const(Type.TEXT, self._text(node, value))
        if isinstance(value, int) and whole(value) is not None:
            return const(Type.INTEGER, value)
        if isinstance(value, float) and number(value) is not None and self._exact(node, value):
            return const(Type.NUMBER, value)
        if value is None:
            raise self.mismatch(node, "None can't be compared or computed with.", "Write `is None` or `is not None`.")
        what = f"{self.source.written(node)} isn't a value of the language of rules."
        why = "Integers have 64 bits, numbers are doubles of 1e-30 to 1e30 with no more digits than one holds."
        raise self.source.problem(node, what, why, "Write a smaller or simpler value.", "literal")

    def _exact(self, node: ast.Constant, value: float) -> bool:
        return Decimal(self.source.written(node)) == Decimal(repr(value))

    def _text(self, node: ast.Constant, value: str) -> str:
        if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            why = "Not every engine can hold it."
            raise self.source.problem(node, "A character isn't allowed in a text.", why, "Leave it out.", "literal")
        return value

    def _name(self, node: ast.Name) -> Node:
        name = node.id
        if name in self.variables:
            return self.variables[name]
        if name in self.schema:
            return Node("field", self.schema[name], (), name)
        if name == "now":
            return Node("now", Type.TIME)
        raise self.unknown(node, "field", name, [*self.schema, *self.variables, "now"])

    def _bool(self, node: ast.BoolOp) -> Node:
        op = "and" if isinstance(node.op, ast.And) else "or"
        return Node(op, Type.BOOLEAN, tuple(self.boolean(value) for value in node.values))

    def _unary(self, node: ast.UnaryOp) -> Node:
        if isinstance(node.op, ast.Not):
            return Node("not", Type.BOOLEAN, (self.boolean(node.operand),))
        made = self.typed(node.operand)
        if not isinstance(node.op, ast.USub) or made.type not in ORDERED - {Type.TIME, Type.DATE}:
            raise self.mismatch(node, f"This sign can't stand before {_a(made.type)}.", "Leave it out.")
        if made.op == "const":
            return const(made.type, -made.value)
        return Node("neg", made.type, (made,))

    def _binary(self, node: ast.BinOp) -> Node:
        left, right = self.typed(node.left), self.typed(node.right)
        made = combine(type(node.op), left, right)
        if made is None:
            what = f"This can't be computed with {_a(left.type)} and {_a(right.type)}."
            raise self.mismatch(
                node, what, "docs/rules.md has a table; // and % take a whole number of 1 to 1,000,000,000."
            )
        return made

    def _compare(self, node: ast.Compare) -> Node:
        if isinstance(node.ops[0], (ast.In, ast.NotIn, ast.Is, ast.IsNot)):
            if len(node.ops) > 1:
                raise self.mismatch(node, "`in` and `is` don't chain.", "Join two comparisons with `and`.")
            return self._special(node, node.ops[0], node.comparators[0])
        operands = [node.left, *node.comparators]
        parts = []
        for index, op in enumerate(node.ops):
            if type(op) not in _COMPARE:
                raise self.mismatch(node, "`in` and `is` don't chain.", "Join two comparisons with `and`.")
            parts.append(self._pair(_COMPARE[type(op)], operands[index], operands[index + 1]))
        return parts[0] if len(parts) == 1 else Node("and", Type.BOOLEAN, tuple(parts))

    def _pair(self, op: str, left: ast.expr, right: ast.expr) -> Node:
        for side in (left, right):
            if isinstance(side, ast.Constant) and side.value is None:
                raise self.mismatch(side, "A comparison with None is never true.", "Write `is None` or `is not None`.")
        one, other = self.typed(left), self.typed(right)
        both = unify((one, other))
        allowed = ORDERED | {Type.TEXT} | ({Type.BOOLEAN} if op in {"eq", "ne"} else set())
        if both is None or both[0].type not in allowed:
            what = f"{_a(one.type).capitalize()} can't be compared with {_a(other.type)} here."
            raise self.mismatch(right, what, _advice(one.type, other.type))
        return Node(op, Type.BOOLEAN, both)

    def _special(self, node: ast.Compare, op: ast.cmpop, right: ast.expr) -> Node:
        if isinstance(op, (ast.Is, ast.IsNot)):
            if not (isinstance(right, ast.Constant) and right.value is None):
                raise self.mismatch(right, "`is` goes with None only.", "Write == for other values.")
            made = Node("isnull", Type.BOOLEAN, (self.typed(node.left),))
        else:
            made = self._member(node, node.left, right)
        return Node("not", Type.BOOLEAN, (made,)) if isinstance(op, (ast.IsNot, ast.NotIn)) else made

    def _member(self, node: ast.AST, left: ast.expr, right: ast.expr) -> Node:
        if isinstance(right, (ast.Tuple, ast.List, ast.Set)):
            return self._among(node, left, right.elts)
        held = self.typed(right)
        if held.type is not Type.TEXTS:
            what = f"`in` takes a list; this is {_a(held.type)}."
            raise self.mismatch(right, what, 'Write ("a", "b"), name a list field, or use contains(text, part).')
        sought = self.of(left, Type.TEXT, "`in` before a list of texts")
        if sought.op == "const":
            return Node("has", Type.BOOLEAN, (held,), sought.value)
        return Node("member", Type.BOOLEAN, (held, sought))

    def _among(self, node: ast.AST, left: ast.expr, members: list[ast.expr]) -> Node:
        if not 0 < len(members) <= _MEMBERS_MAX:
            raise self.mismatch(node, f"A list has 1 to {_MEMBERS_MAX} members.", "Name the values.")
        all_of_one = unify((self.typed(left), *(self.typed(m) for m in members)))
        if all_of_one is None or all_of_one[0].type not in ORDERED | {Type.TEXT}:
            raise self.mismatch(node, "These can't be compared with each other.", "Give values of one type.")
        sought, *others = all_of_one
        fixed = tuple(sorted({m.value for m in others if m.op == "const"}))
        parts = [Node("in", Type.BOOLEAN, (sought,), fixed)] if fixed else []
        parts += [Node("eq", Type.BOOLEAN, (sought, m)) for m in others if m.op != "const"]
        return parts[0] if len(parts) == 1 else Node("or", Type.BOOLEAN, tuple(parts))

    def _if(self, node: ast.IfExp) -> Node:
        condition = self.boolean(node.test)
        both = unify((self.typed(node.body), self.typed(node.orelse)))
        if both is None or both[0].type in {Type.TEXTS, Type.VERDICTS}:
            raise self.mismatch(node, "Both sides of `else` must be values of one type.", "Make them alike.")
        return Node("if", both[0].type, (condition, *both))

    def _item(self, node: ast.Subscript) -> Node:
        held = self.of(node.value, Type.VERDICTS, "[…]")
        name = self.literal(node.slice, "The name of a control")
        return Node("item", Type.TEXT, (held,), name)

    def literal(self, node: ast.AST, what: str) -> str:
        """A text that must stand in the rule itself."""
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            raise self.mismatch(
                node, f"{what} must be written out.", 'Write it in quotes, such as "privacy.identifiers".'
            )
        return self._text(node, node.value)

    def _call(self, node: ast.Call) -> Node:
        name = node.func.id if isinstance(node.func, ast.Name) else self.source.written(node.func)
        function = functions.FUNCTIONS.get(name)
        if function is None:
            raise self.unknown(node, "function", name, list(functions.FUNCTIONS))
        if node.keywords and name != "table":
            raise self.mismatch(node, f"{name}() takes no named arguments.", "Give them by place.")
        return function(self, node)


def _a(type: Type) -> str:
    return _WORDS[type]


def _advice(one: Type, other: Type) -> str:
    kinds = {one, other}
    if kinds == {Type.TIME, Type.TEXT}:
        return 'Write time("2026-01-31T09:00:00+08:00").'
    if kinds == {Type.DATE, Type.TEXT}:
        return 'Write date("2026-01-31").'
    if kinds == {Type.TIME, Type.DATE}:
        return "Write date(…) around the time, or start(…) around the date."
    if Type.DURATION in kinds:
        return "Write days(…), hours(…), minutes(…) or seconds(…) around the number."
    if Type.MONEY in kinds:
        return "Money has two digits after the point."
    return "Compare values of one type."


_WORDS: Mapping[Type, str] = MappingProxyType(
    {
        Type.TEXT: "a text",
        Type.BOOLEAN: "true or false",
        Type.INTEGER: "an integer",
        Type.NUMBER: "a number",
        Type.MONEY: "an amount of money",
        Type.TIME: "a time",
        Type.DATE: "a date",
        Type.DURATION: "a duration",
        Type.TEXTS: "a list of texts",
        Type.VERDICTS: "a map of verdicts",
    }
)

_HANDLERS: Mapping[type[ast.AST], Callable[[Checker, Any], Node]] = MappingProxyType(
    {
        ast.Constant: Checker._constant,
        ast.Name: Checker._name,
        ast.BoolOp: Checker._bool,
        ast.UnaryOp: Checker._unary,
        ast.BinOp: Checker._binary,
        ast.Compare: Checker._compare,
        ast.IfExp: Checker._if,
        ast.Subscript: Checker._item,
        ast.Call: Checker._call,
    }
)
