"""Keys for machines: what each may do, until when, and when it was used last."""

from __future__ import annotations

from typing import Any

import msgspec

from waglan.access import SCOPES, Action, ApiKey, registrations
from waglan.access.keys import MOST_DAYS
from waglan.console.page import Goto, Page, Shown
from waglan.console.visit import Visit
from waglan.core.problem import Problem


def show(visit: Visit) -> Shown:
    """All keys, newest first, and the form for one more."""
    now_ms = visit.house.workspace.clock.now_ms()
    return {
        "keys": [_shown(key, now_ms) for key in reversed(visit.house.access.keys.all())],
        "scopes": [str(scope) for scope in SCOPES],
        "most_days": MOST_DAYS,
        "secret": "",
        "home": visit.house.public_url or visit.origin,
    }


def create(visit: Visit) -> Shown:
    """Make a key; its secret is shown this once and stored nowhere."""
    form = visit.form
    chosen = [str(scope) for scope in SCOPES if form.text(f"scope-{scope}")]
    made = visit.house.access.keys.create(form.required("name"), chosen, _days(visit), visit.me.id)
    visit.house.workspace.record(registrations.of_key(made.key), actor=visit.me.id)
    return {**show(visit), "secret": made.secret, "made": made.key.name}


def revoke(visit: Visit) -> Goto:
    """A key counts no more, everywhere, within a second."""
    key = visit.house.access.keys.revoke(visit.path["id"])
    visit.house.workspace.record(registrations.of_key(key), actor=visit.me.id)
    return Goto("/settings/keys", "saved")


def _days(visit: Visit) -> int:
    text = visit.form.text("days", str(MOST_DAYS))
    if text.isdecimal() and len(text) < 4:
        return int(text)
    raise Problem(
        "This isn't a number of days.", f"A key lasts from 1 to {MOST_DAYS} days.",
        "Give a whole number.", code="form.number", where="days",
    )  # fmt: skip


def _shown(key: ApiKey, now_ms: int) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(key)
    shown["state"] = "active" if key.open(now_ms) else "revoked" if key.revoked_ms else "expired"
    return shown


_ALL = Page("/settings/keys", show, "settings/keys.html", Action.KEY_MANAGE, "key", nav="settings")

PAGES: tuple[Page, ...] = (
    _ALL,
    _ALL._replace(show=create, method="POST", again=_ALL),
    Page("/settings/keys/{id}/revoke", revoke, "", Action.KEY_MANAGE, "key", "POST"),
)
