"""The pages of use cases."""

from __future__ import annotations

from typing import Any

import msgspec

from waglan.access import Action
from waglan.console.page import Page, Shown
from waglan.console.pages import figures
from waglan.console.pages.use_cases import card, ruling, tier
from waglan.console.visit import Visit
from waglan.core.events import UseCaseRegistration
from waglan.core.problem import Problem
from waglan.index import counts, events
from waglan.index.events import Happened

DAYS = 30


def use_cases(visit: Visit) -> Shown:
    """Every use case with its figures."""
    wanted = figures.span(visit.house.workspace.clock.now_ms(), DAYS)
    with visit.house.index.reading() as connection:
        found = counts.decisions(connection, *wanted.ends, by_day=False)
    names = dict.fromkeys((*visit.house.workspace.catalogue, *sorted({each.use_case for each in found})))
    return {
        "use_cases": [
            {**_listed(visit, name), "live": _short(figures.live((s for s in found if s.use_case == name), wanted))}
            for name in names
        ]
    }


def _listed(visit: Visit, name: str) -> dict[str, Any]:
    try:
        m = visit.house.workspace.catalogue.get(name).manifest
    except Problem as problem:
        return {"name": name, "title": {"en": name}, "problem": problem.as_dict()}
    registers, now_ms = visit.house.workspace.registers, visit.house.workspace.clock.now_ms()
    return {
        "name": name,
        "title": m.title,
        "owner": m.owner,
        "tier": registers.effective_tier(m, now_ms).tier,
        "phase": m.phase,
        "suspended": registers.use_case_suspended(name),
        "problem": None,
    }


def _short(live: dict[str, Any]) -> dict[str, Any]:
    return {name: live[name] for name in ("total", "routes", "adverse_share")}


def use_case(visit: Visit) -> Shown:
    """The card of one use case."""
    name = visit.path["name"]
    wanted = figures.span(visit.house.workspace.clock.now_ms(), DAYS)
    with visit.house.index.reading() as connection:
        live = figures.live(counts.decisions(connection, *wanted.ends, use_case=name), wanted)
        live |= {"scores": figures.scores(connection, wanted, name), **figures.latency(connection, wanted, [name])}
        registered = events.registrations(connection, "use_case", name)
    try:
        loaded = visit.house.workspace.catalogue.get(name)
    except Problem as problem:
        if problem.code == "use_case.unknown" and name not in visit.house.workspace.catalogue and not registered:
            raise
        shown = {"name": name, "title": {"en": name}, "summary": {}, "problem": problem.as_dict()}
        return {**shown, "live": live, "versions": _versions(registered, "")}
    return {
        **card.declared(loaded),
        "problem": None,
        "models": card.slots(visit, loaded.manifest),
        "controls": card.plan(loaded.manifest),
        "live": live,
        "versions": _versions(registered, loaded.digest),
        **tier.told(visit, loaded.manifest),
    }


def _versions(registered: tuple[Happened, ...], digest: str) -> list[dict[str, Any]]:
    """Every manifest that came into force, newest first."""
    rows = []
    for each in registered:
        facts = msgspec.convert(each.facts, UseCaseRegistration)
        rows.append(
            {
                "at_ms": each.at_ms,
                "version": facts.version,
                "tier": facts.tier,
                "phase": facts.phase,
                "owner": facts.owner,
                "digest": facts.policy_digest,
                "now": facts.policy_digest == digest,
            }
        )
    return rows


_A, _K = Action.USE_CASE_READ, "use_case"
_CARD = Page("/use-cases/{name}", use_case, "use_cases/card.html", _A, _K, nav="use-cases")
PAGES: tuple[Page, ...] = (
    Page("/use-cases", use_cases, "use_cases/list.html", _A, _K, nav="use-cases"),
    _CARD,
    Page("/use-cases/{name}/tier", ruling.rule, "", Action.TIER_RAISE, "tier", "POST", again=_CARD),
)
