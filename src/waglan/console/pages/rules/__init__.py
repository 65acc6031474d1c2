"""Rules that gate: in force, proposed, edited, tried, replayed and released by a second person."""

from waglan.console.pages.rules.pages import PAGES

__all__ = ["PAGES"]
