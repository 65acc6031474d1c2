"""Readers of untrusted files: nothing but Problems, no row lost, bounded memory."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waglan.core.problem import Problem
from waglan.core.usecase import Input, UseCase
from waglan.runtime.rows import (
    MAX_CELL,
    MAX_RECORD,
    Delimited,
    JsonArray,
    JsonLines,
    Mapper,
    Rejected,
    Row,
    Seen,
    check_columns,
    open_rows,
    parse_line,
)
from waglan.runtime.rows.lines import BLOCK, lines


def table(data: bytes, encoding: str = "auto") -> list[Row | Rejected]:
    return list(Delimited(io.BytesIO(data), encoding))


def only(items: list[Row | Rejected], kind: type) -> list:
    return [i for i in items if isinstance(i, kind)]


def codes(items: list[Row | Rejected]) -> list[str]:
    return [i.problem.code if isinstance(i, Rejected) else "ok" for i in items]


cell = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)


@given(
    rows=st.lists(st.lists(cell, min_size=3, max_size=3), max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_csv_writer_writes_comes_back(rows, delimiter, end, encoding):
    rows = [r for r in rows if any(c.strip(" \r\n") for c in r)]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([["a", "b", "c"], *rows])
    got = table(out.getvalue().encode(encoding))
    assert [list(r.values.values()) for r in got] == rows
    assert [r.number for r in got] == list(range(1, len(rows) + 1))


@given(st.binary(max_size=400), st.sampled_from(["auto", "big5hkscs", "gb18030", "utf-16-le", "latin-1"]))
def test_any_bytes_give_rows_or_problems(data, encoding):
    for made in (
        lambda: Delimited(io.BytesIO(data), encoding),
        lambda: Delimited(io.BytesIO(b"a,b\n" + data), encoding),
        lambda: JsonLines(io.BytesIO(data), encoding),
        lambda: JsonArray(io.BytesIO(data), encoding),
        lambda: JsonArray(io.BytesIO(b"[" + data), encoding),
    ):
        try:
            items = list(made())
        except Problem:
            continue
        assert [i.number for i in items] == list(range(1, len(items) + 1))
        for item in items:
            json.dumps(item.values if isinstance(item, Row) else item.problem.as_dict()).encode()


fragment = st.sampled_from(
    ['"', '""', ",", "\n", "\r\n", "a", "x y", '"q"', "\0", "é", '{"a":1}', "[", "]", "}", "NaN", "\\"]
)


@given(st.lists(fragment, max_size=40).map("".join), st.booleans())
def test_fragments_of_syntax_lose_no_line(body, array):
    items = table(b"a,b\n" + body.encode())
    assert [i.number for i in items] == list(range(1, len(items) + 1))
    owner = {item.line: item for item in items}
    assert list(owner) == sorted(owner) and len(owner) == len(items)
    current = None
    for number, line in enumerate(lines([body.encode()]), 2):
        current = owner.get(number, current)
        if number not in owner and line.strip(b" \r\n"):  # then it lies inside a record of several lines
            text = line.decode().strip("\r\n")
            inside = current.raw if isinstance(current, Rejected) else '"'.join(current.values.values())
            assert any(part in inside for part in text.split('"'))
            assert "\n" in inside
    for made in (JsonLines(io.BytesIO(body.encode())), JsonArray(io.BytesIO(b"[" * array + body.encode()))):
        got = list(made)
        assert [i.number for i in got] == list(range(1, len(got) + 1))


good = st.lists(st.text("abc xyz,;", min_size=1, max_size=6).filter(str.strip), min_size=2, max_size=2)
spoil = st.sampled_from([b'x,"y', b'"x,y', b'"x"y,z', b"x\xff,y", b"x,y,z", b"x", b"x\0,y", b'x,y"z"'])


@given(st.lists(st.one_of(good, spoil), max_size=20))
def test_a_bad_line_spoils_no_other(plan):
    out = io.BytesIO(b"")
    out.write(b"a,b\n")
    for each in plan:
        out.write((each if isinstance(each, bytes) else ",".join(c.replace(",", "_") for c in each).encode()) + b"\n")
    got = table(out.getvalue())
    bad_pairs = sum(isinstance(e, bytes) for e in plan) > 1
    expected = [[c.replace(",", "_") for c in e] for e in plan if not isinstance(e, bytes)]
    rows = [list(r.values.values()) for r in only(got, Row) if '"' not in str(r.values)]
    if not bad_pairs:
        assert rows == expected
        assert len(got) == len(plan)
    else:  # two stray quotes may pair up into one record; what lies between is then named in that record
        assert all(r in expected for r in rows if "\n" not in str(r[1]))
        inside = [e for e in got if isinstance(e, Rejected) or "\n" in str(list(e.values.values()))]
        assert len(rows) == len(expected) or inside


def test_a_quote_never_closed_costs_one_line():
    body = b"".join(b"%d,%d\n" % (i, i) for i in range(50_000))
    got = table(b'a,b\n1,2\nx,"open\n' + body)
    assert codes(got)[:3] == ["ok", "row.quotes", "ok"]
    assert len(only(got, Row)) == 50_001
    assert got[1].problem.where == "row 2"


def test_an_inner_line_of_a_wellformed_record_is_never_a_row():
    got = table(b'a,b\n1,"x\n9,approve\n",3\n4,5\n')
    assert codes(got) == ["row.ragged", "ok"]
    assert "lines 2 to 4" in got[0].problem.why
    assert got[1].values == {"a": "4", "b": "5"}


def test_cells_over_several_lines_and_crlf():
    got = table(b'a,b\r\n1,"x\r\ny ""z"""\r\n\r\n2,3\r\n')
    assert [r.values for r in got] == [{"a": "1", "b": 'x\r\ny "z"'}, {"a": "2", "b": "3"}]
    assert [r.line for r in got] == [2, 5]


def test_a_header_over_two_lines():
    got = table(b'"a\nb",c\n1,2\n')
    assert [(r.line, r.values) for r in got] == [(3, {"a\nb": "1", "c": "2"})]


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        (b"1,caf\xe9", "row.encoding", "b"),
        (b"caf\xe9,1", "row.encoding", "a"),
        (b"1,2\0", "row.nul", "b"),
        (b"1,2,3", "row.ragged", ""),
        (b"1", "row.ragged", ""),
        (b'1,"2"x', "row.quotes", ""),
        (b"1," + b"x" * (MAX_CELL + 1), "row.cell-too-long", "b"),
        (b'1,"' + b"x" * (MAX_CELL + 1) + b'"', "row.cell-too-long", ""),
        (b"1," + b"x" * (MAX_CELL + 1) + b"\xff", "row.encoding", ""),
        (b"1," + b"x" * (MAX_RECORD + 1), "row.too-long", ""),
    ],
)
def test_each_kind_of_bad_row_names_row_and_field(line, code, field):
    got = table(b"a,b\n1,2\n" + line + b"\n3,4\n")
    assert codes(got) == ["ok", code, "ok"]
    assert got[1].problem.where == "row 2" + (f", field {field}" if field else "")
    assert got[1].problem.next


def test_mixed_encodings_name_the_encoding_that_fits():
    got = table("名,b\n".encode() + "陳,1\n".encode("big5hkscs") + "陳,2\n".encode())
    assert codes(got) == ["row.encoding", "ok"]
    assert "big5hkscs" in got[0].problem.next
    assert "\\xb3\\xaf" in got[0].raw
    whole = table("名,b\n陳,1|2\n".encode("big5hkscs"), "big5hkscs")
    assert whole[0].values == {"名": "陳", "b": "1|2"}


def test_trail_bytes_that_look_like_ascii():
    text = "功|許|蓋,1"  # Big5 trail bytes 0x5C and 0x7C
    assert table(f"a,b\n{text}\n".encode("big5hkscs"), "big5hkscs")[0].values["a"] == "功|許|蓋"
    assert table("a|b\n功許蓋|1\n".encode("big5hkscs"), "big5hkscs")[0].values == {"a": "功許蓋", "b": "1"}


def test_utf16_with_a_lone_surrogate_rejects_that_row():
    data = "\ufeffa,b\n1,2\n".encode("utf-16-le") + b"\x00\xd8" + ",9\n3,4\n".encode("utf-16-le") + b"\x00"
    assert codes(table(data)) == ["ok", "row.encoding", "ok", "row.encoding"]


@pytest.mark.parametrize(
    ("data", "encoding", "code", "told"),
    [
        (b"", "auto", "file.empty", "empty"),
        (b"\n \n", "auto", "file.empty", "empty"),
        (b"a,,b\n", "auto", "file.header", "column 2"),
        (b"a,b,a\n", "auto", "file.header", "'a'"),
        (b"a,b\xff\n", "auto", "file.header", "utf-8"),
        ("a,b\n1,2\n".encode("utf-16-le"), "auto", "file.header", "NUL"),
        (b"\xff\xfe\0\0a\0\0\0", "auto", "file.encoding", "UTF-32"),
        (b"\xef\xbb\xbfa\n", "big5hkscs", "file.encoding", "UTF-8"),
        (b"a\n", "klingon", "file.encoding", "klingon"),
        (b'"a,b\n1,2\n', "auto", "file.header", "quotes"),
    ],
)
def test_files_refused_as_a_whole(data, encoding, code, told):
    with pytest.raises(Problem) as refused:
        table(data, encoding)
    assert refused.value.code == code
    assert told in str(refused.value)


@given(st.lists(st.binary(max_size=6).map(lambda b: b.replace(b"\0", b"\r")), max_size=12))
def test_lines_are_the_same_however_blocks_fall(pieces):
    whole = b"".join(pieces)
    assert list(lines(pieces)) == whole.splitlines(keepends=True)
    assert list(lines([bytes([b]) for b in whole])) == whole.splitlines(keepends=True)


def test_a_line_end_cut_in_two_by_blocks():
    assert list(lines([b"a\r", b"\n", b"b\r", b"c"])) == [b"a\r\n", b"b\r", b"c"]


def test_a_line_without_end_takes_bounded_memory():
    def endless():
        yield b"a,b\n1,"
        for _ in range(400):
            yield b"x" * BLOCK
        yield b"\n3,4\n"

    tracemalloc.start()
    got = list(lines(endless()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [len(g) > MAX_RECORD for g in got] == [False, True, False]
    assert peak < 8 << 20


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"a": 1}', "ok"),
        (b'{"a": NaN}', "row.not-finite"),
        (b'{"a": -Infinity}', "row.not-finite"),
        (b'{"a": 1e999}', "row.not-finite"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "row.not-finite"),
        (b'{"a": 1, "a": 2}', "row.duplicate-key"),
        (b'{"x": {"a": 1, "a": 2}}', "row.duplicate-key"),
        (b'{"a": 1', "row.json"),
        (b'{"a": 1} {"a": 2}', "row.json"),
        (b"{'a': 1}", "row.json"),
        (b"[1]", "row.not-an-object"),
        (b"null", "row.not-an-object"),
        (b'{"a": "\xff"}', "row.encoding"),
        (b'{"a": "\\ud800"}', "row.encoding"),
        (b'{"\\ud800": 1}', "row.encoding"),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "row.too-deep"),
        (b'{"a": [[{"b": [1]}]]}', "ok"),
        (b'{"a": "\\u9673\\ud83d\\ude00"}', "ok"),
        (b'{"a": ' + b"[" * 100_000 + b"}", "row.too-deep"),
        (b'{"a": "' + b"x" * MAX_RECORD + b'"}', "row.too-long"),
    ],
)
def test_json_lines_are_strict_one_by_one(line, code):
    got = list(JsonLines(io.BytesIO(b'{"ok": 1}\n\n' + line + b'\n{"ok": 2}\n')))
    assert codes(got) == ["ok", code, "ok"]
    assert [g.line for g in got] == [1, 3, 4]
    if code != "ok":
        assert got[1].problem.where.startswith("row 2")
    array = list(JsonArray(io.BytesIO(b'[{"ok": 1},\n' + line + b"]")))
    if code not in ("row.json", "row.too-long", "row.too-deep"):
        assert codes(array) == ["ok", code]


def test_an_array_is_read_element_by_element():
    rows = [{"a": i, "t": '陳]}"\\' * 50} for i in range(3_000)]
    data = json.dumps(rows, ensure_ascii=False, indent=1).encode()
    assert len(data) > 2 * BLOCK
    assert [r.values for r in JsonArray(io.BytesIO(data))] == rows
    broken = data.replace(b'"a": 7,', b'"a": NaN,').replace(b'"a": 9,', b'"a": 9;,')
    got = list(JsonArray(io.BytesIO(broken)))
    assert [g.number for g in only(got, Rejected)] == [8, 10]
    assert len(only(got, Row)) == 2_998


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"[]", []),
        (b"[{}, {}]", ["ok", "ok"]),
        (b"[{}, {}", ["ok", "ok", "row.json"]),
        (b"[{} {}]", ["ok", "row.json"]),
        (b"[{}] x", ["ok", "row.json"]),
        (b"[{}, ]", ["ok", "row.json"]),
        (b"[12, {}]", ["row.not-an-object", "ok"]),
        (b"{}", ["row.json"]),
        (b'[{"a": "' + b'\\"' * 200_000, ["row.json"]),
    ],
)
def test_where_an_array_breaks_the_rest_is_one_rejected_row(data, expected):
    assert codes(list(JsonArray(io.BytesIO(data)))) == expected


def test_one_line_of_a_body_is_parsed_alone():
    assert parse_line(b'{"a": 1}', 7, 9) == Row(7, 9, {"a": 1})


@pytest.fixture(scope="module")
def parquet(tmp_path_factory):
    import duckdb

    path = tmp_path_factory.mktemp("parquet") / "cases.parquet"
    duckdb.sql(
        "SELECT i::INTEGER AS n, i / 4 AS x, 'row ' || i AS t, DATE '2026-01-01' + i::INTEGER AS d,"
        " TIMESTAMP '2026-01-01 00:00:00' AS at_midnight, 1.50::DECIMAL(9,2) AS m, [i, i + 1] AS l, {'k': i} AS o,"
        " CASE WHEN i = 2500 THEN 'nan'::DOUBLE ELSE 1.5 END AS f, NULL::INTEGER AS e"
        " FROM range(5000) r(i)"
    ).write_parquet(str(path))
    return path


def test_parquet_in_chunks_with_types(parquet):
    with open_rows(parquet) as opened:
        assert opened.format == "parquet" and not opened.table.text
        got = list(opened.table)
    assert [g.number for g in got] == list(range(1, 5_001))
    assert got[0].values == {
        "n": 0, "x": 0.0, "t": "row 0", "d": "2026-01-01", "at_midnight": "2026-01-01", "m": 1.5, "l": [0, 1],
        "o": {"k": 0}, "f": 1.5, "e": None,
    }  # fmt: skip
    (bad,) = only(got, Rejected)
    assert bad.problem.where == "row 2501, field f"


def test_parquet_values_without_a_form_in_the_record_reject_their_row(tmp_path):
    import duckdb

    path = tmp_path / "odd.parquet"
    duckdb.sql(
        "SELECT UUID '00000000-0000-0000-0000-00000000000a' AS u, [1.5] AS l, NULL::BLOB AS b"
        " UNION ALL SELECT NULL, [1.5, 'nan'::DOUBLE], NULL UNION ALL SELECT NULL, NULL, 'x'::BLOB"
    ).write_parquet(str(path))
    with open_rows(path) as opened:
        good, nan, blob = list(opened.table)
    assert good.values == {"u": "00000000-0000-0000-0000-00000000000a", "l": [1.5], "b": None}
    assert (nan.problem.code, nan.problem.where) == ("row.not-finite", "row 2, field l")
    assert (blob.problem.code, blob.problem.where) == ("row.unsupported", "row 3, field b")


def test_parquet_damaged_further_on_says_from_which_row(tmp_path):
    import duckdb

    path = tmp_path / "late.parquet"
    rows = duckdb.sql("SELECT i, hash(i) AS h FROM range(200000) r(i)")
    rows.write_parquet(str(path), row_group_size=20_000, compression="snappy")
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 2, len(data) // 2 + 60_000, 7):
        data[at] ^= 0xFF
    path.write_bytes(data)
    taken = 0
    with pytest.raises(Problem) as refused, open_rows(path) as opened:
        for row in opened.table:
            taken = row.number
    assert refused.value.code == "file.parquet" and taken > 0
    assert refused.value.where == f"row {taken + 1} and after"


def test_damaged_parquet_is_one_problem(parquet, tmp_path):
    data = bytearray(parquet.read_bytes())
    for name, spoilt in (
        ("cut", data[: len(data) // 2]),
        ("short", b"PAR1"),
        ("holes", bytes(b if i % 97 else 0 for i, b in enumerate(data))),
    ):
        path = tmp_path / f"{name}.parquet"
        path.write_bytes(spoilt)
        with pytest.raises(Problem) as refused, open_rows(path) as opened:
            list(opened.table)
        assert refused.value.code == "file.parquet"


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.csv", b"a;b\n1;2\n", "csv"),
        ("a.tsv", b"a\tb\n1\t2\n", "csv"),
        ("a.jsonl", b'{"a": "1", "b": "2"}\n', "jsonl"),
        ("a.json", b' [{"a": "1", "b": "2"}]', "jsonl"),
        ("noname", '{"a": "1", "b": "2"}'.encode("utf-16"), "jsonl"),
        ("noname", b"a|b\n1|2\n", "csv"),
    ],
)
def test_the_format_is_told_by_name_and_content(tmp_path, name, data, expected):
    path = tmp_path / name
    path.write_bytes(data)
    with open_rows(path) as opened:
        assert opened.format == expected
        assert [dict(r.values) for r in opened.table] == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.csv", b"PK\x03\x04zzz", "file.format"),
        ("a.csv", b"\x1f\x8b\x08", "file.format"),
        ("missing", None, "file.unreadable"),
    ],
)
def test_foreign_files_are_named(tmp_path, name, data, code):
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(Problem) as refused, open_rows(path):
        pass
    assert refused.value.code == code


def test_a_format_nobody_knows_is_named(tmp_path):
    with pytest.raises(Problem) as refused, open_rows(tmp_path / "a.csv", wanted="xls"):
        pass
    assert refused.value.code == "file.format" and "csv" in refused.value.why


def test_missing_values_never_count_as_repeated():
    seen = Seen(bytes(32))
    assert [seen.value("id", value, n) for n, value in enumerate(["a", None, "", None, "", "a"])] == [None] * 5 + [0]
    seen.close()


PAST = """
decided_at = {{column = "when", format = "iso", time_zone = "{zone}"}}
effect = {{column = "result"}}
adverse = {{column = "against"}}
route = {{column = "who"}}
"""


def past(zone="Asia/Hong_Kong", **cells):
    row = {"when": "2025-01-02", "result": "accept", "against": None, "who": None} | cells
    return Mapper(PAST.format(zone=zone), "m.toml", MANIFEST).read(row, 1, text=False)


@pytest.mark.parametrize(
    ("against", "adverse"), [("Yes", True), (1, True), (True, True), ("n", False), (False, False), (None, False)]
)
def test_how_a_past_decision_says_that_it_was_adverse(against, adverse):
    assert past(against=against).adverse is adverse


@pytest.mark.parametrize(("column", "value"), [("against", "perhaps"), ("who", "nobody")])
def test_a_past_decision_that_cannot_be_read_names_its_column(column, value):
    with pytest.raises(Problem) as refused:
        past(**{column: value})
    assert (refused.value.code, refused.value.where) == ("import.wrong", column) and value in refused.value.what


def test_time_zones_of_past_decisions():
    assert past("+08:00").decided_at == past().decided_at == past("-05:30").decided_at - 48_600_000
    with pytest.raises(Problem) as refused:
        past("+25:00")
    assert refused.value.code == "mapping.invalid" and "+25:00" in refused.value.what


def test_known_names_tell_the_delimiter(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"income;name, first, last\n1;2\n")
    with open_rows(path, known=("income",)) as opened:
        assert opened.table.columns == ("income", "name, first, last")


MANIFEST = UseCase(
    name="triage",
    version="1",
    title={"en": "Triage"},
    owner="Ops",
    purposes=("service",),
    inputs={
        "income": Input(type="number"),
        "age": Input(type="integer", required=False),
        "note": Input(type="text", role="unused"),
    },
)


def test_columns_are_checked_against_the_manifest():
    check_columns(("income", "note", "_row"), MANIFEST)
    check_columns(("income", "extra"), MANIFEST, drop_unknown=True)
    check_columns(("income", "consent"), MANIFEST, also=("consent",))
    with pytest.raises(Problem) as refused:
        check_columns(("incom", "agee"), MANIFEST)
    problem = refused.value
    assert problem.code == "file.columns"
    assert [e.where for e in problem.errors] == ["incom", "agee", "income"]
    for told in ("incom (Did you mean 'income'?)", "agee (Did you mean 'age'?)", "missing: income"):
        assert told in str(problem)


def test_a_large_file_is_read_in_bounded_memory(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as out:
        out.write(b"a,b\n")
        for i in range(6_000):
            out.write(b'%d,"%s"\n' % (i, b"x" * 1_000))
    tracemalloc.start()
    with open_rows(Path(path)) as opened:
        count = sum(isinstance(r, Row) for r in opened.table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 6_000
    assert peak < 3 << 20
