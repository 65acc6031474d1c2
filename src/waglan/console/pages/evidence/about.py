"""What the public may know of AI here, without signing in: made from the register and the manifests in force.

References
----------
HKMA, *Consumer Protection in respect of Use of Big Data Analytics and AI* (2019): transparency and disclosure.
"""

from __future__ import annotations

from typing import Any

import msgspec

from waglan.console.marked import _
from waglan.console.page import Shown
from waglan.console.visit import Visit
from waglan.core.events import UseCaseRegistration
from waglan.core.problem import Problem
from waglan.core.usecase import UseCase
from waglan.evidence.disclosure import Disclosed, disclosed, offered
from waglan.index import events


def use_cases(visit: Visit) -> Shown:
    """What AI does here for customers, one line each."""
    found = [_disclosed(visit, each) for each in _offered(visit)]
    return {
        "firm": _firm(visit),
        "use_cases": [
            {"name": d.name, "title": d.title, "summary": d.summary, "people": d.people, "suspended": d.suspended}
            for d in sorted(found, key=lambda each: each.name)
        ],
    }


def use_case(visit: Visit) -> Shown:
    """One use case: what AI does, with which data, who looks, and how to reach a person."""
    for manifest in _offered(visit):
        if manifest.name == visit.path["use_case"]:
            return {"firm": _firm(visit), "about": _plain(_disclosed(visit, manifest))}
    raise Problem(
        _("There is no such page."),
        _("The address was mistyped, or AI isn't used for this any more."),
        _("Look at the list of what AI does here."),
        code="about.missing",
        status=404,
    )


def _offered(visit: Visit) -> list[UseCase]:
    with visit.house.index.reading() as connection:
        registered = {str(each.facts["name"]) for each in events.registered(connection, UseCaseRegistration.kind)}
    found = []
    for name in registered & set(visit.house.workspace.catalogue):
        try:
            manifest = visit.house.workspace.catalogue.get(name).manifest
        except Problem:  # retired, or its code is gone: nobody meets it
            continue
        if offered(manifest, registered):
            found.append(manifest)
    return found


def _disclosed(visit: Visit, manifest: UseCase) -> Disclosed:
    registers = visit.house.workspace.registers
    wanted = {name for slot in manifest.models.values() for name in slot.use}
    current = {name: model for name in wanted if (model := registers.current(name)) is not None}
    stance = registers.effective_tier(manifest, visit.house.workspace.clock.now_ms())
    return disclosed(manifest, current, stance, suspended=registers.use_case_suspended(manifest.name))


def _plain(found: Disclosed) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(found)
    return told


def _firm(visit: Visit) -> str:
    """What the firm calls itself: the only institution that is registered, else the workspace's own name."""
    with visit.house.index.reading() as connection:
        entities = [e.facts for e in events.registered(connection, "entity")]
    names = [str(e.get("name", "")) for e in entities if e.get("state", "in_force") == "in_force"]
    return names[0] if len(names) == 1 and names[0] else visit.house.tenant
