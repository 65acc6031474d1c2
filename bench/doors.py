"""The price of the HTTP door: decisions over HTTP against a bare ASGI echo under the same server, alternated.

Both servers are granian with one worker on loopback, 64 connections that each keep one request under way. CPU is
that of the worker process from /proc, so requests per core-second don't depend on how busy the machine is, and the
client's own cost doesn't count. Durable recording is part of every decision.

Keys of the JSON object: see bench/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

FIRM = Path(__file__).resolve().parent.parent / "tests" / "api" / "firm" / "triage.py"
BODY = json.dumps({"customer": "SYN-0001", "amount_hkd": 120.5, "kind": "fee", "text": "charged twice"}).encode()
PATH = "/decide/triage"
TICKS = os.sysconf("SC_CLK_TCK")

ECHO = """
import sys
from granian import Granian
from granian.constants import HTTPModes, Interfaces

async def app(scope, receive, send):
    message = await receive()
    body = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})

def load():
    return app

Granian("echo", port=int(sys.argv[1]), interface=Interfaces.ASGINL, http=HTTPModes.http1, websockets=False,
        log_enabled=False).serve(target_loader=load, wrap_loader=False)
"""


class Round(NamedTuple):
    """One burst of requests: how many, over which wall and worker CPU time, and each one's latency, seconds."""

    requests: int
    wall_s: float
    cpu_s: float
    latencies: list[float]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[tuple[int, float]]:
    """A server; gives its worker's pid and the seconds until it listened."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if process.poll() is not None or time.perf_counter() - started > 60:
                raise SystemExit(f"{command[-1]} didn't come up")
            time.sleep(0.005)
        up = time.perf_counter() - started
        time.sleep(0.3)
        yield children(process.pid)[0], up
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


async def burst(port: int, keys: list[str], requests: int) -> list[float]:
    """Send requests over kept-alive connections, one for each key and one request under way on each."""
    left, latencies = requests, []

    async def caller(key: str) -> None:
        fields = ("Host: localhost", "Content-Type: application/json", f"Content-Length: {len(BODY)}")
        lines = (f"POST {PATH} HTTP/1.1", *fields, f"Authorization: Bearer {key}", "", "")
        request = "\r\n".join(lines).encode() + BODY
        nonlocal left
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while left > 0:
            left -= 1
            started = time.perf_counter()
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"refused: {answer!r}")
            length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            latencies.append(time.perf_counter() - started)
        writer.close()

    await asyncio.gather(*[caller(key) for key in keys])
    return latencies


def measure(port: int, worker: int, keys: list[str], requests: int) -> Round:
    cpu, wall = cpu_s(worker), time.perf_counter()
    latencies = asyncio.run(burst(port, keys, requests))
    return Round(len(latencies), time.perf_counter() - wall, cpu_s(worker) - cpu, latencies)


def figures(rounds: list[Round]) -> dict[str, float]:
    latencies = sorted(each for r in rounds for each in r.latencies)
    return {
        "requests_per_core_second": round(sum(r.requests for r in rounds) / sum(r.cpu_s for r in rounds), 1),
        "requests_per_second": round(sum(r.requests for r in rounds) / sum(r.wall_s for r in rounds), 1),
        "cpu_us": round(1e6 * sum(r.cpu_s for r in rounds) / sum(r.requests for r in rounds), 1),
        "p50_ms": round(1e3 * latencies[len(latencies) // 2], 2),
        "p99_ms": round(1e3 * latencies[len(latencies) * 99 // 100], 2),
    }


def run(connections: int, requests: int, rounds: int, folder: Path) -> dict[str, Any]:
    """Alternate both servers and put their figures side by side."""
    from waglan.access import Access
    from waglan.runtime import Workspace

    Workspace.create(folder / "bank", modules=(str(FIRM),)).close()
    with Access.open(folder / "bank", tenant="self") as access:
        keys = [access.keys.create("bench", ("decision.make",), 1, "cli").secret for _ in range(connections)]
    echo_port, door_port = free_port(), free_port()
    door = [sys.executable, "-m", "waglan", "serve", "--workspace", str(folder / "bank"), "--port", str(door_port)]
    found: dict[str, list[Round]] = {"echo": [], "decide": []}
    with (
        running([sys.executable, "-c", ECHO, str(echo_port)], echo_port) as (echo_worker, _),
        running(door, door_port) as (door_worker, up),
    ):
        for _ in range(rounds + 1):
            found["echo"].append(measure(echo_port, echo_worker, keys, requests * 4))
            found["decide"].append(measure(door_port, door_worker, keys, requests))
    echo, decide = figures(found["echo"][1:]), figures(found["decide"][1:])
    ratios = [
        d.requests / d.cpu_s / (e.requests / e.cpu_s)
        for e, d in zip(found["echo"][1:], found["decide"][1:], strict=True)
    ]
    return {
        "bench": "http",
        "connections": connections,
        "requests": requests * rounds,
        "echo": echo,
        "decide": decide,
        "ratio_to_echo": round(statistics.median(ratios), 4),
        "start_s": round(up, 3),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--requests", type=int, default=2_000, help="decisions per round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = run(options.connections, options.requests, options.rounds, Path(folder))
    if not options.json:
        for name in ("echo", "decide"):
            row = result[name]
            print(f"{name:8} {row['requests_per_core_second']:>10} per core-second, {row['cpu_us']} µs CPU, "
                  f"p50 {row['p50_ms']} ms, p99 {row['p99_ms']} ms")  # fmt: skip
        print(
            f"a recorded decision over HTTP is {result['ratio_to_echo']} of a bare echo; up after {result['start_s']} s"
        )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
