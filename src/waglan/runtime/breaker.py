"""A circuit breaker: stop asking what keeps failing, try it once in a while.

References
----------
M. Nygard, *Release It!*, 2nd ed., 2018, chapter 5.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import Enum


class State(Enum):
    """Closed lets through, open refuses, half-open lets one trial through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """One per model, shared by all decisions of a process.

    Parameters
    ----------
    monotonic_ns
        A clock.
    failures
        So many in a row open it.
    rest_s
        Seconds it stays open before one trial is let through.
    """

    def __init__(self, monotonic_ns: Callable[[], int], *, failures: int = 5, rest_s: float = 30.0) -> None:
        self._clock = monotonic_ns
        self._limit = failures
        self._rest_ns = int(rest_s * 1e9)
        self._lock = threading.Lock()
        self._failures = 0
        self._since = 0
        self.state = State.CLOSED

    def allow(self) -> bool:
        """Whether the model may be asked now; in half-open only one caller is told yes."""
        if self.state is State.CLOSED:
            return True
        with self._lock:
            rested = self._clock() - self._since >= self._rest_ns
            if rested:
                self.state = State.HALF_OPEN
                self._since = self._clock()
            return rested

    def succeeded(self) -> None:
        """The model answered."""
        if self._failures or self.state is not State.CLOSED:
            with self._lock:
                self._failures = 0
                self.state = State.CLOSED

    def failed(self) -> None:
        """The model didn't."""
        with self._lock:
            self._failures += 1
            if self.state is State.HALF_OPEN or self._failures >= self._limit:
                self.state = State.OPEN
                self._since = self._clock()
