"""A real PostgreSQL server for tests: the system's own, in a folder of its own, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROLE = "waglan_test"


def binaries() -> Path | None:
    """The folder of the newest installed server, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[4]))
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    return Path(on_path).resolve().parent if on_path else None


class Server:
    """A cluster that can be killed and started again. Its role is a plain one: row-level security binds it."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self.folder = folder
        self._bin = bin_folder
        self._user = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
        if self._user:
            shutil.chown(folder, "postgres", "postgres")
        self._call("initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
        self.start()
        self.sql(f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOBYPASSRLS CREATEDB")

    @property
    def socket(self) -> str:
        return str(self.folder)

    def dsn(self, database: str, role: str = ROLE) -> str:
        return f"host={self.socket} dbname={database} user={role}"

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c max_connections=50"
        self._call("pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """``immediate`` is the crash: no checkpoint, recovery from the write-ahead log at the next start."""
        self._call("pg_ctl", "-D", f"{self.folder}/data", "-w", "-m", mode, "stop")

    def kill_backends(self) -> None:
        """SIGKILL one backend: the server drops every connection and recovers, as after the kernel's OOM killer."""
        head = Path(f"{self.folder}/data/postmaster.pid").read_text().split()[0]
        for child in Path(f"/proc/{head}/task/{head}/children").read_text().split():
            title = Path(f"/proc/{child}/cmdline").read_bytes()
            if ROLE.encode() in title:
                os.kill(int(child), signal.SIGKILL)
                return
        raise AssertionError("no backend to kill")

    def sql(self, statement: str, database: str = "postgres") -> str:
        return self._call("psql", "-h", self.socket, "-U", "postgres", "-d", database, "-Atc", statement)

    def database(self) -> str:
        """The connection string of a new, empty database."""
        name = f"w{uuid.uuid4().hex[:12]}"
        self.sql(f"CREATE DATABASE {name} OWNER {ROLE}")
        return self.dsn(name)

    def _call(self, program: str, *arguments: str) -> str:
        log = self.folder / "out"
        with log.open("w+") as out:  # a file: a daemon that inherits a pipe keeps it open for ever
            command = [str(self._bin / program), *arguments]
            groups = [] if self._user else None
            done = subprocess.run(
                command, stdout=out, stderr=out, cwd="/", check=False,
                user=self._user, group=self._user, extra_groups=groups,
            )  # fmt: skip
            out.seek(0)
            text = out.read()
        if done.returncode:
            raise RuntimeError(f"{program} failed: {text}")
        return text


@contextmanager
def server() -> Iterator[Server]:
    """A running server; skips where none is installed, except under CI=true."""
    folder = binaries()
    if folder is None:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed, and under CI its tests must run")
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    where = Path(tempfile.mkdtemp(prefix="wgpg"))
    where.chmod(0o755)
    running: Server | None = None
    try:
        running = Server(where, folder)
        yield running
    finally:
        if running is not None:
            try:
                running.stop()
            except RuntimeError:
                time.sleep(0.1)  # it was down already
        shutil.rmtree(where, ignore_errors=True)
