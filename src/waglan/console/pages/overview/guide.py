"""The first visit: six steps, each ticked off by doing it; the guide goes away when people work here."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from waglan.access import Action
from waglan.console.marked import _
from waglan.console.visit import Visit
from waglan.index import counts


class Step(NamedTuple):
    """One step: what, why, where, and whether it was done."""

    key: str
    what: str
    why: str
    address: str
    done: bool
    may: bool


def guide(visit: Visit, connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """The steps, or nothing once there are decisions and colleagues."""
    decided = sum(each.n for each in counts.use_cases(connection))
    people = visit.house.access.people.all()
    if decided and len(people) > 1:
        return []
    kinds = {kind for (kind,) in connection.execute("SELECT DISTINCT kind FROM count_event")}
    keys = "api_key" in kinds
    batch = bool(connection.execute("SELECT 1 FROM shape WHERE n > 1 LIMIT 1").fetchone())
    steps = (
        Step("try", _("Try a use case"), _("Run one case by hand, or train a scorecard first: waglan credit train."),
             "/try", bool(decided), visit.may(Action.USE_CASE_TRY, "use_case")),
        Step("person", _("Add a colleague"), _("A reviewer and an approver: nobody releases their own work."),
             "/settings/people", len(people) > 1, visit.may(Action.PERSON_MANAGE, "person")),
        Step("key", _("Make a key for your systems"), _("They decide over HTTP with it; it is shown once."),
             "/settings/keys", keys, visit.may(Action.KEY_MANAGE, "key")),
        Step("file", _("Decide a file"), _("CSV, JSON lines or Parquet: good rows are decided, bad ones come back."),
             "/try", batch, visit.may(Action.USE_CASE_TRY, "use_case")),
        Step("look", _("Look at a decision"), _("Case, controls, models, route and proof on one page."),
             "/decisions", "read" in kinds or "review" in kinds, visit.may(Action.DECISION_READ, "decision")),
        Step("verify", _("Verify the log"), _("Every entry, root and signature, here or offline by one small program."),
             "/ledger", False, visit.may(Action.LEDGER_READ, "ledger")),
    )  # fmt: skip
    return [step._asdict() for step in steps]
