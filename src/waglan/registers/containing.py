"""The kill switch: a use case, a model or a vendor's models answer no more, until somebody else lets them again."""

from __future__ import annotations

from waglan.access.action import Action
from waglan.access.identity import Identity
from waglan.core.events import Suspension
from waglan.core.events.incidents import Target
from waglan.core.problem import Problem
from waglan.ledger.log import Recorded
from waglan.registers.checks import check_code
from waglan.registers.office import Office

_WHAT = {"use_case": "use case", "model": "model", "vendor": "supplier"}


def suspend(
    office: Office, who: Identity | None, target: Target, name: str, *, reason: str, refs: tuple[str, ...], note: str
) -> Recorded:
    """Stop something from answering, everywhere within a second; ``register.state`` (409) when it is stopped."""
    person = office.may(who, Action.SUSPENSION_BEGIN)
    check_code(reason, "reason")
    with office.writing() as book:
        if target not in _WHAT:
            raise _wrong_target(target)
        office.known(book).need(_WHAT[target], name, "id")
        if book.suspended(target, name):
            raise _state(name, "It is suspended already.")
        facts = Suspension(active=True, id=name, reason=reason, target=target)
        (recorded,) = office.record(office.entry(person.id, facts, refs=refs, note=note))
    return recorded


def resume(office: Office, who: Identity | None, target: Target, name: str, *, reason: str, note: str) -> Recorded:
    """Let something answer again; another person does it than the one who suspended it."""
    check_code(reason, "reason")
    with office.writing() as book:
        kept = next((s for s in book.suspensions if (s.facts.target, s.facts.id) == (target, name)), None)
        begun = kept.last if kept is not None and kept.facts.active else None
        person = office.may(who, Action.SUSPENSION_END, begun.actor if begun else "")
        if begun is None:
            raise _state(name, "It isn't suspended.")
        facts = Suspension(active=False, id=name, reason=reason, target=target)
        (recorded,) = office.record(office.entry(person.id, facts, refs=(begun.id,), note=note))
    return recorded


def _state(name: str, why: str) -> Problem:
    return Problem(
        f"{name[:60]!r} stays as it is.", why, "Look at what is suspended now.", code="register.state", where=name[:60],
        status=409,
    )  # fmt: skip


def _wrong_target(target: str) -> Problem:
    return Problem(
        f"{target[:40]!r} can't be suspended.", "A use case, a model or a vendor can.",
        "Give use_case, model or vendor.", code="register.value", where="target",
    )  # fmt: skip
