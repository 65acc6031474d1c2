"""An examiner's walk in a real browser: from the board to a breach, its counter-example, the decision, its proof, and a
pack that is checked on a machine without Waglan."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pypdf
import pytest

from tests.console.conftest import Served
from tests.console.test_browser import serious
from waglan.console import House
from waglan.core.events import Entity
from waglan.evidence.catalogue import force, load
from waglan.runtime import Workspace

PACK = re.compile(r"/console/evidence/pack/[0-9A-Z]{26}$")


def sheets(printed: bytes) -> int:
    """How many sheets a print takes."""
    return len(pypdf.PdfReader(io.BytesIO(printed)).pages)


@pytest.fixture(scope="module")
def examined(served: Served) -> Served:
    """The served bank with an institution and a catalogue in force, counted, as the server's own rounds do."""
    with Workspace.open(served.folder) as workspace, contextlib.closing(House.open(workspace)) as house:
        workspace.record(Entity(id="bank-a", name="Bank A", licences=("bank",)), actor="tests")
        force.put_in_force(workspace, load(), actor="tests")
        house.index.follow()
        house.evidence.update()
    return served


def test_from_the_board_to_the_proof(browser_page: Any, examined: Served) -> None:
    page = browser_page("examiner", "en")
    assert page.goto("/console/evidence", wait_until="load").status == 200
    assert "AI on one page" in page.inner_text("h1") and not serious(page)
    row = page.locator("tr:has(a[href^='/console/decisions/'])").first
    clause = row.locator("th a").inner_text()
    row.locator("th a").click()
    page.wait_for_url(f"**/console/clauses/{clause}**")
    assert clause in page.inner_text("main") and "Breached" in page.inner_text("main")
    example = page.locator("main a[href^='/console/decisions/']").first
    decision = example.get_attribute("href").rpartition("/")[2]
    example.click()
    page.wait_for_url(f"**/console/decisions/{decision}")
    page.click(f"a[href='/console/decisions/{decision}/proof']")
    page.wait_for_selector("#verified")
    page.goto(f"/console/decisions/{decision}/proof", wait_until="load")
    assert decision in page.inner_text("main") and page.locator("#verified").count() == 1
    command = page.inner_text("pre.text")
    assert "verify.py" in command and "--proof" in command


def test_the_pack_that_was_downloaded_checks_itself_elsewhere(
    browser_page: Any, examined: Served, tmp_path: Path
) -> None:
    page = browser_page("examiner", "zh-Hant", accept_downloads=True)
    page.goto("/console/evidence", wait_until="load")
    page.click("a[href^='/console/evidence/pack']")
    page.wait_for_selector("#f-seed")
    key = page.locator("section[aria-labelledby=check] code.hash").inner_text()
    page.fill("#f-seed", "examiner-7")
    page.click("form[action='/console/evidence/pack'] button")
    page.wait_for_url(PACK)
    link = page.wait_for_selector("a[href$='/evidence.zip']", timeout=120_000)
    with page.expect_download() as caught:
        link.click()
    archive = tmp_path / "evidence.zip"
    caught.value.save_as(archive)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path)
    folder = tmp_path / "evidence"
    assert "seed: examiner-7\n" in (folder / "MANIFEST").read_text("utf-8")
    command = [sys.executable, "-I", "-S", "verify.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and key in (folder / "ledger/vkeys").read_text(), done.stderr
    report = (folder / "report.html").read_text("utf-8")
    (folder / "report.html").write_text(report.replace("Breached", "Met", 1), "utf-8")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "TAMPERED: report.html was changed\n")
    printed = page.context.new_page()
    printed.goto((folder / "board.html").as_uri())
    assert "人工智能一頁摘要" in printed.inner_text("body") and not serious(printed)
    assert sheets(printed.pdf(prefer_css_page_size=True)) == 2  # one for each language
    printed.set_viewport_size({"width": 390, "height": 844})
    for name in ("board.html", "report.html"):
        printed.goto((folder / name).as_uri())
        assert printed.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("lang", ["en", "zh-Hant", "zh-Hans"])
def test_the_board_fits_one_sheet(browser_page: Any, examined: Served, lang: str) -> None:
    page = browser_page("examiner", lang)
    page.goto("/console/evidence", wait_until="load")
    assert sheets(page.pdf(format="A4")) == 1


def test_a_customer_reads_what_ai_does_without_signing_in(browser_page: Any, examined: Served) -> None:
    page = browser_page("", "zh-Hant")
    assert page.goto("/console/about-ai", wait_until="load").status == 200
    page.click("main a[href^='/console/about-ai/credit']")
    page.wait_for_url("**/console/about-ai/credit**")
    assert "信貸評估" in page.inner_text("h1") and page.locator("a[href^='mailto:']").count() == 1
    assert not serious(page) and not page.locator("nav[aria-label=Main]").count()
