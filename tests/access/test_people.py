"""People and the one-time links by which they come in."""

from __future__ import annotations

import pytest

from tests.access.conftest import PASSWORD, Hands
from waglan.access import Access, Person, registrations
from waglan.core import Problem, events


def refused(code: str, status: int) -> pytest.RaisesExc[Problem]:
    return pytest.RaisesExc(Problem, check=lambda problem: (problem.code, problem.status) == (code, status))


def test_the_first_one_sets_up(access: Access) -> None:
    old, token = access.people.first_run(), access.people.first_run()
    assert old and token and old != token
    with refused("access.token", 401):  # the later link replaces the earlier one
        access.people.set_up(old, "Ada Chan", "ada@bank.example", PASSWORD)
    ada = access.people.set_up(token, " Ada Chan ", "ada@bank.example", PASSWORD)
    assert (ada.name, ada.roles, ada.state) == ("Ada Chan", ("admin",), "active")
    assert access.people.first_run() is None
    assert access.people.get(ada.id) == access.people.find("ADA@bank.example ") == ada
    assert access.passwords.verify(ada.email, PASSWORD, where="::1") == ada


def test_the_set_up_link_counts_once_and_for_a_day(access: Access, clock: Hands) -> None:
    token = access.people.first_run() or ""
    with refused("access.password", 422):
        access.people.set_up(token, "Ada Chan", "ada@bank.example", "short")
    with refused("access.person", 422):
        access.people.set_up(token, "Ada Chan", "nowhere", PASSWORD)
    clock.on(days=1)
    with refused("access.token", 401):
        access.people.set_up(token, "Ada Chan", "ada@bank.example", PASSWORD)
    token = access.people.first_run() or ""
    access.people.set_up(token, "Ada Chan", "ada@bank.example", PASSWORD)
    with refused("access.token", 401):
        access.people.set_up(token, "Eve", "eve@bank.example", PASSWORD)
    assert [each.name for each in access.people.all()] == ["Ada Chan"]


def test_a_set_up_link_is_void_once_somebody_is_here(access: Access) -> None:
    token = access.people.first_run() or ""
    access.people.add("Bo Lee", "bo@bank.example", ("admin",))
    with refused("access.token", 401):
        access.people.set_up(token, "Eve", "eve@bank.example", PASSWORD)


def test_a_set_up_link_is_no_invitation(access: Access) -> None:
    with refused("access.token", 401):
        access.people.accept(access.people.first_run() or "", PASSWORD)


def test_an_invitation_counts_once(access: Access, ada: Person) -> None:
    bo = access.people.add("Bo Lee", "bo@bank.example", ("reviewer", "user"))
    assert bo.roles == ("user", "reviewer")
    token = access.people.invite(bo.id)
    assert access.people.accept(token, PASSWORD) == bo
    with refused("access.token", 401):
        access.people.accept(token, "another password than that")
    assert access.passwords.verify(bo.email, PASSWORD, where="::1") == bo


def test_an_invitation_ends_replaces_and_is_void_for_whoever_left(access: Access, ada: Person, clock: Hands) -> None:
    bo = access.people.add("Bo Lee", "bo@bank.example", ("reviewer",))
    replaced = access.people.invite(bo.id)
    late = access.people.invite(bo.id)
    with refused("access.token", 401):
        access.people.accept(replaced, PASSWORD)
    clock.on(days=1)
    with refused("access.token", 401):
        access.people.accept(late, PASSWORD)
    left = access.people.invite(bo.id)
    access.people.change(bo.id, state="disabled")
    with refused("access.token", 401):
        access.people.accept(left, PASSWORD)
    with refused("access.token", 401):
        access.people.accept("", PASSWORD)
    with refused("access.missing", 404):
        access.people.invite("p-nobody")


def test_a_new_password_by_link_ends_every_session(access: Access, bo: Person) -> None:
    cookie = access.sessions.start(bo, "password").cookie
    token = access.people.invite(bo.id)
    assert access.sessions.resume(cookie)
    access.people.accept(token, "a new password for bo")
    assert access.sessions.resume(cookie) is None


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\r\nBcc: all@bank.example"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"email": "bank.example"}, "email"),
        ({"email": "a@b@c"}, "email"),
        ({"email": "bo@bank.example\r\nBcc: all@bank.example"}, "email"),
        ({"email": "bo lee@bank.example"}, "email"),
        ({"email": "x" * 250 + "@b.hk"}, "email"),
        ({"email": "ADA@bank.example"}, "email"),
        ({"roles": ()}, "roles"),
        ({"roles": ("machine",)}, "roles"),
        ({"roles": ("reviwer",)}, "roles"),
        ({"roles": ("examiner",)}, "until_ms"),
        ({"roles": ("examiner", "user"), "until_ms": 1_900_000_000_000}, "until_ms"),
        ({"roles": ("provider",)}, "vendor"),
        ({"roles": ("provider", "user"), "vendor": "Acme"}, "vendor"),
        ({"roles": ("provider",), "vendor": "Acme\nAcme"}, "vendor"),
        ({"roles": ("provider",), "vendor": "x" * 101}, "vendor"),
        ({"until_ms": 1}, "until_ms"),
        ({"language": "fr"}, "language"),
    ],
)
def test_what_can_t_be_added(access: Access, ada: Person, changes: dict[str, object], where: str) -> None:
    given = {"name": "Bo Lee", "email": "bo@bank.example", "roles": ("user",), **changes}
    with pytest.raises(Problem) as caught:
        access.people.add(**given)  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.where, caught.value.status) == ("access.person", where, 422)
    assert access.people.all() == [ada]


def test_changes(access: Access, ada: Person, bo: Person, clock: Hands) -> None:
    end = clock.now_ms() + 1_000
    changed = access.people.change(bo.id, roles=("auditor", "user"), language="zh-Hant", until_ms=end, name="Bo 李")
    assert changed == access.people.get(bo.id) != bo
    assert (changed.roles, changed.language, changed.until_ms) == (("user", "auditor"), "zh-Hant", end)
    assert access.people.change(bo.id, name="Bo").until_ms == end
    assert access.people.change(bo.id, until_ms=None).until_ms is None
    with refused("access.missing", 404):
        access.people.change("p-nobody", name="x")
    with refused("access.person", 422):
        access.people.change(bo.id, state="gone")  # type: ignore[arg-type]
    assert [each.id for each in access.people.all()] == [ada.id, bo.id]


def test_the_last_admin_stays(access: Access, ada: Person, bo: Person, clock: Hands) -> None:
    for changes in ({"roles": ("user",)}, {"state": "disabled"}):
        with refused("access.person", 422):
            access.people.change(ada.id, **changes)  # type: ignore[arg-type]
    with refused("access.person", 422):
        access.people.forget(ada.id)
    assert access.people.get(ada.id) == ada
    access.people.change(bo.id, roles=("admin",))
    assert access.people.change(ada.id, state="disabled").state == "disabled"


def test_forgetting_leaves_an_id_and_nothing_else(access: Access, ada: Person, bo: Person) -> None:
    access.sessions.start(bo, "password")
    access.people.forget(bo.id)
    left = access.people.get(bo.id)
    assert (left.id, left.name, left.email, left.state) == (bo.id, "", "", "disabled")
    assert access.people.find("bo@bank.example") is None and access.people.find("") is None
    assert access.people.all() == [ada]
    again = access.people.add("Bo Lee", "bo@bank.example", ("user",))
    assert again.id != bo.id


def test_what_the_log_is_told_holds_no_name(access: Access, bo: Person) -> None:
    event = registrations.of_person(access.people.change(bo.id, state="disabled"))
    assert event == events.Person(person=bo.id, roles=("reviewer",), state="disabled")
    key = access.keys.create("core banking", ("decision.make",), 30, "p-1").key
    made = registrations.of_key(key)
    assert made == events.ApiKey(expires_ms=key.expires_ms, key=key.id, name="core banking", scopes=("decision.make",))
    assert registrations.of_key(access.keys.revoke(key.id)).state == "revoked"


def test_a_vendor_s_person_carries_the_vendor(access: Access, ada: Person) -> None:
    eve = access.people.add("Eve Ho", "eve@acme.example", ("provider",), vendor="Acme")
    assert access.sessions.start(eve, "passkey:1").identity.scopes == ("vendor:Acme",)


def test_the_command_line_is_known_as_such(access: Access) -> None:
    me = access.local()
    assert (me.id, me.kind, me.tenant, me.roles) == ("cli", "local", "bank-a", ("admin",))
