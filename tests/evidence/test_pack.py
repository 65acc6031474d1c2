"""The pack: what is in it, what isn't, and that others' validators take its exports."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from trestle.oscal.assessment_results import AssessmentResults

from tests.evidence import firm
from waglan.core.problem import Problem
from waglan.evidence import Window
from waglan.evidence.pack import TONGUES, Pack, archive, earlier, zipped
from waglan.evidence.pack.redact import prose
from waglan.evidence.pack.sample import Place, shown
from waglan.index import decisions
from waglan.ledger import erasure
from waglan.registers import SCHEMAS


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[firm.Firm]:
    folder = tmp_path_factory.mktemp("firm") / "bank"
    firm.make(folder)
    with firm.opened(folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def pack(bank: firm.Firm, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return bank.pack(tmp_path_factory.mktemp("out") / "pack", tongues=TONGUES)


def read(pack: Pack, name: str) -> str:
    return (pack.folder / name).read_text("utf-8")


def rows(pack: Pack, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((pack.folder / name).read_bytes().decode("utf-8-sig"), newline="")))


def lines(pack: Pack, name: str = "sample.jsonl") -> list[dict[str, object]]:
    return [json.loads(line) for line in read(pack, name).splitlines()]


def test_nothing_of_a_person_is_in_it(pack: Pack) -> None:
    for path in pack.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [each for each in firm.PLANTED if each.encode() in data], path.name
    text = "".join(page.extract_text() for page in pypdf.PdfReader(pack.folder / "report.pdf").pages)
    assert not [each for each in firm.PLANTED if each in text]


def test_inputs_are_shown_by_their_class_and_answers_by_their_codes(pack: Pack) -> None:
    for line in lines(pack):
        private = line["private"]
        assert isinstance(private, dict)
        assert private["aside"] == {"hkid": {"masked": "personal"}, "name": {"masked": "personal"}}
        shown = private["inputs"]
        assert isinstance(shown.pop("amount"), int) and shown.pop("kind") == "new"
        assert shown == {
            "income": {"masked": "financial"},
            "remark": {"masked": "internal"},
            "free": {"masked": "internal"},
        }
        assert private["outcome"]["value"] == {"masked": "answer"}
        assert private["outcome"]["reasons"] == [{"code": "AMOUNT", "weight": 0.0}]


def test_every_counter_example_is_shown_whole(pack: Pack) -> None:
    failed = {e.id for c in pack.report.clauses for t in c.tests if t.over == "decisions" for e in t.examples}
    shown = {line["id"]: line for line in lines(pack)}
    assert failed and {i for i, line in shown.items() if "counter_example" in line["why"]} == failed  # type: ignore[operator]
    assert sum("sample" in line["why"] for line in shown.values()) == 5  # type: ignore[operator]
    for clause in pack.report.clauses:
        for test in clause.tests:
            named = (
                {row["id"] for row in rows(pack, f"clauses/{clause.id}.csv") if row["test"] == test.id}
                if any(t.examples for t in clause.tests)
                else set()
            )
            assert named == {e.id for e in test.examples}


def test_the_sample_is_the_one_that_anybody_can_draw_again(bank: firm.Firm, pack: Pack, tmp_path: Path) -> None:
    ids = [row.id for _, row in bank.workspace.ledger.rows(0, pack.report.size) if b'"kind":"decision"' in row.leaf]

    def drawn(seed: str) -> set[str]:
        return set(sorted(ids, key=lambda each: hashlib.sha256(f"{seed} {each}".encode()).hexdigest())[:5])

    sampled = {line["id"] for line in lines(pack) if "sample" in line["why"]}  # type: ignore[operator]
    assert sampled == drawn(pack.report.root)
    other = bank.pack(tmp_path / "pack", seed="examiner 7", sample=5)
    assert {line["id"] for line in lines(other) if "sample" in line["why"]} == drawn("examiner 7")  # type: ignore[operator]
    assert "seed: examiner 7\n" in read(other, "MANIFEST")


def test_the_report_says_what_the_evidence_says_in_both_languages(pack: Pack) -> None:
    html = read(pack, "report.html")
    pdf = re.sub(r"\s+", "", "".join(p.extract_text() for p in pypdf.PdfReader(pack.folder / "report.pdf").pages))
    h = pack.report.headlines
    assert (
        f"{h.live_met} of {h.live_applicable} met" in html and f"{h.live_applicable} 項中 {h.live_met} 項達到" in html
    )
    for text in (html, pdf):
        assert pack.report.root in text and pack.report.catalogue_digest in text
        assert "BankA甲銀行" in re.sub(r"\s+", "", text)
        for clause in pack.report.clauses:
            assert clause.id in text
    for clause, known in zip(pack.report.clauses, json.loads(read(pack, "catalogue.json"))["clauses"], strict=True):
        assert clause.id == known["id"] and re.sub(r"\s+", "", known["text"]["zh-Hant"]) in pdf
    for page in (html, read(pack, "board.html")):
        assert "Every share here is of recorded decisions." in page and "本報告所有比率均以已記錄的決定計算。" in page
        assert "80.0 %" in page  # 12 of 15 that the gateway counted
        assert "Not legal advice" in page and "並非法律意見" in page
        assert "<script" not in page and 'http-equiv="Content-Security-Policy"' in page
        assert not re.search(r"\b(compliant|certified|score)\b", page, re.I)


def test_the_same_report_gives_the_same_files(bank: firm.Firm, pack: Pack) -> None:
    from waglan.evidence.pack import Wanted, gather
    from waglan.evidence.pack.gathering import judging
    from waglan.evidence.pack.write import contents

    catalogue = judging(bank.workspace, pack.report.catalogue_digest)
    material = gather(bank.workspace, bank.index, pack.report, None, catalogue)
    wanted = Wanted(window=pack.report.window, tongues=("en",))
    assert contents(material, wanted) == contents(material, wanted)
    assert zipped(pack.folder) == zipped(pack.folder)


def test_every_register_is_there_and_no_cell_is_a_formula(pack: Pack) -> None:
    for name, fields in SCHEMAS.items():
        text = (pack.folder / f"registers/{name}.csv").read_bytes().decode("utf-8-sig")
        assert next(csv.reader(io.StringIO(text))) == list(fields)
    (vendor,) = rows(pack, "registers/vendors.csv")
    assert vendor["service"] == "'=HYPERLINK(1)" and "⟦PHONE_1⟧" in vendor["legal_entity"]
    assert [row["passed"] for row in rows(pack, "registers/drills.csv")] == ["false"]
    assert rows(pack, "registers/counts.csv")[0]["ratio"] == "0.8"


def test_oscal_is_taken_by_trestle_and_says_what_it_loses(pack: Pack) -> None:
    document = json.loads(read(pack, "oscal-ar.json"))
    found = AssessmentResults.parse_obj(document["assessment-results"])
    assert found.metadata.remarks is not None and "Lossy" in str(found.metadata.remarks)
    statuses = {f.title: f.target.status for f in found.results[0].findings or ()}
    assert len(statuses) == len(pack.report.clauses)
    for clause in pack.report.clauses:
        state = statuses[clause.id]
        assert (str(state.state.value) == "satisfied") == (clause.status == "met")
        assert clause.status in str(state.remarks)
    broken = {**document["assessment-results"], "import-ap": {}}
    with pytest.raises(ValueError, match="href"):
        AssessmentResults.parse_obj(broken)


def test_the_bill_of_materials_is_of_its_schema(pack: Pack) -> None:
    text = read(pack, "bom.json")
    check = JsonStrictValidator(SchemaVersion.V1_6)
    assert check.validate_str(text) is None
    assert check.validate_str(text.replace('"machine-learning-model"', '"guess"')) is not None
    model = next(c for c in json.loads(text)["components"] if c["type"] == "machine-learning-model")
    assert (model["name"], model["version"], model["supplier"]["name"]) == ("m", "1", "acme")
    assert model["modelCard"]["modelParameters"]["datasets"] == [{"ref": "data:past-loans"}]
    assert model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"] == [
        {"type": "impact_ratio", "value": "0.91"}
    ]


def test_a_model_card_tells_its_life(pack: Pack) -> None:
    card = json.loads(read(pack, "models/m@1.json"))
    assert [stage["state"] for stage in card["stages"]] == ["proposed", "in_use"]
    text = read(pack, "models/m@1.md")
    assert (
        "Ranks \\*applications\\*" in text and "impact\\_ratio: passed, value 0.91" in text and "Head of Loans" in text
    )


def test_that_it_was_made_stands_on_the_log_before_it_is(bank: firm.Firm, tmp_path: Path) -> None:
    bank.pack(tmp_path / "pack", actor="p-examiner")
    leaf = bank.workspace.ledger.leaf(bank.workspace.ledger.head().size - 1)
    assert (leaf["kind"], leaf["actor"], leaf["facts"]["what"]) == ("read", "p-examiner", "evidence.pack")


def test_nothing_is_overwritten_and_nothing_half_made_is_left(bank: firm.Firm, pack: Pack, tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        bank.pack(pack.folder)
    assert caught.value.code == "evidence.exists"
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem) as caught:
        bank.pack(tmp_path / "file" / "pack")
    assert caught.value.code == "evidence.write"
    with pytest.raises(Problem) as caught:
        bank.pack(tmp_path / "pack", entity="nobody")
    assert caught.value.code == "evidence.entity" and [p.name for p in tmp_path.iterdir()] == ["file"]
    copy = tmp_path / "copy"
    shutil.copytree(pack.folder, copy)
    with zipfile.ZipFile(archive(copy)) as packed:
        assert {n.removeprefix("copy/") for n in packed.namelist()} == {
            p.relative_to(copy).as_posix() for p in copy.rglob("*") if p.is_file()
        }
    with pytest.raises(Problem, match="there already"):
        archive(copy)


def test_opened_it_proves_what_was_sealed_and_names_whom_it_opened(bank: firm.Firm, tmp_path: Path) -> None:
    made = bank.pack(tmp_path / "pack", opened=True, tongues=("en",))
    assert firm.PLANTED[0] in json.loads(lines(made)[0]["opened"]["fields"]["in"])["aside"]["name"]  # type: ignore[index]
    command = [sys.executable, "-I", "-S", str(made.folder / "verify.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ledger = bank.workspace.ledger
    leaf = next(ledger.leaf(at) for at in range(ledger.head().size - 1, 0, -1) if ledger.leaf(at)["kind"] == "read")
    assert leaf["facts"]["what"] == "evidence.private" and set(leaf["refs"]) == {line["id"] for line in lines(made)}


def test_what_was_erased_stays_erased(tmp_path: Path) -> None:
    folder = tmp_path / "firm" / "bank"
    firm.make(folder, 6)
    with firm.opened(folder) as bank:
        erasure.erase(bank.workspace.ledger, f"{firm.PLANTED[3]}-1", "asked", "cli")
        bank.index.follow()
        with bank.index.reading() as connection:
            chosen = [Place(row.index, row.id, ("sample",), ()) for row in decisions.latest(connection).rows]
        private = [line["private"] for line in shown(bank.workspace, bank.index, chosen, False)]
        assert private.count("erased") == 1 and len(private) == 6
        assert [line["private"] for line in shown(bank.workspace, bank.index, chosen, True)].count("erased") == 1


def test_a_window_before_is_as_long_and_right_before() -> None:
    assert earlier(Window("2026-11-01", "2026-11-30")) == Window("2026-10-02", "2026-10-31")
    assert earlier(Window("2026-11-21", "2026-11-21")) == Window("2026-11-20", "2026-11-20")


@pytest.mark.parametrize("text", ["ab" * 32, "01M7ZX99XY6RSKAJ83RGE7BB7B", "credit.scorecard", "https:example"])
def test_codes_and_digests_are_no_prose(text: str) -> None:
    assert prose(text) == text
