"""Search everywhere."""

from __future__ import annotations

from waglan.console.page import Page

PAGES: tuple[Page, ...] = ()
