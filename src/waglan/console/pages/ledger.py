"""The ledger: state, proofs, verification, witnesses, download."""

from __future__ import annotations

from waglan.console.page import Page

PAGES: tuple[Page, ...] = ()
