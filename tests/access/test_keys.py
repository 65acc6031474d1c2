"""Keys for machines."""

from __future__ import annotations

import random
import sys
import timeit
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.access.conftest import CHEAP, Hands
from tests.access.test_people import refused
from waglan.access import SCOPES, Access
from waglan.access.keys import NOTICED_MS, well_formed

DAY_MS = 86_400_000


def test_a_key(access: Access, clock: Hands) -> None:
    key, secret = access.keys.create("core banking", ("decision.read", "decision.make"), 30, "p-1")
    assert secret.startswith(f"wgl_bank-a_{key.id.removeprefix('k-')}_") and len(secret.rpartition("_")[2]) == 49
    assert key.scopes == ("decision.make", "decision.read") and key.made_by == "p-1"
    assert key.expires_ms == clock.now_ms() + 30 * DAY_MS and key.open(clock.now_ms())
    identity = access.keys.check(secret)
    assert identity is not None
    assert (identity.id, identity.tenant, identity.roles) == (key.id, "bank-a", ("machine",))
    assert (identity.kind, identity.scopes, identity.authenticator) == ("machine", key.scopes, f"key:{key.id}")
    assert access.keys.get(key.id) == access.keys.all()[0]
    assert access.keys.all()[0].used_ms == clock.now_ms()


def test_no_other_text_is_a_key(access: Access) -> None:
    secret = access.keys.create("core", ("decision.make",), 30, "p-1").secret
    assert access.keys.check(secret)
    chance = random.Random(4)
    for _ in range(300):
        at = chance.randrange(len(secret))
        changed = secret[:at] + chance.choice("aZ9_-é\n\0\ud800") + secret[at + 1 :]
        assert (access.keys.check(changed) is not None) == (changed == secret)
    for wrong in ("", "wgl_", secret + "0", secret[:-1], " " + secret, secret.replace("bank-a", "bank-b")):
        assert access.keys.check(wrong) is None


@given(st.text(max_size=120))
def test_any_text_can_be_asked_about(text: str) -> None:
    assert not well_formed(text, "bank-a")


def test_a_key_of_another_institution_isn_t_ours(access: Access, tmp_path: Path, clock: Hands) -> None:
    with Access.open(tmp_path / "b", tenant="bank_b", clock=clock, cost=CHEAP) as other:
        secret = other.keys.create("core", ("decision.make",), 30, "p-1").secret
        assert other.keys.check(secret) and access.keys.check(secret) is None


def test_an_expired_key_is_none(access: Access, clock: Hands) -> None:
    secret = access.keys.create("core", ("decision.make",), 1, "p-1").secret
    clock.on(ms=DAY_MS - 1)
    assert access.keys.check(secret)
    clock.on(ms=1)
    assert access.keys.check(secret) is None


def test_a_revoked_key_is_none(access: Access, clock: Hands) -> None:
    key, secret = access.keys.create("core", ("decision.make",), 30, "p-1")
    assert access.keys.check(secret)
    revoked = access.keys.revoke(key.id)
    assert revoked.revoked_ms == clock.now_ms() and access.keys.check(secret) is None
    clock.on(s=5)
    assert access.keys.revoke(key.id) == revoked
    with refused("access.missing", 404):
        access.keys.revoke("k-none")
    with refused("access.missing", 404):
        access.keys.get("k-none")


def test_another_process_s_revocation_is_noticed_within_a_second(access: Access, tmp_path: Path, clock: Hands) -> None:
    key, secret = access.keys.create("core", ("decision.make",), 30, "p-1")
    assert access.keys.check(secret) and access.keys.check(secret)
    with Access.open(tmp_path, tenant="bank-a", clock=clock, cost=CHEAP) as elsewhere:
        elsewhere.keys.revoke(key.id)
    clock.on(ms=NOTICED_MS)
    assert NOTICED_MS <= 1_000 and access.keys.check(secret) is None


def test_the_last_use_is_noted_once_a_minute(access: Access, clock: Hands) -> None:
    key, secret = access.keys.create("core", ("decision.make",), 30, "p-1")
    noted = []
    for _ in range(150):
        access.keys.check(secret)
        noted.append(access.keys.get(key.id).used_ms)
        clock.on(s=1)
    assert len(set(noted)) == 3 and noted[-1] is not None and clock.now_ms() - noted[-1] <= 61_000


@pytest.mark.parametrize(
    ("name", "scopes", "days", "where"),
    [
        ("", ("decision.make",), 30, "name"),
        ("core\n", ("decision.make",), 30, "name"),
        ("é", ("decision.make",), 30, "name"),
        ("x" * 65, ("decision.make",), 30, "name"),
        ("core", (), 30, "scopes"),
        ("core", ("decision.mke",), 30, "scopes"),
        ("core", ("review.judge",), 30, "scopes"),
        ("core", ("person.manage",), 30, "scopes"),
        ("core", ("decision.make",), 0, "days"),
        ("core", ("decision.make",), 91, "days"),
    ],
)
def test_what_can_t_be_made(access: Access, name: str, scopes: tuple[str, ...], days: int, where: str) -> None:
    with pytest.raises(Exception) as caught:
        access.keys.create(name, scopes, days, "p-1")
    assert (caught.value.code, caught.value.where) == ("access.key", where)  # type: ignore[attr-defined]
    assert access.keys.all() == []


def test_every_scope_can_be_given(access: Access) -> None:
    assert access.keys.create("all", tuple(SCOPES), 90, "p-1").key.scopes == tuple(each.value for each in SCOPES)


@pytest.mark.skipif(sys.gettrace() is not None, reason="a tracer is timed too")
def test_a_known_key_is_checked_within_5_microseconds(access: Access) -> None:
    secret = access.keys.create("core", ("decision.make",), 30, "p-1").secret
    access.keys.check(secret)
    assert min(timeit.repeat(lambda: access.keys.check(secret), number=2_000, repeat=7)) / 2_000 < 5e-6


def test_a_disk_that_takes_nothing_keeps_nobody_from_reading(access: Access, clock: Hands) -> None:
    key, secret = access.keys.create("core", ("decision.read",), 30, "p-1")
    with access._database.writing() as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA busy_timeout = 0")
    identity = access.keys.check(secret)
    assert identity is not None and "readonly" in access.keys.failed
    assert access.keys.get(key.id).used_ms is None
    clock.on(minutes=2)
    assert access.keys.check(secret) and access.keys.failed == ""
    assert access.keys.get(key.id).used_ms == clock.now_ms()
