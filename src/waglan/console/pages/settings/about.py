"""What this workspace was told, and where to change it."""

from __future__ import annotations

import msgspec

from waglan.access import Action
from waglan.console.page import Page, Shown
from waglan.console.visit import Visit

_HIDDEN = ("dsn", "client_secret", "password", "secret")


def show(visit: Visit) -> Shown:
    """Sections and keys of waglan.toml as they are in force; secrets are only said to be set."""
    workspace = visit.house.workspace
    sections = msgspec.to_builtins(workspace.settings)
    head = workspace.ledger.head()
    return {
        "folder": workspace.folder.name,
        "sections": {name: _plain(section) for name, section in sections.items() if section},
        "people": len(visit.house.access.people.all()) if visit.may(Action.PERSON_READ, "person") else None,
        "keys": len(visit.house.access.keys.all()) if visit.may(Action.KEY_MANAGE, "key") else None,
        "size": head.size,
        "public_url": visit.house.public_url or visit.origin,
    }


def _plain(section: dict[str, object]) -> dict[str, str]:
    return {key: _said(key, value) for key, value in section.items()}


def _said(key: str, value: object) -> str:
    if any(word in key for word in _HIDDEN):
        return "••••" if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return ", ".join(f"{name} = {_said(name, each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_said(key, each) for each in value)
    return str(value)


PAGES: tuple[Page, ...] = (
    Page("/settings", show, "settings/about.html", Action.SETTINGS_READ, "settings", nav="settings"),
)
