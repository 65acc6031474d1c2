"""Customers who ask: for an explanation or a correction that they got, and for two things that still wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from waglan.core.case import Language
from waglan.harbour.bank import Deed
from waglan.harbour.period import HOUR_MS, Period
from waglan.harbour.reviewing import Reviewers
from waglan.review import Desk, Item

COUNTER, ANSWERS = "ho", "kwok"
"""Who takes the question down, and who answers it."""
ASKED_MS = 2 * HOUR_MS
"""So long before the end the questions come in that still wait."""
ANSWERED = (0.4, 0.6)
"""At these shares of the period a question is asked and answered."""
CORRECTED = 0.8
What = Literal["explanation", "human_review"]


class Customers:
    """Who asks about answers that left the house.

    Parameters
    ----------
    desk
        Where questions are put.
    reviewers
        They know what was released.
    """

    def __init__(self, desk: Desk, reviewers: Reviewers) -> None:
        self._desk = desk
        self._reviewers = reviewers
        self._asked = 0

    def deeds(self, span: Period) -> tuple[Deed, ...]:
        """What they do in a period."""
        answered = (
            *(Deed(span.at(share), self._asks("explanation", answered=True)) for share in ANSWERED),
            Deed(span.at(CORRECTED), self._corrects),
        )
        waiting = (self._asks("human_review", answered=False), self._asks("explanation", answered=False))
        return (*answered, *(Deed(span.until_ms - ASKED_MS, each) for each in waiting))

    def _asks(self, what: What, *, answered: bool) -> Callable[[], None]:
        def do() -> None:
            about = self._next()
            if about is None:
                return
            item = self._desk.request(
                self._reviewers.person(COUNTER), about.decision, what, channel="branch", language=_language(about)
            )
            if answered:
                self._desk.answer(self._reviewers.person(ANSWERS), item.id, "explained")

        return do

    def _corrects(self) -> None:
        """A customer shows that a debt was paid off before."""
        about = self._next()
        if about is not None:
            right = {"inputs.existing_debt_hkd": 0}
            self._desk.correct(self._reviewers.person(ANSWERS), about.decision, right, "input_wrong")

    def _next(self) -> Item | None:
        """An answer against the customer that was released and not asked about yet."""
        refusals = [item for item in self._reviewers.released if item.adverse and item.outcome == "as_decided"]
        if self._asked >= len(refusals):
            return None
        self._asked += 1
        return refusals[-self._asked]


def _language(item: Item) -> Language:
    known: tuple[Language, ...] = ("en", "zh-Hant", "zh-Hans")
    return next((each for each in known if each == item.language), "zh-Hant")
