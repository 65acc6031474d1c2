"""Every way of saying no: a whole Problem, the right status, and nothing that tells too much."""

from __future__ import annotations

import http.client
import io
import json
import resource
import time
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import CASE, JSON, NDJSON, Direct, Server, new_workspace, raw_exchange
from waglan.api import Limits
from waglan.runtime import Workspace


def refused(server: Server, *call: Any) -> tuple[int, str]:
    answer = server.call(*call)
    return answer.status, answer.code


def test_addresses_and_methods(server: Server) -> None:
    assert refused(server, "GET", "/nowhere") == (404, "request.not_found")
    assert server.call("GET", "/").headers["location"] == "/console/overview"
    assert refused(server, "GET", "/decisions/") == (404, "request.not_found")
    assert refused(server, "POST", "/decide/triage/more", b"{}", JSON) == (404, "request.not_found")
    assert refused(server, "POST", "/decide/triagge", b"{}", JSON) == (404, "use_case.unknown")
    for verb, path, allowed in (
        ("GET", "/decide/triage", "POST"),
        ("DELETE", "/decisions", "GET, HEAD"),
        ("POST", "/health", "GET, HEAD"),
    ):
        answer = server.call(verb, path)
        assert (answer.status, answer.code) == (405, "request.method")
        assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=big5"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_media_types(server: Server, headers: dict[str, str]) -> None:
    assert refused(server, "POST", "/decide/triage", b"{}", headers) == (415, "request.media_type")


def test_media_type_spelling(server: Server) -> None:
    for spelt in ("Application/JSON", "application/json;charset=UTF-8", 'application/json; charset="utf-8"; x=y'):
        assert server.call("POST", "/decide/triage", CASE, {"Content-Type": spelt}).status == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "request.malformed"),
        (b"{", "request.malformed"),
        (b'{"amount_hkd": NaN}', "request.malformed"),
        (b'{"amount_hkd": 1, "amount_hkd": 2}', "request.duplicate"),
        (b"null", "request.shape"),
        (b'"text"', "request.shape"),
        (b"12", "request.shape"),
        (b'{"customer": "\xc3"}', "request.malformed"),
        (b'{"history": ' + b"[" * 40 + b"]" * 40 + b"}", "request.malformed"),
    ],
)
def test_bodies(server: Server, body: bytes, code: str) -> None:
    assert refused(server, "POST", "/decide/triage", body, JSON) == (400, code)


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        ({"amount_hkd": None}, "input.missing", "amount_hkd"),
        ({"amount_hkd": "12"}, "input.wrong", "amount_hkd"),
        ({"amount_hkd": 10**40}, "input.wrong", "amount_hkd"),
        ({"amount_hkd": 1e300}, "input.wrong", "amount_hkd"),
        ({"kind": "feee"}, "input.wrong", "kind"),
        ({"first_contact": "2026-02-30"}, "input.wrong", "first_contact"),
        ({"amonut": 1}, "input.unknown", "amonut"),
    ],
)
def test_fields(server: Server, change: dict[str, Any], code: str, where: str) -> None:
    answer = server.decide({**CASE, **change})
    assert (answer.status, answer.code, answer.body["where"]) == (422, code, where)


def test_sizes(server: Server) -> None:
    limits = Limits()
    assert refused(server, "POST", "/decide/triage", b" " * (limits.body_bytes + 1), JSON) == (413, "request.too_large")
    assert server.decide([CASE] * (limits.items + 1)).code == "request.too_large"
    assert server.decide([CASE] * limits.items).status == 200
    key = f"Authorization: Bearer {server.secret}\r\n".encode()
    head = b"POST /decide/triage HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
    head += key
    declared = raw_exchange(server.port, head + b"Content-Length: 999999999999\r\n\r\n{}")
    assert declared.startswith(b"HTTP/1.1 413")
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b" " * 65536 + b"\r\n") * 65 + b"0\r\n\r\n"
    assert raw_exchange(server.port, chunked).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.2", "", "localhost:80x", "[::2]", "127.0.0.1.nip.io:8420"],
)
def test_foreign_hosts(server: Server, host: str) -> None:
    assert refused(server, "GET", "/health", None, {"Host": host}) == (421, "request.host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:9", "[::1]", "[::1]:8420"])
def test_our_hosts(server: Server, host: str) -> None:
    assert server.call("GET", "/health", None, {"Host": host}).status == 200


def test_hosts_on_the_wire(server: Server) -> None:
    none = raw_exchange(server.port, b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n")
    two = raw_exchange(
        server.port, b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    )
    for raw in (none, two):
        assert raw.split(b" ", 2)[1] in (b"400", b"421")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "https://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_sites(server: Server, headers: dict[str, str]) -> None:
    answer = server.decide(CASE, headers)
    assert (answer.status, answer.code) == (403, "request.origin")


def test_our_own_pages_may_post(server: Server) -> None:
    origin = {"Origin": f"http://127.0.0.1:{server.port}", "Sec-Fetch-Site": "same-origin"}
    assert server.decide(CASE, origin).status == 200


@pytest.mark.parametrize("path", ["/health", "/nowhere", "/decisions", "/use-cases/none", "/openapi.json"])
def test_headers_on_every_answer(server: Server, path: str) -> None:
    headers = server.call("GET", path, None, {"Origin": "http://evil.example"}).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert not [name for name in headers if name.startswith("access-control")]


def test_too_many_event_streams(direct: Direct) -> None:
    none = Direct(direct.workspace, limits=Limits(streams=0))
    answer = none.call("GET", "/decisions", headers={"Accept": "text/event-stream"})
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "request.busy", "2")


def test_a_bug_is_written_down_without_anybodys_data(direct: Direct, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = "SYN-A12" + "3456(3)"

    async def broken(*_: Any) -> Any:
        raise KeyError(customer)

    errors = io.StringIO()
    app = Direct(direct.workspace, errors=errors)
    monkeypatch.setattr(direct.workspace.runtime, "decide", broken)
    answer = app.call("POST", "/decide/triage", [json.dumps(CASE).encode()], JSON)
    assert (answer.status, answer.code) == (500, "server.bug")
    assert answer.body["where"] in errors.getvalue()
    assert "KeyError at POST /decide/{use_case}" in errors.getvalue() and "in broken" in errors.getvalue()
    for text in (errors.getvalue(), answer.raw.decode()):
        assert "A123456" not in text
    assert "Traceback" not in answer.raw.decode() and ".py" not in answer.raw.decode()


def test_a_bug_in_the_middle_of_a_stream_ends_it_with_a_problem(
    direct: Direct, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, calls = direct.workspace.runtime.decide_many, []

    def broken(*args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) > 1:
            raise KeyError("SYN-A123456(3)")
        return whole(*args, **options)

    errors = io.StringIO()
    monkeypatch.setattr(direct.workspace.runtime, "decide_many", broken)
    app = Direct(direct.workspace, errors=errors, limits=Limits(batch=2))
    line = json.dumps(CASE).encode() + b"\n"
    answer = app.call("POST", "/decide/triage", [line * 4], NDJSON)
    found = [json.loads(each) for each in answer.raw.splitlines()]
    assert [each.get("route") for each in found] == ["auto", "auto", None]
    assert found[-1]["type"] == "urn:waglan:problem:server.bug"


def test_a_log_that_cant_be_written_answers_503_and_recovers_alone(tmp_path: Path) -> None:
    """The operating system refuses to let files grow, as on a full disk; then it lets them again."""
    server = Server(new_workspace(tmp_path / "bank"))
    try:
        assert server.decide(CASE).status == 200
        (worker,) = server.workers()
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        answer = server.decide(CASE)
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "ledger.unavailable", "2")
        assert server.decide([CASE, CASE]).status == 503
        stream = server.call("POST", "/decide/triage", json.dumps(CASE).encode(), NDJSON)
        assert (stream.status, stream.code) == (503, "ledger.unavailable")
        assert server.call("GET", "/ready").status == 503
        assert server.call("GET", "/health").status == 200
        assert len(server.call("GET", "/decisions").body["entries"]) == 1
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        until = time.monotonic() + 15
        while server.decide(CASE).status != 200:
            assert time.monotonic() < until, server.errors.read_text()
            time.sleep(0.2)
        assert server.call("GET", "/ready").status == 200
    finally:
        server.kill()
    with Workspace.open(server.folder) as workspace:
        assert workspace.ledger.available


def test_garbage_on_the_wire_doesnt_stop_the_server(server: Server) -> None:
    for raw in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"A" * 100_000):
        raw_exchange(server.port, raw)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request("GET", "/health")
    assert connection.getresponse().status == 200
    connection.close()
