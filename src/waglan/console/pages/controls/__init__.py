"""Controls: hits, false alarms, dry run, and a bench to test one on."""

from waglan.console.pages.controls.pages import PAGES

__all__ = ["PAGES"]
