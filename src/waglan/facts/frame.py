"""The Python face of the facts: open, bring up to date, ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

import duckdb

from waglan.core.problem import Problem, nearest
from waglan.facts import build, engine, segments, sql
from waglan.facts.build import Log
from waglan.facts.schema import TABLES
from waglan.facts.segments import State

FRAMES: Mapping[str, str] = MappingProxyType(
    {
        "decisions": "Every decision, with what was known then and what later events said.",
        "live": "Decisions that are neither imported, nor drills, nor replays.",
        "models": "Registrations of models.",
        "use_cases": "Registrations of use cases.",
        "events": "Everything on the log that isn't a decision.",
        "later": "References from later events to earlier entries.",
    }
)
"""What can be asked, with one line each."""


class Facts:
    """The typed tables of one log.

    Use `open`; the object belongs to one thread at a time.

    Examples
    --------
    >>> facts = Facts.open(folder / "facts", workspace.ledger)  # doctest: +SKIP
    >>> facts.update()  # doctest: +SKIP
    10000
    >>> facts.query("SELECT route, count(*) FROM live GROUP BY route").fetchall()  # doctest: +SKIP
    """

    def __init__(self, folder: Path, log: Log) -> None:
        self._folder = folder
        self._log = log
        self._connection = engine.connect(folder)
        self._shown: State | None = None

    @classmethod
    def open(cls, folder: Path, log: Log) -> Facts:
        """The tables in ``folder``, made when absent; nothing is read from the log before `update`."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, log)

    def update(self, *, rebuild: bool = False) -> int:
        """Take in what the log holds beyond the tables; gives the number of entries read.

        Raises
        ------
        Problem
            ``ledger.inconsistent`` when the log's entries don't make its own head; the tables stay as they were.
        """
        state, taken = build.update(self._folder, self._log, rebuild=rebuild, known=self._shown)
        self._show(state)
        return taken

    @property
    def size(self) -> int:
        """How many entries of the log the tables cover."""
        return self._state().size

    def query(self, query: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> duckdb.DuckDBPyRelation:
        """The answer to one ``SELECT`` over the tables named in `FRAMES`.

        Parameters
        ----------
        query
            DuckDB SQL; ``?`` or ``$name`` for parameters.
        params
            Their values.

        Returns
        -------
        duckdb.DuckDBPyRelation
            ``fetchall``, ``fetchnumpy``, ``pl``, ``df``, ``arrow`` …

        Raises
        ------
        Problem
            ``facts.query`` for SQL that isn't one readable SELECT.
        """
        self._state()
        try:
            statements = self._connection.extract_statements(query)
            if len(statements) != 1 or statements[0].type not in (
                duckdb.StatementType.SELECT,
                duckdb.StatementType.EXPLAIN,
            ):
                raise _refused("Facts are derived from the log: they are asked with one SELECT and never written.")
            return self._connection.sql(query, params=params or None)
        except duckdb.Error as error:
            raise _refused(str(error).strip()) from None

    def frame(self, name: str) -> duckdb.DuckDBPyRelation:
        """A whole table in the order of the log; ``Problem`` for a name that isn't in `FRAMES`."""
        if name not in FRAMES:
            raise Problem(
                f"There is no table {name!r}.",
                nearest(name, FRAMES),
                "Choose one of these, or ask with SQL.",
                code="facts.table",
                status=404,
            )
        return self.query(f"SELECT * FROM {engine.column(name)} ORDER BY log_index")

    def close(self) -> None:
        """Give back the database's memory."""
        self._connection.close()

    def __enter__(self) -> Facts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _state(self) -> State:
        """What is shown; another process may have brought the tables further in the meantime."""
        if self._shown is None or not _current(self._folder, self._shown):
            state = segments.load(self._folder)
            self._show(state if state is not None else segments.empty())
        assert self._shown is not None
        return self._shown

    def _show(self, state: State) -> None:
        for name in TABLES:
            files = [self._folder / s.name for s in state.of(name)]
            stored = "recorded" if name == "decisions" else name
            self._connection.execute(f"CREATE OR REPLACE VIEW {engine.column(stored)} AS {sql.table(name, files)}")
        self._connection.execute(f"CREATE OR REPLACE VIEW decisions AS {sql.joined(bool(state.of('later')))}")
        self._connection.execute(f"CREATE OR REPLACE VIEW live AS {sql.LIVE}")
        self._shown = state


def _current(folder: Path, shown: State) -> bool:
    return segments.peek(folder) in (shown, None)


def _refused(why: str) -> Problem:
    return Problem(
        "The question can't be answered.",
        why,
        f"Tables: {', '.join(FRAMES)}; their fields are in docs/fields.md.",
        code="facts.query",
    )
