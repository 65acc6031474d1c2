"""Reviews: the queue, one case with its evidence, release, requests, attention."""

from __future__ import annotations

from waglan.console.page import Page

PAGES: tuple[Page, ...] = ()
