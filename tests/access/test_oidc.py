"""Sign-in by an identity provider: a real one on the loopback, and one that lies."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.access.conftest import CHEAP, PASSWORD, Hands
from tests.access.provider import CLIENT, Provider, running
from tests.access.test_people import refused
from waglan.access import Access, OidcSection, Person, oidc_wire
from waglan.access.oidc import COOKIE, LASTS_MS, Oidc, Returned
from waglan.core import Problem

BACK = "https://waglan.bank.example/console/sign-in/oidc/back"
REFUSED = refused("access.provider", 401)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Provider, Hands]]:
    clock = Hands()
    with running(lambda: clock.now_ms() // 1_000) as provider:
        yield provider, clock


@pytest.fixture
def provider(served: tuple[Provider, Hands], clock: Hands) -> Provider:
    """An honest one; a test may turn it."""
    found = served[0]
    found.now_s = lambda: clock.now_ms() // 1_000
    found.claims, found.sign, found.answer, found.asked = {}, found.honest, lambda handler: False, []
    found.extra_keys = []
    return found


def opened(folder: Path, clock: Hands, section: OidcSection) -> Access:
    return Access.open(folder, tenant="bank-a", clock=clock, cost=CHEAP, oidc=section)


@pytest.fixture
def access(tmp_path: Path, clock: Hands, provider: Provider) -> Iterator[Access]:
    with opened(tmp_path, clock, provider.section()) as access:
        yield access


def oidc_of(access: Access) -> Oidc:
    assert access.oidc is not None
    return access.oidc


def sign_in(access: Access, provider: Provider, **brought: str) -> Returned:
    oidc = oidc_of(access)
    begun = oidc.begin("/overview", BACK)
    return oidc.finish({**provider.consent(begun.url), **brought}, BACK, begun.binding)


def test_whoever_is_known_comes_in(access: Access, bo: Person, provider: Provider) -> None:
    done = sign_in(access, provider)
    assert (done.person, done.forward, done.changed) == (bo, "/overview", False)
    assert done.authenticator.startswith("oidc:") and "u-1" not in done.authenticator
    assert access.sessions.start(done.person, done.authenticator).identity.authenticator == done.authenticator
    assert COOKIE.startswith("__Host-")
    assert sign_in(access, provider).authenticator == done.authenticator
    assert provider.asked.count("/jwks") == 1


def test_a_link_outlives_the_address(access: Access, bo: Person, provider: Provider) -> None:
    sign_in(access, provider)
    provider.claims = {"email": "bo.lee@bank.example", "email_verified": False}
    assert sign_in(access, provider).person == bo


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "eve@bank.example"},
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "true"},
        {"email": None},
        {"email": ["bo@bank.example"]},
    ],
)
def test_whoever_isn_t_known_stays_out(access: Access, bo: Person, provider: Provider, claims: dict[str, Any]) -> None:
    provider.claims = claims
    with refused("access.credentials", 401):
        sign_in(access, provider)
    assert len(access.people.all()) == 2


def test_whoever_left_stays_out(access: Access, bo: Person, provider: Provider) -> None:
    sign_in(access, provider)
    access.people.change(bo.id, state="disabled")
    with refused("access.credentials", 401):
        sign_in(access, provider)


def test_an_address_that_passed_to_somebody_else_opens_nothing(access: Access, bo: Person, provider: Provider) -> None:
    sign_in(access, provider)
    provider.claims = {"sub": "u-2"}
    with refused("access.credentials", 401):
        sign_in(access, provider)
    oidc_of(access).unlink(bo.id)
    assert sign_in(access, provider).person == bo


@pytest.mark.parametrize("how", ["unsigned", "confused", "forged", "brought_along", "changed"])
def test_a_token_that_the_provider_didn_t_sign(access: Access, bo: Person, provider: Provider, how: str) -> None:
    provider.sign = getattr(provider, how)
    with REFUSED:
        sign_in(access, provider)
    provider.sign = provider.honest
    assert sign_in(access, provider).person == bo


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another client"},
        {"aud": ["another client"]},
        {"aud": [CLIENT, "another client"]},
        {"aud": [CLIENT, "another client"], "azp": "another client"},
        {"azp": "another client"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"iat": 10},
        {"iat": 10**11},
        {"iat": None},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"sub": 7},
    ],
)
def test_a_token_that_isn_t_for_this_sign_in(
    access: Access, bo: Person, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    with REFUSED:
        sign_in(access, provider)


@pytest.mark.parametrize("text", ["", "a.b.c", "x", "e30.e30.e30", "{}", "é.é.é", "." * 50])
def test_a_token_that_is_none(access: Access, bo: Person, provider: Provider, text: str) -> None:
    provider.sign = lambda claims: text
    with REFUSED:
        sign_in(access, provider)


def test_state_is_checked(access: Access, bo: Person, provider: Provider) -> None:
    oidc = oidc_of(access)
    for state in ("", "guessed"):
        with REFUSED:
            sign_in(access, provider, state=state)
    mine, theirs = oidc.begin("/", BACK), oidc.begin("/", BACK)
    with REFUSED:  # somebody else's answer brought into my browser
        oidc.finish(provider.consent(theirs.url), BACK, mine.binding)
    with REFUSED:
        oidc.finish(provider.consent(mine.url), BACK, "")
    assert "/token" not in provider.asked


def test_an_answer_counts_once_and_for_ten_minutes(
    access: Access, bo: Person, provider: Provider, clock: Hands
) -> None:
    oidc = oidc_of(access)
    begun = oidc.begin("/", BACK)
    answer = provider.consent(begun.url)
    assert oidc.finish(answer, BACK, begun.binding)
    with REFUSED:
        oidc.finish(answer, BACK, begun.binding)
    late = oidc.begin("/", BACK)
    clock.on(ms=LASTS_MS)
    with REFUSED:
        oidc.finish(provider.consent(late.url), BACK, late.binding)


def test_mixed_up_providers_and_addresses(access: Access, bo: Person, provider: Provider) -> None:
    with REFUSED:
        sign_in(access, provider, iss="https://evil.example")
    begun = oidc_of(access).begin("/", BACK)
    with REFUSED:
        oidc_of(access).finish(provider.consent(begun.url), BACK + "x", begun.binding)
    with REFUSED:
        sign_in(access, provider, code="")
    with pytest.raises(Problem) as caught:
        sign_in(access, provider, code="stolen")
    assert caught.value.status == 502


def test_a_new_key_of_the_provider_is_found(access: Access, bo: Person, provider: Provider, clock: Hands) -> None:
    old = provider.keys
    sign_in(access, provider)
    provider.rotate()
    with REFUSED:  # what was fetched half a minute ago isn't fetched again, whoever asks
        sign_in(access, provider)
    clock.on(s=30)
    assert sign_in(access, provider).person == bo
    provider.keys = old


def test_keys_of_kinds_that_aren_t_known_are_left_out(access: Access, bo: Person, provider: Provider) -> None:
    provider.extra_keys = [
        {"kty": "AKP", "kid": "rsa-1", "pub": "x"}, {"kty": "oct", "kid": "rsa-1", "k": "eA"},
        {**provider.keys[0].as_dict(private=False), "use": "enc"},
    ]  # fmt: skip
    assert sign_in(access, provider).person == bo


def test_groups_become_roles(tmp_path: Path, clock: Hands, provider: Provider) -> None:
    section = provider.section(roles={"hk-review": "reviewer", "hk-credit": "user"}, group_claim="grp")
    with opened(tmp_path, clock, section) as access:
        access.people.set_up(access.people.first_run() or "", "Ada", "ada@bank.example", PASSWORD)
        bo = access.people.add("Bo Lee", "bo@bank.example", ("auditor",))
        provider.claims = {"grp": ["hk-review", "hk-credit", "others", 7]}
        done = sign_in(access, provider)
        assert done.changed and done.person.roles == ("user", "reviewer") == access.people.get(bo.id).roles
        assert not sign_in(access, provider).changed
        for groups in ([], ["others"], None):
            provider.claims = {"grp": groups}
            with refused("access.denied", 403):
                sign_in(access, provider)
        end = clock.now_ms() + 1_000_000
        access.people.change(bo.id, roles=("examiner",), until_ms=end)
        provider.claims = {"grp": ["hk-review"]}
        assert sign_in(access, provider).person.roles == ("examiner",)


def say(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", location: str = "") -> bool:
    handler.send_response(status)
    if location:
        handler.send_header("Location", location)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
    return True


def test_a_provider_that_points_elsewhere_isn_t_followed(access: Access, bo: Person, provider: Provider) -> None:
    provider.answer = lambda handler: handler.path != "/inner" and say(handler, 302, location=f"{provider.url}/inner")
    with pytest.raises(Problem) as caught:
        sign_in(access, provider)
    assert caught.value.status == 502 and provider.asked == ["/token"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (200, b"x" * (1 << 20 | 1)),
        (200, b"not json"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"id_token": 7}'),
    ],
)
def test_a_provider_that_is_broken(access: Access, bo: Person, provider: Provider, status: int, body: bytes) -> None:
    provider.answer = lambda handler: say(handler, status, body)
    with pytest.raises(Problem) as caught:
        sign_in(access, provider)
    assert (caught.value.code, caught.value.status) == ("access.provider", 502)


def test_a_provider_that_isn_t_there(tmp_path: Path, clock: Hands, provider: Provider) -> None:
    section = provider.section(token_endpoint="http://127.0.0.1:9/token")
    with opened(tmp_path, clock, section) as access, pytest.raises(Problem) as caught:
        sign_in(access, provider)
    assert caught.value.status == 502 and caught.value.where == "127.0.0.1"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": ""},
        {"token_endpoint": ""},
        {"token_endpoint": "http://idp.bank.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"issuer": "idp"},
        {"authorization_endpoint": "http://127.0.0.1.evil.example/"},
        {"scopes": ("email",)},
        {"roles": {"hk": "chief"}},
        {"roles": {"hk": "examiner"}},
        {"roles": {"hk": "machine"}},
        {"algorithms": ("RS256", "none")},
        {"algorithms": ("HS256",)},
    ],
)
def test_settings_that_can_t_be_used(tmp_path: Path, provider: Provider, changes: dict[str, Any]) -> None:
    with refused("settings.oidc", 422):
        Access.open(tmp_path, tenant="bank-a", oidc=provider.section(**changes))


def test_a_client_without_a_secret_names_itself_in_the_form(
    tmp_path: Path, clock: Hands, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 6749 § 3.2.1: a public client, proven by PKCE alone."""
    seen = []
    monkeypatch.setattr(provider, "token", lambda form, authorization: seen.append((form, authorization)))
    with opened(tmp_path, clock, provider.section(client_secret="")) as access, pytest.raises(Problem):
        sign_in(access, provider)
    ((form, authorization),) = seen
    assert form["client_id"] == CLIENT and form["code_verifier"] and authorization == "Basic Og=="


def test_an_address_that_isn_t_encrypted_is_never_asked(provider: Provider) -> None:
    with pytest.raises(ValueError, match="encrypted"):
        oidc_wire.keys(provider.section(jwks_uri="http://idp.bank.example/jwks"))


def test_without_settings_there_is_none(tmp_path: Path) -> None:
    with Access.open(tmp_path, tenant="bank-a") as access:
        assert access.oidc is None
