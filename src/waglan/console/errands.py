"""Work that takes longer than a page: each piece has a folder in the workspace, so a page or a process may come and go.

Who is at a piece holds a lock that dies with its process, so one that was cut off is seen as such.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from waglan.core.clock import Clock
from waglan.core.ids import to_bytes
from waglan.core.problem import Problem
from waglan.disk.durable import replace
from waglan.disk.held import held

KEPT_MS = 7 * 86_400_000
"""What a piece of work left is deleted after so long; what it put on the log stays."""
_PATIENCE_S = 5.0
_STATE, _LOCK = "state.json", "lock"


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of work and how far it is; each kind adds its own members, ``state`` among them.

    Attributes
    ----------
    id, actor, created_ms
        Which, whose, since when (milliseconds since 1970 UTC).
    problem
        Why it failed or stopped: ``what``, ``why``, ``next``, ``code``.
    """

    id: str
    actor: str
    created_ms: int
    problem: dict[str, str] | None = None


E = TypeVar("E", bound=Errand)


class Errands(Generic[E]):
    """The pieces of one kind; it holds nothing itself, so make one whenever it is needed.

    Parameters
    ----------
    folder
        Where they lie, readable by their owner only.
    kind
        Their type.
    clock
        For how long they are kept.
    """

    def __init__(self, folder: Path, kind: type[E], clock: Clock) -> None:
        self._folder = folder
        self._kind = kind
        self._clock = clock

    def place(self, errand_id: str) -> Path:
        """The folder of a piece of work."""
        return self._folder / errand_id

    def new(self, errand: E) -> Path:
        """Make the folder of a new one."""
        place = self.place(errand.id)
        place.mkdir(mode=0o700, parents=True)
        return place

    def start(
        self,
        errand: E,
        work: Callable[[], E],
        *,
        failed: Callable[[E, Problem], E] | None = None,
        ended: Callable[[E], object] | None = None,
    ) -> None:
        """Save it and do the work in a thread; back when somebody is at it.

        Parameters
        ----------
        work
            Gives the finished errand. A Problem that it raises is kept on the errand.
        failed
            What the errand is then; ``state`` becomes ``failed`` if not given.
        ended
            What is done once it was saved for the last time.
        """
        self.save(errand)
        begun = threading.Event()
        told = failed or (lambda found, problem: msgspec.structs.replace(found, state="failed", problem=said(problem)))

        def run() -> None:
            with held(self.place(errand.id) / _LOCK) as mine:
                begun.set()
                if not mine:
                    return
                try:
                    done = work()
                except Problem as problem:
                    done = told(self.latest(errand), problem)
                self.save(done)
                if ended is not None:
                    ended(done)

        threading.Thread(target=run, name=f"waglan-{self._folder.name}", daemon=True).start()
        begun.wait(_PATIENCE_S)  # so that the page that comes next sees it at work

    def find(self, errand_id: str) -> E | None:
        """One by its id; None when there is none."""
        with suppress(ValueError, OSError, msgspec.MsgspecError):
            to_bytes(errand_id)
            return self._read(self.place(errand_id))
        return None

    def all(self) -> list[E]:
        """Every one that is remembered, newest first."""
        found = []
        for path in self._folder.glob(f"*/{_STATE}"):
            with suppress(OSError, msgspec.MsgspecError):
                found.append(self._read(path.parent))
        return sorted(found, key=lambda each: each.id, reverse=True)

    def latest(self, errand: E) -> E:
        """It as it was saved last."""
        return self._read(self.place(errand.id))

    def alive(self, errand_id: str) -> bool:
        """Whether some process is at it."""
        try:
            with held(self.place(errand_id) / _LOCK) as mine:
                return not mine
        except FileNotFoundError:
            return False

    def working(self) -> int:
        """How many are being worked at now."""
        return sum(self.alive(each.id) for each in self.all())

    def save(self, errand: E) -> None:
        """Keep how far it is, whole or not at all."""
        replace(self.place(errand.id) / _STATE, msgspec.json.encode(errand))

    def delete(self, errand_id: str) -> None:
        """Remove everything about it."""
        shutil.rmtree(self.place(errand_id))

    def tidy(self, keep: Callable[[E], bool] = lambda _: False) -> None:
        """Remove what was kept for long enough, but for what ``keep`` names."""
        now_ms = self._clock.now_ms()
        for each in self.all():
            if now_ms - each.created_ms > KEPT_MS and not keep(each) and not self.alive(each.id):
                shutil.rmtree(self.place(each.id), ignore_errors=True)

    def _read(self, place: Path) -> E:
        return msgspec.json.decode((place / _STATE).read_bytes(), type=self._kind)


def said(problem: Problem) -> dict[str, Any]:
    """A Problem as an errand keeps it."""
    return {"what": problem.what, "why": problem.why, "next": problem.next, "code": problem.code}
