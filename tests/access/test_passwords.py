"""Passwords: what is refused, what guessing costs, and that nobody can tell who exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.access.conftest import CHEAP, PASSWORD, Hands
from tests.access.test_people import refused
from waglan.access import Access, Cost, Person, SlowDown
from waglan.access.attempts import network
from waglan.access.passwords import weakness

BO = Person(id="p-1", name="Bo Leung", email="bo.leung@harbourbank.example", roles=("user",))


@pytest.mark.parametrize(
    "password",
    [
        "", "short", "elevenchars", "password1234", "P@ssw0rd1234", "Passw0rd!Passw0rd!", "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabc", "123456789012345", "qwertyuiopasdf", "zxcvbnmasdfghjkl", "harbourbank2026",
        "leung-harbourbank", "x7Kqx7Kqx7Kqx7Kq",
        "WaglanWaglan2026", "1qaz2wsx3edc4rfv", "welcome-hongkong", "            ", "abcdefghijklmnop", "x" * 257,
    ],
)  # fmt: skip
def test_weak_ones_are_refused(password: str) -> None:
    assert weakness(password, BO)


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "correct horse battery",
        "tR8#kk29!mQz",
        "海港 燈塔 月光 電車 山頂 茶樓 渡輪",
        "mein-Fahrrad-ist-grün",
    ],
)
def test_good_ones_are_taken(password: str) -> None:
    assert weakness(password, BO) == ""


@given(st.text(max_size=300))
def test_any_text_is_judged(password: str) -> None:
    assert isinstance(weakness(password, BO), str)


def test_set_and_verify(access: Access, bo: Person) -> None:
    cookie = access.sessions.start(bo, "password").cookie
    access.passwords.set(bo.id, "Ångström tram and tea")
    assert access.sessions.resume(cookie) is None
    assert access.passwords.verify("bo@bank.example", "A\u030angstro\u0308m tram and tea", where="::1") == bo
    with refused("access.credentials", 401):
        access.passwords.verify("bo@bank.example", PASSWORD, where="::1")
    with refused("access.password", 422):
        access.passwords.set(bo.id, "bo@bank.example")
    with refused("access.missing", 404):
        access.passwords.set("p-nobody", PASSWORD)


def test_a_longer_password_is_another_one(access: Access, bo: Person) -> None:
    longest = "tram and tea " * 19 + "tea bus"
    access.passwords.set(bo.id, longest[:256])
    access.passwords.verify(bo.email, longest[:256], where="::1")
    with refused("access.credentials", 401):
        access.passwords.verify(bo.email, longest[:256] + "x", where="::1")


@pytest.mark.parametrize("case", ["unknown", "invited", "wrong", "disabled", "ended", "too long"])
def test_every_refusal_is_the_same_and_costs_one_hash(
    access: Access, bo: Person, clock: Hands, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    email, password = bo.email, PASSWORD
    if case == "unknown":
        email = "eve@bank.example"
    elif case == "invited":
        email = access.people.add("Cy", "cy@bank.example", ("user",)).email
    elif case == "wrong":
        password = "something else entirely"
    elif case == "disabled":
        access.people.change(bo.id, state="disabled")
    elif case == "ended":
        access.people.change(bo.id, until_ms=clock.now_ms() + 1)
        clock.on(ms=1)
    else:
        password = "x" * 300
    with refused("access.credentials", 401):
        access.passwords.verify("warm@up.example", password, where="::9")
    hasher, checked = access.passwords._hasher, []

    class Counting:
        def verify(self, stored: str, plain: str) -> bool:
            checked.append(stored.split("$")[1:4])
            return hasher.verify(stored, plain)

        def __getattr__(self, name: str) -> Any:
            return getattr(hasher, name)

    monkeypatch.setitem(access.passwords.__dict__, "_hasher", Counting())
    with pytest.raises(Exception) as caught:
        access.passwords.verify(email, password, where="::1")
    assert str(caught.value).startswith("That didn't match.")
    assert checked == [["argon2id", "v=19", "m=8,t=1,p=1"]]


def test_a_hash_of_older_cost_is_renewed(tmp_path: Path, clock: Hands) -> None:
    with Access.open(tmp_path, tenant="bank-a", clock=clock, cost=CHEAP) as access:
        access.people.set_up(access.people.first_run() or "", "Ada", "ada@bank.example", PASSWORD)
    dearer = Cost(2, 16, 1)
    with Access.open(tmp_path, tenant="bank-a", clock=clock, cost=dearer) as access:
        for _ in range(2):
            access.passwords.verify("ada@bank.example", PASSWORD, where="::1")
        with access._database.reading() as connection:
            (stored,) = connection.execute("SELECT password FROM person").fetchone()
    assert stored.startswith("$argon2id$v=19$m=16,t=2,p=1$")


def test_the_cost_is_what_the_standard_asks() -> None:
    """RFC 9106 § 4, second recommended option: t=3, 64 MiB, p=4."""
    assert Cost() == (3, 65_536, 4)


def guess(access: Access, email: str, where: str) -> int:
    """0 when the guess was looked at, else the seconds to wait."""
    try:
        access.passwords.verify(email, "not the password at all", where=where)
    except SlowDown as slow:
        assert slow.status == 429 and str(slow.retry_s) in slow.next and slow.again().code == slow.code
        return slow.retry_s
    except Exception as error:
        assert "didn't match" in str(error)
    return 0


def test_guessing_from_one_address_slows_down(access: Access, bo: Person, clock: Hands) -> None:
    looked_at = 0
    for _ in range(3_600):
        looked_at += guess(access, bo.email, "198.51.100.7") == 0
        clock.on(s=1)
    assert 10 <= looked_at <= 18  # five free, then 1, 2, 4 … 900 seconds apart
    clock.on(minutes=61)
    assert guess(access, bo.email, "198.51.100.7") == 0


def test_the_right_password_has_to_wait_too_and_forgives(access: Access, bo: Person, clock: Hands) -> None:
    for _ in range(5):
        assert guess(access, bo.email, "198.51.100.7") == 0
    with pytest.raises(SlowDown):
        access.passwords.verify(bo.email, PASSWORD, where="198.51.100.7")
    assert access.passwords.verify(bo.email, PASSWORD, where="203.0.113.9") == bo
    clock.on(s=1)
    assert access.passwords.verify(bo.email, PASSWORD, where="198.51.100.7") == bo
    assert [guess(access, bo.email, "198.51.100.7") for _ in range(6)] == [0, 0, 0, 0, 0, 1]


def test_spread_over_addresses_or_accounts_it_slows_down_for_a_minute_at_most(access: Access, bo: Person) -> None:
    waits = [guess(access, bo.email, f"198.51.100.{n}") for n in range(40)]
    assert waits[:30] == [0] * 30 and 0 < max(waits[30:]) <= 60
    sprayed = [guess(access, f"p{n}@bank.example", "2001:db8::1") for n in range(70)]
    assert sprayed[:60] == [0] * 60 and 0 < max(sprayed[60:]) <= 60


@pytest.mark.parametrize(
    ("address", "network_"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("unix", "unix"),
        ("", ""),
    ],
)
def test_what_a_caller_can_choose_is_one_address(address: str, network_: str) -> None:
    assert network(address) == network_
