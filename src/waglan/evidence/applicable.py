"""To whom an obligation applies: by the licences an institution holds, never by a list that somebody ticks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from waglan.core.events import Entity
from waglan.core.problem import Problem, nearest
from waglan.evidence.catalogue import Catalogue, Clause
from waglan.evidence.status import Verdict
from waglan.registers import Book


def answering(books: Sequence[Book], entity_id: str, tenant: str) -> Entity:
    """The institution that a report is about.

    Parameters
    ----------
    books
        The registers as they stood then, and as they stand now: an institution that was declared since is asked, too.
    entity_id
        Its id; empty takes the first that was declared, and without any the firm itself, which holds no licence.
    tenant
        The firm whose log it is.

    Raises
    ------
    Problem
        ``evidence.entity`` when there is none of that id.
    """
    declared = [each.facts for book in books for each in book.entities if each.facts.state == "in_force"]
    found = next((each for each in declared if entity_id in {"", each.id}), None)
    if found is not None:
        return found
    if entity_id in {"", tenant} and not declared:
        return Entity(id=tenant, name=tenant)
    raise Problem(
        f"There is no institution {entity_id[:40]!r}.",
        nearest(entity_id, [each.id for each in declared]) or "None is declared in the register.",
        "Choose one of the register, or declare it there with its licences.",
        code="evidence.entity",
        where="entity",
        status=404,
    )


def excused(catalogue: Catalogue, clause: Clause, entity: Entity, book: Book, today: dt.date) -> Verdict | None:
    """Why an obligation doesn't apply to an institution; None when it does."""
    source = catalogue.source_of(clause)
    if source.superseded_by or clause.since > today or (clause.until is not None and clause.until <= today):
        return Verdict("not_applicable", "superseded")
    bound = clause.applies_to or source.applies_to
    if (bound and not set(bound) & set(entity.licences)) or (source.critical_only and not entity.critical):
        return Verdict("not_applicable", "unlicensed")
    if source.unless and _all_say(book, entity, source.unless):
        return Verdict("not_applicable", "unused")
    for each in book.inapplicable:
        said = each.facts
        standing = said.active and (said.until_ms is None or said.until_ms > book.now_ms)
        if standing and said.clause == clause.id and said.entity in {"", entity.id}:
            return Verdict("not_applicable", "excused")
    return None


def _all_say(book: Book, entity: Entity, answers: Sequence[str]) -> bool:
    """Whether every use case that an institution answers for gives one of these answers in its profile."""
    known = [each.facts for each in book.use_cases]
    own = [each for each in known if not entity.use_cases or each.name in entity.use_cases]
    return bool(own) and all(set(answers) & set(each.profile) for each in own)
