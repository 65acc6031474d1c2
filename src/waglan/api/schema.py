"""Declared inputs as JSON Schema.

References
----------
json-schema.org, draft 2020-12, which OpenAPI 3.1 takes as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from waglan.core.inputs import LARGEST
from waglan.core.usecase import Input

_TYPES = MappingProxyType(
    {
        "number": "number",
        "integer": "integer",
        "boolean": "boolean",
        "text": "string",
        "category": "string",
        "date": "string",
        "list": "array",
        "object": "object",
    }
)


def of_inputs(declared: Mapping[str, Input]) -> dict[str, Any]:
    """The schema of one case: exactly the rows that `waglan.core.InputSchema.clean` takes."""
    return {
        "type": "object",
        "properties": {name: of_input(spec) for name, spec in declared.items()},
        "required": [name for name, spec in declared.items() if spec.required and spec.role != "unused"],
        "additionalProperties": False,
    }


def of_input(spec: Input) -> dict[str, Any]:
    """The schema of one input's value."""
    about: dict[str, Any] = {"x-waglan-role": spec.role, "x-waglan-data-class": spec.data_class}
    if spec.title:
        about["title"] = spec.title.get("en") or next(iter(spec.title.values()))
    if spec.role == "unused":
        return {"description": "May come and is dropped.", **about}
    kind: dict[str, Any] = {"type": _TYPES[spec.type] if spec.required else [_TYPES[spec.type], "null"]}
    if spec.type in ("number", "integer"):
        kind["minimum"] = -LARGEST if spec.minimum is None else spec.minimum
        kind["maximum"] = LARGEST if spec.maximum is None else spec.maximum
    elif spec.type == "category" and spec.values:
        kind["enum"] = [*spec.values] if spec.required else [*spec.values, None]
    elif spec.type == "text":
        kind["maxLength"] = spec.max_length
    elif spec.type == "date":
        kind["format"] = "date"
    return kind | about
