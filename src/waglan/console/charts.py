"""Charts as SVG, drawn from counts; each is an image with a name, and its figures stand beside it as a table.

No script and no style attribute: colours come from the style sheet's classes, so they follow light, dark and print.

References
----------
w3.org/TR/graphics-aria (role img with a label); Cleveland & McGill (1984), *Graphical Perception*.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

WIDTH, HEIGHT = 560, 140
LEFT, BOTTOM, TOP = 40, 18, 8


class Series(NamedTuple):
    """A named row of figures; ``tone`` is a class of the style sheet: auto, human, blocked, warm, plain."""

    name: str
    tone: str
    values: Sequence[float]


def stacked(label: str, ticks: Sequence[str], series: Sequence[Series]) -> Markup:
    """Bars on top of each other, one per tick: counts per day by route."""
    totals = [sum(s.values[i] for s in series) for i in range(len(ticks))]
    top = _nice(max(totals, default=0))
    step, wide = _columns(len(ticks))
    body = []
    for i, tick in enumerate(ticks):
        y = float(HEIGHT - BOTTOM)
        for each in series:
            tall = _scaled(each.values[i], top)
            if tall > 0:
                y -= tall
                said = f"{tick}: {each.name} {each.values[i]:,}"
                body.append(_bar((LEFT + i * step, y, wide, tall), each.tone, said))
    return _svg(label, _axis(top) + Markup("").join(body) + _ticks(ticks, step, wide))


def bars(label: str, ticks: Sequence[str], values: Sequence[float], tone: str = "plain") -> Markup:
    """One bar per tick: a histogram when ticks are bounds."""
    return stacked(label, ticks, [Series("", tone, values)])


def lines(label: str, ticks: Sequence[str], series: Sequence[Series], top: float | None = None) -> Markup:
    """A line per series over equally spaced ticks; values may be None where nothing is known."""
    highest = top or _nice(max((v for s in series for v in s.values if v is not None), default=0))
    step = (WIDTH - LEFT - 8) / max(len(ticks) - 1, 1)
    body = Markup("")
    for each in series:
        points = [
            f"{LEFT + i * step:.1f},{HEIGHT - BOTTOM - _scaled(v, highest):.1f}"
            for i, v in enumerate(each.values)
            if v is not None
        ]
        body += Markup('<polyline class="line {}" points="{}"><title>{}</title></polyline>').format(
            each.tone, " ".join(points), each.name
        )
    return _svg(label, _axis(highest) + body + _ticks(ticks, step, 0))


def share(label: str, parts: Sequence[Series]) -> Markup:
    """One bar cut into shares of a whole."""
    whole = sum(p.values[0] for p in parts) or 1
    x, body = 0.0, Markup("")
    for each in parts:
        wide = 100 * each.values[0] / whole
        said = f"{each.name} {each.values[0]:,}"
        body += Markup('<rect class="{}" x="{:.2f}" y="0" width="{:.2f}" height="8"><title>{}</title></rect>').format(
            each.tone, x, wide, said
        )
        x += wide
    return Markup(
        '<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(label, body)


def spark(label: str, values: Sequence[float], tone: str = "plain") -> Markup:
    """A small line without axes."""
    top = max(values, default=0) or 1
    step = 100 / max(len(values) - 1, 1)
    points = " ".join(f"{i * step:.1f},{23 - 22 * v / top:.1f}" for i, v in enumerate(values))
    return Markup(
        '<svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<polyline class="line {}" points="{}"/></svg>'
    ).format(label, tone, points)


def interval(label: str, low: float, point: float, high: float, limit: float | None = None) -> Markup:
    """An estimate with its interval on 0 to 1, and a limit where there is one."""
    body = Markup('<line class="whisker" x1="{:.1f}" x2="{:.1f}" y1="8" y2="8"/>').format(100 * low, 100 * high)
    body += Markup('<circle class="point" cx="{:.1f}" cy="8" r="3"/>').format(100 * point)
    if limit is not None:
        body += Markup('<line class="limit" x1="{0:.1f}" x2="{0:.1f}" y1="1" y2="15"/>').format(100 * limit)
    return Markup('<svg class="interval" viewBox="-4 0 108 16" role="img" aria-label="{}">{}</svg>').format(label, body)


def _svg(label: str, body: Markup) -> Markup:
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, label, body
    )


def _columns(count: int) -> tuple[float, float]:
    step = (WIDTH - LEFT - 4) / max(count, 1)
    return step, max(step * 0.8, 1.0)


def _scaled(value: float, top: float) -> float:
    return (HEIGHT - BOTTOM - TOP) * value / top if top else 0.0


def _bar(place: tuple[float, float, float, float], tone: str, said: str) -> Markup:
    return Markup(
        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>'
    ).format(tone, *place, said)


def _axis(top: float) -> Markup:
    made = Markup("")
    for part in (0.0, 0.5, 1.0):
        y = HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * part
        made += Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(LEFT, WIDTH, y, y)
        made += Markup('<text class="tick end" x="{}" y="{:.1f}">{}</text>').format(LEFT - 4, y + 3, _short(top * part))
    return made


def _ticks(ticks: Sequence[str], step: float, wide: float) -> Markup:
    every = max(len(ticks) // 6, 1)
    made = Markup("")
    for i in range(0, len(ticks), every):
        made += Markup('<text class="tick" x="{:.1f}" y="{}">{}</text>').format(
            LEFT + i * step + wide / 2, HEIGHT - 4, ticks[i]
        )
    return made


def _nice(value: float) -> float:
    """The next of 1, 2, 5 × 10ⁿ, so that the axis reads well."""
    if value <= 0:
        return 1.0
    size = 1.0
    while size * 10 < value:
        size *= 10
    while size > value:
        size /= 10
    return next(size * step for step in (1, 2, 5, 10) if size * step >= value)


def _short(value: float) -> str:
    for size, name in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{name}"
    return f"{value:g}"
