"""A vendor, a document, an incident, the kill switch and a drill in a real browser, with and without JavaScript."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.console.test_browser import serious

PAPER = b"The board approved the exit plan on 3 September."


@pytest.mark.parametrize("script", [True, False], ids=["with", "without"])
def test_registers_are_kept_with_and_without_javascript(browser_page: Any, tmp_path: Path, script: bool):
    page = browser_page("developer", java_script_enabled=script)
    paper, name = tmp_path / "plan.txt", "plan-js" if script else "plan"
    paper.write_bytes(PAPER)
    page.goto("/console/registers/documents")
    page.fill("#f-id", name)
    page.fill("#f-title", "Exit plan")
    page.set_input_files("#f-file", str(paper))
    page.select_option("#f-type", "plan")
    page.click("text=Put it on the log")
    page.wait_for_url(f"**/registers/documents/{name}?notice=register_kept")
    assert hashlib.sha256(PAPER).hexdigest() in page.inner_text("main")
    page.goto("/console/vendors/new")
    page.fill("#f-id", f"vendor-{name}")
    page.fill("#f-service", "Models")
    page.select_option("#f-exit_plan", name)
    page.click("text=Put it on the log")
    page.wait_for_url(f"**/vendors/vendor-{name}?notice=register_kept")
    page.click("summary:has-text('Stop it now')")
    page.select_option("#s-reason", "harm")
    page.check("input[name=sure]")
    page.click("button:has-text('Stop it')")
    page.wait_for_url(f"**/vendors/vendor-{name}?notice=suspended")
    assert "It is passed over" in page.inner_text("main")
    if script:
        assert not serious(page)
    other = browser_page("approver", java_script_enabled=script)
    other.goto(f"/console/vendors/vendor-{name}")
    other.select_option("#r-reason", "fixed")
    other.click("button:has-text('Let it answer again')")
    other.wait_for_url("**?notice=resumed")


def test_an_incident_from_opening_to_its_clock_by_keyboard_and_without_javascript(browser_page: Any):
    admin = browser_page("admin", java_script_enabled=False)
    admin.goto("/console/registers/entities")
    admin.fill("#f-id", "bank-a")
    admin.fill("#f-name", "Bank A")
    admin.check("input[name=licences-bank]")
    admin.click("text=Put it on the log")
    page = browser_page("approver", java_script_enabled=False)
    page.goto("/console/incidents/new")
    page.select_option("#f-cause", "outage")
    page.select_option("#f-severity", "high")
    page.fill("#f-note", "Nothing answers.")
    page.focus("main form button.first")
    page.keyboard.press("Enter")
    page.wait_for_url("**?notice=incident_open")
    assert "Hong Kong Monetary Authority" in page.inner_text("main")
    page.click("text=Mark as notified")
    assert page.input_value("#f-clock") == "hkma.significant"
    page.fill("#f-note", "Called the desk.")
    page.click("section[aria-labelledby=act] button.first")
    page.wait_for_url("**?notice=incident_step")
    assert "Told in time" in page.inner_text("main")
    assert "Called the desk." in page.inner_text("main")


def test_a_drill_is_followed_without_javascript(browser_page: Any):
    page = browser_page("developer", java_script_enabled=False)
    page.goto("/console/drills")
    page.select_option("#f-what", "kill_switch")
    page.click("button:has-text('Run it')")
    page.wait_for_selector("text=Look at the drill", timeout=30_000)  # the page comes again by itself
    page.click("text=Look at the drill")
    assert "none left unguarded" in page.inner_text("main")
    assert page.inner_text(".heading .mark") == "Passed"
