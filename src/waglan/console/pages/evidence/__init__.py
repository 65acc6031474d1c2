"""The board's page, evidence packs, and what customers may know of each use case."""

from waglan.console.pages.evidence.pages import PAGES

__all__ = ["PAGES"]
