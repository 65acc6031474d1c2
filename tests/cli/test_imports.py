"""``waglan import``: past decisions come in as imported, once, or are set aside with the reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import read
from waglan.core.problem import Problem
from waglan.core.usecase import Input, UseCase
from waglan.runtime import Workspace
from waglan.runtime.rows import Mapper

MAPPING = """\
decided_at = {column = "when", format = "%d/%m/%Y %H:%M", time_zone = "Asia/Hong_Kong"}
effect = {column = "result", values = {A = "accept", D = "refuse"}}
score = {column = "score"}
confidence = {column = "sure"}
route = {column = "who", values = {M = "auto", P = "human"}}
reasons = {column = "why", separator = "|"}
subject = {column = "client"}
label = {column = "turned_out"}
label_at = {column = "seen", format = "iso", time_zone = "+08:00"}
model = {id = "old-model", version_column = "ver"}

[inputs]
amount = "hkd"
age = "years"
"""

HEADER = "when,result,score,sure,who,why,client,turned_out,seen,ver,hkd,years\n"
GOOD = "21/11/2025 08:30,D,0.25,0.9,M,low|late,C{n},paid,2026-01-31,7,500,44\n"


@pytest.fixture
def mapping(tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING)
    return path


def leaves(folder: Path) -> list[dict]:
    with Workspace.open(folder) as workspace:
        return [json.loads(row.leaf) for _, row in workspace.ledger.rows(0, workspace.ledger.head().size)]


def test_past_decisions_are_marked_and_never_live(folder, run, tmp_path, mapping):
    path = tmp_path / "past.csv"
    path.write_text(HEADER + GOOD.format(n=1) + GOOD.format(n=2).replace(",paid,2026-01-31", ",,"))
    ran = run("import", "triage", path, "--mapping", mapping, "--workspace", folder, "--json")
    assert ran.code == 0
    assert (ran.json["imported"], ran.json["labels"], ran.json["rejected"]) == (2, 1, 0)
    found = leaves(folder)
    decisions = [leaf for leaf in found if leaf["kind"] == "decision"]
    facts = decisions[0]["facts"]
    assert facts["imported"] is True and facts["channel"] == "import"
    assert (facts["effect"], facts["adverse"], facts["route"]) == ("refuse", True, "auto")
    assert (facts["score"], facts["confidence"], facts["reasons"]) == ("0.250000", "0.900000", ["low", "late"])
    assert facts["models"][0][:2] == ["old-model", "7"]
    assert decisions[0]["at_ms"] == 1763685000000  # 2025-11-21T00:30:00Z
    assert decisions[0]["subject"] and decisions[0]["subject"] != decisions[1]["subject"]
    (label,) = [leaf for leaf in found if leaf["kind"] == "label"]
    assert label["facts"] == {"label": "paid", "label_at": 1769788800000}
    assert label["refs"] == [decisions[0]["id"]]
    (event,) = [leaf for leaf in found if leaf["kind"] == "import"]
    assert event["facts"]["rows"] == 2 and event["facts"]["name"] == "past.csv rows 1-2"
    assert '"C1"' not in json.dumps(found)  # quoted: a ULID may hold the two characters


BAD = {
    "day and month swapped": ("21/11/2025 08:30", "11/21/2025 08:30", "import.wrong", "when"),
    "effect not in the mapping": (",D,", ",X,", "import.wrong", "result"),
    "no effect": (",D,", ",,", "import.missing", "result"),
    "score not a number": ("0.25", "high", "import.wrong", "score"),
    "score NaN": ("0.25", "NaN", "import.wrong", "score"),
    "confidence over one": (",0.9,", ",1.9,", "import.wrong", ""),
    "route not in the mapping": (",M,", ",Z,", "import.wrong", "who"),
    "reason not a code": ("low|late", "low|too late, sorry", "row.ragged", ""),
    "reason as prose": ("low|late", "paid too late", "import.wrong", "why"),
    "label time": ("2026-01-31", "soon", "import.wrong", "seen"),
    "input type": (",500,", ",much,", "input.wrong", "amount"),
    "input range": (",44\n", ",444\n", "input.wrong", "age"),
}


def test_bad_rows_are_set_aside(folder, run, tmp_path, mapping):
    path = tmp_path / "past.csv"
    body = "".join(
        GOOD.format(n=n) + GOOD.format(n=n).replace(old, new) for n, (old, new, _, _) in enumerate(BAD.values())
    )
    path.write_text(HEADER + body)
    ran = run("import", "triage", path, "--mapping", mapping, "--workspace", folder, "--json")
    assert ran.code == 1
    assert (ran.json["imported"], ran.json["rejected"]) == (len(BAD), len(BAD))
    rejects = read(Path(ran.json["rejects"]))
    assert [r["_code"] for r in rejects] == [code for _, _, code, _ in BAD.values()]
    for number, (reject, (_, _, _, field)) in enumerate(zip(rejects, BAD.values(), strict=True), 1):
        assert reject["_where"] == f"row {2 * number}" + (f", field {field}" if field else "")


def test_a_file_is_imported_once_and_resumed_exactly(folder, run, tmp_path, mapping, monkeypatch):
    from waglan.ledger.log import Ledger

    path = tmp_path / "past.csv"
    path.write_text(HEADER + "".join(GOOD.format(n=n) for n in range(1_234)))
    submit, calls = Ledger.submit, []

    def stops(self, entries):
        calls.append(len(entries))
        if len(calls) == 3:
            raise Problem("The disk is full.", "No room.", "Make room.", code="ledger.unavailable")
        return submit(self, entries)

    monkeypatch.setattr(Ledger, "submit", stops)
    ran = run("import", "triage", path, "--mapping", mapping, "--workspace", folder)
    monkeypatch.undo()
    assert ran.code == 3 and "--resume" in ran.problem.next
    again = run("import", "triage", path, "--mapping", mapping, "--workspace", folder)
    assert again.code == 2 and again.problem.code == "import.again"
    ran = run("import", "triage", path, "--mapping", mapping, "--workspace", folder, "--resume", "--json")
    assert ran.code == 0
    assert (ran.json["imported"], ran.json["resumed"]) == (234, 1_000)
    found = leaves(folder)
    assert sum(leaf["kind"] == "decision" for leaf in found) == 1_234
    assert sum(leaf["kind"] == "import" for leaf in found) == 3


def test_json_lines_and_refused_files(folder, run, tmp_path, mapping):
    path = tmp_path / "past.jsonl"
    row = dict(zip(HEADER.strip().split(","), GOOD.format(n=1).strip().split(","), strict=True))
    row |= {"hkd": 500, "years": 44, "score": 0.25, "sure": 0.9}
    path.write_text(json.dumps(row) + "\n")
    assert run("import", "triage", path, "--mapping", mapping, "--workspace", folder).code == 0
    path = tmp_path / "past.csv"
    path.write_text(HEADER.replace("score", "scor") + GOOD.format(n=1))
    ran = run("import", "triage", path, "--mapping", mapping, "--workspace", folder)
    assert ran.code == 2 and "'score'" in str(ran.problem) and "'scor'" in str(ran.problem)
    ran = run("import", "triage", path, "--mapping", tmp_path / "no.toml", "--workspace", folder)
    assert ran.problem.code == "file.unreadable"


MANIFEST = UseCase(
    name="triage",
    version="1",
    title={"en": "Triage"},
    owner="Ops",
    purposes=("service",),
    inputs={"amount": Input(type="number"), "who": Input(type="text", role="subject")},
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('effect = {column = "e"}', "decided_at"),
        ('decided_at = {column = "t"}\neffect = {colum = "e"}', "Did you mean 'column'?"),
        ('decided_at = {column = "t"}\neffect = {}', "[effect] needs a column or a constant"),
        ('decided_at = {column = "t"}\neffect = {column = "e"}\ninputs = {amont = "a"}', "Did you mean 'amount'?"),
        ('decided_at = {column = "t", time_zone = "Asia/Atlantis"}\neffect = {column = "e"}', "Asia/Atlantis"),
    ],
)
def test_a_mapping_that_cant_be_used_is_refused(text, told):
    with pytest.raises(Problem) as refused:
        Mapper(text, "mapping.toml", MANIFEST)
    assert told in str(refused.value)
    assert "mapping.toml" in str(refused.value)


@pytest.mark.parametrize(
    ("format_", "zone", "text", "at_ms"),
    [
        ("iso", "", "2026-01-01T08:00:00+08:00", 1767225600000),
        ("iso", "Asia/Hong_Kong", "2026-01-01 08:00", 1767225600000),
        ("iso", "+08:00", "2026-01-01T08:00:00.250", 1767225600250),
        ("iso", "", "2026-01-01T08:00:00", None),
        ("unix", "", "1767225600", 1767225600000),
        ("unix_ms", "", "1767225600123", 1767225600123),
        ("unix", "", "1e99", None),
        ("unix", "", "-5", None),
        ("%Y%m%d", "-05:00", "20251231", 1767157200000),
    ],
)
def test_times(format_, zone, text, at_ms):
    head = f'decided_at = {{column = "t", format = "{format_}", time_zone = "{zone}"}}\n'
    mapper = Mapper(head + 'effect = {constant = "ok"}\ninputs = {who = "w"}', "m", MANIFEST)
    row = {"t": text, "w": "C1"}
    if at_ms is None:
        with pytest.raises(Problem):
            mapper.read(row, 1, text=True)
    else:
        past = mapper.read(row, 1, text=True)
        assert (past.decided_at, past.subject, past.effect) == (at_ms, "C1", "ok")
