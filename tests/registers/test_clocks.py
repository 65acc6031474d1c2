"""Reporting clocks: a table of cases over zones, holidays, restarts and reassessments, and what holds for all."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.registers.parts import HOUR_MS, incident
from waglan.core.events import Entity, IncidentStep
from waglan.core.problem import Problem
from waglan.registers import Clock, Clocks, IncidentRecord, clocks, load_clocks
from waglan.registers.calendar import hong_kong
from waglan.registers.duty import read, shipped, tighten

HKT = ZoneInfo("Asia/Hong_Kong")
BANK = Entity(id="bank", licences=("bank", "licensed_corporation"))
BROKER = Entity(id="broker", licences=("licensed_corporation",))
INSURER = Entity(id="insurer", licences=("insurer",))
OPERATOR = Entity(id="operator", licences=("bank",), critical=True)
MINUTE_MS = 60_000


def ms(text: str, zone: str = "Asia/Hong_Kong") -> int:
    """A local time as the log writes it."""
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def hkt(at_ms: int | None) -> str:
    return "" if at_ms is None else dt.datetime.fromtimestamp(at_ms / 1000, HKT).strftime("%Y-%m-%d %H:%M")


def told(clock: str, at: str) -> IncidentStep:
    return IncidentStep(step="notified", clock=clock, done_at=ms(at))


def done(step: Any, at: str, **found: Any) -> IncidentStep:
    return IncidentStep(step=step, done_at=ms(at), **found)


def one(found: tuple[Clock, ...], name: str) -> Clock:
    (clock,) = [each for each in found if each.id == name]
    return clock


class Case(NamedTuple):
    """What is known, when it is asked, and what a clock must say."""

    name: str
    record: IncidentRecord
    entity: Entity
    now: int
    clock: str
    state: str
    due: str
    late_minutes: int = 0


CYBER: dict[str, Any] = {"cause": "cyber", "severity": "high"}
CASES = (
    Case("12 hours for a core function", incident(ms("2026-03-02T09:00"), core_function=True, **CYBER), OPERATOR,
         ms("2026-03-02T20:59"), "c653.core", "running", "2026-03-02 21:00"),
    Case("at its end it isn't late yet", incident(ms("2026-03-02T09:00"), core_function=True, **CYBER), OPERATOR,
         ms("2026-03-02T21:00"), "c653.core", "running", "2026-03-02 21:00"),
    Case("a minute later it is", incident(ms("2026-03-02T09:00"), core_function=True, **CYBER), OPERATOR,
         ms("2026-03-02T21:01"), "c653.core", "missed", "2026-03-02 21:00", 1),
    Case("48 hours else, over a year's end", incident(ms("2025-12-31T20:00"), **CYBER), OPERATOR,
         ms("2026-01-01T08:00"), "c653.other", "running", "2026-01-02 20:00"),
    Case("48 hours go on over Lunar New Year", incident(ms("2026-02-17T08:00"), **CYBER), OPERATOR,
         ms("2026-02-19T08:01"), "c653.other", "missed", "2026-02-19 08:00", 1),
    Case("72 hours of an insurer over Easter", incident(ms("2026-04-02T18:00"), **CYBER), INSURER,
         ms("2026-04-05T12:00"), "ia.gl20", "running", "2026-04-05 18:00"),
    Case("72 hours over a leap day", incident(ms("2028-02-28T12:00"), **CYBER), INSURER,
         ms("2028-02-29T12:00"), "ia.gl20", "running", "2028-03-02 12:00"),
    Case("seen in London in summer, counted in hours", incident(ms("2026-07-01T17:30", "Europe/London"), **CYBER),
         INSURER, ms("2026-07-02T09:00"), "ia.gl20", "running", "2026-07-05 00:30"),
    Case("London's clocks go back meanwhile", incident(ms("2026-10-24T23:00", "Europe/London"), **CYBER),
         INSURER, ms("2026-10-26T09:00"), "ia.gl20", "running", "2026-10-28 06:00"),
    Case("the same day is Hong Kong's: London's evening is tomorrow there",
         incident(ms("2026-11-20T23:30", "Europe/London"), severity="critical"), BANK, ms("2026-11-21T10:00"),
         "hkma.significant", "running", "2026-11-22 00:00"),
    Case("UTC's afternoon is still the same day", incident(ms("2026-11-20T15:59", "UTC"), severity="high"), BANK,
         ms("2026-11-20T23:59"), "hkma.significant", "running", "2026-11-21 00:00"),
    Case("a minute later begins the next day", incident(ms("2026-11-20T16:00", "UTC"), severity="high"), BANK,
         ms("2026-11-21T00:01"), "hkma.significant", "running", "2026-11-22 00:00"),
    Case("the same day on Christmas Day", incident(ms("2026-12-25T22:00"), severity="high"), BANK,
         ms("2026-12-26T00:30"), "hkma.significant", "missed", "2026-12-26 00:00", 30),
    Case("the same day on a Sunday", incident(ms("2026-11-22T23:58"), severity="high"), BANK,
         ms("2026-11-22T23:59"), "hkma.significant", "running", "2026-11-23 00:00"),
    Case("the last second of a year", incident(ms("2025-12-31T23:59"), severity="high"), BANK,
         ms("2026-01-01T00:05"), "hkma.significant", "missed", "2026-01-01 00:00", 5),
    Case("promptly has no figure and is never missed", incident(ms("2026-03-02T09:00"), **CYBER), BROKER,
         ms("2026-03-30T09:00"), "sfc.12_5", "running", ""),
    Case("promptly is stopped by a notification",
         incident(ms("2026-03-02T09:00"), told("sfc.12_5", "2026-03-02T09:40"), **CYBER), BROKER,
         ms("2026-03-30T09:00"), "sfc.12_5", "stopped", ""),
    Case("told in time", incident(ms("2026-03-02T09:00"), told("ia.gl20", "2026-03-05T08:59"), **CYBER), INSURER,
         ms("2026-04-01T00:00"), "ia.gl20", "stopped", "2026-03-05 09:00"),
    Case("told 90 minutes late", incident(ms("2026-03-02T09:00"), told("ia.gl20", "2026-03-05T10:30"), **CYBER),
         INSURER, ms("2026-04-01T00:00"), "ia.gl20", "missed", "2026-03-05 09:00", 90),
    Case("the first of two notifications counts",
         incident(ms("2026-03-02T09:00"), told("ia.gl20", "2026-03-09T09:00"), told("ia.gl20", "2026-03-04T09:00"),
                  **CYBER), INSURER, ms("2026-04-01T00:00"), "ia.gl20", "stopped", "2026-03-05 09:00"),
    Case("another clock's notification stops nothing",
         incident(ms("2026-03-02T09:00"), told("pcpd.breach", "2026-03-02T10:00"), **CYBER), INSURER,
         ms("2026-03-06T09:00"), "ia.gl20", "missed", "2026-03-05 09:00", 24 * 60),
    Case("what is told later isn't known yet",
         incident(ms("2026-03-02T09:00"), told("ia.gl20", "2026-03-04T09:00"), **CYBER), INSURER,
         ms("2026-03-03T09:00"), "ia.gl20", "running", "2026-03-05 09:00"),
    Case("closing it doesn't stop a clock",
         incident(ms("2026-03-02T09:00"), done("closed", "2026-03-02T12:00"), **CYBER), INSURER,
         ms("2026-03-06T09:00"), "ia.gl20", "missed", "2026-03-05 09:00", 24 * 60),
    Case("nor does opening it again begin it anew",
         incident(ms("2026-03-02T09:00"), done("closed", "2026-03-03T09:00"), done("reopened", "2026-03-10T09:00"),
                  **CYBER), INSURER, ms("2026-03-10T10:00"), "ia.gl20", "missed", "2026-03-05 09:00", 5 * 1440 + 60),
    Case("told before it was opened again stays told",
         incident(ms("2026-03-02T09:00"), told("ia.gl20", "2026-03-03T09:00"), done("closed", "2026-03-04T09:00"),
                  done("reopened", "2026-03-10T09:00"), **CYBER), INSURER, ms("2026-03-10T10:00"), "ia.gl20",
         "stopped", "2026-03-05 09:00"),
    Case("what turned out sets a clock going from the beginning",
         incident(ms("2026-03-02T09:00"), done("assessed", "2026-03-02T18:00", core_function=True), **CYBER), OPERATOR,
         ms("2026-03-02T19:00"), "c653.core", "running", "2026-03-02 21:00"),
    Case("and lets another fall away",
         incident(ms("2026-03-02T09:00"), done("assessed", "2026-03-02T18:00", core_function=True), **CYBER), OPERATOR,
         ms("2026-03-02T19:00"), "c653.other", "none", "2026-03-04 09:00"),
    Case("severity that was raised", incident(ms("2026-03-02T09:00"), done("assessed", "2026-03-02T12:00",
         severity="high"), severity="low", cause="outage"), BANK, ms("2026-03-02T13:00"), "hkma.significant", "running",
         "2026-03-03 00:00"),
    Case("from when it occurred", incident(ms("2026-03-05T09:00"), occurred_at=ms("2026-03-02T09:00"), **CYBER),
         BROKER, ms("2026-03-05T10:00"), "sfc.12_5", "running", ""),
    Case("personal data", incident(ms("2026-03-05T09:00"), cause="data_breach", personal_data=True), INSURER,
         ms("2026-03-05T10:00"), "pcpd.breach", "running", ""),
    Case("a suspicion", incident(ms("2026-03-05T09:00"), cause="gate", detail="suspicion.aml"), BANK,
         ms("2026-03-05T10:00"), "jfiu.str", "running", ""),
    Case("an exercise has clocks", incident(ms("2026-03-02T09:00"), drill=True, **CYBER), INSURER,
         ms("2026-03-06T09:00"), "ia.gl20", "missed", "2026-03-05 09:00", 24 * 60),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_clock_says(case: Case) -> None:
    clock = one(clocks(case.record, case.entity, case.now), case.clock)
    assert (clock.state, hkt(clock.due_ms), clock.late_ms) == (case.state, case.due, case.late_minutes * MINUTE_MS)
    assert clock.drill is case.record.drill
    if clock.due_ms is not None and clock.stopped_ms is None:
        assert clock.left_ms == clock.due_ms - case.now


def test_which_clocks_run() -> None:
    def names(record: IncidentRecord, entity: Entity) -> set[str]:
        return {each.id for each in clocks(record, entity, record.facts.detected_at)}

    at = ms("2026-03-02T09:00")
    assert names(incident(at, severity="medium", cause="alarm"), BANK) == set()
    assert names(incident(at, severity="high", cause="alarm"), BANK) == {"hkma.significant", "sfc.12_5"}
    assert names(incident(at, severity="high", cause="alarm"), INSURER) == set()
    assert names(incident(at, cause="cyber", personal_data=False), INSURER) == {"ia.gl20"}
    assert names(incident(at, cause="outage", severity="medium"), BROKER) == {"sfc.12_5"}
    assert names(incident(at, cause="outage", severity="low"), BROKER) == set()
    assert names(incident(at, cause="complaint", personal_data=True), INSURER) == {"pcpd.breach"}


def test_what_nobody_knows_may_apply_and_says_so() -> None:
    at = ms("2026-03-02T09:00")
    clock = one(clocks(incident(at, cause="cyber"), INSURER, at), "pcpd.breach")
    assert (clock.applies, clock.state) == (None, "running")
    without = clocks(incident(at, cause="cyber", severity="high", personal_data=False), None, at)
    assert {each.id: each.applies for each in without} == dict.fromkeys(
        ("c653.other", "hkma.significant", "ia.gl20", "sfc.12_5"), None
    )


def test_each_institution_has_its_own_and_the_most_urgent_comes_first() -> None:
    at = ms("2026-03-02T09:00")
    found = load_clocks().of(incident(at, personal_data=False, **CYBER), (INSURER, OPERATOR), at)
    assert [(each.entity, each.id) for each in found] == [
        ("operator", "hkma.significant"), ("operator", "c653.other"), ("insurer", "ia.gl20"),
    ]  # fmt: skip


def test_a_firm_may_be_stricter_and_never_laxer() -> None:
    at = ms("2026-03-02T09:00")
    record = incident(at, personal_data=False, **CYBER)
    strict = load_clocks({"ia.gl20": 24, "sfc.12_5": 2, "hkma.significant": 4})
    due = {each.id: hkt(each.due_ms) for each in strict.of(record, (INSURER, BANK), at)}
    assert due == {
        "ia.gl20": "2026-03-03 09:00",
        "sfc.12_5": "2026-03-02 11:00",
        "hkma.significant": "2026-03-02 13:00",
    }
    assert all(each.tightened for each in strict.of(record, (INSURER, BANK), at))
    late = load_clocks({"hkma.significant": 4}).of(incident(ms("2026-03-02T23:00"), **CYBER), (BANK,), at)
    assert hkt(one(late, "hkma.significant").due_ms) == "2026-03-03 00:00"  # the day ends before the firm's 4 hours
    for name, hours, why in (("ia.gl20", 73, "72"), ("hkma.significant", 25, "24"), ("ia.gl20", 0, "time"),
                             ("ia.gl2", 3, "ia.gl20"), ("sfc.high_risk_plan", 3, "sfc.12_5")):  # fmt: skip
        with pytest.raises(Problem) as caught:
            load_clocks({name: hours})
        assert caught.value.code == "settings.invalid" and why in caught.value.why


BUSINESS = """
[[clocks]]
id = "x"
when = "True"
basis = "business_days"
figure = {days}
starts = "detected"
source = "s"
letter = "U"
as_of = 2026-11-21
title.en = "t"
addressee.en = "a"
"""


@pytest.mark.parametrize(
    ("detected", "days", "due"),
    [
        ("2026-02-13T10:00", 1, "2026-02-17 00:00"),  # Friday: the Monday before Lunar New Year
        ("2026-02-16T10:00", 1, "2026-02-21 00:00"),  # Monday: 17 to 19 are holidays
        ("2026-02-16T10:00", 2, "2026-02-24 00:00"),
        ("2025-01-28T23:59", 1, "2025-02-04 00:00"),  # 29 to 31 January, then a weekend
        ("2026-04-02T10:00", 1, "2026-04-09 00:00"),  # Good Friday to the day after Easter Monday
        ("2026-04-02T10:00", 3, "2026-04-11 00:00"),
        ("2025-04-17T10:00", 1, "2025-04-23 00:00"),
        ("2026-12-24T10:00", 1, "2026-12-29 00:00"),  # Christmas on a Friday
        ("2025-12-24T10:00", 1, "2025-12-30 00:00"),  # Thursday and Friday, then a weekend
        ("2025-12-31T10:00", 1, "2026-01-03 00:00"),  # over the year's end
        ("2026-11-21T10:00", 1, "2026-11-24 00:00"),  # a Saturday
        ("2026-11-20T16:30+00:00", 1, "2026-11-24 00:00"),  # Saturday in Hong Kong already
        ("2026-06-18T10:00", 1, "2026-06-23 00:00"),
        ("2026-12-30T10:00", 1, "2027-01-01 00:00"),
        ("2026-12-31T10:00", 1, ""),  # nobody has entered 2027 yet
        ("2030-05-06T10:00", 1, ""),
        ("2024-12-30T10:00", 1, ""),
    ],
)
def test_business_days(detected: str, days: int, due: str) -> None:
    at = dt.datetime.fromisoformat(detected)
    at_ms = round((at if at.tzinfo else at.replace(tzinfo=HKT)).timestamp() * 1000)
    (clock,) = Clocks(read(BUSINESS.format(days=days)), hong_kong()).of(incident(at_ms), (BANK,), at_ms)
    assert hkt(clock.due_ms) == due
    assert clock.unknown == ("" if due else "holidays") and clock.state == "running"


def test_the_table_of_holidays() -> None:
    calendar = hong_kong()
    assert calendar.years == {2025, 2026}
    for year in calendar.years:
        assert len([day for day in calendar.holidays if day.year == year]) == 17
    assert not any(day.weekday() == 6 for day in calendar.holidays)  # Sundays are general holidays anyway
    assert calendar.business(dt.date(2026, 2, 16)) and not calendar.business(dt.date(2026, 2, 17))
    assert calendar.business(dt.date(2027, 1, 4)) is None and calendar.business(dt.date(2027, 1, 2)) is False


def test_clocks_are_data_that_is_checked() -> None:
    for change, code in (
        ('when = "True"|when = "nonsense"', "rule.field"),
        ('basis = "business_days"|basis = "promptly"', "manifest.invalid"),
        ("figure = 1|figure = 1.5", "manifest.invalid"),
        ('letter = "U"|letter = "X"', "manifest.invalid"),
    ):
        old, new = change.split("|")
        with pytest.raises(Problem) as caught:
            read(BUSINESS.format(days=1).replace(old, new))
        assert caught.value.code == code
    with pytest.raises(Problem) as caught:
        read(BUSINESS.format(days=1) * 2)
    assert caught.value.code == "clocks.twice"
    for each in shipped():
        assert set(each.duty.title) == set(each.duty.addressee) == {"en", "zh-Hant", "zh-Hans"}
        assert set(each.duty.note) in (set(), {"en", "zh-Hant", "zh-Hans"})
    letters = {each.duty.id: each.duty.letter for each in shipped()}
    assert letters == {
        "c653.core": "S", "c653.other": "S", "ia.gl20": "V", "hkma.significant": "U", "sfc.12_5": "S",
        "pcpd.breach": "S", "jfiu.str": "U", "sfc.high_risk_plan": "S",
    }  # fmt: skip


TIMES = st.integers(ms("2025-01-01T00:00"), ms("2026-12-20T00:00"))
STEPS = st.lists(
    st.builds(
        IncidentStep,
        step=st.sampled_from(("assessed", "contained", "notified", "fixed", "closed", "reopened")),
        clock=st.sampled_from(("", "ia.gl20", "hkma.significant", "sfc.12_5", "c653.core")),
        done_at=TIMES,
        severity=st.sampled_from(("", "low", "critical")),
        personal_data=st.none() | st.booleans(),
        core_function=st.none() | st.booleans(),
    ),
    max_size=5,
)
RECORDS = st.builds(
    lambda at, steps, **facts: incident(at, *steps, **facts),
    TIMES,
    STEPS,
    cause=st.sampled_from(("cyber", "data_breach", "outage", "breach", "alarm")),
    severity=st.sampled_from(("low", "medium", "high", "critical")),
    personal_data=st.none() | st.booleans(),
    core_function=st.booleans(),
)
ENTITIES = st.sampled_from((BANK, BROKER, INSURER, OPERATOR, None))


@given(RECORDS, ENTITIES, TIMES, st.integers(0, 400 * HOUR_MS))
def test_states_follow_from_times(record: IncidentRecord, entity: Entity | None, now: int, later: int) -> None:
    for clock in clocks(record, entity, now):
        if clock.state == "none":
            assert clock.applies is False
            continue
        end = now if clock.stopped_ms is None else clock.stopped_ms
        late = clock.due_ms is not None and end > clock.due_ms
        assert clock.state == ("missed" if late else "running" if clock.stopped_ms is None else "stopped")
        assert clock.late_ms == (end - (clock.due_ms or 0) if late else 0) and clock.elapsed_ms >= 0
        again = [each for each in clocks(record, entity, now + later) if each.id == clock.id]
        assert [each.due_ms for each in again] == [clock.due_ms]  # time doesn't move an end
        if clock.state == "missed":
            assert again[0].state == "missed" and again[0].late_ms >= 0  # and forgives nothing


@given(RECORDS, ENTITIES, TIMES)
def test_folding_again_says_the_same(record: IncidentRecord, entity: Entity | None, now: int) -> None:
    def told_again(each: Any, kind: Any) -> Any:
        return msgspec.json.decode(msgspec.json.encode(each), type=kind)

    opened = msgspec.structs.replace(record.opened, facts=told_again(record.opened.facts, type(record.opened.facts)))
    steps = [msgspec.structs.replace(s, facts=told_again(s.facts, IncidentStep)) for s in record.steps]
    assert clocks(IncidentRecord(opened, tuple(steps)), entity, now) == clocks(record, entity, now)


@given(RECORDS, ENTITIES, TIMES, st.dictionaries(st.sampled_from(("ia.gl20", "sfc.12_5", "hkma.significant")),
                                                 st.floats(0.01, 24), max_size=3))  # fmt: skip
def test_stricter_never_gives_more_time(
    record: IncidentRecord, entity: Entity | None, now: int, hours: dict[str, float]
) -> None:
    entities = (entity,) if entity else ()
    mine = {each.id: each for each in Clocks(tighten(shipped(), hours), hong_kong()).of(record, entities, now)}
    for clock in load_clocks().of(record, entities, now):
        strict = mine[clock.id].due_ms
        assert clock.due_ms is None or (strict is not None and strict <= clock.due_ms)
