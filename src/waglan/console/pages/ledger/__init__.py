"""The ledger: state, proofs, verification, witnesses, download."""

from waglan.console.pages.ledger.addresses import PAGES

__all__ = ["PAGES"]
