from hypothesis import given
from hypothesis import strategies as st

import pytest
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


@pytest.mark.parametrize("text", ["", "0" * 25, "U" * 26, "Z" * 26, "01ARZ3NDEKTSV4RRFFQ69G5FAv"])
def test_what_is_no_ulid_is_refused(text):
    with pytest.raises(ValueError):
        to_bytes(text)
