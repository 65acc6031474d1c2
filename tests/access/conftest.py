"""An open access room with a clock that tests move, and cheap password hashes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from waglan.access import Access, Cost, Person

CHEAP = Cost(1, 8, 1)
PASSWORD = "purple lantern river boat"
ORIGIN = "https://waglan.bank.example"


class Hands:
    """A clock that stands until it is moved."""

    def __init__(self, at_ms: int = 1_790_000_000_000) -> None:
        self.at_ms = at_ms

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_ns(self) -> int:
        return self.at_ms * 1_000_000

    def on(self, *, ms: int = 0, s: int = 0, minutes: int = 0, hours: int = 0, days: int = 0) -> None:
        self.at_ms += ms + 1_000 * (s + 60 * (minutes + 60 * (hours + 24 * days)))


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def access(tmp_path: Path, clock: Hands) -> Iterator[Access]:
    with Access.open(tmp_path, tenant="bank-a", clock=clock, cost=CHEAP) as opened:
        yield opened


@pytest.fixture
def ada(access: Access) -> Person:
    """The first admin."""
    token = access.people.first_run()
    assert token is not None
    return access.people.set_up(token, "Ada Chan", "ada@bank.example", PASSWORD)


@pytest.fixture
def bo(access: Access, ada: Person) -> Person:
    """A reviewer who has accepted the invitation."""
    bo = access.people.add("Bo Lee", "bo@bank.example", ("reviewer",))
    return access.people.accept(access.people.invite(bo.id), PASSWORD)
