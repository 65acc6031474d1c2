"""Planted cases, samples, customers' requests, and what came before."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.reviewing import Small, forms, item_of, small, words
from waglan.review import Filter


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Small]:
    with small(tmp_path) as found:
        yield found


# ---- attention


def plant(bank: Small, count: int = 3) -> tuple[str, ...]:
    for at in range(count + 8):  # only answers that nobody has before them are copied
        bank.decide(at % 30)
        bank.decide(40 + at, customer=f"c{at}")
    page = bank.get("/reviews/attention", as_="approver")
    answer = bank.send(page, "/reviews/attention", "approver", {"use_case": "triage", "count": str(count)})
    assert f"{count} cases were planted" in bank.followed(answer, "approver").text
    with bank.house.index.reading() as connection:
        rows = connection.execute("SELECT id FROM review_item WHERE cause = 'seeded' ORDER BY id").fetchall()
    return tuple(row[0] for row in rows)


def test_a_planted_case_looks_like_all_others_until_it_is_judged(bank: Small):
    planted = plant(bank)
    real = next(i.id for i in bank.house.desk.queue(bank.identity("reviewer"), Filter()).items if i.id not in planted)
    bank.taken("reviewer2", real)
    like = bank.get(f"/reviews/{real}.json", as_="reviewer2").body
    for item in planted:
        page = bank.taken("reviewer", item)
        twin = bank.get(f"/reviews/{item}.json", as_="reviewer").body
        shown = page.text.partition("<main")[2]  # the navigation speaks of drills everywhere
        assert shown and not re.search(r"seeded|planted|drill|attention check", shown + str(twin), re.I)
        assert twin.keys() == like.keys()
        assert twin["evidence"].keys() == like["evidence"].keys()
        assert [f["name"] for f in twin["evidence"]["inputs"]] == [f["name"] for f in like["evidence"]["inputs"]]
        bank.send(page, "/hand-back", "reviewer")
    queue = bank.get("/reviews", as_="reviewer")
    assert not re.search(r"seeded|planted", queue.text, re.I)


@pytest.mark.parametrize("verdict", ["agree", "reject"])
def test_after_the_verdict_one_is_told_at_once(bank: Small, verdict: str):
    item = plant(bank, 1)[0]
    page = bank.taken("reviewer", item)
    fields = {"verdict": verdict, f"reason_{verdict}": {"agree": "checked", "reject": "reasons_weak"}[verdict]}
    following = bank.followed(bank.send(page, "/verdict", "reviewer", fields), "reviewer")
    assert "attention check" in following.text
    assert ("You agreed with it" if verdict == "agree" else "You saw it") in following.text
    assert "Planted:" in following.text
    assert bank.facts("attention") == [{"caught": verdict == "reject", "reviewer": bank.people["reviewer"].id}]
    other = bank.get(f"/reviews/{item}", as_="reviewer2")
    assert "You saw it" not in other.text
    assert "Planted:" not in other.text


def test_a_careful_and_a_careless_reviewer_are_told_apart(bank: Small):
    planted = plant(bank, 40)
    for at, item in enumerate(planted):
        who = ("reviewer", "reviewer2")[at % 2]
        verdict = "agree" if who == "reviewer2" else "reject"
        assert bank.judged(item, who, verdict).status == 303
    page = bank.get("/reviews/attention", as_="approver")
    assert page.status == 200
    rows = dict(re.findall(r"person=(p-\w+)\">.*?<span class=\"mark (\w+)\"", page.text, re.S))
    assert rows[bank.people["reviewer"].id] == "careful"
    assert rows[bank.people["reviewer2"].id] == "careless"
    assert page.text.count('class="interval"') == 2
    one = bank.get(f"/reviews/attention?person={bank.people['reviewer2'].id}", as_="approver").text
    assert "not bad luck" in one
    assert 'class="chart"' in one
    own = bank.get("/reviews/attention", as_="reviewer")
    assert "reviewer2" not in words(own.text)
    assert "/reviews/attention" in own.text
    assert not [f for f in forms(own.text) if f.method == "post" and f.action.endswith("/attention")]


def test_seeding_is_for_approvers_and_counts_are_checked(bank: Small):
    bank.decide(40, customer="c1")
    for who in ("reviewer", "auditor"):
        assert bank.post("/reviews/attention", {"use_case": "triage", "count": "3"}, as_=who).status == 403
    for count in ("", "0", "201", "99999", "-1", "ten", "٣"):
        answer = bank.post("/reviews/attention", {"use_case": "triage", "count": count}, as_="approver")
        assert answer.status in (409, 422), count
        assert 'role="alert"' in answer.text
    assert bank.post("/reviews/attention", {"use_case": "none", "count": "3"}, as_="approver").status == 404


def test_samples_say_how_often_reviewers_would_have_answered_otherwise(tmp_path: Path):
    with small(tmp_path, "medium", 1.0) as bank:
        for at in range(4):
            bank.judged(bank.decide(3 + at, customer=f"c{at}"), "reviewer", "agree" if at else "reject")
        twin = bank.get("/reviews/attention.json", as_="approver").body
        assert [(each["looked"], each["otherwise"]) for each in twin["samples"]] == [(4, 1)]
        assert twin["samples"][0]["low"] < 0.25 < twin["samples"][0]["high"]
        assert bank.get("/reviews/attention.json", as_="reviewer").body["samples"] == []


# ---- customers' requests


def ask(bank: Small, what: Any, days: int = 3, language: Any = "en") -> str:
    decision = bank.decide(days, customer="c-asks")
    desk = bank.house.desk
    return desk.request(bank.identity("user"), decision, what, channel="branch", language=language, note="為何？").id


def test_an_explanation_is_answered_in_the_customers_language(bank: Small):
    item = ask(bank, "explanation", language="zh-Hant")
    page = bank.get(f"/reviews/requests/{item}", as_="approver")
    assert "為何？" in page.text
    assert "距上次付款的日數。" in page.text  # the reason as it will be sent
    form = next(f for f in forms(page.text) if f.action.endswith("/answer"))
    assert form.choices["outcome"] == ["explained", "declined"]
    assert bank.send(page, "/answer", "approver", {"outcome": ""}).status == 422
    answer = bank.send(page, "/answer", "approver", {"outcome": "explained", "note": "歡迎致電。"})
    done = bank.followed(answer, "approver")
    assert "The answer is sent" in done.text
    assert "歡迎致電。" in done.text
    assert not [f for f in forms(done.text) if f.action.endswith("/answer")]
    assert bank.send(page, "/answer", "approver", {"outcome": "explained"}).status == 409
    assert bank.kinds().count("answer") == 1


def test_a_person_looks_first_where_the_customer_asks_for_one(bank: Small):
    item = ask(bank, "human_review")
    page = bank.get(f"/reviews/requests/{item}", as_="reviewer")
    assert "First a person looks at it" in page.text
    assert bank.send(page, "/answer", "reviewer", {"outcome": "upheld"}).status == 409
    case = bank.taken("reviewer", item)
    assert "The customer asked for it." in case.text
    answer = bank.send(case, "/verdict", "reviewer", {"verdict": "agree", "reason_agree": "checked"})
    assert item_of(answer) == item
    page = bank.followed(answer, "reviewer")
    form = next(f for f in forms(page.text) if f.action.endswith("/answer"))
    assert form.choices["outcome"] == ["upheld"]
    assert bank.send(page, "/answer", "reviewer", {"outcome": "upheld"}).status == 303
    assert bank.facts("answer")[0]["outcome"] == "upheld"


@pytest.mark.parametrize("what", ["explanation", "human_review", "correction"])
@pytest.mark.parametrize("corrected", [False, True])
def test_every_outcome_that_is_offered_is_accepted_and_no_other(tmp_path: Path, what: str, corrected: bool):
    with small(tmp_path) as bank:
        item = ask(bank, what)
        if corrected:
            decision = bank.house.desk.item(bank.identity("reviewer"), item).decision
            bank.house.desk.correct(bank.identity("approver"), decision, {"inputs.days": 9}, "WRONG_DATE")
        page = bank.get(f"/reviews/requests/{item}", as_="approver2")
        offered = next(f for f in forms(page.text) if f.action.endswith("/answer")).choices["outcome"]
        for outcome in {"explained", "upheld", "changed", "declined"} - set(offered):
            assert bank.send(page, "/answer", "approver2", {"outcome": outcome}).status == 409, outcome
        assert bank.send(page, "/answer", "approver2", {"outcome": offered[0]}).status == 303


def test_who_may_only_look_sees_the_request_without_its_answer(bank: Small):
    item = ask(bank, "explanation")
    page = bank.get(f"/reviews/requests/{item}", as_="auditor")
    assert page.status == 200
    assert not [f for f in forms(page.text) if f.action.endswith("/answer")]
    assert bank.post(f"/reviews/requests/{item}/answer", {"outcome": "explained"}, as_="auditor").status == 403
    assert bank.get(f"/reviews/{item}", as_="auditor").status == 200


# ---- what came before


def test_what_came_before_is_folded(bank: Small):
    old = bank.decide(35, customer="c1")
    bank.judged(old, "reviewer2", "reject")
    item = bank.decide(40, customer="c1")
    page = bank.taken("reviewer", item)
    twin = bank.get(f"/reviews/{item}.json", as_="reviewer").body["before"]
    assert [row["id"] for row in twin["decisions"]] == [old]
    assert (twin["rates"]["other"], twin["rates"]["total"]) == (1, 1)
    folded = page.text[page.text.index("What was decided about this person before") :]
    assert "<details" in page.text[: page.text.index("What was decided about this person before")][-60:]
    assert "1 of 1 verdicts" in folded


def test_what_a_planted_case_was_made_from_is_not_among_what_came_before(bank: Small):
    real = {bank.decide(at, customer="c1") for at in range(1, 5)}
    bank.decide(40, customer="c2")
    (item,) = bank.house.desk.seed(bank.identity("approver"), "triage", 1)
    bank.later(1)
    bank.taken("reviewer", item)
    before = bank.get(f"/reviews/{item}.json", as_="reviewer").body["before"]["decisions"]
    sealed = bank.workspace.ledger.opened(bank.workspace.ledger.find(item))  # type: ignore[arg-type] # it is there
    source = json.loads(sealed["planted"])["of"]
    assert source not in {row["id"] for row in before}
    assert {row["id"] for row in before} == (real - {source} if source in real else set())
    assert item not in {row["id"] for row in before}


def test_the_next_case_may_be_a_customers_question(bank: Small):
    item = ask(bank, "explanation")
    answer = bank.post("/reviews/next", {"cause": "request"}, as_="reviewer")
    assert answer.headers["location"] == f"/console/reviews/requests/{item}?cause=request"
    assert bank.followed(answer, "reviewer").status == 200
