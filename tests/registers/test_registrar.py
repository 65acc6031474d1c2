"""What people may put into registers and do about incidents, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.registers.parts import (
    ADMIN,
    APPROVER,
    AUDITOR,
    CHIEF,
    CLI,
    DAY_MS,
    DEVELOPER,
    HOUR_MS,
    REVIEWER,
    START_MS,
    USER,
    Room,
    room,
)
from waglan.access.identity import Identity
from waglan.core.events import (
    Competence,
    Count,
    DataSource,
    Document,
    Entity,
    Event,
    Incident,
    IncidentStep,
    ModelRegistration,
    Person,
    TestRun,
    Vendor,
    WordingSeen,
)
from waglan.core.problem import Problem
from waglan.index.decisions import Filter
from waglan.registers import Registrar
from waglan.registers.freezing import freeze
from waglan.review import Desk

D = "d" * 64
VENDOR = Vendor(id="acme", service="Language model", no_training=True)
INCIDENT = Incident(cause="outage", detected_at=START_MS, severity="high")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path / "w") as made:
        yield made


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A room in which nothing happens."""
    with room(tmp_path_factory.mktemp("still") / "w") as made:
        yield made


def refused(code: str, act: Callable[[], Any]) -> Problem:
    with pytest.raises(Problem) as caught:
        act()
    assert caught.value.code == code, caught.value
    assert caught.value.what and caught.value.why and caught.value.next
    return caught.value


def test_words_are_sealed_and_facts_are_not(house: Room) -> None:
    made = house.registrar.vendor(DEVELOPER, VENDOR, "Mrs Wong (wong@acme.example) is our contact.")
    leaf = house.leaf(made.id)
    assert leaf["facts"] == {"id": "acme", "no_training": True, "service": "Language model"}
    assert leaf["actor"] == "p-dev" and "Wong" not in json.dumps(leaf)
    assert msgspec.json.decode(house.registrar.private(AUDITOR, made.id)["note"]).startswith("Mrs Wong")
    refused("access.sign_in", lambda: house.registrar.private(None, made.id))
    refused("register.missing", lambda: house.registrar.private(AUDITOR, "nothing"))
    done = house.decide()
    refused("register.missing", lambda: house.registrar.private(AUDITOR, done))
    asked = Desk.open(house.workspace, house.index).request(
        REVIEWER, done, "complaint", channel="web", note="My salary"
    )
    assert house.leaf(asked.id)["kind"] == "request"
    refused("register.missing", lambda: house.registrar.private(AUDITOR, asked.id))  # a customer's words aren't ours


def test_who_may(house: Room) -> None:
    """Every verb against every role: allowed ones leave an event, the others nothing."""
    r = house.registrar
    house.decide()
    house.registrar.entity(CLI, Entity(id="bank", licences=("bank",)))
    incident = r.open_incident(CLI, INCIDENT)
    later = START_MS + DAY_MS
    asked = r.propose_tier(CLI, "triage", "high", "x", later).id
    verbs: dict[str, tuple[Callable[[Identity | None], Any], set[str]]] = {
        "keep": (lambda w: r.count(w, Count(counted=1, source="s", from_ms=START_MS - 9, until_ms=START_MS)),
                 {"dev", "ann", "adi", "cli"}),
        "open": (lambda w: r.open_incident(w, INCIDENT), {"dev", "ann", "adi", "cli", "uma", "rita"}),
        "act": (lambda w: r.step(w, incident, IncidentStep(step="assessed", done_at=START_MS)),
                {"dev", "ann", "adi", "cli"}),
        "raise": (lambda w: r.raise_tier(w, "triage", "critical", "seen"), {"dev", "ann", "cli"}),
        "lower": (lambda w: r.lower_tier(w, asked), {"ann"}),
        "attest": (lambda w: r.attest(w, "FSTB.12.1", until_ms=later), {"ann"}),
        "inapplicable": (lambda w: r.inapplicable(w, "IA.2", "bank", "no-insurer", until_ms=later), {"ann"}),
        "wording": (lambda w: r.wording_seen(w, WordingSeen(clause="IA.2", wording="secondary")), {"ann"}),
    }  # fmt: skip
    for name, (verb, allowed) in verbs.items():
        for who in (None, USER, REVIEWER, AUDITOR, DEVELOPER, ADMIN, CLI, APPROVER):
            before = house.workspace.ledger.head().size
            if who is not None and who.id.removeprefix("p-") in allowed:
                verb(who)
                assert house.workspace.ledger.head().size == before + 1, (name, who)
            else:
                refused("access.denied" if who else "access.sign_in", lambda v=verb, w=who: v(w))  # type: ignore[misc]
                assert house.workspace.ledger.head().size == before, (name, who)


CARD = DataSource(id="bureau", card_digest=D, reviewed_at=START_MS, expires_at=START_MS + DAY_MS)
WRONG: tuple[tuple[Event, str], ...] = (
    (Vendor(id="Acme Ltd"), "id"),
    (Vendor(id=""), "id"),
    (Vendor(id="a" * 65), "id"),
    (Vendor(id="acme", service="ask wong@acme.example"), "service"),
    (Vendor(id="acme", service="x" * 501), "service"),
    (Vendor(id="acme", service="a\nb"), "service"),
    (Vendor(id="acme", reviewed_at=1_700_000_000), "reviewed_at"),  # seconds
    (Vendor(id="acme", reviewed_at=START_MS + 3 * DAY_MS), "reviewed_at"),
    (Vendor(id="acme", reviewed_at=START_MS, next_review=START_MS), "next_review"),
    (Vendor(id="acme", audit_right="yes"), "audit_right"),  # type: ignore[arg-type]
    (Vendor(id="acme", state="gone"), "state"),  # type: ignore[arg-type]
    (msgspec.structs.replace(CARD, card_digest="D" * 64), "card_digest"),
    (msgspec.structs.replace(CARD, expires_at=START_MS - DAY_MS), "expires_at"),
    (Document(id="p", digest="abc"), "digest"),
    (Entity(id="b", licences=("casino",)), "licences"),  # type: ignore[arg-type]
    (Count(counted=-1, source="s", from_ms=START_MS - 9, until_ms=START_MS), "counted"),
    (Count(counted=1, source="s", from_ms=START_MS, until_ms=START_MS), "until_ms"),
    (Count(counted=1, source="our gateway", from_ms=START_MS - 9, until_ms=START_MS), "source"),
    (TestRun(of="drift", value="0,5"), "value"),
    (TestRun(of="vibes"), "of"),  # type: ignore[arg-type]
)


@pytest.mark.parametrize(("facts", "where"), WRONG, ids=lambda each: each if isinstance(each, str) else "")
def test_what_cannot_stand_on_the_log(still: Room, facts: Event, where: str) -> None:
    verb = {
        Vendor: still.registrar.vendor, DataSource: still.registrar.data_source, Document: still.registrar.document,
        Entity: still.registrar.entity, Count: still.registrar.count, TestRun: still.registrar.test_run,
    }[type(facts)]  # fmt: skip
    size = still.workspace.ledger.head().size
    found = refused("register.value", lambda: verb(DEVELOPER, facts))  # type: ignore[operator]
    assert found.where.startswith(where) and still.workspace.ledger.head().size == size


def test_what_is_pointed_at_must_be_there(house: Room) -> None:
    r = Registrar(house.workspace, house.index, clauses=("FSTB.12.1", "SFC.6"))
    house.event(Person(person="p-01", roles=("reviewer",)))
    house.event(ModelRegistration(id="bolt-1", version="1", digest=D, vendor="bolt"))
    for act, near in (
        (lambda: r.vendor(CLI, msgspec.structs.replace(VENDOR, exit_plan="plan")), ""),
        (lambda: r.vendor(CLI, msgspec.structs.replace(VENDOR, substitute="bolt-2")), "bolt-1"),
        (lambda: r.data_source(CLI, DataSource(id="x", vendor="acme")), ""),
        (lambda: r.document(CLI, Document(id="x", digest=D, approver="p-02")), "p-01"),
        (lambda: r.document(CLI, Document(id="x", digest=D, clauses=("SFC.7",))), "SFC.6"),
        (lambda: r.competence(CLI, Competence(person="Ada", role="r", topic="t", completed_at=START_MS)), "p-01"),
        (lambda: r.entity(CLI, Entity(id="b", use_cases=("triag",))), "triage"),
        (lambda: r.test_run(CLI, TestRun(of="drift", model="bolt-3")), "bolt-1"),
        (lambda: r.open_incident(CLI, msgspec.structs.replace(INCIDENT, vendor="bol")), "bolt"),
        (lambda: r.suspend(CLI, "vendor", "bol", "x"), "bolt"),
        (lambda: r.attest(CHIEF, "FSTB.12.2"), "FSTB.12.1"),
        (lambda: r.inapplicable(CHIEF, "SFC.6", "bank", "none"), ""),
    ):  # fmt: skip
        assert near in refused("register.reference", act).why
    r.vendor(CLI, VENDOR)
    r.document(CLI, Document(id="plan", digest=D, approver="p-01", clauses=("SFC.6",)))
    r.vendor(CLI, msgspec.structs.replace(VENDOR, exit_plan="plan", substitute="bolt-1"))
    r.entity(CLI, Entity(id="b", use_cases=("triage",)))  # installed, though it hasn't decided anything yet
    r.attest(CHIEF, "FSTB.12.1.2", entity="b")  # one of its tests
    refused("register.reference", lambda: r.attest(CHIEF, "FSTB.12.1.x", entity="b"))


def test_ending_and_changing(house: Room) -> None:
    r = house.registrar
    r.vendor(DEVELOPER, VENDOR)
    refused("register.same", lambda: r.vendor(DEVELOPER, VENDOR))
    r.end(DEVELOPER, Vendor, "acme", "contract is over")
    assert "none" in refused("register.missing", lambda: r.end(DEVELOPER, Vendor, "acme")).why
    refused("register.reference", lambda: r.data_source(DEVELOPER, DataSource(id="x", vendor="acme")))
    r.vendor(DEVELOPER, VENDOR)
    assert [s.facts.state for s in house.book().vendors[0].steps] == ["in_force", "ended", "in_force"]
    for _ in range(2):
        r.test_run(DEVELOPER, TestRun(of="drift", passed=True))  # a run is one more, however alike
    assert len(house.book().test_runs[0].steps) == 2


def test_an_incident_holds_its_decisions_fast(house: Room) -> None:
    ids = [house.decide(days) for days in (10, 40, 50, 60)]
    mine = house.registrar.open_incident(USER, INCIDENT, note="Many were held.", decisions=Filter(route="human"))
    record = house.book().incident(mine)
    assert record is not None
    assert (record.facts.decisions, record.opened.refs) == (3, (ids[3], ids[2], ids[1]))
    told = msgspec.json.decode(house.registrar.private(AUDITOR, mine)["query"])
    house.decide(70)
    house.index.follow()
    with house.index.reading() as connection:
        again = freeze(connection, msgspec.convert(told["filter"], Filter), told["before"])
        assert (again.n, again.sha256) == (3, record.facts.query_sha256)
        assert freeze(connection, Filter(route="human")).n == 4
    assert json.loads(json.dumps(house.leaf(mine)["facts"])) == {
        "cause": "outage", "decisions": 3, "detected_at": START_MS, "query_sha256": again.sha256, "severity": "high",
    }  # fmt: skip


def test_steps_follow_one_another(house: Room) -> None:
    r = house.registrar
    mine = r.open_incident(USER, msgspec.structs.replace(INCIDENT, occurred_at=START_MS - HOUR_MS))
    house.clock.ms += HOUR_MS

    def step(what: Any, at: int = START_MS, **more: Any) -> Any:
        return r.step(DEVELOPER, mine, IncidentStep(step=what, done_at=at, **more))

    refused("register.missing", lambda: r.step(DEVELOPER, "I", IncidentStep(step="fixed", done_at=START_MS)))
    refused("register.state", lambda: step("reopened"))
    assert "ia.gl20" in refused("register.value", lambda: step("notified", clock="ia.gl2")).why
    refused("register.value", lambda: step("notified"))
    refused("register.value", lambda: step("notified", clock="sfc.high_risk_plan"))
    refused("register.value", lambda: step("fixed", clock="ia.gl20"))
    refused("register.value", lambda: step("fixed", START_MS - 2 * HOUR_MS))
    refused("register.value", lambda: step("fixed", house.clock.ms + 2 * 60_000))
    step("notified", clock="ia.gl20", reference="IA-2026/0042")
    step("closed")
    assert "notified" in refused("register.state", lambda: step("fixed")).why
    step("notified", clock="pcpd.breach")
    step("reopened")
    step("fixed")
    record = house.book().incident(mine)
    assert record is not None and record.state == "fixed"
    refused(
        "register.value", lambda: r.open_incident(USER, msgspec.structs.replace(INCIDENT, occurred_at=START_MS + 9))
    )
    refused("register.value", lambda: r.open_incident(USER, INCIDENT, refs=tuple(map(str, range(101)))))


def test_the_kill_switch_takes_two_people_to_lift(house: Room) -> None:
    r = house.registrar
    done = house.decide(10)
    assert house.workspace.ledger.leaf(house.workspace.ledger.find(done) or 0)["facts"]["route"] == "auto"
    r.suspend(REVIEWER, "use_case", "triage", "odd-answers", note="They look odd.")
    stopped = house.leaf(house.decide(10))["facts"]
    assert stopped["route"] == "human" and "suspended:use_case" in stopped["why"]
    refused("register.state", lambda: r.suspend(DEVELOPER, "use_case", "triage", "again"))
    refused("access.denied", lambda: r.resume(REVIEWER, "use_case", "triage", "fine"))
    r.resume(APPROVER, "use_case", "triage", "fine")
    assert house.leaf(house.decide(10))["facts"]["route"] == "auto"
    r.suspend(APPROVER, "use_case", "triage", "odd-answers")
    refused("access.denied", lambda: r.resume(APPROVER, "use_case", "triage", "fine"))
    r.resume(CHIEF, "use_case", "triage", "fine")
    refused("register.state", lambda: r.resume(CHIEF, "use_case", "triage", "fine"))
    refused("register.value", lambda: r.suspend(CLI, "bank", "triage", "x"))  # type: ignore[arg-type]
    refused("register.value", lambda: r.suspend(CLI, "use_case", "triage", "I don't like it"))
    refused("register.value", lambda: r.suspend(CLI, "use_case", "triage", ""))


def test_a_tier_is_raised_by_one_and_lowered_by_two(house: Room) -> None:
    r, until = house.registrar, START_MS + 30 * DAY_MS

    def tier() -> tuple[str, bool]:
        (made,) = house.book().rows("use_cases")
        return made["effective_tier"], made["lowered"]

    house.decide()
    r.raise_tier(DEVELOPER, "triage", "critical", "new-data", note="It sees salaries now.")
    assert tier() == ("critical", False) and house.leaf(house.decide())["facts"]["tier"] == "critical"
    asked = r.propose_tier(APPROVER, "triage", "high", "mitigated", until)
    assert tier() == ("critical", False) and [p.id for p in house.book().tier_proposals] == [asked.id]
    refused("access.denied", lambda: r.lower_tier(APPROVER, asked.id))
    refused("access.denied", lambda: r.lower_tier(DEVELOPER, asked.id))
    r.lower_tier(CHIEF, asked.id)
    assert tier() == ("high", True) and house.book().tier_proposals == ()
    refused("register.missing", lambda: r.lower_tier(CHIEF, asked.id))
    r.withdraw_lowering(DEVELOPER, "triage", "seen-otherwise")
    assert tier() == ("critical", False)
    refused("register.missing", lambda: r.withdraw_lowering(DEVELOPER, "triage", "again"))
    dropped = r.propose_tier(APPROVER, "triage", "high", "mitigated", until)
    r.drop_proposal(DEVELOPER, dropped.id)
    refused("register.missing", lambda: r.lower_tier(CHIEF, dropped.id))
    ending = r.propose_end(DEVELOPER, "triage", "high", "data-gone")
    r.lower_tier(CHIEF, ending.id)
    assert tier() == ("high", False)
    refused("register.missing", lambda: r.propose_end(DEVELOPER, "triage", "high", "again"))
    refused("register.value", lambda: r.propose_tier(DEVELOPER, "triage", "low", "x", START_MS - 1))
    stale = r.propose_tier(DEVELOPER, "triage", "low", "x", START_MS + HOUR_MS)
    house.clock.ms += 2 * HOUR_MS
    refused("register.value", lambda: r.lower_tier(CHIEF, stale.id))


def test_answering_for_obligations(house: Room) -> None:
    r, until = house.registrar, START_MS + 30 * DAY_MS
    house.registrar.entity(CLI, Entity(id="bank"))
    refused("register.missing", lambda: r.withdraw_attestation(APPROVER, "BD19.G4"))
    r.attest(APPROVER, "BD19.G4", entity="bank", until_ms=until, note="We keep to it.")
    refused("register.value", lambda: r.attest(APPROVER, "BD19.G4", until_ms=START_MS))
    refused("register.reference", lambda: r.attest(APPROVER, "BD19.G4", document="minute"))
    assert house.book().rows("attestations")[0]["person"] == "p-ann"
    r.withdraw_attestation(CHIEF, "BD19.G4", entity="bank")
    assert house.book().rows("attestations") == []
    r.inapplicable(APPROVER, "IA.2", "bank", "no-insurer", until_ms=until)
    r.inapplicable(APPROVER, "IA.2", "bank", "licensed-now", active=False)
    refused("register.missing", lambda: r.inapplicable(APPROVER, "IA.2", "bank", "again", active=False))
    assert [s.facts.active for s in house.book().inapplicable[0].steps] == [True, False]
    refused("register.value", lambda: r.wording_seen(APPROVER, WordingSeen(clause="IA.2", wording="primary")))
    r.wording_seen(APPROVER, WordingSeen(clause="IA.2", wording="primary", locator="para 6.1"))
    assert house.book().wordings[0].facts.locator == "para 6.1"


def test_plans_are_told_before_they_start(house: Room) -> None:
    from waglan.core.events import UseCaseRegistration

    house.registrar.entity(CLI, Entity(id="lc", licences=("licensed_corporation",)))
    facts = UseCaseRegistration(name="triage", policy_digest="a", version="9", use_type="advice", customer_facing=True)
    house.event(facts)
    (clock,) = house.registrar.clock_book.plans(house.book())
    assert (clock.id, clock.subject, clock.state, clock.due_ms) == ("sfc.high_risk_plan", "triage", "running", None)
    house.clock.ms += DAY_MS
    house.decide()
    house.event(facts)
    house.clock.ms += DAY_MS
    (clock,) = house.registrar.clock_book.plans(house.book())
    assert (clock.state, clock.late_ms) == ("missed", DAY_MS)
    notice = Document(id="n", digest=D, type="notification", clauses=("SFC.6",), approved_at=START_MS + 9)
    house.registrar.document(CLI, notice)
    (clock,) = house.registrar.clock_book.plans(house.book())
    assert (clock.state, clock.stopped_ms) == ("stopped", START_MS + 9)


def test_two_at_once_and_a_log_that_says_no(house: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(*_: Any) -> Any:
        raise Problem("The log can't be written.", "Its disk is full.", "Make room.", code="ledger.unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(house.workspace.ledger._writer, "admit", unavailable)
        refused("ledger.unavailable", lambda: house.registrar.vendor(CLI, VENDOR))
    assert house.book().vendors == ()
    house.registrar.vendor(CLI, VENDOR)
    assert len(house.book().vendors) == 1
