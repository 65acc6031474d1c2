import pytest
from hypothesis import given
from hypothesis import strategies as st

from waglan.core.ids import ALPHABET, Ids, from_bytes, to_bytes, ulid


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**80 - 1))
def test_a_ulid_and_its_bytes_are_the_same_number(at_ms, randomness):
    text = ulid(at_ms, randomness)
    assert len(text) == 26 and set(text) <= set(ALPHABET)
    assert from_bytes(to_bytes(text)) == text
    assert int.from_bytes(to_bytes(text), "big") == at_ms << 80 | randomness


def test_the_example_of_the_specification():
    # github.com/ulid/spec names 01ARZ3NDEKTSV4RRFFQ69G5FAV; its time part is 1469922850259.
    assert ulid(1469922850259, 0)[:10] == "01ARZ3NDEK"


@given(st.lists(st.integers(0, 5), min_size=2, max_size=200))
def test_ids_only_rise_whatever_the_clock_does(times):
    ids = Ids()
    made = [ids.new(1_000 + t) for t in times]
    assert made == sorted(set(made))


def test_ids_go_on_rising_when_the_part_that_counts_is_used_up():
    ids = Ids(lambda count: b"\0\0\0\0\0\0\0" + ((1 << 21) - 4).to_bytes(3, "big"))
    made = [to_bytes(ids.new(7)) for _ in range(4)]
    counted = [int.from_bytes(each, "big") & (1 << 80) - 1 for each in made]
    assert counted == [(1 << 20) - 2, (1 << 20) - 1, 1 << 20, (1 << 20) + 1]


@pytest.mark.parametrize("text", ["", "0" * 25, "U" * 26, "Z" * 26, "01ARZ3NDEKTSV4RRFFQ69G5FAv"])
def test_what_is_no_ulid_is_refused(text):
    with pytest.raises(ValueError):
        to_bytes(text)
