"""An expression in words, a line for each condition that must hold; the text itself is what counts."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import NamedTuple

from waglan.console import language
from waglan.console.marked import _
from waglan.core.case import Language

Say = Callable[[str], str]


_SIGNS: Mapping[type[ast.AST], str] = {
    ast.Eq: "=", ast.NotEq: "≠", ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥",
    ast.Add: "+", ast.Sub: "−", ast.Mult: "×", ast.Div: "÷", ast.FloorDiv: "//", ast.Mod: "%",
}  # fmt: skip
_CALLS: Mapping[str, str] = {
    "days": _("%(a)s days"),
    "hours": _("%(a)s hours"),
    "minutes": _("%(a)s minutes"),
    "len": _("the number of %(a)s"),
    "coalesce": _("%(a)s (%(b)s where unknown)"),
    "startswith": _("%(a)s begins with %(b)s"),
    "endswith": _("%(a)s ends with %(b)s"),
    "contains": _("%(a)s contains %(b)s"),
}
_KNOWN, _UNKNOWN = _("%(a)s is known"), _("%(a)s isn't known")
_ONE_OF, _NONE_OF = _("%(a)s is one of %(b)s"), _("%(a)s is none of %(b)s")
_HOLDS, _LACKS = _("%(b)s holds %(a)s"), _("%(b)s doesn't hold %(a)s")
_AND, _OR, _NOT, _COMMA = _("%(a)s and %(b)s"), _("%(a)s or %(b)s"), _("not %(a)s"), _("%(a)s, %(b)s")
_ELSE, _CONTROL = _("%(a)s if %(b)s, else %(c)s"), _("control %(a)s")
_SOME, _EACH = _("one of %(a)s"), _("each of %(a)s")
_YES, _NO, _NOTHING, _NOW = _("yes"), _("no"), _("unknown"), _("now")


class _Words(NamedTuple):
    """The words of a language, and what the variables of a generator stand for."""

    say: Say
    names: Mapping[str, str] = {}

    def put(self, text: str, *values: str) -> str:
        return self.say(text) % dict(zip("abc", values, strict=False))


def lines(text: str, name: Language) -> list[str]:
    """The conditions of an expression, all of which must hold; empty for one that always does."""
    node = ast.parse(text, mode="eval").body
    if isinstance(node, ast.Constant) and node.value is True:
        return []
    words = _Words(language.catalogue(name).gettext)
    parts = node.values if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And) else [node]
    return [_said(part, words) for part in parts]


def names(text: str) -> list[str]:
    """The fields that an expression asks, in the order in which it names them."""
    found = [node for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)]
    found.sort(key=lambda node: (node.lineno, node.col_offset))
    return list(dict.fromkeys(node.id for node in found))


def _said(node: ast.expr, words: _Words) -> str:
    match node:
        case ast.BoolOp():
            return _joined(node, words)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return words.put(_NOT, _inner(inner, words))
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return f"−{_inner(inner, words)}"
        case ast.Compare():
            return _compared(node, words)
        case ast.IfExp(test=test, body=body, orelse=other):
            return words.put(_ELSE, _inner(body, words), _inner(test, words), _inner(other, words))
        case ast.BinOp(left=left, op=op, right=right):
            return f"{_inner(left, words)} {_SIGNS[type(op)]} {_inner(right, words)}"
        case ast.Call(func=ast.Name(id=called), args=args):
            return _called(called, args, words)
        case ast.Subscript(slice=ast.Constant(value=control)):
            return words.put(_CONTROL, str(control))
        case ast.Tuple(elts=members):
            return _list([_said(each, words) for each in members], words)
        case ast.Constant(value=value):
            return _value(value, words)
        case ast.Name(id=field):
            return words.names.get(field, words.say(_NOW) if field == "now" else field)
    return ast.unparse(node)


def _inner(node: ast.expr, words: _Words) -> str:
    """Within another one: in brackets where it has parts of its own."""
    said = _said(node, words)
    return f"({said})" if isinstance(node, ast.BoolOp | ast.IfExp) else said


def _joined(node: ast.BoolOp, words: _Words) -> str:
    pattern = _AND if isinstance(node.op, ast.And) else _OR
    said = [_inner(each, words) for each in node.values]
    found = said[0]
    for each in said[1:]:
        found = words.put(pattern, found, each)
    return found


def _compared(node: ast.Compare, words: _Words) -> str:
    left, said = node.left, []
    for op, right in zip(node.ops, node.comparators, strict=True):
        said.append(_pair(left, op, right, words))
        left = right
    return said[0] if len(said) == 1 else _list(said, words)


def _pair(left: ast.expr, op: ast.cmpop, right: ast.expr, words: _Words) -> str:
    a = _inner(left, words)
    if isinstance(op, ast.Is | ast.IsNot):
        return words.put(_UNKNOWN if isinstance(op, ast.Is) else _KNOWN, a)
    b = _inner(right, words)
    if isinstance(op, ast.In | ast.NotIn):
        listed = isinstance(right, ast.Tuple | ast.List)
        patterns = (_ONE_OF, _NONE_OF) if listed else (_HOLDS, _LACKS)
        return words.put(patterns[isinstance(op, ast.NotIn)], a, b)
    return f"{a} {_SIGNS[type(op)]} {b}"


def _called(name: str, args: list[ast.expr], words: _Words) -> str:
    if name in ("any", "all") and isinstance(args[0], ast.GeneratorExp):
        part = args[0].generators[0]
        over = words.put(_SOME if name == "any" else _EACH, _said(part.iter, words))
        bound = part.target.id if isinstance(part.target, ast.Name) else ""
        return _said(args[0].elt, words._replace(names={**words.names, bound: over}))
    said = [_inner(each, words) for each in args]
    if name in _CALLS and len(said) <= 2:
        return words.put(_CALLS[name], *said)
    return f"{name}({', '.join(said)})"


def _list(said: list[str], words: _Words) -> str:
    found = said[0] if said else ""
    for each in said[1:]:
        found = words.put(_COMMA, found, each)
    return found


def _value(value: object, words: _Words) -> str:
    if isinstance(value, bool):
        return words.say(_YES if value else _NO)
    if value is None:
        return words.say(_NOTHING)
    return f"“{value}”" if isinstance(value, str) else f"{value}"
