"""The overview: what AI does for us, what it does to people, what needs me now."""

from waglan.console.pages.overview.pages import PAGES

__all__ = ["PAGES"]
