"""Trying a use case: the form made from its manifest, and files with their progress, results and refusals."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.console.conftest import Bank
from waglan.console.errands import KEPT_MS
from waglan.console.pages.trying import form
from waglan.console.pages.trying import jobs as module
from waglan.console.pages.trying.jobs import MOST_BYTES, Job, Jobs
from waglan.console.pages.trying.pages import _name, _suffix
from waglan.core.problem import Problem
from waglan.core.usecase import Input
from waglan.disk.held import held as held_lock


def sample(bank: Bank, at: int = 0) -> dict[str, str]:
    values: dict[str, str] = bank.get(f"/try/credit.json?sample={at}", as_="user").body["values"]
    return values


def rows(bank: Bank, count: int, **changes: Any) -> bytes:
    first = bank.workspace.catalogue.get("credit").plugin.samples[0]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(first))
    writer.writeheader()
    for at in range(count):
        writer.writerow({**first, "applicant_id": f"SYN-9{at:06}", **changes})
    return out.getvalue().encode()


def send(bank: Bank, name: str, body: bytes, **fields: str) -> Any:
    return bank.post("/try/credit/file", fields, as_="user", files={"file": (name, body)})


def finished(bank: Bank, answer: Any) -> dict[str, Any]:
    assert answer.status == 303, answer.text
    address = answer.headers["location"].removeprefix("/console")
    for _ in range(200):
        shown: dict[str, Any] = bank.get(f"{address}.json", as_="user").body
        if not shown["alive"] and shown["state"] not in ("counting", "running"):
            return shown
        time.sleep(0.05)
    raise AssertionError(shown)


# ---- one case


def test_the_form_has_a_fitting_element_for_every_input(bank: Bank) -> None:
    text = bank.get("/try/credit", as_="user").text
    assert 'name="in-age" type="number" inputmode="numeric" step="1" value="" min="18" max="120"' in text
    assert 'step="any"' in text
    assert '<option value="true">Yes</option>' in text
    assert '<textarea id="in-remark"' in text
    assert 'name="in-default"' not in text, "what is dropped anyway isn't asked for"
    assert "put on the log as asked by you" in text
    assert "Nothing can be decided here yet." not in text


def test_a_sample_case_fills_the_form(bank: Bank) -> None:
    values = sample(bank)
    assert values["in-age"] == "41"
    assert values["in-payroll_account"] == "true"
    assert 'value="SYN-0000001"' in bank.get("/try/credit?sample=0", as_="user").text
    assert bank.get("/try/credit?sample=99", as_="user").status == 200


def test_a_case_is_decided_recorded_and_shown(bank: Bank) -> None:
    answer = bank.post("/try/credit", {**sample(bank), "language": "zh-Hant"}, as_="user")
    assert answer.status == 303
    decision = answer.headers["location"].removeprefix("/console/decisions/").partition("?")[0]
    index = bank.workspace.ledger.find(decision)
    assert index is not None
    leaf = bank.workspace.ledger.leaf(index)
    assert leaf["actor"] == bank.people["user"].id
    assert (leaf["facts"]["channel"], leaf["facts"]["language"]) == ("console", "zh-Hant")
    assert bank.get(f"/decisions/{decision}", as_="user").status == 200


@pytest.mark.parametrize(("field", "value"), [("age", "17"), ("age", "forty"), ("age", ""), ("term_months", "1e999")])
def test_what_does_not_fit_is_said_beside_the_field_and_kept(bank: Bank, field: str, value: str) -> None:
    before = bank.workspace.ledger.head().size
    answer = bank.post("/try/credit", {**sample(bank), f"in-{field}": value, "in-remark": "kept & shown"}, as_="user")
    assert answer.status == 422
    assert answer.text.count('aria-invalid="true"') == 1
    assert 'value="SYN-0000001"' in answer.text
    assert "kept &amp; shown" in answer.text
    assert bank.workspace.ledger.head().size == before


def test_an_unknown_use_case_is_not_found(bank: Bank) -> None:
    assert bank.get("/try/debit", as_="user").status == 404
    assert bank.post("/try/debit", {"in-age": "4"}, as_="user").status == 404


@pytest.mark.parametrize("role", ["reviewer", "approver", "auditor", "examiner", "admin", "provider"])
def test_only_users_and_developers_try(bank: Bank, role: str) -> None:
    assert bank.get("/try", as_=role).status == 403
    assert bank.get("/try/credit", as_=role).status == 403
    assert bank.post("/try/credit", sample(bank), as_=role).status == 403
    assert bank.post("/try/credit/file", {}, as_=role, files={"file": ("a.csv", b"a\n")}).status == 403


DECLARED = {
    "n": Input(type="number"), "i": Input(type="integer"), "b": Input(type="boolean"), "t": Input(type="text"),
    "c": Input(type="category", values=("1", "2")), "d": Input(type="date"), "l": Input(type="list"),
    "o": Input(type="object"), "u": Input(type="text", role="unused"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("n", "1,234.5", 1234.5),
        ("n", "nan", "nan"),
        ("n", "many", "many"),
        ("i", " 7 ", 7),
        ("i", "7.5", 7.5),
        ("b", "true", True),
        ("b", "maybe", "maybe"),
        ("t", "a\r\nb", "a\nb"),
        ("t", "123", "123"),
        ("c", "1", "1"),
        ("d", " 2026-11-21 ", "2026-11-21"),
        ("l", "[1, 2]", [1, 2]),
        ("o", '{"a": 1}', {"a": 1}),
        ("o", "{broken", "{broken"),
    ],
)
def test_a_form_stands_for_a_row(name: str, typed: str, value: Any) -> None:
    assert form.row(DECLARED, {f"in-{name}": typed, "in-u": "never", "other": "x"}) == {name: value}


def test_an_empty_field_is_absent() -> None:
    assert form.row(DECLARED, {"in-n": " ", "in-t": ""}) == {}


def test_elements_by_type() -> None:
    found = {each.name: each.control for each in form.fields(DECLARED, ())}
    assert found == {"n": "number", "i": "number", "b": "boolean", "t": "lines", "c": "select", "d": "date",
                     "l": "json", "o": "json"}  # fmt: skip


def test_consent_and_notice_go_with_the_case(bank: Bank) -> None:
    answer = bank.post("/try/credit", {**sample(bank), "consent_ref": "C-1", "notice_id": "N-1"}, as_="user")
    decision = answer.headers["location"].removeprefix("/console/decisions/").partition("?")[0]
    facts = bank.workspace.ledger.leaf(bank.workspace.ledger.find(decision) or 0)["facts"]
    assert (facts["consent_ref"], facts["notice_id"]) == ("C-1", "N-1")


# ---- files


def test_consent_comes_from_a_column(bank: Bank) -> None:
    body = rows(bank, 1).decode().splitlines()
    with_consent = f"{body[0]},agreed\n{body[1]},C-77\n".encode()
    shown = finished(bank, send(bank, "c.csv", with_consent, consent_column="agreed", notice_id="N-2"))
    results = list(csv.DictReader(io.StringIO(bank.get(f"/try/files/{shown['id']}/results.csv", as_="user").text)))
    facts = bank.workspace.ledger.leaf(int(results[0]["index"]))["facts"]
    assert (facts["consent_ref"], facts["notice_id"]) == ("C-77", "N-2")
    answer = send(bank, "c.csv", with_consent, consent_column="agreement")
    assert answer.status == 422
    assert "<code>agreement</code>" in answer.text


def test_a_file_is_decided_with_results_and_rejects(bank: Bank) -> None:
    good, bad = rows(bank, 20), rows(bank, 1, age=3).splitlines()[-1]
    shown = finished(bank, send(bank, "cases.csv", good + bad + b"\n"))
    assert (shown["state"], shown["rows"], shown["decided"], shown["rejected"]) == ("done", 21, 20, 1)
    address = f"/try/files/{shown['id']}"
    results = bank.get(f"{address}/results.csv", as_="user")
    assert results.headers["content-disposition"].startswith("attachment")
    lines = list(csv.DictReader(io.StringIO(results.text)))
    assert len(lines) == 20
    index = bank.workspace.ledger.find(lines[0]["id"])
    leaf = bank.workspace.ledger.leaf(index or 0)
    assert (leaf["actor"], leaf["facts"]["channel"]) == (bank.people["user"].id, "console")
    rejects = bank.get(f"{address}/rejects.csv", as_="user").text
    assert "input.wrong" in rejects
    folder = bank.folder / "uploads" / shown["id"]
    assert not list(folder.glob("rows*")), "the uploaded rows are gone"
    assert {oct(path.stat().st_mode & 0o777) for path in (folder, folder / "results.csv")} == {"0o700", "0o600"}
    assert '<html lang="zh-Hant-HK">' in bank.get(address, as_="user", lang="zh-Hant").text
    assert shown["asked_in"] == "en"
    assert "cases.csv" in bank.get("/try", as_="user").text


def test_a_file_is_its_owners_alone(bank: Bank) -> None:
    shown = finished(bank, send(bank, "mine.csv", rows(bank, 2)))
    for part in ("", ".json", "/results.csv", "/rejects.csv"):
        assert bank.get(f"/try/files/{shown['id']}{part}", as_="developer").status == 404
    assert bank.post(f"/try/files/{shown['id']}/delete", {}, as_="developer").status == 404
    assert bank.post(f"/try/files/{shown['id']}/resume", {}, as_="developer").status == 404
    assert "mine.csv" not in bank.get("/try", as_="developer").text


def test_files_can_be_deleted_at_once(bank: Bank) -> None:
    shown = finished(bank, send(bank, "gone.csv", rows(bank, 2)))
    assert bank.post(f"/try/files/{shown['id']}/resume", {}, as_="user").status == 409
    assert bank.post(f"/try/files/{shown['id']}/delete", {}, as_="user").status == 303
    assert not (bank.folder / "uploads" / shown["id"]).exists()
    assert bank.get(f"/try/files/{shown['id']}", as_="user").status == 404


@pytest.mark.parametrize("bad", ["..", "..%2f..%2fwaglan.toml", "0" * 26, "A" * 25, "%00", "../../keys/tenant.key"])
def test_no_other_path_is_reached(bank: Bank, bad: str) -> None:
    for part in ("", "/results.csv"):
        answer = bank.get(f"/try/files/{bad}{part}", as_="user")
        assert answer.status == 404
        assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "name", ["../../../etc/cron.d/x.csv", "..\\..\\x.csv", "/etc/passwd", "a\r\nSet-Cookie: x=1.csv", "\u202e.csv", ""]
)
def test_a_name_is_only_ever_shown(bank: Bank, name: str) -> None:
    before = {path for path in bank.folder.rglob("*") if "uploads" not in path.parts}
    shown = finished(bank, send(bank, name.replace("\r\n", "%0d%0a"), rows(bank, 1)))
    assert "/" not in shown["name"]
    assert "\\" not in shown["name"]
    answer = bank.get(f"/try/files/{shown['id']}/results.csv", as_="user")
    assert "\n" not in answer.headers["content-disposition"]
    after = {path for path in bank.folder.rglob("*") if "uploads" not in path.parts}
    assert {path.name for path in after - before} <= {"index.db-wal", "index.db-shm"}


def test_names_are_cleaned() -> None:
    assert _name("../../a b.csv") == "a b.csv"
    assert _name("c:\\x\\y.csv") == "y.csv"
    assert _name("a\r\nb\x00.csv") == "ab.csv"
    assert _name("...") == "file"
    assert _suffix("x.CSV") == ".csv"
    assert _suffix("x.csv/../../y") == ".txt"


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cases.csv", b"0" * 8_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("cases.xlsx", zip_bomb(), "Excel workbook"),
        ("cases.csv", zip_bomb(), "ZIP archive"),
        ("cases.csv.gz", b"\x1f\x8b\x08" + b"\0" * 100, "gzip"),
        ("cases.pdf", b"%PDF-1.7", "PDF"),
        ("cases.csv", b"wrong,columns\n1,2\n", "columns"),
        ("cases.parquet", b"PAR1 nothing of the kind", "Parquet"),
        ("empty.csv", b"", "No file came"),
    ],
)
def test_what_is_no_file_of_cases_is_refused_and_not_kept(bank: Bank, name: str, body: bytes, said: str) -> None:
    before = set((bank.folder / "uploads").glob("*")) if (bank.folder / "uploads").exists() else set()
    answer = send(bank, name, body)
    assert answer.status in (400, 422)
    assert said in answer.text
    assert "/uploads/" not in answer.text, "no path of ours is told"
    assert set((bank.folder / "uploads").glob("*")) == before


def test_a_parquet_that_unpacks_to_too_many_rows_is_refused_before_any_decision(
    bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import duckdb

    monkeypatch.setattr(module, "MOST_ROWS", 3_000)

    first = bank.workspace.catalogue.get("credit").plugin.samples[0]
    columns = ", ".join(f"{msgspec.json.encode(v).decode().replace(chr(34), chr(39))} AS {k}" for k, v in first.items())
    path = tmp_path / "bomb.parquet"
    duckdb.sql(f"COPY (SELECT {columns} FROM range(120000)) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    assert path.stat().st_size < 100_000
    before = bank.workspace.ledger.head().size
    shown = finished(bank, send(bank, "bomb.parquet", path.read_bytes()))
    assert (shown["state"], shown["problem"]["code"]) == ("failed", "file.too_many")
    assert bank.workspace.ledger.head().size == before
    page = bank.get(f"/try/files/{shown['id']}", as_="user").text
    assert "too many rows" in page


def test_an_oversized_body_is_refused_while_it_comes(bank: Bank) -> None:
    answer = send(bank, "big.csv", b"x" * (MOST_BYTES + 70_000))
    assert answer.status == 413


def test_a_run_that_was_cut_off_goes_on_and_decides_no_row_twice(
    bank: Bank, bank_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger goes away in the middle, as it would when the process ends."""
    monkeypatch.setattr(module, "CHUNK", 8)
    real, calls = bank.workspace.runtime.decide_many, []

    def failing(*args: Any, **named: Any) -> Any:
        calls.append(len(args[1]))
        if len(calls) == 3:
            raise Problem(
                "The ledger is unavailable.", "It is a test.", "Go on.", code="ledger.unavailable", status=503
            )
        return real(*args, **named)

    monkeypatch.setattr(bank.workspace.runtime, "decide_many", failing)
    shown = finished(bank, send(bank, "cut.csv", rows(bank, 40)))
    assert shown["state"] == "stopped"
    assert shown["resumable"]
    assert {each["key"] for each in bank.get("/overview.json", as_="user").body["needs"]} >= {"files"}
    answer = bank.post(f"/try/files/{shown['id']}/resume", {}, as_="user")
    shown = finished(bank, answer)
    assert (shown["state"], shown["decided"]) == ("done", 40)
    results = bank.get(f"/try/files/{shown['id']}/results.csv", as_="user").text
    numbers = [int(each["row"]) for each in csv.DictReader(io.StringIO(results))]
    assert sorted(numbers) == list(range(1, 41))


def test_the_same_file_again_is_a_run_of_its_own(bank: Bank) -> None:
    body = rows(bank, 3)
    first, second = (finished(bank, send(bank, "same.csv", body)) for _ in range(2))
    assert first["decided"] == second["decided"] == 3
    ids = [
        {
            line["id"]
            for line in csv.DictReader(io.StringIO(bank.get(f"/try/files/{each}/results.csv", as_="user").text))
        }
        for each in (first["id"], second["id"])
    ]
    assert not ids[0] & ids[1]
    index = bank.workspace.ledger.find(next(iter(ids[1])))
    assert bank.workspace.ledger.leaf(index or 0)["facts"]["source"].startswith(f"{second['id']}/sha256:")


def test_two_files_at_a_time(bank: Bank) -> None:
    jobs = Jobs(bank.workspace)
    held = [held_lock(bank.folder / "uploads" / job.id / "lock") for job in jobs.all()[:2]]
    for each in held:
        assert each.__enter__()
    try:
        assert send(bank, "third.csv", rows(bank, 1)).status == 429
        assert jobs.alive(jobs.all()[0].id)
        with pytest.raises(Problem, match="can't be done"):
            jobs.drop(jobs.all()[0])
    finally:
        for each in held:
            each.__exit__(None, None, None)


def test_files_are_forgotten_after_seven_days(bank: Bank) -> None:
    jobs = Jobs(bank.workspace)
    old = Job(id=bank.workspace.ids.new(1), use_case="credit", actor="p-x", created_ms=bank.workspace.clock.now_ms()
              - KEPT_MS - 1, name="old.csv", suffix=".csv", state="done")  # fmt: skip
    (bank.folder / "uploads" / old.id).mkdir(parents=True)
    jobs.save(old)
    assert old.id in {job.id for job in jobs.all()}
    assert bank.get("/try", as_="user").status == 200
    assert old.id not in {job.id for job in jobs.all()}
    assert not (bank.folder / "uploads" / old.id).exists()


def test_a_page_renews_itself_only_while_something_runs(bank: Bank) -> None:
    shown = finished(bank, send(bank, "calm.csv", rows(bank, 1)))
    assert 'http-equiv="refresh"' not in bank.get(f"/try/files/{shown['id']}", as_="user").text
    with held_lock(bank.folder / "uploads" / shown["id"] / "lock") as mine:
        assert mine
        assert 'http-equiv="refresh"' in bank.get(f"/try/files/{shown['id']}", as_="user").text


def test_nothing_is_uploaded_into_a_workspace_without_that_use_case(bank: Bank) -> None:
    assert bank.post("/try/debit/file", {}, as_="user", files={"file": ("a.csv", b"a\n")}).status == 404
