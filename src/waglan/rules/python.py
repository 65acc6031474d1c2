"""Expressions as Python functions: one generated function per expression, nothing interpreted at run time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from waglan.rules.node import Node
from waglan.rules.types import LARGEST, WHOLE

Closure = Callable[[Mapping[str, Any], int], Any]
"""Takes a row (`waglan.rules.row.row`) and the present time in milliseconds; gives a value, or None for unknown."""

_GIVEN = frozenset({"const", "var", "now"})
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")

_SHAPES: Mapping[str, str] = MappingProxyType(
    {
        "eq": "{0} == {1}",
        "ne": "{0} != {1}",
        "lt": "{0} < {1}",
        "le": "{0} <= {1}",
        "gt": "{0} > {1}",
        "ge": "{0} >= {1}",
        "add": "{0} + {1}",
        "sub": "{0} - {1}",
        "mul": "{0} * {1}",
        "div": "({0} / {1} if {1} else None)",
        "floordiv": "{0} // {1}",
        "mod": "{0} % {1}",
        "neg": "-{0}",
        "abs": "abs({0})",
        "not": "not {0}",
        "number": "float({0})",
        "len": "len({0})",
        "size": "len({0})",
        "startswith": "{0}.startswith({1})",
        "endswith": "{0}.endswith({1})",
        "contains": "{1} in {0}",
        "lower": "({0}.lower() if {0}.isascii() else {0}.translate(_LOWER))",
    }
)
"""What is unknown when any argument is unknown."""


def compiled(node: Node, name: str) -> Closure:
    """The function of a lowered expression; ``name`` is what a traceback calls it."""
    writer = _Writer()
    body = writer.write(node)
    source = f"lambda v, now: {body}"
    scope = {**writer.constants, "_any": _any, "_LOWER": _LOWER}
    made: Closure = eval(compile(source, f"<rule {name}>", "eval"), scope)
    return made


def _any(values: Iterable[str] | None, test: Callable[[str], bool | None]) -> bool | None:
    if values is None:
        return None
    answer: bool | None = False
    for value in values:
        one = test(value)
        if one:
            return True
        if one is None:
            answer = None
    return answer


class _Writer:
    """Writes Python source. Fields are read as ``v.get``; every other name is its own."""

    def __init__(self) -> None:
        self.constants: dict[str, Any] = {}
        self._count = 0

    def write(self, node: Node) -> str:
        special = _SPECIAL.get(node.op)
        if special is not None:
            return special(self, node)
        return self._strict(node)

    def _name(self) -> str:
        self._count += 1
        return f"_{self._count}"

    def _held(self, value: Any) -> str:
        name = f"_c{len(self.constants)}"
        self.constants[name] = value
        return name

    def _bound(self, args: Iterable[Node]) -> tuple[list[str], list[str]]:
        """What tests each argument for unknown while it gives it a name, and how each is called."""
        tests, names = [], []
        for arg in args:
            code = self.write(arg)
            if arg.op in _GIVEN:
                names.append(code)
                continue
            name = self._name()
            tests.append(f"({name} := {code}) is None")
            names.append(name)
        return tests, names

    def _strict(self, node: Node) -> str:
        tests, names = self._bound(node.args)
        code = _SHAPES[node.op].format(*names)
        if node.type in WHOLE and node.op in {"add", "sub", "mul"}:
            name = self._name()
            code = f"{name} if {-LARGEST} <= ({name} := {code}) <= {LARGEST} else None"
        return _unless(tests, code)

    def _const(self, node: Node) -> str:
        return f"({node.value!r})"

    def _field(self, node: Node) -> str:
        return f"v.get({node.value!r})"

    def _named(self, node: Node) -> str:
        return str(node.value or node.op)

    def _logic(self, node: Node) -> str:
        """Kleene's and/or: the deciding value at once, unknown when it might still have come."""
        decides, otherwise = ("False", "True") if node.op == "and" else ("True", "False")
        code, unknown = "", []
        for arg in node.args:
            name = self._name()
            code += f"{decides} if ({name} := {self.write(arg)}) is {decides} else "
            if not _certain(arg):
                unknown.append(f"{name} is None")
        return code + _unless(unknown, otherwise)

    def _isnull(self, node: Node) -> str:
        code = self.write(node.args[0])
        return "False" if node.args[0].op in _GIVEN else f"({code}) is None"

    def _in(self, node: Node) -> str:
        tests, (name,) = self._bound(node.args)
        return _unless(tests, f"{name} in {self._held(frozenset(node.value))}")

    def _has(self, node: Node) -> str:
        tests, (name,) = self._bound(node.args)
        return _unless(tests, f"{node.value!r} in {name}")

    def _item(self, node: Node) -> str:
        tests, (name,) = self._bound(node.args)
        return _unless(tests, f"{name}.get({node.value!r})")

    def _any(self, node: Node) -> str:
        held, body = node.args
        return f"_any({self.write(held)}, lambda {node.value}: {self.write(body)})"

    def _coalesce(self, node: Node) -> str:
        code = ""
        for arg in node.args:
            name = self._name()
            code += f"{name} if ({name} := {self.write(arg)}) is not None else "
        return code + "None"

    def _extreme(self, node: Node) -> str:
        tests, names = self._bound(node.args)
        return _unless(tests, f"{'min' if node.op == 'least' else 'max'}({', '.join(names)})")

    def _if(self, node: Node) -> str:
        condition, then, otherwise = [self.write(a) for a in node.args]
        name = self._name()
        return f"({then}) if ({name} := {condition}) else None if {name} is None else ({otherwise})"

    def _table(self, node: Node) -> str:
        tests, names = self._bound(node.args)
        *keys, day = names
        return _unless(tests, f"{self._held(node.value.at)}(({', '.join(keys)},), {day})")


def _unless(tests: Iterable[str], code: str) -> str:
    """Unknown when any test says so, else ``code``."""
    joined = " or ".join(tests)
    return f"None if {joined} else {code}" if joined else code


def _certain(node: Node) -> bool:
    """Whether a truth value is never unknown."""
    return node.op == "isnull" or (node.op == "not" and _certain(node.args[0]))


_SPECIAL: Mapping[str, Callable[[_Writer, Node], str]] = MappingProxyType(
    {
        "const": _Writer._const,
        "field": _Writer._field,
        "var": _Writer._named,
        "now": _Writer._named,
        "and": _Writer._logic,
        "or": _Writer._logic,
        "isnull": _Writer._isnull,
        "in": _Writer._in,
        "has": _Writer._has,
        "item": _Writer._item,
        "any": _Writer._any,
        "coalesce": _Writer._coalesce,
        "least": _Writer._extreme,
        "greatest": _Writer._extreme,
        "if": _Writer._if,
        "table": _Writer._table,
    }
)
