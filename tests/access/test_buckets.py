"""Token buckets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.access.conftest import Hands
from waglan.access import Buckets, SlowDown
from waglan.access import buckets as module


def test_a_burst_then_so_many_a_second(clock: Hands) -> None:
    buckets = Buckets(2, 10, clock)
    assert [buckets.take("k-1") for _ in range(12)] == [0] * 10 + [1, 1]
    assert buckets.take("k-2") == 0
    clock.on(s=1)
    assert [buckets.take("k-1") for _ in range(3)] == [0, 0, 1]
    clock.on(hours=1)
    assert [buckets.take("k-1") for _ in range(11)] == [0] * 10 + [1]


def test_the_wait_is_long_enough(clock: Hands) -> None:
    buckets = Buckets(0.1, 3, clock)
    buckets.require("k-1", 3)
    with pytest.raises(SlowDown) as slow:
        buckets.require("k-1", 2)
    assert slow.value.retry_s == 20
    clock.on(s=20)
    buckets.require("k-1", 2)


def test_more_than_a_bucket_is_owed(clock: Hands) -> None:
    buckets = Buckets(10, 10, clock)
    buckets.require("k-1", 100)
    assert buckets.take("k-1") == 10
    clock.on(s=9)
    assert buckets.take("k-1") == 1
    clock.on(s=1)
    assert buckets.take("k-1") == 0


@given(st.lists(st.tuples(st.integers(0, 2_000), st.integers(1, 4)), max_size=60))
def test_never_more_than_burst_and_rate(asked: list[tuple[int, int]]) -> None:
    clock = Hands(0)
    buckets, given_ = Buckets(3, 5, clock), 0
    for ms, count in asked:
        clock.on(ms=ms)
        given_ += count if buckets.take("x", count) == 0 else 0
        assert given_ <= 5 + 3 * clock.now_ms() / 1_000 + 1e-6


def test_the_memory_is_bounded(clock: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 100)
    buckets = Buckets(1, 2, clock)
    for number in range(1_000):
        assert buckets.take(f"k-{number}", 2) == 0
        clock.on(ms=10)
    assert len(buckets._held) <= 101
    assert buckets.take("k-999") > 0  # whoever asked just now is still known
