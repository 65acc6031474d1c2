"""A witness cosigns what extends what it knows, and nothing else; it runs from two files alone."""

from __future__ import annotations

import runpy
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.ledger.logs import AT_S, NAME, MemoryStore, append, leaf
from waglan.ledger import note, tiles, verify, witness
from waglan.ledger.keys import Signer
from waglan.ledger.witness import Witness


class Watched:
    """A log, its witness, and requests between them."""

    def __init__(self, folder: Path) -> None:
        self.store = MemoryStore()
        self.signer = Signer.load_or_create(folder / "keys", NAME)
        self.witness = Witness(folder / "witness", "audit.example/w1")
        assert self.witness.trust(self.signer.vkeys) == NAME
        self.grow(300)

    def grow(self, count: int, **more: object) -> str:
        size = self.store.head().size
        return append(self.store, self.signer, [leaf(i, **more) for i in range(size, size + count)]).note

    def ask(self, old: int) -> witness.Answer:
        head = self.store.head()
        proof = tiles.consistency(self.store, head, old)
        return self.witness.add(witness.write_request(old, proof, head.note), AT_S)


@pytest.fixture
def log(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_what_grows_is_cosigned(log: Watched) -> None:
    for old, size in ((0, 300), (300, 300), (300, 301), (301, 700)):
        log.grow(size - log.store.head().size)
        answer = log.ask(old)
        assert answer.status == 200, answer
        cosigned = log.store.head().note + answer.body
        checked = note.check(cosigned, (*log.signer.vkeys, log.witness.vkey))
        assert (checked.size, len(checked.signatures)) == (size, 3)
        *_, signers = verify.read_head(cosigned, verify.read_keys([log.witness.vkey]))
        assert len(signers) == 1
        assert log.witness.newest(NAME) == cosigned


def test_another_starting_point_is_answered_with_the_right_one(log: Watched) -> None:
    log.ask(0)
    log.grow(5)
    for wrong in (0, 299):
        assert log.ask(wrong) == witness.Answer(409, "300\n", witness.SIZE)


def test_forks_and_rollbacks_are_refused_and_kept_as_evidence(log: Watched, tmp_path: Path) -> None:
    log.ask(0)
    known = log.witness.newest(NAME)
    fork = MemoryStore()
    append(fork, log.signer, [leaf(i, actor="x") for i in range(300)])
    log.store = fork
    assert log.ask(300).status == 409
    log.grow(10)
    assert log.ask(300).status == 422
    log.store = MemoryStore()
    log.grow(200)
    assert log.ask(0) == witness.Answer(409, "300\n", witness.SIZE)
    text = witness.write_request(300, [], log.store.head().note)
    assert log.witness.add(text, AT_S).status == 400
    assert log.witness.newest(NAME) == known
    assert list((tmp_path / "witness").glob("*.refused-*"))


def test_strangers_are_refused(log: Watched, tmp_path: Path) -> None:
    thief = Signer.load_or_create(tmp_path / "thief", NAME)
    assert (
        log.witness.add(witness.write_request(0, [], append(MemoryStore(), thief, [leaf(0)]).note), AT_S).status == 403
    )
    other = Signer.load_or_create(tmp_path / "other", "other.example/log")
    assert (
        log.witness.add(witness.write_request(0, [], append(MemoryStore(), other, [leaf(0)]).note), AT_S).status == 404
    )
    good = witness.write_request(0, [], log.store.head().note)
    for broken in (
        "",
        "old 0\n",
        "old 00\n\nx",
        "old -1\n\nx",
        "new 0\n\nx",
        "old 0\n!\n\nx",
        good.replace("\n\n", "\n"),
    ):
        assert log.witness.add(broken, AT_S).status in (400, 404), broken
    with pytest.raises(ValueError, match="one log"):
        log.witness.trust([*log.signer.vkeys, *other.vkeys])


def test_a_rotated_log_is_watched_on_under_its_new_keys(log: Watched) -> None:
    log.ask(0)
    log.signer.rotate("yearly", AT_S)
    log.signer.settle()
    log.grow(1)
    assert log.ask(300).status == 403
    log.witness.trust(log.signer.vkeys)
    assert log.ask(300).status == 200


def test_its_key_is_kept_and_private(log: Watched, tmp_path: Path) -> None:
    assert Witness(tmp_path / "witness").vkey == log.witness.vkey
    (tmp_path / "witness" / "key").chmod(0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        Witness(tmp_path / "witness")
    with pytest.raises(ValueError, match="needs a name"):
        Witness(tmp_path / "new", "two words")


@pytest.fixture
def url(log: Watched) -> Iterator[str]:
    server = witness.server(log.witness, "127.0.0.1", 0, lambda: AT_S)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_over_http_the_client_finds_the_starting_point(log: Watched, url: str) -> None:
    for count in (0, 40):
        log.grow(count)
        head = log.store.head()
        cosigned = witness.submit(url, head.note, lambda old, head=head: tiles.consistency(log.store, head, old))
        assert len(note.check(cosigned, (*log.signer.vkeys, log.witness.vkey)).signatures) == 3
    log.store = MemoryStore()
    log.grow(400, actor="rewritten")
    head = log.store.head()
    with pytest.raises(ValueError, match="422"):
        witness.submit(url, head.note, lambda old: tiles.consistency(log.store, head, old))


def test_it_runs_from_two_files_alone(log: Watched, tmp_path: Path) -> None:
    place = tmp_path / "machine"
    place.mkdir()
    for module in (witness, verify):
        shutil.copy(str(module.__file__), place)
    request = place / "request"
    request.write_text(witness.write_request(0, [], log.store.head().note), encoding="utf-8")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-S", "witness.py", "state", *arguments]
        return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)

    assert run("trust", "--name", "audit.example/w2", *log.signer.vkeys).returncode == 0
    vkey = run("vkey").stdout.strip()
    first = run("add", "request")
    assert first.returncode == 0, first.stderr
    assert len(note.check(log.store.head().note + first.stdout, (vkey,)).signatures) == 3
    again = run("add", "request")
    assert (again.returncode, again.stderr) == (1, "300\n")
    assert run("add", "missing").returncode == 2


def test_the_command_line_in_this_process(
    log: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["witness.py", str(tmp_path / "w2"), *arguments])
        try:
            return witness.main()
        except SystemExit as stop:
            return int(str(stop.code))

    request = tmp_path / "request"
    request.write_text(witness.write_request(0, [], log.store.head().note), encoding="utf-8")
    assert run("vkey") == 2
    assert run("trust", "--name", "audit.example/w2", *log.signer.vkeys) == 0
    assert run("vkey") == 0
    assert "watches" in capsys.readouterr().out
    assert [run("add", str(request)), run("add", str(request))] == [0, 1]


def test_http_refusals(log: Watched, url: str) -> None:
    def status(path: str, body: bytes | None = None) -> int:
        try:
            with urllib.request.urlopen(url + path, body, timeout=5) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code

    assert status("/vkey") == 200
    assert status(f"/checkpoint/{NAME}") == 404
    assert status("/elsewhere", b"x") == 404
    assert status("/add-checkpoint", b"\xff") == 400
    assert status("/add-checkpoint", witness.write_request(0, [], log.store.head().note).encode()) == 200
    assert status(f"/checkpoint/{NAME}") == 200


def test_the_file_alone_as_a_program(
    log: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(str(verify.__file__), tmp_path / "verify.py")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "argv", ["witness.py", str(tmp_path / "witness"), "vkey"])
    try:
        with pytest.raises(SystemExit) as stop:
            runpy.run_path(str(witness.__file__), run_name="__main__")
    finally:
        sys.modules.pop("verify")
    assert stop.value.code == 0 and capsys.readouterr().out.strip() == log.witness.vkey


def test_it_serves_until_interrupted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "waglan.ledger.witness", str(tmp_path), "serve", "--name", "w/1", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert "w/1 listens on http://127.0.0.1:" in running.stdout.readline()
        time.sleep(0.2)  # from the line to the loop that an interrupt ends
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 130


def test_a_client_gives_up_on_a_witness_that_keeps_moving_on(log: Watched) -> None:
    asked = []

    class Moving(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(409)
            self.send_header("Content-Type", witness.SIZE)
            self.end_headers()
            self.wfile.write(b"%d\n" % len(asked))

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Moving) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        head = log.store.head()
        with pytest.raises(ValueError, match="keeps moving on"):
            witness.submit(
                f"http://127.0.0.1:{server.server_address[1]}",
                head.note,
                lambda old: tiles.consistency(log.store, head, old),
            )
        server.shutdown()
        thread.join()
    assert [each.split(b"\n")[0] for each in asked] == [b"old 0", b"old 1", b"old 2"]
