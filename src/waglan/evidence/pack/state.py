"""How things stand, for report and one page: incidents and their clocks, drills, tiers, vendors."""

from __future__ import annotations

from collections.abc import Iterator

from waglan.evidence.pack.blocks import Beside, Cell, Heading, Line, Table
from waglan.evidence.pack.material import Due
from waglan.evidence.pack.onepage import Board
from waglan.evidence.pack.say import Saying

Blocks = Iterator[Heading | Line | Table]


def state(say: Saying, page: Board) -> Beside:
    """Incidents and drills on the left, tiers and vendors on the right."""
    return Beside((*_incidents(say, page), *_drills(say, page)), (*_tiers(say, page), *_vendors(say, page)))


def _incidents(say: Saying, page: Board) -> Blocks:
    yield Heading(2, say("incidents"))
    rows = [
        (
            Cell(i.incident, code=True),
            Cell(say.code("cause", i.cause)),
            Cell(say.code("tier", i.severity)),
            _due(say, i.due),
        )
        for i in page.incidents
    ]
    columns = (say("incident"), say("cause"), say("severity"), say("due"))
    yield from _listed(say, Table(say("incidents"), columns, (5, 4, 2, 5), rows), page.incidents_n, say("no_incidents"))


def _tiers(say: Saying, page: Board) -> Blocks:
    yield Heading(2, say("tiers"))
    rows = [
        (
            Cell(say.text(t.title)),
            *[Cell(say.code("tier", each)) for each in (t.declared, t.assessed, t.observed)],
            Cell(f"{say.code('tier', t.effective)}{', ' + say('suspended') if t.suspended else ''}"),
            Cell(say.number(t.decisions)),
        )
        for t in page.tiers
    ]
    columns = (say("use_case"), say("declared"), say("assessed"), say("observed"), say("effective"), say("decisions"))
    yield from _listed(
        say, Table(say("tiers"), columns, (4, 2.2, 2.3, 2.3, 2.6, 2.6), rows), page.tiers_n, say("no_tiers")
    )


def _vendors(say: Saying, page: Board) -> Blocks:
    yield Heading(2, say("vendors"))
    rows = [
        (
            Cell(v.vendor),
            Cell(say.percent(v.share)),
            Cell(v.substitute or "–", "" if v.substitute else "warn"),
            Cell(v.exit_plan or "–", "" if v.exit_plan else "warn"),
        )
        for v in page.vendors
    ]
    columns = (say("vendor"), say("share"), say("substitute"), say("exit_plan"))
    yield from _listed(say, Table(say("vendors"), columns, (4, 3, 4, 4), rows), page.vendors_n, say("no_vendors"))
    if page.concentration is not None:
        said = say("concentration", value=f"{page.concentration:.2f}")
        yield Line(f"{said}, {say('concentrated')}" if page.concentrated else said, "warn" if page.concentrated else "")


def _drills(say: Saying, page: Board) -> Blocks:
    yield Heading(2, say("drills"))
    rows = [
        (
            Cell(say.code("drill", d.what)),
            Cell(d.use_case or "–"),
            Cell(say("drill_passed"), "good") if d.passed else Cell(say("drill_failed"), "bad"),
            Cell(say.moment(d.ended)),
        )
        for d in page.drills
    ]
    columns = (say("drill"), say("use_case"), say("result"), say("when"))
    yield from _listed(say, Table(say("drills"), columns, (4, 4, 3, 4), rows), page.drills_n, say("no_drills"))


def _listed(say: Saying, table: Table, total: int, none: str) -> Blocks:
    if not table.rows:
        yield Line(none)
        return
    yield table
    yield from more(say, total - len(table.rows))


def more(say: Saying, n: int) -> Blocks:
    """That there are more than are shown."""
    if n > 0:
        yield Line(say("more", n=n), "quiet")


def _due(say: Saying, due: Due | None) -> Cell:
    if due is None:
        return Cell(say("no_clock"))
    text = f"{say.moment(due.due_ms)} {say.text(due.addressee)} [{due.letter}]"
    return Cell(text, "bad" if due.state == "missed" else "warn")
