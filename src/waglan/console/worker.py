"""One server process: opens the workspace, serves console and doors, does the rounds, closes. Tells its parent how."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from waglan.api import create_app
from waglan.api.access_log import AccessLog, Lines, Traffic
from waglan.api.respond import ASGIApp, Receive, Scope, Send
from waglan.console.house import House
from waglan.console.monitor import PATH, Monitor
from waglan.console.pages import PAGES
from waglan.console.rounds import RoundsThread
from waglan.console.site import create_site
from waglan.core import Problem
from waglan.ledger.erasure import reconcile
from waglan.runtime import Workspace
from waglan.runtime.collector import calm

_RESTORED = (
    "Keys whose erasure is on the log were in the vault again ({}): it was restored from an older backup. They were"
    " shredded again. Set anew what else changed since that backup: holds, restrictions, retention."
)
TEMPLATES = (PATH, "/console/live", "/console/static/{name}", *[f"/console{page.address}" for page in PAGES])
"""Addresses that the server's log may name."""


class Flag(Protocol):
    """A byte shared among processes."""

    value: Any


class Worker:
    """Makes the application inside a worker process; picklable, so that it works with every start method.

    Parameters
    ----------
    folder
        The workspace.
    report
        Where it writes one JSON object: what may be asked, or the Problem that stops it.
    stopping
        Set by the parent when the server is to go down.
    """

    def __init__(self, folder: Path, report: Connection, stopping: Flag) -> None:
        self._folder = folder
        self._report = report
        self._stopping = stopping

    def __call__(self) -> ASGIApp:
        try:
            workspace = Workspace.open(self._folder)
            if workspace.ledger.available and (kids := reconcile(workspace.ledger)):
                print(_RESTORED.format(len(kids)), file=sys.stderr)
            house = House.open(workspace)
        except Problem as problem:
            self._tell({"problem": problem.as_dict()})
            logging.shutdown()
            os._exit(3)
        calm()
        doors = create_app(workspace, house.access, public_url=house.public_url, stopping=self._going)
        traffic = Traffic(workspace.clock.now_ms(), os.getpid())
        site = create_site(house, doors, monitor=Monitor(house, traffic), stopping=self._going)
        lines = Lines(workspace.settings.server.log, workspace.clock)
        app = AccessLog(site, lines, traffic, clock=workspace.clock, ids=workspace.ids, templates=TEMPLATES)
        if self._going():  # told to stop while it was starting, when nobody listened
            house.close()
            workspace.close()
            os._exit(0)
        return Served(house, app, lambda sample: self._tell({"sample": sample}))

    def _going(self) -> bool:
        return bool(self._stopping.value)

    def _tell(self, what: Mapping[str, Any]) -> None:
        try:
            self._report.send_bytes(json.dumps(what, ensure_ascii=False).encode())
        except OSError as error:
            print(f"The parent of this worker can't be told: {error}", file=sys.stderr)


class Served:
    """The application, and the rooms that begin and end with it.

    Parameters
    ----------
    house
        Open.
    app
        Serves it.
    ready
        Told a sample of what may be asked, once everything is loaded.
    """

    def __init__(self, house: House, app: ASGIApp, ready: Callable[[dict[str, Any] | None], None]) -> None:
        self._house = house
        self._app = app
        self._ready = ready
        self._rounds = RoundsThread(house)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        self._ready(await _load(self._house.workspace))
        self._rounds.start()
        await self._app(scope, receive, send)
        self._rounds.stop()
        self._house.close()
        self._house.workspace.close()


async def _load(workspace: Workspace) -> dict[str, Any] | None:
    """Load all use cases and their models; gives name and sample of the first that can be asked and has one."""
    found = None
    for name in workspace.catalogue:
        try:
            loaded = await workspace.runtime.prepare(name)
        except Problem:
            continue  # whoever asks for it gets this Problem; the others are served
        if found is None and loaded.plugin.samples:
            found = {"use_case": name, "case": loaded.plugin.samples[0]}
    return found
