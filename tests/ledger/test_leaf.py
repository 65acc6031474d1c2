"""The leaf: its bytes are canonical, and nothing without a canonical form gets in."""

from __future__ import annotations

import json
import math
import types
import unicodedata
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waglan.core import DecisionFacts, Entry, Problem, Route
from waglan.core.entry import event
from waglan.core.events import EVENTS, Event, OptOut
from waglan.ledger import leaf

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
KEYS = st.text(st.characters(codec="ascii"), max_size=8)
INTS = st.integers(-leaf.MAX_INT, leaf.MAX_INT)
VALUES = st.recursive(
    st.none() | st.booleans() | INTS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
FACTS = st.dictionaries(KEYS, VALUES, max_size=5)

GOLDEN = Path(__file__).with_name("golden_leaf.json").read_bytes()
WORDS = {None: "null", True: "true", False: "false"}


def rfc8785(value: Any) -> str:
    """JCS for values without floats, from the RFC's text: an independent reference."""
    if value is None or isinstance(value, bool):
        return WORDS[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        short = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
        return '"' + "".join(short.get(ord(c)) or (f"\\u{ord(c):04x}" if ord(c) < 32 else c) for c in value) + '"'
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(rfc8785, value)) + "]"
    ordered = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
    return "{" + ",".join(f"{rfc8785(k)}:{rfc8785(v)}" for k, v in ordered) + "}"


def nfc(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [nfc(v) for v in value]
    return {k: nfc(v) for k, v in value.items()} if isinstance(value, dict) else value


def built(facts: Any, **changes: Any) -> bytes:
    entry = Entry(
        id="01K7000000000000000000000A", kind="decision", at_ms=1, facts=facts, actor=changes.pop("actor", "")
    )
    given_: dict[str, Any] = {"tenant": "t", "source": "s.1", "n": 0, "kid": "", "commit": {}, "subject": ""}
    return leaf.build(entry, **(given_ | changes))


def test_golden() -> None:
    facts = DecisionFacts(
        adverse=True,
        confidence="0.912000",
        controls=(("privacy.identifiers", "pass"),),  # type: ignore[arg-type]
        latency_us=61,
        route=Route.HUMAN,
        use_case="credit",
        why=("理",),
    )
    entry = Entry(
        id="01K7000000000000000000000A",
        kind="decision",
        at_ms=1_760_000_000_123,
        facts=facts,
        refs=("01K7000000000000000000000B",),
        actor="svc",
    )
    data = leaf.build(
        entry,
        tenant="bank-a",
        source="gw.01K70000000000000000000000",
        n=7,
        kid="K1",
        commit={"in": "ab" * 32},
        subject="S1",
    )
    assert data == GOLDEN
    assert leaf.parse(data).subject == "S1"


@given(FACTS, TEXT)
def test_build_is_rfc8785_of_the_normal_form(facts: dict[str, Any], actor: str) -> None:
    data = built(facts, actor=actor, commit={"out": "b", "in": "a"})
    expected: dict[str, Any] = {
        "at_ms": 1,
        "commit": {"in": "a", "out": "b"},
        "id": "01K7000000000000000000000A",
        "kind": "decision",
        "n": 0,
        "source": "s.1",
        "tenant": "t",
        "v": 1,
    }
    expected |= {"actor": actor} if actor else {}
    expected |= {"facts": facts} if facts else {}
    assert data.decode() == rfc8785(nfc(expected))
    assert data == msgspec.json.encode(msgspec.json.decode(data), order="sorted")
    assert leaf.parse(data).facts == nfc(facts)


@given(VALUES)
def test_canonical_is_rfc8785(value: Any) -> None:
    assert leaf.canonical(value).decode() == rfc8785(nfc(value))


def test_an_escaped_newline_before_a_combining_mark_stays() -> None:
    data = built({"text": "a\n\u0303 e\u0301"})
    assert json.loads(data)["facts"]["text"] == "a\n\u0303 \u00e9"


@pytest.mark.parametrize("kind", [*EVENTS, DecisionFacts], ids=lambda k: k.__name__)
def test_every_event_is_canonical_as_it_stands(kind: type[Event]) -> None:
    names = [field.encode_name for field in msgspec.structs.fields(kind)]
    assert names == sorted(names) and all(name.isascii() for name in names)
    for field in msgspec.structs.fields(kind):
        assert not _floats(field.type), f"{kind.__name__}.{field.name} may hold a float"
    assert leaf._trusted(kind) is not None  # so none takes the slow path by accident


def _floats(kind: Any) -> bool:
    if get_origin(kind) in (tuple, list, dict, Union, types.UnionType):
        return any(_floats(arg) for arg in get_args(kind) if arg is not Ellipsis)
    return kind in (float, Any, object)


class Unsorted(Event, frozen=True, kw_only=True):
    z: int = 1
    a: float | None = None
    inner: OptOut | None = None


def test_a_struct_of_others_is_sorted_or_refused() -> None:
    assert b'"facts":{"inner":{"use_case":"x"},"z":2}' in built(Unsorted(z=2, inner=OptOut(use_case="x")))
    with pytest.raises(Problem, match=r"facts\.a"):
        built(Unsorted(a=0.5))


class Big(Event, frozen=True, kw_only=True):
    count: int | None = None


@pytest.mark.parametrize(
    "facts",
    [
        {"x": 0.0},
        {"x": math.nan},
        {"x": [1, {"y": math.inf}]},
        {"x": 2**53},
        {"x": -(2**53)},
        {"鍵": 1},
        {"x": {"é": 1}},
        {"x": "\ud800"},
        {"x": object()},
        {1: 2},
        Big(count=2**53),
    ],
)
def test_refused(facts: Any) -> None:
    with pytest.raises(Problem) as caught:
        built(facts)
    assert caught.value.code == "leaf.value"


def test_refused_sizes_and_numbers() -> None:
    with pytest.raises(Problem) as caught:
        built({"x": "y" * leaf.MAX_BYTES})
    assert caught.value.code == "leaf.size"
    for bad in ({"n": -1}, {"n": 2**53}, {"commit": {"é": "a"}}):
        with pytest.raises(Problem):
            built({}, **bad)


def test_empty_facts_are_left_out() -> None:
    assert b"facts" not in built(OptOut()) and b"facts" not in built({})
    assert leaf.parse(built(OptOut())).facts == {}


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d.replace(b'"n":0', b'"n":0.0'),
        lambda d: d.replace(b'"n":0', b'"n": 0'),
        lambda d: d.replace(b'"v":1', b'"v":2'),
        lambda d: d.replace(b'"v":1', b'"v":1,"w":1'),
        lambda d: d.replace(b'"n":0', b'"n":0,"n":0'),
        lambda d: d.replace(b'"at_ms":1,', b"") + b"",
        lambda d: b'{"v":1,' + d[1:].replace(b',"v":1', b""),
        lambda d: d.replace(b'"x":1', b'"x":1.5'),
        lambda d: d.replace(b'"x":1', b'"x":9007199254740992'),
        lambda d: d.replace(b'"x":1', '"x":"e\u0301"'.encode()),
        lambda d: d.replace(b'"x":1', b'"x":"\\u0041"'),
        lambda d: d.replace(b'"x":1', b'"x":"\xff"'),
        lambda d: d[:-1],
        lambda d: b"[" * 100_000,
        lambda d: b"[]",
    ],
)
def test_parse_is_strict(damage: Any) -> None:
    data = built({"x": 1})
    assert leaf.parse(data).facts == {"x": 1}
    with pytest.raises(Problem) as caught:
        leaf.parse(damage(data))
    assert caught.value.code == "leaf.parse"


@given(st.binary(max_size=60))
def test_parse_never_fails_otherwise(data: bytes) -> None:
    with pytest.raises(Problem):
        leaf.parse(data)


def test_event_helper_and_literals() -> None:
    assert leaf._exact(Literal["a", True]) and not leaf._exact(Literal[1])
    assert b'"kind":"opt_out"' in leaf.build(
        event("01K7000000000000000000000A", 1, OptOut()), tenant="t", source="s", n=0, kid="", commit={}, subject=""
    )


class Colour(Enum):
    RED = "red"


class Listed(Event, frozen=True, kw_only=True, array_like=True):
    x: int = 1


class Tagged(msgspec.Struct, tag_field="kind", tag="odd"):
    b: int | msgspec.UnsetType
    a: int = 1


def test_other_containers() -> None:
    frozen = types.MappingProxyType({"b": types.MappingProxyType({"y": 1}), "a": (Colour.RED, OptOut(use_case="u"))})
    assert b'"facts":{"a":["red",{"use_case":"u"}],"b":{"y":1}}' in built(frozen)
    assert leaf.canonical({"b": Colour.RED, "a": OptOut(use_case="u")}) == b'{"a":{"use_case":"u"},"b":"red"}'
    assert leaf.canonical({"m": types.MappingProxyType({"z": 1})}) == b'{"m":{"z":1}}'
    with pytest.raises(Problem, match="Facts are an object"):
        built([1])
    assert b'"facts":{"x":2}' in built(Listed(x=2))  # an object all the same: a list would have no names
    assert b'"facts":{"a":2,"kind":"odd"}' in built(Tagged(a=2, b=msgspec.UNSET))
    with pytest.raises(Problem):
        leaf.canonical({"x": {1, 2}})
    with pytest.raises(Problem):
        leaf.canonical({"x": math.nan})


class Free(Event, frozen=True, kw_only=True):
    any: object = None


def test_a_struct_of_anything_is_looked_at_value_by_value() -> None:
    assert b'"facts":{"any":{"a":1,"b":2}}' in built(Free(any={"b": 2, "a": 1}))
    with pytest.raises(Problem, match=r"facts\.any"):
        built(Free(any=0.5))


def test_text_that_utf_8_cannot_say_has_no_canonical_form() -> None:
    with pytest.raises(Problem) as caught:
        leaf.canonical({"x": "\ud800"})
    assert caught.value.code == "leaf.value"


def test_text_is_written_in_nfc_wherever_it_stands() -> None:
    facts = {"a": ["e\u0301", 1], "b": {"c": "e\u0301"}}
    assert '"facts":{"a":["é",1],"b":{"c":"é"}}'.encode() in built(facts)
