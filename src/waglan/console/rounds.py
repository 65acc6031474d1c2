"""What has to be done now and then, by whichever process is there: the index, deadlines, messages."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from typing import TextIO, TypeVar

from waglan.console.house import House
from waglan.console.render import warm
from waglan.core.problem import Problem
from waglan.evidence import watch
from waglan.evidence.catalogue.force import adopt
from waglan.registers import Watcher
from waglan.registers.due import run_due
from waglan.registers.observed import observe
from waglan.review import rounds

T = TypeVar("T")
FOLLOW_S = 1.0
ROUNDS_S = 20.0
START_S = 0.2
"""Compiling every page takes two seconds of a core; the server is up before that, and so is a first visitor's page."""
DRILLS_S = 60.0
BATCH = 20_000


class RoundsThread:
    """Compiles the pages, then follows the log and does the review rounds until told to stop.

    Several processes may do the same: the index lets one of them at a time, and what a round does is on the log, so
    it is done once. A log that can't be written, or any other failure, is said on standard error once and tried
    again; pages go on.

    Parameters
    ----------
    house
        The open rooms.
    errors
        Where failures are said.
    """

    def __init__(self, house: House, errors: TextIO = sys.stderr) -> None:
        self._house = house
        self._errors = errors
        self._stop = threading.Event()
        self._watcher = Watcher(house.registrar)
        self._said: dict[str, str] = {}
        self._thread = threading.Thread(target=self._run, name="waglan-rounds", daemon=True)
        self._drills = threading.Thread(target=self._drill, name="waglan-drills", daemon=True)
        self._counts = threading.Thread(target=self._count, name="waglan-evidence", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._counts.start()
        if self._house.registrar.settings.drills:
            self._drills.start()

    def stop(self) -> None:
        """Finish what is under way and end."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)

    def _count(self) -> None:
        """Count evidence up to the log's head; in a thread of its own, as a large log takes minutes the first time."""
        counted: int | None = None
        while not self._stop.wait(FOLLOW_S if counted is None else ROUNDS_S):
            counted = self._try("evidence", partial(self._counted, counted))

    def _counted(self, before: int | None) -> int:
        """Up to which size evidence is counted now; nothing is done while the log stays as it was."""
        house = self._house
        if before is None:
            adopt(house.workspace, house.index)
        size = house.workspace.ledger.head().size
        if size != before:
            house.evidence.update()
            watch(house.evidence, house.registrar)
        return size

    def _run(self) -> None:
        since = ROUNDS_S
        self._stop.wait(START_S)
        self._try("templates", warm)
        while not self._stop.is_set():
            behind = self._try("index", lambda: self._house.index.follow(BATCH)) or 0
            since += FOLLOW_S
            if since >= ROUNDS_S and not behind:
                self._try("rounds", lambda: rounds(self._house.desk))
                self._try("tiers", lambda: observe(self._house.workspace, self._house.index))
                self._try("incidents", self._watcher.round)
                since = 0.0
            if not behind:
                self._stop.wait(FOLLOW_S)

    def _drill(self) -> None:
        """Run drills when they are due, in a thread of their own: one takes up to a minute."""
        while not self._stop.wait(DRILLS_S):
            self._try("drills", lambda: run_due(self._house.workspace, self._house.index))

    def _try(self, name: str, work: Callable[[], T]) -> T | None:
        try:
            found = work()
        except Problem as problem:
            self._say(name, f"{problem.what} {problem.why} {problem.next}")
            self._stop.wait(FOLLOW_S)
            return None
        except Exception as error:
            trace = "".join(traceback.format_tb(error.__traceback__))
            self._say(name, f"A bug in the {name}: {type(error).__name__}\n{trace}")
            self._stop.wait(FOLLOW_S)
            return None
        self._said.pop(name, None)
        return found

    def _say(self, name: str, what: str) -> None:
        if self._said.get(name) != what:
            self._said[name] = what
            self._errors.write(f"{what}\n")
            self._errors.flush()
