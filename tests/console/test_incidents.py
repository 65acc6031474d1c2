"""Incidents with their clocks, the kill switch, drills and tiers in the console, and who may do what."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.console.conftest import Bank
from tests.console.registering import HOUR_MS, Registered, register
from waglan.console.pages.incidents import told
from waglan.console.pages.incidents.practice import Practices
from waglan.console.pages.registers import field

ACTORS = ("admin", "developer", "approver")
LOOKERS = ("user", "reviewer", "auditor", "examiner")
STOPPERS = ("admin", "developer", "approver", "reviewer")


@pytest.fixture(scope="module")
def kept(bank: Bank) -> Registered:
    return register(bank.house, bank.identity("admin"), bank.identity("approver"))


@pytest.fixture(autouse=True)
def _kept(kept: Registered) -> Iterator[None]:
    yield


def leaf(bank: Bank) -> dict:
    return dict(bank.workspace.ledger.leaf(bank.workspace.ledger.head().size - 1))


def at(bank: Bank, hours: float) -> str:
    return field.moment(bank.workspace.clock.now_ms() + int(hours * HOUR_MS))


def opening(bank: Bank, **more: str) -> dict[str, str]:
    return {"cause": "outage", "severity": "high", "detected_at": at(bank, -1), **more}


# ---- looking


@pytest.mark.parametrize("role", [*ACTORS, *LOOKERS])
def test_everybody_who_looks_sees_incidents_and_what_only_some_may_do(bank: Bank, kept: Registered, role: str) -> None:
    for address in (
        "/incidents",
        f"/incidents/{kept.incident}",
        f"/incidents/{kept.closed}",
        "/suspensions",
        "/drills",
    ):
        assert bank.get(address, as_=role).status == 200, address
    one = bank.get(f"/incidents/{kept.incident}", as_=role).text
    assert ("Record what was done" in one) is (role in ACTORS)
    assert ("Stop something" in bank.get("/suspensions", as_=role).text) is (role in STOPPERS)
    assert ("Run it" in bank.get("/drills", as_=role).text) is (role in ACTORS)
    assert bank.get("/incidents", as_="provider").status == 403


def test_open_and_grave_ones_come_first_and_filters_narrow(bank: Bank, kept: Registered) -> None:
    shown = bank.get("/incidents.json", as_="auditor").body
    assert shown["incidents"][0]["id"] == kept.incident
    assert shown["incidents"][-1]["id"] == kept.closed
    closed = bank.get("/incidents.json?state=closed", as_="auditor").body
    assert [each["id"] for each in closed["incidents"]] == [kept.closed]
    assert bank.get("/incidents.json?severity=critical&cause=outage", as_="auditor").body["n"] == 0
    assert bank.get("/incidents.json?drill=yes", as_="auditor").body["n"] == 0
    assert kept.incident in [
        e["id"] for e in bank.get("/incidents.json?by=person&use_case=credit", as_="user").body["incidents"]
    ]
    assert bank.get("/incidents.json?by=itself", as_="user").body["n"] == 0


def test_clocks_say_who_until_when_and_how_far_the_wording_was_checked(bank: Bank, kept: Registered) -> None:
    clocks = {c["id"]: c for c in bank.get(f"/incidents/{kept.incident}.json", as_="auditor").body["clocks"]}
    core = clocks["c653.core"]
    assert (core["letter"], core["state"]) == ("S", "running")
    assert core["due_ms"] - core["started_ms"] == 12 * HOUR_MS
    assert 8.9 * HOUR_MS < core["left_ms"] <= 9 * HOUR_MS
    assert clocks["pcpd.breach"]["due_ms"] is None
    text = bank.get(f"/incidents/{kept.incident}", as_="auditor").text
    assert "Commissioner of Critical Infrastructure" in text
    assert "from a secondary source" in text
    chinese = bank.get(f"/incidents/{kept.incident}", as_="auditor", lang="zh-Hant").text
    assert "關鍵基礎設施專員" in chinese


def test_words_about_an_incident_are_sealed_and_shown_to_those_who_may_read(bank: Bank, kept: Registered) -> None:
    assert "A laptop is missing." in bank.get(f"/incidents/{kept.incident}", as_="reviewer").text
    assert "Keys revoked." in bank.get(f"/incidents/{kept.incident}", as_="reviewer").text
    ledger = bank.workspace.ledger
    assert not any("laptop" in str(ledger.leaf(i)) for i in range(300, ledger.head().size))


def test_an_unknown_incident_or_drill_is_not_there(bank: Bank) -> None:
    for address in ("/incidents/01JD7Z5K3V8X9Y2W4T6R0Q1P2N", "/drills/nothing", "/drills/runs/nothing"):
        assert bank.get(address, as_="admin").status == 404


# ---- acting


@pytest.mark.parametrize("role", [*ACTORS, "user", "reviewer"])
def test_an_incident_is_opened_with_private_words_and_decisions(bank: Bank, role: str) -> None:
    decision = bank.workspace.ledger.leaf(4)
    assert decision["kind"] == "decision"
    fields = opening(bank, note="Mr Chan called.", use_case="credit", refs=decision["id"], affected="12")
    answer = bank.post("/incidents", fields, as_=role)
    assert answer.status == 303
    facts = leaf(bank)
    assert (facts["kind"], facts["actor"], facts["refs"]) == ("incident", bank.people[role].id, [decision["id"]])
    assert "Chan" not in str(facts)
    page = bank.get(f"/incidents/{facts['id']}", as_=role).text
    assert "Mr Chan called." in page
    assert f"/console/decisions/{decision['id']}" in page


def test_what_was_typed_stays_when_an_incident_cannot_be_opened(bank: Bank) -> None:
    before = bank.workspace.ledger.head().size
    for wrong in (
        {"detected_at": at(bank, 5)},
        {"refs": "01JD7Z5K3V8X9Y2W4T6R0Q1P2N"},
        {"cause": ""},
        {"affected": "x"},
    ):
        answer = bank.post("/incidents", opening(bank, note="Typed with care.", **wrong) | wrong, as_="reviewer")
        assert answer.status == 422, wrong
        assert "Typed with care." in answer.text
    assert bank.workspace.ledger.head().size == before


@pytest.mark.parametrize("role", [*LOOKERS, "provider"])
def test_who_only_looks_takes_no_step(bank: Bank, kept: Registered, role: str) -> None:
    fields = {"step": "closed", "done_at": at(bank, 0)}
    assert bank.post(f"/incidents/{kept.incident}/step", fields, as_=role).status == 403


def test_a_notification_stops_its_clock_and_a_late_step_says_when_it_was_recorded(bank: Bank) -> None:
    severe = opening(bank, cause="data_breach", severity="critical", personal_data="yes", core_function="yes")
    bank.post("/incidents", severe | {"detected_at": at(bank, -20)}, as_="admin")
    name = leaf(bank)["id"]
    late = {c["id"]: c for c in bank.get(f"/incidents/{name}.json", as_="admin").body["clocks"]}["c653.core"]
    assert late["state"] == "missed"
    assert bank.get("/incidents.json", as_="admin").body["late"] >= 1
    fields = {"clock": "c653.core", "done_at": at(bank, -10), "reference": "L-1", "note": "By telephone"}
    assert bank.post(f"/incidents/{name}/step", fields, as_="developer").status == 303
    shown = bank.get(f"/incidents/{name}.json", as_="admin").body
    assert {c["id"]: c for c in shown["clocks"]}["c653.core"]["state"] == "stopped"
    assert shown["timeline"][1]["what"] == "notified"
    page = bank.get(f"/incidents/{name}", as_="admin").text
    assert "By telephone" in page
    assert "recorded" in page


def test_an_incident_is_closed_and_opened_again_and_steps_that_don_t_follow_are_refused(bank: Bank) -> None:
    bank.post("/incidents", opening(bank), as_="approver")
    name = leaf(bank)["id"]
    for step in ("contained", "closed"):
        assert (
            bank.post(f"/incidents/{name}/step", {"step": step, "done_at": at(bank, 0)}, as_="approver").status == 303
        )
    assert bank.get(f"/incidents/{name}.json", as_="approver").body["steps"] == ["reopened"]
    refused = bank.post(
        f"/incidents/{name}/step", {"step": "fixed", "done_at": at(bank, 0), "note": "kept"}, as_="admin"
    )
    assert refused.status == 409
    assert ">kept</textarea>" in refused.text
    assert bank.post(f"/incidents/{name}/step", {"done_at": at(bank, 0)}, as_="admin").status == 422
    assert bank.post(f"/incidents/{name}/step", {"step": "reopened", "done_at": at(bank, 0)}, as_="admin").status == 303
    assert bank.get(f"/incidents/{name}.json", as_="admin").body["state"] == "open"


# ---- the kill switch


def test_something_stopped_answers_no_more_until_somebody_else_lets_it(bank: Bank) -> None:
    fields = {"what": "use_case:credit", "reason": "harm"}
    unsure = bank.post("/suspensions", fields, as_="approver")
    assert unsure.status == 422
    assert 'value="use_case:credit" selected' in unsure.text
    assert bank.post("/suspensions", {**fields, "sure": "yes"}, as_="approver").status == 303
    assert bank.post("/suspensions", {**fields, "sure": "yes"}, as_="admin").status == 409
    assert bank.get("/use-cases.json", as_="auditor").body["use_cases"][0]["suspended"]
    page = bank.get("/use-cases/credit", as_="approver2").text
    assert "Every case is still recorded and goes to a person" in page
    assert "Let it answer again" in page
    assert "Let it answer again" not in bank.get("/use-cases/credit", as_="approver").text
    again = {"target": "use_case", "id": "credit", "reason": "fixed", "from": "own"}
    for role in ("approver", "admin", "developer", "reviewer", "user", "auditor", "examiner", "provider"):
        assert bank.post("/suspensions/end", again, as_=role).status == 403, role
    answer = bank.post("/suspensions/end", again, as_="approver2")
    assert (answer.status, answer.headers["location"]) == (303, "/console/use-cases/credit?notice=resumed")
    shown = bank.get("/suspensions.json", as_="auditor").body
    assert shown["stopped"] == []
    assert [each["id"] for each in shown["before"]] == ["credit"]


@pytest.mark.parametrize("role", ["user", "auditor", "examiner", "provider"])
def test_who_may_not_stop_anything_stops_nothing(bank: Bank, role: str) -> None:
    fields = {"target": "model", "id": "credit.scorecard", "reason": "drift", "sure": "yes"}
    assert bank.post("/suspensions", fields, as_=role).status == 403
    assert "Stop it now" not in bank.get("/models/credit.scorecard", as_="auditor").text


@pytest.mark.parametrize("role", STOPPERS)
def test_a_model_is_stopped_from_its_own_page(bank: Bank, role: str) -> None:
    fields = {"target": "model", "id": "credit.scorecard", "reason": "drift", "sure": "yes", "from": "own"}
    answer = bank.post("/suspensions", fields, as_=role)
    assert (answer.status, answer.headers["location"]) == (303, "/console/models/credit.scorecard?notice=suspended")
    assert "It is passed over" in bank.get("/models/credit.scorecard", as_="auditor").text
    assert bank.get("/models.json", as_="auditor").body["models"][0]["suspended"]
    again = {"target": "model", "id": "credit.scorecard", "reason": "tested"}
    assert bank.post("/suspensions/end", again, as_="approver2").status == 303


def test_what_cannot_be_stopped_is_refused(bank: Bank) -> None:
    for what in ("", "planet:earth", "vendor:nobody"):
        fields = {"what": what, "reason": "harm", "sure": "yes"}
        assert bank.post("/suspensions", fields, as_="admin").status == 422, what


# ---- drills


def test_a_drill_says_why_it_passed_or_not(bank: Bank, kept: Registered) -> None:
    shown = bank.get(f"/drills/{kept.drill}.json", as_="auditor").body
    assert shown["passed"] is False
    assert shown["checks"] == {"asked": True, "guarded": False, "recovered": True}
    assert [each["drill"] for each in bank.get("/drills.json", as_="auditor").body["drills"]] == [kept.drill]


def test_a_drill_is_run_through_the_real_runtime_and_followed(bank: Bank) -> None:
    answer = bank.post("/drills", {"what": "kill_switch", "use_case": "credit"}, as_="developer")
    assert answer.status == 303
    address = answer.headers["location"].removeprefix("/console")
    assert bank.get(address, as_="admin").status == 404
    name = address.rpartition("/")[2]
    until = time.monotonic() + 15
    while Practices(bank.workspace).alive(name) and time.monotonic() < until:
        time.sleep(0.05)
    shown = bank.get(f"{address}.json", as_="developer").body
    assert (shown["state"], shown["passed"]) == ("done", True), shown
    drill = bank.get(f"/drills/{shown['drill']}.json", as_="auditor").body
    assert drill["queued"] == drill["asked"] > 0
    assert drill["uncontrolled"] == 0
    due = {(each["use_case"], each["what"]): each for each in bank.get("/drills.json", as_="auditor").body["due"]}
    assert due["credit", "kill_switch"]["last_passed"] is True
    assert due["credit", "failover"]["last_passed"] is False


def test_what_cannot_be_practised_is_refused(bank: Bank) -> None:
    assert bank.post("/drills", {"what": "flood", "use_case": "credit"}, as_="admin").status == 422
    assert bank.post("/drills", {"what": "failover", "use_case": "nothing"}, as_="admin").status == 404
    for role in (*LOOKERS, "provider"):
        assert bank.post("/drills", {"what": "failover", "use_case": "credit"}, as_=role).status == 403


# ---- tiers


def test_a_tier_is_raised_alone_and_lowered_by_two(bank: Bank) -> None:
    card, sent = "/use-cases/credit", "/use-cases/credit/tier"
    before = bank.get(f"{card}.json", as_="auditor").body["tiers"]
    assert (before["declared"], before["why"]) == ("high", "declared")
    raised = {"act": "raise", "tier": "critical", "reason": "new_risk", "note": "Seen in March."}
    assert bank.post(sent, raised, as_="developer").status == 303
    assert bank.get(f"{card}.json", as_="auditor").body["tiers"]["effective"] == "critical"
    assert bank.get("/use-cases.json", as_="auditor").body["use_cases"][0]["tier"] == "critical"
    missing = bank.post(sent, {"act": "propose", "tier": "low", "reason": "mitigated"}, as_="developer")
    assert missing.status == 422
    until = field.day(bank.workspace.clock.now_ms() + 30 * 24 * HOUR_MS)
    asked = {"act": "propose", "tier": "medium", "reason": "mitigated", "until": until}
    assert bank.post(sent, asked, as_="approver").status == 303
    (proposal,) = bank.get(f"{card}.json", as_="approver2").body["proposals"]
    assert "Grant it" in bank.get(card, as_="approver2").text
    assert "Grant it" not in bank.get(card, as_="approver").text
    grant = {"act": "grant", "proposal": proposal["id"]}
    assert bank.post(sent, grant, as_="approver").status == 403
    assert bank.post(sent, grant, as_="approver2").status == 303
    shown = bank.get(f"{card}.json", as_="auditor").body["tiers"]
    assert shown["effective"] == "high", "two people take a raise back, never what the manifest declares"
    assert bank.post(sent, {"act": "withdraw"}, as_="developer").status == 303
    assert bank.get(f"{card}.json", as_="auditor").body["tiers"]["effective"] == "critical"
    assert bank.post(sent, {"act": "end"}, as_="developer").status == 303
    (ends,) = bank.get(f"{card}.json", as_="approver").body["proposals"]
    assert ends["ends"]
    assert bank.post(sent, {"act": "drop", "proposal": ends["id"]}, as_="developer").status == 303
    assert bank.get(f"{card}.json", as_="approver").body["proposals"] == []
    assert bank.post(sent, {"act": "nothing"}, as_="developer").status == 422


@pytest.mark.parametrize("role", ["admin", "user", "reviewer", "auditor", "examiner", "provider"])
def test_who_may_not_rule_on_tiers_does_not(bank: Bank, role: str) -> None:
    fields = {"act": "raise", "tier": "critical", "reason": "new_risk"}
    assert bank.post("/use-cases/credit/tier", fields, as_=role).status == 403


# ---- how incidents are told


def test_the_order_is_open_real_grave_new() -> None:
    def row(closed: bool, drill: bool, severity: str, ms: int) -> dict:
        return {"closed": closed, "drill": drill, "severity": severity, "opened_at": ms}

    rows = [row(True, False, "critical", 9), row(False, True, "critical", 8), row(False, False, "low", 7),
            row(False, False, "high", 1), row(False, False, "high", 2)]  # fmt: skip
    assert [each["opened_at"] for each in sorted(rows, key=told.rank)] == [2, 1, 7, 8, 9]


def test_the_pressing_clock_is_the_first_that_nobody_stopped() -> None:
    stopped, gone = {"stopped_ms": 1, "state": "stopped"}, {"stopped_ms": None, "state": "none"}
    running = {"stopped_ms": None, "state": "running"}
    assert told.pressing([stopped, gone, running]) is running
    assert told.pressing([stopped, gone]) is None


def test_the_overview_says_what_is_open_late_and_stopped(bank: Bank) -> None:
    needs = {each["key"]: each for each in bank.get("/overview.json", as_="approver").body["needs"]}
    shown = bank.get("/incidents.json", as_="approver").body
    assert needs["incidents"]["n"] == shown["open"]
    assert needs["registers"]["n"] >= 1
    assert not {"incidents", "clocks", "stopped", "registers"} & {
        each["key"] for each in bank.get("/overview.json", as_="user").body["needs"]
    }
