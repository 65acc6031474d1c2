"""The addresses of the ledger."""

from __future__ import annotations

from waglan.access import Action
from waglan.console.page import Page
from waglan.console.pages.ledger import entry, pages

_READ = (Action.LEDGER_READ, "ledger")

PAGES: tuple[Page, ...] = (
    Page("/ledger", pages.overview, "ledger/overview.html", *_READ, nav="ledger"),
    Page("/ledger/verify", pages.checked, "ledger/verify.html", *_READ, nav="ledger"),
    Page("/ledger/checkpoint", pages.checkpoint, "", *_READ),
    Page("/ledger/vkeys", pages.vkeys, "", *_READ),
    Page("/ledger/verify.py", pages.verifier, "", *_READ),
    Page("/ledger/find", entry.find, "", *_READ),
    Page("/ledger/entries", pages.listing, "ledger/entries.html", *_READ, nav="ledger"),
    Page("/ledger/entries/{id}", entry.show, "ledger/entry.html", *_READ, nav="ledger"),
    Page("/ledger/entries/{id}/receipt", entry.receipt, "", *_READ),
)
