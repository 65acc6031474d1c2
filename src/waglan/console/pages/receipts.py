"""The customer's receipt: what was decided, why, and how to check it. Public by its token."""

from __future__ import annotations

from waglan.console.page import Page

PAGES: tuple[Page, ...] = ()
