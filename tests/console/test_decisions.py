"""Decisions: the list and its file, one decision from case to proof, what is hidden, what people do."""

import csv
import io
import json
import re
import subprocess
import sys
from concurrent.futures import Future
from random import Random

import msgspec
import pytest

from tests.console.messages import LANGUAGES, lacking, read, update
from waglan.console.pages.decisions import answer, case, checks, listing, proof, why
from waglan.console.pages.decisions.asked import asked
from waglan.core.finding import Finding, Verdict
from waglan.core.outcome import Alternative, Change, ModelUse, Outcome, Reason
from waglan.core.problem import Problem
from waglan.core.usecase import ControlPlan, Input, Plugin, UseCase, use_cases
from waglan.index import events
from waglan.ledger import erasure, receipt
from waglan.ledger.export import VERIFIER
from waglan.review import Judgement
from waglan.runtime.ask import Ask

READERS = ("admin", "developer", "user", "reviewer", "approver", "auditor", "examiner")
ROW = {
    "applicant_id": "SYN-900001", "age": 40, "sex": "F", "district": "Atlantis", "employment": "salaried",
    "years_employed": 5.0, "monthly_income_hkd": 30_000, "existing_debt_hkd": 0, "purpose": "renovation",
    "requested_amount_hkd": 100_000, "term_months": 24, "late_payments_12m": 0, "card_utilisation": 0.2,
    "years_with_bank": 4.0, "payroll_account": True, "remark": "My HKID is A123456(3), call 9123 4567.",
}  # fmt: skip


def rows(bank, query="", as_="auditor"):
    return bank.get(f"/decisions.json{query}", as_=as_).body["rows"]


def first(bank, route="auto"):
    """The newest of the bank's own decisions that nothing happened to yet."""
    table = csv.DictReader(
        io.StringIO(bank.get(f"/decisions.csv?route={route}", as_="auditor").raw.decode("utf-8-sig"))
    )
    return next(r["id"] for r in table if (r["mode"], r["channel"], r["later"]) == ("live", "cli", ""))


def reads(bank, decision):
    with bank.house.index.reading() as connection:
        bank.house.index.follow()
        found = events.about(connection, decision)
    return [e for e in found if e.kind == "read"]


def decide(bank, **more):
    answered = bank.workspace.runtime.decide_sync("credit", {**ROW, **more}, Ask(channel="http"))
    bank.house.index.follow()
    return answered.decision.id


# ---- the list


def test_the_list_goes_back_page_by_page_and_forth(bank):
    page = bank.get("/decisions.json", as_="auditor").body
    seen, shown = [], page
    assert page["count"] >= 300 and len(page["rows"]) == 50
    while shown["older"]:
        seen += [r["id"] for r in shown["rows"]]
        shown = bank.get(shown["older"].replace("/decisions?", "/decisions.json?"), as_="auditor").body
    seen += [r["id"] for r in shown["rows"]]
    assert len(seen) == len(set(seen)) == page["count"]
    back = bank.get(shown["newer"].replace("/decisions?", "/decisions.json?"), as_="auditor").body
    assert back["rows"][0]["index"] > shown["rows"][0]["index"]


@pytest.mark.parametrize("name", ["use_case", "route", "effect", "model", "subject"])
def test_a_filter_lets_through_what_it_names_and_nothing_else(bank, name):
    wanted = rows(bank)[3][name]
    found = bank.get(f"/decisions.json?{name}={wanted}", as_="auditor").body
    assert found["rows"] and {r[name] for r in found["rows"]} == {wanted}
    assert found["filter"] == {name: wanted}
    html = bank.get(f"/decisions?{name}={wanted}", as_="auditor")
    assert html.status == 200 and wanted in html.text


def test_days_are_a_range_and_a_wrong_one_says_so(bank):
    day = rows(bank)[0]["day"]
    inside = bank.get(f"/decisions.json?from={day}&to={day}&route=human", as_="auditor").body
    assert inside["rows"] and {r["day"] for r in inside["rows"]} == {day}
    assert not bank.get("/decisions.json?to=2000-01-01", as_="auditor").body["rows"]
    assert bank.get("/decisions?from=yesterday", as_="auditor").status == 400
    assert bank.get(f"/decisions?from={day}&to=2000-01-01", as_="auditor").status == 400


def test_a_range_of_days_is_walked_whole(bank):
    day, whole = rows(bank)[0]["day"], bank.get("/decisions.json", as_="auditor").body["count"]
    seen, address = [], f"/decisions.json?from=2000-01-01&to={day}"
    while address:
        page = bank.get(address, as_="auditor").body
        seen += [r["id"] for r in page["rows"]]
        address = page["older"].replace("/decisions?", "/decisions.json?") if page["older"] else ""
    assert len(seen) == len(set(seen)) == whole


def test_one_persons_decisions_within_days(bank):
    made = {decide(bank, applicant_id="SYN-970001") for _ in range(60)}
    found = rows(bank, f"?{(day := 'from=2000-01-01')}")[0]
    seen, address = set(), f"/decisions.json?subject={found['subject']}&{day}&to={found['day']}"
    while address:
        page = bank.get(address, as_="auditor").body
        seen |= {r["id"] for r in page["rows"]}
        address = page["older"].replace("/decisions?", "/decisions.json?") if page["older"] else ""
    assert seen == made
    assert not rows(bank, f"?subject={found['subject']}&to=2000-01-01")


def test_the_list_and_the_file_hold_the_same(bank):
    found = bank.get("/decisions.csv?route=human", as_="developer")
    table = list(csv.DictReader(io.StringIO(found.raw.decode("utf-8-sig"))))
    listed = [r["id"] for r in rows(bank, "?route=human")]
    assert [r["id"] for r in table][: len(listed)] == listed
    assert {r["route"] for r in table} == {"human"} and "SYN-" not in found.text
    assert "attachment" in found.headers["content-disposition"]


def test_no_cell_is_a_formula():
    assert listing._cell("=cmd()") == "'=cmd()" and listing._cell("@x") == "'@x"
    assert listing._cell("-1.5") == "-1.5" and listing._cell(None) == ""


def test_an_empty_result_says_what_to_do(bank):
    assert "Widen the filter" in bank.get("/decisions?effect=nothing", as_="auditor").text
    assert asked({"route": "sideways", "tier": "huge"}).fields == {}


# ---- one decision


@pytest.mark.parametrize("lang", ["en", "zh-Hant", "zh-Hans"])
@pytest.mark.parametrize("route", ["auto", "human"])
def test_a_decision_tells_its_whole_story(bank, route, lang):
    page = bank.get(f"/decisions/{first(bank, route)}", as_="auditor", lang=lang)
    assert page.status == 200 and len(page.raw) < 60_000
    for part in ("case", "controls", "models", "answer", "route", "people", "proof"):
        assert f'id="{part}"' in page.text


def test_inputs_have_titles_roles_and_masked_spans(bank):
    found = bank.get(f"/decisions/{decide(bank)}.json", as_="auditor").body
    fields = {f["name"]: f for f in found["inputs"]}
    assert fields["monthly_income_hkd"]["title"]["zh-Hant"] == "每月收入（港元）"
    assert fields["monthly_income_hkd"]["value"] == 30_000
    assert fields["sex"]["role"] == "protected" and fields["applicant_id"]["role"] == "subject"
    assert not fields["applicant_id"]["given"] and fields["default"]["role"] == "unused"
    masked = [p["masked"]["en"] for p in fields["remark"]["parts"] if p["masked"]]
    assert masked == ["Hong Kong identity card number", "telephone number"]
    assert "A123456" not in json.dumps(found)


def test_controls_models_answer_and_route_are_explained(bank):
    found = bank.get(f"/decisions/{decide(bank)}.json", as_="auditor").body
    names = {c["control"]: c for c in found["checks"]}
    assert "masked" in names["privacy.identifiers"]["message"]["en"]
    assert set(names["privacy.identifiers"]["message"]) == {"en", "zh-Hant", "zh-Hans"}
    assert all(c["cost_us"] is not None for c in found["checks"])
    assert found["answer"]["models"][0]["id"] == "credit.scorecard" and found["answer"]["models"][0]["rank"] == 1
    assert found["answer"]["reasons"][0]["share"] == 1.0 and found["answer"]["reasons"][0]["text"]["zh-Hans"]
    assert [w["name"] for w in found["route"]["why"] if "unseen" in w["code"]] == ["district"]
    assert found["disclosure"]["text"]["zh-Hant"] and found["disclosure"]["contact"]


def test_every_code_of_a_route_has_words():
    for code in ("outcome:no-reasons", "outcome:flag:odd", "outcome:raised:KeyError", "outcome:confidence-not-a-number",
                 "tier:critical", "tier:adverse-unknown", "review:effect:decline", "control:x", "floor:SFC.5b",
                 "suspended:use_case"):  # fmt: skip
        assert why.explained(code).text != "%(name)s"
    assert why.explained("of-a-later-release").name == "of-a-later-release"


def test_models_count_on_within_their_slot():
    seen = {}
    asked = (("a", "m1", False), ("a", "m2", True), ("b", "m3", True))
    uses = [ModelUse(slot=slot, id=model, version="1", digest="d", answered=yes) for slot, model, yes in asked]
    assert [answer._asked(u, seen).rank for u in uses] == [1, 2, 1]
    assert answer._asked(uses[0], {}).latency_us is None


def test_limits_come_from_the_manifest():
    made = UseCase(name="x", version="1", title={"en": "x"}, owner="o", purposes=("p",))
    assert answer.limits(None) == answer.limits(made) == answer.Limits()
    plan = msgspec.structs.replace(
        made.controls, after=("output.thresholds",),
        settings={"output.thresholds": {"minimum_confidence": 0.6, "band": {"low": 500, "high": 520}}},
    )  # fmt: skip
    found = answer.limits(msgspec.structs.replace(made, controls=plan))
    assert found == answer.Limits(0.6, None, 500, 520)


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (
            Finding(control="model.failover", verdict=Verdict.NOTE, code="raised", params=("s", "m", "OSError")),
            "m failed",
        ),
        (Finding(control="model.failover", verdict=Verdict.NOTE, code="timeout", params=("s", "m", "")), "m didn't"),
        (Finding(control="x.y", verdict=Verdict.ERROR, code="raised", params=("KeyError",)), "It failed (KeyError)"),
        (Finding(control="x.y", verdict=Verdict.ERROR, code="wrong-type", params=("int",)), "can't be used (int)"),
        (Finding(control="x.y", verdict=Verdict.NOTE, code="own-code"), "own-code"),
        (Finding(control="door.inputs", verdict=Verdict.NOTE, code="dropped", where=("a", "b")), "a, b"),
    ],
)
def test_findings_of_the_runtime_and_of_strangers_have_words(finding, said):
    assert said in checks.message(finding)["en"]


def test_a_text_without_tokens_is_one_part():
    assert case.parts("plain") == (case.Part("plain"),)
    assert [p.text for p in case.parts("⟦HKID_1⟧ and ⟦NEW_KIND_2⟧")] == ["⟦HKID_1⟧", " and ", "⟦NEW_KIND_2⟧"]
    assert case.parts("⟦NEW_KIND_2⟧")[0].masked == {"en": "NEW_KIND"}


def test_an_unknown_id_is_not_there(bank):
    for wrong in ("01M7ZJT1Q20ZH02AWXHMR36HVY", "x", "../../etc/passwd", bank.people["admin"].id):
        assert bank.get(f"/decisions/{wrong}", as_="auditor").status == 404
    registration = bank.workspace.ledger.leaf(0)["id"]
    assert bank.get(f"/decisions/{registration}", as_="auditor").status == 404


# ---- who sees what


@pytest.mark.parametrize("role", READERS)
def test_private_parts_are_for_who_may_and_each_look_is_recorded(bank, role):
    decision = decide(bank, applicant_id=f"SYN-91{READERS.index(role):04}")
    found = bank.get(f"/decisions/{decision}.json", as_=role).body
    private = role in ("reviewer", "approver", "auditor", "examiner")
    assert found["privacy"]["state"] == ("open" if private else "closed")
    assert any(f["given"] for f in found["inputs"]) == private
    assert any(r["text"] for r in found["answer"]["reasons"]) == private
    actors = {e.actor for e in reads(bank, decision)}
    assert (bank.people[role].id in actors) == private
    assert found["answer"]["effect"] and found["checks"]


def test_who_has_the_case_in_hand_is_on_record_by_the_review(bank):
    decision = first(bank, "human")
    reviewer = bank.identity("reviewer2")
    bank.house.desk.take(reviewer, decision)
    assert bank.get(f"/decisions/{decision}.json", as_="reviewer2").body["privacy"] == {
        "state": "open",
        "recorded": False,
    }
    assert not [e for e in reads(bank, decision) if e.actor == reviewer.id]
    bank.house.desk.hand_back(reviewer, decision)


def test_what_cant_be_recorded_isnt_shown(bank, monkeypatch):
    def full(entries):
        future = Future()
        future.set_exception(Problem("full", "w", "n", code="ledger.unavailable", status=503))
        return future

    decision = first(bank)
    monkeypatch.setattr(bank.workspace.ledger, "submit", full)
    found = bank.get(f"/decisions/{decision}.json", as_="auditor").body
    assert found["privacy"]["state"] == "unrecorded" and not any(f["given"] for f in found["inputs"])
    assert "can&#39;t be recorded now" in bank.get(f"/decisions/{decision}", as_="auditor").text
    assert bank.get(f"/decisions/{decision}/receipt?open=1", as_="auditor").status == 503


def test_a_decision_leads_to_its_neighbours(bank):
    newest, next_one, *_ = rows(bank)
    found = bank.get(f"/decisions/{newest['id']}.json", as_="auditor").body
    assert found["older"] == next_one["id"] and not found["newer"]
    assert bank.get(f"/decisions/{next_one['id']}.json", as_="auditor").body["newer"] == newest["id"]


def test_nobody_comes_in_without_signing_in_and_a_provider_not_at_all(bank):
    decision = first(bank)
    for path in ("", ".json", "/proof", "/receipt"):
        assert bank.get(f"/decisions/{decision}{path}").status in (303, 401)
        assert bank.get(f"/decisions/{decision}{path}", as_="provider").status == 403


def test_erased_data_break_no_page(bank):
    decision = decide(bank, applicant_id="SYN-920001")
    erasure.erase(bank.workspace.ledger, "SYN-920001", "asked", "cli")
    found = bank.get(f"/decisions/{decision}.json", as_="auditor").body
    assert found["privacy"]["state"] == "erased" and not found["customer_link"]
    page = bank.get(f"/decisions/{decision}", as_="auditor")
    assert page.status == 200 and "erased" in page.text
    assert bank.get(f"/decisions/{decision}/receipt?open=1", as_="auditor").status != 200
    assert bank.get(f"/decisions/{decision}/proof.json", as_="auditor").body["verified"]["sound"]


def test_restricted_data_are_not_shown(bank):
    decision = decide(bank, applicant_id="SYN-920002")
    erasure.restrict(bank.workspace.ledger, "SYN-920002", "dispute", "cli", active=True)
    assert bank.get(f"/decisions/{decision}.json", as_="auditor").body["privacy"]["state"] == "restricted"


def test_a_use_case_that_is_gone_breaks_no_page(bank, monkeypatch):
    def gone(name):
        raise Problem("gone", "w", "n", code="use_case.unknown", status=404)

    monkeypatch.setattr(bank.workspace.catalogue, "get", gone)
    found = bank.get(f"/decisions/{first(bank)}.json", as_="auditor").body
    assert found["title"] == {"en": "credit"} and not found["manifest_current"]
    assert {f["role"] for f in found["inputs"]} == {"undeclared"}
    assert bank.get(f"/decisions/{first(bank)}", as_="auditor").status == 200


def test_a_planted_case_looks_like_any_other_until_it_is_judged(bank):
    (planted,) = bank.house.desk.seed(bank.identity("approver"), "credit", 1, random=Random(3))
    bank.house.index.follow()
    for who in ("reviewer", "developer", "user"):
        found = bank.get(f"/decisions/{planted}.json", as_=who).body
        assert found["mode"] == "live" and found["closed"] and not found["raw"] and found["proof"] is None
        assert found["asked"]["actor"] is None
        assert (
            "drill" not in json.dumps(found)
            and "planted" not in json.dumps(found)
            and "seeded" not in json.dumps(found)
        )
        assert bank.get(f"/decisions/{planted}/receipt", as_=who).status == 409
        assert bank.get(f"/decisions/{planted}/proof", as_=who).status == 409
        assert bank.get(f"/ledger/entries/{planted}", as_=who).status == 409
        assert {r["mode"] for r in rows(bank, as_=who) if r["id"] == planted} == {"live"}
        csv_rows = csv.DictReader(io.StringIO(bank.get("/decisions.csv", as_=who).raw.decode("utf-8-sig")))
        assert {r["mode"] for r in csv_rows if r["id"] == planted} == {"live"}
    assert bank.get(f"/decisions/{planted}.json", as_="auditor").body["mode"] == "drill"
    assert {r["mode"] for r in rows(bank) if r["id"] == planted} == {"drill"}


def test_a_real_case_under_review_is_closed_alike(bank):
    decision = first(bank, "human")
    found = bank.get(f"/decisions/{decision}.json", as_="reviewer").body
    assert found["closed"] and found["asked"]["actor"] is None and found["mode"] == "live"
    assert not bank.get(f"/decisions/{decision}.json", as_="auditor").body["closed"]


# ---- the proof


def test_verify_now_really_verifies(bank, monkeypatch):
    decision = first(bank)
    found = bank.get(f"/decisions/{decision}/proof.json", as_="auditor").body["verified"]
    assert found["sound"] and found["size"] > found["index"] and found["signed_by"][0]["holds"]
    made = receipt.make(bank.workspace.ledger, decision)
    changed = msgspec.structs.replace(made, leaf=made.leaf.replace('"route":"auto"', '"route":"human"'))
    monkeypatch.setattr(proof.receipt, "make", lambda *_, **__: changed)
    found = bank.get(f"/decisions/{decision}/proof.json", as_="auditor").body["verified"]
    assert not found["sound"] and "proves nothing" in found["what"]
    assert "alert bad" in bank.get(f"/decisions/{decision}/proof", as_="auditor").text


@pytest.mark.parametrize("opened", ["", "?open=1"])
def test_the_receipt_is_checked_by_the_command_that_the_page_says(bank, tmp_path, opened):
    decision = first(bank)
    page = bank.get(f"/decisions/{decision}.json", as_="auditor").body
    found = bank.get(f"/decisions/{decision}/receipt{opened}", as_="auditor")
    name = re.search(r"UTF-8''([\w.]+)", found.headers["content-disposition"])[1]
    (tmp_path / name).write_bytes(found.raw)
    (tmp_path / "verify.py").write_bytes(VERIFIER.read_bytes())
    command = page["command"].replace("python3", sys.executable)
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "Nothing is wrong." in done.stdout, done.stderr
    assert ("monthly_income_hkd" in done.stdout) == bool(opened)


def test_the_whole_receipt_is_for_who_may_read_it(bank):
    decision = first(bank)
    assert bank.get(f"/decisions/{decision}/receipt?open=1", as_="developer").status == 403
    assert "opened" not in bank.get(f"/decisions/{decision}/receipt", as_="developer").text


# ---- what people do


def judged(bank, decision, verdict, **more):
    desk, reviewer = bank.house.desk, msgspec.structs.replace(bank.identity("reviewer"), authenticator="password:r")
    desk.take(reviewer, decision)
    shown = desk.show(reviewer, decision)
    desk.judge(reviewer, decision, Judgement(verdict=verdict, **more), shown=shown.sha256)


def test_review_release_and_override_stand_in_the_timeline_with_names(bank):
    decision = first(bank, "human")
    judged(bank, decision, "change", reason="income_proven", effect="approve", note="Tax demand note.")
    found = bank.get(f"/decisions/{decision}.json", as_="auditor").body
    assert found["standing"]["state"] == "judged"
    desk, approver = bank.house.desk, msgspec.structs.replace(bank.identity("approver"), authenticator="password:a")
    shown = desk.show(approver, decision)
    desk.release(approver, decision, shown=shown.sha256)
    found = bank.get(f"/decisions/{decision}.json", as_="auditor").body
    assert [e["kind"] for e in found["later"]] == ["review", "release", "override"]
    assert found["later"][0]["actor"]["name"].startswith("reviewer")
    assert found["later"][0]["private"]["note"] == "Tax demand note."
    assert found["standing"] == {"state": "as_changed", "effect": "approve", "corrected": False}
    assert found["later"][0]["label"] == "Income is proven otherwise"
    without = bank.get(f"/decisions/{decision}.json", as_="developer").body
    assert without["later"][0]["private"]["note"] is None
    page = bank.get(f"/decisions/{decision}", as_="auditor", lang="zh-Hant").text
    assert "按更改後的決定發出" in page and "收入另有證明" in page
    assert "用例的答案：拒絕。經專人改為：批准。" in page


def test_a_field_is_corrected_with_its_declared_type(bank):
    decision = first(bank)
    form = bank.get(f"/decisions/{decision}/correct", as_="approver")
    assert form.status == 200 and "inputs.monthly_income_hkd" in form.text
    fields = {"field": "inputs.monthly_income_hkd", "right": "lots", "reason": "input_wrong", "note": "payslip"}
    again = bank.post(f"/decisions/{decision}/correct", fields, as_="approver")
    assert again.status == 422 and "payslip" in again.text
    done = bank.post(f"/decisions/{decision}/correct", {**fields, "right": "52000"}, as_="approver")
    assert done.headers["location"] == f"/console/decisions/{decision}?notice=recorded#people"
    found = bank.get(f"/decisions/{decision}.json", as_="auditor").body
    assert found["standing"]["corrected"] and found["later"][-1]["private"]["correct"] == {
        "inputs.monthly_income_hkd": 52000
    }
    assert bank.post(f"/decisions/{decision}/correct", {**fields, "right": "1"}, as_="reviewer").status == 403


def test_one_person_alone_cant_turn_an_answer_of_tier_high(bank):
    decision = first(bank)
    page = bank.get(f"/decisions/{decision}/override", as_="approver")
    assert page.status == 200 and "two people are needed" in page.text
    fields = {"effect": "decline", "reason": "policy_other", "note": "x"}
    assert bank.post(f"/decisions/{decision}/override", fields, as_="approver").status == 409
    assert bank.post(f"/decisions/{decision}/override", {**fields, "value": "{"}, as_="approver").status == 422
    assert bank.get(f"/decisions/{decision}/override", as_="reviewer").status == 403


def test_a_customers_question_enters_the_queue(bank):
    decision = first(bank)
    assert bank.get(f"/decisions/{decision}/request", as_="user").status == 200
    fields = {"what": "explanation", "channel": "phone", "tongue": "zh-Hant", "note": "Why?"}
    assert bank.post(f"/decisions/{decision}/request", {**fields, "tongue": "fr"}, as_="user").status == 422
    done = bank.post(f"/decisions/{decision}/request", fields, as_="user")
    assert done.status == 303
    found = bank.get(f"/decisions/{decision}.json", as_="reviewer").body
    assert [i["cause"] for i in found["items"] if i["cause"] == "request"] == ["request"]
    assert bank.get(f"/decisions/{decision}/request", as_="auditor").status == 403


def test_buttons_are_there_for_those_who_may(bank):
    decision = decide(bank, applicant_id="SYN-930001", district="Sha Tin", remark="")
    can = {who: bank.get(f"/decisions/{decision}.json", as_=who).body["can"] for who in ("auditor", "approver", "user")}
    assert not any(can["auditor"].values())
    assert can["approver"]["correct"] and can["approver"]["request"] and can["user"]["request"]


# ---- a use case that is nothing like credit


class Odd:
    """Answers as its input says."""

    inline = True

    def decide(self, shown, kit):
        match shown.inputs["how"]:
            case "raise":
                raise KeyError("nothing of this may be seen")
            case "bare":
                return Outcome(value={"limit": 12, "terms": ["a", "b"]})
            case "rich":
                return Outcome(
                    value={"limit": 12, "ok": True}, effect="grant", adverse=False, flags=("doubt.own",),
                    citations=("page:3",), confidence=0.9, score=1.5, stakes_hkd=10.0,
                    reasons=(Reason(code="only.code", weight=-2.0, cites=("C.1",)),),
                    alternatives=(Alternative(value="deny", changes=(Change(input="how", old="rich", new=None),)),),
                )  # fmt: skip
        return Outcome(
            value="grant", effect="grant", adverse=False, reasons=(Reason(code="r", text={"en": "Because."}),)
        )


@pytest.fixture(scope="module")
def odd():
    made = UseCase(
        name="odd.console", version="1", title={"en": "Odd"}, owner="o", purposes=("p",), tier="low",
        adverse_effects=("deny",), inputs={"how": Input(type="text")},
        controls=ControlPlan(before=("purpose.consent",), after=("output.explanation",)),
    )  # fmt: skip
    use_cases.add(made.name, Plugin(made, Odd()))
    return made.name


@pytest.mark.parametrize("lang", ["en", "zh-Hant", "zh-Hans"])
@pytest.mark.parametrize("how", ["plain", "raise", "bare", "rich"])
def test_whatever_a_use_case_answers_has_a_page(bank, odd, how, lang):
    decision = bank.workspace.runtime.decide_sync(odd, {"how": how}, Ask(channel="http")).decision.id
    page = bank.get(f"/decisions/{decision}", as_="auditor", lang=lang)
    found = bank.get(f"/decisions/{decision}.json", as_="auditor").body
    assert page.status == 200 and not found["subject"] and not found["disclosure"] and not found["customer_link"]
    assert "nothing of this may be seen" not in page.text
    codes = {w["code"] for w in found["route"]["why"]}
    assert (codes >= {"outcome:raised:KeyError"}) == (how == "raise")
    assert ("outcome:no-reasons" in codes) == (how == "bare")
    if how == "rich":
        assert "page:3" in page.text and "doubt.own" in page.text and "C.1" in page.text
        assert found["answer"]["alternatives"][0]["steps"][0]["new"] is None


def test_an_override_of_a_low_tier_stands_in_its_place(bank, odd):
    decision = bank.workspace.runtime.decide_sync(odd, {"how": "plain"}, Ask(channel="http")).decision.id
    form = bank.get(f"/decisions/{decision}/override.json", as_="approver").body
    assert [e["effect"] for e in form["effects"]] == ["deny"]
    fields = {"effect": "deny", "reason": "policy_other", "note": "Board decision."}
    assert bank.post(f"/decisions/{decision}/override", {**fields, "effect": "fly"}, as_="approver").status == 422
    assert bank.post(f"/decisions/{decision}/override", fields, as_="auditor").status == 403
    done = bank.post(f"/decisions/{decision}/override", fields, as_="approver")
    assert done.status == 303
    found = bank.get(f"/decisions/{decision}.json", as_="auditor").body
    assert found["standing"] == {"state": "overridden", "effect": "deny", "corrected": False}
    page = bank.get(f"/decisions/{decision}", as_="auditor", lang="zh-Hans").text
    assert "已被人工推翻" in page and "Board decision." in page
    assert "overridden" in bank.get(f"/decisions/{decision}", as_="auditor").text.lower()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("domain", ["decisions", "ledger", "receipts", "search"])
def test_nothing_lacks_its_chinese(domain, language):
    assert not lacking(update(language, domain)) and read(language, domain)
