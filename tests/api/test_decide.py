"""Cases through the door, on a real server: one, several, in three languages, by many callers."""

from __future__ import annotations

import http.client
import threading
import uuid
from typing import Any

import pytest

from tests.api.conftest import CASE, JSON, Answer, Direct, Server, exchange, with_key
from waglan.ledger.erasure import erase
from waglan.runtime import Workspace

LARGE = {**CASE, "amount_hkd": 9_000}
FRAUD = {**CASE, "kind": "fraud"}


@pytest.mark.parametrize(
    ("accepted", "language", "reason", "disclosed"),
    [
        ("en-GB", "en", "The amount is small.", "You may ask for a person"),
        ("zh-HK,zh;q=0.9", "zh-Hant", "金額較小。", "由專人處理"),
        ("zh-CN", "zh-Hans", "金额较小。", "由专人处理"),
    ],
)
def test_one_case_in_three_languages(server: Server, accepted: str, language: str, reason: str, disclosed: str) -> None:
    answer = server.decide(CASE, {"Accept-Language": accepted})
    assert answer.status == 200
    assert answer.headers["content-language"] == language
    body = answer.body
    assert (body["route"], body["effect"], body["outcome"]) == ("auto", "refund", {"refund_hkd": 120.5})
    assert body["reasons"] == [{"code": "amount.small", "text": reason}]
    assert disclosed in body["disclosure"]["text"]
    held = server.decide(FRAUD, {"Accept-Language": accepted}).body
    assert held["route"] == "human" and held["message"] and "outcome" not in held


def test_headers_reach_the_record(server: Server) -> None:
    headers = {
        "Waglan-Purpose": "training",
        "Waglan-Consent": "C-77",
        "Waglan-Notice": "PICS-2026-1",
        "Waglan-Source": "core-banking",
        "Waglan-Source-Seq": "4711",
        "Accept-Language": "zh-HK",
    }
    entry_id = server.decide(CASE, headers).body["id"]
    facts = server.call("GET", f"/decisions/{entry_id}").body["leaf"]["facts"]
    assert facts["channel"] == "http"
    assert facts["purpose"] == "training"
    assert (facts["consent_ref"], facts["notice_id"]) == ("C-77", "PICS-2026-1")
    assert (facts["source"], facts["source_seq"]) == ("core-banking", 4711)
    assert facts["language"] == "zh-Hant"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Waglan-Consent", ""),
        ("Waglan-Notice", "x" * 201),
        ("Waglan-Source", "費"),
        ("Waglan-Source-Seq", "-1"),
        ("Waglan-Source-Seq", "1.5"),
        ("Waglan-Source-Seq", "9" * 16),
        ("Idempotency-Key", "short"),
        ("Idempotency-Key", "with spaces in the middle"),
    ],
)
def test_a_header_that_cant_be_used_is_named(direct: Direct, name: str, value: str) -> None:
    raw = value.encode().decode("latin-1")
    answer = direct.call("POST", "/decide/triage", [b'{"amount_hkd": 1}'], {**JSON, name: raw})
    assert (answer.status, answer.code, answer.body["where"]) == (400, "request.header", name)


def test_an_array_is_answered_in_order(server: Server) -> None:
    answer = server.decide([CASE, LARGE, FRAUD])
    assert answer.status == 200
    assert [each["route"] for each in answer.body] == ["auto", "auto", "human"]
    assert [each["index"] for each in answer.body] == sorted(each["index"] for each in answer.body)
    assert server.decide([]).body == []


def test_bad_cases_of_an_array_leave_the_good_ones_alone(server: Server) -> None:
    answer = server.decide([CASE, {**CASE, "amount_hkd": "much"}, 7, {**CASE, "amuont": 1}, LARGE])
    assert answer.status == 207
    good, wrong, number, unknown, large = answer.body
    assert good["route"] == large["route"] == "auto"
    assert (wrong["type"], wrong["where"]) == ("urn:waglan:problem:input.wrong", "item 1, amount_hkd")
    assert (number["type"], number["where"]) == ("urn:waglan:problem:request.shape", "item 2")
    assert (unknown["type"], unknown["where"]) == ("urn:waglan:problem:input.unknown", "item 3, amuont")


def test_a_running_number_counts_on_through_an_array(server: Server) -> None:
    answer = server.decide([CASE, None, CASE], {"Waglan-Source": "batch", "Waglan-Source-Seq": "100"})
    numbers = [
        server.call("GET", f"/decisions/{each['id']}").body["leaf"]["facts"]["source_seq"]
        for each in answer.body
        if "id" in each
    ]
    assert numbers == [100, 102]


def test_sixty_four_callers_at_once(server: Server) -> None:
    answers: list[Answer] = []
    lock = threading.Lock()

    def caller(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        for turn in range(5):
            case = {**CASE, "customer": f"SYN-{number}", "amount_hkd": number * 10 + turn}
            answer = exchange(connection, "POST", "/decide/triage", case, with_key(JSON, server.secret))
            with lock:
                answers.append(answer)
        connection.close()

    threads = [threading.Thread(target=caller, args=(n,)) for n in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [a.status for a in answers] == [200] * 320
    assert len({a.body["id"] for a in answers}) == len({a.body["index"] for a in answers}) == 320
    assert sorted(a.body["outcome"]["refund_hkd"] for a in answers if a.body["effect"] == "refund")


def test_the_same_key_and_body_get_the_same_decision(server: Server) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4()), "Accept-Language": "zh-HK"}
    first, again = server.decide(CASE, key), server.decide(CASE, key)
    assert first.status == again.status == 200
    assert first.raw == again.raw
    other = server.decide(LARGE, key)
    assert (other.status, other.code) == (409, "request.conflict")
    assert server.decide(CASE, {**key, "Accept-Language": "en"}).status == 409
    assert server.decide(CASE, {"Idempotency-Key": str(uuid.uuid4())}).body["id"] != first.body["id"]


def test_a_refused_request_doesnt_use_up_its_key(server: Server) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    assert server.decide({**CASE, "amount_hkd": -1}, key).status == 422
    assert server.decide(CASE, key).status == 200


def test_a_key_belongs_to_one_case(server: Server) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    assert server.decide([CASE], key).code == "request.header"
    assert server.call("POST", "/decide/triage", b"{}\n", {"Content-Type": "application/x-ndjson", **key}).status == 400


def test_keys_keep_nothing_personal(server: Server) -> None:
    key = str(uuid.uuid4())
    server.decide({**CASE, "customer": "SYN-Chan-Tai-Man"}, {"Idempotency-Key": key})
    kept = b"".join(path.read_bytes() for path in server.folder.glob("http.db*"))
    assert kept and key.encode() not in kept and b"Chan" not in kept and b"120.5" not in kept


def test_a_key_is_forgotten_after_a_day_and_taken_over_after_a_crash(tmp_path: Any) -> None:
    from waglan.api.idempotency import Keys
    from waglan.core import Problem

    class Clock:
        now = 1_800_000_000_000

        def now_ms(self) -> int:
            return self.now

        def monotonic_ns(self) -> int:
            return 0

    clock, key = Clock(), b"0123456789abcdef"
    crashed, keys = Keys(tmp_path, clock), Keys(tmp_path, clock)
    assert crashed.claim(key, b"a") == ""
    with pytest.raises(Problem, match="Idempotency"):
        keys.claim(key, b"a")
    clock.now += 60_001
    assert keys.claim(key, b"a") == ""
    crashed.finish(key, "LATE")
    keys.finish(key, "DONE")
    assert crashed.claim(key, b"a") == "DONE"
    clock.now += 24 * 3_600_000 + 1
    assert keys.claim(key, b"b") == ""
    assert (tmp_path / "http.db").stat().st_mode & 0o077 == 0


def test_a_file_of_keys_that_cant_be_used_is_a_problem(direct: Direct, tmp_path: Any) -> None:
    from waglan.api.idempotency import Keys
    from waglan.core import Problem

    (tmp_path / "http.db").mkdir()
    with pytest.raises(Problem, match=r"http\.db can't be used") as caught:
        Keys(tmp_path, direct.workspace.clock)
    assert (caught.value.code, caught.value.status) == ("ledger.unavailable", 503)


def test_an_erased_answer_isnt_given_again(direct: Direct) -> None:
    workspace: Workspace = direct.workspace
    headers = {**JSON, "Idempotency-Key": str(uuid.uuid4())}
    body = [b'{"customer": "SYN-gone", "amount_hkd": 5, "kind": "fee"}']
    first = direct.call("POST", "/decide/triage", body, headers)
    assert direct.call("POST", "/decide/triage", body, headers).raw == first.raw
    erase(workspace.ledger, "SYN-gone", "request of the person", "dpo")
    gone = direct.call("POST", "/decide/triage", body, headers)
    assert (gone.status, gone.code) == (410, "request.gone")
