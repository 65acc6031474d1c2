"""Models: the register with validations that end, what each did, and putting more on the register."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from tests.console.conftest import Bank
from waglan.console.pages.models.pages import abroad
from waglan.console.pages.use_cases.card import WARN_MS, validation
from waglan.core.events import ModelRegistration

CARD = "/models/credit.scorecard"


def version(bank: Bank) -> str:
    found: str = bank.get(f"{CARD}.json", as_="auditor").body["versions"][0]["version"]
    return found


def test_the_list_says_what_may_answer_and_what_it_did(bank: Bank) -> None:
    (model,) = bank.get("/models.json", as_="auditor").body["models"]
    (row,) = model["versions"]
    assert (row["state"], row["validation"], row["answered"], row["failed"]) == ("in_use", "valid", 300, 0)
    assert bank.get("/models", as_="auditor").status == 200


def test_a_card_shows_days_scores_and_history(bank: Bank) -> None:
    shown = bank.get(f"{CARD}.json", as_="auditor").body
    assert shown["answered"] == sum(shown["by_day"]["answered"]) == 300
    assert sum(shown["used_by"][0]["scores"]["values"]) == 300
    assert shown["used_by"][0]["p50_us"] > 0
    assert [each["what"] for each in shown["history"]] == ["validated"]
    assert bank.get(CARD, as_="auditor").status == 200
    assert bank.get("/models/nothing", as_="auditor").status == 404


def test_a_validation_goes_on_the_log_under_its_author(bank: Bank) -> None:
    until = (dt.date.today() + dt.timedelta(days=20)).isoformat()
    fields = {"version": version(bank), "validator": "Model Validation", "until": until, "reference": "MV-7"}
    answer = bank.post(f"{CARD}/validate", fields, as_="developer")
    assert (answer.status, answer.headers["location"]) == (303, f"/console{CARD}?notice=model_validated")
    leaf = bank.workspace.ledger.leaf(bank.workspace.ledger.head().size - 1)
    assert (leaf["kind"], leaf["actor"]) == ("model", bank.people["developer"].id)
    shown = bank.get(f"{CARD}.json", as_="developer").body
    assert shown["current"]["validation"] == "soon"
    assert shown["history"][0]["what"] == "validated"
    needs = {each["key"] for each in bank.get("/overview.json", as_="developer").body["needs"]}
    assert "validation" in needs


@pytest.mark.parametrize("until", ["2020-01-01", "soon", "", "9999-12-31"])
def test_a_day_that_cannot_end_a_validation_is_refused_and_kept(bank: Bank, until: str) -> None:
    before = bank.workspace.ledger.head().size
    fields = {"version": version(bank), "validator": "Model Validation", "until": until}
    answer = bank.post(f"{CARD}/validate", fields, as_="developer")
    assert answer.status == 422
    assert 'value="Model Validation"' in answer.text
    assert "<details open>" in answer.text
    assert bank.workspace.ledger.head().size == before


def test_another_version_cannot_be_validated(bank: Bank) -> None:
    fields = {"version": "none", "validator": "MV", "until": "2099-01-01"}
    assert bank.post(f"{CARD}/validate", fields, as_="developer").status == 404


@pytest.mark.parametrize("verb", ["validate", "withdraw"])
@pytest.mark.parametrize("role", ["reviewer", "approver", "user", "admin", "auditor", "examiner", "provider"])
def test_only_a_developer_puts_something_on_the_register(bank: Bank, verb: str, role: str) -> None:
    fields = {"version": version(bank), "validator": "MV", "until": "2099-01-01"}
    assert bank.post(f"{CARD}/{verb}", fields, as_=role).status == 403
    if role != "provider":
        assert f"{CARD}/{verb}" not in bank.get(CARD, as_=role).text


def test_a_vendor_sees_its_own_models_and_no_other(bank: Bank) -> None:
    assert bank.get("/models", as_="provider").status == 403
    assert bank.get(CARD, as_="provider").status == 403
    mine = ModelRegistration(id="vendor.model", version="1", digest="0" * 64, vendor="Waglan", region="US")
    bank.workspace.register_model(mine)
    (found,) = bank.get("/models.json", as_="provider").body["models"]
    assert (found["id"], found["versions"][0]["abroad"]) == ("vendor.model", True)
    assert bank.get("/models/vendor.model", as_="provider").status == 200
    assert bank.get(CARD, as_="provider").status == 404
    bank.workspace.register_model(msgspec.structs.replace(mine, state="withdrawn"))


def test_an_examiners_look_is_on_the_log(bank: Bank) -> None:
    before = bank.workspace.ledger.head().size
    bank.get("/models", as_="examiner")
    leaf = bank.workspace.ledger.leaf(before)
    assert (leaf["kind"], leaf["facts"]["why"], leaf["facts"]["what"]) == ("read", "examination", "GET /models")


def test_nobody_sees_models_without_signing_in(bank: Bank) -> None:
    assert bank.get("/models").headers["location"].startswith("/console/sign-in")
    assert bank.get("/models.json").status == 401


def test_a_withdrawn_version_answers_no_more_without_a_person(bank: Bank) -> None:
    answer = bank.post(f"{CARD}/withdraw", {"version": version(bank)}, as_="developer")
    assert answer.status == 303
    shown = bank.get(f"{CARD}.json", as_="developer").body
    assert shown["current"] is None
    assert shown["history"][0]["what"] == "withdrawn"
    reply = bank.workspace.runtime.decide_sync("credit", dict(bank.workspace.catalogue.get("credit").plugin.samples[0]))
    assert "control:model.validated" in reply.decision.why


def test_where_a_validation_stands() -> None:
    found = ModelRegistration(id="m", version="1", digest="0", validated_at=1, validation_expires_at=10 * WARN_MS)
    assert validation(None, 0) == "none"
    assert validation(msgspec.structs.replace(found, validated_at=None), 0) == "none"
    assert validation(found, 0) == "valid"
    assert validation(found, 9 * WARN_MS) == "soon"
    assert validation(found, 10 * WARN_MS) == "expired"
    assert validation(msgspec.structs.replace(found, validation_expires_at=None), 10**15) == "valid"


@pytest.mark.parametrize(("region", "out"), [("HK", False), ("HK-1", False), ("", False), ("US", True), ("HKX", True)])
def test_what_runs_outside_hong_kong(region: str, out: bool) -> None:
    assert abroad(region) is out
