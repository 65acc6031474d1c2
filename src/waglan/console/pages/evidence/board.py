"""The board's page: three figures that are never added up, what is broken, what runs out, what changed."""

from __future__ import annotations

from typing import Any

import msgspec

from waglan.console.page import Shown
from waglan.console.pages.clauses.asked import asked
from waglan.console.pages.clauses.known import kept
from waglan.console.visit import Visit
from waglan.evidence.catalogue import force
from waglan.evidence.pack.gathering import FOR_BOARD, earlier, gather
from waglan.evidence.pack.material import Material
from waglan.evidence.pack.onepage import board
from waglan.evidence.result import Window


def show(visit: Visit) -> Shown:
    """One page for those who answer for it."""
    house = visit.house
    with house.index.reading() as connection:
        wanted = asked(visit, connection)
        in_force = bool(force.periods(connection))
    if not in_force:
        return {**wanted.shown(), "board": None}
    material = _material(visit, wanted.entity, wanted.window)
    page = board(material)
    shown: dict[str, Any] = msgspec.to_builtins(page)
    shown["statuses"] = [{"status": status, "n": n} for status, n in page.statuses.items()]
    return {
        **wanted.shown(),
        "board": shown,
        "log": {"name": material.report.log, "size": material.report.size, "root": material.report.root},
        "made_ms": material.report.made_ms,
        "dues": [msgspec.to_builtins(each) for each in material.dues if each.state in ("running", "missed")],
    }


def _material(visit: Visit, entity: str, window: Window) -> Material:
    workspace, index = visit.house.workspace, visit.house.index
    evidence = visit.house.evidence
    report = evidence.report(entity, window, workspace.clock.now_ms())
    before = evidence.report(entity, earlier(window), workspace.clock.now_ms())
    catalogue = kept(workspace.folder, report.catalogue_digest)
    return gather(workspace, index, report, before if before.recorded else None, catalogue, names=FOR_BOARD)
