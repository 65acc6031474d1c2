"""Faults of tests: expressions that don't fit, questions that can't be asked, gates that can't act."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from waglan.core.problem import Problem
from waglan.evidence.catalogue.clause import Clause, Kind, Test
from waglan.evidence.catalogue.compiled import DECISIONS, Compiled
from waglan.facts import TABLES
from waglan.registers.schema import SCHEMAS
from waglan.runtime.live import unknowable

_OWN: dict[Kind, str] = {
    "decision": DECISIONS, "document": "documents", "drill": "drills", "attestation": "attestations",
}  # fmt: skip
LONGEST_TITLE = 120
_LATER = frozenset(field.name for field in TABLES[DECISIONS] if field.source.startswith("later."))
_RESERVED = frozenset(field.name for field in TABLES[DECISIONS] if field.source == "reserved")
_LEFT_OUT = frozenset({"drill", "replay", "imported"})


def test_faults(clause: Clause, test: Test, compiled: Callable[[Test], Compiled]) -> Iterator[tuple[str, str, str]]:
    """Faults of one test."""
    yield from _asked(test)
    if test.freshness and not re.fullmatch(r"P[1-9]\d{0,3}D", test.freshness):
        yield "test.freshness", test.id, f"{test.freshness!r} isn't a number of days such as P30D."
    if test.sampled and test.require.rate >= 1.0:
        yield "test.sampled", test.id, "No sample shows that all of it holds: ask for less than 1.0."
    if test.gate != "none" and test.kind != "decision":
        yield "test.gate", test.id, "Only a test over decisions can act on one."
    if test.incident and test.kind not in ("decision", "drill"):
        yield "test.incident", test.id, "What somebody says in a register opens no incident when it ends."
    if len(test.title.get("en", "")) > LONGEST_TITLE:
        yield "test.title", test.id, f"Its title has more than {LONGEST_TITLE} characters, and rules take it over."
    try:
        parsed = compiled(test)
    except Problem as problem:
        if problem.code == "clause.table":
            return  # said above
        yield problem.code.replace("rule.", "test."), test.id, f"{problem.what} {problem.why} [{problem.where}]"
        return
    yield from _sense(clause, test, parsed)


def _asked(test: Test) -> Iterator[tuple[str, str, str]]:
    """Whether the kind of test fits the table."""
    wanted = _OWN.get(test.kind)
    if wanted is not None and test.over != wanted:
        yield "test.table", test.id, f"A {test.kind} test asks {wanted}, not {test.over}."
    if test.kind == "register" and (test.over not in SCHEMAS or test.over in _OWN.values()):
        yield "test.table", test.id, f"A register test asks a register; for {test.over} there is a kind of its own."


def _sense(clause: Clause, test: Test, parsed: Compiled) -> Iterator[tuple[str, str, str]]:
    """Whether what is asked can be answered."""
    scope, holds, current, _ = parsed
    if scope.canonical == "False":
        yield "test.scope", test.id, "Nothing is ever in its scope."
    if test.kind == "attestation" and repr(clause.id) not in scope.canonical.replace('"', "'"):
        yield "test.scope", test.id, f"It must ask for attestations of {clause.id} only."
    if test.kind != "decision":
        if holds.canonical == "True" and scope.canonical == "True" and test.kind not in ("register", "drill"):
            yield "test.scope", test.id, "Any row at all would show it."
        return
    if holds.canonical == "True":
        yield "test.holds", test.id, "It holds whatever was decided."
    if current.canonical != "True":
        yield "test.current", test.id, "A decision doesn't expire; current is for registers."
    if scope.uses_now or holds.uses_now:
        yield "test.now", test.id, "It asks for the present time, so its counts of a day wouldn't be sums."
    for name in sorted({*scope.fields, *holds.fields} & _LEFT_OUT):
        yield "test.field", test.id, f"{name!r} is always false here: exercises and imports are left out by the table."
    for name in sorted({*scope.fields, *holds.fields} & _RESERVED):
        yield "test.field", test.id, f"Nothing records {name!r} yet, so the answer would be unknown for ever."
    for name in sorted(unknowable().intersection((*scope.fields, *holds.fields)) if test.gate != "none" else ()):
        yield "test.gate", test.id, f"{name!r} comes into being on the log, so a gate could never know it."
    if test.gate != "none" and holds.fields and _LATER.issuperset(holds.fields):
        yield "test.gate", test.id, "It asks only for what comes after a decision, so a gate could never let one go."
