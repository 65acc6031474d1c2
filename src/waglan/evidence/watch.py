"""A test that should never fail opens an incident when it does: once, until that is closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from waglan.core.events import Incident
from waglan.evidence.catalogue import Clause, Test
from waglan.evidence.evidence import Evidence
from waglan.evidence.result import Example
from waglan.registers import IncidentRecord, Registrar, report
from waglan.registers.freezing import NEWEST, digest

CAUSE: Final = "breach"


class Failing(NamedTuple):
    """An obligation's test that fails for a use case, with its newest counter-examples."""

    clause: Clause
    test: Test
    use_case: str
    examples: tuple[Example, ...]


def watch(evidence: Evidence, registrar: Registrar) -> tuple[str, ...]:
    """Open what newly fails; gives the ids of incidents that opened. Doing it again at once does nothing.

    Call it once the counts are up to date. What failed before an incident was closed doesn't open it again.
    """
    opened: list[str] = []
    seen: set[tuple[str, str]] = set()
    for entity in evidence.entities():
        for each in _failing(evidence, entity):
            if (each.test.id, each.use_case) not in seen and _new(registrar, each):
                found = report(registrar, _incident(registrar, each), _refs(each.examples))
                opened += [found] if found else []
            seen.add((each.test.id, each.use_case))
    return tuple(opened)


def _failing(evidence: Evidence, entity: str) -> Iterator[Failing]:
    """What is breached of the obligations that apply, of the tests that open incidents."""
    asked = {each.test.id: each for each in evidence.catalogue().tests() if each.test.incident}
    for clause in evidence.report(entity).clauses if asked else ():
        for test in clause.tests:
            if test.status == "breached" and test.id in asked:
                for use_case, examples in evidence.failing(test.id, entity).items():
                    yield Failing(asked[test.id].clause, asked[test.id].test, use_case, examples)


def _new(registrar: Registrar, each: Failing) -> bool:
    """Whether anything failed since the newest incident of the same was closed; one that is open gathers it."""
    before = _before(registrar, each)
    if before is None:
        return True
    closing = before.closing
    if closing is None:
        return False
    newest = each.examples[0]
    if newest.log_index is not None:
        return newest.log_index > closing.index
    return (newest.at_ms or 0) > closing.at_ms


def _before(registrar: Registrar, each: Failing) -> IncidentRecord | None:
    with registrar.office.index.reading() as connection:
        incidents = registrar.office.read(connection).incidents
    key = (CAUSE, each.test.id, each.use_case)
    same = [i for i in incidents if not i.drill and _key(i.opened.facts) == key]
    return same[-1] if same else None


def _key(facts: Incident) -> tuple[str, str, str]:
    return facts.cause, facts.detail, facts.use_case


def _incident(registrar: Registrar, each: Failing) -> Incident:
    now_ms = registrar.office.now_ms()
    began = min([e.at_ms for e in each.examples if e.at_ms is not None], default=now_ms)
    ids = [e.id for e in each.examples if e.log_index is not None]
    return Incident(
        cause=CAUSE,
        clauses=(each.clause.id,),
        decisions=len(ids),
        detail=each.test.id,
        detected_at=now_ms,
        occurred_at=min(began, now_ms),
        query_sha256=digest(ids) if ids else "",
        severity="high" if each.test.gate == "block" else "medium",
        use_case=each.use_case,
    )


def _refs(examples: Sequence[Example]) -> tuple[str, ...]:
    return tuple([each.id for each in examples if each.log_index is not None][:NEWEST])
