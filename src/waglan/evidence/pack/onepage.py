"""The one page for a board: three figures that are never added up, what is broken, what runs out, what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from waglan.core.usecase import Texts
from waglan.evidence.pack.material import Due, Material, Row
from waglan.evidence.result import WORST, Capture, ClauseResult, Headlines, Report, Status, Window

MOST = 6
"""So many lines of each kind fit a page; how many more there are is said."""


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """An obligation that is breached, with the newest decision or row that shows it."""

    clause: str
    letter: str
    text: Mapping[str, str]
    test: str
    failed: int
    total: int
    unknown_share: float
    example: str
    over: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """An obligation whose status isn't what it was in the window before."""

    clause: str
    before: Status
    now: Status
    worse: bool


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """How high a use case stands: declared, assessed, seen in its decisions, and acted on."""

    use_case: str
    title: Texts
    declared: str
    assessed: str
    observed: str
    effective: str
    decisions: int
    suspended: bool


class VendorShare(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor's share of decisions, 0 to 1, and whether there is a way out."""

    vendor: str
    share: float | None
    decisions: int
    substitute: str
    exit_plan: str
    suspended: bool


class OpenIncident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident that isn't closed, with the clock that runs out first."""

    incident: str
    cause: str
    severity: str
    use_case: str
    due: Due | None


class Drilled(msgspec.Struct, frozen=True, kw_only=True):
    """The newest exercise of a kind."""

    drill: str
    what: str
    use_case: str
    passed: bool | None
    ended: object


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """What one page says; lists hold the first `MOST`, ``*_n`` how many there are."""

    entity: str
    name: str
    window: Window
    catalogue: str
    recorded: int
    of_recorded: bool
    capture: Capture | None
    headlines: Headlines
    statuses: Mapping[Status, int]
    breaches: tuple[Breach, ...]
    breaches_n: int
    incidents: tuple[OpenIncident, ...]
    incidents_n: int
    missed_n: int
    tiers: tuple[Tier, ...]
    tiers_n: int
    vendors: tuple[VendorShare, ...]
    vendors_n: int
    concentration: float | None
    concentrated: bool
    drills: tuple[Drilled, ...]
    drills_n: int
    changes: tuple[Change, ...]
    changes_n: int
    compared: bool


def board(material: Material) -> Board:
    """The page of a report."""
    report, rows = material.report, material.registers
    breaches = _breaches(material)
    incidents = _incidents(material)
    tiers = tuple([_tier(row, material) for row in rows.get("use_cases", ())])
    vendors = _vendors(rows.get("vendors", ()))
    drills = _drills(rows.get("drills", ()))
    changed = changes(material.before, report) if material.before else ()
    return Board(
        entity=report.entity,
        name=report.name,
        window=report.window,
        catalogue=report.catalogue,
        recorded=report.recorded,
        of_recorded=report.of_recorded,
        capture=min(report.captures, key=lambda each: each.ratio, default=None),
        headlines=report.headlines,
        statuses=statuses(report),
        breaches=breaches[:MOST],
        breaches_n=len(breaches),
        incidents=incidents[:MOST],
        incidents_n=len(incidents),
        missed_n=sum(due.state == "missed" for due in material.dues),
        tiers=tiers[:MOST],
        tiers_n=len(tiers),
        vendors=vendors[:MOST],
        vendors_n=len(vendors),
        concentration=material.hhi,
        concentrated=material.hhi is not None and material.hhi >= material.hhi_limit,
        drills=drills[:MOST],
        drills_n=len(drills),
        changes=changed[:MOST],
        changes_n=len(changed),
        compared=material.before is not None,
    )


def statuses(report: Report) -> dict[Status, int]:
    """How many obligations stand at each status, worst first; placeholders and goals aren't counted."""
    found = [clause.status for clause in report.clauses if clause.duty]
    return {status: found.count(status) for status in WORST if status in found}


def changes(before: Report, now: Report) -> tuple[Change, ...]:
    """Obligations with another status than before, those that got worse first."""
    earlier = {clause.id: clause.status for clause in before.clauses}
    found = [
        Change(clause=c.id, before=was, now=c.status, worse=WORST.index(c.status) < WORST.index(was))
        for c in now.clauses
        if c.duty and (was := earlier.get(c.id, c.status)) != c.status
    ]
    return tuple(sorted(found, key=lambda c: (not c.worse, WORST.index(c.now), c.clause)))


def ordered(clauses: Sequence[ClauseResult]) -> list[ClauseResult]:
    """Worst first, in the catalogue's order within a status."""
    return sorted(clauses, key=lambda clause: WORST.index(clause.status))


def _breaches(material: Material) -> tuple[Breach, ...]:
    texts = {clause.id: clause.text for clause in material.catalogue.clauses}
    found = []
    for clause in material.report.clauses:
        broken = [test for test in clause.tests if test.status == "breached"]
        if clause.duty and broken:
            test = max(broken, key=lambda each: each.counts.failed)
            found.append(
                Breach(
                    clause=clause.id,
                    letter=clause.letter,
                    text=texts.get(clause.id, {}),
                    test=test.id,
                    failed=test.counts.failed,
                    total=test.counts.total,
                    unknown_share=test.unknown_share,
                    example=test.examples[0].id if test.examples else "",
                    over=test.over,
                )
            )
    return tuple(sorted(found, key=lambda each: ("VSU".index(each.letter), -each.failed)))


def _incidents(material: Material) -> tuple[OpenIncident, ...]:
    found = []
    for row in material.registers.get("incidents", ()):
        if row.get("closed_at") is None and not row.get("drill"):
            named = str(row["incident"])
            waiting = [d for d in material.dues if d.incident == named and d.state in ("running", "missed")]
            due = min(waiting, key=lambda d: (d.due_ms is None, d.due_ms or 0), default=None)
            found.append(
                OpenIncident(
                    incident=named,
                    cause=str(row.get("cause") or ""),
                    severity=str(row.get("severity") or ""),
                    use_case=str(row.get("use_case") or ""),
                    due=due,
                )
            )
    far = 2**62
    return tuple(sorted(found, key=lambda i: i.due.due_ms if i.due and i.due.due_ms is not None else far))


def _tier(row: Row, material: Material) -> Tier:
    name = str(row["use_case"])
    return Tier(
        use_case=name,
        title=material.titles.get(name, {"en": name}),
        declared=str(row.get("tier") or ""),
        assessed=str(row.get("assessed_tier") or ""),
        observed=str(row.get("observed_tier") or ""),
        effective=str(row.get("effective_tier") or row.get("tier") or ""),
        decisions=int(row.get("decisions_30d") or 0),
        suspended=bool(row.get("suspended")),
    )


def _vendors(rows: Sequence[Row]) -> tuple[VendorShare, ...]:
    found = [
        VendorShare(
            vendor=str(row["vendor"]),
            share=row.get("share_30d"),
            decisions=int(row.get("decisions_30d") or 0),
            substitute=str(row.get("substitute") or ""),
            exit_plan=str(row.get("exit_plan") or ""),
            suspended=bool(row.get("suspended")),
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda each: (-(each.share or 0.0), each.vendor)))


def _drills(rows: Sequence[Row]) -> tuple[Drilled, ...]:
    newest: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = (str(row.get("what") or ""), str(row.get("use_case") or ""))
        if key not in newest or str(row.get("ended_at")) > str(newest[key].get("ended_at")):
            newest[key] = row
    found = sorted(newest.values(), key=lambda row: str(row.get("ended_at")), reverse=True)
    return tuple([
        Drilled(
            drill=str(row["drill"]),
            what=str(row.get("what") or ""),
            use_case=str(row.get("use_case") or ""),
            passed=row.get("passed"),
            ended=row.get("ended_at"),
        )
        for row in found
    ])  # fmt: skip
