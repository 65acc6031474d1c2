"""What a vault holds in memory: pseudonyms that aren't durable yet, and keys for a minute."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from waglan.core.clock import Clock
from waglan.core.ids import from_bytes
from waglan.ledger.sealing import DataKey

NAMES = 262_144
KEYS = 65_536
KEYS_NS = 60_000_000_000
_ID_BYTES = 16


class Proposals:
    """Pseudonyms proposed for people whom the vault doesn't know, until an entry with them is sealed."""

    def __init__(self, urandom: Callable[[int], bytes]) -> None:
        self._urandom = urandom
        self._lock = threading.Lock()
        self._by_lookup: dict[bytes, str] = {}
        self._by_name: dict[str, bytes] = {}
        self._same_as: dict[str, str] = {}

    def propose(self, lookup: bytes) -> str:
        """The pseudonym proposed for a person, a new one where there is none; the oldest give way."""
        with self._lock:
            name = self._by_lookup.get(lookup)
            if name is None:
                while len(self._by_lookup) >= NAMES:
                    self._drop(next(iter(self._by_lookup)))
                name = from_bytes(self._urandom(_ID_BYTES))
                self._by_lookup[lookup], self._by_name[name] = name, lookup
            return name

    def lookup(self, name: str) -> bytes | None:
        """Of whom a pseudonym was proposed, or None."""
        return self._by_name.get(name)

    def durable(self, name: str) -> str:
        """The pseudonym that a proposal became: its own, unless another process was first."""
        return self._same_as.get(name, name)

    def settle(self, became: Mapping[str, str]) -> None:
        """Proposals were sealed; each maps to the pseudonym that is durable."""
        with self._lock:
            for name, winner in became.items():
                lookup = self._by_name.get(name)
                if lookup is None:
                    continue
                self._drop(lookup)
                if winner != name:
                    self._same_as[name] = winner
            while len(self._same_as) > NAMES:
                self._same_as.pop(next(iter(self._same_as)))

    def _drop(self, lookup: bytes) -> None:
        self._by_name.pop(self._by_lookup.pop(lookup), None)


class KeyCache:
    """Data keys by pseudonym, and pseudonyms by reference. They live through one swap of generations: a minute at most.

    A pseudonym kept past an erasure elsewhere does no harm: the key is gone, so the entry is refused, and with the
    vault's new epoch the pseudonym is forgotten.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._epoch = -1
        self._swapped_ns = clock.monotonic_ns()
        self.young: dict[str, DataKey] = {}
        self.old: dict[str, DataKey] = {}
        self.names: dict[str, str] = {}

    def name(self, reference: str, name: str) -> None:
        """Keep a durable pseudonym."""
        if len(self.names) < NAMES:
            self.names[reference] = name

    def current(self, epoch: int) -> bool:
        """Let keys age; False, and all forgotten, when the vault's epoch moved on."""
        now = self._clock.monotonic_ns()
        age = now - self._swapped_ns
        if epoch != self._epoch:
            self.clear()
            self._epoch = epoch
            return False
        if age >= KEYS_NS // 2 or len(self.young) > KEYS:
            self.old = self.young if age < KEYS_NS else {}
            self.young, self.names, self._swapped_ns = {}, {}, now
        return True

    def clear(self) -> None:
        """Forget all keys."""
        self.young, self.old, self.names, self._swapped_ns = {}, {}, {}, self._clock.monotonic_ns()
