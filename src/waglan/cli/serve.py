"""``waglan serve``: console and HTTP doors on this machine's loopback, in as many processes as asked for."""

from __future__ import annotations

import collections
import contextlib
import ctypes
import errno
import gc
import http.client
import ipaddress
import json
import multiprocessing
import os
import shlex
import socket
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import click

from waglan.core.problem import Problem

_STOP_S = 10
"""How long a worker may take to end; what it acknowledged is on the log in any case."""
_START_S = 120.0
KEY_SCOPES = "--scope decision.make --scope decision.read --scope use_case.read"
"""What the examples that are printed need."""
_DEATHS, _DEATHS_S = 10, 15.0
"""So many workers that died in so many seconds end the server: what kills them won't go away by itself."""


@click.command()
@click.option("--workspace", "folder", type=click.Path(path_type=Path), default=Path(), help="The workspace's folder.")
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address; others are refused.")
@click.option("--port", type=click.IntRange(1, 65535), default=8420, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes on one ledger.")
@click.option("--json", "as_json", is_flag=True, help="Say where the server is as one JSON object.")
def serve(folder: Path, host: str, port: int, workers: int, as_json: bool) -> None:
    """Open the console and the HTTP doors on this machine. Stop with Ctrl-C."""
    address = loopback(host)
    free(address, port)
    run(folder, address, port, workers, as_json)


def loopback(host: str) -> str:
    """The address to bind; a Problem for any that other machines could reach."""
    name = "127.0.0.1" if host == "localhost" else host
    try:
        if ipaddress.ip_address(name).is_loopback:
            return name
    except ValueError:
        pass
    raise Problem(
        f"The server can't be opened on {host!r}.",
        "It speaks HTTP without encryption, so keys, cookies and answers could be read on their way.",
        "Leave --host out; put a reverse proxy with TLS on this machine and set server.public_url in waglan.toml.",
        code="serve.host",
        where="--host",
    )


def free(address: str, port: int) -> None:
    """Raise a Problem when somebody listens on the port; the server itself would share it without a word."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            raise Problem(
                f"Port {port} is taken." if taken else f"Port {port} can't be opened.",
                "Another program listens there, perhaps another 'waglan serve'." if taken else f"{error.strerror}.",
                f"Stop it, or choose another port: waglan serve --port {min(port + 1, 65535)}.",
                code="environment.port",
                where=f"{address}:{port}",
            ) from None


def run(folder: Path, address: str, port: int, workers: int, as_json: bool) -> None:
    """Serve until told to stop."""
    gc.disable()  # what is loaded here stays: looking for garbage in it takes a tenth of the time
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    from waglan.console.worker import Worker

    gc.freeze()
    gc.enable()
    stopping = multiprocessing.RawValue(ctypes.c_bool, False)
    hears, tells = multiprocessing.Pipe(duplex=False)

    deaths: collections.deque[float] = collections.deque(maxlen=_DEATHS)

    class Doors(Granian):  # type: ignore[misc, valid-type]
        def _respawn_workers(self, workers: Any, *args: Any, **kwargs: Any) -> None:
            """Granian gives up when one worker dies twice within 5.5 s; here it takes `_DEATHS` within `_DEATHS_S`."""
            super()._respawn_workers(workers, *args, **kwargs)
            deaths.extend(time.monotonic() for _ in workers)
            if len(deaths) < _DEATHS or deaths[-1] - deaths[0] > _DEATHS_S:
                self.respawned_wrks.clear()

        def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
            stopping.value = True
            super().signal_handler_interrupt(*args, **kwargs)

    server = Doors(
        "waglan",
        address=address,
        port=port,
        workers=workers,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=0,
        workers_kill_timeout=_STOP_S,
        log_level=LogLevels.error,
        log_dictconfig=_log_to_stderr(),
    )
    greeter = Greeter(server, hears, folder.resolve(), (address, port), as_json)
    threading.Thread(target=greeter.wait, name="waglan-greeter", daemon=True).start()
    try:
        server.serve(target_loader=Worker(folder.resolve(), tells, stopping), wrap_loader=False)
    except SystemExit:
        if greeter.problem is None:
            raise
    if greeter.problem is not None:
        raise greeter.problem


class Greeter:
    """Waits for the first worker and says where the server is, or what keeps it from starting.

    Parameters
    ----------
    server
        Granian's; it is stopped when no worker comes up.
    hears
        Where workers report.
    folder
        The workspace.
    where
        The address and port at which the server listens.
    as_json
        Whether to speak in one JSON object.
    """

    def __init__(self, server: Any, hears: Connection, folder: Path, where: tuple[str, int], as_json: bool) -> None:
        address, port = where
        self._server = server
        self._hears = hears
        self._folder = folder
        self._host = f"[{address}]" if ":" in address else address
        self._port = port
        self._as_json = as_json
        self.problem: Problem | None = None

    def wait(self) -> None:
        if not self._hears.poll(_START_S):
            self._stop(_slow())
            return
        told = json.loads(self._hears.recv_bytes())
        if "problem" in told:
            self._stop(_from_dict(told["problem"]))
        elif not self._listening():
            self._stop(_slow())
        else:
            self._say(told["sample"])
            self._follow()

    def _follow(self) -> None:
        """Hear workers that come later; one that can't open the workspace says why on standard error."""
        with contextlib.suppress(EOFError):
            while told := json.loads(self._hears.recv_bytes()):
                if "problem" in told:
                    click.echo(str(_from_dict(told["problem"])), err=True)

    def _listening(self) -> bool:
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            try:
                connection = http.client.HTTPConnection(self._host.strip("[]"), self._port, timeout=5)
                connection.request("GET", "/health", headers={"Host": "localhost"})
                return connection.getresponse().status == 200
            except OSError:
                time.sleep(0.01)
        return False

    def _say(self, sample: dict[str, Any] | None) -> None:
        name = "localhost" if self._host == "127.0.0.1" else self._host
        url = f"http://{name}:{self._port}"
        curls = examples(url, sample)
        token = first_link(self._folder)
        welcome = f"{url}/console/welcome/{token}" if token else ""
        if self._as_json:
            told = {"url": url, "pid": os.getpid(), "console": f"{url}/console", "welcome": welcome, "examples": curls}
            click.echo(json.dumps(told, ensure_ascii=False))
        else:
            click.echo(f"Waglan's console: {url}/console (this machine only). Stop with Ctrl-C.")
            if welcome:
                click.echo(f"Nobody is set up yet. Open this link once to begin: {welcome}")
            click.echo(f"Programs ask with a key (waglan key create NAME {KEY_SCOPES}):\n")
            click.echo("\n".join(f"  {line}" for line in curls))
        sys.stdout.flush()

    def _stop(self, problem: Problem) -> None:
        self.problem = problem
        self._server.signal_handler_interrupt()


def first_link(folder: Path) -> str | None:
    """The token of the first set-up, when nobody is here yet; made by the parent, so that one link counts."""
    from waglan.access import Access
    from waglan.runtime.settings import read_settings

    with Access.open(folder, tenant=read_settings(folder, os.environ).workspace.tenant) as access:
        return access.people.first_run()


def examples(url: str, sample: dict[str, Any] | None) -> list[str]:
    """Three lines to try: decide the sample case, read the feed, see what may be asked."""
    key = '-H "Authorization: Bearer $WAGLAN_KEY"'
    looks = [f"curl -s '{url}/decisions?limit=10' {key}", f"curl -s {url}/use-cases {key}"]
    if sample is None:
        return [*looks, f"curl -s {url}/ready"]
    body = shlex.quote(json.dumps(sample["case"], ensure_ascii=False))
    return [
        f"curl -s {url}/decide/{sample['use_case']} {key} -H 'Content-Type: application/json' -d {body}",
        looks[0],
        f"curl -s {url}/use-cases/{sample['use_case']} {key}",
    ]


def _slow() -> Problem:
    return Problem(
        "The server didn't come up.", f"No worker answered within {_START_S:.0f} seconds.",
        "Look at the lines above, and run 'waglan doctor'.", code="environment.start",
    )  # fmt: skip


def _from_dict(body: dict[str, Any]) -> Problem:
    return Problem(
        body["title"],
        body["detail"],
        body["next"],
        code=body["type"].rpartition(":")[2],
        where=body.get("where", ""),
        status=body["status"],
    )


def _log_to_stderr() -> dict[str, Any]:
    plain = {"()": "logging.Formatter", "fmt": "[%(levelname)s] %(message)s"}
    handler = {"formatter": "plain", "class": "logging.StreamHandler", "stream": "ext://sys.stderr"}
    quiet = {"handlers": ["stderr"], "level": "ERROR", "propagate": False}
    return {
        "formatters": {"plain": plain},
        "handlers": {"stderr": handler},
        "loggers": {"_granian": quiet, "granian.access": quiet},
    }
