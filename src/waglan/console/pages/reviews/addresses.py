"""The addresses of the reviews."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from waglan.access import Action
from waglan.console.page import Answer, Page
from waglan.console.pages.reviews import attention, judging, queue, release, requests
from waglan.console.visit import Visit

_reviews = partial(Page, nav="reviews", kind="review")
_QUEUE = _reviews("/reviews", queue.queue, "reviews/queue.html", Action.REVIEW_READ)
_CASE = _reviews("/reviews/{id}", judging.case, "reviews/case.html", Action.REVIEW_READ)
_RELEASE = _reviews("/reviews/{id}/release", release.release_page, "reviews/release.html", Action.REVIEW_READ)
_REQUESTS = _reviews("/reviews/requests", requests.requests, "reviews/requests.html", Action.REVIEW_READ)
_REQUEST = _reviews("/reviews/requests/{id}", requests.request_page, "reviews/request.html", Action.REVIEW_READ)
_ATTENTION = _reviews("/reviews/attention", attention.attention, "reviews/attention.html", Action.REVIEW_READ)


def _act(address: str, show: Callable[[Visit], Answer], action: Action, again: Page, kind: str = "review") -> Page:
    return Page(address, show, action=action, kind=kind, method="POST", nav="reviews", again=again)


PAGES: tuple[Page, ...] = (
    _QUEUE,
    _REQUESTS,
    _REQUEST,
    _ATTENTION,
    _CASE,
    _RELEASE,
    _act("/reviews/attention", attention.plant, Action.ATTENTION_SEED, _ATTENTION, "attention"),
    _act("/reviews/next", queue.take_next, Action.REVIEW_TAKE, _QUEUE),
    _act("/reviews/requests/{id}/answer", requests.answer, Action.REQUEST_ANSWER, _REQUEST, "request"),
    _act("/reviews/{id}/take", judging.take, Action.REVIEW_TAKE, _CASE),
    _act("/reviews/{id}/verdict", judging.judge, Action.REVIEW_JUDGE, _CASE),
    _act("/reviews/{id}/undo", judging.undo, Action.REVIEW_JUDGE, _CASE),
    _act("/reviews/{id}/hand-back", judging.hand_back, Action.REVIEW_TAKE, _CASE),
    _act("/reviews/{id}/hand-up", judging.hand_up, Action.REVIEW_TAKE, _CASE),
    _act("/reviews/{id}/release", release.release, Action.REVIEW_RELEASE, _RELEASE),
    _act("/reviews/{id}/refuse", release.refuse, Action.REVIEW_RELEASE, _RELEASE),
    _act("/reviews/{id}/return", release.send_back, Action.REVIEW_RELEASE, _RELEASE),
)
