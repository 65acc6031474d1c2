"""The one way to write an expression, and its digest."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from waglan.rules.node import Node, walk
from waglan.rules.table import EPOCH
from waglan.rules.types import Type

LANGUAGE = "waglan rules 1"
"""Changes with the meaning of any expression, so that a digest stands for one meaning for ever."""

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_SYMBOLS: Mapping[str, str] = MappingProxyType(
    {
        "eq": "==",
        "ne": "!=",
        "lt": "<",
        "le": "<=",
        "gt": ">",
        "ge": ">=",
        "add": "+",
        "sub": "-",
        "mul": "*",
        "div": "/",
        "floordiv": "//",
        "mod": "%",
        "and": "and",
        "or": "or",
    }
)
_CALLS: Mapping[str, str] = MappingProxyType({"least": "min", "greatest": "max", "size": "len"})
_SHAPES: Mapping[str, Callable[[list[str], str], str]] = MappingProxyType(
    {
        "not": lambda args, _: f"(not {args[0]})",
        "neg": lambda args, _: f"(-{args[0]})",
        "isnull": lambda args, _: f"({args[0]} is None)",
        "has": lambda args, value: f"({value} in {args[0]})",
        "member": lambda args, _: f"({args[1]} in {args[0]})",
        "item": lambda args, value: f"{args[0]}[{value}]",
        "if": lambda args, _: f"({args[1]} if {args[0]} else {args[2]})",
    }
)


def canonical(node: Node) -> str:
    """The expression written out: every operation in parentheses, texts in double quotes, conversions unseen.

    Read again under the same schema it gives the same tree.
    """
    op = node.op
    if op == "const":
        return _const(node.type, node.value)
    if op in {"field", "var"}:
        return str(node.value)
    if op == "now":
        return op
    args = [canonical(a) for a in node.args]
    if op in _SYMBOLS:
        return "(" + f" {_SYMBOLS[op]} ".join(args) + ")"
    if op in {"number", "money"}:
        return args[0]
    return _other(node, args)


def _other(node: Node, args: list[str]) -> str:
    op, value = node.op, node.value
    if op in {"any", "all"}:
        return f"{op}({args[1]} for {value} in {args[0]})"
    if op == "in":
        members = "".join(f"{_const(node.args[0].type, v)}, " for v in value)
        return f"({args[0]} in ({members.rstrip()}))"
    if op == "table":
        return f"table({', '.join([_text(value.name), *args[:-1]])}, on={args[-1]})"
    if op in {"date", "hour", "weekday", "start"}:
        return f"{op}({args[0]}, {_text(_offset(value))})"
    if op == "span":
        return f"{value}({args[0]})"
    if op in _SHAPES:
        return _SHAPES[op](args, _text(value) if isinstance(value, str) else "")
    return f"{_CALLS.get(op, op)}({', '.join(args)})"


def _const(type: Type, value: Any) -> str:
    if type is Type.TEXT:
        return _text(value)
    if type is Type.MONEY:
        return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"
    if type is Type.TIME:
        at = _EPOCH + datetime.timedelta(milliseconds=value)
        return f'time("{at.isoformat(timespec="milliseconds")}")'
    if type is Type.DATE:
        return f'date("{datetime.date.fromordinal(EPOCH + value).isoformat()}")'
    return repr(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _offset(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def digest(node: Node) -> str:
    """SHA-256 of all that the answer depends on, given the row: text, types of fields, contents of tables."""
    used = {n.value: n.type.value for n in walk(node) if n.op == "field"}
    tables = {n.value.name: n.value.digest() for n in walk(node) if n.op == "table"}
    body = json.dumps([LANGUAGE, canonical(node), used, tables], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(body.encode()).hexdigest()
