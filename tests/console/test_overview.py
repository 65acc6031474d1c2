"""The overview: two tracks from the record, what needs whom, and the first visit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.console.conftest import CHEAP, PASSWORD, YEAR_MS, Bank
from waglan.access import PEOPLE_ROLES, Access, Action
from waglan.core.decision import Route
from waglan.core.events import Attention, Void
from waglan.core.problem import Problem
from waglan.ledger.log import Ledger
from waglan.review import Judgement
from waglan.runtime import Workspace


def shown(bank: Bank, who: str, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = bank.get(f"/overview.json{query}", as_=who).body
    return found


def needs(bank: Bank, who: str) -> dict[str, int]:
    return {each["key"]: each["n"] for each in shown(bank, who)["needs"]}


def human(bank: Bank) -> int:
    found: int = shown(bank, "auditor")["live"]["routes"]["human"]
    return found


def test_both_tracks_count_what_stands_on_the_log(bank: Bank) -> None:
    found = shown(bank, "auditor")
    leaves = [bank.workspace.ledger.leaf(at) for at in range(bank.workspace.ledger.head().size)]
    decided = [leaf["facts"] for leaf in leaves if leaf["kind"] == "decision"]
    assert found["live"]["total"] == len(decided) == 300
    for route in Route:
        assert found["live"]["routes"][route] == sum(each["route"] == route for each in decided)
    assert found["to_people"]["adverse"] == sum(bool(each.get("adverse")) for each in decided)
    masked = sum(["privacy.identifiers", "redact"] in each["controls"] for each in decided)
    assert found["to_people"]["masked"] == masked > 0
    assert found["to_people"]["told"] == 1.0
    assert found["for_us"]["p50_us"] > 0
    assert found["for_us"]["saved"] is None, "no verdict says yet how long a person takes"


@pytest.mark.parametrize(
    ("query", "days", "drawn"), [("", 7, 7), ("?days=1", 1, 7), ("?days=30", 30, 30), ("?days=9", 7, 7)]
)
def test_the_period_can_be_chosen(bank: Bank, query: str, days: int, drawn: int) -> None:
    found = shown(bank, "auditor", query)
    assert found["days"] == days
    assert len(found["live"]["days"]) == drawn
    assert sum(map(sum, found["live"]["by_day"].values())) == 300


@pytest.mark.parametrize("role", [role for role in PEOPLE_ROLES if role != "provider"])
def test_every_link_leads_where_this_person_may_go(bank: Bank, role: str) -> None:
    import re

    text = bank.get("/overview?days=30", as_=role).text.partition("<main")[2]
    links = set(re.findall(r'href="(/console/[^"#]+)', text))
    assert links
    for link in links:
        assert bank.get(link.replace("&amp;", "&"), as_=role).status == 200, link


def test_a_vendor_has_no_overview(bank: Bank) -> None:
    assert bank.get("/overview", as_="provider").status == 403


def test_what_needs_whom(bank: Bank) -> None:
    waiting = needs(bank, "reviewer")["to_judge"]
    assert waiting >= human(bank) > 0
    assert "to_judge" not in needs(bank, "approver")
    assert "to_judge" not in needs(bank, "admin")
    assert "needs" in shown(bank, "user")


def test_from_judging_to_release_everybody_sees_their_part(bank: Bank) -> None:
    desk, who = bank.house.desk, bank.identity("reviewer")
    item = desk.next(who)
    assert item is not None
    assert needs(bank, "reviewer")["in_hand"] == 1
    page = desk.show(who, item.id)
    effect = "approve" if item.effect == "decline" else "decline"
    desk.judge(
        who, item.id, Judgement(verdict="change", reason="documents", effect=effect, note="x"), shown=page.sha256
    )
    assert "in_hand" not in needs(bank, "reviewer")
    found = shown(bank, "auditor")["to_people"]
    assert (found["reviewed"], found["changed"]) == (1, 1)


def test_keys_people_and_validations_that_end_are_told_to_those_who_can_help(bank: Bank) -> None:
    access, now_ms = bank.house.access, bank.workspace.clock.now_ms()
    access.keys.create("core banking", (Action.DECISION_MAKE,), 10, bank.people["admin"].id)
    examiner = bank.people["examiner"]
    access.people.change(examiner.id, until_ms=now_ms + 86_400_000)
    model = bank.workspace.registers.current("credit.scorecard")
    assert model is not None
    bank.workspace.register_model(msgspec.structs.replace(model, validation_expires_at=now_ms + 1000_000))
    try:
        found = needs(bank, "admin")
        assert (found["keys"], found["people"], found["validation"]) == (1, 1, 1)
        assert "keys" not in needs(bank, "auditor")
        assert needs(bank, "auditor")["validation"] == 1
        bank.workspace.register_model(msgspec.structs.replace(model, validated_at=None))
        assert needs(bank, "auditor")["not_validated"] == 1
    finally:
        access.people.change(examiner.id, until_ms=now_ms + YEAR_MS)
        bank.workspace.register_model(model)


def test_time_saved_is_told_once_verdicts_say_how_long_a_case_takes(bank: Bank) -> None:
    from waglan.core.events import Review

    decision = bank.get("/decisions.json", as_="auditor").body["rows"][0]["id"]
    for seconds in (60, 120, 600):
        event = Review(verdict="agree", review_seconds=seconds, cause="sample")
        bank.workspace.record(event, refs=(decision,), actor="p-x")
    found = shown(bank, "auditor")
    saved, automatic = found["for_us"]["saved"], found["live"]["routes"]["auto"]
    assert saved["seconds_each"] in (60, 120)
    assert saved["hours"] == pytest.approx(automatic * saved["seconds_each"] / 3600)
    assert "Work saved" in bank.get("/overview", as_="auditor").text


def test_a_careless_reviewer_is_told_to_those_who_measure(bank: Bank) -> None:
    decision = bank.get("/decisions.json", as_="auditor").body["rows"][0]["id"]
    event = Attention(caught=False, reviewer="p-careless")
    undone = bank.workspace.record(Attention(caught=False, reviewer="p-undone"), refs=(decision, "R" * 26), actor="x")
    bank.workspace.record(Void(reason="undone"), refs=(decision, "R" * 26), actor="p-undone")
    assert undone.index
    for at in range(25):
        bank.workspace.record(event, refs=(decision, f"{at:026}"), actor="review")
        bank.workspace.record(
            Attention(caught=True, reviewer="p-careful"), refs=(decision, f"{at:026}"), actor="review"
        )
    assert needs(bank, "approver")["careless"] == needs(bank, "auditor")["careless"] == 1
    assert "careless" not in needs(bank, "reviewer")
    assert "careless" not in needs(bank, "admin")


def test_what_was_handed_up_waits_for_somebody_else(bank: Bank) -> None:
    desk, who = bank.house.desk, bank.identity("reviewer2")
    item = desk.next(who)
    assert item is not None
    desk.hand_up(who, item.id)
    assert needs(bank, "reviewer")["handed_up"] == 1
    with pytest.raises(Problem):
        desk.take(who, item.id)
    mine = bank.identity("reviewer")
    desk.take(mine, item.id)
    shown_to_me = desk.show(mine, item.id)
    desk.judge(mine, item.id, Judgement(verdict="agree"), shown=shown_to_me.sha256)
    assert "handed_up" not in needs(bank, "reviewer")


def test_nobody_is_told_what_the_record_cannot_say(bank: Bank) -> None:
    assert "can&#39;t say which groups" in bank.get("/overview", as_="auditor").text


@pytest.fixture
def fresh(tmp_path: Path) -> Any:
    folder = tmp_path / "fresh"
    with (
        Workspace.create(folder, tenant="fresh") as workspace,
        Access.open(folder, tenant="fresh", clock=workspace.clock, ids=workspace.ids, cost=CHEAP) as access,
    ):
        person = access.people.add("admin 陳", "a@bank.example", ("admin", "user"))
        access.people.accept(access.people.invite(person.id), PASSWORD)
    bank = Bank(folder)
    yield bank
    bank.close()


def test_the_first_visit_has_steps_that_are_ticked_by_doing_them(fresh: Bank, tmp_path: Path) -> None:
    steps = {each["key"]: each for each in shown(fresh, "admin")["guide"]}
    assert list(steps) == ["try", "person", "key", "file", "look", "verify"]
    assert not any(each["done"] for each in steps.values())
    text = fresh.get("/overview", as_="admin").text
    assert "Six steps" in text
    assert "Nothing was decided in this period." in text
    fresh.house.access.people.add("rev", "r@bank.example", ("reviewer",))
    steps = {each["key"]: each["done"] for each in shown(fresh, "admin")["guide"]}
    assert steps["person"]
    assert not steps["try"]
    row = dict(fresh.workspace.catalogue.get("credit").plugin.samples[0])
    with pytest.raises(Exception, match="model"):
        fresh.workspace.runtime.decide_sync("credit", row)
    for path in ("/use-cases", "/use-cases/credit", "/controls", "/models", "/try", "/try/credit"):
        assert fresh.get(path, as_="admin").status == 200, path
    assert "Nothing can be decided here yet." in fresh.get("/try/credit", as_="admin").text


def test_the_guide_is_gone_once_people_work_here(bank: Bank) -> None:
    assert shown(bank, "admin")["guide"] == []
    assert "Six steps" not in bank.get("/overview", as_="admin").text


def test_an_unreachable_log_is_the_first_thing_said(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    away = Problem("away", "gone", "wait", code="ledger.unavailable", status=503)
    monkeypatch.setattr(Ledger, "problem", property(lambda self: away))
    monkeypatch.setattr(Ledger, "available", property(lambda self: False))
    assert shown(bank, "auditor")["needs"][0]["key"] == "ledger"
