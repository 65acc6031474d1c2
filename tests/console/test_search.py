"""Search everywhere: what leads straight to a thing, what is grouped, and what is kept from whom."""

import csv
from urllib.parse import quote

import pytest

from tests.console.test_decisions import first
from waglan.index import events


def go(bank, wanted, as_="auditor"):
    return bank.get(f"/search?q={quote(wanted)}", as_=as_)


def groups(bank, wanted, as_="auditor"):
    found = bank.get(f"/search.json?q={quote(wanted)}", as_=as_)
    return {g["kind"]: [h["address"] for h in g["hits"]] for g in found.body["groups"]}


def reference(bank_folder):
    with bank_folder.with_name("new.csv").open(newline="", encoding="utf-8") as file:
        return next(csv.DictReader(file))["applicant_id"]


def test_ids_lead_straight_to_the_thing(bank):
    decision = first(bank)
    subject = bank.get(f"/decisions/{decision}.json", as_="auditor").body["subject"]
    entry = bank.workspace.ledger.leaf(0)["id"]
    person = bank.people["reviewer"].id
    for wanted, address in (
        (decision, f"/decisions/{decision}"), (decision.lower(), f"/decisions/{decision}"),
        (f"  {decision} ", f"/decisions/{decision}"), (subject, f"/decisions?subject={subject}"),
        (entry, f"/ledger/entries/{entry}"), ("credit", "/use-cases/credit"),
        ("credit.scorecard", "/models/credit.scorecard"), ("purpose.consent", "/controls/purpose.consent"),
        (person, f"/settings/people/{person}"),
    ):  # fmt: skip
        found = go(bank, wanted)
        assert (found.status, found.headers["location"]) == (303, f"/console{address}")


def test_parts_of_names_are_grouped(bank):
    assert groups(bank, "scorec")["models"] == ["/models/credit.scorecard"]
    assert "/controls/privacy.identifiers" in groups(bank, "privacy")["controls"]
    assert groups(bank, "信貸")["use_cases"] == ["/use-cases/credit"]
    assert "/ledger" in groups(bank, "紀錄日誌")["pages"] and "/ledger" in groups(bank, "记录日志")["pages"]
    assert f"/settings/people/{bank.people['approver'].id}" in groups(bank, "approver@")["people"]


def test_the_beginning_of_an_id_is_enough(bank):
    decision = first(bank)
    subject = bank.get(f"/decisions/{decision}.json", as_="auditor").body["subject"]
    assert f"/decisions/{decision}" in groups(bank, decision[:25].lower())["decisions"]
    assert groups(bank, subject[:20])["decisions"] == [f"/decisions/{decision}"]
    assert "decisions" not in groups(bank, decision[:5]) and "decisions" not in groups(
        bank, decision[:12], as_="provider"
    )


@pytest.mark.parametrize("lang", ["en", "zh-Hant", "zh-Hans"])
def test_the_page_in_three_languages(bank, lang):
    for wanted in ("", "c", "zzz"):
        assert bank.get(f"/search?q={wanted}", as_="auditor", lang=lang).status == 200


def test_people_and_pages_are_for_who_may(bank):
    assert "people" not in groups(bank, "reviewer@", as_="reviewer")
    assert "people" in groups(bank, "reviewer@", as_="admin")
    assert "/settings" not in groups(bank, "Settings", as_="reviewer").get("pages", [])
    assert not groups(bank, "credit", as_="provider").get("use_cases")
    assert not go(bank, bank.people["reviewer"].id, as_="reviewer").headers.get("location")
    assert not go(bank, first(bank), as_="provider").headers.get("location")
    assert bank.get("/search?q=credit").status == 303


def test_a_customers_reference_is_found_whole_by_who_may_and_recorded(bank, bank_folder):
    wanted = reference(bank_folder)
    subject = bank.workspace.vault.known(wanted)
    assert groups(bank, wanted, as_="user")["customer"] == [f"/decisions?subject={subject}"]
    assert "customer" not in groups(bank, wanted, as_="developer")
    assert "customer" not in groups(bank, wanted[:-1] + "x", as_="user")
    with bank.house.index.reading() as connection:
        bank.house.index.follow()
        looks = [e for e in events.of_subject(connection, subject).rows if e.kind == "read"]
    assert [e.actor for e in looks] == [bank.people["user"].id] and looks[0].facts["why"] == "search"
    assert wanted not in str(looks)


def test_a_reference_stands_in_no_answer_but_its_own_box(bank, bank_folder):
    wanted = reference(bank_folder)
    assert "recorded" in go(bank, wanted, as_="user").text


def test_an_examiners_search_is_on_the_log(bank):
    before = bank.workspace.ledger.head().size
    go(bank, "credit.scorecard", as_="examiner")
    leaf = bank.workspace.ledger.leaf(before)
    assert leaf["kind"] == "read" and leaf["facts"] == {"what": "GET /search", "why": "examination"}


def test_odd_questions_break_nothing(bank):
    for wanted in ("<script>", "'; DROP TABLE decision;--", "%", "𝔘", "A" * 5_000, "../..", "\x00", "p-", "?"):
        assert go(bank, wanted).status == 200
    assert "<script>alert" not in go(bank, "<script>alert(1)</script>").text


def test_there_are_eight_of_a_kind_at_most(bank):
    found = bank.get("/search.json?q=e", as_="admin").body["groups"]
    controls = next(g for g in found if g["kind"] == "controls")
    assert len(controls["hits"]) == 8 and controls["more"]
