"""Streams of cases: order, memory, back-pressure, broken connections, a server that goes down."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import CASE, NDJSON, Server, new_workspace
from waglan.runtime import Workspace

HEAD = (
    "POST /decide/triage HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
    "Transfer-Encoding: chunked\r\nAuthorization: Bearer {}\r\n\r\n"
)


class Conversation:
    """A chunked request and its chunked response on one raw socket, both under way at a time."""

    def __init__(self, server: Server, secret: str = "") -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        self.socket.sendall(HEAD.format(secret or server.secret).encode())
        self.reader = self.socket.makefile("rb")
        self.status = 0

    def send(self, data: bytes) -> None:
        self.socket.sendall(b"%x\r\n%b\r\n" % (len(data), data))

    def finish(self) -> None:
        self.socket.sendall(b"0\r\n\r\n")

    def head(self) -> None:
        self.status = int(self.reader.readline().split()[1])
        while self.reader.readline().strip():
            pass

    def lines(self) -> Iterator[Any]:
        """Answers as they come, until the response ends."""
        if not self.status:
            self.head()
        rest = b""
        while size := int(self.reader.readline() or b"0", 16):
            rest += self.reader.read(size)
            self.reader.readline()
            *whole, rest = rest.split(b"\n")
            yield from map(json.loads, whole)
        assert not rest

    def close(self) -> None:
        self.reader.close()
        self.socket.close()


def line(amount: float, **more: Any) -> bytes:
    return json.dumps({**CASE, "amount_hkd": amount, **more}).encode() + b"\n"


def resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(each.split()[1]) for each in status.splitlines() if each.startswith("VmRSS"))


def test_ten_thousand_lines_in_order_and_in_bounded_memory(server: Server) -> None:
    (worker,) = server.workers()
    padding = "x" * 1_500
    server.call("POST", "/decide/triage", b"".join(line(n, text=padding) for n in range(2_500)), NDJSON)
    before, peak = resident_kb(worker), 0
    conversation = Conversation(server)

    def send() -> None:
        for start in range(0, 10_000, 100):
            conversation.send(b"".join(line(n % 1000, text=padding) for n in range(start, start + 100)))
        conversation.finish()

    sender = threading.Thread(target=send)
    sender.start()
    effects, last = [], -1
    for at, answer in enumerate(conversation.lines()):
        effects.append(answer["effect"])
        assert answer["index"] > last
        last = answer["index"]
        if at % 500 == 0:
            peak = max(peak, resident_kb(worker))
    sender.join()
    conversation.close()
    assert effects == ["refund" if n % 1000 <= 500 else "pass_on" for n in range(10_000)]
    assert peak - before < 30_000, f"{before} kB grew to {peak} kB while 16 MB went through"


def test_a_caller_who_doesnt_read_is_made_to_wait(server: Server) -> None:
    (worker,) = server.workers()
    before = resident_kb(worker)
    conversation = Conversation(server)
    conversation.socket.settimeout(1.5)
    chunk, sent = b"".join(line(n) for n in range(400)), 0
    with pytest.raises(TimeoutError):
        while sent < 200_000_000:
            conversation.send(chunk)
            sent += len(chunk)
    assert sent < 40_000_000
    assert resident_kb(worker) - before < 30_000
    assert server.call("GET", "/ready").status == 200
    conversation.close()


def test_lines_are_answered_as_they_come(server: Server) -> None:
    conversation = Conversation(server)
    answers = None
    for amount in (1, 900, 2):
        conversation.send(line(amount))
        if answers is None:
            answers = conversation.lines()
        assert next(answers)["effect"] == ("refund" if amount < 500 else "pass_on")
    half = line(3)
    conversation.send(half[:20])
    time.sleep(0.05)
    conversation.send(half[20:])
    assert next(answers)["effect"] == "refund"  # type: ignore[arg-type]
    conversation.finish()
    assert list(answers or []) == []
    conversation.close()


def test_each_bad_line_is_a_problem_in_its_place(server: Server) -> None:
    lines = [
        line(1),
        b"\n",
        b'{"amount_hkd": NaN}\n',
        line(-5),
        b"[1]\n",
        b'{"customer": "SYN-1", "customer": "SYN-2"}\n',
        b'{"text": "\xff"}\n',
        b'{"text": "' + b"x" * 1_100_000 + b'"}\n',
        line(2).strip() + b"\r\n",
        line(3).strip(),
    ]
    answer = server.call("POST", "/decide/triage", b"".join(lines), NDJSON)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    found = [json.loads(each) for each in answer.raw.splitlines()]
    codes = [each.get("type", "urn:waglan:problem:").removeprefix("urn:waglan:problem:") for each in found]
    assert codes == [
        "", "request.malformed", "input.wrong", "request.shape", "request.duplicate", "request.malformed",
        "request.too_large", "", "",
    ]  # fmt: skip
    places = [each["where"].split(",")[0] for each in found if "type" in each]
    assert places == ["line 3", "line 4", "line 5", "line 6", "line 7", "line 8"]
    assert server.call("POST", "/decide/triage", b"\n \n", NDJSON).raw == b""


def test_a_running_number_counts_on_through_a_stream(server: Server) -> None:
    headers = {**NDJSON, "Waglan-Source": "feed", "Waglan-Source-Seq": "7"}
    answer = server.call("POST", "/decide/triage", b"".join(line(n) for n in range(1100)), headers)
    last = json.loads(answer.raw.splitlines()[-1])
    leaf = server.call("GET", f"/decisions/{last['id']}").body["leaf"]
    assert leaf["facts"]["source_seq"] == 7 + 1099


def test_a_connection_that_drops_loses_nothing_that_was_answered(server: Server) -> None:
    size = server.call("GET", "/ready").body["size"]
    conversation = Conversation(server)
    conversation.send(b"".join(line(n) for n in range(300)) + line(1)[:-9])
    answers = conversation.lines()
    acknowledged = [next(answers)["id"] for _ in range(50)]
    conversation.close()
    for entry_id in acknowledged:
        assert server.call("GET", f"/decisions/{entry_id}/proof").status == 200
    assert server.call("GET", "/ready").body["size"] <= size + 300


def test_an_open_stream_ends_with_a_problem_when_the_server_goes_down(tmp_path: Path) -> None:
    server = Server(new_workspace(tmp_path / "bank"))
    conversation = Conversation(server)
    conversation.send(line(1))
    answers = conversation.lines()
    first = next(answers)
    started = time.monotonic()
    stopped = threading.Thread(target=server.stop)
    stopped.start()
    rest = list(answers)
    conversation.close()
    stopped.join()
    assert [each["type"] for each in rest] == ["urn:waglan:problem:server.stopping"]
    assert time.monotonic() - started < 5
    assert server.process.returncode == 0, server.errors.read_text()
    with Workspace.open(server.folder) as workspace:
        assert workspace.ledger.find(first["id"]) == first["index"]


def test_what_was_answered_outlives_a_kill(tmp_path: Path) -> None:
    server = Server(new_workspace(tmp_path / "bank"), "--workers", "2")
    acknowledged: list[tuple[str, int]] = []
    enough = threading.Event()

    def single() -> None:
        while True:
            body = server.decide(CASE).body
            acknowledged.append((body["id"], body["index"]))

    def stream() -> None:
        conversation = Conversation(server)
        threading.Thread(target=feed, args=(conversation,), daemon=True).start()
        for answer in conversation.lines():
            acknowledged.append((answer["id"], answer["index"]))
            if len(acknowledged) > 1_500:
                enough.set()

    def feed(conversation: Conversation) -> None:
        with contextlib.suppress(OSError):
            while True:
                conversation.send(b"".join(line(n) for n in range(100)))

    def until_cut(work: Any) -> None:
        with contextlib.suppress(OSError, ValueError, Exception):
            work()

    workers = [threading.Thread(target=until_cut, args=(work,)) for work in (single, single, single, stream)]
    for each in workers:
        each.start()
    assert enough.wait(20)
    server.kill()
    for each in workers:
        each.join(timeout=20)
    with Workspace.open(server.folder) as workspace:
        assert len(acknowledged) > 1_500
        assert [workspace.ledger.find(entry_id) for entry_id, _ in acknowledged] == [at for _, at in acknowledged]
