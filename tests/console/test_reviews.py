"""The reviews' pages: every page in every state, by role and in three languages, through forms alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.messages import messages
from tests.console.reviewing import Small, forms, item_of, small, words
from waglan.console.pages.reviews.addresses import PAGES
from waglan.ledger.erasure import erase, restrict

LOOKERS = ("reviewer", "approver", "auditor", "examiner")
ENGLISH = [text for text in map(str, messages("reviews")) if len(text.split()) > 2 and "%" not in text]
"""What must not stand on a Chinese page."""
OTHERS = ("user", "admin", "developer", "provider")


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Small]:
    with small(tmp_path) as found:
        yield found


# ---- who may see what


def test_only_those_who_look_at_reviews_see_the_queue(bank: Small):
    bank.decide(40, customer="c1")
    for path in ("/reviews", "/reviews/requests", "/reviews.json", "/reviews/requests.json"):
        for who in LOOKERS:
            assert bank.get(path, as_=who).status == 200, (path, who)
        for who in OTHERS:
            assert bank.get(path, as_=who).status == 403, (path, who)
    assert bank.get("/reviews").status == 303
    assert bank.kinds().count("read") == 4  # an examiner's look is an event


def test_buttons_stand_only_where_they_lead_somewhere(bank: Small):
    item = bank.decide(40, customer="c1")
    for who, may in (("reviewer", True), ("auditor", False), ("approver", False), ("examiner", False)):
        queue, case = bank.get("/reviews", as_=who), bank.get(f"/reviews/{item}", as_=who)
        assert ("/reviews/next" in queue.text) is may
        assert (f"/reviews/{item}/take" in case.text) is may
        assert bank.post(f"/reviews/{item}/take", {}, as_=who).status == (303 if may else 403)


@pytest.mark.parametrize("what", ["nothing", "01HF7YAT00ZZZZZZZZZZZZZZZZ", "%27--", "..%2f.."])
def test_an_unknown_case_is_404(bank: Small, what: str):
    assert bank.get(f"/reviews/{what}", as_="reviewer").status == 404
    assert bank.get(f"/reviews/{what}/release", as_="approver").status == 404
    assert bank.get(f"/reviews/requests/{what}", as_="approver").status == 404
    assert bank.post(f"/reviews/{what}/verdict", {"verdict": "agree"}, as_="reviewer").status == 404


# ---- every page in every state


def states(bank: Small) -> dict[str, tuple[str, str]]:
    """An address and a reader for every state that a review can be in."""
    auto = bank.decide(3, customer="c-auto")
    ids = {name: bank.decide(40 + at, customer=f"c-{name}") for at, name in enumerate(
        ("open", "mine", "theirs", "judged", "changed", "rejected", "released", "refused", "returned", "erased")
    )}  # fmt: skip
    bank.taken("reviewer", ids["mine"])
    bank.taken("reviewer2", ids["theirs"])
    for name, verdict in (("judged", "agree"), ("changed", "change"), ("rejected", "reject"), ("released", "agree"),
                          ("refused", "agree"), ("returned", "agree")):  # fmt: skip
        assert bank.judged(ids[name], "reviewer", verdict).status == 303
    for name, action, fields in (
        ("released", "/release", {}), ("refused", "/refuse", {"reason": "reasons_weak"}), ("returned", "/return", {}),
    ):  # fmt: skip
        page = bank.get(f"/reviews/{ids[name]}/release", as_="approver")
        assert bank.send(page, f"{ids[name]}{action}", "approver", fields).status == 303
    erase(bank.workspace.ledger, "c-erased", basis="request", actor="cli")
    asked = bank.house.desk.request(bank.identity("user"), auto, "explanation", channel="branch", language="zh-Hant")
    seen = bank.house.desk.request(bank.identity("user"), auto, "human_review", channel="phone")
    found = {name: (f"/reviews/{item}", "reviewer") for name, item in ids.items()}
    found |= {f"release {name}": (f"/reviews/{ids[name]}/release", "approver") for name in ("judged", "changed")}
    found |= {f"tab {tab}": (f"/reviews?tab={tab}", "reviewer") for tab in
              ("waiting", "mine", "release", "overdue", "samples", "requests", "finished", "nonsense")}  # fmt: skip
    found |= {
        "queue narrowed": ("/reviews?use_case=triage&tier=high", "approver"),
        "queue narrowed to nothing": ("/reviews?use_case=none&tier=low", "approver"),
        "requests": ("/reviews/requests", "approver"),
        "explanation": (f"/reviews/requests/{asked.id}", "approver"),
        "human review": (f"/reviews/requests/{seen.id}", "auditor"),
        "attention": ("/reviews/attention", "approver"),
        "own attention": ("/reviews/attention?days=30", "reviewer"),
    }
    return found


def test_every_page_in_every_state_in_three_languages(bank: Small):
    for name, (path, who) in states(bank).items():
        for lang, mark in (("en", ""), ("zh-Hant", "覆核"), ("zh-Hans", "复核")):
            page = bank.get(path, as_=who, lang=lang)
            assert page.status == 200, (name, page.text)
            assert mark in page.text, (name, lang)
            assert page.text.count("<h1") == 1, name
            assert len(page.raw) < 60 * 1024, name
            assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:", page.text), name
            if lang != "en":
                shown = words(page.text)
                assert not [text for text in ENGLISH if text in shown], (name, lang)
        address, _, query = path.partition("?")
        twin = bank.get(f"{address}.json?{query}", as_=who)
        assert isinstance(twin.body, dict), name


def test_empty_states_say_what_to_do_next(bank: Small):
    for tab in ("waiting", "mine", "release", "overdue", "samples", "requests", "finished"):
        page = bank.get(f"/reviews?tab={tab}", as_="reviewer")
        assert page.status == 200
        assert 'class="empty"' in page.text, tab
    assert 'class="empty"' in bank.get("/reviews/requests", as_="approver").text
    assert 'class="empty"' in bank.get("/reviews/attention", as_="approver").text
    assert "no case for you" in bank.followed(bank.post("/reviews/next", {}, as_="reviewer"), "reviewer").text


def test_the_queue_is_cut_into_pages_without_a_gap(bank: Small):
    made = {bank.decide(31 + at % 30) for at in range(120)}
    seen: list[str] = []
    page = bank.get("/reviews", as_="reviewer")
    while True:
        rows = re.findall(r'<tr data-row>.*?href="/console/reviews/([0-9A-Z]{26})', page.text, re.S)
        assert len(rows) <= 50
        assert len(page.raw) < 60 * 1024
        seen += rows
        older = re.search(r'href="([^"]*after=[^"]*)" data-key="n"', page.text)
        if older is None:
            break
        page = bank.get(older[1].replace("&amp;", "&"), as_="reviewer")
    assert len(seen) == len(set(seen)) == 120
    assert set(seen) == made
    assert bank.get("/reviews?after=nonsense", as_="reviewer").status == 422


def test_keys_stand_on_what_they_do(bank: Small):
    bank.decide(3)
    bank.decide(40, customer="c1")
    queue = bank.get("/reviews", as_="reviewer").text
    assert 'data-key="t"' in queue
    assert "<tr data-row>" in queue
    case = bank.taken().text
    for key in "acrshem123":
        assert f'data-key="{key}"' in case, key
    keys = re.findall(r'<input type="radio" name="reason_agree"[^>]*data-key="(\d)"', case)
    assert keys == [str(at + 1) for at in range(len(keys))]


# ---- a verdict, by forms alone


def test_a_case_from_the_queue_to_release(bank: Small):
    bank.decide(3)
    first, second = bank.decide(60, customer="c1"), bank.decide(50, customer="c2")
    page = bank.taken()
    assert "Days late" in page.text
    form = next(f for f in forms(page.text) if f.action.endswith("/verdict"))
    assert "verdict" not in form.fields  # nothing is chosen beforehand
    assert form.choices["verdict"] == ["agree", "change", "reject"]
    item = re.search("/reviews/([0-9A-Z]{26})/verdict", form.action)[1]  # type: ignore[index]
    assert item in (first, second)
    bank.later(40)
    fields = {"verdict": "agree", "reason_agree": "evidence_supports", "note": "Rent paid late: 租單"}
    answer = bank.send(page, "/verdict", "reviewer", fields)
    following = bank.followed(answer, "reviewer")
    assert item_of(answer) in {first, second} - {item}  # on to the next at once
    assert "waits for a second person" in following.text
    assert f"/reviews/{item}/undo" in following.text
    assert bank.facts("review") == [
        {"authenticator": f"password:{bank.people['reviewer'].id}", "cause": "route", "reason": "evidence_supports",
         "review_seconds": 40, "verdict": "agree"}
    ]  # fmt: skip
    release = bank.get(f"/reviews/{item}/release", as_="approver")
    assert "租單" in release.text
    assert "40 s" in release.text
    assert "The evidence supports the answer" in release.text
    done = bank.followed(bank.send(release, f"{item}/release", "approver"), "approver")
    assert "The answer has left." in done.text
    assert bank.facts("release")[0]["outcome"] == "as_decided"
    told = bank.get(f"/reviews/{item}", as_="reviewer").text
    assert "Released as decided" in told
    assert "/undo" not in told


def test_staying_on_the_page(bank: Small):
    item = bank.decide(60, customer="c1")
    bank.decide(50, customer="c2")
    answer = bank.judged(item, verdict="reject")
    assert item_of(answer) == item
    assert "Rejected" in bank.followed(answer, "reviewer").text


def test_a_change_names_the_right_answer(bank: Small):
    bank.decide(3)
    item = bank.decide(40, customer="c1")
    page = bank.taken("reviewer", item)
    form = next(f for f in forms(page.text) if f.action.endswith("/verdict"))
    assert form.choices["effect"] == ["release"]  # what was proposed isn't offered
    assert bank.judged(item, verdict="change").status == 303
    assert bank.house.desk.item(bank.identity("reviewer"), item).changed_effect == "release"
    page = bank.get(f"/reviews/{item}/release", as_="approver")
    assert "→" in words(page.text)
    bank.send(page, f"{item}/release", "approver")
    assert bank.facts("override")[0]["effect"] == "release"


def test_a_verdict_that_lacks_something_comes_back_with_what_was_typed(bank: Small):
    item = bank.decide(40, customer="c1")
    page = bank.taken("reviewer", item)
    for fields, where in (
        ({}, "verdict"),
        ({"verdict": "maybe"}, "verdict"),
        ({"verdict": "agree"}, "reason"),
        ({"verdict": "reject", "reason_agree": "checked"}, "reason"),
        ({"verdict": "reject", "reason_reject": "other", "note": " "}, "note"),
        ({"verdict": "change", "reason_change": "unfair", "effect": "nonsense"}, "effect"),
        ({"verdict": "change", "reason_change": "unfair", "effect": "release", "value": "{"}, "value"),
        ({"verdict": "agree", "reason_agree": "x y"}, "reason"),
    ):
        answer = bank.send(page, "/verdict", "reviewer", {"note": "kept <b>words</b>", **fields})
        assert answer.status == 422, (fields, answer.text)
        assert 'role="alert"' in answer.text
        assert f"<code>{where}</code>" in answer.text, fields
        if fields.get("note") != " ":
            assert "kept &lt;b&gt;words&lt;/b&gt;" in answer.text
    assert "review" not in bank.kinds()
    again = bank.send(answer, "/verdict", "reviewer", {"verdict": "agree", "reason_agree": "checked"})
    assert again.status == 303  # the page that came back can be sent


def test_undo_within_the_grace_period_and_not_after(bank: Small):
    item = bank.decide(40, customer="c1")
    page = bank.followed(bank.judged(item), "reviewer")
    back = bank.followed(bank.send(page, "/undo", "reviewer"), "reviewer")
    assert "taken back" in back.text
    assert "/verdict" in back.text  # in hand again
    assert bank.facts("void") == [{"reason": "undone"}]
    answer = bank.send(back, "/verdict", "reviewer", {"verdict": "agree", "reason_agree": "checked"}, "then=stay")
    page = bank.followed(answer, "reviewer")
    bank.later(31)
    late = bank.send(page, "/undo", "reviewer")
    assert late.status == 409
    assert "too late" in late.text
    assert "/undo" not in bank.get(f"/reviews/{item}", as_="reviewer").text


def test_nobody_undoes_somebody_elses_verdict(bank: Small):
    item = bank.decide(40, customer="c1")
    bank.judged(item)
    assert "/undo" not in bank.get(f"/reviews/{item}", as_="reviewer2").text
    assert bank.post(f"/reviews/{item}/undo", {}, as_="reviewer2").status == 403
    assert bank.kinds().count("void") == 0


# ---- sent twice, sent late, sent by somebody else


def test_the_same_form_sent_twice_counts_once(bank: Small):
    item = bank.decide(40, customer="c1")
    page = bank.taken("reviewer", item)
    fields = {"verdict": "agree", "reason_agree": "checked"}
    assert bank.send(page, "/verdict", "reviewer", fields).status == 303
    again = bank.send(page, "/verdict", "reviewer", fields)
    assert again.status == 409
    assert "any more" in again.text
    assert bank.kinds().count("review") == 1


def test_a_form_from_before_a_change_is_refused_and_keeps_the_note(bank: Small):
    item = bank.decide(40, customer="c1")
    page = bank.taken("reviewer", item)
    bank.house.desk.correct(bank.identity("approver"), item, {"inputs.days": 4}, "WRONG_DATE", "The date was mistyped.")
    late = bank.send(page, "/verdict", "reviewer", {"verdict": "agree", "reason_agree": "checked", "note": "my words"})
    assert late.status == 409
    assert "my words" in late.text
    assert "The date was mistyped." in late.text  # what changed is shown now
    assert "review" not in bank.kinds()
    assert bank.send(late, "/verdict", "reviewer", {}).status == 303


def test_a_lease_that_ended_or_was_given_back(bank: Small):
    item = bank.decide(40, customer="c1")
    page = bank.taken("reviewer", item)
    bank.later(16 * 60)
    fields = {"verdict": "agree", "reason_agree": "checked"}
    late = bank.send(page, "/verdict", "reviewer", fields)
    assert late.status == 409
    assert "have this case in hand" in late.text
    assert f"/reviews/{item}/take" in late.text  # it can be taken again from there
    page = bank.taken("reviewer", item)
    assert bank.send(page, "/hand-back", "reviewer").status == 303
    assert bank.send(page, "/verdict", "reviewer", fields).status == 409
    assert "review" not in bank.kinds()


def test_renewing_keeps_what_was_shown_valid(bank: Small):
    item = bank.decide(40, customer="c1")
    page = bank.taken("reviewer", item)
    bank.later(14 * 60)
    renewed = bank.followed(bank.send(page, f"{item}/take", "reviewer"), "reviewer")
    assert "15 min" in renewed.text
    bank.later(2 * 60)
    assert bank.send(page, "/verdict", "reviewer", {"verdict": "agree", "reason_agree": "checked"}).status == 303


def test_somebody_elses_case(bank: Small):
    item = bank.decide(40, customer="c1")
    page = bank.taken("reviewer", item)
    seen = bank.get(f"/reviews/{item}", as_="reviewer2")
    assert "reviewer 李小明" in seen.text
    assert "Days late" not in seen.text
    assert bank.get(f"/reviews/{item}.json", as_="reviewer2").body["evidence"] is None
    assert bank.post(f"/reviews/{item}/take", {}, as_="reviewer2").status == 409
    stolen = {**next(f for f in forms(page.text) if f.action.endswith("/verdict")).fields, "verdict": "agree",
              "reason_agree": "checked"}  # fmt: skip
    assert bank.post(f"/reviews/{item}/verdict", stolen, as_="reviewer2").status == 409
    assert bank.post(f"/reviews/{item}/verdict", stolen, as_="auditor").status == 403
    assert "review" not in bank.kinds()


def test_handed_up_means_somebody_else(bank: Small):
    item = bank.decide(40, customer="c1")
    page = bank.taken("reviewer", item)
    queue = bank.followed(bank.send(page, "/hand-up", "reviewer"), "reviewer")
    assert "handed up" in queue.text
    refused = bank.post(f"/reviews/{item}/take", {}, as_="reviewer")
    assert refused.status == 403
    assert "somebody else" in refused.text
    assert "Handed up" in bank.get("/reviews", as_="reviewer2").text
    assert bank.taken("reviewer2").status == 200


# ---- what must never happen


def test_what_came_from_outside_is_shown_as_text(bank: Small):
    item = bank.decide(40, customer="c1")
    evil = "<script>alert(1)</script>{{ 7 * 7 }}%(x)s"
    bank.judged(item, note=evil)
    page = bank.get(f"/reviews/{item}/release", as_="approver")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7 * 7 }}%(x)s" in page.text


def test_no_address_leads_elsewhere(bank: Small):
    bank.decide(40, customer="c1")
    for value in ("//evil.example", "https://evil.example", "/\\evil.example", "x\r\nset-cookie: a=b"):
        fields = {"use_case": value, "tier": value, "cause": value, "next": value, "then": value}
        answer = bank.post("/reviews/next", fields, as_="reviewer")
        assert answer.status == 303
        assert answer.headers["location"].startswith("/console/reviews")
        assert "evil" not in answer.headers["location"]
        assert not answer.cookies


def test_forms_of_other_sites_are_refused(bank: Small):
    item = bank.decide(40, customer="c1")
    for page in (p for p in PAGES if p.method == "POST"):
        path = page.address.replace("{id}", item)
        answer = bank.post(
            path, {}, as_="both", headers={"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
        )
        assert answer.status == 403, path
    assert set(bank.kinds()) <= {"use_case", "decision", "review_policy"}


def test_an_erased_persons_case_says_so(bank: Small):
    item = bank.decide(40, customer="c1")
    page = bank.taken("reviewer", item)
    erase(bank.workspace.ledger, "c1", basis="request", actor="cli")
    gone = bank.get(f"/reviews/{item}", as_="reviewer")
    assert gone.status == 200
    assert "erased" in gone.text
    assert bank.send(page, "/verdict", "reviewer", {"verdict": "agree", "reason_agree": "checked"}).status == 409


def test_a_restricted_persons_case_says_so_on_both_pages(bank: Small):
    first, second = bank.decide(40, customer="c1"), bank.decide(41, customer="c1")
    bank.judged(first)
    bank.taken("reviewer", second)
    restrict(bank.workspace.ledger, "c1", basis="dispute", actor="cli")
    for path, who in ((f"/reviews/{second}", "reviewer"), (f"/reviews/{first}/release", "approver")):
        page = bank.get(path, as_=who)
        assert page.status == 200, page.text
        assert "may not be read" in page.text
        assert "Days late" not in page.text
    page = bank.get(f"/reviews/{second}", as_="reviewer")
    assert bank.send(page, "/hand-back", "reviewer").status == 303
