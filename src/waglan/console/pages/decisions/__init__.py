"""Decisions: the list, and one decision from case to proof."""

from waglan.console.pages.decisions.addresses import PAGES

__all__ = ["PAGES"]
