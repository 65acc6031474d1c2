"""Columns of one data set, as training sees them: numbers as floats, categories as codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Kind = Literal["number", "integer", "category", "boolean"]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Column(NamedTuple):
    """One input over all rows.

    Attributes
    ----------
    name
        As in the manifest.
    kind
        ``number`` and ``integer`` are ordered; ``category`` and ``boolean`` are not.
    values
        Floats, one per row. Ordered kinds: the value, NaN where missing. Others: the position in ``levels``,
        -1 where missing.
    levels
        The categories; empty for ordered kinds. A boolean's are ``("false", "true")``.
    """

    name: str
    kind: Kind
    values: Floats
    levels: tuple[str, ...] = ()

    @property
    def ordered(self) -> bool:
        """Whether its values have an order that a trend can follow."""
        return self.kind in ("number", "integer")

    def take(self, rows: npt.NDArray[Any]) -> Column:
        """The same column over some rows (positions or a mask)."""
        return self._replace(values=self.values[rows])

    def cells(self) -> list[Any]:
        """The values as JSON: numbers, whole numbers, text, booleans, None."""
        if self.ordered:
            whole = self.kind == "integer"
            return [None if isnan(v) else int(v) if whole else v for v in self.values.tolist()]
        known: list[Any] = [False, True] if self.kind == "boolean" else list(self.levels)
        return [None if c < 0 else known[int(c)] for c in self.values.tolist()]


def from_cells(name: str, kind: Kind, cells: Sequence[Any]) -> Column:
    """A column of JSON values; None is missing."""
    if kind in ("number", "integer"):
        return Column(name, kind, np.array(cells, dtype=np.float64))
    if kind == "boolean":
        return Column(name, kind, np.array([-1.0 if c is None else float(bool(c)) for c in cells]), ("false", "true"))
    levels = tuple(sorted({str(c) for c in cells if c is not None}))
    place: Mapping[str, int] = {level: at for at, level in enumerate(levels)}
    return Column(name, kind, np.array([-1 if c is None else place[str(c)] for c in cells], dtype=np.float64), levels)


def rows_of(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """The table as one mapping per row, as a model is asked."""
    names = [c.name for c in columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*(c.cells() for c in columns), strict=True)]
