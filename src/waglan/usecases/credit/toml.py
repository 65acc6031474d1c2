"""Writing a manifest: a Struct to TOML that reads back as the same Struct."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from waglan.core import UseCase

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def dump_manifest(manifest: UseCase, heading: str = "") -> str:
    """The manifest as TOML, defaults left out but for tier and phase, which a reader must see.

    ``heading`` becomes a comment on top.
    """
    lines = [f"# {line}" for line in heading.splitlines()]
    _table(
        {"name": manifest.name, "tier": manifest.tier, "phase": manifest.phase} | msgspec.to_builtins(manifest),
        "",
        lines,
    )
    return "\n".join(lines) + "\n"


def _table(members: Mapping[str, Any], path: str, lines: list[str]) -> None:
    inner = {name: value for name, value in members.items() if _is_table(value)}
    plain = [(name, value) for name, value in members.items() if name not in inner]
    if path and (plain or not inner):
        lines += ["", f"[{path}]"]
    lines += [f"{_key(name)} = {_value(value)}" for name, value in plain if value is not None]
    for name, value in inner.items():
        _table(value, f"{path}.{_key(name)}" if path else _key(name), lines)


def _is_table(value: Any) -> bool:
    """Texts per language stand on one line; every other mapping is a table of its own."""
    return isinstance(value, dict) and (
        not value or not all(isinstance(v, str) and len(v) < 120 for v in value.values())
    )


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _string(name)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _string(value)
        case int() | float():
            return repr(value)
        case dict():
            return "{ " + ", ".join(f"{_key(k)} = {_string(v)}" for k, v in value.items()) + " }"
        case _:
            return "[" + ", ".join(_value(v) for v in value) + "]"


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
