"""PostgreSQL, real, under the same conformance suite; and what only a server can suffer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial

import psycopg
import pytest

from tests import postgres
from waglan.core.ids import Ids
from waglan.core.problem import Problem
from waglan.ledger.postgres import PostgresStore
from waglan.ledger.store import Batch, Head
from waglan.testing import store as suite


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.server() as running:
        yield running


@pytest.fixture(scope="module")
def shared(server: postgres.Server) -> str:
    return server.database()


@pytest.mark.parametrize("check", suite.CHECKS, ids=lambda check: check.__name__)
def test_conformance(check: suite.Check, shared: str) -> None:
    check(partial(PostgresStore, shared, tenant="bank-a", log=check.__name__))


def test_tenants_and_logs_are_apart(shared: str) -> None:
    ids = Ids()
    one = PostgresStore(shared, tenant="bank-a", log="apart/1")
    other = PostgresStore(shared, tenant="bank-b", log="apart/1")
    third = PostgresStore(shared, tenant="bank-a", log="apart/2")
    rows = suite.make_rows(300, ids)
    suite.append(one, rows)
    suite.append(third, suite.make_rows(2, ids))
    assert (one.head().size, other.head().size, third.head().size) == (300, 0, 2)
    assert other.find(rows[0].id) is None
    assert third.find(rows[0].id) is None
    assert one.find(rows[0].id) == 0
    for store in (one, other, third):
        store.close()


@pytest.mark.parametrize("table", ["waglan_log", "waglan_chunk", "waglan_span", "waglan_tile", "waglan_edge"])
def test_row_level_security_binds_the_owner_too(shared: str, table: str) -> None:
    store = PostgresStore(shared, tenant="bank-a", log="seen")
    suite.append(store, suite.make_rows(300, Ids()))
    store.close()
    with psycopg.connect(shared) as connection:
        count = f"SELECT count(*) FROM {table}"
        assert connection.execute(count).fetchone() == (0,)
        for tenant, seen in (("bank-x", False), ("bank-a", True)):
            connection.execute("SELECT set_config('app.tenant', %s, true)", (tenant,))
            row = connection.execute(count).fetchone()
            assert row is not None
            assert (row[0] > 0) is seen
        connection.execute("SELECT set_config('app.tenant', 'bank-x', true)")
        assert connection.execute(f"DELETE FROM {table}").rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO waglan_log (tenant, name) VALUES ('bank-a', 'forged')")


def test_a_role_that_row_level_security_does_not_bind_is_refused(server: postgres.Server, shared: str) -> None:
    store = PostgresStore(shared.replace(postgres.ROLE, "postgres"), tenant="bank-a", log="x")
    with pytest.raises(Problem) as told:
        store.head()
    assert "BYPASSRLS" in told.value.why


def test_no_server_is_a_problem() -> None:
    store = PostgresStore("host=/nonexistent dbname=x user=y", tenant="bank-a", log="x")
    with pytest.raises(Problem) as told:
        store.head()
    assert told.value.code == "ledger.unavailable"


def test_a_killed_server_comes_back_with_everything(server: postgres.Server, shared: str) -> None:
    ids = Ids()
    store = PostgresStore(shared, tenant="bank-a", log="killed")
    rows = suite.make_rows(10, ids)
    suite.append(store, rows)
    server.stop("immediate")
    with pytest.raises(Problem):
        suite.append(store, suite.make_rows(1, ids))
    with pytest.raises(Problem):
        store.head()
    server.start()
    assert store.head().size == 10
    assert [row for _, row in store.rows(0, 10)] == rows
    assert suite.append(store, suite.make_rows(1, ids)) == 10
    store.close()


def test_a_held_lock_is_told_after_the_time_given(shared: str) -> None:
    store = PostgresStore(shared, tenant="bank-a", log="locked", busy_s=0.1)
    suite.append(store, suite.make_rows(1, Ids()))
    with psycopg.connect(shared) as holder:
        holder.execute("SELECT set_config('app.tenant', 'bank-a', true)")
        holder.execute("SELECT 1 FROM waglan_log WHERE name = 'locked' FOR UPDATE")
        with pytest.raises(Problem) as told:
            suite.append(store, suite.make_rows(1, Ids()))
        assert "another process holds the log" in told.value.why
    assert suite.append(store, suite.make_rows(1, Ids())) == 1
    store.close()


@pytest.fixture
def own(server: postgres.Server) -> str:
    """A database that a test may spoil."""
    return server.database()


def end_backends(server: postgres.Server) -> None:
    """What an administrator, or a server that shuts down, does to the connections of our role."""
    server.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{postgres.ROLE}'")


def spoilt(server: postgres.Server, dsn: str, statement: str) -> None:
    server.sql(statement, psycopg.conninfo.conninfo_to_dict(dsn)["dbname"])


@pytest.mark.parametrize("which", ["first = 10", "first >= 10"])
def test_a_removed_chunk_is_told_when_read(server: postgres.Server, own: str, which: str) -> None:
    store = PostgresStore(own, tenant="bank-a", log="gap")
    for _ in range(3):
        suite.append(store, suite.make_rows(10, Ids()))
    spoilt(server, own, f"DELETE FROM waglan_chunk WHERE {which}")
    found = []
    with pytest.raises(Problem, match="Entry 10 is missing"):
        found += [index for index, _ in store.rows(5, 30)]
    store.close()


def test_a_row_of_the_log_that_is_gone_is_told(server: postgres.Server, own: str) -> None:
    store = PostgresStore(own, tenant="bank-a", log="gone")
    assert store.head().size == 0
    spoilt(server, own, "DELETE FROM waglan_log")
    with pytest.raises(Problem, match="'gone' isn't there any more"):
        store.head()
    store.close()


def test_tables_that_are_gone_or_of_a_newer_release_are_told(server: postgres.Server, own: str) -> None:
    store = PostgresStore(own, tenant="bank-a", log="x")
    assert store.tile(0, 0) is None
    spoilt(server, own, "DROP TABLE waglan_tile")
    with pytest.raises(Problem, match="PostgreSQL refused") as told:
        store.tile(0, 0)
    assert "waglan_tile" in told.value.why
    spoilt(server, own, "UPDATE waglan_version SET version = 99")
    with pytest.raises(Problem, match="version 99"):
        store.head()
    store.close()


def test_a_server_without_fsync_is_refused(server: postgres.Server, own: str) -> None:
    def fsync(value: str) -> None:
        server.sql(f"ALTER SYSTEM SET fsync = {value}")
        server.sql("SELECT pg_reload_conf()")
        until = time.monotonic() + 5
        while server.sql("SHOW fsync").strip() != value:
            assert time.monotonic() < until
            time.sleep(0.01)

    store = PostgresStore(own, tenant="bank-a", log="x")
    fsync("off")
    try:
        with pytest.raises(Problem, match="fsync is off"):
            store.head()
    finally:
        fsync("on")
    assert store.head().size == 0
    store.close()


def test_nothing_can_be_committed_without_a_server() -> None:
    with pytest.raises(Problem) as told:
        suite.append(PostgresStore("host=/nonexistent dbname=x user=y", tenant="a", log="x"), [])
    assert told.value.code == "ledger.unavailable"


def test_a_connection_that_breaks_while_a_batch_is_made_costs_that_batch(server: postgres.Server, own: str) -> None:
    store = PostgresStore(own, tenant="bank-a", log="x")
    suite.append(store, suite.make_rows(3, Ids()))

    def fails(head: Head) -> Batch:
        end_backends(server)
        time.sleep(0.1)
        raise ValueError("no batch")

    with pytest.raises(ValueError, match="no batch"):
        store.commit(fails)
    assert store.head().size == 3
    store.close()


def test_a_connection_that_breaks_in_the_middle_of_a_commit_leaves_it_unknown(
    server: postgres.Server, own: str
) -> None:
    store = PostgresStore(own, tenant="bank-a", log="x")
    suite.append(store, suite.make_rows(3, Ids()))
    with psycopg.connect(own) as owner:  # a commit that takes long enough to be cut off
        owner.execute(
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN PERFORM pg_sleep(5); RETURN NULL; END $$"
        )
        owner.execute(
            "CREATE CONSTRAINT TRIGGER wait AFTER UPDATE ON waglan_log DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION wait()"
        )
    killer = threading.Timer(0.3, end_backends, (server,))
    killer.start()
    with pytest.raises(Problem) as told:
        suite.append(store, suite.make_rows(1, Ids()))
    killer.join()
    assert told.value.code == "ledger.unknown"
    assert store.head().size == 3
    store.close()
