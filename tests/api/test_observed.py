"""A real server with two workers, as monitoring and whoever reads its log see it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.api.conftest import CASE, Server, new_key, new_workspace, open_access
from tests.api.test_access_log import CANARIES, DIRTY, KEYS
from tests.api.test_metrics import Read, read
from waglan.access import COOKIE


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    patch = pytest.MonkeyPatch()
    patch.setenv("WAGLAN_SERVER__LOG", "json")
    folder = new_workspace(tmp_path_factory.mktemp("observed") / "bank")
    with open_access(folder, "testbank") as access:
        access.people.add("Rita Canary", "chan@example.test", ["reviewer"])
    running = Server(folder, "--workers", "2")
    patch.undo()
    yield running
    running.kill()


def page(server: Server, secret: str) -> dict[str, Read]:
    answer = server.call("GET", "/metrics", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return read(answer.raw.decode())


def test_every_worker_tells_the_same(observed: Server) -> None:
    secret = new_key(observed.folder, "metrics.read")
    for n in range(12):
        assert observed.decide({**CASE, "customer": f"C-{n}", "kind": "fraud" if n % 4 == 0 else "fee"}).status == 200
    told: dict[str, dict[str, Read]] = {}
    for _ in range(200):
        found = page(observed, secret)
        ((_, labels),) = found["waglan_process_start_time_seconds"].samples
        told[dict(labels)["worker"]] = found
        if len(told) == 2:
            break
    assert len(told) == 2, "both workers are asked"
    one, other = told.values()
    assert one["waglan_decisions_total"] == other["waglan_decisions_total"]
    assert sum(one["waglan_decisions_total"].samples.values()) == 12
    assert one["waglan_reviews"] == other["waglan_reviews"]
    assert {"worker", "route", "method", "status"} == {
        name for name, _ in next(iter(one["waglan_http_requests_total"].samples))[1]
    }


def test_who_may_scrape(observed: Server) -> None:
    assert observed.call("GET", "/metrics", headers={"Authorization": ""}).status == 401
    other = new_key(observed.folder, "decision.make")
    assert observed.call("GET", "/metrics", headers={"Authorization": f"Bearer {other}"}).status == 403


def test_the_log_of_a_real_server_names_nobody(observed: Server) -> None:
    with open_access(observed.folder, "testbank") as access:
        person = access.people.find("chan@example.test")
        assert person is not None
        cookie = access.sessions.start(person, "password").cookie
    signed_in = {"Cookie": f"{COOKIE}={cookie}"}
    key = new_key(observed.folder, "decision.make")
    observed.decide({**CASE, "customer": "A123456(3)", "text": DIRTY})
    observed.call("GET", "/console/overview?name=canary", headers=signed_in)
    observed.call("GET", "/console/decisions/98765432", headers=signed_in)
    form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": observed.told["url"], "Authorization": ""}
    observed.call("POST", "/console/sign-in", b"email=chan@example.test&password=canary", form)
    observed.call("GET", "/decisions/A123456(3)", headers={"Authorization": f"Bearer {key}", "X-Canary": "canary"})
    text = observed.errors.read_text()
    assert [canary for canary in (*CANARIES, cookie, key, "Rita") if canary in text] == []
    lines = [json.loads(line) for line in text.splitlines()]
    assert all(list(line) == KEYS for line in lines if line["event"] == "http")
    seen = {(line["route"], line["status"]): line["actor"] for line in lines if line["event"] == "http"}
    assert re.fullmatch(r"k-\w{26}", seen["/decide/{use_case}", 200])
    assert seen["/console/overview", 200] == person.id
    assert seen["/console/decisions/{id}", 404] == person.id
    assert not any(route == "-" for route, _ in seen), seen
    assert len({line["worker"] for line in lines}) == 2
