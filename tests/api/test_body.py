"""The parser: what it takes is exactly strict JSON within limits, and it never fails in another way than a Problem."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.conftest import CASE, JSON, NDJSON, Direct
from waglan.api import Limits
from waglan.api.ask import language
from waglan.api.body import Splitter, depth, names, parse, read
from waglan.core import Problem

LIMITS = Limits()

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | st.sampled_from([":", "{", '"a":', "[["])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_every_json_value_comes_out_as_it_went_in(value: Any) -> None:
    for compact in (True, False):
        raw = json.dumps(value, ensure_ascii=compact, indent=None if compact else 1).encode()
        assert parse(raw, LIMITS) == value


@given(values, st.data())
def test_a_name_given_twice_is_refused_wherever_it_stands(value: Any, data: st.DataObject) -> None:
    name, other = data.draw(texts), data.draw(values)
    twice = f"{{{json.dumps(name)}: 1, {json.dumps(name)}: {json.dumps(other)}}}"
    for wrapped in (twice, f"[{json.dumps(value)}, {twice}]", f'{{"x": {twice}}}'):
        with pytest.raises(Problem) as caught:
            parse(wrapped.encode(), LIMITS)
        assert caught.value.code == "request.duplicate"
        assert caught.value.where == name


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_a_problem_400(raw: bytes) -> None:
    try:
        value = parse(raw, LIMITS)
    except Problem as problem:
        assert problem.status == 400
    else:
        assert json.loads(raw) == value


@given(values, st.data())
def test_a_value_cut_short_is_refused(value: Any, data: st.DataObject) -> None:
    raw = json.dumps({"a": value}).encode()
    with pytest.raises(Problem):
        parse(raw[: data.draw(st.integers(0, len(raw) - 1))], LIMITS)


@given(values)
def test_counting_names_and_levels(value: Any) -> None:
    def slowly_names(v: Any) -> int:
        inner = v.values() if isinstance(v, dict) else v if isinstance(v, list) else ()
        return (len(v) if isinstance(v, dict) else 0) + sum(map(slowly_names, inner))

    def slowly_depth(v: Any) -> int:
        inner = v.values() if isinstance(v, dict) else v if isinstance(v, list) else None
        return 0 if inner is None else 1 + max(map(slowly_depth, inner), default=0)

    assert names(value) == slowly_names(value)
    assert depth(value) == slowly_depth(value)


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (b'{"a": NaN}', "byte 6 (line 1, column 7)"),
        (b'{\n "a": Infinity}', "byte 8 (line 2, column 7)"),
        (b'{"a": -Infinity}', "byte"),
        (b'{"a": 1e999}', ""),
        (b'{"a": 1,}', "byte 8"),
        (b'{"a": 1} {}', "byte "),
        (b'{"a": 01}', "byte"),
        (b"{'a': 1}", "byte 1"),
        (b"", "byte 0"),
        (b'{"a"', "byte 4"),
        (b'{"a": "\xff"}', "byte 7"),
        ('{"a": "費"}'.encode("big5"), "byte 7"),
        ('{"a": 1}'.encode("utf-16"), "byte 0"),
        (b'\xef\xbb\xbf{"a": 1}', "byte 0"),
        (b'{"a": "\\ud800"}', "byte"),
        (b'{"a": "tab\there"}', "byte"),
        (b"1" * 5000, ""),
    ],
)
def test_what_is_wrong_is_named_with_its_place(raw: bytes, where: str) -> None:
    with pytest.raises(Problem) as caught:
        parse(raw, LIMITS)
    assert caught.value.code == "request.malformed"
    assert caught.value.where.startswith(where)


@pytest.mark.parametrize("levels", [33, 500, 100_000])
@pytest.mark.parametrize("open_", [b"[", b'{"a":'])
def test_nesting_is_bounded(levels: int, open_: bytes) -> None:
    close = b"]" if open_ == b"[" else b"}"
    with pytest.raises(Problem, match="can't be read") as caught:
        parse(open_ * levels + b"1" + close * levels, LIMITS)
    assert "32 levels" in caught.value.why
    parse(open_ * 32 + b"1" + close * 32, LIMITS)


@given(st.lists(st.binary(max_size=9).map(lambda b: b.replace(b"\n", b"")), max_size=12), st.data())
def test_lines_are_the_same_however_the_chunks_fall(lines: list[bytes], data: st.DataObject) -> None:
    raw = b"\n".join(lines)
    splitter, found, rest = Splitter(4), [], raw
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        found += splitter.feed(rest[:size])
        rest = rest[size:]
    found += splitter.end()
    expected = [(n, line if len(line) <= 4 else None) for n, line in enumerate(lines, 1)]
    assert [tuple(f) for f in found] == [(n, line) for n, line in expected if line is None or line.strip()]


@given(st.lists(st.binary(max_size=8), min_size=1), st.integers(0, 40))
def test_a_body_is_read_whole_or_refused_by_size(chunks: list[bytes], limit: int) -> None:
    async def whole() -> bytes:
        waiting = [{"type": "http.request", "body": c, "more_body": i < len(chunks)} for i, c in enumerate(chunks, 1)]

        async def receive() -> Any:
            return waiting.pop(0)

        return await read(receive, {}, limit)

    raw = b"".join(chunks)
    if len(raw) <= limit:
        assert asyncio.run(whole()) == raw
    else:
        with pytest.raises(Problem) as caught:
            asyncio.run(whole())
        assert caught.value.status == 413


@pytest.mark.parametrize(
    ("accepted", "ours"),
    [
        ("", "en"), ("en-GB,en;q=0.9", "en"), ("fr, de;q=0.5", "en"), ("*", "en"),
        ("zh-HK", "zh-Hant"), ("zh-Hant-HK", "zh-Hant"), ("zh-TW", "zh-Hant"), ("zh-MO", "zh-Hant"), ("zh", "zh-Hant"),
        ("yue", "zh-Hant"), ("ZH-hk", "zh-Hant"), ("zh-CN", "zh-Hans"), ("zh-Hans", "zh-Hans"), ("zh-SG", "zh-Hans"),
        ("zh-Hans-HK", "zh-Hans"), ("zh-Hant-CN", "zh-Hant"), ("en;q=0.3, zh-CN;q=0.8", "zh-Hans"),
        ("zh-CN;q=0, en;q=0.1", "en"), ("fr, zh-HK;q=0.2", "zh-Hant"), ("zh-HK;q=wrong, en", "en"), (";;,,=", "en"),
    ],
)  # fmt: skip
def test_languages(accepted: str, ours: str) -> None:
    assert language(accepted.encode()) == ours


@given(st.binary(max_size=40))
def test_any_accept_language_gives_one_of_ours(raw: bytes) -> None:
    assert language(raw) in ("en", "zh-Hant", "zh-Hans")


@given(st.binary(max_size=80) | values.map(lambda v: json.dumps(v).encode()))
def test_whatever_is_posted_gets_a_whole_answer(direct: Direct, raw: bytes) -> None:
    for headers in (JSON, NDJSON):
        answer = direct.call("POST", "/decide/triage", [raw[:7], raw[7:]], headers)
        assert answer.status in (200, 207, 400, 413, 422)
        if answer.status >= 400:
            assert answer.code


@given(st.dictionaries(st.sampled_from([*CASE, "days_open", "text", "other"]), values, max_size=6))
def test_rows_of_any_values_are_decided_or_refused_by_field(direct: Direct, row: dict[str, Any]) -> None:
    answer = direct.call("POST", "/decide/triage", [json.dumps(row).encode()], JSON)
    if answer.status == 200:
        assert answer.body["id"] and direct.workspace.ledger.find(answer.body["id"]) == answer.body["index"]
    else:
        assert answer.status == 422 and answer.code.startswith("input.")
