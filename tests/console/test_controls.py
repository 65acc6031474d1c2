"""Controls: what they did, what a dry run would have done, false alarms, and the bench."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.console.conftest import Bank
from waglan.console.pages.controls.bench import Piece, pieces
from waglan.core.usecase import ControlPlan
from waglan.review import Judgement
from waglan.runtime.dry_run import Given, case_of, try_control

HKID = "My HKID is A123456(3), call 9123 4567."


def test_the_list_counts_hits_and_says_who_uses_a_control(bank: Bank) -> None:
    shown = bank.get("/controls.json", as_="auditor").body
    found = {each["name"]: each for each in shown["controls"]}
    masked = found["privacy.identifiers"]
    assert masked["ran"] == 300
    assert masked["counts"]["redact"] > 0
    assert masked["counts"]["pass"] + masked["counts"]["redact"] == 300
    assert [use["use_case"] for use in masked["uses"]] == ["credit"]
    assert {"control": "privacy.identifiers", "use_case": "credit"}.items() <= shown["by_use_case"][-1].items()
    assert bank.get("/controls", as_="auditor").status == 200


def test_a_control_tells_what_it_does_and_lists_its_hits(bank: Bank) -> None:
    shown = bank.get("/controls/privacy.identifiers.json", as_="auditor").body
    assert sum(shown["by_day"]["redact"]) == shown["counts"]["redact"] > 0
    assert {each["verdict"] for each in shown["last"]} == {"redact"}
    assert shown["measured_us"] > 0
    assert shown["clauses"]
    assert bank.get(f"/decisions/{shown['last'][0]['id']}", as_="auditor").status == 200


def test_an_unknown_control_is_not_found(bank: Bank) -> None:
    assert bank.get("/controls/privacy.identifier", as_="auditor").status == 404


def test_the_bench_masks_what_is_pasted_and_records_nothing(bank: Bank) -> None:
    before = bank.workspace.ledger.head().size
    answer = bank.post(
        "/controls/privacy.identifiers", {"use_case": "credit", "case": json.dumps({"remark": HKID})}, as_="developer"
    )
    assert answer.status == 200
    assert "<del>A123456(3)</del> <ins>⟦HKID_1⟧</ins>" in answer.text
    assert bank.workspace.ledger.head().size == before


def test_plain_text_is_taken_as_it_is(bank: Bank) -> None:
    answer = bank.post("/controls/privacy.identifiers", {"use_case": "credit", "case": HKID}, as_="developer")
    assert "⟦PHONE_1⟧" in answer.text


def test_an_answer_is_checked_by_a_control_that_acts_after(bank: Bank) -> None:
    outcome = {"value": "decline", "effect": "decline", "adverse": True, "reasons": []}
    answer = bank.post(
        "/controls/output.explanation",
        {"use_case": "credit", "case": "{}", "outcome": json.dumps(outcome)},
        as_="developer",
    )
    assert answer.status == 200
    assert '<div class="alert ' in answer.text
    assert "<strong>Passed</strong>" not in answer.text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"use_case": "credit", "case": "{broken"}, "case"),
        ({"use_case": "credit", "case": ""}, "case"),
        ({"use_case": "credit", "case": "{}", "outcome": '{"value": 1, "surprise": 2'}, "outcome"),
        ({"use_case": "credit", "case": "{}", "outcome": '{"value": null}'}, "outcome"),
        ({"use_case": "credit", "case": "x" * 32_001}, "case"),
        ({"use_case": "", "case": "{}"}, "use_case"),
    ],
)
def test_what_cannot_be_tested_is_said_and_kept(bank: Bank, fields: dict[str, str], field: str) -> None:
    answer = bank.post("/controls/output.thresholds", fields, as_="developer")
    assert answer.status in (404, 413, 422)
    assert f"<code>{field}</code>" in answer.text
    assert fields["case"][:20].replace('"', "&#34;") in answer.text


def test_only_a_developer_has_the_bench(bank: Bank) -> None:
    assert 'id="test"' not in bank.get("/controls/privacy.identifiers", as_="reviewer").text
    refused = bank.post("/controls/privacy.identifiers", {"use_case": "credit", "case": HKID}, as_="reviewer")
    assert refused.status == 403


def test_a_recorded_decision_needs_the_right_to_its_private_data(bank: Bank) -> None:
    decision = bank.get("/decisions.json", as_="auditor").body["rows"][0]["id"]
    refused = bank.post("/controls/privacy.identifiers", {"use_case": "credit", "decision": decision}, as_="developer")
    assert refused.status == 403
    both = bank.house.access.people.get(bank.people["developer"].id)
    bank.house.access.people.change(both.id, roles=("developer", "reviewer"))
    try:
        before = bank.workspace.ledger.head().size
        answer = bank.post(
            "/controls/privacy.identifiers", {"use_case": "credit", "decision": decision}, as_="developer"
        )
        assert answer.status == 200
        leaf = bank.workspace.ledger.leaf(before)
        assert (leaf["kind"], leaf["refs"], leaf["actor"]) == ("read", [decision], both.id)
        unknown = {"use_case": "credit", "decision": "0" * 26}
        assert bank.post("/controls/privacy.identifiers", unknown, as_="developer").status == 404
    finally:
        bank.house.access.people.change(both.id, roles=("developer",))


def test_a_control_in_dry_run_is_tried_as_if_enforced(bank: Bank) -> None:
    manifest = bank.workspace.catalogue.get("credit").manifest
    dry = msgspec.structs.replace(
        manifest, controls=ControlPlan(before=("privacy.identifiers",), dry_run=("privacy.identifiers",))
    )
    found = try_control(
        bank.workspace, dry, "privacy.identifiers", Given(case_of(bank.workspace, dry, {"remark": HKID}))
    )
    assert found.finding.enforced
    assert "A123456" not in found.case.inputs["remark"]


def test_a_case_keeps_to_the_roles_of_its_inputs(bank: Bank) -> None:
    manifest = bank.workspace.catalogue.get("credit").manifest
    case = case_of(bank.workspace, manifest, {"age": 40, "remark": "x", "applicant_id": "nobody", "else": 1})
    assert case.inputs == {"remark": "x", "else": 1}
    assert case.aside == {"age": 40}
    assert case.subject == ""


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("call 9123 now", "call ⟦PHONE_1⟧ now", [Piece("call "), Piece("9123", "⟦PHONE_1⟧"), Piece(" now")]),
        ("9123", "⟦PHONE_1⟧", [Piece("9123", "⟦PHONE_1⟧")]),
        ("same", "same", [Piece("same")]),
        ("", "", []),
        ("gone", "", [Piece("gone")]),
        ("a 1 b 2", "a ⟦X_1⟧ b ⟦Y_1⟧", [Piece("a "), Piece("1", "⟦X_1⟧"), Piece(" b "), Piece("2", "⟦Y_1⟧")]),
        ("other", "text ⟦X_1⟧", [Piece("other")]),
    ],
)
def test_masked_stretches_are_found_again(before: str, after: str, wanted: list[Any]) -> None:
    assert pieces(before, after) == wanted


def test_agreeing_with_what_a_control_sent_is_a_false_alarm(bank: Bank) -> None:
    """A model that is no longer validated sends everything to a person; who agrees says that nothing was wrong."""
    version = bank.workspace.registers.current("credit.scorecard")
    assert version is not None
    bank.workspace.register_model(msgspec.structs.replace(version, validated_at=None, validation_expires_at=None))
    try:
        row = dict(bank.workspace.catalogue.get("credit").plugin.samples[0])
        reply = bank.workspace.runtime.decide_sync("credit", row)
        assert "control:model.validated" in reply.decision.why
        assert bank.get("/controls/model.validated.json", as_="auditor").body["alarms"] == {"judged": 0, "agreed": 0}
        desk, who = bank.house.desk, bank.identity("reviewer")
        desk.take(who, reply.decision.id)
        shown = desk.show(who, reply.decision.id)
        desk.judge(who, reply.decision.id, Judgement(verdict="agree"), shown=shown.sha256)
        assert bank.get("/controls/model.validated.json", as_="auditor").body["alarms"] == {"judged": 1, "agreed": 1}
        assert bank.get("/controls/output.thresholds.json", as_="auditor").body["alarms"]["judged"] == 0
    finally:
        bank.workspace.register_model(version)
