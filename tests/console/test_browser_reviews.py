"""A reviewer's morning by keyboard alone, an approver's after it, and both without JavaScript, in a real browser."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import pytest

from tests.console.conftest import Served
from waglan.console import House
from waglan.runtime import Workspace

IN_HAND = re.compile(r"/console/reviews/[0-9A-Z]{26}")


def focus(page: Any) -> str:
    """What has the focus, in a word that a test can hold on to."""
    found: str = page.evaluate(
        "() => { const e = document.activeElement; return e.getAttribute('name') || e.dataset.key || e.tagName; }"
    )
    return found


def item_of(page: Any) -> str:
    found = re.search(r"/reviews/([0-9A-Z]{26})", page.url)
    assert found, page.url
    return found[1]


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def press_and_go(page: Any, key: str) -> None:
    """A key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)


def clicks(page: Any) -> None:
    """From here on a mouse click would fail the test."""
    page.add_init_script("addEventListener('pointerdown', () => { throw new Error('a mouse was used'); }, true)")


@pytest.fixture
def complaints() -> list[str]:
    return []


def watched(page: Any, complaints: list[str]) -> Any:
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" and "409" not in m.text else None)
    clicks(page)
    return asked(page)


def asked(page: Any) -> Any:
    """What can't be undone asks first; yes is one more Enter."""
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def test_a_reviewers_morning_by_keyboard_only(browser_page: Any, complaints: list[str]):
    page = watched(browser_page("reviewer"), complaints)
    page.goto("/console/reviews")
    # down the list, up again, open what is under the focus
    press(page, "j", "j", "k")
    first = page.evaluate("() => document.activeElement.getAttribute('href')")
    assert first == page.eval_on_selector("tr[data-row] a", "e => e.getAttribute('href')")
    press_and_go(page, "Enter")
    assert first in page.url
    press_and_go(page, "t")  # take it
    one = item_of(page)
    # agreeing takes two choices, as changing does
    press(page, "a", "1")
    assert page.is_checked("input[value=agree]")
    assert page.is_checked("input[name=reason_agree][data-key='1']")
    press(page, "m")
    assert focus(page) == "note"
    page.keyboard.type("Payslips of acrs seen")  # letters are text here, no commands
    press(page, "Escape")
    press_and_go(page, "s")
    two = item_of(page)
    assert two != one  # the next case at once
    assert page.is_visible("text=waits for a second person")
    # second thoughts: undo, change, and record with Enter
    press_and_go(page, "u")
    assert item_of(page) == one
    assert not page.is_checked("input[value=agree]")
    press(page, "c")
    assert page.is_visible("#f-effect")
    assert page.input_value("#f-effect") == "approve"
    press(page, "2")
    press_and_go(page, "Enter")
    assert item_of(page) == two
    # hand one back, hand one up, reject one
    press_and_go(page, "h")
    assert page.url.partition("?")[0].endswith("/console/reviews")
    press_and_go(page, "t")
    press_and_go(page, "e")
    press_and_go(page, "t")
    three = item_of(page)
    press(page, "r", "3")
    press_and_go(page, "s")
    assert page.is_visible("text=Rejected")
    # a key without all that is needed doesn't lose what was typed
    press(page, "a", "m")
    page.keyboard.type("kept")
    press(page, "Escape")
    press_and_go(page, "s")
    assert page.is_visible("[role=alert]")
    assert page.input_value("#f-note") == "kept"
    press(page, "1")
    press_and_go(page, "s")
    # the search, and back
    press(page, "/")
    assert focus(page) == "q"
    press(page, "Escape")
    assert focus(page) == "BODY"
    page.goto(f"/console/reviews/{three}")
    assert page.is_visible("text=has to release it")
    press_and_go(page, "n")
    assert IN_HAND.search(page.url)
    assert not [c for c in complaints if "422" not in c]


def test_an_approver_releases_by_keyboard_and_the_four_eyes_hold(browser_page: Any, served: Served):
    reviewer = browser_page("reviewer2")
    reviewer.goto("/console/reviews")
    press_and_go(reviewer, "t")
    item = item_of(reviewer)
    press(reviewer, "a", "1")
    press_and_go(reviewer, "s")
    approver = asked(browser_page("approver"))
    approver.goto("/console/reviews?tab=release")
    approver.goto(f"/console/reviews/{item}/release")
    assert approver.is_visible("text=What the reviewer said")
    press_and_go(approver, "s")
    assert approver.is_visible("text=The answer has left.")
    # whoever judged reads why somebody else has to release, also with an approver's role
    reviewer.goto(f"/console/reviews/{item}/release")
    assert "/release" not in reviewer.url  # it has left: the case itself
    with Workspace.open(served.folder) as workspace, contextlib.closing(House.open(workspace)) as house:
        person = next(p for p in house.access.people.all() if p.name.startswith("reviewer2"))
        house.access.people.change(person.id, roles=("reviewer", "approver"))
    reviewer.goto("/console/reviews")
    press_and_go(reviewer, "t")
    own = item_of(reviewer)
    press(reviewer, "r", "1")
    press_and_go(reviewer, "s")
    reviewer.goto(f"/console/reviews/{own}/release")
    assert reviewer.is_visible("text=You gave this verdict yourself")
    assert not reviewer.query_selector("form[action$='/release']")


def test_renewing_doesnt_lose_what_was_typed(browser_page: Any, complaints: list[str]):
    page = watched(browser_page("reviewer"), complaints)
    page.goto("/console/reviews")
    press_and_go(page, "t")
    press(page, "c", "m")
    page.keyboard.type("half a thought")
    press(page, "Escape")
    before = page.url
    with page.expect_response(lambda r: r.url.endswith("/take")):
        page.evaluate("() => document.querySelector('#lease form[action$=take] button').focus()")
        press(page, "Enter")
    page.wait_for_selector("#lease form[action$=take]")
    assert page.url == before
    assert page.input_value("#f-note") == "half a thought"
    press(page, "1")
    press_and_go(page, "s")
    assert item_of(page)
    assert not complaints


def test_what_cant_be_undone_asks_first(browser_page: Any):
    page = browser_page("reviewer")
    page.on("dialog", lambda dialog: dialog.dismiss())
    page.goto("/console/reviews")
    press_and_go(page, "t")
    item = item_of(page)
    press(page, "e")
    page.wait_for_timeout(200)
    assert item_of(page) == item
    assert page.is_visible("#verdict")


def test_the_whole_way_without_javascript(browser_page: Any):
    page = browser_page("reviewer", java_script_enabled=False)
    page.goto("/console/reviews")
    page.click("text=Next case")
    item = item_of(page)
    page.check("input[value=agree]")
    page.check("input[name=reason_agree] >> nth=0")
    page.fill("#f-note", "By mouse, without a script.")
    page.click("text=Record and stay")
    assert item_of(page) == item
    assert page.is_visible("text=has to release it")
    approver = browser_page("approver", java_script_enabled=False)
    approver.goto(f"/console/reviews/{item}/release")
    assert approver.is_visible("text=By mouse, without a script.")
    approver.click("button:has-text('Release')")
    assert approver.is_visible("text=The answer has left.")


@pytest.mark.parametrize(("lang", "verdict"), [("zh-Hant", "同意"), ("zh-Hans", "同意")])
def test_the_keys_are_the_same_in_every_language(browser_page: Any, lang: str, verdict: str):
    page = browser_page("reviewer", lang)
    page.goto("/console/reviews")
    press_and_go(page, "t")
    press(page, "a", "1")
    press_and_go(page, "s")
    assert page.is_visible(f"[role=status] >> text={verdict}")
