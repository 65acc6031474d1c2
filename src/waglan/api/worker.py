"""One server process: opens the workspace, serves it, closes it. Tells its parent how that went."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from waglan.api.app import create_app
from waglan.api.respond import ASGIApp, Receive, Scope, Send
from waglan.core import Problem
from waglan.ledger.erasure import reconcile
from waglan.runtime import Workspace
from waglan.runtime.collector import calm

_RESTORED = (
    "Keys whose erasure is on the log were in the vault again ({}): it was restored from an older backup. They were"
    " shredded again. Set anew what else changed since that backup: holds, restrictions, retention."
)


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
        except Problem as problem:
            self._tell({"problem": problem.as_dict()})
            logging.shutdown()
            os._exit(3)
        calm()
        app = create_app(workspace, stopping=lambda: bool(self._stopping.value))
        return Served(workspace, app, lambda sample: self._tell({"sample": sample}))

    def _tell(self, what: Mapping[str, Any]) -> None:
        try:
            self._report.send_bytes(json.dumps(what, ensure_ascii=False).encode())
        except OSError as error:
            print(f"The parent of this worker can't be told: {error}", file=sys.stderr)


class Served:
    """The application, and the workspace that begins and ends with it.

    Parameters
    ----------
    workspace
        Open.
    app
        Serves it.
    ready
        Told a sample of what may be asked, once everything is loaded.
    """

    def __init__(self, workspace: Workspace, app: ASGIApp, ready: Callable[[dict[str, Any] | None], None]) -> None:
        self._workspace = workspace
        self._app = app
        self._ready = ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        self._ready(await _load(self._workspace))
        await self._app(scope, receive, send)
        self._workspace.close()


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
