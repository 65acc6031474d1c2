"""Decisions: the list, and one decision from case to proof."""

from __future__ import annotations

from waglan.console.page import Page

PAGES: tuple[Page, ...] = ()
