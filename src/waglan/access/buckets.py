"""How much anybody may ask for: a token bucket per key or person, in the memory of one process."""

from __future__ import annotations

import math
import threading
from typing import NamedTuple

from waglan.access.refusals import SlowDown
from waglan.core.clock import Clock

_MOST = 10_000


class _Bucket(NamedTuple):
    left: float
    at_ns: int


class Buckets:
    """Token buckets by name.

    Parameters
    ----------
    per_s
        How many come back each second.
    burst
        How many there are at most.
    clock
        Its monotonic count refills.
    """

    def __init__(self, per_s: float, burst: int, clock: Clock) -> None:
        self._per_ns = per_s / 1e9
        self._burst = float(burst)
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, _Bucket] = {}

    def take(self, name: str, count: int = 1) -> int:
        """Take from a bucket; gives 0, or after how many whole seconds to come again (nothing is taken then)."""
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            held = self._held.get(name)
            left = self._burst if held is None else min(self._burst, held.left + (now_ns - held.at_ns) * self._per_ns)
            if left < count and left < self._burst:
                return max(1, math.ceil((min(count, self._burst) - left) / self._per_ns / 1e9))
            if held is None and len(self._held) >= _MOST:
                self._drop_full(now_ns)
            self._held[name] = _Bucket(left - count, now_ns)
            return 0

    def require(self, name: str, count: int = 1) -> None:
        """Go on only when there is enough; a Problem (``access.slow_down``, 429) says how long to wait.

        More than a whole bucket is let through when the bucket is full, and has to be waited for afterwards.
        """
        wait_s = self.take(name, count)
        if wait_s:
            raise SlowDown("Too many requests.", wait_s)

    def _drop_full(self, now_ns: int) -> None:
        """Forget whoever has a full bucket again; of the others the longest idle half, when that is too few."""
        kept = {
            name: held
            for name, held in self._held.items()
            if held.left + (now_ns - held.at_ns) * self._per_ns < self._burst
        }
        if len(kept) >= _MOST:
            kept = dict(sorted(kept.items(), key=lambda item: item[1].at_ns)[_MOST // 2 :])
        self._held = kept
