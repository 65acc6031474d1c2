"""Every page in a real browser: three languages, light and dark, narrow and zoomed, with and without JavaScript."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.console.addresses import Address, addresses
from tests.console.conftest import PASSWORD, Served
from waglan.console import static

LANGUAGES = ("en", "zh-Hant", "zh-Hans")
PROSE = r"(?:[A-Za-z][a-z'’]+[ ,.;:]+){3,}[a-z'’]+"
"""Four English words in a row: prose, not a name or a code."""
READ_TEXT = """() => {
  const seen = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const at = walk.currentNode.parentElement;
    if (!at.closest('code, pre, kbd, .id, textarea, script, style, [translate=no], main [lang], .tongues'))
      seen.push(walk.currentNode.textContent.trim());
  }
  return seen.filter(t => t);
}"""
WIDE = """() => [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1
  && !e.closest('.scroll, pre')).slice(0, 3).map(e => e.outerHTML.slice(0, 120))"""
TOFU = """(chars) => {
  const size = 24, draw = (c) => {
    const canvas = document.createElement('canvas'), g = canvas.getContext('2d', {willReadFrequently: true});
    canvas.width = canvas.height = size * 2;
    g.font = size + 'px ' + getComputedStyle(document.documentElement).fontFamily;
    g.fillText(c, 4, size + 4);
    return g.getImageData(0, 0, size * 2, size * 2).data.join();
  };
  const box = [draw('\\u{10FFFE}'), draw('\\u{0378}')];
  return chars.filter(c => box.includes(draw(c)));
}"""


class Visitor:
    """Goes from page to page as whoever may see it, and gathers what is wrong on the way."""

    def __init__(self, browser_page: Any, lang: str, **options: Any) -> None:
        self._open = lambda role: browser_page(role, lang, **options)
        self._pages: dict[str, Any] = {}
        self.wrong: list[str] = []

    def goto(self, place: Address) -> Any:
        """The page, when it could be opened without a complaint of the browser."""
        if place.role not in self._pages:
            page = self._pages[place.role] = self._open(place.role)
            page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
            page.on("console", lambda m: self.wrong.append(f"{page.url}: {m.text}") if m.type == "error" else None)
        page = self._pages[place.role]
        answer = page.goto(place.address, wait_until="load")
        if answer.status != 200:
            self.wrong.append(f"{place.address}: {answer.status} {page.inner_text('main')[:200]}")
            return None
        return page

    @property
    def anywhere(self) -> Any:
        return next(iter(self._pages.values()))


FIRST_ROWS = {"exclude": [["tbody tr:nth-child(n+7)"], ["li:nth-child(n+25)"], ["option:nth-child(n+10)"]]}
CONTRAST = {"runOnly": ["color-contrast"]}
NAMES = {"runOnly": [
    "html-lang-valid", "valid-lang", "document-title", "label", "select-name", "button-name", "link-name", "image-alt",
    "svg-img-alt", "aria-input-field-name", "aria-command-name", "frame-title",
]}  # fmt: skip
"""What a translation could break; everything else is the same in every language."""


def serious(page: Any, options: dict[str, Any] | None = None) -> list[str]:
    """What axe finds serious or worse; of a long table or list its first rows, as the others are made like them."""
    found = Axe().run(page, context=FIRST_ROWS, options=options).response["violations"]
    return [
        f"{v['id']}: {[n['html'][:160] for n in v['nodes'][:3]]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]


@pytest.fixture(scope="module")
def places(served: Served) -> list[Address]:
    return addresses(served.folder)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_in_every_language(browser_page: Any, places: list[Address], lang: str):
    visitor = Visitor(browser_page, lang)
    characters: set[str] = set()
    for place in places:
        page = visitor.goto(place)
        if page is None:
            continue
        texts = page.evaluate(READ_TEXT)
        wrong = serious(page, None if lang == "en" else NAMES)
        if not page.get_attribute("html", "lang").startswith(lang):
            wrong.append("another language")
        if len(page.query_selector_all("h1")) != 1:
            wrong.append("not one h1")
        if lang != "en":
            wrong += [f"English: {t}" for t in texts if re.search(PROSE, t)]
        characters |= {c for text in texts for c in text if ord(c) > 127 and not c.isspace()}
        visitor.wrong += [f"{place.address}: {each}" for each in wrong]
    boxes = visitor.anywhere.evaluate(TOFU, sorted(characters))
    assert not boxes, f"no glyph for {boxes}"
    assert not visitor.wrong, "\n".join(visitor.wrong)


SIZES = {"phone": (390, 844), "zoomed to 200 %": (640, 400), "narrowest": (320, 640)}


def test_nothing_has_to_be_scrolled_sideways(browser_page: Any, places: list[Address]):
    visitor = Visitor(browser_page, "zh-Hant")
    for place in places:
        page = visitor.goto(place)
        for name, (width, height) in SIZES.items() if page else ():
            page.set_viewport_size({"width": width, "height": height})
            if page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
                visitor.wrong.append(f"{place.address}, {name}: {page.evaluate(WIDE)}")
    assert not visitor.wrong, "\n".join(visitor.wrong)


def test_dark_has_contrast(browser_page: Any, places: list[Address]):
    visitor = Visitor(browser_page, "en", color_scheme="dark")
    for place in places:
        page = visitor.goto(place)
        if page:
            visitor.wrong += [f"{place.address}: {each}" for each in serious(page, CONTRAST)]
    assert not visitor.wrong, "\n".join(visitor.wrong)


def test_every_page_without_javascript(browser_page: Any, places: list[Address]):
    visitor = Visitor(browser_page, "en", java_script_enabled=False)
    for place in places:
        page = visitor.goto(place)
        assert page is None or page.inner_text("h1")
    assert not visitor.wrong, "\n".join(visitor.wrong)


def test_signing_in_and_out_and_changing_language_without_javascript(browser_page: Any):
    page = browser_page(java_script_enabled=False)
    page.goto("/console/decisions?route=human")
    page.fill("#f-email", "user@bank.example")
    page.fill("#f-password", PASSWORD)
    page.click("form[action='/console/sign-in'] button")
    assert page.url.endswith("/console/decisions?route=human")
    page.click("button[value=zh-Hant]")
    assert page.get_attribute("html", "lang") == "zh-Hant-HK" and "決定" in page.inner_text("h1")
    page.click("form[action='/console/sign-out'] button")
    assert "/console/sign-in" in page.url


def test_a_wrong_password_keeps_what_was_typed(browser_page: Any):
    page = browser_page()
    page.goto("/console/sign-in")
    page.fill("#f-email", "user@bank.example")
    page.fill("#f-password", "not the right one")
    page.press("#f-password", "Enter")
    page.wait_for_selector("[role=alert]")
    assert page.input_value("#f-email") == "user@bank.example" and page.input_value("#f-password") == ""


def test_a_passkey_signs_in(browser_page: Any):
    page = browser_page("developer")
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**options, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )
    page.goto("/console/me")
    page.fill("form[data-passkey=create] input[name=name]", "office laptop")
    page.click("form[data-passkey=create] button")
    page.wait_for_selector("td >> text=20")
    assert "office laptop" in page.inner_text("main")
    page.click("form[action='/console/sign-out'] button")
    page.wait_for_url("**/sign-in**")
    page.click("form[data-passkey=get] button")
    page.wait_for_url("**/overview")
    page.goto("/console/me")
    assert "by passkey" in page.inner_text("main")


@pytest.mark.parametrize(
    "path", ["/console/sign-in", "/console/overview", "/console/decisions", "/console/settings/people"]
)
def test_the_page_is_light(browser_page: Any, path: str):
    page = browser_page("admin" if path != "/console/sign-in" else "")
    assert page.goto(path, wait_until="load").status == 200
    html, names = page.evaluate(
        "[performance.getEntriesByType('navigation')[0].decodedBodySize, "
        "performance.getEntriesByType('resource').map(r => r.name)]"
    )
    assert 500 < html <= 60_000
    scripts = {name.rpartition("/")[2].partition("?")[0] for name in names if ".js?" in name}
    assert scripts and sum(len(static.assets()[name].packed) for name in scripts) <= 15_000


def test_the_scripts_together_are_within_their_budget():
    always = ("console.js", "htmx.min.js")
    assert sum(len(gzip.compress(static.assets()[name].plain, 9)) for name in always) <= 15_000
