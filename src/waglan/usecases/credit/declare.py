"""A manifest's inputs for a firm's own columns: type, role and limits of each, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np

from waglan.core import Problem
from waglan.core.problem import nearest
from waglan.core.usecase import Input
from waglan.kit.scorecard.table import Column
from waglan.usecases.credit.dataset import Dataset, Kinds, Texts, as_column, tell
from waglan.usecases.credit.report import ColumnLine

Change = Literal["any", "increase", "decrease", "fixed"]


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the firm says about columns, by name; it goes before what the values or an earlier manifest say.

    ``category`` are codes that have no order, ``keep`` are texts to be recorded with the case although no model reads
    them, ``drop`` are left out.
    """

    protected: tuple[str, ...] = ()
    subject: str = ""
    category: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    change: Mapping[str, Change] = {}


class Declared(NamedTuple):
    """Inputs for the manifest, columns for training, what the report says of each column, and warnings."""

    inputs: Mapping[str, Input]
    features: tuple[Column, ...]
    protected: tuple[Column, ...]
    lines: tuple[ColumnLine, ...]
    warnings: tuple[str, ...]


def declare(table: Dataset, target: str, wishes: Wishes, known: Mapping[str, Input]) -> Declared:
    """Declare every column.

    Parameters
    ----------
    table
        The file.
    target
        The outcome's column, declared ``unused``: it may come and never reaches a model.
    wishes
        What the firm says.
    known
        Inputs of an earlier manifest: title, class, direction, limits and roles of columns of the same name are kept.
    """
    for name in (*wishes.protected, wishes.subject, *wishes.category, *wishes.keep, *wishes.drop, *wishes.change):
        if name and name not in table.columns:
            raise Problem(f"There is no column {name!r}.", nearest(name, table.columns), "Correct the name.",
                          code="training.column", where=name)  # fmt: skip
    inputs: dict[str, Input] = {}
    features: list[Column] = []
    protected: list[Column] = []
    lines: list[ColumnLine] = []
    warnings: list[str] = []
    for name, texts in table.columns.items():
        kinds = tell(texts, table.rows)
        spec, note = _declare(texts, kinds, target, wishes, known.get(name))
        inputs[name] = spec
        lines.append(ColumnLine(name, spec.type, spec.role, note))
        if kinds.absent_words and spec.role in ("feature", "protected"):
            warnings.append(
                f"{name}: {kinds.absent_words:,} cells say NA or the like; they count as missing here, but at decision "
                "time leave the cell empty (or null)."
            )
        if spec.role == "feature" and spec.type in ("number", "integer", "boolean", "category"):
            features.append(as_column(texts, spec.type))
        elif spec.role == "protected":
            kind: Any = spec.type if spec.type in ("number", "integer", "boolean") else "category"
            protected.append(as_column(texts, kind))
    if not features:
        raise Problem("No column is left to learn from.", "All are the target, protected, names of rows or constant.",
                      "Bring columns that describe the applicant.", code="training.no_inputs")  # fmt: skip
    return Declared(inputs, tuple(features), tuple(protected), tuple(lines), tuple(warnings))


def _declare(texts: Texts, kinds: Kinds, target: str, wishes: Wishes, known: Input | None) -> tuple[Input, str]:
    name = texts.name
    told = "category" if name in wishes.category else kinds.told
    role, note = _role(texts, kinds, target, wishes, known)
    fields: dict[str, Any] = {"type": told, "role": role}
    if role == "subject":
        fields["type"] = "integer" if told == "integer" else "text"
    if role == "unused":
        fields["type"], fields["required"] = "text", False
        return Input(**fields, **_kept(known, ("title",))), note
    fields["required"] = role == "subject" or bool((texts.codes != 0).all() and not kinds.absent_words)
    fields["data_class"] = "sensitive" if role == "protected" else "personal" if role == "subject" else "financial"
    fields |= _kept(known, ("title", "data_class", "change", "max_length"))
    if known is not None and told in ("number", "integer"):
        fields |= _limits(texts, known, told)
    if name in wishes.change:
        fields["change"] = wishes.change[name]
    if told in ("category", "boolean", "text") and fields.get("change") in ("increase", "decrease"):
        raise Problem(f"{name!r} can't {fields['change']}: its values have no order.", f"It is a {told}.",
                      f"Use --fixed {name}, or let it change freely.", code="training.column", where=name)  # fmt: skip
    return Input(**fields), note


def _kept(known: Input | None, names: tuple[str, ...]) -> dict[str, Any]:
    return {} if known is None else {name: value for name in names if (value := getattr(known, name))}


def _limits(texts: Texts, known: Input, told: Literal["number", "integer"]) -> dict[str, float]:
    """An earlier manifest's limits, where the data keep to them."""
    values = as_column(texts, told).values
    kept = {}
    if known.minimum is not None and not (np.nanmin(values) < known.minimum):
        kept["minimum"] = known.minimum
    if known.maximum is not None and not (np.nanmax(values) > known.maximum):
        kept["maximum"] = known.maximum
    return kept


def _role(texts: Texts, kinds: Kinds, target: str, wishes: Wishes, known: Input | None) -> tuple[str, str]:
    """The role of a column and why; what was said goes first, then an earlier manifest, then the values."""
    name = texts.name
    if name == target:
        return "unused", "the outcome"
    if name == wishes.subject:
        return "subject", "names the person"
    if name in wishes.protected:
        return "protected", "recorded aside, never scored"
    if name in wishes.drop:
        return "unused", "left out as asked"
    if known is not None and known.role == "subject" and not wishes.subject:
        return "subject", "names the person (earlier manifest)"
    if known is not None and known.role in ("protected", "identifier"):
        return known.role, "as in the earlier manifest"
    if len({t for t in texts.known if t}) < 2:
        return "unused", "the same in every row"
    if name in wishes.category:
        return "feature", "codes without order"
    if kinds.identifies:
        return "unused", "every row has its own: names rows"
    if kinds.told == "date":
        return "unused", "a date"
    if kinds.told == "text":
        kept = name in wishes.keep or (known is not None and known.role == "feature" and known.type == "text")
        return ("feature", "text: recorded, not scored") if kept else ("unused", "text that no model reads")
    return "feature", "input"
