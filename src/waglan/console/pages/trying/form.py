"""A form made from a manifest's inputs, and the row that a filled-in form stands for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from waglan.console.marked import _
from waglan.core.case import Language
from waglan.core.problem import Problem
from waglan.core.usecase import Input

LONG_TEXT = 200
"""Text that may be longer than this many characters gets a box of several lines."""
MOST_SUGGESTIONS = 30
PREFIX = "in-"
"""Before an input's name in the form, so that no name of a manifest meets a name of ours."""


class Field(NamedTuple):
    """One input as the form asks for it.

    Attributes
    ----------
    name, title, type, role, data_class, required
        From the manifest.
    control
        Which element: ``number``, ``date``, ``select``, ``boolean``, ``text``, ``lines`` or ``json``.
    low, high, step
        Limits of numbers as text; empty where there is none.
    values
        What can be chosen.
    suggestions
        Values of the sample cases, for text that has no list.
    max_length
        Characters.
    """

    name: str
    title: Mapping[Language, str]
    type: str
    role: str
    data_class: str
    required: bool
    control: str
    low: str
    high: str
    step: str
    values: tuple[str, ...]
    suggestions: tuple[str, ...]
    max_length: int


def fields(inputs: Mapping[str, Input], samples: Sequence[Mapping[str, Any]]) -> list[Field]:
    """What the form asks for: every declared input but those that are dropped anyway."""
    return [_field(name, spec, samples) for name, spec in inputs.items() if spec.role != "unused"]


def _field(name: str, spec: Input, samples: Sequence[Mapping[str, Any]]) -> Field:
    free = spec.type in ("category", "text") and not spec.values and spec.max_length <= LONG_TEXT
    free = free or (spec.type == "category" and not spec.values)
    said = dict.fromkeys(str(s[name]) for s in samples if s.get(name) is not None) if free else {}
    return Field(
        name=name,
        title=spec.title or {"en": name},
        type=spec.type,
        role=spec.role,
        data_class=spec.data_class,
        required=spec.required,
        control=_control(spec),
        low="" if spec.minimum is None else f"{spec.minimum:g}",
        high="" if spec.maximum is None else f"{spec.maximum:g}",
        step="1" if spec.type == "integer" else "any" if spec.type == "number" else "",
        values=spec.values,
        suggestions=tuple(said)[:MOST_SUGGESTIONS],
        max_length=spec.max_length,
    )


def _control(spec: Input) -> str:
    if spec.type in ("number", "integer"):
        return "number"
    if spec.type == "category":
        return "select" if spec.values else "text"
    if spec.type == "text":
        return "lines" if spec.max_length > LONG_TEXT else "text"
    return {"date": "date", "boolean": "boolean"}.get(spec.type, "json")


def shown(value: Any) -> str:
    """A value of a sample case as the form's element holds it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def row(inputs: Mapping[str, Input], typed: Mapping[str, str]) -> dict[str, Any]:
    """The row that a filled-in form stands for; what was left empty is absent, what can't be read stays text.

    The schema then says what is wrong with it, as it does at every other door.
    """
    found: dict[str, Any] = {}
    for name, spec in inputs.items():
        text = typed.get(PREFIX + name, "")
        if spec.role != "unused" and text.strip():
            found[name] = _value(spec, text)
    return found


def _value(spec: Input, text: str) -> Any:
    if spec.type in ("text", "category"):
        return text.replace("\r\n", "\n") if spec.type == "text" else text
    plain = text.strip()
    if spec.type == "date":
        return plain
    if spec.type in ("integer", "number"):
        return _number(plain)
    try:
        return msgspec.json.decode(plain)
    except msgspec.DecodeError:
        return text


def _number(text: str) -> int | float | str:
    plain = text.replace(",", "")
    try:
        return int(plain)
    except ValueError:
        pass
    try:
        value = float(plain)
    except ValueError:
        return text
    return value if math.isfinite(value) else text


def refused(problem: Problem) -> Problem:
    """A row that the schema refused, told beside the fields in words that are translated."""
    errors = [
        Problem(
            _("Not filled in.") if each.code == "input.missing" else _("This value doesn't fit."),
            each.why,
            _("Correct it in the form below."),
            code=each.code,
            where=each.where,
        )
        for each in (problem.errors or (problem,))
    ]
    return Problem(
        _("Some fields need another look."),
        _("Nothing was decided or recorded. What you typed is kept."),
        _("Correct the fields that are marked, then run it again."),
        code="input.invalid",
        errors=errors,
    )
