"""Use cases: the list, and a card with everything about one."""

from waglan.console.pages.use_cases.pages import PAGES

__all__ = ["PAGES"]
