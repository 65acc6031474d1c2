"""Reading through the door: leaves, proofs, the feed, and a log that anybody can check from its tiles."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import CASE, NDJSON, Answer, Server, with_key
from waglan.ledger import merkle, receipt, tiles, verify
from waglan.ledger.keys import Signer

LOG = "/ledger/testbank/decisions"


@pytest.fixture(scope="module")
def grown(server: Server) -> Server:
    """The shared server with more than two full tiles."""
    raw = json.dumps(CASE).encode() + b"\n"
    while server.call("GET", "/ready").body["size"] < 600:
        assert server.call("POST", "/decide/triage", raw * 300, NDJSON).status == 200
    return server


def test_a_decision_by_id(server: Server) -> None:
    body = server.decide(CASE).body
    found = server.call("GET", f"/decisions/{body['id']}").body
    assert (found["id"], found["index"]) == (body["id"], body["index"])
    assert found["size"] > found["index"]
    assert found["leaf"]["id"] == body["id"] and found["leaf"]["kind"] == "decision"
    assert found["leaf"]["facts"]["route"] == "auto"
    assert "SYN-0001" not in json.dumps(found)


def test_a_proof_holds_and_says_nothing_personal(server: Server, tmp_path: Path) -> None:
    body = server.decide(CASE).body
    raw = server.call("GET", f"/decisions/{body['id']}/proof").raw
    proof = receipt.parse(raw)
    assert (proof.index, json.loads(proof.leaf)["id"], proof.opened) == (body["index"], body["id"], None)
    vkeys = Signer.load_or_create(server.folder / "keys", "testbank/decisions").vkeys
    assert receipt.check(proof, vkeys).size > proof.index
    assert b"SYN-0001" not in raw
    kept = tmp_path / "receipt.json"
    kept.write_bytes(raw)
    command = [sys.executable, verify.__file__, "--vkey", *vkeys, "--proof", str(kept)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("suffix", ["", "/proof"])
@pytest.mark.parametrize(
    "entry_id", ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "nonsense", "%00", "a" * 300, "01ARZ3NDEKTSV4RRFFQ69G5FAU'"]
)
def test_an_unknown_decision(server: Server, entry_id: str, suffix: str) -> None:
    answer = server.call("GET", f"/decisions/{entry_id}{suffix}")
    assert (answer.status, answer.code) == (404, "request.not_found")


def test_other_events_arent_decisions(grown: Server) -> None:
    bundle = grown.call("GET", f"{LOG}/tile/entries/000").raw
    other = next(json.loads(leaf) for leaf in tiles.unpack(bundle) if json.loads(leaf)["kind"] != "decision")
    assert grown.call("GET", f"/decisions/{other['id']}").status == 404


def test_the_feed_goes_through_all_decisions_once(grown: Server) -> None:
    size = grown.call("GET", "/ready").body["size"]
    seen, after = [], -1
    while True:
        page = grown.call("GET", f"/decisions?after={after}&limit=170").body
        seen += [(each["index"], each["leaf"]["id"]) for each in page["entries"]]
        assert len(page["entries"]) <= 170
        if page["next"] == after:
            break
        after = page["next"]
    assert after >= size - 1
    assert [index for index, _ in seen] == sorted({index for index, _ in seen})
    assert len({entry_id for _, entry_id in seen}) == len(seen) >= 590


@pytest.mark.parametrize(
    "query", ["after=x", "after=-2", "limit=0", "limit=1001", "limit=1.5", "afterr=1", "after=" + "9" * 40]
)
def test_a_wrong_query_is_named(server: Server, query: str) -> None:
    answer = server.call("GET", f"/decisions?{query}")
    assert (answer.status, answer.code) == (400, "request.query")
    assert answer.body["where"] == query.partition("=")[0]


class Events:
    """A server-sent event stream read with http.client."""

    def __init__(self, server: Server, path: str = "/decisions", **headers: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        asked = with_key({"Accept": "text/event-stream", **headers}, server.secret)
        self.connection.request("GET", path, headers=asked)
        self.response = self.connection.getresponse()
        assert self.response.headers["content-type"].startswith("text/event-stream")

    def next(self) -> tuple[int, Any]:
        fields: dict[bytes, bytes] = {}
        while raw := self.response.readline().strip():
            name, _, value = raw.partition(b": ")
            fields[name] = value
        return (int(fields[b"id"]), json.loads(fields[b"data"])) if b"id" in fields else self.next()

    def close(self) -> None:
        self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.connection.close()


def test_events_come_as_they_are_recorded_and_resume(server: Server) -> None:
    last = server.call("GET", "/ready").body["size"] - 1
    events = Events(server, f"/decisions?after={last}")
    ids = [server.decide(CASE).body["id"] for _ in range(3)]
    first = events.next()
    assert first[1]["id"] == ids[0]
    events.close()
    resumed = Events(server, **{"Last-Event-ID": str(first[0])})
    assert [resumed.next()[1]["id"] for _ in range(2)] == ids[1:]
    resumed.close()


def test_the_tiles_make_the_signed_root(grown: Server) -> None:
    note = grown.call("GET", f"{LOG}/checkpoint")
    assert note.headers["content-type"] == "text/plain; charset=utf-8"
    origin, size_text, root, *_ = note.raw.decode().split("\n")
    size = int(size_text)
    assert origin == "testbank/decisions"
    leaves: list[bytes] = []
    for index in range(0, (size + 255) // 256):
        width = min(256, size - index * 256)
        bundle = grown.call("GET", f"{LOG}/{tiles.entries_path(index, width)}")
        hashes = grown.call("GET", f"{LOG}/{tiles.tile_path(0, index, width)}")
        assert "immutable" in bundle.headers["cache-control"] and "immutable" in hashes.headers["cache-control"]
        mine = [hashlib.sha256(b"\0" + leaf).digest() for leaf in tiles.unpack(bundle.raw)]
        assert hashes.raw == b"".join(mine)
        leaves += mine
    assert len(leaves) == size
    assert base64.b64encode(_root(leaves)).decode() == root
    upper = grown.call("GET", f"{LOG}/{tiles.tile_path(1, 0, size // 256)}").raw
    assert upper[:32] == _root(leaves[:256])


def _root(hashes: list[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return merkle.node_hash(_root(hashes[:split]), _root(hashes[split:]))


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/001x", "tile/0/x000/000", "tile/00/000", "tile/64/000", "tile/0/000.p/0", "tile/0/000.p/256",
        "tile/0/000.p/007", "tile/0/999", "tile/entries/999", "tile/entries/x999/999/000", "tile/9/000", "tile/0/0",
        "tile/0/../0/000", "tile/", "tile/0/002.p/255",
    ],
)  # fmt: skip
def test_a_tile_that_isnt_there(grown: Server, path: str) -> None:
    answer = grown.call("GET", f"{LOG}/{path}")
    assert (answer.status, answer.code) == (404, "request.not_found")


def test_another_log_isnt_here(grown: Server) -> None:
    for path in ("/ledger/otherbank/decisions/checkpoint", "/ledger/otherbank/decisions/tile/0/000"):
        assert grown.call("GET", path).status == 404


def test_use_cases(server: Server) -> None:
    listed = server.call("GET", "/use-cases").body["use_cases"]
    assert next(each for each in listed if each["name"] == "triage")["open"] is True
    shown = server.call("GET", "/use-cases/triage").body
    assert shown["title"]["zh-Hant"] == "投訴分流"
    assert shown["inputs"]["properties"]["kind"]["enum"] == ["fee", "service", "fraud"]
    assert not {"owner", "models", "controls"} & shown.keys()
    unknown = server.call("GET", "/use-cases/triag")
    assert unknown.status == 404 and "'triage'" in unknown.body["detail"]


def test_live_and_ready(server: Server) -> None:
    assert server.call("GET", "/health").body == {"status": "live"}
    ready = server.call("GET", "/ready").body
    assert ready["status"] == "ready" and ready["size"] >= 1


def test_head_is_get_without_a_body(server: Server) -> None:
    answer: Answer = server.call("HEAD", "/health")
    assert answer.status == 200 and answer.raw == b""
