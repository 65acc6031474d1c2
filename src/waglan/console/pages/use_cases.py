"""Use cases: cards with purpose, tier, models, controls, disclosure and live figures."""

from __future__ import annotations

from waglan.console.page import Page

PAGES: tuple[Page, ...] = ()
