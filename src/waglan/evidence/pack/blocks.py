"""What a document is made of, before it is HTML or PDF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from waglan.evidence.pack.say import Tongue

Tone = Literal["", "good", "warn", "bad", "quiet"]


class Cell(NamedTuple):
    """A cell of a table; ``anchor`` is where links of the same part lead, ``link`` leads to one if it is there."""

    text: str
    tone: Tone = ""
    link: str = ""
    anchor: str = ""
    code: bool = False


class Heading(NamedTuple):
    """A heading of the first or second level."""

    level: Literal[1, 2]
    text: str


class Line(NamedTuple):
    """A paragraph."""

    text: str
    tone: Tone = ""


class Figure(NamedTuple):
    """A figure with its name and a note below it."""

    label: str
    value: str
    note: str = ""


class Figures(NamedTuple):
    """Figures side by side: never added up."""

    each: Sequence[Figure]


class Facts(NamedTuple):
    """Names and values."""

    pairs: Sequence[tuple[str, str]]


class Table(NamedTuple):
    """Rows under columns; ``widths`` are their shares of the page's width."""

    label: str
    columns: Sequence[str]
    widths: Sequence[float]
    rows: Sequence[Sequence[Cell]]


class Beside(NamedTuple):
    """Two columns where there is room for them."""

    left: Sequence[Heading | Line | Table]
    right: Sequence[Heading | Line | Table]


Block = Heading | Line | Figures | Facts | Table | Beside


class Part(NamedTuple):
    """A document in one language."""

    tongue: Tongue
    title: str
    blocks: Sequence[Block]
    foot: str


def anchors(part: Part) -> frozenset[str]:
    """Where links of a part may lead."""
    tables = [block for block in part.blocks if isinstance(block, Table)]
    return frozenset(cell.anchor for table in tables for row in table.rows for cell in row if cell.anchor)
