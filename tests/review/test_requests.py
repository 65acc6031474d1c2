"""What customers ask, what they are told, and what their receipt shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.review.parts import APPROVER, BOTH, CHIEF, REVIEWER, SECOND, USER, House, house, person
from waglan.access.identity import Identity
from waglan.core import Alternative, Outcome, Problem, Reason, UseCase
from waglan.core.events import OptOut
from waglan.core.outcome import Change
from waglan.core.usecase import Disclosure, Input
from waglan.ledger.erasure import erase
from waglan.ledger.receipt import check
from waglan.review import ReviewSection, State
from waglan.review.explain import Left, explain, letter

URL = ReviewSection(public_url="https://waglan.bank.example")


@pytest.fixture
def high(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "w", settings=URL) as made:
        made.decide(3)
        yield made


def code(call: Any, *args: Any, **more: Any) -> str:
    with pytest.raises(Problem) as raised:
        call(*args, **more)
    return raised.value.code


def asked(made: House, decision: str, what: Any = "human_review", **more: Any) -> str:
    return made.desk.request(USER, decision, what, channel="branch", **more).id


def test_an_explanation_is_answered_in_the_customers_language_with_reasons(high: House) -> None:
    done = high.decide(5, customer="C-1")
    item = high.desk.request(USER, done, "explanation", channel="phone", language="zh-Hant", note="Called at noon.")
    assert (item.cause, item.what, item.state, item.language) == ("request", "explanation", State.OPEN, "zh-Hant")
    assert item.due_ms == item.opened_ms + 72 * 3_600_000
    (request,) = high.leaves("request")
    assert request["refs"] == [done] and request["facts"] == {
        "channel": "phone", "language": "zh-Hant", "what": "explanation"
    }  # fmt: skip
    assert json.loads(high.private(request["id"])["note"]) == "Called at noon."
    draft = high.desk.draft(REVIEWER, item.id)
    answered = high.desk.answer(REVIEWER, item.id, "explained", "謝謝。")
    assert answered.item.state is State.DONE and answered.item.answer == "explained"
    text = answered.text
    assert "閣下要求我們解釋此決定" in text and "距上次付款的日數。" in text and "決定結果：放行" in text
    assert "由人工智能協助。" in text and "2345 0000" in text and "謝謝。" in text and "2023年11月15日" in text
    assert f"https://waglan.bank.example/console/receipts/{high.desk.receipts.token(done)}" in text
    assert draft == text.replace("\n\n謝謝。", "")
    (answer,) = high.leaves("answer")
    assert answer["refs"] == [done, item.id] and json.loads(high.private(answer["id"])["text"]) == text
    assert "text" not in answer["facts"] and code(high.desk.answer, REVIEWER, item.id, "explained") == "review.state"


def test_the_same_question_asked_twice_is_one(high: House) -> None:
    done = high.decide(5)
    first = asked(high, done)
    assert asked(high, done) == first != asked(high, done, "explanation")
    assert high.kinds().count("request") == 2


def test_a_human_review_is_judged_released_and_then_answered(high: House) -> None:
    held = high.decide(31, customer="C-1")
    high.judged(REVIEWER, held)
    high.released(APPROVER, held)
    request = asked(high, held, note="I paid on Monday.")
    assert code(high.desk.take, REVIEWER, request) == "review.own_work"  # judged it before
    assert code(high.desk.answer, SECOND, request, "upheld") == "review.outcome"
    high.desk.take(SECOND, request)
    shown = high.desk.show(SECOND, request)
    kinds = [each["kind"] for each in shown.content["events"]]
    assert kinds == ["review", "release", "request"]
    assert json.loads(shown.content["events"][2]["private"]["note"]) == "I paid on Monday."
    high.desk.hand_back(SECOND, request)
    item = high.judged(SECOND, request, "change")
    assert (item.state, item.eyes) == (State.JUDGED, 2)
    item = high.released(CHIEF, request)
    assert (item.state, item.outcome) == (State.RELEASED, "as_changed") and high.desk.counts(USER_SEES).answer == 1
    assert code(high.desk.answer, CHIEF, request, "upheld") == "review.outcome"
    assert code(high.desk.answer, SECOND, request, "changed") == "access.denied"  # their own verdict, two people
    answered = high.desk.answer(CHIEF, request, "changed")
    assert "A person has looked at it again and changed it." in answered.text and "released" in answered.text
    assert answered.item.state is State.DONE
    assert [leaf["refs"][:2] for leaf in high.leaves("review")][1] == [held, request]


USER_SEES = person("rev", "reviewer")


def test_a_second_look_waits_for_the_first(high: House) -> None:
    held = high.decide(31)
    request = asked(high, held)
    assert code(high.desk.take, SECOND, request) == "review.first"
    assert (high.desk.next(SECOND) or high.desk.item(SECOND, request)).id == held
    high.desk.hand_back(SECOND, held)
    high.judged(REVIEWER, held)
    assert code(high.desk.take, SECOND, request) == "review.first" and high.desk.next(SECOND) is None
    high.released(APPROVER, held)
    assert high.desk.take(SECOND, request).holder == SECOND.id


def test_staff_who_ask_for_a_review_do_not_decide_it(high: House) -> None:
    both = person("uwe", "user", "reviewer", "approver")
    done = high.decide(5)
    request = high.desk.request(both, done, "human_review", channel="staff").id
    assert code(high.desk.take, both, request) == "access.denied"
    assert code(high.desk.answer, both, request, "declined") == "access.denied"


def test_an_explanation_is_not_judged_and_a_correction_follows_the_record(high: House) -> None:
    done = high.decide(5, customer="C-1")
    explanation = asked(high, done, "explanation")
    shown = high.taken(REVIEWER, explanation)
    from waglan.review import Judgement

    assert code(high.desk.judge, REVIEWER, explanation, Judgement(verdict="agree"), shown=shown) == "review.answer_only"
    correction = asked(high, done, "correction")
    assert code(high.desk.answer, REVIEWER, correction, "changed") == "review.outcome"
    high.desk.correct(APPROVER, done, {"inputs.days": 4}, "CUSTOMER_SAYS")
    assert high.desk.item(REVIEWER, correction).corrected
    assert code(high.desk.answer, REVIEWER, correction, "upheld") == "review.outcome"
    assert high.desk.answer(REVIEWER, correction, "changed").item.state is State.DONE


@pytest.mark.parametrize(
    ("given", "where"),
    [({"what": "money"}, "what"), ({"language": "fr"}, "language"), ({"channel": "by phone, at noon"}, "channel")],
)
def test_a_question_that_is_none(high: House, given: dict[str, str], where: str) -> None:
    more: dict[str, Any] = {"what": "explanation", "channel": "branch", "language": "en"} | given
    with pytest.raises(Problem) as raised:
        high.desk.request(USER, high.decide(5), more.pop("what"), **more)
    assert raised.value.code == "review.request" and raised.value.where == where


def test_who_may_ask_and_answer(high: House) -> None:
    done = high.decide(5)
    machine = Identity(
        id="k-1", tenant="bank", roles=("machine",), kind="machine", authenticator="key:k-1", scopes=("request.open",)
    )
    request = high.desk.request(machine, done, "explanation", channel="api").id
    assert high.leaves("request")[0]["actor"] == "k-1"
    admin = Identity(id="p-admin", tenant="bank", roles=("admin",), kind="person", authenticator="password:p-admin")
    assert code(high.desk.request, admin, done, "explanation", channel="api") == "access.denied"
    for who in (USER, machine):
        assert code(high.desk.answer, who, request, "explained") == "access.denied"
    assert code(high.desk.request, USER, "0" * 26, "explanation", channel="api") == "decision.missing"
    assert code(high.desk.draft, REVIEWER, high.decide(31)) == "review.state"


def test_no_customer_asks_about_an_exercise(high: House) -> None:
    high.decide(31, customer="C-1")
    high.decide(6, customer="C-2")
    (seeded,) = high.desk.seed(APPROVER, "triage", 1, random=Random(2))
    assert code(high.desk.request, USER, seeded, "explanation", channel="branch") == "review.exercise"
    assert code(high.desk.receipts.show, high.desk.receipts.token(seeded)) == "receipt.missing"


# ---- receipts


def test_a_token_leads_to_its_decision_and_nothing_else_does(high: House) -> None:
    receipts, done = high.desk.receipts, high.decide(5)
    token = receipts.token(done)
    assert receipts.decision(token) == done and len(token) == 43 and token == receipts.token(done)
    for at, character in enumerate(token):
        other = token[:at] + ("A" if character != "A" else "B") + token[at + 1 :]
        assert receipts.decision(other) is None, at
    for wrong in ("", "A", token[:-1], token + "A", token + "=", "é" * 43, "../" + token, done):
        assert receipts.decision(wrong) is None
        assert code(receipts.show, wrong) == "receipt.missing"
    assert done not in token


def test_a_receipt_shows_an_automatic_answer_with_its_proof(high: House) -> None:
    done = high.decide(5, customer="C-1", language="zh-Hant")
    view = high.desk.receipts.show(high.desk.receipts.token(done))
    found = view.explanation
    assert found.left and found.effect == "release" and found.effect_text == "放行" and found.title == "分流"
    assert found.reasons == ("距上次付款的日數。",) and found.contact == "2345 0000"
    (proof,) = view.proofs
    assert json.loads(proof.leaf)["id"] == done and proof.opened is None
    check(proof, high.workspace.ledger.signer.vkeys)
    assert high.desk.receipts.show(high.desk.receipts.token(done), "en").explanation.effect_text == "released"


def test_a_receipt_keeps_what_has_not_left(high: House) -> None:
    held = high.decide(31, customer="C-1")
    token = high.desk.receipts.token(held)
    view = high.desk.receipts.show(token)
    assert not view.explanation.left and view.explanation.effect == "" and view.explanation.reasons == ()
    assert view.proofs == () and view.explanation.disclosure == "AI helps."
    high.judged(REVIEWER, held)
    assert not high.desk.receipts.show(token).explanation.left
    high.released(APPROVER, held)
    view = high.desk.receipts.show(token)
    assert view.explanation.effect_text == "held for checking" and len(view.proofs) == 2
    for proof in view.proofs:
        check(proof, high.workspace.ledger.signer.vkeys)


def test_a_receipt_shows_what_people_made_of_it(high: House) -> None:
    held, refused = high.decide(31, customer="C-1"), high.decide(32, customer="C-2")
    high.judged(REVIEWER, held, "change")
    high.released(APPROVER, held)
    found = high.desk.receipts.show(high.desk.receipts.token(held)).explanation
    assert found.effect == "release" and found.reasons == ()  # the use case's reasons are not the person's
    high.judged(REVIEWER, refused, "reject")
    high.released(APPROVER, refused)
    found = high.desk.receipts.show(high.desk.receipts.token(refused)).explanation
    assert found.effect == "refused" and "contact us" in found.effect_text


def test_a_customer_asks_on_the_receipt(high: House) -> None:
    done = high.decide(5, customer="C-1")
    token = high.desk.receipts.token(done)
    request = high.desk.receipts.ask(token, "human_review", language="en", note="Why?")
    (leaf,) = high.leaves("request")
    assert leaf["id"] == request and leaf["actor"] == "customer" and leaf["facts"]["channel"] == "receipt"
    (asked_,) = high.desk.receipts.show(token).asked
    assert asked_.what == "human_review" and asked_.answered_ms is None and asked_.text == ""
    high.desk.answer(REVIEWER, request, "declined", "We looked at it last week.")
    (asked_,) = high.desk.receipts.show(token).asked
    assert asked_.answered_ms == high.clock.ms and "last week" in asked_.text
    assert code(high.desk.receipts.ask, "x", "human_review", language="en") == "receipt.missing"


def test_an_erased_person_has_no_receipt(high: House) -> None:
    done = high.decide(5, customer="C-1")
    erase(high.workspace.ledger, "C-1", basis="request", actor="p-ann")
    assert code(high.desk.receipts.show, high.desk.receipts.token(done)) == "vault.erased"


def test_no_receipt_tells_that_somebody_was_looked_at(tmp_path: Path) -> None:
    with house(tmp_path / "w", settings=URL) as made:
        done = made.decide(5)
        loaded = made.workspace.catalogue.get("triage")
        hidden = loaded.manifest.__class__(
            **{f: getattr(loaded.manifest, f) for f in loaded.manifest.__struct_fields__} | {"customer_facing": False}
        )
        made.workspace.catalogue._loaded["triage"] = loaded.__class__(
            hidden, loaded.schema, loaded.digest, loaded.plugin
        )
        assert code(made.desk.receipts.show, made.desk.receipts.token(done)) == "receipt.missing"
        assert made.desk.receipts.url(done) == ""


# ---- words


@pytest.mark.parametrize("language", ["en", "zh-Hant", "zh-Hans"])
def test_every_language_says_everything(language: Any) -> None:
    manifest = UseCase(
        name="credit", version="1", owner="Ada", purposes=("p",), title={"en": "Credit"},
        inputs={"income": Input(type="number", title={"en": "Income", "zh-Hant": "收入"})},
        disclosure=Disclosure(id="d", text={"en": "AI is used."}, contact="2345 0000"),
    )  # fmt: skip
    reasons = tuple(Reason(code=f"R{w}", weight=w, text={"en": f"Reason {w}."}) for w in (1.0, 5.0, 3.0, 2.0, 4.0))
    outcome = Outcome(
        value="decline", effect="decline", adverse=True, reasons=(*reasons, Reason(code="BARE", weight=9.0)),
        alternatives=(Alternative(value="approve", changes=(Change(input="income", old=10_000.0, new=12_500),)),),
    )  # fmt: skip
    found = explain("01HF7YAT0030S6W73Y5XP4Z5ZZ", 1_700_000_000_000, Left("decline", outcome), manifest, language)
    assert found.reasons == ("Reason 5.0.", "Reason 4.0.", "Reason 3.0.", "Reason 2.0.")
    assert "10,000" in found.otherwise[0] and "12,500" in found.otherwise[0]
    assert found.otherwise[0].startswith("收入" if language == "zh-Hant" else "Income")
    for outcome_code in ("explained", "upheld", "changed", "declined"):
        text = letter(found, outcome_code, "N.B.", "https://x.example/r")
        assert "{" not in text and "None" not in text and "AI is used." in text and "2345 0000" in text
        assert text.index("N.B.") < text.index("https://x.example/r") and "01HF7YAT0030S6W73Y5XP4Z5ZZ" in text
    assert BOTH.id not in text and OptOut.kind not in text
