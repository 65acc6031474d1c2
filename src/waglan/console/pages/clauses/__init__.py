"""Clauses: what obligations ask, how they stand, what changed, and how far their wording was checked."""

from waglan.console.pages.clauses.pages import PAGES

__all__ = ["PAGES"]
