"""Every page in a real browser: three languages, light and dark, narrow and zoomed, with and without JavaScript."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.console.addresses import PUBLIC, Address, addresses
from tests.console.conftest import PASSWORD, Served
from waglan.console import static

LANGUAGES = ("en", "zh-Hant", "zh-Hans")
PROSE = r"(?:[A-Za-z][a-z'’]+[ ,.;:]+){3,}[a-z'’]+"
"""Four English words in a row: prose, not a name or a code."""
READ_TEXT = """() => {
  const seen = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const at = walk.currentNode.parentElement;
    if (!at.closest('code, pre, kbd, .id, textarea, script, style, [lang=en], [lang=zh-Hant], [lang=zh-Hans]'))
      seen.push(walk.currentNode.textContent.trim());
  }
  return seen.filter(t => t);
}"""
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


def opened(page: Any, address: str) -> Any:
    """Go there, and hold that nothing in the browser complained."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    answer = page.goto(address, wait_until="load")
    assert answer.status == 200, f"{address}: {answer.status}\n{page.inner_text('main')[:400]}"
    assert not complaints, f"{address}: {complaints}"
    return answer


def serious(page: Any) -> list[str]:
    """What axe finds serious or worse."""
    found = Axe().run(page).response["violations"]
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
    pages: dict[str, Any] = {}
    characters: set[str] = set()
    for place in places:
        page = pages.setdefault(place.role, browser_page(place.role, lang))
        opened(page, place.address)
        assert page.get_attribute("html", "lang").startswith({"en": "en"}.get(lang, lang)), place
        assert len(page.query_selector_all("h1")) == 1, place
        texts = page.evaluate(READ_TEXT)
        if lang != "en":
            english = [t for t in texts if re.search(PROSE, t)]
            assert not english, f"{place.address} in {lang}: {english}"
        characters |= {c for text in texts for c in text if ord(c) > 127 and not c.isspace()}
        assert not serious(page), place
    boxes = next(iter(pages.values())).evaluate(TOFU, sorted(characters))
    assert not boxes, f"no glyph for {boxes}"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("phone", {"viewport": {"width": 390, "height": 844}, "has_touch": True}),
        ("zoom", {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}),
        ("narrowest", {"viewport": {"width": 320, "height": 640}}),
    ],
)
def test_nothing_has_to_be_scrolled_sideways(
    browser_page: Any, places: list[Address], name: str, options: dict[str, Any]
):
    pages: dict[str, Any] = {}
    wide = []
    for place in places:
        page = pages.setdefault(place.role, browser_page(place.role, "zh-Hant", **options))
        opened(page, place.address)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
            wide.append(place.address)
    assert not wide


def test_dark_has_contrast(browser_page: Any, places: list[Address]):
    pages: dict[str, Any] = {}
    for place in places:
        page = pages.setdefault(place.role, browser_page(place.role, "en", color_scheme="dark"))
        opened(page, place.address)
        assert not serious(page), place


def test_every_page_without_javascript(browser_page: Any, places: list[Address]):
    pages: dict[str, Any] = {}
    for place in places:
        page = pages.setdefault(place.role, browser_page(place.role, "en", java_script_enabled=False))
        assert page.goto(place.address).status == 200
        assert page.inner_text("h1")


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
    sizes: dict[str, int] = {}
    page.on("response", lambda r: sizes.update({r.url: len(r.body())}))
    opened(page, path)
    assert max(size for url, size in sizes.items() if "/static/" not in url) <= 60_000
    scripts = [url.rpartition("/")[2].partition("?")[0] for url in sizes if ".js?" in url]
    assert sum(len(static.assets()[name].packed) for name in scripts) <= 15_000


def test_the_scripts_together_are_within_their_budget():
    always = ("console.js", "htmx.min.js")
    assert sum(len(gzip.compress(static.assets()[name].plain, 9)) for name in always) <= 15_000


def test_public_pages_are_among_those_tried(places: list[Address]):
    assert {p.address.partition("?")[0] for p in places} >= set(PUBLIC)
