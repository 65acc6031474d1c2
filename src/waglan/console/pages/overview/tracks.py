"""The two tracks: what AI does for us, and what it does to people. Only what the record can say."""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import Any

from waglan.console.pages import figures
from waglan.console.pages.figures import Span
from waglan.core.decision import PRIVACY_CONTROL
from waglan.index import counts, events

WORKING_DAY_S = 8 * 3_600
JUDGED = 500
"""So many of the newest verdicts say how long a person takes for a case."""
WEIGHED = 500
MOST = 8
"""So many use cases and controls are listed."""


def tracks(connection: sqlite3.Connection, wanted: Span, drawn: Span, now_ms: int) -> dict[str, Any]:
    """Both tracks of a stretch of days; ``drawn`` is the stretch of the chart, which is longer for a single day."""
    made = counts.decisions(connection, *drawn.ends)
    inside = [each for each in made if each.day >= wanted.ends[0]]
    whole = figures.live(inside, wanted)
    names = sorted({each.use_case for each in inside})
    by_use_case = [
        {"name": name, **_short(figures.live((each for each in inside if each.use_case == name), wanted))}
        for name in names
    ]
    by_use_case.sort(key=lambda each: -each["total"])
    whole |= {name: figures.live(made, drawn)[name] for name in ("days", "by_day")}
    return {
        "live": {name: whole[name] for name in ("total", "routes", "days", "by_day")},
        "by_use_case": by_use_case[:MOST],
        "for_us": {
            "saved": _saved(connection, whole["routes"]["auto"]),
            "stakes_waiting": _stakes(connection),
            **figures.latency(connection, wanted, names),
        },
        "to_people": {
            "adverse": whole["adverse"],
            "adverse_share": whole["adverse_share"],
            "adverse_effect": _only({each.effect for each in inside if each.adverse}),
            **_later(connection, wanted),
            **_controls(connection, wanted),
            "told": _told(connection, wanted),
            "opt_outs": _events(connection, wanted)["opt_out"],
            "by_use_case": sorted(
                [each for each in by_use_case if each["adverse_share"] is not None], key=lambda e: -e["adverse_share"]
            )[:MOST],
        },
    }


def _short(live: dict[str, Any]) -> dict[str, Any]:
    return {name: live[name] for name in ("total", "routes", "adverse", "adverse_known", "adverse_share")}


def _only(effects: set[str]) -> str:
    """The one answer that is to somebody's disadvantage, for a link to those decisions; empty for several."""
    return next(iter(effects)) if len(effects) == 1 else ""


def _saved(connection: sqlite3.Connection, automatic: int) -> dict[str, float] | None:
    """What it would take people to look at the automatic decisions, at the time they take for a case now.

    None as long as no verdict says how long that is. ``days`` are of eight hours.
    """
    verdicts = events.latest(connection, ("review",), limit=JUDGED).rows
    seconds = sorted(each.facts.get("review_seconds", 0) for each in verdicts if each.facts.get("review_seconds"))
    if not seconds or not automatic:
        return None
    median = seconds[len(seconds) // 2]
    return {"seconds_each": median, "hours": automatic * median / 3_600, "days": automatic * median / WORKING_DAY_S}


def _stakes(connection: sqlite3.Connection) -> dict[str, Any] | None:
    """Hong Kong dollars at stake in the cases that wait for a person now; None where no case says.

    Of a longer queue only the first `WEIGHED` are added up; ``more`` says so.
    """
    found, waiting = connection.execute(
        "SELECT sum(CAST(stakes_hkd AS REAL)), count(*) FROM "
        "(SELECT stakes_hkd FROM review_item WHERE waiting > 0 ORDER BY waiting, priority DESC, due_ms LIMIT ?)",
        (WEIGHED,),
    ).fetchone()
    return None if found is None else {"hkd": float(found), "more": waiting == WEIGHED}


def _later(connection: sqlite3.Connection, wanted: Span) -> dict[str, Any]:
    """What people did on these days: verdicts, overrides, corrections, customers' requests."""
    found = Counter[tuple[str, str]]()
    for each in counts.later(connection, *wanted.ends, by_day=False):
        found[each.kind, each.what] += each.n
    of = Counter[str]()
    for (kind, _), n in found.items():
        of[kind] += n
    return {
        "reviewed": of["review"],
        "changed": found["review", "change"] + found["review", "reject"],
        "overridden": of["override"],
        "corrected": of["correction"],
        "requests": of["request"],
        "answers": of["answer"],
    }


def _controls(connection: sqlite3.Connection, wanted: Span) -> dict[str, Any]:
    found = counts.controls(connection, *wanted.ends, by_day=False)
    why = Counter[str]()
    for each in counts.traits(connection, *wanted.ends, trait="why"):
        if each.value.startswith("control:"):
            why[each.value.removeprefix("control:")] += each.n
    return {
        "masked": sum(each.n for each in found if each.control == PRIVACY_CONTROL and each.verdict == "redact"),
        "stopped_by": [{"control": name, "n": n} for name, n in why.most_common(MOST)],
    }


def _told(connection: sqlite3.Connection, wanted: Span) -> float | None:
    """The share of decisions in which the customer was told that AI was used."""
    found = counts.traits(connection, *wanted.ends, trait="disclosure")
    total = sum(each.n for each in found)
    return sum(each.n for each in found if each.value) / total if total else None


def _events(connection: sqlite3.Connection, wanted: Span) -> Counter[str]:
    found = Counter[str]()
    for each in events.counts(connection, *wanted.ends):
        found[each.kind] += each.n
    return found
