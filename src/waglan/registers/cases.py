"""Cases for a drill: the plug-in's samples where the manifest takes them, else made up from the declared inputs."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from waglan.core.problem import Problem
from waglan.core.usecase import Input
from waglan.runtime.catalogue import Loaded

_MADE = 3


def drill_cases(loaded: Loaded, n: int, seed: int) -> list[Mapping[str, Any]]:
    """So many rows that the use case can decide, in an order that the seed gives; nobody's data."""
    rows = [row for row in loaded.plugin.samples if _usable(loaded, row)] or _made_up(loaded, seed)
    order = random.Random(seed)
    return [rows[order.randrange(len(rows))] for _ in range(n)]


def _usable(loaded: Loaded, row: Mapping[str, Any]) -> bool:
    try:
        loaded.schema.clean(row)
    except Problem:
        return False
    return True


def _made_up(loaded: Loaded, seed: int) -> list[Mapping[str, Any]]:
    draw = random.Random(seed)
    inputs = {name: spec for name, spec in loaded.manifest.inputs.items() if spec.role != "unused"}
    return [{name: _value(spec, draw) for name, spec in inputs.items()} for _ in range(_MADE)]


def _value(spec: Input, draw: random.Random) -> Any:
    low = spec.minimum if spec.minimum is not None else min(0.0, spec.maximum or 0.0)
    high = spec.maximum if spec.maximum is not None else low + 100.0
    match spec.type:
        case "integer":
            return draw.randint(_up(low), int(high))
        case "number":
            return low + (high - low) * draw.random()
        case "boolean":
            return draw.random() < 0.5
        case "category" if spec.values:
            return draw.choice(spec.values)
        case "date":
            return "2026-01-02"
        case "list":
            return []
        case "object":
            return {}
        case _:
            return f"DRILL-{draw.randrange(1_000)}"[: spec.max_length]


def _up(low: float) -> int:
    return -int(-low // 1)
