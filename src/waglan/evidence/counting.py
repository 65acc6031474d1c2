"""Counting decisions by what tests say of them, with DuckDB over the facts: each expression once per decision.

A decision's answers to all tests become a few integers, three bits for a test; decisions with the same answers on the
same day are counted together, and only that small table is spread out over the tests.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from waglan.core.events import CatalogueInForce
from waglan.evidence.judging import Judge
from waglan.facts import build, engine, sql
from waglan.facts.build import Log
from waglan.facts.segments import State

PASSED, FAILED, UNKNOWN, SCOPE_UNKNOWN = 1, 2, 3, 4
"""What a test says of a decision; 0 is that it says nothing, as the decision isn't in its scope."""
KEPT = 60
"""So many of the newest failing decisions are found for each test and use case."""
_BITS, _PER_KEY = 3, 20
_MANY = 50_000
_DAY = "CAST(decided_at + INTERVAL 8 HOUR AS DATE) - DATE '1970-01-01'"
Numbers = dict[tuple[str, str, int], tuple[int, ...]]
Places = tuple[int, ...]


class Picked(NamedTuple):
    """Some decisions as of a place in the log.

    Attributes
    ----------
    start, stop
        Those at ``start <= log_index < stop``.
    as_of
        What came at this place of the log or after isn't known yet.
    places
        Only those at these places; None takes all between ``start`` and ``stop``.
    """

    start: int
    stop: int
    as_of: int
    places: Places | None = None

    @property
    def many(self) -> bool:
        """Whether they may be too many to hold in memory."""
        return (self.stop - self.start if self.places is None else len(self.places)) > _MANY

    def where(self) -> str:
        """The condition on ``log_index``."""
        start, stop = self.start, self.stop
        if self.places:  # a span of their own, so that most files aren't opened
            start, stop = max(start, min(self.places)), min(stop, max(self.places) + 1)
        span = f"log_index >= {int(start)} AND log_index < {int(stop)}"
        if self.places is None:
            return span
        return f"{span} AND log_index IN ({_listed(self.places)})"


class Wanted(NamedTuple):
    """Failures of a use case, of decisions made at ``since_ms <= time < until_ms``, so many at most."""

    use_case: str
    since_ms: int
    until_ms: int
    limit: int


class Tally(NamedTuple):
    """Counts by test digest, use case and day (passed, failed, unknown, scope unknown); newest failing places."""

    counts: Numbers
    newest: Mapping[tuple[str, str], Places]


class Counter:
    """The facts at one place of the log, ready to be counted. It belongs to one thread at a time.

    Parameters
    ----------
    folder
        Where the facts lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection = engine.connect(folder)

    def update(self, log: Log, known: State | None) -> State:
        """Bring the facts to the log's head and look at them from here on; ``known`` is what this gave before.

        Raises
        ------
        Problem
            As `waglan.facts.build.update`.
        """
        state, _ = build.update(self._folder, log, known=known, database=self._connection)
        self.show(state)
        return state

    def show(self, state: State) -> None:
        """Look at the tables of a state from here on."""
        for name, table in (("recorded", "decisions"), ("later", "later"), ("happened", "events")):
            files = [self._folder / each.name for each in state.of(table)]
            self._connection.execute(f"CREATE OR REPLACE VIEW {name} AS {sql.table(table, files)}")

    def in_force(self) -> tuple[tuple[str, int], ...]:
        """Digest of each catalogue that came into force, and its place in the log, in order."""
        query = f"SELECT body, log_index FROM happened WHERE kind = '{CatalogueInForce.kind}' ORDER BY log_index"
        found = self._connection.execute(query).fetchall()
        return tuple([(msgspec.json.decode(body, type=CatalogueInForce).digest, int(at)) for body, at in found])

    def tally(self, judges: Sequence[Judge], picked: Picked) -> Tally:
        """Count live decisions by what tests say of them."""
        live = self._live(judges, picked) if judges else ""
        if not live:
            return Tally({}, {})
        if picked.many:
            return _spread(judges, self._connection.execute(_grouped(judges, live)).fetchnumpy())
        return _spread(judges, _packed(judges, self._connection.execute(_told(judges, live)).fetchnumpy()))

    def failing(self, judge: Judge, picked: Picked, wanted: Wanted) -> Places:
        """The newest places at which a test fails, newest first."""
        live = self._live((judge,), picked)
        if not live:
            return ()
        found = self._connection.execute(
            f"SELECT log_index FROM {live} WHERE coalesce(use_case, '') = ? AND epoch_ms(decided_at) >= ? "
            f"AND epoch_ms(decided_at) < ? AND {judge.scope.sql('duckdb')} AND NOT {judge.holds.sql('duckdb')} "
            "ORDER BY log_index DESC LIMIT ?",
            list(wanted),
        )
        return tuple([int(at) for (at,) in found.fetchall()])

    def touched(self, start: int, stop: int) -> Places:
        """Decisions before ``start`` that events at ``start <= log_index < stop`` speak of."""
        span = f"log_index >= {int(start)} AND log_index < {int(stop)}"
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE said AS SELECT ref, kind FROM later WHERE {span}")
        kinds = [kind for (kind,) in self._connection.execute("SELECT DISTINCT kind = 'erasure' FROM said").fetchall()]
        places: set[int] = set()
        for erasure in kinds:
            column = "subject_kid" if erasure else "id"
            query = (
                f"SELECT log_index FROM recorded WHERE log_index < {int(start)} AND {column} IN "
                f"(SELECT ref FROM said WHERE (kind = 'erasure') = {erasure})"
            )
            places |= {int(at) for (at,) in self._connection.execute(query).fetchall()}
        return tuple(sorted(places))

    def described(self, places: Iterable[int]) -> dict[int, tuple[str, int]]:
        """Id and time (milliseconds since 1970 UTC) of decisions by their place."""
        wanted = sorted(set(places))
        if not wanted:
            return {}
        query = f"SELECT log_index, id, epoch_ms(decided_at) FROM recorded WHERE log_index IN ({_listed(wanted)})"
        return {int(at): (str(name), int(at_ms)) for at, name, at_ms in self._connection.execute(query).fetchall()}

    def close(self) -> None:
        """Give back the database's memory."""
        self._connection.close()

    def _live(self, judges: Sequence[Judge], picked: Picked) -> str:
        """What reads live decisions with the fields that tests ask for; empty where there are none.

        A few are put into memory together with what later events say of them: looking that up in the files by
        themselves costs ten times as much. Many are read as they come.
        """
        where, before = picked.where(), f"log_index < {int(picked.as_of)}"
        fields = {field for judge in judges for each in (judge.scope, judge.holds) for field in each.fields}
        wanted = ", ".join(engine.column(name) for name in sorted(fields | {"log_index", "use_case", "decided_at"}))
        recorded = f"(SELECT * FROM recorded WHERE {where})"
        if picked.many:
            every = sql.joined(True, recorded=recorded, later=f"(SELECT * FROM later WHERE {before})")
            return f"(SELECT {wanted} FROM ({every}) WHERE {sql.IS_LIVE})"
        names = f"SELECT unnest([id, subject_kid]) AS ref FROM recorded WHERE {where} AND {sql.IS_LIVE}"
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE names AS {names}")
        if not self._connection.execute("SELECT 1 FROM names LIMIT 1").fetchall():
            return ""  # planning a query for none costs as much as for a thousand
        every = sql.joined(True, recorded=recorded, later="spoken")
        for name, query in (
            ("spoken", f"SELECT * FROM later WHERE {before} AND ref IN (SELECT ref FROM names)"),
            ("live", f"SELECT {wanted} FROM ({every}) WHERE {sql.IS_LIVE}"),
        ):
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")
        return "live"


def _names(judges: Sequence[Judge]) -> dict[str, str]:
    """A column for each expression, by its digest."""
    return {digest: f"e{at}" for at, digest in enumerate(dict.fromkeys(e.digest for j in judges for e in j[1:]))}


def _told(judges: Sequence[Judge], live: str) -> str:
    """The query that gives each decision's answers, each expression once."""
    expressions = {e.digest: e.sql("duckdb") for j in judges for e in (j.scope, j.holds)}
    truths = ", ".join(f"{expressions[digest]} AS {name}" for digest, name in _names(judges).items())
    return f"SELECT log_index, coalesce(use_case, '') AS of_use, {_DAY} AS on_day, {truths} FROM {live}"


def _grouped(judges: Sequence[Judge], live: str) -> str:
    """The query that counts decisions with the same answers on a day."""
    names = _names(judges)
    keys = []
    for at in range(0, len(judges), _PER_KEY):
        codes = [
            f"({_code(names[j.scope.digest], names[j.holds.digest])} << {_BITS * bit})"
            for bit, j in enumerate(judges[at : at + _PER_KEY])
        ]
        keys.append(f"{' | '.join(codes)} AS k{at // _PER_KEY}")
    listed = ", ".join(f"k{at}" for at in range(len(keys)))
    packed = f"SELECT log_index, of_use, on_day, {', '.join(keys)} FROM ({_told(judges, live)})"
    return (
        f"SELECT of_use, on_day, {listed}, count(*) AS n, max(log_index, {KEPT}) AS newest FROM ({packed}) "
        f"GROUP BY of_use, on_day, {listed}"
    )


def _packed(judges: Sequence[Judge], told: Mapping[str, Any]) -> dict[str, Any]:
    """What `_grouped` gives, of a few decisions, each a group of its own: planning that query costs more than this."""
    names = _names(judges)
    places = told["log_index"]
    made = {"of_use": told["of_use"], "on_day": told["on_day"], "n": np.ones(len(places), dtype=np.int64)}
    made["newest"] = [(int(each),) for each in places]
    for at, judge in enumerate(judges):
        (scope, no_scope), (holds, unknown) = (_truth(told[names[each.digest]]) for each in judge[1:])
        found = np.where(unknown, UNKNOWN, np.where(holds, PASSED, FAILED))
        code = np.where(no_scope, SCOPE_UNKNOWN, np.where(scope, found, 0)).astype(np.int64)
        key, bit = f"k{at // _PER_KEY}", _BITS * (at % _PER_KEY)
        made[key] = made.get(key, 0) | (code << bit)
    return made


def _truth(values: Any) -> tuple[Any, Any]:
    """Which are true, and which are unknown."""
    masked = np.ma.asarray(values)
    return masked.filled(False).astype(bool), np.ma.getmaskarray(masked)


def _code(scope: str, holds: str) -> str:
    return (
        f"CAST(CASE WHEN {scope} THEN CASE WHEN {holds} THEN {PASSED} WHEN NOT {holds} THEN {FAILED} "
        f"ELSE {UNKNOWN} END WHEN {scope} IS NULL THEN {SCOPE_UNKNOWN} ELSE 0 END AS BIGINT)"
    )


def _spread(judges: Sequence[Judge], found: Mapping[str, Any]) -> Tally:
    """Spread groups out over the tests."""
    uses, use_at = np.unique(np.asarray(found["of_use"], dtype=object).astype(str), return_inverse=True)
    days, day_at = np.unique(np.asarray(found["on_day"], dtype=np.int64), return_inverse=True)
    numbers = np.asarray(found["n"], dtype=np.int64)
    cell = use_at.astype(np.int64) * len(days) + day_at
    cells = len(uses) * len(days)
    newest = found["newest"]
    last = np.fromiter((max(each) for each in newest), dtype=np.int64, count=len(numbers))
    counts: Numbers = {}
    failed: dict[tuple[str, str], Places] = {}
    for at, judge in enumerate(judges):
        code = (np.asarray(found[f"k{at // _PER_KEY}"]) >> (_BITS * (at % _PER_KEY))) & 7
        table = np.bincount(cell * 5 + code, weights=numbers, minlength=cells * 5).reshape(cells, 5)
        for each in np.flatnonzero(table[:, 1:].any(axis=1)):
            of, on = divmod(int(each), len(days))
            counts[judge.digest, str(uses[of]), int(days[on])] = tuple(int(n) for n in table[each, 1:])
        groups = np.flatnonzero(code == FAILED)
        for use in np.unique(use_at[groups]):
            mine = groups[use_at[groups] == use]
            mine = mine[np.argsort(-last[mine])[:KEPT]]  # the newest lie in the groups whose newest are latest
            places = heapq.nlargest(KEPT, (int(p) for g in mine for p in newest[g]))
            failed[judge.digest, str(uses[use])] = tuple(places)
    return Tally(counts, failed)


def _listed(places: Iterable[int]) -> str:
    return ", ".join(str(int(p)) for p in places) or "NULL"
