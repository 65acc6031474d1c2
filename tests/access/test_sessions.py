"""Sessions: fixation, theft, idle and hard ends, stepping up."""

from __future__ import annotations

import pytest

from tests.access.conftest import Hands
from tests.access.test_people import refused
from waglan.access import Access, Person, fresh
from waglan.access.sessions import COOKIE, HARD_MS, IDLE_MS


def test_who_it_stands_for(access: Access, bo: Person, clock: Hands) -> None:
    cookie, identity = access.sessions.start(bo, "password")
    assert len(cookie) == 43 and cookie not in repr(identity)
    assert (identity.id, identity.tenant, identity.roles, identity.kind) == (bo.id, "bank-a", ("reviewer",), "person")
    assert identity.authenticator == f"password:{bo.id}" and identity.session.startswith("s-")
    assert access.sessions.resume(cookie) == identity and fresh(identity)
    assert COOKIE.startswith("__Host-")


def test_signing_in_changes_the_session(access: Access, bo: Person) -> None:
    """Fixation: a cookie that somebody planted before the sign-in isn't the one after it."""
    planted = access.sessions.start(bo, "password").cookie
    started = access.sessions.start(bo, "passkey:1", old=planted)
    assert started.cookie != planted
    assert access.sessions.resume(planted) is None
    assert access.sessions.resume("chosen-by-the-attacker") is None
    other = access.sessions.start(bo, "password", old="chosen-by-the-attacker")
    assert other.cookie != "chosen-by-the-attacker" and access.sessions.resume(started.cookie)


def test_stepping_up_changes_the_session(access: Access, bo: Person, clock: Hands) -> None:
    old = access.sessions.start(bo, "password")
    clock.on(minutes=11)
    later = access.sessions.resume(old.cookie)
    assert later is not None and not fresh(later)
    new = access.sessions.step_up(old.cookie, "passkey:1")
    assert new.cookie != old.cookie and new.identity.session != old.identity.session
    assert new.identity.authenticator == "passkey:1" and fresh(new.identity)
    assert access.sessions.resume(old.cookie) is None
    assert access.sessions.resume(new.cookie) == new.identity
    with refused("access.sign_in", 401):
        access.sessions.step_up(old.cookie, "passkey:1")


def test_stepping_up_doesn_t_move_the_hard_end(access: Access, bo: Person, clock: Hands) -> None:
    cookie = access.sessions.start(bo, "password").cookie
    for _ in range(8 * 6 - 1):
        clock.on(minutes=10)
        cookie = access.sessions.step_up(cookie, "password").cookie
    clock.on(minutes=10)
    assert access.sessions.resume(cookie) is None
    with refused("access.sign_in", 401):
        access.sessions.step_up(cookie, "password")


def test_a_stolen_cookie_is_worth_nothing_after_signing_out(access: Access, bo: Person) -> None:
    cookie = access.sessions.start(bo, "password").cookie
    access.sessions.end(cookie)
    assert access.sessions.resume(cookie) is None
    access.sessions.end(cookie)


def test_a_stolen_cookie_is_worth_nothing_when_idle(access: Access, bo: Person, clock: Hands) -> None:
    cookie = access.sessions.start(bo, "password").cookie
    clock.on(ms=IDLE_MS - 1)
    assert access.sessions.resume(cookie)
    clock.on(ms=IDLE_MS - 1)
    assert access.sessions.resume(cookie, touch=False)
    clock.on(ms=1)
    assert access.sessions.resume(cookie) is None


def test_a_page_that_looks_by_itself_keeps_no_session_awake(access: Access, bo: Person, clock: Hands) -> None:
    cookie = access.sessions.start(bo, "password").cookie
    for _ in range(15):
        assert access.sessions.resume(cookie, touch=False)
        clock.on(minutes=1)
    assert access.sessions.resume(cookie, touch=False) is None


def test_a_session_ends_after_eight_hours_however_busy(access: Access, bo: Person, clock: Hands) -> None:
    cookie, start = access.sessions.start(bo, "password").cookie, clock.now_ms()
    while clock.now_ms() - start < HARD_MS:
        assert access.sessions.resume(cookie)
        clock.on(minutes=5)
    assert access.sessions.resume(cookie) is None


def test_whoever_is_disabled_or_at_the_end_is_out_at_once(access: Access, bo: Person, clock: Hands) -> None:
    cookie = access.sessions.start(bo, "password").cookie
    access.people.change(bo.id, until_ms=clock.now_ms() + 60_000)
    found = access.sessions.resume(cookie)
    assert found is not None and found.until_ms == clock.now_ms() + 60_000
    clock.on(s=60)
    assert access.sessions.resume(cookie) is None
    access.people.change(bo.id, until_ms=None)
    assert access.sessions.resume(cookie)
    access.people.change(bo.id, state="disabled")
    assert access.sessions.resume(cookie) is None
    access.people.change(bo.id, state="active")
    assert access.sessions.resume(cookie) is None
    access.people.change(bo.id, state="disabled")
    with refused("access.credentials", 401):
        access.sessions.start(bo, "password")


def test_a_change_of_roles_holds_from_the_next_request(access: Access, bo: Person) -> None:
    cookie = access.sessions.start(bo, "password").cookie
    access.people.change(bo.id, roles=("user",))
    found = access.sessions.resume(cookie)
    assert found is not None and found.roles == ("user",)


def test_everywhere(access: Access, ada: Person, bo: Person) -> None:
    mine = [access.sessions.start(bo, "password").cookie for _ in range(3)]
    hers = access.sessions.start(ada, "password").cookie
    assert access.sessions.end_all(bo.id) == 3
    assert [access.sessions.resume(each) for each in mine] == [None] * 3 and access.sessions.resume(hers)


@pytest.mark.parametrize("authenticator", ["", "magic", "passkey", "passkey:", "oidc:", "password:p-somebody-else"])
def test_an_authenticator_is_named_whole(access: Access, bo: Person, authenticator: str) -> None:
    with pytest.raises(ValueError, match=r"authenticator|password|which"):
        access.sessions.start(bo, authenticator)


def test_old_sessions_are_swept(access: Access, bo: Person, clock: Hands) -> None:
    access.sessions.start(bo, "password")
    clock.on(hours=9)
    access.sessions.start(bo, "password")
    with access._database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM session").fetchone() == (1,)


def test_a_disk_that_takes_nothing_keeps_nobody_from_reading(access: Access, bo: Person, clock: Hands) -> None:
    cookie = access.sessions.start(bo, "password").cookie
    with access._database.writing() as connection:
        connection.execute("PRAGMA query_only = ON")
    clock.on(minutes=2)
    assert access.sessions.resume(cookie) and "readonly" in access.sessions.failed
    assert access.sessions.resume(cookie) and access.sessions.failed == ""
