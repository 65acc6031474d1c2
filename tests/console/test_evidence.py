"""The board's page, packs made as jobs, and what the public may know."""

from __future__ import annotations

import io
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import msgspec
import pytest

from tests.console.conftest import Bank
from waglan.console.errands import KEPT_MS
from waglan.console.pages.evidence.jobs import Job, Packs
from waglan.core.events import Entity, Incident, Suspension, UseCaseRegistration, Vendor
from waglan.core.problem import Problem
from waglan.core.usecase import Disclosure, Input, ReviewRule, UseCase
from waglan.evidence import last_days
from waglan.evidence.catalogue import force, load
from waglan.evidence.disclosure import disclosed, offered
from waglan.evidence.pack import Wanted
from waglan.runtime.stance import Stance

LANGUAGES = ("en", "zh-Hant", "zh-Hans")


@pytest.fixture(scope="module")
def counted(bank: Bank) -> Bank:
    """The bank with a catalogue in force, an institution, an incident and a vendor, counted."""
    assert bank.get("/evidence.json", as_="auditor").body["board"] is None
    assert "waglan evidence" in bank.get("/evidence", as_="auditor").text
    assert bank.post("/evidence/pack", {"entity": "", "window": "30d"}, as_="auditor").status == 409
    workspace = bank.workspace
    force.put_in_force(workspace, load(), actor="tests")
    workspace.record(Entity(id="bank-a", name="Bank A", licences=("bank",)), actor="tests")
    workspace.record(Vendor(id="acme", service="scores"), actor="tests")
    incident = Incident(
        cause="outage", severity="critical", detected_at=workspace.clock.now_ms(), use_case="credit", core_function=True
    )
    workspace.record(incident, actor="tests")
    bank.house.index.follow()
    bank.house.evidence.update()
    return bank


def made(bank: Bank, as_: str = "auditor", **fields: str) -> tuple[str, dict[str, object]]:
    """A pack ordered by the form, once it is no longer being made."""
    sent = {"entity": "bank-a", "window": "30d", "language": "en", "seed": "", **fields}
    answer = bank.post("/evidence/pack", sent, as_=as_)
    assert answer.status == 303, answer.text
    address = answer.headers["location"].partition("?")[0]
    for _ in range(600):
        found = bank.get(f"{address}.json", as_=as_).body
        if found["state"] != "making":
            break
        time.sleep(0.1)
    while bank.get(f"{address}.json", as_=as_).body["alive"]:
        time.sleep(0.05)
    return address, found


@pytest.fixture(scope="module")
def ready(counted: Bank) -> tuple[str, dict[str, object]]:
    """A pack of the auditor's."""
    return made(counted, seed="7")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_board_says_three_figures_and_what_is_broken(counted: Bank, lang: str) -> None:
    page = counted.get("/evidence", as_="auditor", lang=lang)
    found = counted.get("/evidence.json", as_="auditor").body["board"]
    report = counted.house.evidence.report("bank-a", last_days(counted.workspace.clock.now_ms()))
    h = found["headlines"]
    assert page.status == 200 and len(page.raw) < 60_000
    assert h == msgspec.to_builtins(report.headlines) and f"{h['live_met']} / {h['live_applicable']}" in page.text
    breached = [c.id for c in report.clauses if c.duty and c.status == "breached"]
    assert found["breaches_n"] == len(breached) > 0
    for each in found["breaches"]:
        assert each["clause"] in breached and f'href="/console/clauses/{each["clause"]}"' in page.text
        if each["over"] == "decisions":
            assert f"/console/decisions/{each['example']}" in page.text
    assert found["of_recorded"] and found["capture"] is None
    assert found["incidents_n"] == 1 and found["incidents"][0]["due"]["addressee"]
    assert [v["vendor"] for v in found["vendors"]] == ["acme"] and found["concentration"] is None
    assert found["tiers"][0]["use_case"] == "credit"


def test_an_unknown_institution_isnt_here(counted: Bank) -> None:
    assert counted.get("/evidence?entity=nobody", as_="auditor").status == 404
    assert counted.get("/evidence?window=9999d", as_="auditor").status in (400, 422)


def test_a_pack_is_made_downloaded_and_checked(
    counted: Bank, ready: tuple[str, dict[str, object]], tmp_path: Path
) -> None:
    address, found = ready
    assert found["state"] == "done" and found["digest"] and found["breached"]
    answer = counted.get(f"{address}/evidence.zip", as_="auditor")
    assert answer.status == 200 and answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.raw)) as packed:
        packed.extractall(tmp_path)
    command = [sys.executable, "-I", "-S", str(tmp_path / "evidence" / "verify.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "seed: 7\n" in (tmp_path / "evidence/MANIFEST").read_text()
    for person in counted.people.values():
        assert person.name.encode() not in answer.raw and person.email.encode() not in answer.raw
    listed = counted.get("/evidence/pack.json", as_="auditor").body["packs"]
    assert [p["id"] for p in listed] == [address.rpartition("/")[2]]
    assert "evidence.zip" in counted.get("/evidence/pack", as_="auditor").text


def test_a_pack_is_its_owners_alone_and_exporting_needs_the_right(
    counted: Bank, ready: tuple[str, dict[str, object]]
) -> None:
    address, _ = ready
    for path in (address, f"{address}/evidence.zip"):
        assert counted.get(path, as_="approver").status == 404
        assert counted.get(path, as_="reviewer").status == 403
    assert counted.get("/evidence/pack/nothing", as_="auditor").status == 404
    assert counted.post("/evidence/pack", {"window": "30d"}, as_="reviewer").status == 403
    assert counted.get("/evidence", as_="reviewer").status == 200


def test_an_examiners_export_stands_on_the_log(counted: Bank) -> None:
    made(counted, as_="examiner")
    ledger = counted.workspace.ledger
    size = ledger.head().size
    leaves = [leaf for at in range(size - 40, size) if (leaf := ledger.leaf(at))["kind"] == "read"]
    whats = [leaf["facts"]["what"] for leaf in leaves if leaf["actor"] == counted.people["examiner"].id]
    assert "evidence.pack" in whats and "POST /evidence/pack" in whats


@pytest.mark.parametrize(
    ("fields", "status"), [({"entity": "nobody"}, 404), ({"window": "x"}, 422), ({"seed": "x" * 65}, 422)]
)
def test_what_cant_be_made_is_refused(counted: Bank, fields: dict[str, str], status: int) -> None:
    answer = counted.post("/evidence/pack", {"entity": "", "window": "30d", **fields}, as_="auditor")
    assert answer.status == status or (status == 422 and answer.status == 400)


def test_a_pack_that_fails_says_why_and_old_ones_go(counted: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, packs = counted.workspace, Packs(counted.workspace, counted.house.index)
    now_ms = workspace.clock.now_ms()
    wanted = Wanted(window=last_days(now_ms), entity="gone")
    job = Job(id=workspace.ids.new(now_ms), actor=counted.people["auditor"].id, created_ms=now_ms, wanted=wanted)
    packs.begin(job)
    for _ in range(200):
        if packs.get(job.id, job.actor).state == "failed":
            break
        time.sleep(0.05)
    found = packs.get(job.id, job.actor)
    assert found.problem is not None and found.problem["code"] == "evidence.entity"
    assert found.problem["what"] in counted.get(f"/evidence/pack/{job.id}", as_="auditor").text.replace("&#39;", "'")
    with pytest.raises(Problem, match="nothing to download"):
        packs.archive(found)
    old = msgspec.structs.replace(job, id=workspace.ids.new(now_ms), created_ms=now_ms - KEPT_MS - 1)
    folder = workspace.folder / "packs" / old.id
    folder.mkdir()
    (folder / "state.json").write_bytes(msgspec.json.encode(old))
    assert "cut off" in counted.get(f"/evidence/pack/{old.id}", as_="auditor").text
    packs.tidy()
    assert not folder.exists() and (workspace.folder / "packs" / job.id).exists()


# ---- what the public may know


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_public_page_needs_no_sign_in_and_tells_no_secret(bank: Bank, lang: str) -> None:
    page = bank.get(f"/about-ai/credit?lang={lang}")
    found = bank.get(f"/about-ai/credit.json?lang={lang}").body["about"]
    manifest = bank.workspace.catalogue.get("credit").manifest
    assert page.status == 200 and len(page.raw) < 60_000 and manifest.title[lang] in page.text  # type: ignore[index]
    assert manifest.disclosure is not None and f"mailto:{manifest.disclosure.contact}" in page.text
    assert found["people"] == "adverse" and found["opt_out"]
    shown = {d["data_class"]: d for d in found["data"]}
    assert {t["en"] for t in shown["sensitive"]["aside"]} == {"Age", "Sex"} and not shown["sensitive"]["used"]
    assert found["models"][0]["validated_ms"] and not found["models"][0]["abroad"]
    secrets = [
        manifest.owner,
        bank.workspace.registers.models()[0].digest,
        bank.workspace.registers.models()[0].version,
    ]
    text = page.text + bank.get("/about-ai/credit.json").text
    assert not [each for each in secrets if each in text] and "/console/overview" not in page.text
    assert "compliant" not in text and 'content="noindex' not in page.text
    listed = bank.get(f"/about-ai?lang={lang}")
    assert listed.status == 200 and manifest.title[lang] in listed.text  # type: ignore[index]


def test_what_isnt_offered_to_customers_has_no_page(bank: Bank) -> None:
    for name in ("nothing", "../settings", "%2e%2e", "credit%00"):
        assert bank.get(f"/about-ai/{name}").status == 404
    bank.workspace.record(UseCaseRegistration(name="gone", owner="x", policy_digest="ab" * 32, version="1"))
    bank.house.index.follow()
    assert bank.get("/about-ai/gone").status == 404


def test_a_stopped_use_case_says_so(bank: Bank) -> None:
    bank.workspace.record(Suspension(target="use_case", id="credit", reason="maintenance"), actor="tests")
    try:
        assert "Stopped just now" in bank.get("/about-ai/credit").text
        assert "stopped just now" in bank.get("/about-ai").text
    finally:
        bank.workspace.record(Suspension(target="use_case", id="credit", reason="over", active=False), actor="tests")


def manifest(**changes: object) -> UseCase:
    inputs = {"income_hkd": Input(type="number", data_class="financial")}
    given = {
        "name": "x", "version": "1", "title": {"en": "X"}, "owner": "o", "purposes": ("p",), "tier": "low",
        "customer_facing": True, "inputs": inputs,
    }  # fmt: skip
    return UseCase(**{**given, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "stance", "people"),
    [
        ({}, Stance("low"), "doubts"),
        ({"review": ReviewRule(adverse=True)}, Stance("low"), "adverse"),
        ({"review": ReviewRule(always=True)}, Stance("low"), "every"),
        ({}, Stance("high"), "adverse"),
        ({}, Stance("critical"), "every"),
        ({}, Stance("medium", cases="all"), "every"),
        ({}, Stance("medium", cases="adverse"), "adverse"),
    ],
)
def test_how_people_are_involved_is_how_the_runtime_routes(
    changes: dict[str, object], stance: Stance, people: str
) -> None:
    assert disclosed(manifest(**changes), {}, stance).people == people


def test_a_bare_manifest_is_told_barely() -> None:
    found = disclosed(manifest(), {}, Stance("low"))
    assert found.contact == "" and not found.opt_out and found.models == () and not found.sampled
    assert found.data[0].used == ({"en": "income hkd"},)
    told = disclosed(manifest(disclosure=Disclosure(id="d", text={"en": "AI."}, contact="desk")), {}, Stance("low"))
    assert told.contact == "desk"
    assert offered(manifest(phase="production"), ["x"]) and not offered(manifest(phase="production"), [])
    assert not offered(manifest(phase="retired"), ["x"]) and not offered(manifest(customer_facing=False), ["x"])
