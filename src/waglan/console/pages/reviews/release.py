"""The second pair of eyes: the same evidence, the verdict of the first, and release, return or refusal."""

from __future__ import annotations

from typing import Any

import msgspec

from waglan.access import Action, refusals
from waglan.console.page import Goto, Shown
from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.entrance import passkeys_work
from waglan.console.pages.reviews.done import told
from waglan.console.pages.reviews.evidence import evidence
from waglan.console.pages.reviews.judging import header, looked
from waglan.console.pages.reviews.reasons import OTHER, reasons
from waglan.console.visit import Visit
from waglan.core.problem import Problem
from waglan.review import Item, State
from waglan.review.room import MINUTE_MS

_QUEUE = "/reviews?tab=release"


def release_page(visit: Visit) -> Shown | Goto:
    """What an approver sees before letting an answer leave; whoever judged it reads why they can't."""
    item = visit.house.desk.item(visit.me, visit.path["id"])
    if item.state is not State.JUDGED:
        return Goto(f"/reviews/{item.id}")
    actors = Actors(visit)
    found = {
        **header(visit, item, actors),
        "told": told(visit, item),
        "hindered": _hindered(visit, item),
        "evidence": None,
        "verdict": None,
        "options": None,
        "must_confirm": _must_confirm(visit, item),
        "reasons": [r._asdict() for r in reasons(item.use_case)["reject"]],
    }
    if found["hindered"]:
        return found
    visit.require(Action.REVIEW_RELEASE, "review", reviewer=item.judged_by)
    shown = looked(visit, item)
    if isinstance(shown, str):
        found["hindered"] = shown
        return found
    found["evidence"] = evidence(visit, item, shown, actors)
    events = found["evidence"]["events"]
    found["verdict"] = next((e for e in events if e["id"] == item.review), None)
    found["evidence"]["events"] = [e for e in events if e["id"] != item.review]
    if visit.house.access.passkeys.all(visit.me.id) and passkeys_work(visit.origin):
        found["options"] = visit.house.desk.approval_options(visit.me, item.id, shown=shown.sha256, origin=visit.origin)
    return found


def release(visit: Visit) -> Goto:
    """Let the answer leave."""
    passkey = _passkey(visit)
    visit.house.desk.release(
        visit.me, visit.path["id"], shown=visit.form.text("shown"), passkey=passkey, origin=visit.origin
    )
    return Goto(_QUEUE, "review_released")


def refuse(visit: Visit) -> Goto:
    """Keep the answer from leaving."""
    form = visit.form
    if form.text("reason") == OTHER and not form.text("note"):
        raise Problem(
            "Another reason needs a note.", "Nobody could tell later what it was.",
            "Write it in a few words.", code="review.note", where="note",
        )  # fmt: skip
    visit.house.desk.refuse(
        visit.me, visit.path["id"], shown=form.text("shown"), reason=form.text("reason"), note=form.text("note")
    )
    return Goto(_QUEUE, "review_refused")


def send_back(visit: Visit) -> Goto:
    """Ask for another verdict."""
    visit.house.desk.send_back(visit.me, visit.path["id"], visit.form.text("note"))
    return Goto(_QUEUE, "review_returned")


def _hindered(visit: Visit, item: Item) -> str:
    """Why this person can't be the second one: ``own``, ``authenticator``, or nothing."""
    if item.judged_by == visit.me.id:
        return "own"
    return "authenticator" if item.judged_with and item.judged_with == visit.me.authenticator else ""


def _must_confirm(visit: Visit, item: Item) -> bool:
    """Whether releasing needs a passkey's signature or a sign-in of just now."""
    age_ms = visit.house.workspace.clock.now_ms() - visit.me.authenticated_ms
    return item.tier == "critical" and age_ms > visit.house.desk.room.settings.fresh_minutes * MINUTE_MS


def _passkey(visit: Visit) -> dict[str, Any] | None:
    """The browser's answer, where the form asked for one."""
    if not visit.form.text("sign"):
        return None
    try:
        return msgspec.json.decode(visit.form.text("response"), type=dict[str, Any])
    except msgspec.DecodeError:
        raise refusals.passkey("The browser sent none; it may not know passkeys.") from None
