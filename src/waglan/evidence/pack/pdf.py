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
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import BaseDocTemplate, Frame, PageBreak, PageTemplate, Paragraph, Spacer
from reportlab.platypus import Table as Grid

from waglan.evidence.pack.blocks import Beside, Block, Cell, Facts, Figures, Heading, Line, Part, Table, anchors
from waglan.evidence.pack.say import Saying

CHINESE, LATIN, BOLD, CODE = "MSung-Light", "Helvetica", "Helvetica-Bold", "Courier"
_MARGIN = 14 * mm
_WIDE = A4[0] - 2 * _MARGIN
_INK = {"": "#16242b", "good": "#1c6134", "warn": "#7a4a00", "bad": "#96241e", "quiet": "#51646d"}
_RULE, _SEA = HexColor("#d5dcdd"), HexColor("#0d4a63")


def pdf(parts: Sequence[Part], subject: str) -> bytes:
    """The parts one after the other, each from a new page; ``subject`` goes into the file's own description."""
    pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))
    out = io.BytesIO()
    document = BaseDocTemplate(
        out, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=16 * mm,
        title=parts[0].title, subject=subject, author="Waglan", lang=parts[0].tongue, invariant=1, pageCompression=1,
    )  # fmt: skip
    frame = Frame(_MARGIN, 16 * mm, _WIDE, A4[1] - _MARGIN - 16 * mm, 0, 0, 0, 0)
    templates = [PageTemplate(part.tongue, [frame], onPage=_Foot(part)) for part in parts]
    document.addPageTemplates(templates)
    story: list[Any] = []
    for at, part in enumerate(parts):
        if at:
            story += [_Next(part.tongue), PageBreak()]
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
        self._style = _style(part, "quiet", 7)

    def __call__(self, canvas: Any, document: Any) -> None:
        number = self._say("page", n=document.page)
        made = Paragraph(_marked(f"{self._text} {number}", False), self._style)
        made.wrapOn(canvas, _WIDE, 10 * mm)
        made.drawOn(canvas, _MARGIN, 7 * mm)


def _Next(name: str) -> Any:  # noqa: N802 # stands for reportlab's own class, which is untyped
    from reportlab.platypus import NextPageTemplate

    return NextPageTemplate(name)


def _block(part: Part, block: Block, known: frozenset[str]) -> list[Any]:
    match block:
        case Heading(level, text):
            style = ParagraphStyle(
                "h", _style(part, "", 16 if level == 1 else 11.5), fontName=BOLD, textColor=_SEA,
                spaceBefore=9, spaceAfter=4, keepWithNext=1,
            )  # fmt: skip
            return [Paragraph(_marked(text, True), style)]
        case Line(text, tone):
            return [Paragraph(_marked(text, False), _style(part, tone, 8.8)), Spacer(0, 3)]
        case Facts(pairs):
            rows = [[_shown(part, name, "quiet"), _shown(part, value)] for name, value in pairs]
            return [_grid(rows, (1, 4), ruled=False)]
        case Figures(each):
            shown = [
                [
                    Paragraph(_marked(f.label, False), _style(part, "quiet", 8)),
                    Paragraph(_marked(f.value, True), ParagraphStyle("v", _style(part, "", 12.5), fontName=BOLD)),
                    Paragraph(_marked(f.note, False), _style(part, "quiet", 7)),
                ]
                for f in each
            ]
            return [_grid([shown], [1] * len(shown), ruled=True)]
        case Beside(left, right):
            return [made for each in (*left, *right) for made in _block(part, each, known)]
        case Table():
            return [_table(part, block, known), Spacer(0, 4)]


def _table(part: Part, table: Table, known: frozenset[str]) -> Any:
    bold = ParagraphStyle("th", _style(part, "quiet", 7.4), fontName=BOLD)
    head = [Paragraph(_marked(each, True), bold) for each in table.columns]
    rows = [[_cell(part, cell, known) for cell in row] for row in table.rows]
    return _grid([head, *rows], table.widths, ruled=True, repeat=1)


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
    return Grid([list(row) for row in rows], columns, style=style, repeatRows=repeat, hAlign="LEFT")


def _cell(part: Part, cell: Cell, known: frozenset[str]) -> Any:
    text = _marked(cell.text, cell.tone == "bad")
    if cell.code:
        text = f'<font name="{CODE}">{text}</font>'
    if cell.link and cell.link in known:
        text = f'<a href="#{part.tongue}-{escape(cell.link)}" color="#0b5a7a">{text}</a>'
    if cell.anchor:
        text = f'<a name="{part.tongue}-{escape(cell.anchor)}"/>{text}'
    return Paragraph(text, _style(part, cell.tone, 7.6))


def _shown(part: Part, text: str, tone: str = "") -> Any:
    return Paragraph(_marked(text, False), _style(part, tone, 8.2))


def _style(part: Part, tone: str, size: float) -> Any:
    ink: Color = HexColor(_INK[tone])
    wrap = "CJK" if part.tongue != "en" else None
    return ParagraphStyle("x", fontName=LATIN, fontSize=size, leading=size * 1.32, textColor=ink, wordWrap=wrap)


def _marked(text: str, bold: bool) -> str:
    """The text for a paragraph: what Latin fonts lack is set in the Chinese one."""
    parts, run, chinese = [], "", False
    for char in text:
        other = not _latin(char)
        if other != chinese and run:
            parts.append(_run(run, chinese, bold))
            run = ""
        chinese, run = other, run + char
    parts.append(_run(run, chinese, bold))
    return "".join(parts)


def _latin(char: str) -> bool:
    try:
        char.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _run(text: str, chinese: bool, bold: bool) -> str:
    if not text:
        return ""
    safe = escape(text)
    return f'<font name="{CHINESE}">{safe}</font>' if chinese else f"<b>{safe}</b>" if bold else safe
