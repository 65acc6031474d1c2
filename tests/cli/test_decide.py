"""``waglan decide``: good rows are decided and recorded, bad rows land in the rejects file with the reason."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import read
from waglan.cli.progress import progress
from waglan.runtime import Workspace
from waglan.runtime.batch import alone, file_source, result_line

HEADER = "customer,amount,age,kind,opened,note\n"


def decisions(folder: Path) -> list[dict]:
    with Workspace.open(folder) as workspace:
        leaves = [json.loads(row.leaf) for _, row in workspace.ledger.rows(0, workspace.ledger.head().size)]
    return [leaf for leaf in leaves if leaf["kind"] == "decision"]


@pytest.fixture
def cases(tmp_path):
    def write(text: str | bytes, name: str = "cases.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_clean_file(folder, run, cases, tmp_path):
    path = cases(HEADER + "A1,10,40,card,2020-01-01,hello\nA2,5000,50,loan,,\nA3,13,60,card,,\n")
    ran = run("decide", "triage", path, "--workspace", folder, "--json", "--notice-id", "N1")
    assert ran.code == 0
    summary = ran.json
    assert (summary["rows"], summary["decided"], summary["rejected"]) == (3, 3, 0)
    assert summary["auto"] + summary["human"] + summary["blocked"] == 3
    rows = read(Path(summary["results"]))
    assert [r["row"] for r in rows] == ["1", "2", "3"]
    assert rows[0]["route"] == "auto" and rows[0]["effect"] == "accept"
    assert json.loads(rows[0]["value"]) == {"ok": True, "amount": 10.0}
    assert rows[0]["reasons"] == "amount"
    assert rows[2]["route"] == "human"
    for released in ("effect", "value", "score", "confidence", "reasons"):
        assert rows[2][released] == ""
    on_log = decisions(folder)
    assert [d["id"] for d in on_log] == [r["id"] for r in rows]
    assert [d["facts"]["source_seq"] for d in on_log] == [1, 2, 3]
    assert {d["facts"]["source"] for d in on_log} == {summary["source"]} == {file_source(path, "")}
    assert on_log[0]["facts"]["notice_id"] == "N1"
    assert read(Path(summary["rejects"])) == []
    assert Path(summary["results"]).stat().st_mode & 0o077 == 0
    assert Path(summary["rejects"]).stat().st_mode & 0o077 == 0


BAD = {
    "wrong type": (b"B1,lots,40,card,,", "input.wrong", "amount"),
    "not whole": (b"B1,1,4.5,card,,", "input.wrong", "age"),
    "missing value": (b"B1,,40,card,,", "input.missing", "amount"),
    "huge number": (b"B1,1e300,40,card,,", "input.wrong", "amount"),
    "many digits": (b"B1,1," + b"9" * 5_000 + b",card,,", "input.wrong", "age"),
    "NaN": (b"B1,NaN,40,card,,", "input.wrong", "amount"),
    "infinity": (b"B1,inf,40,card,,", "input.wrong", "amount"),
    "category": (b"B1,1,40,boat,,", "input.wrong", "kind"),
    "date": (b"B1,1,40,card,31/12/2020,", "input.wrong", "opened"),
    "other encoding": (b"B1,1,40,card,,caf\xe9", "row.encoding", "note"),
    "NUL": (b"B1,1,40,card,,a\0b", "row.nul", "note"),
    "ragged": (b"B1,1,40,card", "row.ragged", ""),
    "too many cells": (b"B1,1,40,card,,,x,y", "row.ragged", ""),
    "open quote": (b'B1,1,40,card,,"abc', "row.quotes", ""),
    "quote inside": (b'B1,1,40,card,,"abc"def', "row.quotes", ""),
    "large cell": (b"B1,1,40,card,," + b"x" * 140_000, "row.cell-too-long", "note"),
    "large row": (b"B1,1,40,card,," + b"x" * 1_100_000, "row.too-long", ""),
}


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_every_kind_of_bad_row_is_set_aside_with_row_and_field(folder, run, cases, bom):
    body = b"".join(b"G%d,10,40,card,2020-01-01,\n%s\n" % (i, line) for i, (line, _, _) in enumerate(BAD.values()))
    ran = run("decide", "triage", cases(bom + HEADER.encode() + body), "--workspace", folder, "--json")
    assert ran.code == 1
    summary = ran.json
    assert (summary["rows"], summary["decided"], summary["rejected"]) == (2 * len(BAD), len(BAD), len(BAD))
    assert len(decisions(folder)) == len(BAD)
    assert [int(r["row"]) for r in read(Path(summary["results"]))] == list(range(1, 2 * len(BAD), 2))
    rejects = read_large(Path(summary["rejects"]))
    assert [r["_code"] for r in rejects] == [code for _, code, _ in BAD.values()]
    for number, (reject, (_, _, field)) in enumerate(zip(rejects, BAD.values(), strict=True), 1):
        assert reject["_row"] == str(2 * number)
        assert reject["_where"] == f"row {2 * number}" + (f", field {field}" if field else "")
        assert reject["_what"] and reject["_next"]
    assert rejects[0]["amount"] == "lots" and rejects[0]["customer"] == "B1"


def read_large(path: Path) -> list[dict[str, str]]:
    import csv

    before = csv.field_size_limit(1 << 21)
    try:
        return read(path)
    finally:
        csv.field_size_limit(before)


def test_several_wrong_fields_of_a_row_are_all_named(folder, run, cases):
    ran = run("decide", "triage", cases(HEADER + "A,x,y,boat,,\n"), "--workspace", folder, "--json")
    (reject,) = read(Path(ran.json["rejects"]))
    assert reject["_where"] == "row 1, field amount, age, kind"
    assert all(name in reject["_what"] for name in ("'amount'", "'age'", "'kind'"))
    assert "'y'" not in reject["_what"]  # a protected value isn't repeated


def test_a_corrected_rejects_file_can_be_given_again(folder, run, cases, tmp_path):
    first = run("decide", "triage", cases(HEADER + "A1,x,1,card,,\nA2,5,1,card,,\n"), "--workspace", folder, "--json")
    rejects = Path(first.json["rejects"])
    rejects.write_text(rejects.read_text().replace("A1,x,", "A1,7,"))
    second = run("decide", "triage", rejects, "--workspace", folder, "--json")
    assert second.code == 0 and second.json["decided"] == 1


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("customer,amont,kind", ["missing: amount", "amont (Did you mean 'amount'?)"]),
        ("customer,amount", ["missing: kind"]),
        ("customer,amount,kind,zzzzz", ["zzzzz"]),
        ("customer,amount,kind,kind", ["'kind' stands more than once"]),
        ("customer,amount,kind,", ["column 4 has no name"]),
    ],
)
def test_a_file_that_cant_fit_is_refused_whole(folder, run, cases, header, told):
    path = cases(f"{header}\nA1,1,card,x\n")
    ran = run("decide", "triage", path, "--workspace", folder)
    assert ran.code == 2
    assert all(each in str(ran.problem) for each in told)
    assert not path.with_name("cases.csv.results.csv").exists()
    assert decisions(folder) == []


def test_undeclared_columns_are_dropped_on_the_record(folder, run, cases):
    path = cases("customer,amount,kind,branch,zzz,_x\nA1,1,card,HK,1,2\n")
    ran = run("decide", "triage", path, "--workspace", folder, "--drop-unknown", "--json")
    assert ran.code == 0
    with Workspace.open(folder) as workspace:
        private = workspace.ledger.opened(ran.json["first_index"])
    recorded = json.loads(private["in"])
    assert recorded["inputs"].keys() == {"amount", "kind", "opened", "note"}
    assert b'"_x"' not in b"".join(private.values())


def test_repeats(folder, run, cases):
    text = HEADER + "A1,1,,card,,\nA2,2,,card,,\nA1,1,,card,,\nA1,3,,card,,\n"
    ran = run("decide", "triage", cases(text), "--workspace", folder, "--json")
    assert ran.code == 0
    assert [r["note"] for r in read(Path(ran.json["results"]))] == ["", "", "same as row 1", ""]
    ran = run("decide", "triage", cases(text, "b.csv"), "--workspace", folder, "--unique", "customer", "--json")
    assert ran.code == 1
    rejects = read(Path(ran.json["rejects"]))
    assert [(r["_row"], r["_where"]) for r in rejects] == [
        ("3", "row 3, field customer"),
        ("4", "row 4, field customer"),
    ]
    assert "row 1" in rejects[1]["_what"]


def test_consent_reference_by_row(folder, run, cases):
    path = cases("customer,amount,kind,consent\nA1,1,card,C-1\nA2,2,card,\n")
    ran = run("decide", "triage", path, "--workspace", folder, "--consent-ref", "consent", "--json")
    assert ran.code == 0
    assert [d["facts"].get("consent_ref", "") for d in decisions(folder)] == ["C-1", ""]
    ran = run("decide", "triage", path, "--workspace", folder, "--consent-ref", "nope")
    assert ran.code == 2 and "nope" in str(ran.problem)


def test_other_formats_mean_the_same(folder, run, cases, tmp_path):
    import duckdb

    rows = [{"customer": f"A{i}", "amount": 100.0 * i, "kind": "card"} for i in range(20)]
    bad = [{"customer": "B", "amount": "12", "kind": "card"}, {"customer": "C", "amount": 1, "kind": "card", "zz": 1}]
    lines = "".join(json.dumps(r) + "\n" for r in [*rows, *bad]) + '{"amount": NaN}\n'
    semicolons = "customer;amount;kind\r\n" + "".join(f"A{i};{100 * i};card\r\n" for i in range(20))
    tabs = "customer\tamount\tkind\n" + "".join(f"A{i}\t{100 * i}\tcard\n" for i in range(20))
    files = [
        (cases(lines, "c.jsonl"), 20, 3),
        (cases(json.dumps([*rows, *bad]), "c.json"), 20, 2),
        (cases(semicolons, "c.csv"), 20, 0),
        (cases(tabs.encode("utf-16"), "u.csv"), 20, 0),
    ]
    path = tmp_path / "c.parquet"
    made = "SELECT 'A' || i AS customer, 100.0::DOUBLE * i AS amount, 'card' AS kind FROM range(20) r(i)"
    duckdb.sql(made).write_parquet(str(path))
    files.append((path, 20, 0))
    effects = []
    for file, decided, rejected in files:
        ran = run("decide", "triage", file, "--workspace", folder, "--json", "--chunk", 7)
        assert (ran.json["decided"], ran.json["rejected"]) == (decided, rejected), file
        effects.append([(r["route"], r["effect"], r["value"]) for r in read(Path(ran.json["results"]))])
    assert all(each == effects[0] for each in effects)
    rejects = read(tmp_path / "c.jsonl.rejects.csv")
    assert [r["_where"] for r in rejects] == ["row 21, field amount", "row 22, field zz", "row 23"]
    assert json.loads(rejects[0]["_raw"]) == bad[0]


def test_results_are_never_overwritten(folder, run, cases):
    path = cases(HEADER + "A1,1,,card,,\n")
    assert run("decide", "triage", path, "--workspace", folder).code == 0
    again = run("decide", "triage", path, "--workspace", folder)
    assert again.code == 2 and again.problem.code == "file.exists"
    resumed = run("decide", "triage", path, "--workspace", folder, "--resume", "--json")
    assert resumed.code == 0
    assert (resumed.json["decided"], resumed.json["resumed"]) == (1, 1)
    path.write_text(HEADER + "A2,1,,card,,\n")
    other = run("decide", "triage", path, "--workspace", folder, "--resume")
    assert other.code == 2 and other.problem.code == "resume.other-file"


@pytest.mark.parametrize("keep", [0, 41, 300, 3_500])
def test_resume_from_any_torn_file_decides_nothing_twice(folder, run, cases, keep):
    text = HEADER + "".join(f'A{i},{"x" if i % 10 == 3 else i},,card,,"l1\nl2"\n' for i in range(60))
    path = cases(text)
    whole = run("decide", "triage", path, "--workspace", folder, "--json", "--chunk", 20).json
    results, rejects = Path(whole["results"]), Path(whole["rejects"])
    expected, rejected = read(results), read(rejects)
    results.write_bytes(results.read_bytes()[:keep])
    rejects.write_bytes(rejects.read_bytes()[: keep // 5])
    ran = run("decide", "triage", path, "--workspace", folder, "--json", "--chunk", 20, "--resume")
    assert ran.code == 1
    assert len(decisions(folder)) == 54
    for each in ("decided", "auto", "human", "rejected", "first_index", "last_index", "rows"):
        assert ran.json[each] == whole[each], each
    got = sorted(read(results), key=lambda r: int(r["row"]))
    assert [(r["row"], r["id"], r["route"], r["effect"], r["value"]) for r in got] == [
        (r["row"], r["id"], r["route"], r["effect"], r["value"]) for r in expected
    ]
    assert sorted(read(rejects), key=lambda r: int(r["_row"])) == rejected


def test_killed_and_resumed(folder, cases, tmp_path):
    path = cases(HEADER + "".join(f"A{i},{i % 999},,card,,\n" for i in range(1_000)))
    command = [
        sys.executable,
        "-m",
        "waglan",
        "decide",
        "triage",
        str(path),
        "--workspace",
        str(folder),
        "--json",
        "--chunk",
        "50",
    ]
    results = path.with_name("cases.csv.results.csv")
    for wanted in (5_000, 20_000):
        process = subprocess.Popen([*command, "--resume"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not (results.exists() and results.stat().st_size > wanted) and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = subprocess.run([*command, "--resume"], capture_output=True, check=True)
    summary = json.loads(done.stdout)
    assert summary["decided"] == 1_000 and summary["resumed"] > 0
    on_log = decisions(folder)
    assert sorted(d["facts"]["source_seq"] for d in on_log) == list(range(1, 1_001))
    assert sorted(int(r["row"]) for r in read(results)) == list(range(1, 1_001))


def test_an_unavailable_ledger_stops_the_run_and_says_how_to_go_on(folder, run, cases, monkeypatch):
    from waglan.ledger.sqlite import SqliteStore

    path = cases(HEADER + "".join(f"A{i},{i},,card,,\n" for i in range(40)))
    commit, calls = SqliteStore.commit, []

    def full(self, build):
        calls.append(1)
        if 3 < len(calls) < 6:
            raise OSError(28, "No space left on device")
        return commit(self, build)

    monkeypatch.setattr(SqliteStore, "commit", full)
    ran = run("decide", "triage", path, "--workspace", folder, "--chunk", 10)
    monkeypatch.undo()
    assert ran.code == 3
    assert "--resume" in ran.problem.next
    written = read(path.with_name("cases.csv.results.csv"))
    assert len(decisions(folder)) >= len(written)
    ran = run("decide", "triage", path, "--workspace", folder, "--json", "--resume")
    assert ran.code == 0
    assert len(decisions(folder)) == ran.json["decided"] == 40


def test_two_runs_never_write_the_same_results(folder, run, cases):
    path = cases(HEADER + "A1,1,,card,,\n")
    out = path.with_name("cases.csv.results.csv")
    with alone(out):
        busy = run("decide", "triage", path, "--workspace", folder)
    assert busy.code == 2 and busy.problem.code == "file.busy"
    assert run("decide", "triage", path, "--workspace", folder).code == 0
    assert not out.with_name(out.name + ".lock").exists()


def test_a_value_too_long_for_a_cell_stays_on_the_log():
    body = {"id": "X", "index": 1, "route": "auto", "outcome": "x" * 40_000, "reasons": []}
    line = result_line(1, body, "same as row 0")
    assert line[5] == "" and "see the log" in line[9] and "same as row 0" in line[9]


def test_progress_goes_to_standard_error_now_and_then(capsys):
    times = iter([0.0, 1.0, 11.0, 12.0])
    with progress("Deciding", 1_000, lambda: next(times)) as step:
        for rows in (1, 2, 3):
            step(rows * 1_000, rows * 100)
    out, err = capsys.readouterr()
    assert out == "" and err == "Deciding: 2,000 rows, 20 %, 11 s\n"


def test_as_a_process(folder, cases):
    def call(path, *more):
        command = [sys.executable, "-m", "waglan", "decide", "triage", str(path), "--workspace", str(folder), *more]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    some = call(cases(HEADER + "A1,1,,card,,\nA2,x,,card,,\n"), "--json")
    assert some.returncode == 1 and json.loads(some.stdout)["rejected"] == 1 and some.stderr == ""
    refused = call(cases("customer,amont\nA,1\n", "b.csv"), "--json")
    assert refused.returncode == 2 and json.loads(refused.stdout)["type"].endswith("file.columns")
    told = call(cases("customer,amont\nA,1\n", "b.csv"))
    assert told.returncode == 2 and "Did you mean 'amount'?" in told.stderr and told.stdout == ""


def test_a_table_for_people(folder, run, cases):
    ran = run("decide", "triage", cases(HEADER + "A1,1,,card,,\nA2,x,,card,,\n"), "--workspace", folder)
    assert ran.code == 1
    for told in ("decided", "1 auto", "rejected", "cases.csv.results.csv", "cases.csv.rejects.csv"):
        assert told in ran.out


def test_usage(folder, run, cases, tmp_path):
    path = cases(HEADER)
    assert run("decide", "triaje", path, "--workspace", folder).problem.code == "use_case.unknown"
    assert run("decide", "triage", tmp_path / "no.csv", "--workspace", folder).problem.code == "file.unreadable"
    assert run("decide", "triage", path, "--workspace", folder, "--encoding", "klingon").problem.code == "file.encoding"
    assert run("decide", "triage", cases(""), "--workspace", folder).problem.code == "file.empty"
    assert run("decide", "triage", path, "--workspace", tmp_path).problem.code == "workspace.missing"
