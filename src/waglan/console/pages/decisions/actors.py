"""Who stands behind an id on the log: names are looked up when a page is made, and never stand on the log."""

from __future__ import annotations

from typing import NamedTuple

from waglan.console.visit import Visit
from waglan.core.problem import Problem


class Actor(NamedTuple):
    """An actor of the log; ``name`` is empty where nobody of that id is known any more."""

    id: str
    kind: str
    name: str = ""


class Actors:
    """Names for one page, each looked up once."""

    def __init__(self, visit: Visit) -> None:
        self._access = visit.house.access
        self._known: dict[str, Actor] = {}

    def of(self, actor: str) -> dict[str, str] | None:
        """Who an id is: of kind ``person``, ``machine``, ``local`` or ``other``; None for nobody."""
        if not actor:
            return None
        if actor not in self._known:
            self._known[actor] = self._look(actor)
        return self._known[actor]._asdict()

    def _look(self, actor: str) -> Actor:
        try:
            if actor.startswith("p-"):
                return Actor(actor, "person", self._access.people.get(actor).name)
            if actor.startswith("k-"):
                return Actor(actor, "machine", self._access.keys.get(actor).name)
        except Problem as problem:
            if problem.status != 404:
                raise
        kind = {"p-": "person", "k-": "machine"}.get(actor[:2], "local" if actor == "cli" else "other")
        return Actor(actor, kind)
