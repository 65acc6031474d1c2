"""One clause: what it asks and of whom, how far that was checked, and what shows it."""

from __future__ import annotations

from typing import Any

from waglan.access import Action
from waglan.console.page import Shown
from waglan.console.pages.clauses import known, wording
from waglan.console.pages.clauses.asked import Asked, asked
from waglan.console.pages.clauses.readable import lines, names
from waglan.console.pages.clauses.standing import EXCUSES
from waglan.console.visit import Visit
from waglan.core.events import RuleInForce
from waglan.evidence.catalogue import Clause, Source, Test
from waglan.evidence.result import ClauseResult, Example, Report, TestResult


def clause(visit: Visit) -> Shown:
    """Everything about one clause, for an institution and a window."""
    found = known.catalogue(visit)
    own = known.clause(found, visit.path["id"])
    with visit.house.index.reading() as connection:
        wanted = asked(visit, connection)
        gates, said = known.gates(connection), known.said(connection, own.id)
        documents = wording.documents(connection, own.id)
    report: Report = visit.house.evidence.report(wanted.entity, wanted.window, visit.house.workspace.clock.now_ms())
    result = next((each for each in report.clauses if each.id == own.id), None)
    return {
        **wanted.shown(),
        **_about(own, found.sources[own.source]),
        **_stands(result, report),
        "tests": [_test(visit, wanted, test, result, gates) for test in own.tests],
        "wordings": [wording.step(visit, each) for each in reversed(said.wordings)],
        "attestations": [_kept(visit, each) for each in said.attestations],
        "inapplicable": [_kept(visit, each) for each in said.inapplicable],
        "documents": documents,
        "today": wanted.window.until,
        "excuses": EXCUSES,
        "may_verify": visit.may(Action.CLAUSE_VERIFY, "clause"),
        "may_attest": visit.may(Action.CLAUSE_ATTEST, "clause"),
    }


def _about(own: Clause, source: Source) -> dict[str, Any]:
    return {
        "id": own.id,
        "text": own.text,
        "locator": own.locator,
        "letter": own.letter,
        "wording": own.wording,
        "single": own.single,
        "existence": own.existence,
        "duty": own.duty,
        "seen": [{**known.plain(each), "on": each.on.isoformat(), "primary": each.primary} for each in own.seen],
        "source": {
            "id": own.source, "issuer": source.issuer, "title": source.title, "date": source.date.isoformat(),
            "kind": source.kind, "force": source.force, "reference": source.reference, "url": source.url,
            "critical_only": source.critical_only, "unless": list(source.unless), "superseded_by": source.superseded_by,
            "checked_on": source.checked_on.isoformat(),
        },
        "since": own.since.isoformat(),
        "ends": own.until.isoformat() if own.until else "",
        "binds": list(own.applies_to or source.applies_to),
        "owner_role": own.owner_role,
        "controls": list(own.controls),
        "maps": {name: list(own.maps[name]) for name in sorted(own.maps)},
        "classes": sorted(own.classes),
    }  # fmt: skip


def _stands(result: ClauseResult | None, report: Report) -> dict[str, Any]:
    return {
        "status": result.status if result else "not_applicable",
        "why": result.why if result else "superseded",
        "live": result.live if result else None,
        "attested": result.attested if result else None,
        "of_recorded": report.of_recorded,
        "catalogue": report.catalogue,
    }


def _test(
    visit: Visit, wanted: Asked, test: Test, result: ClauseResult | None, gates: dict[str, RuleInForce]
) -> dict[str, Any]:
    found = next((each for each in result.tests if each.id == test.id), None) if result else None
    rule = gates.get(test.id)
    return {
        "id": test.id,
        "title": test.title,
        "kind": test.kind,
        "over": test.over,
        "scope": test.scope,
        "holds": test.holds,
        "current": test.current,
        "in_words": {part: lines(getattr(test, part), visit.language) for part in ("scope", "holds", "current")},
        "rate": test.require.rate,
        "min_n": test.require.min_n,
        "freshness_days": int(test.freshness[1:-1]) if test.freshness else None,
        "sampled": test.sampled,
        "incident": test.incident,
        "gate": test.gate,
        "rule": {"id": rule.id, "gate": rule.gate, "digest": rule.digest} if rule else None,
        **(_counted(found) if found else {"status": "", "why": "", "total": 0}),
        "examples": [_example(each, test) for each in found.examples] if found else [],
        "by_day": _by_day(visit, wanted, test) if found and found.counts.total else None,
    }


def _counted(found: TestResult) -> dict[str, Any]:
    counts = found.counts
    return {
        "status": found.status,
        "why": found.why,
        "counts": known.plain(counts),
        "total": counts.total,
        "floor": counts.floor,
        "ceiling": counts.ceiling,
        "tested_share": counts.passed / tested if (tested := counts.passed + counts.failed) else None,
        "unknown_share": found.unknown_share,
        "low": found.low,
        "high": found.high,
        "newest_day": found.newest_day,
        "digests": list(found.digests),
    }


def _example(found: Example, test: Test) -> dict[str, Any]:
    """What failed: of a register's row only what the test asks about, times as milliseconds since 1970 UTC."""
    asked_for = dict.fromkeys(name for part in (test.holds, test.scope, test.current) for name in names(part))
    row = {name: found.row[name] for name in asked_for if name in found.row}
    return {
        "id": found.id,
        "at_ms": found.at_ms,
        "use_case": found.use_case,
        "row": [
            {"name": name, "value": known.plain(value), "time": name.endswith("_at")} for name, value in row.items()
        ],
    }


def _by_day(visit: Visit, wanted: Asked, test: Test) -> dict[str, Any] | None:
    """The counts of every day, for tests of decisions that counted any."""
    days = visit.house.evidence.days(test.id, wanted.entity, wanted.window) if test.kind == "decision" else ()
    if not days:
        return None
    parts = ("passed", "failed", "unknown", "scope_unknown")
    counts = {part: [getattr(each, part) for _day, each in days] for part in parts}
    return {"days": [day[5:] for day, _counts in days], **counts}


def _kept(visit: Visit, found: Any) -> dict[str, Any]:
    """The newest that was said of an institution, with who said it."""
    now_ms, facts = visit.house.workspace.clock.now_ms(), found.facts
    ended = facts.until_ms is not None and facts.until_ms <= now_ms
    state = facts.state if hasattr(facts, "state") else "given" if facts.active else "withdrawn"
    return {
        "entity": facts.entity,
        "state": "expired" if state == "given" and ended else state,
        "until_ms": facts.until_ms,
        "document": getattr(facts, "document", ""),
        "reason": getattr(facts, "reason", ""),
        "at_ms": found.last.at_ms,
        "actor": known.who(visit, found.last.actor),
        "entry": found.last.id,
        "times": len(found.steps),
    }
