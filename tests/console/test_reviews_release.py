"""The second pair of eyes: one's own work refused, sent back, refused, signed, and nothing leaving twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.access.authenticator import Authenticator
from tests.console.conftest import ORIGIN
from tests.console.reviewing import Small, forms, small


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Small]:
    with small(tmp_path) as found:
        yield found


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
        response = json.dumps(key.get(twin["options"]))
        wrong = bank.post(form.action, {**form.fields, "response": response}, as_="approver")
        assert wrong.status == 401  # it signed another showing than the one the form names
        twin = bank.get(f"/reviews/{item}/release.json", as_="approver").body
        signed = {"sign": "1", "shown": twin["evidence"]["sha256"], "response": json.dumps(key.get(twin["options"]))}
        assert bank.post(form.action, signed, as_="approver").status == 303
        assert bank.facts("release")[0]["authenticator"].startswith("passkey:")
        assert options["challenge"] != twin["options"]["challenge"]
