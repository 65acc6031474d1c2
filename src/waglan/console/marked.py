"""Texts in code that pages translate when they show them."""

from __future__ import annotations


def _(text: str) -> str:
    """Marks a text for the catalogues; it stays as it is until a page shows it."""
    return text
