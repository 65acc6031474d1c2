"""What in the record says that something went wrong, whoever looks: read from what is counted, never by a scan.

Decisions that repeat share a shape and a detail in the index; a signal is a set of such cells. However many decisions
there are, the cells are a few thousand, and the decisions of one are a range of an index.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import msgspec

from waglan.core.events.incidents import Cause
from waglan.index.combination import Detail
from waglan.registers.book import Book
from waglan.registers.standing import standing
from waglan.tiers import TIERS

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
_CELLS = (
    "SELECT pair.detail, shape.shape, shape.use_case, shape.route, shape.model, shape.model_version, shape.last_index, "
    "detail.said FROM pair JOIN shape USING (shape) JOIN detail USING (detail) WHERE shape.mode = 'live'"
)
_detail = msgspec.json.Decoder(Detail).decode
_NO_CODE = re.compile(r"[^A-Za-z0-9._:/-]")


class Key(NamedTuple):
    """What makes two signals one incident."""

    cause: Cause
    detail: str
    use_case: str


class Cell(NamedTuple):
    """Decisions that share a shape and a detail; those from ``from_ms`` on count (milliseconds since 1970 UTC)."""

    shape: int
    detail: int
    last_index: int
    from_ms: int = 0


class Signal(NamedTuple):
    """Something that went wrong: in which cells, or by which event (its place, id and time)."""

    key: Key
    severity: Severity
    model: str = ""
    cell: Cell | None = None
    event: tuple[int, str, int] | None = None


def signals(connection: sqlite3.Connection, book: Book) -> Iterator[Signal]:
    """All that the record says now, dealt with or not."""
    yield from _of_decisions(connection, book)
    yield from _of_tiers(book)
    yield from _of_runs(book)


def code(text: str) -> str:
    """A text as an incident's ``detail``, which is a code."""
    return _NO_CODE.sub("-", text)[:64].lstrip("._:/-")


class _Registered(NamedTuple):
    """What the registers say of the decisions in a cell."""

    facing: dict[tuple[str, str], bool]
    unvalidated: dict[tuple[str, str], int]
    rules: frozenset[str]


def _of_decisions(connection: sqlite3.Connection, book: Book) -> Iterator[Signal]:
    registered = _registered(book)
    for number, shape, use_case, route, model, version, last, said in connection.execute(_CELLS).fetchall():
        detail, cell, automatic = _detail(said), Cell(shape, number, last), route == "auto"
        for control, verdict in detail.flagged:
            found = _flagged(control, verdict, registered.rules)
            if found is not None:
                severity: Severity = "high" if automatic else "medium"
                yield Signal(Key(found[0], found[1] or code(f"{model}:{version}"), use_case), severity, model, cell)
        if not automatic:
            continue
        since = registered.unvalidated.get((model, version))
        if since is not None:
            key = Key("unvalidated_model", code(f"{model}:{version}"), use_case)
            yield Signal(key, "high", model, cell._replace(from_ms=since))
        if not detail.disclosure_id and registered.facing.get((use_case, detail.use_case_version)):
            yield Signal(Key("disclosure_missing", "", use_case), "medium", "", cell)


def _flagged(control: str, verdict: str, rules: frozenset[str]) -> tuple[Cause, str] | None:
    """The incident that a control's verdict on a live decision is, and its detail (empty: the model's)."""
    if verdict == "error":
        return "control_failed", code(control)
    if control == "model.validated" and verdict in ("review", "block"):
        return "unvalidated_model", ""
    return ("gate", code(control.removeprefix("rule."))) if control in rules else None


def _registered(book: Book) -> _Registered:
    facing = {
        (each.name, step.facts.version): step.facts.customer_facing for each in book.use_cases for step in each.steps
    }
    unvalidated: dict[tuple[str, str], int] = {}
    for each in book.models:
        m = each.facts
        if m.validated_at is None:
            unvalidated[m.id, m.version] = 0
        elif m.validation_expires_at is not None and m.validation_expires_at <= book.now_ms:
            unvalidated[m.id, m.version] = m.validation_expires_at
    rules = frozenset(f"rule.{r.name}" for r in book.rules if r.facts.incident and r.facts.state == "in_force")
    return _Registered(facing, unvalidated, rules)


def _of_tiers(book: Book) -> Iterator[Signal]:
    uses = {each.name: each for each in book.use_cases}
    for seen in book.observed_tiers:
        use_case: Any = uses.get(seen.name)
        if use_case is not None:
            found = standing(book, use_case)
            if TIERS.index(found.effective) > TIERS.index(found.without):  # what a ruling knew of opens none
                event = (seen.last.index, seen.last.id, seen.last.at_ms)
                yield Signal(Key("observed_tier", seen.facts.tier, seen.name), "high", event=event)


def _of_runs(book: Book) -> Iterator[Signal]:
    """Tests and monitors whose newest runs failed: one signal for each run since the last that passed."""
    for each in book.test_runs:
        run = each.facts
        detail = code(":".join(filter(None, (run.of, run.model, run.metric, run.group))))
        for step in reversed(each.steps):
            if step.facts.passed is not False:
                break
            event = (step.index, step.id, step.at_ms)
            yield Signal(Key("alarm", detail, run.use_case), "medium", run.model, event=event)
