"""Models: versions, validation with its expiry, what each did."""

from waglan.console.pages.models.pages import PAGES

__all__ = ["PAGES"]
