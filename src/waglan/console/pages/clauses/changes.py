"""What changed: from one catalogue in force to the next, and what people raised by opening the source."""

from __future__ import annotations

import sqlite3
from collections import Counter
from itertools import pairwise
from typing import Any

from waglan.console.page import Shown
from waglan.console.pages.clauses import known, wording
from waglan.console.visit import Visit
from waglan.core.events import CatalogueInForce, WordingSeen
from waglan.evidence.catalogue import Catalogue, Change, differences
from waglan.index import events
from waglan.registers.history import Step, steps

MOST_CHANGES = 60
MOST_WORDINGS = 50


def changes(visit: Visit) -> Shown:
    """Every catalogue that was in force, newest first, with what it changed; and wordings that people looked at."""
    with visit.house.index.reading() as connection:
        found = _periods(connection)
        seen = steps(events.raw(connection, (WordingSeen.kind,)), WordingSeen)
    current = known.catalogue(visit)
    folder = visit.house.workspace.folder
    read = [known.kept(folder, each.facts.digest) for each in found]
    steps_ = [_version(visit, each, old, new) for each, (old, new) in zip(found[1:], pairwise(read), strict=True)]
    if found:
        steps_.insert(0, _version(visit, found[0], None, read[0]))
    pending = differences(read[-1], known.shipped()) if read else ()
    return {
        "versions": steps_[::-1],
        "pending": _listed(pending),
        "pending_n": len(pending),
        "shipped": _named(known.shipped()),
        "wordings": [_seen(visit, each, current) for each in reversed(seen[-MOST_WORDINGS:])],
        "wordings_n": len(seen),
    }


def _periods(connection: sqlite3.Connection) -> list[Step[CatalogueInForce]]:
    """Catalogues in the order they came into force, one that came again at once counted once."""
    found: list[Step[CatalogueInForce]] = []
    for each in steps(events.raw(connection, (CatalogueInForce.kind,)), CatalogueInForce):
        if not found or found[-1].facts.digest != each.facts.digest:
            found.append(each)
    return found


def _version(visit: Visit, step: Step[CatalogueInForce], old: Catalogue | None, new: Catalogue) -> dict[str, Any]:
    made = differences(old, new) if old is not None else ()
    return {
        **_named(new),
        "at_ms": step.at_ms,
        "actor": known.who(visit, step.actor),
        "index": step.index,
        "first": old is None,
        "n": len(made),
        "by_what": dict(Counter(each.what for each in made).most_common()),
        "changes": _listed(made),
    }


def _named(found: Catalogue) -> dict[str, Any]:
    return {
        "id": found.id,
        "version": found.version,
        "as_of": found.as_of.isoformat(),
        "digest": found.digest,
        "clauses": len(found.clauses),
        "tests": len(found.tests()),
    }


def _listed(made: tuple[Change, ...]) -> list[dict[str, Any]]:
    return [known.plain(each) for each in made[:MOST_CHANGES]]


def _seen(visit: Visit, each: Step[WordingSeen], current: Catalogue) -> dict[str, Any]:
    own = next((clause for clause in current.clauses if clause.id == each.facts.clause), None)
    return {**wording.step(visit, each), "clause": each.facts.clause, "letter": own.letter if own else ""}
