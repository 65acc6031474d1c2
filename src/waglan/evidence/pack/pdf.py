"""Documents as PDF: text that can be searched and copied in both languages, the same bytes for the same report.

Chinese is set in a font of Adobe's Traditional Chinese collection, which readers bring: no font file is shipped.

References
----------
ISO 32000-1 § 9.7.5.2 (predefined CMaps); reportlab, ``UnicodeCIDFont``.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import BaseDocTemplate, Frame, NextPageTemplate, PageBreak, PageTemplate
from reportlab.platypus import Table as Grid

from waglan.evidence.pack.blocks import Beside, Block, Cell, Facts, Figures, Heading, Line, Part, Table, anchors
from waglan.evidence.pack.say import Saying
from waglan.evidence.pack.setting import CHINESE, Look, Text

_MARGIN = 14 * mm
_FOOT = 16 * mm
_WIDE = A4[0] - 2 * _MARGIN
_INK = {"": "#16242b", "good": "#1c6134", "warn": "#7a4a00", "bad": "#96241e", "quiet": "#51646d", "link": "#0b5a7a"}
_RULE, _SEA = HexColor("#d5dcdd"), HexColor("#0d4a63")


def pdf(parts: Sequence[Part], subject: str) -> bytes:
    """The parts one after the other, each from a new page; ``subject`` goes into the file's own description."""
    pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))
    out = io.BytesIO()
    document = BaseDocTemplate(
        out, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_FOOT,
        title=parts[0].title, subject=subject, author="Waglan", lang=parts[0].tongue, invariant=1, pageCompression=1,
    )  # fmt: skip
    frame = Frame(_MARGIN, _FOOT, _WIDE, A4[1] - _MARGIN - _FOOT, 0, 0, 0, 0)
    document.addPageTemplates([PageTemplate(part.tongue, [frame], onPage=_Foot(part)) for part in parts])
    story: list[Any] = []
    for at, part in enumerate(parts):
        if at:
            story += [NextPageTemplate(part.tongue), PageBreak()]
        known = anchors(part)
        for block in part.blocks:
            story += _block(part, block, known)
    document.build(story)
    return out.getvalue()


class _Foot:
    """Draws the last line of each page."""

    def __init__(self, part: Part) -> None:
        self._say = Saying(part.tongue)
        self._text = part.foot

    def __call__(self, canvas: Any, document: Any) -> None:
        made = Text(f"{self._text} {self._say('page', n=document.page)}", _look(7, "quiet"))
        made.wrapOn(canvas, _WIDE, _FOOT)
        made.drawOn(canvas, _MARGIN, 7 * mm)


def _block(part: Part, block: Block, known: frozenset[str]) -> list[Any]:
    match block:
        case Heading(level, text):
            size = 16 if level == 1 else 11.5
            return [Text(text, Look(size, _SEA, bold=True, before=9, after=4, heading=True))]
        case Line(text, tone):
            return [Text(text, _look(8.8, tone)._replace(after=4))]
        case Facts(pairs):
            rows = [[Text(name, _look(8.2, "quiet")), Text(value, _look(8.2))] for name, value in pairs]
            return [_grid(rows, (1, 4), ruled=False)]
        case Figures(each):
            shown = [
                [
                    Text(f.label, _look(8, "quiet")),
                    Text(f.value, _look(12.5, bold=True)),
                    Text(f.note, _look(7, "quiet")),
                ]
                for f in each
            ]
            return [_grid([shown], [1] * len(shown), ruled=True)]
        case Beside(left, right):
            return [made for each in (*left, *right) for made in _block(part, each, known)]
        case Table():
            head = [Text(each, _look(7.4, "quiet", bold=True)) for each in block.columns]
            rows = [[_cell(part, cell, known) for cell in row] for row in block.rows]
            return [_grid([head, *rows], block.widths, ruled=True, repeat=1)]


def _grid(rows: Sequence[Sequence[Any]], widths: Sequence[float], *, ruled: bool, repeat: int = 0) -> Any:
    style: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 5),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    if ruled:
        style.append(("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE))
    columns = [_WIDE * each / sum(widths) for each in widths]
    return Grid([list(row) for row in rows], columns, style=style, repeatRows=repeat, hAlign="LEFT", spaceAfter=4)


def _cell(part: Part, cell: Cell, known: frozenset[str]) -> Text:
    leads = cell.link if cell.link in known else ""
    look = _look(7.6, "link" if leads and not cell.tone else cell.tone, bold=cell.tone == "bad")
    return Text(
        cell.text,
        look._replace(code=cell.code),
        f"{part.tongue}-{leads}" if leads else "",
        f"{part.tongue}-{cell.anchor}" if cell.anchor else "",
    )


def _look(size: float, tone: str = "", *, bold: bool = False) -> Look:
    return Look(size, HexColor(_INK[tone]), bold=bold)
