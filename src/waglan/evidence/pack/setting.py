"""Setting text on a page: Latin by words, Chinese by characters, each in its own font, with links.

reportlab's paragraphs read a markup and weigh every fragment; a report has three thousand cells of plain text, which
are set here four times as fast.

References
----------
W3C, *Requirements for Chinese Text Layout* § 6.1 (line breaking: no closing mark begins a line).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from reportlab.lib.colors import Color
from reportlab.pdfbase import pdfmetrics
from reportlab.platypus import Flowable

CHINESE, LATIN, BOLD, CODE = "MSung-Light", "Helvetica", "Helvetica-Bold", "Courier"
LEADING = 1.32
_CLOSING = frozenset("。，、：；！？）」』》〉”’.,;:!?)%")
_WORD = re.compile(r"\s+|[^\s]+")


class Look(NamedTuple):
    """How a text is set: points, colour, and whether it is bold or code."""

    size: float
    ink: Color
    bold: bool = False
    code: bool = False
    before: float = 0.0
    after: float = 0.0
    heading: bool = False


class Unit(NamedTuple):
    """What isn't broken: a word, a space, a Chinese character; its width in points at size 1."""

    text: str
    font: str
    width: float


class Text(Flowable):  # type: ignore[misc] # reportlab is untyped
    """A text that fits itself to the width it is given.

    Parameters
    ----------
    link, anchor
        Where it leads, and the name under which others lead here; empty for none.
    """

    def __init__(self, text: str, look: Look, link: str = "", anchor: str = "") -> None:
        super().__init__()
        self._look, self._link, self._anchor = look, link, anchor
        self._units = tuple(_units(text, look))
        self._lines: list[list[tuple[str, str]]] = []
        self.keepWithNext = look.heading
        self.spaceBefore, self.spaceAfter = look.before, look.after

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """The size it takes in a width, points."""
        self._lines = _broken(self._units, width / self._look.size)
        self.width, self.height = width, max(1, len(self._lines)) * self._look.size * LEADING
        return self.width, self.height

    def split(self, width: float, height: float) -> list[Any]:
        """A text isn't cut in two: it goes to the next page."""
        return []

    def draw(self) -> None:
        """Write the lines from the top."""
        size = self._look.size
        written = self.canv.beginText(0, self.height - size)
        written.setFillColor(self._look.ink)
        written.setLeading(size * LEADING)
        for line in self._lines:
            for font, text in line:
                written.setFont(font, size, size * LEADING)
                written.textOut(text)
            written.textLine()
        self.canv.drawText(written)
        if self._link:
            self.canv.linkRect("", self._link, (0, 0, self.width, self.height), relative=1)
        if self._anchor:
            self.canv.bookmarkHorizontal(self._anchor, 0, self.height)


def _units(text: str, look: Look) -> Iterator[Unit]:
    plain = CODE if look.code else BOLD if look.bold else LATIN
    for found in _WORD.finditer(text):
        part = found[0]
        if part.isspace():
            yield Unit(" ", plain, _width(" ", plain))
            continue
        word = ""
        for char in part:
            if _latin(char):
                word += char
                continue
            if word:
                yield Unit(word, plain, sum(_width(c, plain) for c in word))
                word = ""
            yield Unit(char, CHINESE, _width(char, CHINESE))
        if word:
            yield Unit(word, plain, sum(_width(c, plain) for c in word))


def _broken(units: tuple[Unit, ...], room: float) -> list[list[tuple[str, str]]]:
    """Lines of runs; a word wider than a line is cut, a closing mark hangs on the line before."""
    lines: list[list[Unit]] = [[]]
    used = 0.0
    for unit in units:
        for piece in _pieces(unit, room):
            hangs = piece.text[0] in _CLOSING and len(piece.text) == 1
            if used + piece.width > room and lines[-1] and not hangs:
                lines.append([])
                used = 0.0
            if piece.text != " " or lines[-1]:
                lines[-1].append(piece)
                used += piece.width
    return [_runs(line) for line in lines]


def _pieces(unit: Unit, room: float) -> Iterator[Unit]:
    if unit.width <= room:
        yield unit
        return
    part, width = "", 0.0
    for char in unit.text:
        wide = _width(char, unit.font)
        if part and width + wide > room:
            yield Unit(part, unit.font, width)
            part, width = "", 0.0
        part, width = part + char, width + wide
    yield Unit(part, unit.font, width)


def _runs(line: list[Unit]) -> list[tuple[str, str]]:
    runs: list[tuple[str, str]] = []
    for unit in line:
        if runs and runs[-1][0] == unit.font:
            runs[-1] = (unit.font, runs[-1][1] + unit.text)
        else:
            runs.append((unit.font, unit.text))
    return runs


@cache
def _width(char: str, font: str) -> float:
    return float(pdfmetrics.stringWidth(char, font, 1000)) / 1000


@cache
def _latin(char: str) -> bool:
    try:
        char.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
