"""Decisions page by page: filtered, newest first, by place in the log; one, its neighbours, and search.

However rare a combination is, a page costs milliseconds: a filter selects shapes (a few hundred at most), the newest
entry of each shape is one look into an index, and a page of 50 lies within the 50 shapes whose newest entries are
latest.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from waglan.index import days, subject
from waglan.index.combination import Detail, Mode

LARGEST = 500
_SEARCHED = 200
_SHAPED = ("use_case", "route", "effect", "adverse", "model", "model_version", "mode", "tier")
_COLUMNS = (
    "SELECT d.idx, d.id, d.at_ms, d.subject, s.use_case, s.route, s.effect, s.adverse, s.model, s.model_version, "
    "s.mode, s.tier, d.score, d.stakes_hkd, d.latency_us, t.said FROM decision d JOIN shape s USING (shape) "
    "JOIN detail t USING (detail)"
)
_encode = msgspec.json.Encoder().encode
_detail = msgspec.json.Decoder(Detail).decode


class Filter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which decisions; what is left empty doesn't matter.

    ``day`` is ``2026-11-21`` in Hong Kong, ``model`` the one that gave the answer, ``subject`` a whole pseudonym.
    ``control`` is one that didn't simply pass, ``verdict`` how it judged; ``why`` a code of what sent the decision
    where it went. ``text`` is the start of an id or of a pseudonym: then the 200 newest that match are looked at.
    """

    adverse: bool | None = None
    control: str = ""
    day: str = ""
    effect: str = ""
    mode: Mode | None = None
    model: str = ""
    model_version: str = ""
    route: str = ""
    subject: str = ""
    text: str = ""
    tier: str = ""
    use_case: str = ""
    verdict: str = ""
    why: str = ""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as lists show it.

    Attributes
    ----------
    index
        Its place in the log.
    flagged
        The controls that didn't simply pass, with their verdict.
    later
        The kinds of events that speak of it, in the order they came.
    score, stakes_hkd
        Decimals as they stand in the leaf.
    """

    index: int
    id: str
    at_ms: int
    day: str
    subject: str
    use_case: str
    use_case_version: str
    route: str
    effect: str
    adverse: bool | None
    model: str
    model_version: str
    mode: str
    tier: str
    channel: str
    language: str
    failover: bool
    phase: str
    score: str | None
    stakes_hkd: str | None
    latency_us: int
    why: tuple[str, ...]
    flagged: tuple[tuple[str, str], ...]
    later: tuple[str, ...]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions, newest first, and the places to go on from: pass ``older`` as ``before``, ``newer`` as ``after``."""

    rows: tuple[Listed, ...]
    older: int | None = None
    newer: int | None = None


class Neighbours(msgspec.Struct, frozen=True, kw_only=True):
    """The next decisions to either side under the same filter."""

    older: Listed | None
    newer: Listed | None


def latest(
    connection: sqlite3.Connection,
    wanted: Filter = Filter(),  # noqa: B008 - frozen
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> Page:
    """A page of decisions, newest first.

    Parameters
    ----------
    wanted
        Which.
    before, after
        Only those before, or next after, this place in the log. Give one at most.
    limit
        How many, 1 to 500.
    """
    limit = max(1, min(limit, LARGEST))
    if wanted.text:
        return Page(rows=at(connection, _found(connection, wanted)[:limit]))
    if after is not None:
        places = _places(connection, wanted, after, limit + 1, newer=True)
        more, places = len(places) > limit, places[:limit][::-1]
        rows = at(connection, places)
        older = rows[-1].index if rows and _places(connection, wanted, rows[-1].index, 1) else None
        return Page(rows=rows, older=older, newer=rows[0].index if rows and more else None)
    places = _places(connection, wanted, before, limit + 1)
    rows = at(connection, places[:limit])
    newer = rows[0].index if rows and before is not None else None
    return Page(rows=rows, older=rows[-1].index if len(places) > limit else None, newer=newer)


def at(connection: sqlite3.Connection, places: Sequence[int]) -> tuple[Listed, ...]:
    """The decisions at some places in the log, newest first."""
    rows = connection.execute(
        f"{_COLUMNS} WHERE d.idx IN (SELECT value FROM json_each(?)) ORDER BY d.idx DESC",
        (_encode(list(places)).decode(),),
    ).fetchall()
    later: dict[str, list[str]] = {row[1]: [] for row in rows}
    query = "SELECT ref, kind FROM json_each(?) CROSS JOIN event_ref ON ref = value ORDER BY ref, idx"
    for ref, kind in connection.execute(query, (_encode(list(later)).decode(),)):
        if kind not in later[ref]:
            later[ref].append(kind)
    return tuple([_listed(row, tuple(later[row[1]])) for row in rows])


def one(connection: sqlite3.Connection, decision_id: str) -> Listed | None:
    """A decision by its whole id."""
    found = connection.execute("SELECT idx FROM decision WHERE id = ?", (decision_id,)).fetchone()
    return at(connection, found)[0] if found else None


def around(connection: sqlite3.Connection, index: int, each_side: int = 5) -> tuple[Listed, ...]:
    """The decisions next to a place in the log and the one at it, newest first."""
    newer = "SELECT idx FROM decision WHERE idx >= ? ORDER BY idx LIMIT ?"
    older = "SELECT idx FROM decision WHERE idx < ? ORDER BY idx DESC LIMIT ?"
    places = connection.execute(newer, (index, each_side + 1)).fetchall()
    places += connection.execute(older, (index, each_side)).fetchall()
    return at(connection, [place for (place,) in places])


def neighbours(connection: sqlite3.Connection, index: int, wanted: Filter = Filter()) -> Neighbours:  # noqa: B008
    """The decisions before and after a place in the log that a filter lets through."""
    older = at(connection, _places(connection, wanted, index, 1))
    newer = at(connection, _places(connection, wanted, index, 1, newer=True))
    return Neighbours(older=older[0] if older else None, newer=newer[0] if newer else None)


def total(connection: sqlite3.Connection, wanted: Filter = Filter()) -> int:  # noqa: B008
    """How many decisions a filter lets through; with ``text``, of the 200 looked at."""
    if wanted.text:
        return len(_found(connection, wanted))
    plan = _plan(connection, wanted)
    if plan.rest:
        query = f"SELECT count(*) FROM {plan.table}, json_each(?) AS asked WHERE {plan.cell('asked.value')} {plan.rest}"
        row = connection.execute(query, (_encode(list(plan.cells)).decode(), *plan.given)).fetchone()
    else:
        query = f"SELECT sum(d.n) FROM {plan.counted} d, json_each(?) AS asked WHERE {plan.cell('asked.value')}"
        row = connection.execute(query, (_encode(list(plan.cells)).decode(),)).fetchone()
    return int(row[0] or 0)


def _shape_where(wanted: Filter) -> tuple[str, list[object]]:
    given = [(name, getattr(wanted, name)) for name in _SHAPED]
    chosen = [(name, value) for name, value in given if value not in ("", None)]
    return " AND ".join(["1", *[f"shape.{name} = ?" for name, _ in chosen]]), [value for _, value in chosen]


class _Plan(NamedTuple):
    """How a filter is looked up: in which index, under which of its cells, and what is left to compare.

    A cell is a shape, or, where a control or a reason is asked for, a detail and a shape in one number.
    """

    by: str
    cells: tuple[int, ...]
    rest: str
    given: tuple[object, ...]

    @property
    def table(self) -> str:
        return f"decision d INDEXED BY decision_{self.by}"

    @property
    def counted(self) -> str:
        return "pair" if self.by == "detail" else "shape"

    def cell(self, value: str) -> str:
        """The condition that a row is in the cell that an expression gives."""
        if self.by == "detail":
            return f"d.detail = ({value} >> 32) AND d.shape = ({value} & 4294967295)"
        return f"d.shape = {value}"


def _plan(connection: sqlite3.Connection, wanted: Filter) -> _Plan:
    where, values = _shape_where(wanted)
    rest, given = _under(wanted)
    said = bool(wanted.control or wanted.verdict or wanted.why)
    details = _encode(_details(connection, wanted)).decode() if said else ""
    if said and not rest:
        query = (
            "SELECT detail << 32 | shape FROM pair JOIN shape USING (shape) "
            f"WHERE detail IN (SELECT value FROM json_each(?)) AND {where}"
        )
        return _Plan("detail", _firsts(connection, query, [details, *values]), "", ())
    if said:
        rest, given = f"{rest} AND d.detail IN (SELECT value FROM json_each(?))", [*given, details]
    if wanted.subject:
        return _Plan("who", _firsts(connection, f"SELECT shape FROM shape WHERE {where}", values), rest, tuple(given))
    if wanted.day:
        query = f"SELECT shape FROM count_shape c JOIN shape USING (shape) WHERE c.day = ? AND {where}"
        return _Plan("day", _firsts(connection, query, [days.number(wanted.day), *values]), rest, tuple(given))
    return _Plan("shape", _firsts(connection, f"SELECT shape FROM shape WHERE {where}", values), "", ())


def _firsts(connection: sqlite3.Connection, query: str, values: Sequence[object]) -> tuple[int, ...]:
    return tuple([value for (value,) in connection.execute(query, values)])


def _details(connection: sqlite3.Connection, wanted: Filter) -> list[int]:
    """The details in which a control is flagged so, and a reason is given."""
    found = []
    for number, said in connection.execute("SELECT detail, said FROM detail"):
        detail = _detail(said)
        flagged = any(
            wanted.control in ("", control) and wanted.verdict in ("", verdict) for control, verdict in detail.flagged
        )
        if (flagged or not (wanted.control or wanted.verdict)) and (not wanted.why or wanted.why in detail.why):
            found.append(number)
    return found


def _places(
    connection: sqlite3.Connection, wanted: Filter, start: int | None, limit: int, *, newer: bool = False
) -> list[int]:
    """Up to ``limit`` places beyond ``start`` (or from the newest), nearest first."""
    side = "" if start is None else f"AND d.idx {'>' if newer else '<'} {int(start)}"
    order = f"ORDER BY d.idx {'ASC' if newer else 'DESC'}"
    if wanted == Filter():
        return list(_firsts(connection, f"SELECT d.idx FROM decision d WHERE 1 {side} {order} LIMIT ?", (limit,)))
    plan = _plan(connection, wanted)
    nearest = _nearest(connection, plan, f"{side} {order}", limit, newer=newer)
    found: list[int] = []
    if nearest:
        bound = f"AND d.idx {'<=' if newer else '>='} {nearest[-1][0]}" if len(nearest) == limit else ""
        query = f"SELECT d.idx FROM {plan.table} WHERE {plan.cell('?1')} {plan.rest} {side} {bound} {order} LIMIT ?"
        for _, cell in nearest:
            found += _firsts(connection, query, (cell, *plan.given, limit))
    return sorted(found, reverse=not newer)[:limit]


def _nearest(
    connection: sqlite3.Connection, plan: _Plan, side: str, limit: int, *, newer: bool
) -> list[tuple[int, int]]:
    """The nearest place of each cell, and of these the nearest ``limit``: no other cell can be on the page."""
    one = f"SELECT d.idx FROM {plan.table} WHERE {plan.cell('asked.value')} {plan.rest} {side} LIMIT 1"
    query = (
        f"SELECT ({one}) AS place, asked.value FROM json_each(?) AS asked WHERE place NOT NULL "
        f"ORDER BY place {'ASC' if newer else 'DESC'} LIMIT ?"
    )
    return connection.execute(query, (*plan.given, _encode(list(plan.cells)).decode(), limit)).fetchall()


def _under(wanted: Filter) -> tuple[str, list[object]]:
    """What narrows every cell: the subject, the day, or both."""
    parts: list[str] = []
    given: list[object] = []
    if wanted.subject:
        parts.append("AND d.who = ? AND d.subject = ?")
        given += [subject.key(wanted.subject), wanted.subject]
    if wanted.day:
        parts.append("AND d.day = ?")
        given.append(days.number(wanted.day))
    return " ".join(parts), given


def _found(connection: sqlite3.Connection, wanted: Filter) -> tuple[int, ...]:
    """The places of what starts with a text and passes the rest of the filter, newest first."""
    text = wanted.text.strip()
    plan = _plan(connection, msgspec.structs.replace(wanted, text=""))
    least, most = subject.keys(text)
    by_id = "SELECT idx FROM decision WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ?"
    by_who = "SELECT idx FROM decision WHERE who BETWEEN ? AND ? AND subject >= ? AND subject < ? LIMIT ?"
    ends = (text, f"{text}\U0010ffff", _SEARCHED)
    places = {*_firsts(connection, by_id, ends), *_firsts(connection, by_who, (least, most, *ends))}
    query = (
        f"SELECT d.idx FROM json_each(?) AS place CROSS JOIN decision d ON d.idx = place.value, json_each(?) AS asked "
        f"WHERE {plan.cell('asked.value')} {plan.rest} ORDER BY d.idx DESC"
    )
    values = (_encode(list(places)).decode(), _encode(list(plan.cells)).decode(), *plan.given)
    return _firsts(connection, query, values)


def _listed(row: tuple[Any, ...], later: tuple[str, ...]) -> Listed:
    index, entry_id, at_ms, who, use_case, route, effect, adverse = row[:8]
    model, version, mode, tier, score, stakes, us, said = row[8:]
    detail = _detail(said)
    return Listed(
        index=index,
        id=entry_id,
        at_ms=at_ms,
        day=days.iso(days.day_of(at_ms)),
        subject=who,
        use_case=use_case,
        use_case_version=detail.use_case_version,
        route=route,
        effect=effect,
        adverse=None if adverse is None else bool(adverse),
        model=model,
        model_version=version,
        mode=mode,
        tier=tier,
        channel=detail.channel,
        language=detail.language,
        failover=detail.failover,
        phase=detail.phase,
        score=score,
        stakes_hkd=stakes,
        latency_us=us,
        why=detail.why,
        flagged=detail.flagged,
        later=later,
    )
