"""The overview: what AI does for us, what it does to people, what needs me now."""

from __future__ import annotations

from waglan.console.page import Page

PAGES: tuple[Page, ...] = ()
