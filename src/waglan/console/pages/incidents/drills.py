"""Drills: what was practised and how it came out, what is due, and running one."""

from __future__ import annotations

from typing import Any

from waglan.access import Action
from waglan.access.refusals import missing
from waglan.console.marked import _
from waglan.console.page import Goto, Shown
from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.incidents.practice import KINDS, Practice, Practices
from waglan.console.pages.registers import book as books
from waglan.console.pages.registers.due import standing as near
from waglan.console.visit import Visit
from waglan.core.problem import Problem
from waglan.registers import Book
from waglan.registers.due import manifests, schedule
from waglan.tiers import lattice

MOST = 50


def drills(visit: Visit) -> Shown:
    """Every drill, newest first, and for each use case when the next is due."""
    book = books.book(visit)
    rows = [books.plain(each) for each in book.rows("drills")]
    practices = Practices(visit.house.workspace)
    mine = [each for each in practices.all() if each.actor == visit.me.id]
    return {
        "drills": rows[: -MOST - 1 : -1],
        "n": len(rows),
        "due": _due(visit, book),
        "running": [{**_told(each), "alive": practices.alive(each.id)} for each in mine[:5]],
        "kinds": KINDS,
        "use_cases": list(visit.house.workspace.catalogue),
        "may_run": visit.may(Action.DRILL_RUN, "drill"),
    }


def drill(visit: Visit) -> Shown:
    """One drill: what happened to each case, and why it passed or didn't."""
    book = books.book(visit)
    kept = next((each for each in book.drills if each.name == visit.path["id"]), None)
    if kept is None:
        raise missing("drill")
    facts = kept.facts
    recovered = facts.recovery_ms is not None and (not facts.target_ms or facts.recovery_ms <= facts.target_ms)
    return {
        "id": facts.id,
        "what": facts.what,
        "use_case": facts.use_case,
        "target": facts.target,
        "passed": facts.passed,
        "asked": facts.asked,
        "fallback": facts.fallback,
        "queued": facts.queued,
        "blocked": facts.asked - facts.fallback - facts.queued - facts.uncontrolled,
        "uncontrolled": facts.uncontrolled,
        "recovery_ms": facts.recovery_ms,
        "target_ms": facts.target_ms,
        "seed": facts.seed,
        "began_at": facts.began_at,
        "ended_at": facts.ended_at,
        "actor": Actors(visit).of(kept.last.actor),
        "entry": kept.last.id,
        "index": kept.last.index,
        "checks": {
            "asked": facts.asked > 0,
            "guarded": not facts.uncontrolled,
            "recovered": recovered,
        },
    }


def begin(visit: Visit) -> Goto:
    """Start a drill; its page follows it."""
    what, use_case = visit.form.required("what"), visit.form.required("use_case")
    if what not in KINDS:
        raise Problem(
            _("This can't be practised."), _("Drills are of the kinds in the list."), _("Choose one of the list."),
            code="drill.what", where="what",
        )  # fmt: skip
    workspace = visit.house.workspace
    workspace.catalogue.get(use_case)
    now_ms = workspace.clock.now_ms()
    made = Practice(id=workspace.ids.new(now_ms), what=what, use_case=use_case, actor=visit.me.id, created_ms=now_ms)
    Practices(workspace).begin(made, visit.me)
    return Goto(f"/drills/runs/{made.id}")


def run(visit: Visit) -> Shown:
    """How far a drill is; while it runs, the page comes again by itself."""
    practices = Practices(visit.house.workspace)
    found = practices.get(visit.path["id"], visit.me.id)
    return {**_told(found), "alive": practices.alive(found.id)}


def _told(found: Practice) -> dict[str, Any]:
    return {
        "id": found.id,
        "what": found.what,
        "use_case": found.use_case,
        "state": found.state,
        "created_ms": found.created_ms,
        "passed": found.passed,
        "drill": found.drill,
        "problem": found.problem,
    }


def _due(visit: Visit, book: Book) -> list[dict[str, Any]]:
    """When each use case's next drills are due, by what its tier asks, the earliest first."""
    terms = lattice().terms
    return [
        {
            "use_case": each.use_case,
            "what": each.what,
            "tier": each.tier,
            "days": terms[each.tier].drill_days,
            "last_ms": each.last.ended_at if each.last else None,
            "last_passed": each.last.passed if each.last else None,
            "due_ms": each.due_ms,
            "state": near(each.due_ms, book.now_ms),
        }
        for each in schedule(book, manifests(visit.house.workspace))
    ]
