"""Tests of registers, documents and attestations: each row judged by the functions of its test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from waglan.core.events import Entity
from waglan.evidence.catalogue import Catalogue, Test
from waglan.evidence.result import Counts, Example
from waglan.evidence.status import Told
from waglan.index.days import day_of
from waglan.registers import SCHEMAS
from waglan.rules import Closure, row

Row = Mapping[str, Any]

DATED: Mapping[str, str] = MappingProxyType(
    {
        "use_cases": "registered_at", "models": "validated_at", "vendors": "reviewed_at",
        "data_sources": "reviewed_at", "documents": "approved_at", "competences": "completed_at",
        "people": "trained_at", "incidents": "opened_at", "drills": "ended_at", "attestations": "given_at",
        "requests": "opened_at", "test_runs": "run_at", "rules": "released_at", "counts": "until_at",
        "subject_events": "recorded_at", "reads": "recorded_at", "suspensions": "recorded_at",
    }
)  # fmt: skip
"""The time by which a row of a register is fresh or stale."""


class Asked(NamedTuple):
    """A test's expressions as functions."""

    scope: Closure
    holds: Closure
    current: Closure


class Held(NamedTuple):
    """A row of a register, and its values as rules take them."""

    row: Row
    values: Row


class Answer(NamedTuple):
    """What a register says to a test, and the rows that failed, the newest first."""

    told: Told
    failing: tuple[Example, ...] = ()


def asked(catalogue: Catalogue, test: Test) -> Asked:
    """The functions of a test."""
    found = catalogue.compiled(test)
    return Asked(found.scope.closure(), found.holds.closure(), found.current.closure())


def values(catalogue: Catalogue, register: str, rows: Iterable[Row], entity: Entity) -> list[Held]:
    """The rows that concern an institution: its own use cases', and those of no use case in particular.

    Their values are made for all tests of the register at once, of the fields that any of them reads.
    """
    ours = set(entity.use_cases)
    read = {DATED[register], "expires_at"} | {
        field
        for each in catalogue.tests()
        if each.test.over == register
        for expression in catalogue.compiled(each.test)[:3]
        for field in expression.fields
    }
    schema = {name: kind for name, kind in SCHEMAS[register].items() if name in read}
    return [
        Held(each, row({name: each.get(name) for name in schema}, schema))
        for each in rows
        if (not ours or each.get("use_case") is None or each["use_case"] in ours)
        and each.get("entity") in {None, entity.id}
    ]


def answer(test: Test, functions: Asked, rows: Iterable[Held], now_ms: int) -> Answer:
    """Judge each row: in scope, current, and whether it holds, all of them true, false or unknown.

    A row that isn't current has expired: it neither passes nor fails. Where that is unknown, so is the row. An
    attestation counts until the day that its giver set, whether or not the test asks.
    """
    dated = DATED[test.over]
    numbers = {True: 0, False: 0, None: 0}
    scope_unknown = expired = 0
    newest: int | None = None
    failing: list[tuple[int, Example]] = []
    for each, values in rows:
        scope = functions.scope(values, now_ms)
        if scope is False:
            continue
        if scope is None:
            scope_unknown += 1
            continue
        current = functions.current(values, now_ms)
        if current is False or (test.over == "attestations" and values.get("expires_at", now_ms + 1) <= now_ms):
            expired += 1
            continue
        holds = functions.holds(values, now_ms) if current else None
        numbers[holds] += 1
        at_ms = values.get(dated)
        if holds is not None and at_ms is not None:
            newest = max(at_ms, newest if newest is not None else at_ms)
        if holds is False:
            failing.append((at_ms or 0, _example(test.over, each, at_ms)))
    counts = Counts(passed=numbers[True], failed=numbers[False], unknown=numbers[None], scope_unknown=scope_unknown)
    told = Told(counts, expired, None if newest is None else day_of(newest))
    return Answer(told, tuple([each for _, each in sorted(failing, key=lambda pair: -pair[0])]))


def _example(register: str, values: Row, at_ms: int | None) -> Example:
    use_case = str(values.get("use_case") or "")
    return Example(id=named(register, values), at_ms=at_ms, use_case=use_case, row=dict(values))


def named(register: str, values: Row) -> str:
    """The name of a register's row: its first field, and its version where it has one."""
    name = next(iter(SCHEMAS[register]))
    version = values.get(f"{name.removesuffix('_id')}_version")
    return " ".join([str(each) for each in (values.get(name), version) if each is not None])
