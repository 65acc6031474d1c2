"""What was shown, and the passkey's signature over it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from webauthn import verify_authentication_response

from tests.access.authenticator import Authenticator
from tests.review.parts import REVIEWER, SECOND, START_MS, TENANT, House, house
from tests.runtime.parts import Steady
from waglan.access import Access, Identity
from waglan.core import Problem
from waglan.ledger.leaf import canonical
from waglan.review import Judgement, State

ORIGIN = "https://waglan.bank.example"


class Signing(NamedTuple):
    """A house with an approver who has a passkey."""

    house: House
    access: Access
    approver: Identity
    passkey: Authenticator
    name: str

    def approval(self, item: str, shown: str) -> dict[str, Any]:
        options = self.house.desk.approval_options(self.approver, item, shown=shown, origin=ORIGIN)
        return self.passkey.get(options)


@pytest.fixture
def signing(tmp_path: Path) -> Iterator[Signing]:
    with Access.open(tmp_path, tenant=TENANT, clock=Steady(START_MS)) as access:
        person = access.people.add("Ann", "ann@bank.example", ("approver",))
        passkey = Authenticator(ORIGIN)
        name = access.passkeys.register(
            person, passkey.create(access.passkeys.registration_options(person, ORIGIN)), ORIGIN
        )
        identity = msgspec.structs.replace(
            person.identity(TENANT, START_MS), authenticator=f"password:{person.id}", authenticated_ms=0
        )
        with house(tmp_path / "w", "critical", access=access) as made:
            yield Signing(made, access, identity, passkey, name)


def code(call: Any, *args: Any, **more: Any) -> str:
    with pytest.raises(Problem) as raised:
        call(*args, **more)
    return raised.value.code


def test_a_passkey_signs_the_hash_of_what_was_shown(signing: Signing) -> None:
    made, who = signing.house, signing.approver
    held = made.decide(31, customer="C-1")
    made.judged(REVIEWER, held)
    shown = made.desk.show(who, held)
    assert code(made.desk.release, who, held, shown=shown.sha256) == "review.fresh"
    answer = signing.approval(held, shown.sha256)
    item = made.desk.release(who, held, shown=shown.sha256, passkey=answer, origin=ORIGIN)
    assert item.state is State.RELEASED
    (release,) = made.leaves("release")
    assert release["facts"]["authenticator"] == signing.name
    private = made.private(release["id"])
    signature = json.loads(private["signature"])
    assert hashlib.sha256(private["shown"]).hexdigest() == signature["challenge"] == shown.sha256
    credential = signature["credential"]
    verify_authentication_response(
        credential={
            "id": credential, "rawId": credential, "type": "public-key",
            "response": {
                "clientDataJSON": signature["client_data"], "authenticatorData": signature["authenticator_data"],
                "signature": signature["signature"],
            },
        },
        expected_challenge=hashlib.sha256(private["shown"]).digest(),
        expected_rp_id="waglan.bank.example",
        expected_origin=ORIGIN,
        credential_public_key=base64.urlsafe_b64decode(signature["public_key"] + "=="),
        credential_current_sign_count=0,
        require_user_verification=True,
    )  # fmt: skip


def test_an_approval_counts_for_one_case_once_and_for_what_was_shown_alone(signing: Signing) -> None:
    made, who = signing.house, signing.approver
    held, other = made.decide(31), made.decide(32)
    for each in (held, other):
        made.judged(REVIEWER, each)
    shown, elsewhere = made.desk.show(who, held).sha256, made.desk.show(who, other).sha256
    answer = signing.approval(held, shown)
    more = {"passkey": answer, "origin": ORIGIN}
    assert code(made.desk.release, who, other, shown=elsewhere, **more) == "access.passkey"
    assert code(made.desk.release, who, held, shown=shown, passkey=answer, origin="https://x.example") in (
        "access.passkey",
    )
    answer = signing.approval(held, shown)
    more = {"passkey": answer, "origin": ORIGIN}
    assert made.desk.release(who, held, shown=shown, **more).state is State.RELEASED
    assert code(made.desk.release, who, held, shown=shown, **more) == "review.state"
    assert code(made.desk.release, who, other, shown=elsewhere, **more) == "access.passkey"
    assert made.kinds().count("release") == 1


def test_a_case_sent_back_and_judged_again_needs_a_new_approval(signing: Signing) -> None:
    made, who = signing.house, signing.approver
    held = made.decide(31)
    made.judged(REVIEWER, held)
    shown = made.desk.show(who, held).sha256
    answer = signing.approval(held, shown)
    made.desk.send_back(who, held)
    made.judged(SECOND, held)
    replay = {"passkey": answer, "origin": ORIGIN}
    assert code(made.desk.release, who, held, shown=shown, **replay) == "review.stale"
    again = made.desk.show(who, held).sha256
    assert code(made.desk.release, who, held, shown=again, **replay) == "access.passkey"


def test_somebody_elses_passkey_is_refused(signing: Signing) -> None:
    made = signing.house
    other = signing.access.people.add("Chen", "chen@bank.example", ("approver",))
    who = msgspec.structs.replace(other.identity(TENANT, START_MS), authenticator="password:chen")
    held = made.decide(31)
    made.judged(REVIEWER, held)
    shown = made.desk.show(who, held).sha256
    options = made.desk.approval_options(who, held, shown=shown, origin=ORIGIN)
    refused = code(made.desk.release, who, held, shown=shown, passkey=signing.passkey.get(options), origin=ORIGIN)
    assert refused == "access.passkey"


def test_a_reviewer_and_an_approver_with_one_passkey_are_one_pair_of_eyes(signing: Signing) -> None:
    made, who = signing.house, signing.approver
    held = made.decide(31)
    made.judged(msgspec.structs.replace(REVIEWER, authenticator=signing.name), held)
    shown = made.desk.show(who, held).sha256
    answer = signing.approval(held, shown)
    refused = code(made.desk.release, who, held, shown=shown, passkey=answer, origin=ORIGIN)
    assert refused == "review.same_authenticator"


def test_without_its_people_there_are_no_passkeys(tmp_path: Path) -> None:
    with house(tmp_path / "w") as made:
        from tests.review.parts import APPROVER

        held = made.decide(31)
        made.judged(REVIEWER, held)
        shown = made.desk.show(APPROVER, held).sha256
        assert code(made.desk.approval_options, APPROVER, held, shown=shown, origin=ORIGIN) == "review.passkeys"


def test_what_was_shown_is_canonical_and_holds_everything(tmp_path: Path) -> None:
    with house(tmp_path / "w") as made:
        held = made.decide(31, customer="C-1")
        made.desk.take(REVIEWER, held)
        shown = made.desk.show(REVIEWER, held)
        assert shown.json == canonical(shown.content) and hashlib.sha256(shown.json).hexdigest() == shown.sha256
        assert set(shown.content) == {
            "basis", "case", "decision", "events", "item", "manifest", "nonce", "outcome", "person", "shown_ms", "v",
        }  # fmt: skip
        assert shown.case == {"aside": {}, "inputs": {"days": 31, "doubt": False}}
        assert shown.outcome["outcome"]["value"] == "hold"
        assert shown.content["manifest"] == made.workspace.catalogue.get("triage").digest
        at = made.workspace.ledger.find(held)
        assert shown.content["case"].encode() == made.workspace.ledger.opened(at or 0)["in"]
        made.desk.judge(REVIEWER, held, Judgement(verdict="agree"), shown=shown.sha256)
        (review,) = made.leaves("review")
        assert made.private(review["id"])["shown"] == shown.json


def test_no_file_holds_what_was_shown_in_the_clear(tmp_path: Path) -> None:
    with house(tmp_path / "w") as made:
        held = made.decide(31, customer="HKID-A123456")
        sha256 = made.taken(REVIEWER, held)
        made.desk.judge(REVIEWER, held, Judgement(verdict="reject", reason="R", note="Secret words"), shown=sha256)
        made.desk.show(SECOND_APPROVER, held)
        for path in (tmp_path / "w").rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                assert b"Secret words" not in data and b"HKID-A123456" not in data, path
                assert sha256.encode() not in data and bytes.fromhex(sha256) not in data, path


SECOND_APPROVER = msgspec.structs.replace(REVIEWER, id="p-zoe", roles=("approver",), authenticator="password:zoe")
