"""``waglan.toml`` and its overrides from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_origin, get_type_hints

import msgspec

from waglan.core.manifest import parse_toml
from waglan.core.problem import Problem, nearest

FILE = "waglan.toml"
ROOMS = ("oidc", "registers", "review")
"""Sections that are checked by the room of that name, when it reads them."""
S = TypeVar("S", bound=msgspec.Struct)


class WorkspaceSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose workspace this is.

    Attributes
    ----------
    tenant
        The institution, a short stable name that stands in every leaf.
    source
        What this installation calls itself as a source of decisions.
    synthetic
        Whether everybody in it is made up; every page of the console says so.
    """

    tenant: str = "self"
    source: str = "waglan"
    synthetic: bool = False


class LedgerSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the log lies.

    Attributes
    ----------
    store
        ``sqlite``: ``ledger.db`` in the workspace. ``postgresql``: the database of ``dsn``.
    dsn
        A libpq connection string; better given as ``WAGLAN_LEDGER__DSN`` than written down.
    log
        The log's name, the origin line of its checkpoints; tenant and ``/decisions`` when empty.
    """

    store: Literal["sqlite", "postgresql"] = "sqlite"
    dsn: str = ""
    log: str = ""


class PluginsSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The firm's own code: dotted module names, or paths relative to the workspace."""

    modules: tuple[str, ...] = ()


class ServerSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How ``waglan serve`` is reached, and what it says on standard error.

    Attributes
    ----------
    public_url
        Scheme and host under which people and programs reach it through the firm's proxy, such as
        ``https://waglan.bank.example``; empty for this machine alone.
    log
        One line per request: ``json``, ``text`` or ``off``. No personal data either way.
    """

    public_url: str = ""
    log: Literal["json", "text", "off"] = "off"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings; every key has a default.

    ``oidc``, ``registers`` and ``review`` belong to rooms of their own, which say with `section` what may stand there.
    """

    workspace: WorkspaceSection = WorkspaceSection()
    ledger: LedgerSection = LedgerSection()
    plugins: PluginsSection = PluginsSection()
    server: ServerSection = ServerSection()
    oidc: dict[str, Any] = {}
    registers: dict[str, Any] = {}
    review: dict[str, Any] = {}


def read_settings(folder: Path, environ: Mapping[str, str]) -> Settings:
    """The settings of a workspace.

    ``WAGLAN_SECTION__KEY`` in the environment overrides a key of a section; lists are comma-separated.

    Raises
    ------
    Problem
        ``workspace.missing`` when there is no ``waglan.toml``; ``manifest.*`` with line and nearest key.
    """
    path = folder / FILE
    if not path.is_file():
        raise Problem(
            f"{folder} is not a Waglan workspace.",
            f"There is no {FILE} in it.",
            f"Run 'waglan init {folder}', or name the right folder with --workspace.",
            code="workspace.missing",
            where=str(folder),
        )
    settings = parse_toml(path.read_text(encoding="utf-8"), Settings, str(path))
    overrides: dict[str, dict[str, Any]] = {}
    for name, value in environ.items():
        if name.startswith("WAGLAN_") and "__" in name:
            section, _, key = name.removeprefix("WAGLAN_").lower().partition("__")
            overrides.setdefault(section, {})[key] = (
                value.split(",") if (section, key) == ("plugins", "modules") else value
            )
    if not overrides:
        return settings
    merged = msgspec.to_builtins(settings)
    for section, keys in overrides.items():
        if section not in merged or (section not in ROOMS and keys.keys() - merged[section].keys()):
            wrong = section if section not in merged else sorted(keys.keys() - merged[section].keys())[0]
            known = merged.get(section, merged)
            raise Problem(
                f"The environment sets {wrong!r}, which is no setting.",
                nearest(wrong, known),
                "Correct or unset the variable.",
                code="settings.environment",
                where=f"WAGLAN_{section.upper()}__…",
            )
        merged[section].update(keys)
    try:
        return msgspec.convert(merged, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise Problem(
            "A setting from the environment can't be used.",
            str(error),
            "Correct the variable.",
            code="settings.environment",
        ) from None


def section(table: Mapping[str, Any], name: str, kind: type[S]) -> S:
    """A room's own section of the settings.

    Parameters
    ----------
    table
        As `Settings` holds it; what came from the environment is text there, lists separated by commas.
    name
        The section, for messages.
    kind
        What it must satisfy; give it ``forbid_unknown_fields``.

    Raises
    ------
    Problem
        ``settings.unknown`` with the nearest key, ``settings.invalid`` for a value that can't be used.
    """
    hints = get_type_hints(kind)
    for key in table:
        if key not in hints:
            raise Problem(
                f"[{name}] has no setting {key!r}.",
                nearest(key, hints),
                "Correct or remove the line, or unset the variable.",
                code="settings.unknown",
                where=f"{FILE}: [{name}]",
            )
    lists = {key for key, hint in hints.items() if get_origin(hint) is tuple}
    values = {k: v.split(",") if k in lists and isinstance(v, str) else v for k, v in table.items()}
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Problem(
            f"A setting in [{name}] can't be used.",
            f"{error}.",
            "Correct the value.",
            code="settings.invalid",
            where=f"{FILE}: [{name}]",
        ) from None
