"""The month's reviews: who sits down when, what their habits make of each case, and who lets the answers out.

All of it goes through `waglan.review.Desk`: cases are taken, shown, judged after as long as the habit takes, and
released by a second person where the desk asks for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from random import Random
from typing import Any, NamedTuple

from waglan.access import Access, Identity
from waglan.harbour.applications import USE_CASE
from waglan.harbour.bank import Deed
from waglan.harbour.clock import PastClock
from waglan.harbour.habits import HABITS, Habit, Seen, suspicious
from waglan.harbour.habits import Judgement as Said
from waglan.harbour.hiring import Employed, sign_in
from waglan.harbour.period import DAY_MS, HONG_KONG_MS, HOUR_MS, MINUTE_MS, Period
from waglan.harbour.plan import Plan
from waglan.review import Desk, Filter, Item, Judgement

SHIFT_MS = 48 * MINUTE_MS
"""A shift ends after this long, so that it never runs into the time at which the next cases are handed over."""
LEFT_MS = 48 * HOUR_MS
"""So long before the end nobody reviews any more: what came in since waits, and some of it is overdue."""
RELEASER = "sharma"
RELEASE_S = 25
LEAVER = "leung"
WAITING_MS = 3 * HOUR_MS
"""So long before the end somebody judges a case that then waits for a second person."""
SATURDAY = (("leung", 9.45, 7), ("tse", 10.95, 6), (RELEASER, 12.45, 99))
WEEKDAY = (*SATURDAY, ("zhang", 13.95, 5), ("kwok", 15.45, 4), (RELEASER, 16.95, 99))
"""Who sits down at which hour, for how many cases at most. A day ends with releases, since verdicts expire."""


SEEDED_ON = (1, 4)
SEEDED = ((9.35, 3), (10.85, 2))
"""On Tuesdays and Fridays, before two reviewers sit down: the hour, and how many cases are seeded."""


class Shift(NamedTuple):
    """Somebody sits down, milliseconds since 1970 UTC, for so many cases at most."""

    key: str
    at_ms: int
    most: int


def shifts(span: Period) -> tuple[Shift, ...]:
    """Every shift of a period, in order."""
    found = []
    for day in _days(span):
        for key, hour, most in () if _weekday(day) == 6 else SATURDAY if _weekday(day) == 5 else WEEKDAY:
            at_ms = day + round(hour * HOUR_MS)
            if span.from_ms <= at_ms < span.until_ms - LEFT_MS:
                found.append(Shift(key, at_ms, most))
    return tuple(found)


def seedings(span: Period) -> tuple[tuple[int, int], ...]:
    """When so many cases with a known wrong answer are planted, milliseconds since 1970 UTC."""
    times = [
        (day + round(hour * HOUR_MS), count)
        for day in _days(span)
        for hour, count in SEEDED
        if _weekday(day) in SEEDED_ON
    ]
    return tuple((at_ms, count) for at_ms, count in times if span.from_ms + DAY_MS < at_ms < span.until_ms - LEFT_MS)


def _days(span: Period) -> range:
    """The midnights of a period's days in Hong Kong."""
    return range(span.midnight(0.0), span.until_ms, DAY_MS)


def _weekday(midnight_ms: int) -> int:
    """0 for Monday to 6 for Sunday."""
    return ((midnight_ms + HONG_KONG_MS) // DAY_MS + 3) % 7


class Reviewers:
    """The people at the desk.

    Parameters
    ----------
    desk, access, employed, plan
        Of the workspace that is being filled.
    cut_off
        Of the model, for telling how close a refusal was.

    Attributes
    ----------
    wrong
        Ids of reviews whose answer is known to be wrong; grows as cases are seeded.
    judged
        How many verdicts there were.
    released
        What left the house after a second person's look, in order.
    """

    def __init__(self, desk: Desk, access: Access, employed: Employed, plan: Plan, cut_off: float) -> None:
        self._desk = desk
        self._access = access
        self._employed = employed
        self._habits: Mapping[str, Habit] = {key: HABITS[name] for key, name in plan.habits.items()}
        self._cut_off = cut_off
        clock = desk.room.workspace.clock
        assert isinstance(clock, PastClock)
        self._clock = clock
        self._random = Random(plan.bank.seed)
        self.wrong: set[str] = set()
        self.judged = 0
        self.released: list[Item] = []

    def deeds(self, span: Period) -> tuple[Deed, ...]:
        """Every shift of a period, and at its end one verdict that waits for a second person."""
        work = tuple(Deed(shift.at_ms, partial(self.work, shift)) for shift in shifts(span))
        seeds = tuple(Deed(at_ms, partial(self.seed, count)) for at_ms, count in seedings(span))
        return (*work, *seeds, Deed(span.until_ms - WAITING_MS, self.leave_one))

    def seed(self, count: int) -> None:
        """Plant cases with a known wrong answer among the real ones."""
        self.wrong.update(self._desk.seed(self.person(RELEASER), USE_CASE, count, random=self._random))

    def leave_one(self) -> None:
        """Leave a verdict that waits for somebody else: a refusal's, or else one that turns the answer."""
        who = self.person(LEAVER)
        self._judge(who, self._habits[LEAVER])
        if not self._desk.counts(who).judged:
            self._judge(who, suspicious)

    def person(self, key: str) -> Identity:
        """An employee who has just signed in."""
        return sign_in(self._access, self._employed, key)

    def work(self, shift: Shift) -> None:
        """One shift, from signing in on."""
        who = self.person(shift.key)
        until_ms = self._clock.now_ms() + SHIFT_MS
        done = 0
        while done < shift.most and self._clock.now_ms() < until_ms:
            if not (self._release(who) if shift.key == RELEASER else self._judge(who, self._habits[shift.key])):
                return
            done += 1

    def _judge(self, who: Identity, habit: Habit) -> bool:
        item = self._desk.next(who, Filter(cause="route")) or self._desk.next(who, Filter(cause="sample"))
        if item is None:
            return False
        shown = self._desk.show(who, item.id)
        self.judged += 1
        said = habit(self._seen(item, shown.outcome))
        self._clock.move_to(self._clock.now_ms() + said.seconds * 1_000)
        self._desk.judge(who, item.id, _judgement(said, item), shown=shown.sha256)
        return True

    def _release(self, who: Identity) -> bool:
        waiting = self._desk.queue(who, Filter(stage="judged"), limit=1).items
        if not waiting:
            return False
        (item,) = waiting
        shown = self._desk.show(who, item.id)
        self._clock.move_to(self._clock.now_ms() + RELEASE_S * 1_000)
        self.released.append(self._desk.release(who, item.id, shown=shown.sha256))
        return True

    def _seen(self, item: Item, recorded: Mapping[str, Any] | None) -> Seen:
        score = ((recorded or {}).get("outcome") or {}).get("score")
        return Seen(
            number=self.judged,
            adverse=item.adverse is not False,
            short=None if score is None else self._cut_off - score,
            stakes_hkd=float(item.stakes_hkd or 0),
            wrong=item.id in self.wrong,
        )


def _judgement(said: Said, item: Item) -> Judgement:
    if said.verdict != "change":
        return Judgement(verdict=said.verdict, reason=said.reason)
    return Judgement(verdict="change", reason=said.reason, effect="approve" if item.adverse else "decline")
