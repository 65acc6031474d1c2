"""Incidents with their clocks, drills, and what is stopped."""

from waglan.console.pages.incidents.pages import PAGES

__all__ = ["PAGES"]
