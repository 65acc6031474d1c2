"""People on pages of registers: on the log an id, here a name for those who may read about people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from waglan.access import Action
from waglan.console.pages.decisions.actors import Actors
from waglan.console.visit import Visit
from waglan.registers import Book


def names(visit: Visit, rows: Iterable[Mapping[str, Any]], members: Iterable[str]) -> dict[str, str]:
    """Names by id for people who stand in rows; empty for those who may not read about people."""
    wanted = tuple(members)
    return _names(visit, {str(row.get(member) or "") for row in rows for member in wanted})


def everybody(visit: Visit, found: Book) -> list[dict[str, Any]]:
    """Who may act, in which roles, and what they were trained in; those without a training that counts come first."""
    rows = [dict(each) for each in found.rows("people")]
    known = _names(visit, [str(each["person"]) for each in rows])
    told = [
        {
            "person": each["person"],
            "name": known.get(str(each["person"]), ""),
            "roles": list(each["roles"] or ()),
            "topics": list(each["topics"] or ()),
            "trained_at": each["trained_at"],
            "until_at": each["until_at"],
        }
        for each in rows
    ]
    return sorted(told, key=lambda each: (each["trained_at"] is not None, each["name"], each["person"]))


def options(visit: Visit, found: Book) -> list[dict[str, str]]:
    """Everybody on the register of people, to choose from: with names for those who may read about people."""
    ids = [each.name for each in found.people if each.facts.state == "active"]
    known = _names(visit, ids)
    return sorted(
        ({"value": each, "label": known.get(each, "")} for each in ids), key=lambda each: (each["label"], each["value"])
    )


def _names(visit: Visit, ids: Iterable[str]) -> dict[str, str]:
    if not visit.may(Action.PERSON_READ, "person"):
        return {}
    actors = Actors(visit)
    found = {each: actors.of(each) for each in ids if each.startswith("p-")}
    return {each: actor["name"] for each, actor in found.items() if actor and actor["name"]}
