"""Cases for drills: whatever a manifest declares, what is made up for it can be decided."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.parts import Small, manifest
from waglan.core.inputs import InputSchema
from waglan.core.manifest import digest
from waglan.core.usecase import Input, Plugin
from waglan.registers.cases import drill_cases
from waglan.runtime.catalogue import Loaded

bounds = st.none() | st.integers(-(10**6), 10**6)
kinds = st.sampled_from(["number", "integer", "boolean", "text", "date", "list", "object"])


@st.composite
def inputs(draw):
    low, high = draw(bounds), draw(bounds)
    if low is not None and high is not None and low > high:
        low, high = high, low
    if draw(st.booleans()):
        return Input(type="category", values=("a", "b"))
    kind = draw(kinds)
    limits = {"minimum": low, "maximum": high} if kind in ("number", "integer") else {}
    return Input(type=kind, max_length=draw(st.integers(1, 20)), **limits)


def loaded(declared, samples=()):
    made = manifest(inputs=declared, models={})
    return Loaded(made, InputSchema(made.inputs), digest(made), Plugin(made, Small(), samples))


@given(st.dictionaries(st.sampled_from("abcdef"), inputs(), min_size=1), st.integers(0, 99))
def test_what_is_made_up_can_be_decided(declared, seed):
    found = loaded(declared)
    rows = drill_cases(found, 4, seed)
    assert len(rows) == 4 and rows == drill_cases(found, 4, seed)
    for row in rows:
        found.schema.clean(row)


def test_samples_go_first_and_nothing_is_made_up_for_what_is_dropped():
    declared = {"a": Input(type="integer"), "b": Input(type="text", role="unused", required=False)}
    assert all("b" not in row for row in drill_cases(loaded(declared), 3, 1))
    rows = drill_cases(loaded(declared, ({"a": 7}, {"z": 1})), 5, 1)
    assert rows == [{"a": 7}] * 5
