"""All clauses on one page: how each stands, in which of three ways, and what may be chosen of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from waglan.access import Action
from waglan.console.page import Shown
from waglan.console.pages.clauses import known
from waglan.console.pages.clauses.asked import asked
from waglan.console.visit import Visit
from waglan.evidence.catalogue import Catalogue, Clause
from waglan.evidence.result import WORST, ClauseResult, Report

LETTERS = ("V", "S", "U")
CLASSES = ("A", "R", "D")
GATES = ("block", "human", "warn", "none")
_STRICT = ("block", "human", "warn")
_RANK = {status: rank for rank, status in enumerate(WORST)}


def clauses(visit: Visit) -> Shown:
    """Every clause that passes the filters, the worst first or in the order of the catalogue."""
    found = known.catalogue(visit)
    with visit.house.index.reading() as connection:
        wanted = asked(visit, connection)
        gates = known.gates(connection)
    report = visit.house.evidence.report(wanted.entity, wanted.window, visit.house.workspace.clock.now_ms())
    rows = _rows(found, report, gates)
    chosen = {name: visit.query.get(name, "") for name in ("source", "status", "letter", "class", "gate", "order")}
    shown = [row for row in rows if _passes(row, chosen)]
    if chosen["order"] != "source":
        shown.sort(key=lambda row: (not row["duty"], _RANK[row["status"]]))
    return {
        **wanted.shown(),
        "headlines": known.plain(report.headlines),
        "captures": _captures(report),
        "of_recorded": report.of_recorded,
        "recorded": report.recorded,
        "catalogue": {"name": report.catalogue, "digest": report.catalogue_digest, "as_of": found.as_of.isoformat()},
        "log": {"name": report.log, "size": report.size, "root": report.root},
        "behind_by": max(visit.house.workspace.ledger.head().size - report.size, 0),
        "statuses": _statuses(rows),
        "sources": _sources(found),
        "chosen": chosen,
        "letters": LETTERS,
        "classes": CLASSES,
        "gates": GATES,
        "total": len(rows),
        "clauses": shown,
        "may_verify": visit.may(Action.CLAUSE_VERIFY, "clause"),
    }


def _rows(found: Catalogue, report: Report, gates: Iterable[str]) -> list[dict[str, Any]]:
    results, in_force = {each.id: each for each in report.clauses}, frozenset(gates)
    return [_row(each, found, results[each.id], in_force) for each in found.clauses if each.id in results]


def _row(clause: Clause, found: Catalogue, result: ClauseResult, in_force: frozenset[str]) -> dict[str, Any]:
    live = [test for test in result.tests if test.kind == "decision" and test.counts.total]
    worst = min(live, key=lambda test: test.counts.floor or 0.0, default=None)
    offered = {test.gate for test in clause.tests}
    return {
        "id": clause.id,
        "text": clause.text,
        "source": clause.source,
        "issuer": found.sources[clause.source].issuer,
        "letter": result.letter,
        "status": result.status,
        "why": result.why,
        "duty": result.duty,
        "classes": sorted(clause.classes),
        "floor": worst.counts.floor if worst else None,
        "ceiling": worst.counts.ceiling if worst else None,
        "gate": next((gate for gate in _STRICT if gate in offered), "none"),
        "gated": any(test.id in in_force for test in clause.tests),
    }


def _passes(row: dict[str, Any], chosen: dict[str, str]) -> bool:
    wanted = {name: value for name, value in chosen.items() if value and name not in ("order", "class")}
    kind = chosen["class"]
    return all(row[name] == value for name, value in wanted.items()) and (not kind or kind in row["classes"])


def _captures(report: Report) -> list[dict[str, Any]]:
    """What each source counted and what was recorded of that, its periods together."""
    counted, recorded = Counter[str](), Counter[str]()
    for each in report.captures:
        counted[each.source] += each.counted
        recorded[each.source] += each.recorded
    return [
        {"source": source, "counted": n, "recorded": recorded[source], "ratio": recorded[source] / n if n else None}
        for source, n in counted.items()
    ]


def _statuses(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """How many duties stand how, the worst first; what is no duty isn't counted."""
    counted = Counter(row["status"] for row in rows if row["duty"])
    return [{"status": status, "n": counted[status]} for status in WORST if counted[status]]


def _sources(found: Catalogue) -> list[dict[str, str]]:
    used = {clause.source for clause in found.clauses}
    papers = {name: source for name, source in found.sources.items() if name in used}
    return [{"id": name, "name": f"{s.issuer} {s.date.year} · {s.title}"} for name, s in papers.items()]
