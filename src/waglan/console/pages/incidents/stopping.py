"""The kill switch on pages: what is stopped now, stopping something, and letting it answer again."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from waglan.access import Action
from waglan.console.marked import _
from waglan.console.page import Goto, Shown
from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.registers import book as books
from waglan.console.visit import Visit
from waglan.core.events.incidents import Target
from waglan.core.problem import Problem
from waglan.registers import Book

TARGETS: tuple[Target, ...] = ("use_case", "model", "vendor")
REASONS = ("incident", "harm", "drift", "validation", "vendor", "regulator", "maintenance", "drill", "other")
REASONS_TO_RESUME = ("fixed", "tested", "false_alarm", "over", "other")
_MOST = 50


def suspensions(visit: Visit) -> Shown:
    """What is stopped now, what was, and the form to stop something."""
    found = books.book(visit)
    actors = Actors(visit)
    kept = [_shown(visit, each, actors) for each in found.suspensions]
    kept.sort(key=lambda each: -each["at_ms"])
    return {
        "stopped": [each for each in kept if each["active"]],
        "before": [each for each in kept if not each["active"]][:_MOST],
        "choices": choices(visit, found),
        "reasons": REASONS,
        "reasons_to_resume": REASONS_TO_RESUME,
        "may_stop": visit.may(Action.SUSPENSION_BEGIN, "suspension"),
        "asked": {name: visit.query.get(name, "") for name in ("target", "id")},
    }


def stop(visit: Visit) -> Goto:
    """Something answers no more, in every process, from the next decision on."""
    target, name = _named(visit)
    if visit.form.text("sure") != "yes":
        raise Problem(
            _("Nothing was stopped."), _("Stopping changes what customers get, so it is confirmed by a tick."),
            _("Tick the box and send it again."), code="suspension.unsure", where="sure",
        )  # fmt: skip
    books.registrar(visit).suspend(visit.me, target, name, visit.form.required("reason"))
    return Goto(_back(visit, target, name), "suspended")


def resume(visit: Visit) -> Goto:
    """It answers again; somebody else than who stopped it says so."""
    target, name = _named(visit)
    books.registrar(visit).resume(visit.me, target, name, visit.form.required("reason"))
    return Goto(_back(visit, target, name), "resumed")


def target(visit: Visit, found: Book, what: Target, name: str) -> dict[str, Any]:
    """How one thing stands, for the buttons on its own page."""
    kept = next((s for s in found.suspensions if (s.facts.target, s.facts.id) == (what, name)), None)
    active = kept is not None and kept.facts.active
    return {
        "target": what,
        "id": name,
        "active": active,
        "since": _shown(visit, kept, Actors(visit)) if kept is not None and active else None,
        "reasons": REASONS,
        "reasons_to_resume": REASONS_TO_RESUME,
        "may_stop": visit.may(Action.SUSPENSION_BEGIN, "suspension"),
        "may_resume": active and kept is not None and _may_resume(visit, kept),
    }


def choices(visit: Visit, found: Book) -> dict[str, list[str]]:
    """What can be stopped, by kind."""
    return {
        "use_case": list(visit.house.workspace.catalogue),
        "model": sorted({m.id for m in visit.house.workspace.registers.models()}),
        "vendor": sorted({str(each["vendor"]) for each in found.rows("vendors")}
                         | {m.vendor for m in visit.house.workspace.registers.models() if m.vendor}),
    }  # fmt: skip


def _shown(visit: Visit, kept: Any, actors: Actors) -> dict[str, Any]:
    last = kept.last
    return {
        "target": last.facts.target,
        "id": last.facts.id,
        "active": last.facts.active,
        "reason": last.facts.reason,
        "actor": actors.of(last.actor),
        "at_ms": last.at_ms,
        "entry": last.id,
        "may_resume": last.facts.active and _may_resume(visit, kept),
    }


def _may_resume(visit: Visit, kept: Any) -> bool:
    return visit.may(Action.SUSPENSION_END, "suspension", author=kept.last.actor)


def _named(visit: Visit) -> tuple[Target, str]:
    """What the form names: one field for kind and id together, or one each."""
    kind, _sep, name = visit.form.text("what").partition(":")
    kind, name = kind or visit.form.text("target"), name or visit.form.text("id")
    if kind not in TARGETS or not name:
        raise Problem(
            _("It isn't said what is meant."), _("A use case, a model or a vendor can be stopped."),
            _("Choose one of the list."), code="suspension.target", where="what",
        )  # fmt: skip
    return kind, name


def _back(visit: Visit, target: Target, name: str) -> str:
    """The page that the button stood on."""
    if visit.form.text("from") != "own":
        return "/suspensions"
    place = {"use_case": "/use-cases/", "model": "/models/", "vendor": "/vendors/"}[target]
    return place + quote(name)
