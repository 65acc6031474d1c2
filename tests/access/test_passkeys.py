"""Passkeys, with an authenticator in software and what a thief or a fault would do with it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from tests.access.authenticator import UP, Authenticator, b64, unb64
from tests.access.conftest import ORIGIN, PASSWORD, Hands
from tests.access.test_people import refused
from waglan.access import Access, Person
from waglan.access.passkeys import LASTS_MS

SHOWN = hashlib.sha256(b"what was shown").digest()
REFUSED = refused("access.passkey", 401)


@pytest.fixture
def device(access: Access, bo: Person) -> Authenticator:
    """A passkey of Bo's."""
    device = Authenticator(ORIGIN)
    access.passkeys.register(bo, device.create(access.passkeys.registration_options(bo, ORIGIN)), ORIGIN, "laptop")
    return device


def sign_in(access: Access, device: Authenticator) -> tuple[Person, str]:
    return access.passkeys.authenticate(device.get(access.passkeys.authentication_options(ORIGIN)), ORIGIN)


def test_register_and_sign_in(access: Access, bo: Person, clock: Hands) -> None:
    device = Authenticator(ORIGIN)
    options = access.passkeys.registration_options(bo, ORIGIN)
    assert options["rp"] == {"name": "Waglan bank-a", "id": "waglan.bank.example"}
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert unb64(options["user"]["id"]).decode() == bo.id  # and neither name nor address
    name = access.passkeys.register(bo, device.create(options), ORIGIN, "office laptop")
    assert access.passkeys.all(bo.id)[0].name == "office laptop" and access.passkeys.all(bo.id)[0].id == name
    clock.on(minutes=1)
    person, authenticator = sign_in(access, device)
    assert (person, authenticator) == (bo, name) and name.startswith("passkey:")
    assert access.passkeys.all(bo.id)[0].used_ms == clock.now_ms()
    assert access.sessions.start(person, authenticator).identity.authenticator == name
    assert [each["id"] for each in access.passkeys.registration_options(bo, ORIGIN)["excludeCredentials"]]


def test_the_text_of_an_answer_is_as_good(access: Access, bo: Person, device: Authenticator) -> None:
    answer = json.dumps(device.get(access.passkeys.authentication_options(ORIGIN)))
    assert access.passkeys.authenticate(answer, ORIGIN).person == bo


def test_sign_in_options_tell_nobody_who_exists(access: Access, bo: Person, device: Authenticator) -> None:
    assert access.passkeys.authentication_options(ORIGIN)["allowCredentials"] == []
    mine = access.passkeys.authentication_options(ORIGIN, person=bo.id)["allowCredentials"]
    assert [each["id"] for each in mine] == [b64(device.credential)]


def test_a_replayed_answer_is_refused(access: Access, device: Authenticator) -> None:
    answer = device.get(access.passkeys.authentication_options(ORIGIN))
    access.passkeys.authenticate(answer, ORIGIN)
    with REFUSED:
        access.passkeys.authenticate(answer, ORIGIN)


def test_a_replay_is_refused_without_a_counter_too(access: Access, bo: Person) -> None:
    device = Authenticator(ORIGIN, counts=False)
    access.passkeys.register(bo, device.create(access.passkeys.registration_options(bo, ORIGIN)), ORIGIN)
    answer = device.get(access.passkeys.authentication_options(ORIGIN))
    assert access.passkeys.authenticate(answer, ORIGIN).person == bo
    with REFUSED:
        access.passkeys.authenticate(answer, ORIGIN)
    assert sign_in(access, device)[0] == bo


def test_a_cloned_authenticator_is_noticed(access: Access, bo: Person, device: Authenticator) -> None:
    sign_in(access, device)
    sign_in(access, device)
    device.count = 0  # the clone was made before
    with REFUSED:
        sign_in(access, device)


def test_a_challenge_that_wasn_t_asked_or_is_old_is_refused(
    access: Access, device: Authenticator, clock: Hands
) -> None:
    options = access.passkeys.authentication_options(ORIGIN)
    with REFUSED:
        access.passkeys.authenticate(device.get({**options, "challenge": b64(b"x" * 32)}), ORIGIN)
    clock.on(ms=LASTS_MS)
    with REFUSED:
        access.passkeys.authenticate(device.get(options), ORIGIN)


def test_another_page_s_answer_is_refused(access: Access, device: Authenticator) -> None:
    """Phishing: the browser writes the origin it sees into what is signed."""
    device.origin = "https://waglan.bank.example.evil"
    with REFUSED:
        sign_in(access, device)
    device.origin = ORIGIN
    with REFUSED:
        access.passkeys.authenticate(
            device.get(access.passkeys.authentication_options(ORIGIN), crossOrigin=True), ORIGIN
        )
    with REFUSED:
        access.passkeys.authenticate(
            device.get(access.passkeys.authentication_options(ORIGIN), type="webauthn.create"), ORIGIN
        )
    assert sign_in(access, device)


def test_a_touch_alone_doesn_t_sign_in(access: Access, device: Authenticator) -> None:
    device.flags = UP
    with REFUSED:
        sign_in(access, device)


def test_another_key_or_credential_is_refused(access: Access, bo: Person, device: Authenticator) -> None:
    right = device.key
    device.key = ec.generate_private_key(ec.SECP256R1())
    with REFUSED:
        sign_in(access, device)
    device.key, device.credential = right, b"unknown" * 4
    with REFUSED:
        sign_in(access, device)


def test_somebody_else_s_handle_is_refused(access: Access, ada: Person, device: Authenticator) -> None:
    device.user_handle = ada.id.encode()
    with REFUSED:
        sign_in(access, device)


def test_a_credential_is_one_person_s(access: Access, ada: Person, bo: Person, device: Authenticator) -> None:
    with REFUSED:
        access.passkeys.register(ada, device.create(access.passkeys.registration_options(ada, ORIGIN)), ORIGIN)
    assert access.passkeys.all(ada.id) == []


def test_registering_for_somebody_else_is_refused(access: Access, ada: Person, bo: Person) -> None:
    answer = Authenticator(ORIGIN).create(access.passkeys.registration_options(bo, ORIGIN))
    with REFUSED:
        access.passkeys.register(ada, answer, ORIGIN)
    with REFUSED:  # a sign-in's challenge doesn't register either
        asked = access.passkeys.authentication_options(ORIGIN)
        options = {**access.passkeys.registration_options(ada, ORIGIN), "challenge": asked["challenge"]}
        access.passkeys.register(ada, Authenticator(ORIGIN).create(options), ORIGIN)


def test_a_registration_counts_once(access: Access, bo: Person) -> None:
    answer = Authenticator(ORIGIN).create(access.passkeys.registration_options(bo, ORIGIN))
    access.passkeys.register(bo, answer, ORIGIN)
    with REFUSED:
        access.passkeys.register(bo, answer, ORIGIN)


def test_whoever_left_signs_in_no_more(access: Access, bo: Person, device: Authenticator) -> None:
    access.people.change(bo.id, state="disabled")
    with refused("access.credentials", 401):
        sign_in(access, device)


def test_removing_one_ends_its_sessions(access: Access, bo: Person, device: Authenticator) -> None:
    person, name = sign_in(access, device)
    by_key, by_password = access.sessions.start(person, name).cookie, access.sessions.start(person, "password").cookie
    with refused("access.missing", 404):
        access.passkeys.remove("p-somebody", name)
    access.passkeys.remove(bo.id, name)
    assert access.passkeys.all(bo.id) == []
    assert access.sessions.resume(by_key) is None and access.sessions.resume(by_password)
    with REFUSED:
        sign_in(access, device)


def test_an_approval_signs_what_was_shown(access: Access, bo: Person, device: Authenticator) -> None:
    options = access.passkeys.approval_options(bo, SHOWN, ORIGIN)
    assert unb64(options["challenge"]) == SHOWN and options["rpId"] == "waglan.bank.example"
    signed = access.passkeys.approve(bo, device.get(options), SHOWN, ORIGIN)
    assert signed["challenge"] == SHOWN.hex() and signed["authenticator"] == access.passkeys.all(bo.id)[0].id
    check_offline(signed)


def check_offline(signed: dict[str, str]) -> None:
    """Whoever has the record can check the signature without us."""
    client, data = unb64(signed["client_data"]), unb64(signed["authenticator_data"])
    assert unb64(json.loads(client)["challenge"]).hex() == signed["challenge"]
    import cbor2

    cose = cbor2.loads(unb64(signed["public_key"]))
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(cose[-2], "big"), int.from_bytes(cose[-3], "big"), ec.SECP256R1()
    )
    covered = data + hashlib.sha256(client).digest()
    numbers.public_key().verify(unb64(signed["signature"]), covered, ec.ECDSA(hashes.SHA256()))


def test_an_approval_without_origin_leaves_the_host_to_the_browser(
    access: Access, bo: Person, device: Authenticator
) -> None:
    options = access.passkeys.approval_options(bo, SHOWN)
    assert "rpId" not in options
    assert access.passkeys.approve(bo, device.get(options), SHOWN, ORIGIN)


def test_a_replayed_approval_is_refused(access: Access, bo: Person, device: Authenticator) -> None:
    answer = device.get(access.passkeys.approval_options(bo, SHOWN, ORIGIN))
    access.passkeys.approve(bo, answer, SHOWN, ORIGIN)
    with REFUSED:
        access.passkeys.approve(bo, answer, SHOWN, ORIGIN)
    access.passkeys.approval_options(bo, SHOWN, ORIGIN)
    with REFUSED:  # asked again: the counter tells
        access.passkeys.approve(bo, answer, SHOWN, ORIGIN)


def test_an_approval_of_something_else_or_by_somebody_else_is_refused(
    access: Access, ada: Person, bo: Person, device: Authenticator
) -> None:
    other = hashlib.sha256(b"something else").digest()
    answer = device.get(access.passkeys.approval_options(bo, SHOWN, ORIGIN))
    with REFUSED:
        access.passkeys.approve(bo, answer, other, ORIGIN)
    access.passkeys.approval_options(bo, other, ORIGIN)
    with REFUSED:
        access.passkeys.approve(bo, answer, other, ORIGIN)
    access.passkeys.approval_options(ada, SHOWN, ORIGIN)
    with REFUSED:
        access.passkeys.approve(ada, device.get(access.passkeys.approval_options(bo, SHOWN)), SHOWN, ORIGIN)
    with REFUSED:  # a sign-in is no approval
        access.passkeys.authenticate(device.get(access.passkeys.approval_options(bo, SHOWN)), ORIGIN)
    with pytest.raises(ValueError, match="SHA-256"):
        access.passkeys.approval_options(bo, b"short", ORIGIN)


@pytest.mark.parametrize("origin", ["http://waglan.bank.example", "ftp://localhost", "waglan", ""])
def test_passkeys_need_https_or_localhost(access: Access, bo: Person, origin: str) -> None:
    with pytest.raises(ValueError, match="https or localhost"):
        access.passkeys.registration_options(bo, origin)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(
    response=st.dictionaries(
        st.sampled_from(["clientDataJSON", "authenticatorData", "signature", "userHandle", "attestationObject"]), JSON
    ),
    client=JSON | st.fixed_dictionaries({"challenge": JSON, "origin": JSON, "type": JSON}),
    ident=JSON,
)
def test_any_answer_is_refused_in_words(response: Any, client: Any, ident: Any, tmp_path_factory: Any) -> None:
    access = _one(tmp_path_factory)
    response = {"clientDataJSON": base64.urlsafe_b64encode(json.dumps(client).encode()).decode(), **response}
    answer = {"id": ident, "rawId": ident, "type": "public-key", "response": response}
    person = access.people.all()[0]
    for ask in (
        lambda: access.passkeys.authenticate(answer, ORIGIN),
        lambda: access.passkeys.register(person, answer, ORIGIN),
        lambda: access.passkeys.approve(person, answer, SHOWN, ORIGIN),
    ):
        with REFUSED:
            ask()


@pytest.mark.parametrize("answer", ["", "[]", "{}", '"x"', "{", "x" * 100_000, '{"response": {}}'])
def test_any_text_is_refused_in_words(access: Access, answer: str) -> None:
    with REFUSED:
        access.passkeys.authenticate(answer, ORIGIN)


_MADE: list[Access] = []


def _one(factory: Any) -> Access:
    """One room for all examples of a property test."""
    from tests.access.conftest import CHEAP

    if not _MADE:
        made = Access.open(factory.mktemp("fuzz"), tenant="bank-a", cost=CHEAP)
        made.people.set_up(made.people.first_run() or "", "Ada", "ada@bank.example", PASSWORD)
        _MADE.append(made)
    return _MADE[0]
