"""The edge: what may come in as a case's inputs, compiled from the manifest once and checked in C.

A row is good or it is a list of Problems that name each field; nothing is guessed. Text (CSV cells) and JSON
values go through the same schema, text with conversion.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from waglan.core.problem import Problem, nearest
from waglan.core.usecase import Input

LARGEST = 1e15
"""Numbers beyond this are refused: doubles stop holding cents there."""

_KINDS = {
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "text": "text",
    "category": "one of the listed values",
    "date": "a date as YYYY-MM-DD",
    "list": "a list",
    "object": "an object",
}


class Clean(NamedTuple):
    """What a good row becomes."""

    inputs: dict[str, Any]
    aside: dict[str, Any]
    subject: str
    dropped: tuple[str, ...]


def _type(spec: Input) -> Any:
    low = -LARGEST if spec.minimum is None else spec.minimum
    high = LARGEST if spec.maximum is None else spec.maximum
    kind: Any
    match spec.type:
        case "number":
            kind = Annotated[float, msgspec.Meta(ge=low, le=high)]
        case "integer":
            kind = Annotated[int, msgspec.Meta(ge=math.ceil(low), le=math.floor(high))]
        case "boolean":
            kind = bool
        case "category":
            kind = Literal[spec.values] if spec.values else str
        case "date":
            kind = dt.date
        case "text":
            kind = Annotated[str, msgspec.Meta(max_length=spec.max_length)]
        case "list":
            kind = list[Any]
        case _:
            kind = dict[str, Any]
    return kind if spec.required else kind | None


class InputSchema:
    """The inputs of one manifest, ready to check rows.

    Parameters
    ----------
    declared
        Name to declaration, as in the manifest.
    """

    def __init__(self, declared: Mapping[str, Input]) -> None:
        self._declared = dict(declared)
        self._unused = frozenset(n for n, i in declared.items() if i.role == "unused")
        self._aside = tuple(n for n, i in declared.items() if i.role in ("protected", "identifier"))
        self._subject = next((n for n, i in declared.items() if i.role == "subject"), "")
        self._checked = {n: i for n, i in declared.items() if n not in self._unused}
        fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
        rename = {}
        for at, (name, spec) in enumerate(self._checked.items()):
            rename[f"f{at}"] = name
            fields.append((f"f{at}", _type(spec)) if spec.required else (f"f{at}", _type(spec), None))
        self._struct = msgspec.defstruct("Inputs", fields, rename=rename, kw_only=True, gc=False)
        self._known = frozenset(self._checked) | self._unused

    @property
    def names(self) -> tuple[str, ...]:
        """All declared names in the manifest's order."""
        return tuple(self._declared)

    def clean(self, row: Mapping[str, Any], *, drop_unknown: bool = False) -> Clean:
        """Check a row of JSON values.

        Raises
        ------
        Problem
            ``input.invalid`` with one entry of ``errors`` per field.
        """
        return self._clean(row, strict=True, drop_unknown=drop_unknown)

    def clean_text(self, row: Mapping[str, str | None], *, drop_unknown: bool = False) -> Clean:
        """Check a row of text cells, converting; an empty cell is a missing value. Raises as `clean`."""
        cells = {name: cell for name, cell in row.items() if cell is not None and cell.strip() != ""}
        for name, spec in self._checked.items():
            if name in cells and spec.type in ("number", "integer", "boolean", "date"):
                cells[name] = cells[name].strip()
        return self._clean(cells, strict=False, drop_unknown=drop_unknown)

    def _clean(self, row: Mapping[str, Any], *, strict: bool, drop_unknown: bool) -> Clean:
        unknown = row.keys() - self._known
        try:
            if unknown and not drop_unknown:
                raise msgspec.ValidationError
            checked = msgspec.convert(row, self._struct, strict=strict)
        except (msgspec.ValidationError, OverflowError):
            raise self._explain(row, strict=strict, unknown=() if drop_unknown else unknown) from None
        values: dict[str, Any] = msgspec.to_builtins(checked)
        dropped = tuple(sorted(unknown | (row.keys() & self._unused))) if unknown or self._unused else ()
        aside = {name: values.pop(name) for name in self._aside} if self._aside else {}
        subject = values.pop(self._subject) if self._subject else None
        return Clean(values, aside, "" if subject is None else str(subject), dropped)

    def _explain(self, row: Mapping[str, Any], *, strict: bool, unknown: Any) -> Problem:
        errors = [
            Problem(
                f"Unknown field {name!r}.",
                "The manifest doesn't declare it, so it can't be used or recorded.",
                nearest(name, self._declared),
                code="input.unknown",
                where=name,
            )
            for name in sorted(unknown)
        ]
        for name, spec in self._checked.items():
            try:
                if name not in row and spec.required:
                    errors.append(_missing(name, spec))
                elif name in row:
                    msgspec.convert(row[name], _type(spec), strict=strict)
            except (msgspec.ValidationError, OverflowError):
                errors.append(_missing(name, spec) if row[name] is None else _wrong(name, spec, row[name]))
        first = errors[0] if errors else Problem("The row can't be read.", "Its values don't fit.", "Check the row.")
        return Problem(
            first.what
            if len(errors) == 1
            else f"{len(errors)} fields can't be used: {', '.join(e.where for e in errors)}.",
            first.why,
            first.next,
            code=first.code if len(errors) == 1 else "input.invalid",
            where=first.where if len(errors) == 1 else "",
            errors=errors,
        )


def _missing(name: str, spec: Input) -> Problem:
    return Problem(
        f"Field {name!r} is missing.",
        f"The manifest requires it: {_KINDS[spec.type]}.",
        f"Give {name!r} a value, or declare it with required = false.",
        code="input.missing",
        where=name,
    )


def _wrong(name: str, spec: Input, value: Any) -> Problem:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    if spec.role in ("subject", "identifier", "protected"):
        shown = f"a {type(value).__name__}"
    limits = []
    if spec.type in ("number", "integer"):
        limits.append(f"from {spec.minimum if spec.minimum is not None else -LARGEST:g}")
        limits.append(f"to {spec.maximum if spec.maximum is not None else LARGEST:g}")
    if spec.values:
        limits.append("that is " + ", ".join(repr(v) for v in spec.values[:20]))
    if spec.type == "text":
        limits.append(f"of at most {spec.max_length} characters")
    return Problem(
        f"Field {name!r} can't be {shown}.",
        f"The manifest asks for {' '.join([_KINDS[spec.type], *limits])}.",
        f"Correct the value of {name!r}.",
        code="input.wrong",
        where=name,
    )
