"""People who see, question and decide: the queue, the desk, and how attentive a review was."""

from waglan.review.attention import Standing
from waglan.review.desk import Desk
from waglan.review.item import Item
from waglan.review.judging import Judgement
from waglan.review.notify import Notify
from waglan.review.pages import Counts, Filter, Page
from waglan.review.periodic import Rounds, rounds
from waglan.review.projection import Queue
from waglan.review.receipts import CustomerView, Receipts
from waglan.review.requests import Answered
from waglan.review.settings import ReviewSection
from waglan.review.shown import Shown
from waglan.review.state import State

__all__ = [
    "Answered",
    "Counts",
    "CustomerView",
    "Desk",
    "Filter",
    "Item",
    "Judgement",
    "Notify",
    "Page",
    "Queue",
    "Receipts",
    "ReviewSection",
    "Rounds",
    "Shown",
    "Standing",
    "State",
    "rounds",
]
