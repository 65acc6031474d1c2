"""How high a use case stands: declared, assessed from its profile, ruled by people, observed in its decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from waglan.core.events import ObservedTier, UseCaseRegistration
from waglan.core.profile import Profile, from_answers
from waglan.core.usecase import Tier
from waglan.registers.history import Kept
from waglan.tiers import TIERS, Observed, Ruling, assess, effective, ruled

if TYPE_CHECKING:
    from waglan.registers.book import Book


class Tiers(NamedTuple):
    """The tiers of a use case, empty where nothing says.

    ``effective`` is the one acted on and ``why`` what makes it so (`waglan.tiers.effective`); ``without`` is what it
    would be without what was observed. ``lowered`` says that it stands lower than it would without two people's ruling.
    """

    assessed: str
    observed: str
    effective: Tier
    why: str
    without: Tier
    lowered: bool


def standing(book: Book, use_case: Kept[UseCaseRegistration]) -> Tiers:
    """The tiers of a use case as of the book's time; a manifest without a known tier counts as critical."""
    facts = use_case.facts
    declared: Any = facts.tier if facts.tier in TIERS else "critical"
    assessed = assess(_profile(facts)).tier if facts.profile else None
    held = rulings(book, use_case.name)
    seen: Kept[ObservedTier] | None = next((each for each in book.observed_tiers if each.name == use_case.name), None)
    observed = Observed(seen.last.index, seen.facts.tier) if seen else None
    found = effective(declared, assessed, held, observed, book.now_ms)
    without = effective(declared, assessed, held, None, book.now_ms)
    raised = effective(declared, assessed, [each for each in held if not each.lowers], observed, book.now_ms)
    lowered = TIERS.index(found.tier) < TIERS.index(raised.tier)
    return Tiers(assessed or "", observed.tier if observed else "", found.tier, found.why, without.tier, lowered)


def rulings(book: Book, use_case: str) -> tuple[Ruling, ...]:
    """The rulings on a use case that weren't taken back, in log order."""
    kept = next((each for each in book.tier_rulings if each.name == use_case), None)
    found: tuple[Ruling, ...] = ()
    for step in kept.steps if kept else ():
        found = ruled(found, step.facts, step.index, step.actor)
    return found


def _profile(facts: UseCaseRegistration) -> Profile:
    """The profile as it was registered; one with answers that this release doesn't know is as good as unanswered."""
    try:
        return from_answers(facts.profile)
    except msgspec.ValidationError:
        return Profile()
