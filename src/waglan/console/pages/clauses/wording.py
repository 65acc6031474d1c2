"""The review kit: clause by clause, somebody opens the source and says what they saw."""

from __future__ import annotations

import sqlite3
from typing import Any
from urllib.parse import quote

from waglan.access import Action
from waglan.console.marked import _
from waglan.console.page import Goto, Shown
from waglan.console.pages.clauses import known
from waglan.console.visit import Visit
from waglan.core.events import Document, WordingSeen
from waglan.core.problem import Problem
from waglan.evidence.catalogue import Catalogue, Clause
from waglan.index import events
from waglan.registers.history import Step, fold, steps

WORDINGS = ("primary", "secondary", "unverified")
MOST_LETTERS = 300
_OPEN = {"U": 0, "S": 1}


def worklist(visit: Visit) -> Shown:
    """Every clause whose wording nobody verified yet, unverified ones first, source by source."""
    found = known.catalogue(visit)
    with visit.house.index.reading() as connection:
        seen = _counted(connection)
    waiting = _waiting(found)
    letters = [clause.letter for clause in found.clauses]
    return {
        "waiting": [
            {
                "id": each.id, "letter": each.letter, "text": each.text, "source": each.source,
                "issuer": found.sources[each.source].issuer, "title": found.sources[each.source].title,
                "reference": found.sources[each.source].reference, "single": each.single,
                "existence": each.existence, "looked": seen.get(each.id, 0),
            }
            for each in waiting
        ],
        "letters": {letter: letters.count(letter) for letter in ("V", "S", "U")},
        "total": len(letters),
        "next": waiting[0].id if waiting else "",
        "may_verify": visit.may(Action.CLAUSE_VERIFY, "clause"),
    }  # fmt: skip


def form(visit: Visit) -> Shown:
    """What was seen of a clause so far, beside what somebody sees now."""
    found = known.catalogue(visit)
    own = known.clause(found, visit.path["id"])
    with visit.house.index.reading() as connection:
        said, papers = known.said(connection, own.id), documents(connection, own.id)
    source = found.sources[own.source]
    return {
        "id": own.id,
        "text": own.text,
        "letter": own.letter,
        "wording": own.wording,
        "locator": own.locator,
        "single": own.single,
        "existence": own.existence,
        "seen": [{**known.plain(each), "on": each.on.isoformat(), "primary": each.primary} for each in own.seen],
        "source": {
            "issuer": source.issuer, "title": source.title, "date": source.date.isoformat(),
            "reference": source.reference, "url": source.url, "kind": source.kind,
        },
        "wordings": [step(visit, each) for each in reversed(said.wordings)],
        "documents": papers,
        "choices": WORDINGS,
        "next": _after(found, own.id),
        "left": len(_waiting(found)),
        "may_verify": visit.may(Action.CLAUSE_VERIFY, "clause"),
    }  # fmt: skip


def see(visit: Visit) -> Goto:
    """Put on the log what somebody saw of a clause, and go on to the next one."""
    found = known.catalogue(visit)
    own = known.clause(found, visit.path["id"])
    chosen = visit.form.required("wording")
    if chosen not in WORDINGS:
        raise _unknown(chosen)
    locator, where = _short(visit, "locator"), _short(visit, "where")
    if chosen == "primary" and not (locator and where):
        raise Problem(
            _("The wording can't be called verified yet."),
            _("That needs the paper that was opened and the paragraph that says so."),
            _("Say what you opened and name the paragraph, or choose a lower status."),
            code="clause.locator",
            where="locator" if where else "where",
        )
    seen = WordingSeen(
        clause=own.id, document=_short(visit, "document"), locator=locator, where=where, wording=chosen  # type: ignore[arg-type] # checked above
    )  # fmt: skip
    visit.house.registrar.wording_seen(visit.me, seen)
    following = _after(found, own.id)
    if visit.form.text("then") == "next" and following:
        return Goto(f"/clauses/{quote(following)}/wording", "wording_seen")
    return Goto(f"/clauses/{quote(own.id)}", "wording_seen")


def step(visit: Visit, each: Step[WordingSeen]) -> dict[str, Any]:
    """What somebody saw, as pages show it."""
    return {
        "wording": each.facts.wording,
        "locator": each.facts.locator,
        "where": each.facts.where,
        "document": each.facts.document,
        "at_ms": each.at_ms,
        "actor": known.who(visit, each.actor),
        "entry": each.id,
    }


def documents(connection: sqlite3.Connection, clause_id: str) -> list[dict[str, str]]:
    """Documents in force to choose from, those for this clause first."""
    kept = fold(steps(events.raw(connection, (Document.kind,)), Document), lambda each: each.id)
    found = [each.facts for each in kept if each.facts.state == "in_force"]
    found.sort(key=lambda each: (clause_id not in each.clauses, each.id))
    return [{"id": each.id, "title": each.title, "own": "yes" if clause_id in each.clauses else ""} for each in found]


def _waiting(found: Catalogue) -> list[Clause]:
    """Duties that aren't V, the unverified first, in the order of the catalogue."""
    open_ = [each for each in found.clauses if each.letter != "V" and each.duty]
    return sorted(open_, key=lambda each: _OPEN[each.letter])


def _after(found: Catalogue, clause_id: str) -> str:
    """The clause that comes next in the worklist; the first one after the last."""
    waiting = [each.id for each in _waiting(found)]
    if clause_id not in waiting:
        return waiting[0] if waiting else ""
    following = waiting[(waiting.index(clause_id) + 1) % len(waiting)]
    return "" if following == clause_id else following


def _counted(connection: sqlite3.Connection) -> dict[str, int]:
    kept = fold(steps(events.raw(connection, (WordingSeen.kind,)), WordingSeen), lambda each: each.clause)
    return {each.name: len(each.steps) for each in kept}


def _short(visit: Visit, name: str) -> str:
    text = visit.form.text(name)
    if len(text) > MOST_LETTERS:
        raise Problem(
            _("This is too long."), _("It stands on the log for good."), _("Say it in 300 letters or fewer."),
            code="clause.long", where=name,
        )  # fmt: skip
    return text


def _unknown(chosen: str) -> Problem:
    return Problem(
        _("That is no status of a wording."), _("It is verified, from a secondary source, or unverified."),
        _("Choose one of the three."), code="clause.wording", where=chosen[:40],
    )  # fmt: skip
