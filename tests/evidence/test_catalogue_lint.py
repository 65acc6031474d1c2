"""Planted faults are found, whichever clause they are planted in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waglan.evidence.catalogue import Catalogue, Clause, Seen, Test, load
from waglan.evidence.catalogue.lint import lint
from waglan.evidence.catalogue.lint_source import invented

SHIPPED = load()
replace = msgspec.structs.replace
DAY = dt.date(2026, 11, 21)
PEOPLE = Seen(by="wg", on=DAY, where="law firm's note")
MACHINE = Seen(by="wg", on=DAY, where="machine-written note series")
PRIMARY = Seen(by="wg", on=DAY, where="the paper", primary=True)


def title(text: str) -> dict[str, str]:
    return {"en": text, "zh-Hant": "測試"}


def first_test(clause: Clause, **change: Any) -> Clause:
    return replace(clause, tests=(replace(clause.tests[0], **change), *clause.tests[1:]))


def decision(clause: Clause, **change: Any) -> Clause:
    """A clause with one more test over decisions."""
    test = Test(id=f"{clause.id}.99", kind="decision", holds="route is not None", title=title("Routed"))
    return replace(clause, tests=(*clause.tests, replace(test, **change)))


def register(clause: Clause, **change: Any) -> Clause:
    test = Test(id=f"{clause.id}.99", kind="register", over="models", holds="owner is not None", title=title("Owned"))
    return replace(clause, tests=(*clause.tests, replace(test, **change)))


FAULTS: dict[str, tuple[str, Callable[[Clause], Clause]]] = {
    "an id in another form": ("id.form", lambda c: replace(c, id="lower 1")),
    "no owner": ("clause.owner", lambda c: replace(c, owner_role=" ")),
    "a source that isn't listed": ("clause.source", lambda c: replace(c, source="SFC-1999")),
    "a control that isn't there": ("clause.control", lambda c: replace(c, controls=("human.review",))),
    "a duty without tests": ("clause.untested", lambda c: replace(c, duty=True, tests=())),
    "an end before the beginning": ("clause.dates", lambda c: replace(c, until=c.since)),
    "in force before it was written": ("clause.dates", lambda c: replace(c, since=dt.date(1990, 1, 1))),
    "V without a paragraph": ("wording.locator", lambda c: replace(
        c, wording="primary", locator="", seen=(PRIMARY,), single=False, existence=False)),
    "V that nobody saw": ("wording.seen", lambda c: replace(
        c, wording="primary", locator="3", seen=(PEOPLE,), single=False, existence=False)),
    "mere existence that nobody saw": ("wording.seen", lambda c: replace(
        c, wording="primary", existence=True, locator="", seen=(PEOPLE,), single=False)),
    "S on one text": ("wording.single", lambda c: replace(
        c, wording="secondary", locator="", seen=(PEOPLE,), single=False, existence=False)),
    "S on one text seen twice": ("wording.single", lambda c: replace(
        c, wording="secondary", locator="", seen=(PEOPLE, PEOPLE), single=False, existence=False)),
    "S on a text and a machine": ("wording.single", lambda c: replace(
        c, wording="secondary", locator="", seen=(PEOPLE, MACHINE), single=False, existence=False)),
    "S on machines": ("wording.single", lambda c: replace(
        c, wording="secondary", locator="", seen=(MACHINE,), single=True, existence=False)),
    "a paragraph that nobody saw": ("wording.locator", lambda c: replace(
        c, wording="secondary", locator="7(a)", seen=(PEOPLE, replace(PEOPLE, where="news")), existence=False)),
    "U although seen": ("wording.status", lambda c: replace(c, wording="unverified", seen=(PRIMARY,), single=False)),
    "seen tomorrow": ("wording.dates", lambda c: replace(c, seen=(replace(PRIMARY, on=dt.date(2026, 12, 1)),))),
    "seen by nobody": ("wording.seen", lambda c: replace(c, seen=(replace(PRIMARY, by=""),))),
    "no Chinese": ("text.language", lambda c: replace(c, text={"en": "x"})),
    "Chinese in the English": ("text.language", lambda c: replace(c, text={"en": "人", "zh-Hant": "人"})),
    "English in the Chinese": ("text.language", lambda c: replace(c, text={"en": "x", "zh-Hant": "x"})),
    "a third language": ("text.language", lambda c: replace(c, text={**c.text, "fr": "x"})),
    "simplified characters": ("text.simplified", lambda c: replace(c, text={"en": "x", "zh-Hant": "银行须说明"})),
    "a word that promises too much": ("text.word", lambda c: replace(c, text={"en": "compliant", "zh-Hant": "人"})),
    "a duty that nobody stated": ("text.invented", lambda c: replace(
        c, text={"en": "It is mandatory to fight AI-vs-AI.", "zh-Hant": "人"})),
    "no title in Chinese": ("text.language", lambda c: decision(c, title={"en": "x"})),
    "a field that isn't there": ("test.field", lambda c: decision(c, holds="reviewd_at is not None")),
    "types that don't meet": ("test.type", lambda c: decision(c, holds="confidence > 'x'")),
    "no expression": ("test.syntax", lambda c: decision(c, holds="route ==")),
    "an amount, not a truth": ("test.type", lambda c: decision(c, holds="stakes_hkd")),
    "the present time over decisions": ("test.now", lambda c: decision(c, holds="decided_at < now")),
    "expiry over decisions": ("test.current", lambda c: decision(c, current="route is not None")),
    "a tautology": ("test.holds", lambda c: decision(c, holds="True")),
    "nothing in scope": ("test.scope", lambda c: decision(c, scope="False")),
    "a field that is always false": ("test.field", lambda c: decision(c, scope="not drill")),
    "a field that nothing records": ("test.field", lambda c: decision(c, holds="shown_at is not None")),
    "a control that nobody has": ("test.control", lambda c: decision(c, holds='controls["ai.magic"] == "pass"')),
    "a table that isn't there": ("test.table", lambda c: register(c, over="robots")),
    "decisions over a register": ("test.table", lambda c: decision(c, over="models", holds="owner is not None")),
    "a register of its own kind": ("test.table", lambda c: register(c, over="drills", holds="passed")),
    "documents of any kind": ("test.scope", lambda c: register(c, kind="document", over="documents", holds="True")),
    "somebody else's attestation": ("test.scope", lambda c: register(
        c, kind="attestation", over="attestations", scope='clause == "X.1"', holds="person is not None")),
    "a gate on a register": ("test.gate", lambda c: register(c, gate="human")),
    "a gate on what comes later": ("test.gate", lambda c: decision(c, holds="reviewed_at is not None", gate="human")),
    "a gate on the log's own": ("test.gate", lambda c: decision(c, holds="writer_seq is not None", gate="warn")),
    "an incident of a register": ("test.incident", lambda c: register(c, incident=True)),
    "freshness in words": ("test.freshness", lambda c: register(c, freshness="a month")),
    "a sample that shows all": ("test.sampled", lambda c: decision(c, sampled=True)),
    "a title without end": ("test.title", lambda c: decision(c, title=title("so " * 60))),
    "a test of another clause": ("id.form", lambda c: decision(c, id="ZZ.1.1")),
}  # fmt: skip


def codes(catalogue: Catalogue) -> set[tuple[str, str]]:
    return {(fault.code, fault.subject) for fault in lint(catalogue)}


def alone(clause: Clause) -> set[tuple[str, str]]:
    return {fault for fault in codes(replace(SHIPPED, clauses=(clause,))) if fault[1].startswith((clause.id, "ZZ."))}


@pytest.mark.parametrize("name", FAULTS)
@settings(max_examples=5)
@given(at=st.integers(0, len(SHIPPED.clauses) - 1))
def test_a_planted_fault_is_found(name: str, at: int) -> None:
    code, change = FAULTS[name]
    clause = SHIPPED.clauses[at]
    found = alone(change(clause)) - alone(clause)
    assert code in {fault for fault, _ in found}, found


@settings(max_examples=3)
@given(at=st.integers(0, len(SHIPPED.clauses) - 1))
def test_an_id_is_used_once_and_never_again(at: int) -> None:
    clause = SHIPPED.clauses[at]
    twice = replace(SHIPPED, clauses=(*SHIPPED.clauses, clause))
    assert ("id.twice", clause.id) in codes(twice)
    faults = lint(SHIPPED, places={clause.id: "x.toml:3"}, retired=(clause.id,))
    assert [(f.code, f.subject, f.where) for f in faults] == [("id.retired", clause.id, "x.toml:3")]


def with_source(**change: Any) -> set[tuple[str, str]]:
    name = "FSTB-2024"
    return codes(replace(SHIPPED, sources={**SHIPPED.sources, name: replace(SHIPPED.sources[name], **change)}))


def test_faults_of_a_source() -> None:
    assert ("source.dates", "FSTB-2024") in with_source(checked_on=dt.date(2024, 1, 1))
    assert ("source.dates", "FSTB-2024") in with_source(checked_on=dt.date(2027, 1, 1))
    assert ("source.url", "FSTB-2024") in with_source(url="http://example.com")
    assert ("source.title", "FSTB-2024") in with_source(title=" ")
    assert ("source.successor", "FSTB-2024") in with_source(superseded_by="FSTB-2030")
    assert ("clause.superseded", "FSTB.12.1") in with_source(superseded_by="CAP-486")
    assert ("clause.addressee", "AML24.2") in codes(
        replace(SHIPPED, sources={n: replace(s, applies_to=("insurer",)) for n, s in SHIPPED.sources.items()})
    )
    more = {**SHIPPED.sources, "X": SHIPPED.sources["FSTB-2024"]}
    assert ("source.unused", "X") in codes(replace(SHIPPED, sources=more))


@pytest.mark.parametrize(
    ("issuer", "name", "date"),
    [
        ("HKMA", "Principles for the use of AI", dt.date(2021, 5, 1)),
        ("MAS-HKMA-APRA", "Joint guideline on AI", dt.date(2023, 5, 1)),
        ("SFC", "Use of artificial intelligence", dt.date(2024, 7, 1)),
        ("HKMA", "Principles for the Responsible Use of Artificial Intelligence in the Banking Sector", DAY),
        ("SFC", "Use of Artificial Intelligence in Securities and Futures Markets", dt.date(2024, 12, 1)),
        ("HKMA", "Mandatory use of AI-vs-AI", dt.date(2025, 5, 1)),
    ],
)
def test_a_paper_that_was_never_written_is_refused(issuer: str, name: str, date: dt.date) -> None:
    assert ("source.invented", "FSTB-2024") in with_source(issuer=issuer, title=name, date=date)


def test_no_real_paper_is_taken_for_an_invented_one() -> None:
    assert not [n for n, s in SHIPPED.sources.items() if invented(f"{s.issuer} {s.title} {s.date} {s.issuer}")]


def test_a_control_that_serves_nothing_of_the_catalogue_is_found() -> None:
    fewer = replace(SHIPPED, clauses=tuple([c for c in SHIPPED.clauses if c.id != "FSTB.12c.3"]))
    assert ("control.clause", "output.disclosure") in codes(fewer)
