"""A customer's data: opt-out, legal hold, restriction, retention, erasure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from waglan.access import Action
from waglan.console import language
from waglan.console.page import Goto, Page, Shown
from waglan.console.visit import Visit
from waglan.core.problem import Problem
from waglan.index import events
from waglan.ledger import erasure
from waglan.ledger.log import Recorded

_LIMIT = 50


def find(visit: Visit) -> Shown:
    """Look a customer up by the firm's own reference; that somebody looked is recorded."""
    reference = visit.query.get("ref", "").strip() or visit.form.text("ref")
    if not reference:
        return {"reference": "", "subject": "", "events": [], "standing": {}}
    subject = visit.house.workspace.vault.known(reference)
    if subject is None:
        raise Problem(
            "Nobody is known under this reference.", "No decision names it, or the person was erased.",
            "Check how your systems write it.", code="vault.unknown", where="ref", status=404,
        )  # fmt: skip
    visit.read("subject", subject=subject, why="settings")
    visit.house.index.follow()
    with visit.house.index.reading() as connection:
        found = msgspec.to_builtins(events.of_subject(connection, subject, limit=_LIMIT).rows)
        standing = msgspec.to_builtins(events.standing(connection, subject))
    return {"reference": reference, "subject": subject, "events": found, "standing": standing}


def opt_out(visit: Visit) -> Goto:
    """The customer refuses automated decisions, or takes that back."""
    workspace, form = visit.house.workspace, visit.form
    use_case = form.text("use_case")
    if use_case:
        workspace.catalogue.get(use_case)
    workspace.opt_out(form.required("ref"), use_case, active=form.text("active") == "1", actor=visit.me.id)
    return Goto("/settings/customers", "recorded")


def hold(visit: Visit) -> Goto:
    """A legal hold begins: erasure is refused while it lasts."""
    return _done(visit, lambda who, basis, actor: erasure.hold(visit.house.workspace.ledger, who, basis, actor))


def release(visit: Visit) -> Goto:
    """A legal hold ends."""
    return _done(visit, lambda who, basis, actor: erasure.release_hold(visit.house.workspace.ledger, who, basis, actor))


def restrict(visit: Visit) -> Goto:
    """Data are kept but no longer read, or that is lifted."""
    active = visit.form.text("active") == "1"
    ledger = visit.house.workspace.ledger
    return _done(visit, lambda who, basis, actor: erasure.restrict(ledger, who, basis, actor, active=active))


def retain(visit: Visit) -> Goto:
    """Data must be kept until a day."""
    until_ms = _day(visit.form.required("until"))
    ledger = visit.house.workspace.ledger
    return _done(visit, lambda who, basis, actor: erasure.retain(ledger, who, until_ms, basis, actor))


def erase(visit: Visit) -> Goto:
    """Shred a customer's keys; the reference is typed again, because nothing brings the data back."""
    if visit.form.required("again") != visit.form.required("ref"):
        raise Problem(
            "The reference typed again differs.", "Erasure can't be undone, so it is asked for twice.",
            "Type the customer's reference exactly as above.", code="form.again", where="again",
        )  # fmt: skip
    return _done(visit, lambda who, basis, actor: erasure.erase(visit.house.workspace.ledger, who, basis, actor))


def _done(visit: Visit, act: Callable[[str, str, str], Recorded]) -> Goto:
    act(visit.form.required("ref"), visit.form.required("basis"), visit.me.id)
    visit.house.workspace.runtime.refresh()
    return Goto("/settings/customers", "recorded")


def _day(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=language.HONG_KONG).timestamp() * 1000)
    except ValueError:
        raise Problem(
            "This isn't a date.", "The first day on which erasure is allowed is written as 2033-12-31.",
            "Choose a date.", code="form.date", where="until",
        ) from None  # fmt: skip


_FIND = Page("/settings/customers", find, "settings/subjects.html", Action.SUBJECT_FIND, "subject", nav="settings")


def _act(name: str, show: Callable[[Visit], Any], action: Action) -> Page:
    return Page(f"/settings/customers/{name}", show, "", action, "subject", "POST", again=_FIND)


PAGES: tuple[Page, ...] = (
    _FIND,
    _act("opt-out", opt_out, Action.SUBJECT_OPT_OUT),
    _act("hold", hold, Action.SUBJECT_HOLD),
    _act("release", release, Action.SUBJECT_HOLD),
    _act("restrict", restrict, Action.SUBJECT_HOLD),
    _act("retain", retain, Action.SUBJECT_HOLD),
    _act("erase", erase, Action.SUBJECT_ERASE),
)
