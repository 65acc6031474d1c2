"""Pages of clauses: what they say is what evidence says, and what people say of clauses is on the log afterwards."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import msgspec
import pytest

from tests.console.conftest import Bank
from waglan.console.pages.clauses import known
from waglan.console.pages.clauses.readable import lines
from waglan.console.words import WORDS
from waglan.core.case import LANGUAGES
from waglan.core.events import Attestation, Entity, Inapplicable, RuleInForce, Vendor, WordingSeen
from waglan.evidence import last_days
from waglan.evidence.catalogue.force import put_in_force
from waglan.index import events

ENTITY = "test-bank"


@pytest.fixture(scope="module", autouse=True)
def _declared(bank: Bank) -> Iterator[None]:
    """A bank that deals in securities, and everything counted."""
    entity = Entity(id=ENTITY, name="Test Bank", licences=("bank", "licensed_corporation"))
    bank.house.registrar.entity(bank.identity("approver"), entity)
    bank.house.evidence.update()
    yield


def _soon(days: int = 90) -> str:
    return (dt.date.today() + dt.timedelta(days=days)).isoformat()


def _newest(bank: Bank, kind: str) -> dict[str, object]:
    bank.house.index.follow()
    with bank.house.index.reading() as connection:
        return events.latest(connection, (kind,), limit=1).rows[0].facts


# ---- the list


def test_list_says_what_the_report_says(bank: Bank) -> None:
    body = bank.get("/clauses.json", as_="auditor").body
    report = bank.house.evidence.report(ENTITY, last_days(bank.workspace.clock.now_ms()))
    assert {row["id"]: row["status"] for row in body["clauses"]} == {each.id: each.status for each in report.clauses}
    assert body["headlines"] == msgspec.to_builtins(report.headlines)
    assert len(body["clauses"]) == body["total"] == 123
    assert body["licences"] == ["bank", "licensed_corporation"]
    assert sum(each["n"] for each in body["statuses"]) == sum(each.duty for each in report.clauses)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_list_is_small_and_whole_in_every_language(bank: Bank, lang: str) -> None:
    shown = bank.get("/clauses", as_="reviewer", lang=lang)
    assert shown.status == 200
    assert len(shown.raw) < 60 * 1024
    assert shown.text.count("<tr data-row>") == 123
    chinese = "高風險用途的輸出須先經人手核實事實，方可交予客戶。"  # no Simplified text in the catalogue
    assert (chinese in shown.text) == (lang != "en")
    assert ('<tbody lang="zh-Hant-HK">' in shown.text) == (lang == "zh-Hans")


def test_worst_comes_first_and_what_is_no_duty_last(bank: Bank) -> None:
    rows = bank.get("/clauses.json", as_="reviewer").body["clauses"]
    order = ("breached", "no_evidence", "unknown", "expired", "thin", "stale", "attested", "met", "not_applicable")
    duties = [order.index(row["status"]) for row in rows if row["duty"]]
    assert duties == sorted(duties)
    assert [row["duty"] for row in rows] == sorted((row["duty"] for row in rows), reverse=True)


@pytest.mark.parametrize(
    ("query", "member", "value"),
    [("status=met", "status", "met"), ("letter=U", "letter", "U"), ("source=CAP-486", "source", "CAP-486"),
     ("gate=block", "gate", "block")],
)  # fmt: skip
def test_filters(bank: Bank, query: str, member: str, value: str) -> None:
    everything = bank.get("/clauses.json", as_="reviewer").body["clauses"]
    rows = bank.get(f"/clauses.json?{query}", as_="reviewer").body["clauses"]
    assert {row["id"] for row in rows} == {row["id"] for row in everything if row[member] == value} != set()


def test_filter_by_class_takes_what_has_any_test_of_it(bank: Bank) -> None:
    rows = bank.get("/clauses.json?class=D", as_="reviewer").body["clauses"]
    assert rows
    assert all("D" in row["classes"] for row in rows)
    assert bank.get("/clauses?class=D&status=stale", as_="reviewer").text.count("<tr data-row>") == 0


def test_licences_decide_what_applies(bank: Bank) -> None:
    rows = {row["id"]: row for row in bank.get("/clauses.json", as_="reviewer").body["clauses"]}
    assert (rows["IA.2"]["status"], rows["IA.2"]["why"]) == ("not_applicable", "unlicensed")
    assert rows["C653.1"]["status"] == "not_applicable"
    assert rows["SFC26.1"]["status"] != "not_applicable"
    assert (rows["SFC.2a"]["status"], rows["SFC.2a"]["why"]) == (
        "not_applicable",
        "unused",
    )  # credit is no language model


def test_strangers_and_odd_windows(bank: Bank) -> None:
    assert bank.get("/clauses?entity=somebody", as_="reviewer").status == 404
    for odd in ("0d", "30", "x", "1101d", "-3d"):
        assert bank.get(f"/clauses?window={odd}", as_="reviewer").status == 422
    body = bank.get("/clauses.json?window=7d", as_="reviewer").body
    assert (dt.date.fromisoformat(body["until"]) - dt.date.fromisoformat(body["since"])).days == 6


def test_shares_are_of_recorded_decisions_while_nobody_else_counts(bank: Bank) -> None:
    assert "All shares are of recorded decisions." in bank.get("/clauses", as_="reviewer").text


def test_who_may_look(bank: Bank) -> None:
    for role in ("admin", "developer", "user", "reviewer", "approver", "auditor", "examiner"):
        assert bank.get("/clauses", as_=role).status == 200
    assert bank.get("/clauses", as_="provider").status == 403
    assert bank.get("/clauses").status == 303


# ---- one clause


def test_clause_with_a_certain_breach(bank: Bank) -> None:
    body = bank.get("/clauses/PMF.5.json", as_="reviewer").body
    test = next(each for each in body["tests"] if each["id"] == "PMF.5.1")
    report = bank.house.evidence.report(ENTITY)
    told = next(t for c in report.clauses if c.id == "PMF.5" for t in c.tests if t.id == "PMF.5.1")
    assert (body["status"], test["status"], test["why"]) == ("breached", "breached", "failed")
    assert test["counts"] == msgspec.to_builtins(told.counts)
    assert test["counts"]["failed"] > 0
    assert sum(test["by_day"]["failed"]) == test["counts"]["failed"]
    html = bank.get("/clauses/PMF.5", as_="reviewer").text
    example = test["examples"][0]["id"]
    assert f'href="/console/decisions/{example}"' in html
    decision = bank.get(f"/decisions/{example}.json", as_="reviewer")
    assert decision.status == 200
    assert f"{test['counts']['failed']:,}" in html


def test_clause_says_both_languages_and_its_source(bank: Bank) -> None:
    html = bank.get("/clauses/SFC.5b", as_="reviewer").text
    assert "In high-risk uses a person checks the facts" in html
    assert "高風險用途的輸出須先經人手核實事實" in html
    for said in ("24EC55", "Licensed corporation (SFC)", "Head of advice", "art. 14", "Linklaters"):
        assert said in html
    assert "not legal advice" in html


def test_every_clause_opens_in_every_language_within_its_size(bank: Bank) -> None:
    found = bank.house.evidence.catalogue().clauses
    for each, lang in zip(found, LANGUAGES * 41, strict=True):
        shown = bank.get(f"/clauses/{each.id}", as_="auditor", lang=lang)
        assert shown.status == 200, each.id
        assert len(shown.raw) < 60 * 1024


def test_unknown_clause(bank: Bank) -> None:
    for address in ("/clauses/SFC.99", "/clauses/SFC.99/wording", "/clauses/SFC.99.json"):
        assert bank.get(address, as_="reviewer").status == 404
    assert bank.post("/clauses/SFC.99/attest", {"until": _soon()}, as_="approver").status == 404


def test_failing_row_of_a_register_says_what_was_asked(bank: Bank) -> None:
    bank.house.registrar.vendor(bank.identity("approver"), Vendor(id="syn-host", service="hosting"))
    body = bank.get("/clauses/PMF.2.json", as_="reviewer").body
    (test,) = body["tests"]
    assert (body["status"], test["status"]) == ("breached", "breached")
    row = {part["name"]: part["value"] for part in test["examples"][0]["row"]}
    assert (row["legal_entity"], row["contract_until_at"], "service" in row) == (None, None, False)
    assert "<code>legal_entity</code> unknown" in bank.get("/clauses/PMF.2", as_="reviewer").text


def test_gate_is_off_until_a_rule_is_in_force(bank: Bank) -> None:
    before = bank.get("/clauses/DPP.3", as_="reviewer").text
    assert "not in force" in before
    test = next(s.test for s in bank.house.evidence.catalogue().tests() if s.test.id == "DPP.3.1")
    rule = RuleInForce(id=test.id, digest="0" * 64, gate=test.gate, holds=test.holds, scope=test.scope)
    bank.workspace.record(rule, actor="tests")
    after = bank.get("/clauses/DPP.3", as_="reviewer").text
    assert 'href="/console/rules/DPP.3.1"' in after
    assert next(r for r in bank.get("/clauses.json", as_="reviewer").body["clauses"] if r["id"] == "DPP.3")["gated"]
    bank.workspace.record(msgspec.structs.replace(rule, state="withdrawn"), actor="tests")
    assert bank.get("/clauses/DPP.3", as_="reviewer").text.count("not in force") == before.count("not in force")


# ---- wording


def test_wording_is_raised_by_who_saw_the_source(bank: Bank) -> None:
    left = bank.get("/clauses/wording.json", as_="approver").body
    first = left["next"]
    seen = {"wording": "primary", "where": "the circular, English version", "locator": "para. 9", "then": "next"}
    answer = bank.post(f"/clauses/{first}/wording", seen, as_="approver")
    assert answer.status == 303
    following = answer.headers["location"]
    assert re.fullmatch(r"/console/clauses/[A-Za-z0-9.]+/wording\?notice=wording_seen", following)
    assert f"/{first}/" not in following
    after = bank.get("/clauses/wording.json", as_="approver").body
    assert len(after["waiting"]) == len(left["waiting"]) - 1
    assert after["letters"]["V"] == left["letters"]["V"] + 1
    assert _newest(bank, WordingSeen.kind)["clause"] == first
    card = bank.get(f"/clauses/{first}.json", as_="reviewer").body
    assert (card["letter"], card["locator"]) == ("V", "para. 9")
    assert "the circular, English version" in bank.get(f"/clauses/{first}", as_="reviewer").text
    assert first in bank.get("/clauses/changes", as_="reviewer").text
    bank.post(f"/clauses/{first}/wording", {"wording": "unverified", "where": "not found again"}, as_="approver")
    assert bank.get("/clauses/wording.json", as_="approver").body["letters"] == left["letters"]


@pytest.mark.parametrize(
    ("fields", "where"),
    [({"wording": "primary", "where": "the circular"}, "locator"), ({"wording": "primary", "locator": "9"}, "where"),
     ({"wording": "certain"}, "certain"), ({"wording": "secondary", "where": "x" * 301}, "where"),
     ({"where": "the circular"}, "wording")],
)  # fmt: skip
def test_wording_that_cannot_stand_is_refused_with_what_was_typed(
    bank: Bank, fields: dict[str, str], where: str
) -> None:
    before = bank.workspace.ledger.head().size
    answer = bank.post("/clauses/SFC.2d/wording", fields, as_="approver")
    assert answer.status == 422
    assert bank.workspace.ledger.head().size == before
    assert f"<code>{where}</code>" in answer.text
    assert fields.get("where", "")[:50] in answer.text


def test_only_who_approves_says_what_they_saw(bank: Bank) -> None:
    for role in ("reviewer", "admin", "developer", "auditor", "examiner"):
        assert bank.post("/clauses/SFC.2d/wording", {"wording": "unverified"}, as_=role).status == 403
        assert '<form method="post" action="/console/clauses/' not in bank.get("/clauses/SFC.2d/wording", as_=role).text


# ---- what people stand for


def test_attesting_and_taking_it_back(bank: Bank) -> None:
    page = "/clauses/PEMP.4"

    def stands() -> tuple[str, str]:
        body = bank.get(f"{page}.json", as_="reviewer").body
        status = next(each["status"] for each in body["tests"] if each["id"] == "PEMP.4.2")
        return status, body["attestations"][0]["state"] if body["attestations"] else ""

    assert stands() == ("no_evidence", "")
    fields = {"entity": ENTITY, "until": _soon(), "note": "架構圖第三版"}
    answer = bank.post(f"{page}/attest", fields, as_="approver")
    assert (answer.status, answer.headers["location"]) == (303, "/console/clauses/PEMP.4?notice=attested")
    facts = _newest(bank, Attestation.kind)
    assert (facts["clause"], facts["entity"]) == ("PEMP.4", ENTITY)
    assert "架構圖" not in str(facts)
    assert stands() == ("attested", "given")
    body = bank.get(f"{page}.json", as_="reviewer").body
    assert body["attestations"][0]["actor"]["name"].startswith("approver")
    assert bank.post(f"{page}/withdraw", {"entity": ENTITY}, as_="approver").status == 303
    assert stands() == ("no_evidence", "withdrawn")
    assert bank.post(f"{page}/withdraw", {"entity": ENTITY}, as_="approver").status == 404


@pytest.mark.parametrize("until", ["", "2020-01-01", "soon", "9999-12-31", "2999-01-01"])
def test_attestation_ends_on_a_day_to_come(bank: Bank, until: str) -> None:
    answer = bank.post("/clauses/PEMP.4/attest", {"entity": ENTITY, "until": until, "note": "kept"}, as_="approver")
    assert answer.status == 422


def test_attestation_never_makes_good_what_decisions_show(bank: Bank) -> None:
    bank.post("/clauses/PMF.5/attest", {"entity": ENTITY, "until": _soon()}, as_="approver")
    assert bank.get("/clauses/PMF.5.json", as_="reviewer").body["status"] == "breached"


def test_declared_not_to_apply_and_again(bank: Bank) -> None:
    page = "/clauses/SFC26.3"
    wrong = bank.post(f"{page}/excuse", {"entity": ENTITY, "until": _soon(), "reason": "too hard"}, as_="approver")
    assert wrong.status == 422
    fields = {"entity": ENTITY, "until": _soon(), "reason": "no_such_use"}
    assert bank.post(f"{page}/excuse", fields, as_="reviewer").status == 403
    assert bank.post(f"{page}/excuse", fields, as_="approver").status == 303
    assert _newest(bank, Inapplicable.kind)["reason"] == "no_such_use"
    body = bank.get(f"{page}.json", as_="reviewer").body
    assert (body["status"], body["why"], body["inapplicable"][0]["state"]) == ("not_applicable", "excused", "given")
    assert bank.post(f"{page}/include", {"entity": ENTITY}, as_="approver").status == 303
    assert bank.get(f"{page}.json", as_="reviewer").body["status"] == "no_evidence"


# ---- what changed


def test_what_changed_between_two_catalogues(bank: Bank) -> None:
    shipped = known.shipped()
    gone = [each for each in shipped.clauses if each.id != "SFC.6"]
    older = [
        msgspec.structs.replace(each, wording="unverified", locator="") if each.id == "DPP.3" else each for each in gone
    ]
    old = msgspec.structs.replace(shipped, version="2026.01", clauses=tuple(older))
    put_in_force(bank.workspace, old, index=bank.house.index, actor="cli")
    waiting = bank.get("/clauses/changes.json", as_="reviewer").body
    assert (waiting["pending_n"], [each["first"] for each in waiting["versions"]]) == (2, [True])
    put_in_force(bank.workspace, shipped, index=bank.house.index, actor="cli")
    body = bank.get("/clauses/changes.json", as_="reviewer").body
    newest = body["versions"][0]
    assert (body["pending_n"], newest["n"], newest["by_what"]) == (0, 2, {"wording": 1, "added": 1})
    raised = next(each for each in newest["changes"] if each["what"] == "wording")
    assert (raised["clause"], raised["old"], raised["raised"]) == ("DPP.3", "U", True)
    assert "2026.01" in bank.get("/clauses/changes", as_="reviewer").text


# ---- words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("True", []),
        ("a is not None and b == 'x'", ["a is known", "b = “x”"]),
        ("a is None or not b", ["a isn't known or not b"]),
        ('"SFC.6" in clauses', ["clauses holds “SFC.6”"]),
        ('kind not in ("p", "q")', ["kind is none of “p”, “q”"]),
        ('controls["data.minimisation"] != "block"', ["control data.minimisation ≠ “block”"]),
        ("any(p == purpose for p in purposes)", ["one of purposes = purpose"]),
        ("all(len(p) > 2 for p in purposes)", ["the number of each of purposes > 2"]),
        ("coalesce(n, 0) == 0", ["n (0 where unknown) = 0"]),
        ("now - at <= (hours(12) if core else hours(48))", ["now − at ≤ (12 hours if core, else 48 hours)"]),
        ("a and (b or c and d)", ["a", "b or (c and d)"]),
        ("0 < x <= -y", ["0 < x, x ≤ −y"]),
        ("not (a and b)", ["not (a and b)"]),
        ('startswith(region, "HK")', ["region begins with “HK”"]),
        ("weekday(at) in (5, 6)", ["weekday(at) is one of 5, 6"]),
    ],
)
def test_expression_in_words(text: str, said: list[str]) -> None:
    assert lines(text, "en") == said


def test_every_expression_has_words_in_every_language() -> None:
    for stated in known.shipped().tests():
        for text in (stated.test.scope, stated.test.holds, stated.test.current):
            found = [lines(text, name) for name in LANGUAGES]
            assert len({len(each) for each in found}) == 1
            assert all(line and "%(" not in line for each in found for line in each)


def test_every_code_has_words() -> None:
    found = known.shipped()
    for group, codes in {
        "owner_role": {each.owner_role for each in found.clauses},
        "framework": {name for each in found.clauses for name in each.maps},
        "source_kind": {each.kind for each in found.sources.values()},
        "force": {each.force for each in found.sources.values()},
        "rows_of": {stated.test.over for stated in found.tests()},
        "licence": {name for each in found.sources.values() for name in each.applies_to},
    }.items():
        assert codes <= WORDS[group].keys(), group
