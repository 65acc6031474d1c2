"""Controls: hits, false alarms, dry-run and a test bench."""

from __future__ import annotations

from waglan.console.page import Page

PAGES: tuple[Page, ...] = ()
