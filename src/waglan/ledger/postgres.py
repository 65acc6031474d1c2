"""The log in PostgreSQL: one schema for many logs and tenants, row-level security, a row lock for the one writer.

References
----------
postgresql.org/docs: Row Security Policies; Asynchronous Commit (``synchronous_commit`` and ``fsync`` must be on);
Pipeline Mode. What several statements need in round trips is what a commit costs here, so they travel together.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import psycopg
from psycopg import sql

from waglan.ledger import chunk, postgres_faults
from waglan.ledger.store import Batch, Head, Row, edges_changed, join_peaks, split_peaks

VERSION = 1
_CREATING = 0x7761676C616E  # the advisory lock under which tables are made: "waglan"
_HEAD = "SELECT size, peaks, note FROM waglan_log WHERE log = %s"


class PostgresStore:
    """A store in a database; see `waglan.ledger.store.Store`.

    Parameters
    ----------
    dsn
        A libpq connection string. Its role owns the tables (they are made when absent) and must be neither
        superuser nor BYPASSRLS: to those row-level security doesn't apply.
    tenant
        Whose rows this session may see; set for each transaction by ``SET LOCAL app.tenant``.
    log
        The log's name within the tenant.
    busy_s
        How long to wait for another process's commit before giving up, seconds.
    """

    def __init__(self, dsn: str, *, tenant: str, log: str, busy_s: float = 2.0) -> None:
        self._dsn = dsn
        self._tenant = tenant
        self._name = log
        self._busy_s = busy_s
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._writer: psycopg.Connection | None = None
        self._reader: psycopg.Connection | None = None
        self._log = 0
        self._known = Head()

    def head(self) -> Head:
        with self._reading() as connection:
            return self._head(connection, connection.execute(_HEAD, (self._log,), binary=True))

    def commit(self, build: Callable[[Head], Batch]) -> Head:
        with self._write_lock, postgres_faults.told():
            committing = False
            try:
                if self._writer is None:
                    self._writer = self._connect()
                connection = self._writer
                self._begin(connection)
                found = connection.execute(f"{_HEAD} FOR UPDATE", (self._log,), binary=True)
                before = self._head(connection, found)
                batch = build(before)
                chunks = chunk.pack(before.size, batch.rows)
                with connection.pipeline():
                    self._write(connection, before, batch, chunks)
                    committing = True
                    connection.execute("COMMIT")
            except BaseException as error:
                lost = self._abandon()
                if committing and lost and isinstance(error, psycopg.Error):
                    raise postgres_faults.unknown(error) from error
                raise
            self._known = batch.head
            return batch.head

    def rows(self, start: int, stop: int) -> Iterator[tuple[int, Row]]:
        yield from chunk.walk(self._chunks, start, min(stop, self.head().size), postgres_faults.gap)

    def find(self, entry_id: str) -> int | None:
        query = (
            "SELECT first, ids FROM waglan_span JOIN waglan_chunk USING (log, first)"
            " WHERE log = %s AND prefix = %s ORDER BY first"
        )
        with self._reading() as connection:
            found = connection.execute(query, (self._log, chunk.prefix(entry_id)), binary=True).fetchall()
        for first, ids in found:
            at = chunk.position(ids, entry_id)
            if at is not None:
                return int(first) + at
        return None

    def tile(self, level: int, index: int) -> bytes | None:
        query = "SELECT data FROM waglan_tile WHERE log = %s AND level = %s AND idx = %s"
        with self._reading() as connection:
            row = connection.execute(query, (self._log, level, index), binary=True).fetchone()
        return None if row is None else bytes(row[0])

    def close(self) -> None:
        with self._write_lock, self._read_lock:
            for connection in (self._writer, self._reader):
                if connection is not None:
                    connection.close()
            self._writer = self._reader = None

    # ---- connections

    def _connect(self) -> psycopg.Connection:
        connection = psycopg.connect(
            self._dsn,
            autocommit=True,
            connect_timeout=5,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            tcp_user_timeout=10_000,
            application_name="waglan",
        )
        try:
            connection.prepare_threshold = 2
            # What a session may wait for; a server or role may default to less durable or to endless.
            connection.execute("SET synchronous_commit = on")
            connection.execute(f"SET lock_timeout = {int(self._busy_s * 1000)}")
            connection.execute("SET idle_in_transaction_session_timeout = '60s'")
            self._trusted(connection)
            self._migrated(connection)
            self._log = self._opened(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _trusted(self, connection: psycopg.Connection) -> None:
        row = connection.execute(
            "SELECT current_setting('fsync'), rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row is not None
        fsync, bypasses = row
        if fsync != "on":
            raise postgres_faults.unsafe("its setting fsync is off, so a crash can lose what was acknowledged")
        if bypasses:
            raise postgres_faults.unsafe("its role is a superuser or has BYPASSRLS, so tenants aren't kept apart")

    def _migrated(self, connection: psycopg.Connection) -> None:
        """Make the tables, once among all processes."""
        if self._version(connection) != VERSION:
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_CREATING,))
                for number in range(self._version(connection) + 1, VERSION + 1):
                    script = files("waglan.ledger").joinpath(f"postgres_{number}.sql").read_text(encoding="utf-8")
                    connection.execute(sql.SQL(script))

    def _version(self, connection: psycopg.Connection) -> int:
        # Read as a table: to_regclass may answer from a cache filled before another process made the tables.
        query = (
            "SELECT 1 FROM pg_tables WHERE tablename = 'waglan_version' AND schemaname = ANY(current_schemas(false))"
        )
        if connection.execute(query).fetchone() is None:
            return 0
        row = connection.execute("SELECT version FROM waglan_version").fetchone()
        version = int(row[0]) if row else 0
        if version > VERSION:
            raise postgres_faults.newer(version, VERSION)
        return version

    def _opened(self, connection: psycopg.Connection) -> int:
        """The number of this log, made when it is new."""
        with connection.transaction():
            connection.execute("SELECT set_config('app.tenant', %s, true)", (self._tenant,))
            named = (self._tenant, self._name)
            query = "SELECT log FROM waglan_log WHERE tenant = %s AND name = %s"
            if connection.execute(query, named).fetchone() is None:
                connection.execute(
                    "INSERT INTO waglan_log (tenant, name) VALUES (%s, %s) ON CONFLICT DO NOTHING", named
                )
            row = connection.execute(query, named).fetchone()
        assert row is not None
        return int(row[0])

    @contextmanager
    def _reading(self) -> Iterator[psycopg.Connection]:
        with self._read_lock, postgres_faults.told():
            try:
                if self._reader is None:
                    self._reader = self._connect()
                self._begin(self._reader, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                yield self._reader
                self._reader.execute("COMMIT")
            except BaseException:
                if self._reader is not None:
                    self._reader.close()
                    self._reader = None
                raise

    def _begin(self, connection: psycopg.Connection, begin: str = "BEGIN") -> None:
        with connection.pipeline():
            connection.execute(begin)
            connection.execute("SELECT set_config('app.tenant', %s, true)", (self._tenant,))

    def _abandon(self) -> bool:
        """Undo the transaction; True when the connection itself is lost, and is dropped."""
        connection = self._writer
        if connection is None:
            return False
        try:
            if not connection.closed:
                connection.execute("ROLLBACK")
                return False
        except psycopg.Error:
            connection.close()
        self._writer = None
        return True

    # ---- statements

    def _head(self, connection: psycopg.Connection, found: psycopg.Cursor[Any]) -> Head:
        row = found.fetchone()
        if row is None:
            raise postgres_faults.missing(self._name)
        size, peaks, signed = row
        known = self._known
        if known.size == size and known.note == signed and signed:
            return known  # the signed note names size and root: nothing else can have changed
        edges = connection.execute(
            "SELECT hashes FROM waglan_edge WHERE log = %s ORDER BY level", (self._log,), binary=True
        ).fetchall()
        dual = connection.execute("SELECT dual FROM waglan_log WHERE log = %s", (self._log,)).fetchone()
        head = Head(
            size=size,
            peaks=split_peaks(size, bytes(peaks)),
            edges=tuple([bytes(each[0]) for each in edges]),
            note=signed,
            dual_note=dual[0] if dual else "",
        )
        self._known = head
        return head

    def _write(self, connection: psycopg.Connection, before: Head, batch: Batch, chunks: Sequence[chunk.Chunk]) -> None:
        head, who = batch.head, (self._tenant, self._log)
        with connection.cursor() as cursor:
            for each in chunks:
                cursor.execute("INSERT INTO waglan_chunk VALUES (%s, %s, %s, %s, %b, %b, %b)", (*who, *each))
                for prefix in chunk.prefixes(each):
                    cursor.execute("INSERT INTO waglan_span VALUES (%s, %s, %s, %s)", (*who, prefix, each.first))
            for level, index, data in batch.tiles:
                cursor.execute("INSERT INTO waglan_tile VALUES (%s, %s, %s, %s, %b)", (*who, level, index, data))
            for level, hashes in edges_changed(before, head):
                cursor.execute(
                    "INSERT INTO waglan_edge VALUES (%s, %s, %s, %b)"
                    " ON CONFLICT (log, level) DO UPDATE SET hashes = excluded.hashes",
                    (*who, level, hashes),
                )
            if head.dual_note != before.dual_note:
                cursor.execute("UPDATE waglan_log SET dual = %s WHERE log = %s", (head.dual_note, self._log))
            cursor.execute(
                "UPDATE waglan_log SET size = %s, peaks = %b, note = %s WHERE log = %s",
                (head.size, join_peaks(head.peaks), head.note, self._log),
            )

    def _chunks(self, start: int, stop: int, limit: int) -> list[chunk.Chunk]:
        query = (
            "SELECT first, ids, sizes, leaves, sealed FROM waglan_chunk WHERE log = %s AND first < %s AND first >="
            " (SELECT max(first) FROM waglan_chunk WHERE log = %s AND first <= %s) ORDER BY first LIMIT %s"
        )
        with self._reading() as connection:
            found = connection.execute(query, (self._log, stop, self._log, start, limit), binary=True).fetchall()
        return [chunk.Chunk(*each) for each in found]
