"""The queue: what waits, most urgent first, and the next case at a keystroke."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from waglan.access import Action
from waglan.console.marked import _
from waglan.console.page import Goto, Shown
from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.decisions.why import explained
from waglan.console.pages.reviews.done import done, where
from waglan.console.pages.reviews.names import use_case_title
from waglan.console.pages.reviews.scope import Scope, address, scope
from waglan.console.visit import Visit
from waglan.index.record import details
from waglan.review import Counts, Filter, Item
from waglan.review.settings import TIERS

ROWS = 50
_DETAILS = (
    "SELECT d.id, t.said FROM json_each(?) AS asked CROSS JOIN decision d ON d.id = asked.value "
    "JOIN detail t USING (detail)"
)


TABS: Mapping[str, str] = MappingProxyType({
    "waiting": _("Waiting"),
    "mine": _("Mine"),
    "release": _("To release"),
    "overdue": _("Overdue"),
    "samples": _("Samples"),
    "requests": _("Requests"),
    "finished": _("Finished"),
})  # fmt: skip
"""The parts of the queue, and what they are called."""


def queue(visit: Visit) -> Shown:
    """One part of the queue, fifty rows."""
    desk, me = visit.house.desk, visit.me
    tab = visit.query.get("tab", "") if visit.query.get("tab", "") in TABS else "waiting"
    wanted = scope(visit.query)
    found = desk.queue(me, _filter(tab, wanted, me.id), after=visit.query.get("after", ""), limit=ROWS)
    counts = desk.counts(me)
    return {
        "done": done(visit, visit.query.get("done", "")),
        "tab": tab,
        "tabs": [{"key": key, "label": label, "count": _count(key, counts)} for key, label in TABS.items()],
        "scope": wanted.fields,
        "use_cases": {name: use_case_title(visit, name) for name in sorted({*counts.by_use_case, *_named(wanted)})},
        "tiers": TIERS[::-1],
        "rows": _rows(visit, found.items),
        "older": address("/console/reviews", wanted, tab=tab, after=found.next) if found.next else "",
        "newest": address("/console/reviews", wanted, tab=tab) if visit.query.get("after") else "",
        "may_take": visit.may(Action.REVIEW_TAKE, "review"),
        "may_release": visit.may(Action.REVIEW_RELEASE, "review"),
        "may_measure": visit.may(Action.ATTENTION_READ, "attention") or visit.may(
            Action.ATTENTION_READ, "attention", author=me.id
        ),
    }  # fmt: skip


def take_next(visit: Visit) -> Goto:
    """Take the most urgent case that this person may take, within the scope."""
    wanted = scope(visit.form.fields)
    item = visit.house.desk.next(visit.me, wanted.filter)
    if item is None:
        return Goto(address("/reviews", wanted), "review_none")
    return Goto(address(where(item), wanted))


def _filter(tab: str, wanted: Scope, me: str) -> Filter:
    base = wanted.filter
    if tab == "samples":
        return msgspec.structs.replace(base, cause="sample")
    if tab == "requests":
        return msgspec.structs.replace(base, cause="request")
    parts: dict[str, dict[str, Any]] = {
        "mine": {"holder": me},
        "release": {"stage": "judged"},
        "overdue": {"overdue": True},
        "finished": {"stage": "finished"},
    }
    return msgspec.structs.replace(base, **parts.get(tab, {}))


def _count(tab: str, counts: Counts) -> int | None:
    """How many wait there, where the desk counts them."""
    return {
        "waiting": counts.open,
        "mine": counts.mine,
        "release": counts.judged,
        "overdue": counts.overdue,
        "requests": counts.requests,
    }.get(tab)


def _named(wanted: Scope) -> tuple[str, ...]:
    return (wanted.use_case,) if wanted.use_case else ()


def _rows(visit: Visit, items: tuple[Item, ...]) -> list[dict[str, Any]]:
    """Items as rows: with titles, names, and why each came."""
    actors = Actors(visit)
    titles = {name: use_case_title(visit, name) for name in {item.use_case for item in items}}
    me, whys = visit.me.id, _whys(visit, items)
    return [
        {
            **msgspec.to_builtins(item),
            "title": titles[item.use_case],
            "mine": item.holder == me,
            "by": actors.of(item.holder or item.judged_by),
            "stakes": None if item.stakes_hkd is None else float(item.stakes_hkd),
            "why": [explained(code)._asdict() for code in whys.get(item.decision, ())],
        }
        for item in items
    ]


def _whys(visit: Visit, items: tuple[Item, ...]) -> dict[str, tuple[str, ...]]:
    """The codes of each decision's route, by decision."""
    wanted = msgspec.json.encode([item.decision for item in items if item.cause == "route"]).decode()
    with visit.house.index.reading() as connection:
        return {decision: details(said).why for decision, said in connection.execute(_DETAILS, (wanted,))}
