"""The registers as a fold over the log: rows, histories, and what was known on an earlier day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.index.scene import Bank, decision
from tests.registers.parts import APPROVER, DAY_MS, HOUR_MS, REVIEWER, START_MS, Room, room
from waglan.core.events import (
    Answer,
    Attestation,
    Competence,
    Correction,
    Count,
    DataSource,
    Document,
    Drill,
    Entity,
    Event,
    Incident,
    IncidentStep,
    ModelRegistration,
    ObservedTier,
    OptOut,
    Person,
    Read,
    Request,
    Retention,
    RuleInForce,
    RuleProposal,
    Suspension,
    TestRun,
    TierRuling,
    UseCaseRegistration,
    Vendor,
)
from waglan.core.problem import Problem
from waglan.index import Decisions, Index
from waglan.registers import SCHEMAS, concentration, read_book
from waglan.review import Desk
from waglan.rules import row

D = "d" * 64


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path / "w") as made:
        yield made


def rows(house: Room, register: str, at_ms: int | None = None) -> list[dict[str, Any]]:
    """Rows, each of which the rules take as it is."""
    found = house.book(at_ms).rows(register)
    for each in found:
        assert each.keys() == SCHEMAS[register].keys()
        row(each, SCHEMAS[register])
    return found


def test_every_register_has_rows(house: Room) -> None:
    assert all(rows(house, name) == [] for name in SCHEMAS)
    with pytest.raises(Problem) as caught:
        house.book().rows("vendor")
    assert caught.value.code == "register.unknown" and "vendors" in caught.value.why


def test_things_keep_their_history(house: Room) -> None:
    house.event(Vendor(id="acme", service="LLM"), actor="p-1")
    house.clock.ms += DAY_MS
    house.event(Vendor(id="acme", service="LLM", region="SG"), actor="p-2")
    house.event(Vendor(id="other"))
    house.clock.ms += DAY_MS
    house.event(Vendor(id="acme", service="LLM", region="SG", state="ended"), actor="p-1")
    acme, other = house.book().vendors
    assert [step.actor for step in acme.steps] == ["p-1", "p-2", "p-1"] and acme.facts.state == "ended"
    newest, middle, first = acme.changes()
    assert [tuple(c) for c in newest[1]] == [("state", "in_force", "ended")]
    assert [tuple(c) for c in middle[1]] == [("region", "", "SG")] and first[1] == ()
    assert (acme.first.at_ms, acme.last.at_ms) == (START_MS, START_MS + 2 * DAY_MS)
    assert [each["vendor"] for each in rows(house, "vendors")] == ["other"]
    before = rows(house, "vendors", START_MS + 2 * DAY_MS - 1)
    assert [(each["vendor"], each["region"]) for each in before] == [("acme", "SG"), ("other", None)]
    assert rows(house, "vendors", START_MS)[0]["region"] is None and rows(house, "vendors", START_MS - 1) == []
    assert other.name == "other"


def test_a_model_lives(house: Room) -> None:
    for state, actor in (("proposed", "p-1"), ("validated", "p-2"), ("in_use", "p-3")):
        house.event(ModelRegistration(id="m", version="1", digest=D, state=state, builder="p-1"), actor=actor)  # type: ignore[arg-type]
    (kept,) = house.book().models
    assert [(s.facts.state, s.actor) for s in kept.steps] == [
        ("proposed", "p-1"),
        ("validated", "p-2"),
        ("in_use", "p-3"),
    ]
    (made,) = rows(house, "models")
    assert (made["state"], made["decisions_30d"], made["first_decision_at"]) == ("in_use", 0, None)
    house.event(ModelRegistration(id="m", version="1", digest=D, state="withdrawn"))
    assert rows(house, "models") == []


def test_use_cases_and_their_tiers(house: Room) -> None:
    house.decide(10)
    house.clock.ms += DAY_MS
    house.decide(10, drill=True)
    (made,) = rows(house, "use_cases")
    assert (made["first_decision_at"], made["last_decision_at"], made["decisions_30d"]) == (START_MS, START_MS, 1)
    assert (made["tier"], made["effective_tier"], made["assessed_tier"], made["lowered"]) == (
        "high",
        "high",
        None,
        False,
    )
    house.event(ObservedTier(use_case="triage", tier="critical", n=9))
    assert rows(house, "use_cases")[0]["effective_tier"] == "critical"
    until = house.clock.ms + DAY_MS
    house.event(TierRuling(use_case="triage", tier="high", reason="x", proposer="p-1", until_ms=until), actor="p-2")
    (made,) = rows(house, "use_cases")
    assert (made["effective_tier"], made["observed_tier"], made["lowered"]) == ("high", "critical", True)
    house.clock.ms += 2 * DAY_MS
    (made,) = rows(house, "use_cases")
    assert (made["effective_tier"], made["lowered"]) == ("critical", False)
    house.clock.ms += 40 * DAY_MS
    assert rows(house, "use_cases")[0]["decisions_30d"] == 0
    house.event(Suspension(target="use_case", id="triage", reason="x"))
    assert rows(house, "use_cases")[0]["suspended"] is True


def test_people_and_what_they_learned(house: Room) -> None:
    house.event(Person(person="p-1", roles=("reviewer",)))
    house.event(Person(person="p-2", roles=("admin",), state="disabled"))
    house.event(Person(person="p-3", roles=("user",), until_ms=START_MS + DAY_MS))
    later = START_MS + DAY_MS
    house.event(Competence(person="p-1", role="reviewer", topic="ai", completed_at=START_MS - 9, expires_at=later))
    house.event(Competence(person="p-1", role="reviewer", topic="bias", completed_at=START_MS - 5))
    assert [(p["person"], p["trained_at"], p["topics"]) for p in rows(house, "people")] == [
        ("p-1", START_MS - 5, ["ai", "bias"]), ("p-3", None, []),
    ]  # fmt: skip
    house.clock.ms = later
    assert [(p["person"], p["topics"]) for p in rows(house, "people")] == [("p-1", ["bias"])]
    assert len(rows(house, "competences")) == 2


def test_test_runs_of_groups_stay_apart(house: Room) -> None:
    for group, passed in (("a", True), ("b", False), ("a", False), ("a", True)):
        facts = TestRun(
            of="fairness", use_case="u", metric="air", group=group, passed=passed, value="0.81", limit="0.8"
        )
        house.event(facts)
    found = rows(house, "test_runs")
    assert [(r["group"], r["passed"], r["value"]) for r in found] == [("a", True, "0.81"), ("b", False, "0.81")]
    assert [len(each.steps) for each in house.book().test_runs] == [3, 1]


def test_requests_and_complaints_with_their_answers(house: Room) -> None:
    done = house.decide(10)
    desk = Desk.open(house.workspace, house.index)
    item = desk.request(REVIEWER, done, "complaint", channel="branch", note="I am angry")
    assert desk.request(REVIEWER, done, "complaint", channel="web").id == item.id
    (made,) = rows(house, "requests")
    assert (made["what"], made["use_case"], made["channel"]) == ("complaint", "triage", "branch")
    assert (made["answered_at"], made["outcome"]) == (None, None)
    house.clock.ms += 3 * HOUR_MS
    with pytest.raises(Problem, match="follow"):
        desk.answer(APPROVER, item.id, "explained", "")
    assert "decision stands" in desk.draft(APPROVER, item.id)
    desk.answer(APPROVER, item.id, "upheld", "We looked again.")
    (made,) = rows(house, "requests")
    assert (made["outcome"], made["answerer"], made["answered_at"]) == ("upheld", "p-ann", START_MS + 3 * HOUR_MS)
    assert rows(house, "requests", START_MS + HOUR_MS)[0]["answered_at"] is None


def test_the_first_answer_counts_and_strangers_dont(house: Room) -> None:
    asked = house.event(Request(what="explanation"), refs=("nobody",))
    house.event(Answer(outcome="explained"), refs=("nobody", asked), actor="p-1")
    house.event(Answer(outcome="declined"), refs=("nobody", asked), actor="p-2")
    house.event(Answer(outcome="declined"), refs=("nobody",), actor="p-2")
    house.event(Request(what="explanation"))
    first, second = rows(house, "requests")
    assert (first["outcome"], first["answerer"], first["use_case"]) == ("explained", "p-1", None)
    assert second["answered_at"] is None


def test_subject_events_and_reads(house: Room) -> None:
    subject = house.workspace.vault.subject("HK1")
    done = house.decide(10)
    house.event(OptOut(use_case="triage"), subject=subject)
    house.event(OptOut(active=False), subject=subject)
    house.event(Retention(basis="law", until_ms=START_MS + DAY_MS), subject=subject)
    house.event(Retention(basis="law"), subject=subject)
    house.event(Correction(fields=("x",), reason="x"), refs=(done,))
    assert [(e["kind"], e["use_case"], e["active"]) for e in rows(house, "subject_events")] == [
        ("opt_out", "triage", True), ("opt_out", None, False), ("retention", None, True), ("retention", None, False),
        ("correction", "triage", True),
    ]  # fmt: skip
    for number in range(3):
        house.event(Read(what=f"w{number}", why="review"), actor="p-1")
    assert [r["what"] for r in rows(house, "reads")] == ["w2", "w1", "w0"] and house.book().read_count == 3


def test_incidents_gather_their_steps(house: Room) -> None:
    house.event(Entity(id="ins", licences=("insurer",)))
    at = house.clock.ms
    mine = house.event(Incident(cause="alarm", detected_at=at, severity="low"), actor="waglan", refs=("D1",))
    house.event(Incident(cause="other", detected_at=at, drill=True))
    for step, more in (
        ("assessed", {"cause": "cyber", "severity": "high", "affected": 7, "personal_data": False}),
        ("contained", {}), ("notified", {"clock": "ia.gl20"}), ("closed", {}), ("reopened", {}), ("fixed", {}),
    ):  # fmt: skip
        house.clock.ms += 20 * HOUR_MS
        house.event(IncidentStep(step=step, done_at=house.clock.ms, **more), refs=(mine,), actor="p-1")  # type: ignore[arg-type]
    house.event(IncidentStep(step="closed", done_at=1), refs=("nobody",))
    house.event(IncidentStep(step="closed", done_at=1))
    first, drill = rows(house, "incidents")
    assert (first["cause"], first["severity"], first["affected"], first["automatic"]) == ("cyber", "high", 7, True)
    assert (first["contained_at"], first["closed_at"], first["clocks_missed"]) == (None, None, 0)
    assert first["fixed_at"] == at + 120 * HOUR_MS and first["notified_at"] == at + 60 * HOUR_MS
    assert drill["drill"] and drill["automatic"] is False
    record = house.book().incident(mine)
    assert record is not None and record.state == "fixed" and len(record.steps) == 6
    assert record.opened.facts.cause == "alarm" and record.facts.detail == ""
    (early, _) = rows(house, "incidents", at)
    assert (early["cause"], early["assessed_at"]) == ("alarm", None)


def test_a_missed_clock_is_counted_where_it_applies_for_certain(house: Room) -> None:
    house.event(Incident(cause="cyber", detected_at=house.clock.ms, severity="high"))
    house.clock.ms += 100 * HOUR_MS
    assert rows(house, "incidents")[0]["clocks_missed"] == 0  # no institution: it isn't known which apply
    house.event(Entity(id="ins", licences=("insurer",), use_cases=("triage",)))
    house.event(Entity(id="bank", licences=("bank",), critical=True))
    assert rows(house, "incidents")[0]["clocks_missed"] == 3  # IA, HKMA, Cap. 653


def test_rules_attestations_suspensions_drills(house: Room) -> None:
    proposed = house.event(RuleProposal(id="r", replayed=40), actor="p-1")
    house.event(RuleInForce(id="r", digest=D, gate="human", holds="True"), refs=(proposed,), actor="p-2")
    house.event(RuleInForce(id="s", digest=D, gate="none", holds="True"), actor="p-2")
    first, second = rows(house, "rules")
    assert (first["proposer"], first["approver"], first["replayed"], second["proposer"]) == ("p-1", "p-2", 40, None)
    house.event(Attestation(clause="A", entity="e"), actor="p-1")
    house.event(Attestation(clause="B"), actor="p-1")
    house.event(Attestation(clause="A", entity="e", state="withdrawn"), actor="p-2")
    assert [a["clause"] for a in rows(house, "attestations")] == ["B"]
    house.event(Suspension(target="model", id="m", reason="x"))
    house.event(Suspension(target="model", id="m", reason="y", active=False), actor="p-2")
    (stopped,) = rows(house, "suspensions")
    assert (stopped["active"], stopped["actor"]) == (False, "p-2") and not house.book().suspended("model", "m")
    house.event(
        Drill(id="d1", what="failover", began_at=1, ended_at=2, passed=True, recovery_ms=1_500, target_ms=2_000)
    )
    (drill,) = rows(house, "drills")
    assert (drill["recovery_seconds"], drill["target_seconds"]) == (1.5, 2.0)


def test_what_somebody_else_counted(house: Room) -> None:
    day = START_MS // DAY_MS * DAY_MS - 8 * HOUR_MS  # a midnight in Hong Kong
    house.clock.ms = day + HOUR_MS
    for _ in range(4):
        house.decide(10)
        house.clock.ms += 12 * HOUR_MS
    house.decide(10, drill=True)
    house.event(Count(counted=5, source="gateway", from_ms=day, until_ms=day + 2 * DAY_MS, use_case="triage"))
    house.event(Count(counted=9, source="gateway", from_ms=day, until_ms=day + 2 * DAY_MS, use_case="triage"))
    house.event(Count(counted=0, source="invoice", from_ms=day + 2 * HOUR_MS, until_ms=day + 25 * HOUR_MS))
    house.event(Count(counted=3, source="channel", from_ms=day, until_ms=day + DAY_MS, use_case="other"))
    found = {c["source"]: (c["counted"], c["recorded"], c["ratio"]) for c in rows(house, "counts")}
    assert found == {"gateway": (9, 4, 4 / 9), "invoice": (0, 1, None), "channel": (3, 0, 0.0)}


# ---- over a log of decisions with models


def asked(model: str, *, answered: bool = True) -> tuple[str, str, str, str, str, bool]:
    return (model, "1", D, "p", "HK", answered)


def bank_book(bank: Bank, index: Index, now_ms: int, at_ms: int | None = None) -> Any:
    index.follow()
    with index.reading() as connection:
        return read_book(connection, now_ms, at_ms)


def test_shares_of_vendors_come_from_decisions(tmp_path: Path) -> None:
    bank = Bank(tmp_path)
    bank.add(UseCaseRegistration(name="credit", policy_digest=D, version="1", data_classes=("financial", "personal")))
    for model, vendor in (("a", "acme"), ("b", "bolt"), ("own", "")):
        bank.add(ModelRegistration(id=model, version="1", digest=D, vendor=vendor, provider=f"p-{model}"))
    bank.add(Vendor(id="acme"), Vendor(id="bolt"), Vendor(id="idle"))
    for models in ((asked("a"),), (asked("a"),), (asked("a", answered=False), asked("b")), (asked("own"),), ()):
        bank.add(decision(use_case="credit", models=models))
    bank.add(decision(use_case="credit", models=(asked("b"),), drill=True))
    bank.add(Drill(id="d", what="failover", target="a", began_at=1, ended_at=5, passed=True))
    with Index.open(tmp_path / "i.db", bank.ledger, (Decisions(),)) as index:
        book = bank_book(bank, index, bank.at_ms)
        made = {each["vendor"]: each for each in book.rows("vendors")}
        assert {v: (r["decisions_30d"], r["share_30d"]) for v, r in made.items()} == {
            "acme": (2, 0.5), "bolt": (1, 0.25), "idle": (0, 0.0),
        }  # fmt: skip
        assert made["acme"]["data_seen"] == ["financial", "personal"] and made["idle"]["data_seen"] == []
        assert made["acme"]["last_drill_at"] == 5 and made["bolt"]["last_drill_at"] is None
        assert concentration(book) == (0.375, (("acme", 2, 0.5), ("", 1, 0.25), ("bolt", 1, 0.25)))
        assert [name for name, *_ in concentration(book, "provider").shares] == ["p-a", "p-b", "p-own"]
        later = bank_book(bank, index, bank.at_ms + 40 * DAY_MS)
        assert later.rows("vendors")[0]["share_30d"] is None and concentration(later).hhi is None
        models = {each["model_id"]: each for each in book.rows("models")}
        assert models["a"]["decisions_30d"] == 2 and models["a"]["last_decision_at"] > models["a"]["first_decision_at"]
    bank.close()


NAMES = st.sampled_from(("a", "b"))
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Vendor, id=NAMES, region=NAMES, state=st.sampled_from(("in_force", "ended"))),
    st.builds(DataSource, id=NAMES, title=NAMES),
    st.builds(Document, id=NAMES, digest=st.just(D)),
    st.builds(ModelRegistration, id=NAMES, version=NAMES, digest=st.just(D), vendor=NAMES),
    st.builds(Suspension, id=NAMES, target=st.just("vendor"), reason=st.just("x"), active=st.booleans()),
    st.builds(TestRun, of=st.sampled_from(("drift", "fairness")), use_case=NAMES, passed=st.booleans()),
    st.builds(Attestation, clause=NAMES, state=st.sampled_from(("given", "withdrawn"))),
    st.builds(lambda use, model: decision(use_case=use, models=(asked(model),)), NAMES, NAMES),
)
REGISTERS = ("vendors", "data_sources", "documents", "models", "suspensions", "test_runs", "attestations", "use_cases")


@settings(max_examples=8)
@given(st.lists(st.tuples(EVENTS, st.integers(0, 3 * DAY_MS)), min_size=1, max_size=12), st.data())
def test_an_earlier_day_is_what_the_log_said_then(told: list[tuple[Event, int]], data: st.DataObject) -> None:
    """As of any time: the same as the registers of a log that ends there."""
    import tempfile

    cut = data.draw(st.integers(0, len(told)))
    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as part:
        answers = []
        for folder, until in ((whole, len(told)), (part, cut)):
            bank = Bank(Path(folder))
            at, then = bank.at_ms, bank.at_ms
            for number, (facts, wait) in enumerate(told[:until]):
                at += 60_000 + wait
                bank.add(facts, at=at)
                then = at if number < cut else then
            with Index.open(Path(folder) / "i.db", bank.ledger, (Decisions(),)) as index:
                book = bank_book(bank, index, at + DAY_MS, then)
                answers.append({name: [_nameless(r) for r in book.rows(name)] for name in REGISTERS})
            bank.close()
        assert answers[0] == answers[1]


def _nameless(made: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in made.items() if name != "run"}  # ids are drawn by each log
