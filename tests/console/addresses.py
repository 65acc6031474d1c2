"""Every page of the console with a real thing in its address, and a role that may see it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple

from waglan.access import ROLES, Action, Identity, Resource, ruling
from waglan.console import House
from waglan.console.page import Page
from waglan.console.pages import PAGES
from waglan.review import Receipts
from waglan.runtime import Workspace

PUBLIC = ("/console/sign-in",)


class Address(NamedTuple):
    """Where, and as whom; no role for pages that everybody may open."""

    address: str
    role: str


def addresses(folder: Path) -> list[Address]:
    """Every GET page with a template; a page about a thing once for each kind of thing that shows different parts."""
    with Workspace.open(folder) as workspace, contextlib.closing(House.open(workspace)) as house:
        house.index.follow()
        things = _things(house)
    found = []
    for page in PAGES:
        if page.method == "GET" and page.template:
            for address in _filled(page, things):
                found.append(Address(f"/console{address}", _role(page)))
    return found


def _role(page: Page) -> str:
    if page.address.startswith(("/sign-in", "/welcome", "/join", "/receipt")):
        return ""
    if page.action is None:
        return "reviewer"
    for role in ("reviewer", "approver", "admin", "developer", "user", "auditor"):
        identity = Identity(id="p-x", tenant="testbank", roles=(role,), kind="person")  # type: ignore[arg-type]
        if ruling(identity, page.action, Resource(kind=page.kind, tenant="testbank")).allowed:
            return role
    raise AssertionError(f"nobody may see {page.address}; roles are {ROLES}, actions {list(Action)}")


def _things(house: House) -> dict[str, list[str]]:
    desk, people = house.desk, house.access.people.all()
    reviewer = next(p for p in people if "reviewer" in p.roles)
    identity = reviewer.identity(house.tenant, house.workspace.clock.now_ms())
    items = desk.queue(identity).items
    with house.index.reading() as connection:
        from waglan.index import decisions

        latest = decisions.latest(connection, decisions.Filter(), limit=200).rows
    by_route = {row.route: row.id for row in latest}
    receipts = Receipts.of(house.workspace, house.index)
    return {
        "/decisions/{id}": list(by_route.values()),
        "/reviews/{id}": [items[0].id],
        "/use-cases/{name}": ["credit"],
        "/receipt/{token}": [receipts.token(latest[0].id)],
        "/settings/people/{id}": [reviewer.id],
        "/welcome/{token}": ["x" * 43],
        "/join/{token}": [house.access.people.invite(reviewer.id)],
    }


def _filled(page: Page, things: dict[str, list[str]]) -> list[str]:
    if "{" not in page.address:
        return [page.address]
    return [
        page.address.replace(pattern.rpartition("/")[2], thing)
        for pattern, each in things.items()
        if page.address.startswith(pattern)
        for thing in each
    ]
