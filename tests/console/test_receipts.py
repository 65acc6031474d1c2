"""The customer's page: public by its token, about one decision, and nothing of anybody else."""

import json
import re
import subprocess
import sys

import msgspec
import pytest

from tests.console.test_decisions import decide, first
from waglan.ledger import erasure
from waglan.review import Judgement

DAY_MS = 86_400_000


def token(bank, decision):
    return bank.house.desk.receipts.token(decision)


def asked(bank, decision, what, note=""):
    return bank.post(f"/receipts/{token(bank, decision)}", {"what": what, "note": note})


@pytest.mark.parametrize("lang", ["en", "zh-Hant", "zh-Hans"])
def test_the_page_says_what_was_decided_and_why(bank, lang):
    decision = decide(bank, district="Sha Tin", remark="", applicant_id=f"SYN-94{lang}")
    page = bank.get(f"/receipts/{token(bank, decision)}?lang={lang}")
    found = bank.get(f"/receipts/{token(bank, decision)}.json?lang={lang}").body
    assert page.status == 200 and decision in page.text and len(page.raw) < 60_000
    assert found["by"] == "model" and found["explanation"]["left"] and found["explanation"]["language"] == lang
    for reason in found["explanation"]["reasons"]:
        assert reason in page.text
    assert "mailto:" in page.text and 'content="noindex, nofollow"' in page.text


def test_nothing_is_told_while_a_person_decides(bank):
    decision = first(bank, "human")
    found = bank.get(f"/receipts/{token(bank, decision)}.json").body
    assert found["by"] == "nobody_yet" and not found["proofs"] and not found["qr"]
    assert not found["explanation"]["effect"] and not found["explanation"]["reasons"]
    page = bank.get(f"/receipts/{token(bank, decision)}").text
    assert "A person is deciding this" in page and "decline" not in page.lower()


def test_a_persons_decision_is_called_one(bank):
    decision, desk = first(bank, "human"), bank.house.desk
    reviewer = msgspec.structs.replace(bank.identity("reviewer"), authenticator="password:r")
    approver = msgspec.structs.replace(bank.identity("approver"), authenticator="password:a")
    desk.take(reviewer, decision)
    desk.judge(reviewer, decision, Judgement(verdict="agree"), shown=desk.show(reviewer, decision).sha256)
    desk.release(approver, decision, shown=desk.show(approver, decision).sha256)
    found = bank.get(f"/receipts/{token(bank, decision)}.json").body
    assert found["by"] == "person" and [p["kind"] for p in found["proofs"]] == ["decision", "release"]
    assert "a person decided" in bank.get(f"/receipts/{token(bank, decision)}").text


def test_it_names_nobody_else_and_nothing_inside(bank):
    decision = first(bank)
    text = (
        bank.get(f"/receipts/{token(bank, decision)}.json").text + bank.get(f"/receipts/{token(bank, decision)}").text
    )
    for person in bank.people.values():
        assert person.id not in text and person.name not in text and person.email not in text
    others = [r["id"] for r in bank.get("/decisions.json", as_="auditor").body["rows"] if r["id"] != decision]
    assert not [other for other in others if other in text]
    assert "privacy.identifiers" not in text and "/console/overview" not in text


def test_unknown_and_ended_tokens_say_nothing_more(bank):
    erased = decide(bank, applicant_id="SYN-950001", district="Sha Tin", remark="")
    erasure.erase(bank.workspace.ledger, "SYN-950001", "asked", "cli")
    (planted,) = bank.house.desk.seed(bank.identity("approver"), "credit", 1)
    real = token(bank, first(bank))
    pages = [
        bank.get(f"/receipts/{wrong}.json")
        for wrong in (token(bank, erased), token(bank, planted), real[:-1] + ("A" if real[-1] != "A" else "B"),
                      "x", "%C3%A9" * 43, "A" * 43, real + "A")
    ]  # fmt: skip
    assert {p.status for p in pages} == {404} and len({p.raw for p in pages}) == 1
    for path in ("/proof/1", "/verify.py"):
        assert bank.get(f"/receipts/{token(bank, erased)}{path}").status == 404
    assert bank.post(f"/receipts/{token(bank, erased)}", {"what": "explanation"}).status == 404


def test_the_code_leads_back_to_the_page(bank):
    decision = first(bank)
    found = bank.get(f"/receipts/{token(bank, decision)}.json").body
    assert found["address"] == f"http://localhost:8420/console/receipts/{token(bank, decision)}"
    svg = found["qr"]
    assert svg.startswith("<svg") and "style=" not in svg and "<script" not in svg
    assert svg in bank.get(f"/receipts/{token(bank, decision)}").text


def test_the_proof_is_checked_as_the_page_says(bank, tmp_path):
    decision = first(bank)
    page = bank.get(f"/receipts/{token(bank, decision)}").text
    command = re.search(r"<code class=\"hash\">(python3 verify.py[^<]+)</code>", page)[1].replace("&#39;", "'")
    (tmp_path / "receipt-1.json").write_bytes(bank.get(f"/receipts/{token(bank, decision)}/proof/1").raw)
    (tmp_path / "verify.py").write_bytes(bank.get(f"/receipts/{token(bank, decision)}/verify.py").raw)
    command = command.replace("python3", sys.executable)
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and decision in done.stdout and "Nothing is wrong." in done.stdout
    assert "monthly_income_hkd" not in done.stdout and "SYN-" not in done.stdout
    for number in ("0", "2", "x", "99999999999999999999"):
        assert bank.get(f"/receipts/{token(bank, decision)}/proof/{number}").status == 404


# ---- asking


def test_a_question_goes_to_the_queue_once_and_its_answer_comes_back(bank):
    decision = decide(bank, applicant_id="SYN-960001", district="Sha Tin", remark="")
    first_time = asked(bank, decision, "explanation", "Why <b>so</b> little?")
    assert first_time.status == 303
    assert first_time.headers["location"].startswith(f"/console/receipts/{token(bank, decision)}?asked=1")
    asked(bank, decision, "explanation")
    items = bank.get(f"/decisions/{decision}.json", as_="reviewer").body["items"]
    assert [i["cause"] for i in items if i["cause"] == "request"] == ["request"]
    found = bank.get(f"/receipts/{token(bank, decision)}.json").body
    assert found["can_ask"] == ["human_review", "correction", "complaint"] and found["asked"][0]["answered_ms"] is None
    item = next(i["id"] for i in items if i["cause"] == "request")
    reviewer = bank.identity("reviewer")
    bank.house.desk.take(reviewer, item)
    bank.house.desk.answer(reviewer, item, "explained", "We looked at your repayments.")
    page = bank.get(f"/receipts/{token(bank, decision)}").text
    assert "We looked at your repayments." in page and "so</b>" not in page
    event = bank.get(f"/decisions/{decision}.json", as_="auditor").body["later"][0]
    assert event["kind"] == "request" and event["private"]["note"] == "Why <b>so</b> little?"


def test_questions_are_limited_and_checked(bank):
    decision = decide(bank, applicant_id="SYN-960002", district="Sha Tin", remark="")
    assert asked(bank, decision, "money").status == 422
    assert asked(bank, decision, "").status == 422
    long = asked(bank, decision, "correction", "x" * 2_001)
    assert long.status == 422 and "too long" in long.text
    for what in ("explanation", "human_review", "correction"):
        assert asked(bank, decision, what).status == 303
    assert asked(bank, decision, "explanation").status == 429
    refused = bank.post(
        f"/receipts/{token(bank, decision)}",
        {"what": "explanation"},
        headers={"origin": "", "sec-fetch-site": "cross-site"},
    )
    assert refused.status == 403


def test_the_page_needs_no_script_and_keeps_no_secret_in_its_twin(bank):
    decision = first(bank)
    found = bank.get(f"/receipts/{token(bank, decision)}.json").body
    assert json.dumps(found).count("BEGIN") == 0 and found["vkey"] == bank.workspace.ledger.signer.vkeys[0]
    page = bank.get(f"/receipts/{token(bank, decision)}").text
    assert 'method="post"' in page and "style=" not in page
