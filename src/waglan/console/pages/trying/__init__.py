"""Try it: run any use case by a form made from its manifest, or on a file."""

from waglan.console.pages.trying.pages import PAGES

__all__ = ["PAGES"]
