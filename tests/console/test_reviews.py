"""The reviews' pages: every page in every state, by role and in three languages, through forms alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.access.authenticator import Authenticator
from tests.console.conftest import ORIGIN, Answer
from tests.console.messages import messages
from tests.console.reviewing import Small, forms, small, words
from waglan.console.pages.reviews.addresses import PAGES
from waglan.ledger.erasure import erase, restrict
from waglan.review import Filter

LOOKERS = ("reviewer", "approver", "auditor", "examiner")
ENGLISH = [text for text in map(str, messages("reviews")) if len(text.split()) > 2 and "%" not in text]
"""What must not stand on a Chinese page."""
OTHERS = ("user", "admin", "developer", "provider")


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Small]:
    with small(tmp_path) as found:
        yield found


def item_of(answer: Answer) -> str:
    """The case that an answer leads to."""
    found = re.search(r"/reviews/(?:requests/)?([0-9A-Z]{26})", answer.headers["location"])
    assert found, answer.headers["location"]
    return found[1]


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


# ---- the second pair of eyes


def test_ones_own_verdict_is_refused_in_plain_words_before_and_after(bank: Small):
    item = bank.decide(40, customer="c1")
    told = bank.followed(bank.judged(item, "both"), "both")
    assert "nobody releases what they judged themselves" in told.text
    assert f"/reviews/{item}/release" not in told.text  # no button that leads to a refusal
    before = bank.get(f"/reviews/{item}/release", as_="both")
    assert before.status == 200
    assert "You gave this verdict yourself" in before.text
    assert not [f for f in forms(before.text) if item in f.action]
    for action in ("release", "refuse", "return"):
        after = bank.post(f"/reviews/{item}/{action}", {"shown": "0" * 64, "reason": "unfair"}, as_="both")
        assert after.status == 403
        assert "You gave this verdict yourself" in after.text
    assert "release" not in bank.kinds()
    assert bank.get(f"/reviews/{item}/release", as_="approver").status == 200


def test_two_accounts_behind_one_authenticator_are_one_pair_of_eyes(bank: Small):
    item = bank.decide(40, customer="c1")
    bank.signed_in_with("reviewer", "passkey:shared")
    bank.judged(item)
    bank.signed_in_with("approver", "passkey:shared")
    page = bank.get(f"/reviews/{item}/release", as_="approver")
    assert "authenticator that you are signed in with" in page.text
    assert bank.post(f"/reviews/{item}/release", {"shown": "0" * 64}, as_="approver").status in (403, 409)
    assert "release" not in bank.kinds()


def test_who_may_not_release(bank: Small):
    item = bank.decide(40, customer="c1")
    bank.judged(item)
    for who in ("reviewer2", "auditor", "examiner"):
        assert bank.get(f"/reviews/{item}/release", as_=who).status == 403
        assert bank.post(f"/reviews/{item}/release", {"shown": "0" * 64}, as_=who).status == 403
        assert f"/reviews/{item}/release" not in bank.get(f"/reviews/{item}", as_=who).text


def test_sent_back_and_refused(bank: Small):
    item = bank.decide(40, customer="c1")
    bank.judged(item)
    page = bank.get(f"/reviews/{item}/release", as_="approver")
    empty = bank.send(page, f"{item}/refuse", "approver", {"note": "typed"})
    assert empty.status == 422
    assert "typed" in empty.text
    assert bank.send(page, f"{item}/refuse", "approver", {"reason": "other"}).status == 422
    answer = bank.send(page, f"{item}/return", "approver", {"note": "Ask for the payslip."})
    assert "another verdict" in bank.followed(answer, "approver").text
    again = bank.taken("reviewer2", item)
    assert "Ask for the payslip." in again.text
    bank.send(again, "/verdict", "reviewer2", {"verdict": "agree", "reason_agree": "checked"})
    page = bank.get(f"/reviews/{item}/release", as_="approver")
    answer = bank.send(page, f"{item}/refuse", "approver", {"reason": "suspicious", "note": "See the branch."})
    assert "no answer leaves" in bank.followed(answer, "approver").text
    assert bank.facts("release")[0]["outcome"] == "refused"
    assert bank.send(page, f"{item}/release", "approver").status in (303, 409)
    assert bank.kinds().count("release") == 1  # what left can't leave again


def test_released_twice_from_two_windows_leaves_once(bank: Small):
    item = bank.decide(40, customer="c1")
    bank.judged(item)
    one, two = (bank.get(f"/reviews/{item}/release", as_=who) for who in ("approver", "approver2"))
    assert bank.send(one, f"{item}/release", "approver").status == 303
    assert bank.send(two, f"{item}/release", "approver2").status in (303, 409)
    assert bank.kinds().count("release") == 1


def test_a_stale_verdict_goes_back_to_the_queue(bank: Small):
    item = bank.decide(40, customer="c1")
    bank.judged(item)
    bank.house.desk.correct(bank.identity("approver"), item, {"inputs.days": 4}, "WRONG_DATE")
    page = bank.get(f"/reviews/{item}/release", as_="approver2")
    assert "changed since the verdict" in page.text
    answer = bank.send(page, f"{item}/release", "approver2")
    assert answer.status == 409
    assert "release" not in bank.kinds()
    assert bank.house.desk.item(bank.identity("reviewer"), item).state == "open"


def test_a_critical_release_needs_a_fresh_proof(tmp_path: Path):
    with small(tmp_path, "critical") as bank:
        item = bank.decide(40, customer="c1")
        bank.judged(item)
        assert bank.get(f"/reviews/{item}/release", as_="approver").text.count(f"/reviews/{item}/release") > 1
        bank.later(6 * 60)
        page = bank.get(f"/reviews/{item}/release", as_="approver")
        assert f"/console/confirm?next=/console/reviews/{item}/release" in page.text
        assert not [f for f in forms(page.text) if f.action.endswith(f"{item}/release")]
        shown = next(f for f in forms(page.text) if f.action.endswith("/refuse")).fields["shown"]
        refused = bank.post(f"/reviews/{item}/release", {"shown": shown}, as_="approver")
        assert refused.status == 403
        assert "Confirm that it is you" in refused.text
        bank.signed_in_with("approver", "password")
        page = bank.get(f"/reviews/{item}/release", as_="approver")
        assert bank.send(page, f"{item}/release", "approver").status == 303


def test_a_passkey_signs_what_was_shown(tmp_path: Path):
    with small(tmp_path, "critical") as bank:
        item = bank.decide(40, customer="c1")
        bank.judged(item)
        key, person = Authenticator(ORIGIN), bank.people["approver"]
        passkeys = bank.house.access.passkeys
        passkeys.register(person, key.create(passkeys.registration_options(person, ORIGIN)), ORIGIN)
        bank.later(6 * 60)  # the sign-in is too old by now, the signature is not
        page = bank.get(f"/reviews/{item}/release", as_="approver")
        assert "passkey.js" in page.text
        options = bank.get(f"/reviews/{item}/release.json", as_="approver").body["options"]
        form = next(f for f in forms(page.text) if f.action.endswith(f"{item}/release"))
        unsigned = bank.send(page, f"{item}/release", "approver")
        assert unsigned.status == 401
        assert "passkey" in unsigned.text
        twin = bank.get(f"/reviews/{item}/release.json", as_="approver").body
        response = _json(key.get(twin["options"]))
        wrong = bank.post(form.action, {**form.fields, "response": response}, as_="approver")
        assert wrong.status == 401  # it signed another showing than the one the form names
        twin = bank.get(f"/reviews/{item}/release.json", as_="approver").body
        signed = {"sign": "1", "shown": twin["evidence"]["sha256"], "response": _json(key.get(twin["options"]))}
        assert bank.post(form.action, signed, as_="approver").status == 303
        assert bank.facts("release")[0]["authenticator"].startswith("passkey:")
        assert options["challenge"] != twin["options"]["challenge"]


def _json(value: Any) -> str:
    return json.dumps(value)


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
        assert not re.search(r"seeded|planted|drill|attention check", page.text + str(twin), re.I)
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
