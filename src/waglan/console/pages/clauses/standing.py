"""What people stand for: an obligation attested until a day, withdrawn, or declared not to apply."""

from __future__ import annotations

import datetime as dt
from urllib.parse import quote, urlencode

from waglan.console.language import HONG_KONG
from waglan.console.marked import _
from waglan.console.page import Goto
from waglan.console.pages.clauses import known
from waglan.console.pages.clauses.asked import Asked, asked
from waglan.console.visit import Visit
from waglan.core.problem import Problem

MOST_DAYS = 3 * 366
MOST_LETTERS = 2_000
EXCUSES = ("no_such_use", "not_offered", "elsewhere", "advice", "other")


def attest(visit: Visit) -> Goto:
    """Stand for a clause until a day."""
    clause_id, wanted = _about(visit)
    visit.house.registrar.attest(
        visit.me,
        clause_id,
        entity=wanted.entity,
        until_ms=_end_of(visit, "until"),
        document=visit.form.text("document")[:64],
        note=_note(visit),
    )
    return _back(clause_id, wanted, "attested")


def withdraw(visit: Visit) -> Goto:
    """Stand for it no longer."""
    clause_id, wanted = _about(visit)
    visit.house.registrar.withdraw_attestation(visit.me, clause_id, entity=wanted.entity)
    return _back(clause_id, wanted, "attestation_withdrawn")


def excuse(visit: Visit) -> Goto:
    """Declare that a clause doesn't apply to an institution."""
    clause_id, wanted = _about(visit)
    reason = visit.form.required("reason")
    if reason not in EXCUSES:
        raise Problem(
            _("That is no reason here."), _("The log holds a code; the words belong into the note."),
            _("Choose one of the list."), code="clause.reason", where="reason",
        )  # fmt: skip
    visit.house.registrar.inapplicable(
        visit.me, clause_id, wanted.entity, reason, until_ms=_end_of(visit, "until"), note=_note(visit)
    )
    return _back(clause_id, wanted, "inapplicable")


def include(visit: Visit) -> Goto:
    """Take such a declaration back."""
    clause_id, wanted = _about(visit)
    visit.house.registrar.inapplicable(visit.me, clause_id, wanted.entity, "applies", active=False, note=_note(visit))
    return _back(clause_id, wanted, "applicable")


def _about(visit: Visit) -> tuple[str, Asked]:
    """The clause of the address, and the institution that the form is about."""
    entity = visit.form.text("entity")
    own = known.clause(known.catalogue(visit), visit.path["id"])
    with visit.house.index.reading() as connection:
        wanted = asked(visit._replace(query={"entity": entity}), connection)
    return own.id, wanted


def _back(clause_id: str, wanted: Asked, notice: str) -> Goto:
    about = f"?{urlencode({'entity': wanted.entity})}" if wanted.entity != wanted.first else ""
    return Goto(f"/clauses/{quote(clause_id)}{about}", notice)


def _note(visit: Visit) -> str:
    note = visit.form.text("note")
    if len(note) > MOST_LETTERS:
        raise Problem(
            _("This is too long."), _("A note is for a few sentences."),
            _("Register a document that says it, and name it here."), code="clause.long", where="note",
        )  # fmt: skip
    return note


def _end_of(visit: Visit, name: str) -> int:
    """The end of a day in Hong Kong to come, milliseconds since 1970 UTC."""
    now_ms = visit.house.workspace.clock.now_ms()
    try:
        day = dt.datetime.combine(dt.date.fromisoformat(visit.form.required(name)), dt.time(), HONG_KONG)
        end_ms = int((day + dt.timedelta(days=1)).timestamp() * 1000)
    except (ValueError, OverflowError):
        end_ms = 0
    if not now_ms < end_ms <= now_ms + MOST_DAYS * 86_400_000:
        raise Problem(
            _("That day can't end it."), _("It isn't a day to come, or lies more than three years ahead."),
            _("Give the last day on which it counts."), code="clause.until", where=name,
        )  # fmt: skip
    return end_ms
