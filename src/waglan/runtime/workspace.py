"""A workspace: one folder in which an institution's decisions are made, recorded and kept."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal

from waglan.core.clock import Clock, SystemClock
from waglan.core.entry import event
from waglan.core.events import Event, ModelRegistration, OptOut
from waglan.core.ids import Ids
from waglan.core.problem import Problem
from waglan.ledger.erasure import settle
from waglan.ledger.keys import Signer
from waglan.ledger.log import Ledger, Recorded
from waglan.ledger.sqlite import SqliteStore
from waglan.ledger.store import Store
from waglan.ledger.vault import Vault
from waglan.runtime.catalogue import Catalogue
from waglan.runtime.engine import Runtime
from waglan.runtime.registers import LogRegisters
from waglan.runtime.settings import FILE, Settings, read_settings
from waglan.runtime.shelf import Shelf

TEMPLATE = """\
# A Waglan workspace. Every key has a default; WAGLAN_SECTION__KEY in the environment overrides it.

[workspace]
tenant = "{tenant}"      # the institution; stands in every record
source = "waglan"        # what this installation calls itself as a source of decisions

[ledger]
store = "{store}"        # "sqlite": ledger.db in this folder; "postgresql": the database of dsn
dsn = "{dsn}"            # libpq connection string; better given as WAGLAN_LEDGER__DSN

[plugins]
modules = [{modules}]    # your own code: "./triage.py" beside this file, or "package.module"
"""


class Workspace:
    """An open workspace. Use it as a context manager, or call `close`.

    Attributes
    ----------
    folder, settings
        Where it is and what it was told.
    ledger, vault, registers, catalogue, shelf, runtime
        Its parts.
    clock, ids
        Time and names, shared by all parts.
    """

    def __init__(self, folder: Path, settings: Settings, clock: Clock) -> None:
        self.folder = folder
        self.settings = settings
        self.clock = clock
        self.ids = Ids()
        self.catalogue = Catalogue(folder, settings.plugins.modules)
        keys = folder / "keys"
        log = settings.ledger.log or f"{settings.workspace.tenant}/decisions"
        store = open_store(folder, settings, log)
        try:
            self.vault = Vault.open(folder / "vault.db", keys / "tenant.key", clock=clock)
            self.ledger = Ledger(
                store,
                self.vault,
                Signer.load_or_create(keys, log),
                tenant=settings.workspace.tenant,
                source=settings.workspace.source,
                clock=clock,
                ids=self.ids,
                witnessed=_kept(folder),
                kept=folder / "ledger.checkpoint",
            )
            if self.ledger.available:
                settle(self.ledger)  # a backup that is away keeps nobody from working; doctor and metrics tell of it
        except BaseException:
            store.close()
            raise
        self.registers = LogRegisters()
        self.shelf = Shelf(folder / "models", self.registers, clock)
        self.runtime = Runtime(self.ledger, self.catalogue, self.registers, self.shelf.slots, clock=clock, ids=self.ids)

    @classmethod
    def open(cls, folder: Path, *, clock: Clock | None = None, environ: Mapping[str, str] = os.environ) -> Workspace:
        """Open an existing workspace; a Problem says what is missing."""
        folder = Path(folder).resolve()
        return cls(folder, read_settings(folder, environ), clock or SystemClock())

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        tenant: str = "self",
        store: Literal["sqlite", "postgresql"] = "sqlite",
        dsn: str = "",
        modules: tuple[str, ...] = (),
        clock: Clock | None = None,
    ) -> Workspace:
        """Make a workspace and open it; nothing that is there is overwritten.

        Raises
        ------
        Problem
            ``workspace.exists`` when there is one already.
        """
        folder = Path(folder).resolve()
        if (folder / FILE).exists():
            raise Problem(
                f"There is a workspace in {folder} already.",
                f"{FILE} exists, and nothing recorded is ever overwritten.",
                "Open it, or choose another folder.",
                code="workspace.exists",
                where=str(folder),
            )
        for each in (folder, folder / "models", folder / "usecases", folder / "facts"):
            each.mkdir(parents=True, exist_ok=True)
        (folder / "keys").mkdir(mode=0o700, exist_ok=True)
        names = ", ".join(f'"{m}"' for m in modules)
        text = TEMPLATE.format(tenant=tenant, store=store, dsn=dsn, modules=names)
        (folder / FILE).write_text(text, encoding="utf-8")
        return cls.open(folder, clock=clock)

    def record(self, facts: Event, *, subject: str = "", refs: tuple[str, ...] = (), actor: str = "") -> Recorded:
        """Put an event on the log now and count it from the next decision on."""
        now_ms = self.clock.now_ms()
        entry = event(self.ids.new(now_ms), now_ms, facts, subject=subject, refs=refs, actor=actor)
        (recorded,) = self.ledger.submit((entry,)).result()
        self.runtime.refresh()
        return recorded

    def register_model(self, registration: ModelRegistration, actor: str = "") -> Recorded:
        """Put a model version in use, mark it validated, or withdraw it."""
        return self.record(registration, actor=actor)

    def opt_out(self, reference: str, use_case: str = "", *, active: bool = True, actor: str = "") -> Recorded:
        """A person refuses automated decisions (of one use case, or of all), or takes that back."""
        return self.record(OptOut(active=active, use_case=use_case), subject=self.vault.subject(reference), actor=actor)

    def prepare(self, use_case: str) -> None:
        """Load a use case with its models now, so that its first case needn't wait."""
        asyncio.run(self.runtime.prepare(use_case))

    def close(self) -> None:
        """Write out what was acknowledged and give back files and threads."""
        self.runtime.close()
        self.ledger.close()
        self.vault.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(folder: Path, settings: Settings, log: str) -> Store:
    """Where the settings say that a workspace's log lies."""
    if settings.ledger.store == "sqlite":
        return SqliteStore(folder / "ledger.db")
    if not settings.ledger.dsn:
        raise Problem(
            "The ledger is to lie in PostgreSQL, but no database is named.",
            "[ledger] dsn is empty.",
            "Set WAGLAN_LEDGER__DSN to a libpq connection string such as postgresql:///waglan.",
            code="settings.dsn",
        )
    from waglan.ledger.postgres import PostgresStore

    return PostgresStore(settings.ledger.dsn, tenant=settings.workspace.tenant, log=log)


def _kept(folder: Path) -> str:
    """The newest checkpoint that a witness gave back, if one is kept in the workspace."""
    path = folder / "witnessed.checkpoint"
    return path.read_text(encoding="utf-8") if path.is_file() else ""
