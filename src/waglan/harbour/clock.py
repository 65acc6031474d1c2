"""A clock for writing a past that is marked as synthetic."""

from __future__ import annotations

from waglan.core.clock import Clock, SystemClock


class PastClock:
    """A clock that starts in the past, goes at the usual pace, and is moved on but never back.

    Wall time and the monotonic count move together, so the ledger's watcher sees no step where there is none to tell
    of: on this clock the time between two records does pass. Move it only while nothing is being recorded.

    Parameters
    ----------
    at_ms
        The time it starts at, milliseconds since 1970 UTC.
    real
        The clock whose pace it has.
    """

    def __init__(self, at_ms: int, real: Clock | None = None) -> None:
        self._real = real or SystemClock()
        self._start_ns = self._real.monotonic_ns()
        self._ahead_ns = at_ms * 1_000_000

    def now_ms(self) -> int:
        """Wall time of the story."""
        return self.monotonic_ns() // 1_000_000

    def monotonic_ns(self) -> int:
        """The same in nanoseconds: the story's wall clock is never set."""
        return self._real.monotonic_ns() - self._start_ns + self._ahead_ns

    def move_to(self, at_ms: int) -> None:
        """Let the time until then pass; a time that has passed already changes nothing."""
        self._ahead_ns += max(0, at_ms - self.now_ms()) * 1_000_000
