"""The board's page: three figures that are never added up, what is broken, what runs out, what changed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from waglan.console.house import House
from waglan.console.page import Shown
from waglan.console.pages.clauses.asked import asked
from waglan.console.pages.clauses.known import kept
from waglan.console.visit import Visit
from waglan.evidence.catalogue import force
from waglan.evidence.pack.gathering import FOR_BOARD, earlier, gather
from waglan.evidence.pack.material import Material
from waglan.evidence.pack.onepage import board
from waglan.evidence.result import Window

MINUTE_MS = 60_000
"""Clocks and validations run by the minute; what else the page shows changes with the log alone."""


def show(visit: Visit) -> Shown:
    """One page for those who answer for it."""
    house = visit.house
    with house.index.reading() as connection:
        wanted = asked(visit, connection)
        in_force = bool(force.periods(connection))
    if not in_force:
        return {**wanted.shown(), "board": None}
    return {**wanted.shown(), **_page(house, wanted.entity, wanted.window)}


class _Moment(NamedTuple):
    """When nothing that the page shows can have changed: the log's size, and the minute."""

    folder: str
    entity: str
    window: Window
    size: int
    minute: int


class _Asking:
    """A house at a moment; two are the same when their moments are."""

    def __init__(self, house: House, moment: _Moment) -> None:
        self.house, self.moment = house, moment

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asking) and other.house is self.house and other.moment == self.moment

    def __hash__(self) -> int:
        return hash((id(self.house), self.moment.folder, self.moment.entity, self.moment.size, self.moment.minute))


class _BehindError(Exception):
    """The page was made while the log is further than what was counted: shown, and not kept."""

    def __init__(self, page: dict[str, Any]) -> None:
        super().__init__()
        self.page = page


def _page(house: House, entity: str, window: Window) -> dict[str, Any]:
    now_ms = house.workspace.clock.now_ms()
    size = house.workspace.ledger.head().size
    moment = _Moment(str(house.workspace.folder), entity, window, size, now_ms // MINUTE_MS)
    try:
        return _kept(_Asking(house, moment))
    except _BehindError as behind:
        return behind.page


@lru_cache(maxsize=16)
def _kept(asking: _Asking) -> dict[str, Any]:
    """The page of a moment, made once: two reports and the registers take a tenth of a second of a large log."""
    material = _material(asking.house, asking.moment.entity, asking.moment.window)
    page = board(material)
    shown: dict[str, Any] = msgspec.to_builtins(page)
    shown["statuses"] = [{"status": status, "n": n} for status, n in page.statuses.items()]
    made = {
        "board": shown,
        "log": {"name": material.report.log, "size": material.report.size, "root": material.report.root},
        "made_ms": material.report.made_ms,
        "dues": [msgspec.to_builtins(each) for each in material.dues if each.state in ("running", "missed")],
    }
    if material.report.size < asking.moment.size:
        raise _BehindError(made)
    return made


def _material(house: House, entity: str, window: Window) -> Material:
    workspace = house.workspace
    now_ms = workspace.clock.now_ms()
    report = house.evidence.report(entity, window, now_ms)
    before = house.evidence.report(entity, earlier(window), now_ms)
    catalogue = kept(workspace.folder, report.catalogue_digest)
    return gather(workspace, house.index, report, before if before.recorded else None, catalogue, names=FOR_BOARD)
