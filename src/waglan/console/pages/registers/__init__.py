"""Registers: vendors, data sources, documents, people, institutions, tests, counts; and what is missing in them."""

from waglan.console.pages.registers.pages import PAGES

__all__ = ["PAGES"]
