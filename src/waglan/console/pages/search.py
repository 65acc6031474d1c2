"""Search everywhere: ids, pseudonyms, use cases, models, controls, people, pages; a hit without doubt is gone to."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from waglan.access import Action
from waglan.access.policy import Resource, ruling
from waglan.console import language
from waglan.console.navigation import NAVIGATION
from waglan.console.page import Answer, Goto, Page
from waglan.console.pages.decisions.record import well_formed
from waglan.console.visit import Visit
from waglan.core.control import controls
from waglan.core.decision import DecisionFacts
from waglan.core.problem import Problem
from waglan.index import Filter, decisions, events

MOST = 8
"""So many hits of a group are shown."""
LONGEST = 200
_BEGINNING = re.compile(r"[0-9A-HJKMNP-TV-Z]{6,25}")
"""The beginning of an id or of a pseudonym: long enough to mean something."""


class Hit(NamedTuple):
    """Something found: where it is, what it is called, and a word on it; ``label`` is a text or one per language."""

    address: str
    label: Any
    note: Any = ""


class Group(NamedTuple):
    """Hits of one kind, which the template names."""

    kind: str
    hits: tuple[Hit, ...]
    more: bool = False


def show(visit: Visit) -> Answer:
    """Everything that fits what was typed."""
    if "examiner" in visit.me.roles:
        visit.read("GET /search", why="examination")
    wanted = visit.query.get("q", "").strip()[:LONGEST]
    if not wanted:
        return {"q": "", "groups": []}
    exact = _exact(visit, wanted)
    if exact:
        return Goto(exact)
    groups = [group for look in _LOOKS if (group := _group(look(visit, wanted.casefold(), wanted))) is not None]
    return {"q": wanted, "groups": [{**g._asdict(), "hits": [h._asdict() for h in g.hits]} for g in groups]}


def _exact(visit: Visit, wanted: str) -> str:
    """Where an id or a whole name leads; empty when it leads nowhere, or the visitor may not go there."""
    upper = wanted.upper()
    if well_formed(upper):
        return _by_id(visit, upper)
    workspace = visit.house.workspace
    if wanted in workspace.catalogue and visit.may(Action.USE_CASE_READ, "use_case"):
        return f"/use-cases/{quote(wanted, safe='')}"
    if wanted in controls and visit.may(Action.CONTROL_READ, "control"):
        return f"/controls/{quote(wanted, safe='')}"
    if visit.may(Action.MODEL_READ, "model") and any(m.id == wanted for m in workspace.registers.models()):
        return f"/models/{quote(wanted, safe='')}"
    return _by_person_id(visit, wanted)


def _by_id(visit: Visit, entry_id: str) -> str:
    ledger = visit.house.workspace.ledger
    index = ledger.find(entry_id)
    if index is not None:
        decision = ledger.leaf(index)["kind"] == DecisionFacts.kind
        if decision and visit.may(Action.DECISION_READ, "decision"):
            return f"/decisions/{entry_id}"
        return f"/ledger/entries/{entry_id}" if visit.may(Action.LEDGER_READ, "ledger") else ""
    if visit.may(Action.DECISION_READ, "decision"):
        with visit.house.index.reading() as connection:
            if _known_subject(connection, entry_id):
                return f"/decisions?subject={entry_id}"
    return ""


def _by_person_id(visit: Visit, wanted: str) -> str:
    if wanted.startswith("p-") and visit.may(Action.PERSON_READ, "person"):
        try:
            return f"/settings/people/{quote(visit.house.access.people.get(wanted).id, safe='')}"
        except Problem as problem:
            if problem.status != 404:
                raise
    return ""


def _decisions(visit: Visit, _: str, wanted: str) -> tuple[str, Iterator[Hit]]:
    def found() -> Iterator[Hit]:
        start = wanted.upper()
        if _BEGINNING.fullmatch(start) and visit.may(Action.DECISION_READ, "decision"):
            with visit.house.index.reading() as connection:
                rows = decisions.latest(connection, Filter(text=start), limit=MOST + 1).rows
            for row in rows:
                yield Hit(f"/decisions/{row.id}", row.id, row.use_case)

    return "decisions", found()


def _use_cases(visit: Visit, folded: str, _: str) -> tuple[str, Iterator[Hit]]:
    def found() -> Iterator[Hit]:
        if not visit.may(Action.USE_CASE_READ, "use_case"):
            return
        catalogue = visit.house.workspace.catalogue
        for name in catalogue:
            try:
                manifest = catalogue.get(name).manifest
            except Problem:
                continue  # one that is retired or can't be loaded has a page of its own to say so
            if _within(folded, name, *manifest.title.values(), *manifest.summary.values()):
                yield Hit(f"/use-cases/{quote(name, safe='')}", dict(manifest.title), dict(manifest.summary))

    return "use_cases", found()


def _models(visit: Visit, folded: str, _: str) -> tuple[str, Iterator[Hit]]:
    def found() -> Iterator[Hit]:
        identity, tenant = visit.identity, visit.house.tenant
        for model_id, vendor in dict.fromkeys((m.id, m.vendor) for m in visit.house.workspace.registers.models()):
            resource = Resource("model", tenant, author=f"vendor:{vendor}")
            if _within(folded, model_id, vendor) and ruling(identity, Action.MODEL_READ, resource).allowed:
                yield Hit(f"/models/{quote(model_id, safe='')}", model_id, vendor)

    return "models", found()


def _controls(visit: Visit, folded: str, _: str) -> tuple[str, Iterator[Hit]]:
    def found() -> Iterator[Hit]:
        if not visit.may(Action.CONTROL_READ, "control"):
            return
        for name in controls:
            spec = controls.get(name)
            if _within(folded, name, *spec.summary.values(), *spec.clauses):
                yield Hit(f"/controls/{quote(name, safe='')}", name, dict(spec.summary))

    return "controls", found()


def _people(visit: Visit, folded: str, _: str) -> tuple[str, Iterator[Hit]]:
    def found() -> Iterator[Hit]:
        if not visit.may(Action.PERSON_READ, "person"):
            return
        for person in visit.house.access.people.all():
            if _within(folded, person.name, person.email):
                yield Hit(f"/settings/people/{quote(person.id, safe='')}", person.name, person.email)

    return "people", found()


def _pages(visit: Visit, folded: str, _: str) -> tuple[str, Iterator[Hit]]:
    def found() -> Iterator[Hit]:
        words = [language.catalogue(each) for each in language.NAMES]
        for entry in NAVIGATION:
            names = [each.gettext(entry.label) for each in words]
            if visit.may(entry.action, entry.kind) and _within(folded, entry.label, *names):
                labels = dict(zip(language.NAMES, names, strict=True))
                yield Hit(entry.address, labels)

    return "pages", found()


def _customer(visit: Visit, _: str, wanted: str) -> tuple[str, Iterator[Hit]]:
    """Who the firm's own reference stands for. It is looked up whole; that somebody was found is recorded."""

    def found() -> Iterator[Hit]:
        if not visit.may(Action.SUBJECT_FIND, "subject"):
            return
        subject = visit.house.workspace.vault.known(wanted)
        if subject:
            visit.read("subject", subject=subject, why="search")
            yield Hit(f"/decisions?subject={subject}", subject)

    return "customer", found()


_LOOKS: tuple[Callable[[Visit, str, str], tuple[str, Iterator[Hit]]], ...] = (
    _customer, _decisions, _use_cases, _models, _controls, _people, _pages,
)  # fmt: skip


def _group(found: tuple[str, Iterator[Hit]]) -> Group | None:
    kind, hits = found
    some = [hit for hit, _ in zip(hits, range(MOST + 1), strict=False)]
    return Group(kind, tuple(some[:MOST]), len(some) > MOST) if some else None


def _within(folded: str, *texts: str) -> bool:
    return any(folded in text.casefold() for text in texts)


def _known_subject(connection: sqlite3.Connection, subject: str) -> bool:
    """Whether anything on the log is about a pseudonym."""
    return bool(decisions.latest(connection, Filter(subject=subject), limit=1).rows) or bool(
        events.of_subject(connection, subject, limit=1).rows
    )


PAGES: tuple[Page, ...] = (Page("/search", show, "search/search.html"),)
