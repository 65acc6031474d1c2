"""The pages of registers: vendors by themselves, the others made from their tables."""

from __future__ import annotations

from functools import partial

from waglan.access import Action
from waglan.console.page import Page
from waglan.console.pages.registers import lists, overview, vendors
from waglan.console.pages.registers.digest import MOST_BYTES
from waglan.console.pages.registers.tables import COMPETENCE, TABLES, VENDORS, Table

_LOOK, _KEEP, _K, _NAV = Action.REGISTER_READ, Action.REGISTER_KEEP, "register", "registers"


def _made(table: Table) -> tuple[Page, ...]:
    """A register's list, its cards where entries have ids, and what is sent from both."""
    most = MOST_BYTES if table.upload else 64 * 1024
    listed = Page(table.address, partial(lists.listed, table), "registers/list.html", _LOOK, _K, nav=_NAV)
    pages = (listed, Page(table.address, partial(lists.add, table), "", _KEEP, _K, "POST", "", most, listed))
    if not table.named:
        return pages
    address = f"{table.address}/{{id}}"
    card = Page(address, partial(lists.card, table), "registers/card.html", _LOOK, _K, nav=_NAV)
    return (*pages, card, Page(address, partial(lists.change, table), "", _KEEP, _K, "POST", "", most, card))


def _vendors() -> tuple[Page, ...]:
    new = Page("/vendors/new", vendors.new, "registers/new.html", _KEEP, _K, nav="vendors")
    listed, add, card, change = _made(VENDORS)
    shown = card._replace(show=vendors.vendor, template="registers/vendor.html", nav="vendors")
    return (
        listed._replace(show=vendors.vendors, template="registers/vendors.html", nav="vendors"),
        new,
        add._replace(again=new),
        shown,
        change._replace(again=shown),
    )


def _competence() -> tuple[Page, ...]:
    listed, add = _made(COMPETENCE)
    shown = listed._replace(show=partial(lists.competence, COMPETENCE), template="registers/competence.html")
    return shown, add._replace(again=shown)


PAGES: tuple[Page, ...] = (
    Page("/registers", overview.registers, "registers/overview.html", _LOOK, _K, nav=_NAV),
    *_vendors(),
    *_competence(),
    *(page for table in TABLES if table not in (VENDORS, COMPETENCE) for page in _made(table)),
)
