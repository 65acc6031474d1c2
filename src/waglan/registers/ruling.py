"""How high a use case stands, by people: raised by one, let below its assessment by two and until a day."""

from __future__ import annotations

from waglan.access.action import Action
from waglan.access.identity import Identity
from waglan.core.events import TierProposal, TierRuling
from waglan.core.problem import Problem
from waglan.ledger.log import Recorded
from waglan.registers.book import Book
from waglan.registers.checks import check_code, check_until, wrong
from waglan.registers.history import Step
from waglan.registers.office import Office
from waglan.registers.standing import rulings


def raise_tier(office: Office, who: Identity | None, facts: TierRuling, note: str) -> Recorded:
    """Let a use case stand higher than it says, from its next decision on."""
    person = office.may(who, Action.TIER_RAISE)
    check_code(facts.reason, "reason")
    with office.writing() as book:
        office.known(book).need("use case", facts.use_case, "use_case")
        check_until(facts.until_ms, office.now_ms())
        (recorded,) = office.record(office.entry(person.id, facts, note=note))
    return recorded


def propose(office: Office, who: Identity | None, facts: TierProposal, note: str) -> Recorded:
    """Ask that a use case may stand lower until a day, or that rulings on it end; another person grants it."""
    person = office.may(who, Action.TIER_RAISE)
    check_code(facts.reason, "reason")
    with office.writing() as book:
        office.known(book).need("use case", facts.use_case, "use_case")
        if facts.state == "taken_back":
            _need_ruling(book, facts.use_case)
        elif facts.until_ms is None:
            raise wrong("until_ms", "A use case stands lower until a day only.", "Give the day.")
        check_until(facts.until_ms, office.now_ms())
        (recorded,) = office.record(office.entry(person.id, facts, note=note))
    return recorded


def grant(office: Office, who: Identity | None, proposal_id: str, note: str) -> Recorded:
    """Grant a proposal as a second person; it counts from the next decision on."""
    with office.writing() as book:
        step = _proposal(book, proposal_id)
        asked = step.facts
        person = office.may(who, Action.TIER_LOWER, step.actor)
        check_until(asked.until_ms, office.now_ms())
        facts = TierRuling(
            active=asked.state != "taken_back", proposer=step.actor, reason=asked.reason, tier=asked.tier,
            until_ms=asked.until_ms, use_case=asked.use_case,
        )  # fmt: skip
        (recorded,) = office.record(office.entry(person.id, facts, refs=(proposal_id,), note=note))
    return recorded


def drop(office: Office, who: Identity | None, proposal_id: str, note: str) -> Recorded:
    """Take a proposal from the table, one's own or somebody else's."""
    person = office.may(who, Action.TIER_RAISE)
    with office.writing() as book:
        asked = _proposal(book, proposal_id)
        facts = TierProposal(
            reason=asked.facts.reason, state="dropped", tier=asked.facts.tier, until_ms=asked.facts.until_ms,
            use_case=asked.facts.use_case,
        )  # fmt: skip
        (recorded,) = office.record(office.entry(person.id, facts, refs=(proposal_id,), note=note))
    return recorded


def take_back(office: Office, who: Identity | None, use_case: str, reason: str, note: str) -> Recorded:
    """End what lets a use case stand lower, which one person may: it stands as high as it is assessed again."""
    person = office.may(who, Action.TIER_RAISE)
    check_code(reason, "reason")
    with office.writing() as book:
        held = [each for each in rulings(book, use_case) if each.lowers]
        if not held:
            raise _none(use_case)
        facts = TierRuling(active=False, reason=reason, tier=held[-1].tier, use_case=use_case)
        (recorded,) = office.record(office.entry(person.id, facts, note=note))
    return recorded


def _need_ruling(book: Book, use_case: str) -> None:
    if not rulings(book, use_case):
        raise _none(use_case)


def _none(use_case: str) -> Problem:
    return Problem(
        f"Nothing is ruled about the tier of {use_case[:60]!r} that could end.", "Nobody raised or lowered it.",
        "Look at the use case's page.", code="register.missing", where=use_case[:60], status=404,
    )  # fmt: skip


def _proposal(book: Book, proposal_id: str) -> Step[TierProposal]:
    found = next((each for each in book.tier_proposals if each.id == proposal_id), None)
    if found is None:
        raise Problem(
            "There is no such proposal.", "It was granted, dropped, or never made.", "Take one from the list.",
            code="register.missing", where=proposal_id[:60], status=404,
        )  # fmt: skip
    return found
