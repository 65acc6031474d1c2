"""Registers in the console: lists, cards, forms, and who may keep them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.conftest import Bank
from tests.console.registering import DAY_MS, Registered, register
from waglan.console.language import day
from waglan.console.pages.registers import due, field
from waglan.console.pages.registers.tables import TABLES, VENDORS
from waglan.console.pages.registers.vendors import concentration
from waglan.core.problem import Problem

KEEPERS = ("admin", "developer", "approver")
LOOKERS = ("user", "reviewer", "auditor", "examiner")
ADDRESSES = ("/registers", *(table.address for table in TABLES))
CARDS = ("/vendors/cloud-llm", "/registers/data/bureau", "/registers/documents/exit-plan", "/registers/entities/bank-a")


@pytest.fixture(scope="module")
def kept(bank: Bank) -> Registered:
    return register(bank.house, bank.identity("admin"), bank.identity("approver"))


@pytest.fixture(autouse=True)
def _kept(kept: Registered) -> Iterator[None]:
    yield


def head(bank: Bank) -> int:
    return bank.workspace.ledger.head().size


def leaf(bank: Bank) -> dict:
    return dict(bank.workspace.ledger.leaf(head(bank) - 1))


def iso(bank: Bank, days: int) -> str:
    return field.day(bank.workspace.clock.now_ms() + days * DAY_MS)


# ---- who sees and who keeps


@pytest.mark.parametrize("role", [*KEEPERS, *LOOKERS])
def test_every_register_is_open_to_those_who_look(bank: Bank, role: str) -> None:
    for address in (*ADDRESSES, *CARDS):
        answer = bank.get(address, as_=role)
        assert answer.status == 200, address
        assert ("Put it on the log" in answer.text) is (role in KEEPERS and address not in ("/registers", "/vendors"))


def test_a_vendor_s_own_people_see_no_register(bank: Bank) -> None:
    assert {bank.get(address, as_="provider").status for address in (*ADDRESSES, *CARDS)} == {403}


@pytest.mark.parametrize("role", [*LOOKERS, "provider"])
@pytest.mark.parametrize("address", [*(table.address for table in TABLES), *CARDS])
def test_who_only_looks_keeps_nothing(bank: Bank, role: str, address: str) -> None:
    before = head(bank)
    assert bank.post(address, {"id": "x", "act": "end"}, as_=role).status == 403
    assert head(bank) == before or (
        role == "examiner" and leaf(bank)["kind"] == "read"
    )  # every look of theirs is noted


def test_names_of_people_are_for_those_who_may_read_about_people(bank: Bank) -> None:
    admin = bank.people["admin"]
    assert admin.name in bank.get("/registers/competence", as_="auditor").text
    shown = bank.get("/registers/competence.json", as_="developer").body
    assert shown["names"] == {}
    assert shown["rows"][0]["person"] == admin.id
    assert all(not option["label"] for f in shown["fields"] if f["name"] == "person" for option in f["options"])


# ---- adding, changing, ending


@pytest.mark.parametrize("role", KEEPERS)
def test_a_vendor_is_added_changed_ended_and_returns(bank: Bank, role: str) -> None:
    name = f"vendor-{role}"
    fields = {
        "id": name, "service": "Scorecards", "region": "HK", "sub_processors": "one\ntwo, three", "audit_right": "yes",
    }  # fmt: skip
    answer = bank.post("/vendors", fields, as_=role)
    assert (answer.status, answer.headers["location"]) == (303, f"/console/vendors/{name}?notice=register_kept")
    assert leaf(bank)["actor"] == bank.people[role].id
    assert leaf(bank)["facts"]["sub_processors"] == ["one", "two", "three"]
    shown = bank.get(f"/vendors/{name}.json", as_=role).body
    assert shown["values"]["audit_right"] == "yes"
    changed = {"service": "Scorecards", "region": "SG", "seen": str(shown["seen"])}
    assert bank.post(f"/vendors/{name}", changed, as_=role).status == 303
    shown = bank.get(f"/vendors/{name}.json", as_=role).body
    assert [each["what"] for each in shown["history"]] == ["changed", "added"]
    assert ["Region", "HK", "SG"] in [[c["label"], c["before"], c["after"]] for c in shown["history"][0]["changes"]]
    for act, ended in (("end", True), ("return", False)):
        assert bank.post(f"/vendors/{name}", {"act": act, "seen": str(shown["seen"])}, as_=role).status == 303
        shown = bank.get(f"/vendors/{name}.json", as_=role).body
        assert shown["ended"] is ended
        listed = bank.get("/vendors.json", as_=role).body
        assert (name in listed["ended"]) is ended
        assert (name in [row["vendor"] for row in listed["rows"]]) is not ended


def test_what_somebody_else_changed_meanwhile_is_not_written_over(bank: Bank) -> None:
    seen = bank.get("/registers/data/bureau.json", as_="admin").body["seen"]
    fields = {"title": "Credit bureau, renewed", "seen": str(seen)}
    assert bank.post("/registers/data/bureau", fields, as_="developer").status == 303
    before = head(bank)
    late = bank.post("/registers/data/bureau", {"title": "Mine", "seen": str(seen)}, as_="admin")
    assert late.status == 409
    assert "Somebody changed this entry meanwhile" in late.text
    assert 'value="Mine"' in late.text
    assert head(bank) == before


def test_an_id_that_is_taken_is_refused_with_all_that_was_typed(bank: Bank) -> None:
    before = head(bank)
    answer = bank.post("/vendors", {"id": "cloud-llm", "service": "Another"}, as_="admin")
    assert answer.status == 409
    assert "This id is taken." in answer.text
    assert 'value="Another"' in answer.text
    assert head(bank) == before


def test_each_field_says_what_is_wrong_with_it(bank: Bank) -> None:
    before = head(bank)
    fields = {"id": "No Good", "next_review": "soon", "sub_processors": "kept", "region": "HK"}
    answer = bank.post("/vendors", fields, as_="admin")
    assert answer.status == 422
    assert all(f'id="e-{name}"' in answer.text for name in ("id", "service", "next_review"))
    assert ">kept</textarea>" in answer.text
    assert answer.text.count('aria-invalid="true"') == 3
    assert head(bank) == before


def test_what_points_nowhere_is_refused_by_the_registrar_and_kept_on_the_form(bank: Bank) -> None:
    answer = bank.post("/vendors", {"id": "other", "service": "Models", "exit_plan": "nothing"}, as_="admin")
    assert answer.status == 422
    assert "There is no document" in answer.text
    assert 'value="Models"' in answer.text


def test_nothing_that_holds_an_address_reaches_the_log(bank: Bank) -> None:
    before = head(bank)
    answer = bank.post("/registers/data", {"id": "mail", "title": "ask chan@bank.example"}, as_="admin")
    assert answer.status == 422
    assert head(bank) == before


def test_an_unknown_entry_is_not_there(bank: Bank) -> None:
    for address in ("/vendors/nobody", "/registers/data/nothing", "/registers/documents/x", "/registers/entities/y"):
        assert bank.get(address, as_="admin").status == 404
        assert bank.post(address, {"act": "end"}, as_="admin").status == 404


@pytest.mark.parametrize(
    ("address", "fields", "members"),
    [
        ("entities", {"id": "broker", "name": "Broker", "licences-licensed_corporation": "yes", "licences-bank": "yes"},
         {"licences": ["licensed_corporation", "bank"]}),
        ("tests", {"of": "drift", "use_case": "credit", "n": "1,200", "value": "0.10", "limit": "0.25", "passed": "no"},
         {"n": 1200, "value": "0.10", "passed": False}),
        ("counts", {"source": "invoice", "counted": "310", "from_ms": "2026-10-01", "until_ms": "2026-10-31"},
         {"counted": 310, "from_ms": 1790784000000, "until_ms": 1793462399000}),
    ],
)  # fmt: skip
def test_every_other_register_takes_an_entry(bank: Bank, address: str, fields: dict, members: dict) -> None:
    assert bank.post(f"/registers/{address}", fields, as_="developer").status == 303
    facts = leaf(bank)["facts"]
    assert {name: facts[name] for name in members} == members


def test_a_training_is_put_on_the_log_by_the_person_s_id(bank: Bank) -> None:
    person = bank.people["reviewer"]
    fields = {"person": person.id, "topic": "explaining-credit", "role": "reviewer", "completed_at": iso(bank, -3)}
    assert bank.post("/registers/competence", fields, as_="approver").status == 303
    raw = str(leaf(bank))
    assert person.id in raw
    assert person.name not in raw


# ---- documents


def test_a_file_is_hashed_and_let_go(bank: Bank) -> None:
    body = b"%PDF the firm's AI strategy, approved in September"
    fields = {"id": "strategy", "title": "AI strategy", "type": "strategy", "expires_at": iso(bank, 20)}
    answer = bank.post("/registers/documents", fields, as_="developer", files={"file": ("strategy.pdf", body)})
    assert answer.status == 303
    digest = hashlib.sha256(body).hexdigest()
    assert leaf(bank)["facts"]["digest"] == digest
    assert digest in bank.get("/registers/documents/strategy", as_="auditor").text
    kept = [p for p in Path(bank.folder).rglob("*") if p.is_file() and body in p.read_bytes()]
    assert kept == []


def test_a_form_that_fails_shows_the_digest_so_that_the_file_needn_t_come_again(bank: Bank) -> None:
    body = b"minutes"
    answer = bank.post("/registers/documents", {"id": "minutes"}, as_="admin", files={"file": ("m.txt", body)})
    assert answer.status == 422
    assert f'value="{hashlib.sha256(body).hexdigest()}"' in answer.text


def test_a_document_is_approved_by_somebody_else(bank: Bank) -> None:
    fields = {"id": "policy", "title": "AI policy", "type": "policy", "digest": "c" * 64}
    assert bank.post("/registers/documents", fields, as_="approver").status == 303
    seen = str(bank.get("/registers/documents/policy.json", as_="approver").body["seen"])
    assert "I approve this document" not in bank.get("/registers/documents/policy", as_="approver").text
    assert bank.post("/registers/documents/policy", {"act": "approve", "seen": seen}, as_="approver").status == 403
    assert "I approve this document" in bank.get("/registers/documents/policy", as_="approver2").text
    assert bank.post("/registers/documents/policy", {"act": "approve", "seen": seen}, as_="approver2").status == 303
    facts = leaf(bank)["facts"]
    assert facts["approver"] == bank.people["approver2"].id
    assert facts["approved_at"] > 0


# ---- what is missing, what ends, what one vendor means


def test_the_overview_counts_what_is_missing_and_what_ends(bank: Bank) -> None:
    shown = bank.get("/registers.json", as_="auditor").body
    lines = {each["key"]: each for each in shown["registers"]}
    assert lines["vendors"]["missing"] >= 1
    assert lines["models"]["n"] == 1
    states = {(each["name"], each["state"]) for each in shown["due"]}
    assert {("bureau", "past"), ("cloud-llm", "soon")} <= states or ("cloud-llm", "soon") in states
    assert {each["name"] for each in shown["lacking"]} >= {"cloud-llm"}


def test_a_register_is_shown_as_it_stood_on_a_day(bank: Bank) -> None:
    assert bank.get(f"/vendors.json?as_of={iso(bank, -1)}", as_="auditor").body["rows"] == []
    assert len(bank.get(f"/vendors.json?as_of={iso(bank, 0)}", as_="auditor").body["rows"]) >= 1
    assert bank.get("/vendors?as_of=yesterday", as_="auditor").status == 422


def test_a_vendor_s_card_shows_models_days_and_incidents(bank: Bank) -> None:
    import msgspec

    from waglan.core.events import Incident

    model = bank.workspace.registers.models()[0]
    bank.workspace.register_model(msgspec.structs.replace(model, vendor="cloud-llm"), actor=bank.people["admin"].id)
    now_ms = bank.workspace.clock.now_ms()
    found = Incident(cause="vendor", detected_at=now_ms - 1000, vendor="cloud-llm", severity="low")
    opened = bank.house.registrar.open_incident(bank.identity("admin"), found)
    shown = bank.get("/vendors/cloud-llm.json", as_="auditor").body
    assert shown["models"] == [model.id]
    assert shown["answered"] == sum(shown["by_day"]["with"]) == 300
    assert opened in [each["id"] for each in shown["incidents"]]
    assert [each["drill"] for each in shown["drills"]] == ["drill-1"]
    listed = bank.get("/vendors.json", as_="auditor").body
    assert listed["concentration"]["hhi"] == 1.0
    assert listed["concentration"]["high"]


def test_concentration_is_the_sum_of_squared_shares() -> None:
    found = concentration([0.3, 0.3, None, 0.0], limit=0.6)
    assert found is not None
    assert (found["hhi"], found["alike"], found["high"], found["whole"]) == (0.5, 2.0, False, 0.6)
    assert concentration([None, 0.0], limit=0.25) is None


def test_days_near_and_past_are_told_apart() -> None:
    now_ms = 1_000 * DAY_MS
    assert due.standing(None, now_ms) == "none"
    assert [due.standing(now_ms + days * DAY_MS, now_ms) for days in (-1, 0, 60, 61)] == [
        "past",
        "past",
        "soon",
        "later",
    ]
    rows = [{"vendor": "v", "next_review_at": now_ms + DAY_MS, "contract_until_at": now_ms - DAY_MS}]
    assert [(each.what, each.state) for each in due.due(VENDORS, rows, now_ms)] == [
        ("Contract ends", "past"), ("Review is due", "soon"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["2026-02-30", "1969-01-01", "9999-12-31", "x" * 20])
def test_what_is_no_day_of_the_record_is_refused(text: str) -> None:
    with pytest.raises(Problem):
        field.read_one(field.Field("d", "D", "until"), text)


def test_a_last_day_counts_to_its_end_in_hong_kong() -> None:
    ms = field.read_one(field.Field("d", "D", "until"), "2026-11-21")
    assert day(ms, "en") == "21 Nov 2026"
    assert ms + 1_000 == field.read_one(field.Field("d", "D", "day"), "2026-11-22")


@pytest.mark.parametrize("lang", ["zh-Hant", "zh-Hans"])
def test_registers_speak_chinese(bank: Bank, lang: str) -> None:
    text = bank.get("/vendors", as_="auditor", lang=lang).text
    assert {"zh-Hant": "供應商", "zh-Hans": "供应商"}[lang] in text


def test_what_the_registrar_refuses_is_said_in_chinese(bank: Bank) -> None:
    fields = {"id": "another", "service": "Models", "exit_plan": "nothing"}
    text = bank.post("/vendors", fields, as_="admin", lang="zh-Hant").text
    assert "沒有文件" in text
    assert "There is no" not in text


def test_who_may_act_stands_beside_what_they_were_trained_in(bank: Bank) -> None:
    shown = {each["person"]: each for each in bank.get("/registers/competence.json", as_="auditor").body["people"]}
    admin = bank.people["admin"]
    assert shown[admin.id]["topics"] == ["incident-handling"]
    assert shown[admin.id]["name"] == admin.name
    assert shown[bank.people["user"].id]["trained_at"] is None
    unnamed = bank.get("/registers/competence.json", as_="reviewer").body["people"]
    assert {each["name"] for each in unnamed} == {""}
