"""How high a use case stands and why: declared, assessed from its profile, ruled by people, observed in decisions."""

from __future__ import annotations

from typing import Any

import msgspec

from waglan.access import Action
from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.incidents import stopping
from waglan.console.pages.registers import book as books
from waglan.console.pages.use_cases.card import oversight
from waglan.console.pages.use_cases.ruling import REASONS, before
from waglan.console.visit import Visit
from waglan.core.profile import AXES, Profile
from waglan.core.usecase import UseCase
from waglan.registers import Book
from waglan.registers.standing import rulings, standing
from waglan.tiers import TIERS, assess, labels


def told(visit: Visit, manifest: UseCase) -> dict[str, Any]:
    """Every tier of a use case with its reasons, its profile, and the kill switch."""
    book = books.book(visit)
    held, tiers = rulings(book, manifest.name), _tiers(visit, book, manifest)
    cases = assess(manifest.profile).cases if manifest.profile is not None else "none"
    return {
        "tiers": tiers,
        "oversight": oversight(tiers["effective"], cases),
        "assessment": _assessment(visit, manifest.profile) if manifest.profile is not None else None,
        "profile": _profile(visit, manifest.profile),
        "observed": _observed(book, manifest.name),
        "rulings": _rulings(visit, book, manifest.name),
        "proposals": _proposals(visit, book, manifest.name),
        "tiers_known": TIERS,
        "tier_reasons": REASONS,
        "may_raise": visit.may(Action.TIER_RAISE, "tier"),
        "ruled": bool(held),
        "lowered": any(each.lowers for each in held),
        "stop": stopping.target(visit, book, "use_case", manifest.name),
    }


def _tiers(visit: Visit, book: Book, manifest: UseCase) -> dict[str, Any]:
    kept = next((each for each in book.use_cases if each.name == manifest.name), None)
    if kept is not None:
        found = standing(book, kept)
        return {"declared": manifest.tier, "assessed": found.assessed, "observed": found.observed,
                "effective": found.effective, "why": found.why}  # fmt: skip
    highest = before(visit, manifest.name)
    assessed = assess(manifest.profile).tier if manifest.profile is not None else ""
    why = "declared" if highest == manifest.tier else "assessed"
    return {"declared": manifest.tier, "assessed": assessed, "observed": "", "effective": highest, "why": why}


def _assessment(visit: Visit, profile: Profile) -> dict[str, Any]:
    found, words = assess(profile), labels()
    return {
        "tier": found.tier,
        "dpo": found.dpo,
        "triggers": [
            {
                "id": each.trigger.id,
                "tier": each.trigger.tier,
                "title": each.trigger.title,
                "cites": each.trigger.cites,
                "missing": [words.axis(axis, visit.language) for axis in each.unknown],
            }
            for each in found.fired
        ],
        "unknown": [words.axis(axis, visit.language) for axis in found.unknown],
        "oversight": found.oversight,
        "floors": [{"id": each.id, "title": each.title} for each in found.floors],
        "sample": found.sample,
        "retention_days": found.retention_days,
        "drill_days": found.drill_days,
    }


def _profile(visit: Visit, profile: Profile | None) -> list[dict[str, str]]:
    """Axis and answer in the visitor's language; an empty answer isn't given."""
    if profile is None:
        return []
    words = labels()
    given = msgspec.structs.asdict(profile)
    return [
        {
            "axis": words.axis(axis, visit.language),
            "answer": "" if given[axis] is None else words.answer(axis, given[axis], visit.language),
        }
        for axis in AXES
    ]


def _observed(book: Book, name: str) -> dict[str, Any] | None:
    seen = next((each for each in book.observed_tiers if each.name == name), None)
    if seen is None:
        return None
    return {"tier": seen.facts.tier, "n": seen.facts.n, "triggers": seen.facts.triggers, "at_ms": seen.last.at_ms}


def _rulings(visit: Visit, book: Book, name: str) -> list[dict[str, Any]]:
    """What people ruled of its tier, newest first."""
    kept = next((each for each in book.tier_rulings if each.name == name), None)
    actors = Actors(visit)
    return [
        {
            "at_ms": step.at_ms,
            "actor": actors.of(step.actor),
            "proposer": actors.of(step.facts.proposer),
            "active": step.facts.active,
            "tier": step.facts.tier,
            "reason": step.facts.reason,
            "until_ms": step.facts.until_ms,
            "index": step.index,
            "entry": step.id,
        }
        for step in reversed(kept.steps if kept else ())
    ]


def _proposals(visit: Visit, book: Book, name: str) -> list[dict[str, Any]]:
    """What was asked and nobody granted yet."""
    actors = Actors(visit)
    return [
        {
            "id": step.id,
            "at_ms": step.at_ms,
            "actor": actors.of(step.actor),
            "ends": step.facts.state == "taken_back",
            "tier": step.facts.tier,
            "reason": step.facts.reason,
            "until_ms": step.facts.until_ms,
            "may_grant": visit.may(Action.TIER_LOWER, "tier", author=step.actor),
        }
        for step in book.tier_proposals
        if step.facts.use_case == name
    ]
