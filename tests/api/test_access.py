"""Who may use which door: keys, sessions, tenants, examiners, and how much of it."""

from __future__ import annotations

import json
import re
import time
import timeit
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import postgres
from tests.api.conftest import CASE, FIRM, JSON, NDJSON, Answer, Direct, Server, new_key, new_workspace
from tests.api.test_records import Events
from tests.api.test_stream import Conversation, line
from waglan.access import COOKIE, SCOPES, Access, Action, Role
from waglan.access.sessions import IDLE_MS
from waglan.api import Limits, routes
from waglan.api.caller import Callers
from waglan.core import Problem
from waglan.core.ids import Ids
from waglan.runtime import Workspace

BODY = [json.dumps(CASE).encode()]
PUBLIC = "https://waglan.bank.example"
LOG = "/ledger/testbank/decisions"
CLOSED = [door for door in routes.DOORS if door.action is not None]


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Direct]:
    folder = new_workspace(tmp_path_factory.mktemp("closed") / "bank")
    with Workspace.open(folder) as workspace:
        yield Direct(workspace)


def ask(bank: Direct, door: routes.Door, headers: dict[str, str] | None = None, entry_id: str = "") -> Answer:
    """One request to a door, of something that is there."""
    if not entry_id:
        entry_id = bank.call("POST", "/decide/triage", BODY, JSON).body["id"]
    named = {"use_case": "triage", "name": "triage", "id": entry_id, "path": "entries/000.p/1"}
    path = re.sub(r"\{(\w+)(:path)?\}", lambda m: named.get(m[1], "testbank/decisions"), door.path)
    return bank.call(door.method, path, BODY, {**JSON, **(headers or {})})


def signed_in(bank: Direct, *roles: Role, until_ms: int | None = None) -> tuple[str, str]:
    """The id and cookie of a new person."""
    address = f"{Ids().new(time.time_ns() // 1_000_000)}@bank.example"
    person = bank.access.people.add("Somebody", address, roles, until_ms=until_ms)
    return person.id, bank.access.sessions.start(person, "password").cookie


def by_cookie(cookie: str, **more: str) -> dict[str, str]:
    return {"Cookie": f"theme=dark; {COOKIE}={cookie}", **more}


def test_all_doors_but_three_are_closed() -> None:
    assert {door.path for door in routes.DOORS if door.action is None} == {"/health", "/ready", "/openapi.json"}


@pytest.mark.parametrize("door", routes.DOORS, ids=lambda door: door.operation)
def test_nobody_passes_without_a_key(bank: Direct, door: routes.Door) -> None:
    answer = ask(bank, door, {"Authorization": ""})
    if door.action is None:
        assert answer.status == 200
    else:
        assert (answer.status, answer.code) == (401, "access.sign_in")
        assert answer.headers["www-authenticate"] == 'Bearer realm="waglan"'


@pytest.mark.parametrize("door", CLOSED, ids=lambda door: door.operation)
def test_a_key_opens_what_its_scope_names(bank: Direct, door: routes.Door) -> None:
    assert door.action is not None
    folder, entry_id = bank.workspace.folder, bank.call("POST", "/decide/triage", BODY, JSON).body["id"]
    only = {"Authorization": f"Bearer {new_key(folder, door.action.value)}"}
    assert ask(bank, door, only, entry_id).status == 200
    others = [each.value for each in SCOPES if each != door.action]
    rest = {"Authorization": f"bearer  {new_key(folder, *others)}"}
    refused = ask(bank, door, rest, entry_id)
    assert (refused.status, refused.code, refused.body["where"]) == (403, "access.denied", "machine.scope")


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer", "Bearer ", "Basic dGVzdDp0ZXN0", "Bearer wgl_testbank_x_y", "Bearer é", "wgl_testbank_x", "Bearer \0",
        "x" * 9_000,
    ],
)  # fmt: skip
def test_no_other_header_is_a_key(bank: Direct, authorization: str) -> None:
    answer = bank.call("GET", "/decisions", headers={"Authorization": authorization})
    assert (answer.status, answer.code) == (401, "access.sign_in")
    shown = authorization.rpartition(" ")[2]
    assert not shown or shown == "Bearer" or shown not in answer.raw.decode()


def test_a_key_in_the_address_is_none(bank: Direct) -> None:
    answer = bank.call("GET", f"/decisions?access_token={bank.secret}", headers={"Authorization": ""})
    assert answer.status == 401 and bank.secret not in answer.raw.decode()


def test_a_revoked_or_expired_key_opens_nothing(bank: Direct, monkeypatch: pytest.MonkeyPatch) -> None:
    made = bank.access.keys.create("soon gone", ["decision.read"], 1, "cli")
    headers = {"Authorization": f"Bearer {made.secret}"}
    assert bank.call("GET", "/decisions", headers=headers).status == 200
    bank.access.keys.revoke(made.key.id)
    assert bank.call("GET", "/decisions", headers=headers).status == 401
    short = bank.access.keys.create("one day", ["decision.read"], 1, "cli")
    headers = {"Authorization": f"Bearer {short.secret}"}
    assert bank.call("GET", "/decisions", headers=headers).status == 200
    clock = bank.access.keys._clock
    monkeypatch.setattr(type(clock), "now_ms", lambda self: short.key.expires_ms)
    assert bank.call("GET", "/decisions", headers=headers).status == 401


def test_the_key_is_the_actor_of_what_it_decides(bank: Direct) -> None:
    made = bank.access.keys.create("core banking", ["decision.make"], 1, "cli")
    headers = {"Authorization": f"Bearer {made.secret}"}
    one = bank.call("POST", "/decide/triage", BODY, {**JSON, **headers}).body
    several = bank.call("POST", "/decide/triage", [json.dumps([CASE, CASE]).encode()], {**JSON, **headers}).body
    streamed = bank.call("POST", "/decide/triage", [line(1)], {**NDJSON, **headers})
    for reply in (one, *several, json.loads(streamed.raw)):
        assert bank.workspace.ledger.leaf(reply["index"])["actor"] == made.key.id


def test_an_idempotency_key_is_one_caller_s(bank: Direct) -> None:
    headers = {**JSON, "Idempotency-Key": "0123456789abcdef-access"}
    first = bank.call("POST", "/decide/triage", BODY, headers)
    other = {**headers, "Authorization": f"Bearer {new_key(bank.workspace.folder)}"}
    assert bank.call("POST", "/decide/triage", BODY, headers).raw == first.raw
    assert bank.call("POST", "/decide/triage", BODY, other).code == "request.conflict"


# ---- people with a session


def test_a_session_opens_what_its_roles_allow(bank: Direct) -> None:
    who, cookie = signed_in(bank, "user")
    here = by_cookie(cookie, Origin="http://localhost")
    reply = ask(bank, routes.DECIDE, here)
    assert reply.status == 200 and bank.workspace.ledger.leaf(reply.body["index"])["actor"] == who
    assert {ask(bank, door, here).status for door in CLOSED} == {200}
    _, admin = signed_in(bank, "admin")
    refused = ask(bank, routes.DECIDE, by_cookie(admin, Origin="http://localhost"))
    assert (refused.status, refused.code) == (403, "access.denied")
    _, vendor = signed_in(bank, "reviewer")
    bank.access.people.change(_id(bank, vendor), roles=("provider",), vendor="Acme")
    assert {ask(bank, door, by_cookie(vendor, Origin="http://localhost")).status for door in CLOSED} == {403}


def _id(bank: Direct, cookie: str) -> str:
    identity = bank.access.sessions.resume(cookie)
    assert identity is not None
    return identity.id


def test_a_cookie_alone_decides_nothing(bank: Direct) -> None:
    """Cross-site request forgery: the browser sends the cookie, but it also says where the request comes from."""
    _, cookie = signed_in(bank, "user")
    for more in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        answer = ask(bank, routes.DECIDE, by_cookie(cookie, **more))
        assert (answer.status, answer.code) == (403, "request.origin")
    assert ask(bank, routes.DECIDE, by_cookie(cookie, **{"Sec-Fetch-Site": "same-origin"})).status == 200
    assert bank.call("GET", "/decisions", headers=by_cookie(cookie)).status == 200


def test_a_stolen_cookie_opens_nothing_after_signing_out(bank: Direct) -> None:
    _, cookie = signed_in(bank, "user")
    bank.access.sessions.end(cookie)
    for headers in (by_cookie(cookie), by_cookie(""), {"Cookie": f"x{COOKIE}={cookie}"}, {"Cookie": "é"}):
        assert bank.call("GET", "/decisions", headers=headers).status == 401


def test_a_key_comes_before_a_cookie(bank: Direct) -> None:
    _, cookie = signed_in(bank, "user")
    assert bank.call("GET", "/decisions", headers={**by_cookie(cookie), "Authorization": "Bearer x"}).status == 401


# ---- examiners


def test_an_examiner_s_look_is_on_the_log_before_the_answer(bank: Direct) -> None:
    entry_id = bank.call("POST", "/decide/triage", BODY, JSON).body["id"]
    who, cookie = signed_in(bank, "examiner", until_ms=bank.workspace.clock.now_ms() + 60_000)
    ledger = bank.workspace.ledger
    for door in (each for each in CLOSED if each is not routes.DECIDE):
        before = ledger.head().size
        assert ask(bank, door, by_cookie(cookie), entry_id).status == 200
        leaf = ledger.leaf(before)
        assert (leaf["kind"], leaf["actor"], leaf["facts"]["what"]) == ("read", who, f"GET {door.path}")
        assert leaf.get("refs", []) == ([entry_id] if "{id}" in door.path else [])
        assert ledger.head().size == before + 1
    before = ledger.head().size
    assert ask(bank, routes.DECIDE, by_cookie(cookie, Origin="http://localhost"), entry_id).status == 403
    bank.call("GET", "/decisions")
    assert ledger.head().size == before


def test_what_can_t_be_recorded_an_examiner_doesn_t_see(bank: Direct, monkeypatch: pytest.MonkeyPatch) -> None:
    _, cookie = signed_in(bank, "examiner", until_ms=bank.workspace.clock.now_ms() + 60_000)

    def refuse(*_: Any, **__: Any) -> Any:
        raise Problem("The ledger is unavailable.", "Full.", "Wait.", code="ledger.unavailable", status=503)

    monkeypatch.setattr(bank.workspace.ledger, "submit", refuse)
    answer = bank.call("GET", "/decisions", headers=by_cookie(cookie))
    assert (answer.status, answer.code) == (503, "ledger.unavailable")
    assert bank.call("GET", "/decisions").status == 200


def test_an_examiner_s_time_ends(bank: Direct) -> None:
    end = bank.workspace.clock.now_ms() + 60_000
    who, cookie = signed_in(bank, "examiner", until_ms=end)
    assert bank.call("GET", "/decisions", headers=by_cookie(cookie)).status == 200
    bank.access.people.change(who, until_ms=bank.workspace.clock.now_ms() + 30)
    time.sleep(0.05)
    assert bank.call("GET", "/decisions", headers=by_cookie(cookie)).status == 401


# ---- how much


def test_too_many_requests_of_one_key(bank: Direct) -> None:
    slow = Direct(bank.workspace, bank.access, limits=Limits(requests_per_s=0.5, requests_burst=3))
    statuses = [slow.call("GET", "/decisions").status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = slow.call("POST", "/decide/triage", BODY, JSON)
    assert (refused.status, refused.code, refused.headers["retry-after"]) == (429, "access.slow_down", "2")
    other = {"Authorization": f"Bearer {new_key(bank.workspace.folder)}"}
    assert slow.call("GET", "/decisions", headers=other).status == 200
    assert slow.call("GET", "/health").status == 200


def test_admitting_a_known_key_is_cheap(bank: Direct) -> None:
    callers = Callers(bank.access, Limits(requests_per_s=1e9, requests_burst=10**9), bank.workspace.clock)
    headers = {b"host": b"localhost", b"authorization": f"Bearer {bank.secret}".encode()}
    scope = {"method": "POST", "headers": list(headers.items())}
    taken = timeit.repeat(lambda: callers.admit(scope, headers, Action.DECISION_MAKE), number=1_000, repeat=7)
    assert min(taken) / 1_000 < 45e-6  # one look into the file would take longer than that


def test_access_that_can_t_be_looked_up_is_503(bank: Direct, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise Problem("No.", "Disk.", "Wait.", code="access.unavailable", status=503)

    monkeypatch.setattr(bank.access.keys, "check", broken)
    answer = bank.call("GET", "/decisions")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "access.unavailable", "2")


# ---- answers that take long


def test_a_stream_ends_when_its_key_is_revoked(server: Server) -> None:
    secret = new_key(server.folder, "decision.make")
    conversation = Conversation(server, secret)
    conversation.send(line(1))
    answers = conversation.lines()
    assert next(answers)["route"] == "auto"
    _revoke(server.folder, secret)
    time.sleep(0.7)
    conversation.send(line(2))
    assert [each.get("type") for each in answers] == ["urn:waglan:problem:access.sign_in"]
    conversation.close()
    assert server.decide(CASE, {"Authorization": f"Bearer {secret}"}).status == 401


def test_an_event_stream_ends_when_its_key_is_revoked(server: Server) -> None:
    secret = new_key(server.folder, "decision.read")
    events = Events(server, "/decisions?after=999999", Authorization=f"Bearer {secret}")
    _revoke(server.folder, secret)
    rest = events.response.read()
    assert rest.rstrip().splitlines()[-2] == b"event: problem" and b"access.sign_in" in rest
    events.connection.close()


def _revoke(folder: Path, secret: str) -> None:
    with Access.open(folder, tenant="testbank") as access:
        access.keys.revoke("k-" + secret.split("_")[2])


def test_an_event_stream_keeps_no_session_awake(bank: Direct, monkeypatch: pytest.MonkeyPatch) -> None:
    _, cookie = signed_in(bank, "auditor")
    callers = Callers(bank.access, Limits(), bank.workspace.clock)
    headers = {b"cookie": f"{COOKIE}={cookie}".encode()}
    caller = callers.admit({"method": "GET", "headers": []}, headers, Action.DECISION_READ)
    start = bank.workspace.clock.now_ms()
    for minutes in range(15):
        monkeypatch.setattr(type(bank.access.sessions._clock), "now_ms", lambda self, m=minutes: start + m * 60_000)
        caller.still()
    monkeypatch.setattr(type(bank.access.sessions._clock), "now_ms", lambda self: start + IDLE_MS)
    with pytest.raises(Problem, match="needs a key or a session"):
        caller.still()


# ---- the public address


@pytest.fixture(scope="module")
def public(bank: Direct) -> Direct:
    return Direct(bank.workspace, bank.access, public_url=PUBLIC)


@pytest.mark.parametrize("host", ["waglan.bank.example", "WAGLAN.bank.example:443", "localhost", "127.0.0.1:8420"])
def test_public_and_local_names_are_ours(public: Direct, host: str) -> None:
    assert public.call("GET", "/health", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "waglan.bank.example:8443", "waglan.bank.example.evil.example", "xwaglan.bank.example", ""]
)
def test_other_names_aren_t(public: Direct, bank: Direct, host: str) -> None:
    assert public.call("GET", "/health", headers={"Host": host}).code == "request.host"
    assert bank.call("GET", "/health", headers={"Host": "waglan.bank.example"}).code == "request.host"


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("waglan.bank.example", PUBLIC, 200),
        ("localhost:8420", PUBLIC, 200),
        ("localhost:8420", "http://localhost:8420", 200),
        ("waglan.bank.example", "http://waglan.bank.example", 403),
        ("waglan.bank.example", "https://evil.example", 403),
        ("waglan.bank.example", "http://localhost", 403),
        ("localhost:8420", "http://localhost:9000", 403),
        ("waglan.bank.example", "null", 403),
        ("waglan.bank.example", "", 403),
    ],
)
def test_an_origin_has_to_be_ours(public: Direct, host: str, origin: str, status: int) -> None:
    assert public.call("POST", "/decide/triage", BODY, {**JSON, "Host": host, "Origin": origin}).status == status


@pytest.mark.parametrize(
    "address", ["waglan.bank.example", "ftp://waglan", "https://", "https://a.example/path", "https://u@a.example", "https://a.example?x"]
)  # fmt: skip
def test_a_public_address_that_is_none(bank: Direct, address: str) -> None:
    with pytest.raises(Problem) as caught:
        Direct(bank.workspace, bank.access, public_url=address)
    assert caught.value.code == "settings.public_url"


# ---- tenants


def other_firm(folder: Path, name: str) -> str:
    """A module whose use case bears another name; gives its path."""
    folder.mkdir()
    (folder / "theirs.py").write_text(FIRM.read_text(encoding="utf-8").replace("triage.toml", "theirs.toml"))
    manifest = FIRM.with_suffix(".toml").read_text(encoding="utf-8")
    (folder / "theirs.toml").write_text(manifest.replace('name = "triage"', f'name = "{name}"', 1), encoding="utf-8")
    return str(folder / "theirs.py")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def two_banks(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Direct, Direct]]:
    folder = tmp_path_factory.mktemp("two")
    module = other_firm(folder / "firm", "theirs")
    if request.param == "sqlite":
        yield from _opened(folder, module)
    else:
        with postgres.server() as running:
            yield from _opened(folder, module, store="postgresql", dsn=running.database())


def _opened(folder: Path, module: str, **store: Any) -> Iterator[tuple[Direct, Direct]]:
    ours = Workspace.create(folder / "ours", tenant="bank-a", modules=(str(FIRM),), **store)
    theirs = Workspace.create(folder / "theirs", tenant="bank-b", modules=(module,), **store)
    with ours, theirs:
        yield Direct(ours), Direct(theirs)


def requests(document: dict[str, Any], values: dict[str, str]) -> list[tuple[str, str]]:
    """Every operation of an OpenAPI document, with ids put in."""
    return [
        (verb.upper(), re.sub(r"\{(\w+)\}", lambda m: values[m[1]], path))
        for path, item in document["paths"].items()
        for verb in item
    ]


def test_another_tenant_s_ids_aren_t_there(two_banks: tuple[Direct, Direct]) -> None:
    ours, theirs = two_banks
    entry_id = theirs.call("POST", "/decide/theirs", BODY, JSON).body["id"]
    ids = {"id": entry_id, "name": "theirs", "log": "bank-b/decisions", "path": "entries/000.p/1"}
    document = theirs.call("GET", "/openapi.json").body
    tried = [(verb, path) for verb, path in requests(document, ids) if "{" in _template(document, path, ids)]
    assert len(tried) >= 5
    for verb, path in [*tried, ("POST", "/decide/theirs")]:
        assert theirs.call(verb, path, BODY, JSON).status == 200, path
        answer = ours.call(verb, path, BODY, JSON)
        assert (answer.status, answer.code) in ((404, "request.not_found"), (404, "use_case.unknown")), path
        assert entry_id not in answer.raw.decode() or entry_id in path


def _template(document: dict[str, Any], path: str, ids: dict[str, str]) -> str:
    return next(t for t in document["paths"] if re.sub(r"\{(\w+)\}", lambda m: ids[m[1]], t) == path)


def test_another_tenant_s_key_or_cookie_opens_nothing(two_banks: tuple[Direct, Direct]) -> None:
    ours, theirs = two_banks
    entry_id = ours.call("POST", "/decide/triage", BODY, JSON).body["id"]
    ids = {"id": entry_id, "name": "triage", "log": "bank-a/decisions", "path": "entries/000.p/1"}
    _, cookie = signed_in(theirs, "user")
    for verb, path in requests(ours.call("GET", "/openapi.json").body, ids):
        closed = path not in ("/health", "/ready", "/openapi.json")
        for headers in ({"Authorization": f"Bearer {theirs.secret}"}, by_cookie(cookie, Origin="http://localhost")):
            assert ours.call(verb, path, BODY, {**JSON, **headers}).status == (401 if closed else 200), path


def test_a_feed_holds_its_own_tenant_s_decisions_only(two_banks: tuple[Direct, Direct]) -> None:
    ours, theirs = two_banks
    mine = {ours.call("POST", "/decide/triage", BODY, JSON).body["id"] for _ in range(3)}
    hers = {theirs.call("POST", "/decide/theirs", BODY, JSON).body["id"] for _ in range(3)}
    for bank, own, others in ((ours, mine, hers), (theirs, hers, mine)):
        raw = bank.call("GET", "/decisions?limit=1000").raw.decode()
        assert all(each in raw for each in own) and not any(each in raw for each in others)


# ---- what the documents say


def test_the_openapi_document_says_what_is_needed(bank: Direct) -> None:
    document = bank.call("GET", "/openapi.json").body
    schemes = document["components"]["securitySchemes"]
    assert schemes["key"]["scheme"] == "bearer"
    assert (schemes["session"]["in"], schemes["session"]["name"]) == ("cookie", COOKIE)
    actions = {door.path.replace(":path}", "}"): door.action for door in routes.DOORS}
    for path, item in document["paths"].items():
        for operation in item.values():
            action = Action.DECISION_MAKE if path.startswith("/decide/") else actions[path]
            assert operation["security"] == ([] if action is None else [{"key": [action.value]}, {"session": []}])
            assert ({"401", "403", "429"} <= operation["responses"].keys()) == (action is not None)


def test_bugs_and_refusals_hold_no_key(bank: Direct, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    async def broken(*_: Any) -> Any:
        raise KeyError(bank.secret)

    errors = io.StringIO()
    app = Direct(bank.workspace, bank.access, errors=errors)
    monkeypatch.setattr(bank.workspace.runtime, "decide", broken)
    answer = app.call("POST", "/decide/triage", BODY, {**JSON, "Authorization": f"Bearer {bank.secret}"})
    assert answer.status == 500 and bank.secret not in answer.raw.decode() + errors.getvalue()
