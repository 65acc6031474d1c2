"""Try it: run any use case by a form made from its manifest, or on a file."""

from __future__ import annotations

from waglan.console.page import Page

PAGES: tuple[Page, ...] = ()
