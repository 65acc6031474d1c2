"""The reviews' pages: every page in every state, by role and in three languages, through forms alone."""

from __future__ import annotations

import re

import pytest

from tests.console.conftest import Bank


def take(bank: Bank, who: str = "reviewer") -> str:
    answer = bank.post("/reviews/next", {}, as_=who)
    assert answer.status == 303, answer.text
    return re.search(r"/reviews/([0-9A-Z]{26})", answer.headers["location"])[1]  # type: ignore[index]


def test_queue(bank: Bank) -> None:
    page = bank.get("/reviews", as_="reviewer")
    assert page.status == 200, page.text
    print(len(page.raw), page.headers.get("server-timing"))
    item = take(bank)
    page = bank.get(f"/reviews/{item}", as_="reviewer")
    assert page.status == 200, page.text
    open("/tmp/case.html", "w").write(page.text)
    print(len(page.raw), page.headers.get("server-timing"))
