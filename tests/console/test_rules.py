"""Rules in the console: written, tried, replayed over a month, released by another person, and what they did."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.console.conftest import Bank
from waglan.harbour import write_applicants
from waglan.runtime import Ask

LIMIT = {
    "id": "CREDIT.limit",
    "title": "Large sums go to a person",
    "holds": "stakes_hkd <= 100000",
    "scope": 'use_case == "credit"',
    "gate": "human",
    "clauses": "FSTB.12b.3, SFC.5b",
    "tables": "",
    "incident": "",
}


def replayed(bank: Bank, fields: dict[str, str], address: str = "/rules/new", as_: str = "developer") -> str:
    """The address of a finished replay."""
    answer = bank.post(address, {**fields, "do": "replay", "period": "30d"}, as_=as_)
    assert answer.status == 303, answer.text
    return finished(bank, answer.headers["location"].partition("?")[0])


def finished(bank: Bank, where: str) -> str:
    for _ in range(200):
        shown = bank.get(f"{where}.json", as_="developer").body
        if shown["state"] != "running":
            assert shown["state"] == "done", shown["problem"]
            return where
        time.sleep(0.05)
    raise AssertionError("the replay doesn't end")


def proposed(bank: Bank, fields: dict[str, str], address: str = "/rules/new") -> str:
    answer = bank.post(f"{replayed(bank, fields, address)}/propose", as_="developer")
    assert answer.status == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def released(bank: Bank, fields: dict[str, str], address: str = "/rules/new") -> None:
    where = proposed(bank, fields, address)
    assert bank.post(f"{where}/release", as_="approver").status == 303


@pytest.fixture(scope="module")
def limited(bank: Bank) -> Iterator[str]:
    """The rule in force, and its proposal."""
    where = proposed(bank, LIMIT)
    assert bank.post(f"{where}/release", as_="approver").status == 303
    yield where


def test_without_rules_the_list_says_what_one_is(bank: Bank) -> None:
    page = bank.get("/rules", as_="developer")
    assert page.status == 200 and "No rule is in force." in page.text and "/console/rules/new" in page.text
    assert "/console/rules/new" not in bank.get("/rules", as_="auditor").text


@pytest.mark.parametrize("language", ["en", "zh-Hant", "zh-Hans"])
def test_the_form_explains_itself(bank: Bank, language: str) -> None:
    page = bank.get("/rules/new", as_="developer", lang=language)
    assert page.status == 200 and "stakes_hkd" in page.text and len(page.raw) < 60_000


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ({"holds": "stake_hkd <= 1"}, "holds, column 1", "Did you mean &#39;stakes_hkd&#39;?"),
        ({"holds": 'adverse or stakes_hkd < "1"'}, "holds, column 25", "text"),
        ({"scope": "use_case =="}, "scope", "be read"),
        ({"tables": "[limit] money\nsector,from,value,cites\nx,1/2/2026,1,c"}, "tables: limit, row 1 (line 3)", "date"),
        ({"id": "no id"}, "id", "A-Z"),
        ({"title": ""}, "title", "title"),
        ({"clauses": "§5"}, "clauses", "§5"),
    ],
)
def test_a_mistake_is_shown_where_it_was_made_and_nothing_typed_is_lost(
    bank: Bank, changes: dict[str, str], place: str, said: str
) -> None:
    fields = {**LIMIT, **changes}
    page = bank.post("/rules/new", {**fields, "do": "try"}, as_="developer")
    assert page.status == 422 and place in page.text and said in page.text
    assert f'id="e-{place.partition(",")[0].partition(":")[0]}"' in page.text
    assert fields["holds"].replace("<", "&lt;").replace('"', "&#34;") in page.text
    if "column 25" in place:
        assert f"<code>{'&nbsp;' * 24}▲</code>" in page.text


def test_the_bench_shows_what_each_part_came_to(bank: Bank) -> None:
    page = bank.post("/rules/new", {**LIMIT, "do": "try"}, as_="developer")
    assert page.status == 200
    shown = bank.post("/rules/new", {**LIMIT, "do": "try"}, as_="developer", headers={"accept": "text/html"}).text
    assert shown.count('<code class="id">') == 20 and "stakes_hkd" in shown
    one = re.search(r'<code class="id">(\w{26})</code>', shown)
    assert one is not None
    again = bank.post("/rules/new", {**LIMIT, "do": "try", "decisions": one[1]}, as_="developer")
    assert again.text.count('<code class="id">') == 1 and one[1] in again.text
    assert bank.post("/rules/new", {**LIMIT, "do": "try", "decisions": "x" * 26}, as_="developer").status == 404


def test_a_replay_says_who_would_be_stopped_and_is_proposed_with_it(bank: Bank) -> None:
    where = replayed(bank, {**LIMIT, "id": "CREDIT.tried"})
    shown = bank.get(f"{where}.json", as_="auditor").body
    result = shown["result"]
    assert result["all"]["looked_at"] == 300 and result["changed"] == result["all"]["human"] > 0
    assert sum(row["looked_at"] for row in result["groups"][0]["rows"]) == 300
    assert all(each["instead"] == "human" for each in result["examples"])
    page = bank.get(where, as_="developer").text
    assert "Propose it, with this replay" in page and result["sha256"] in page
    assert "Propose it, with this replay" not in bank.get(where, as_="auditor").text
    proposal = bank.post(f"{where}/propose", as_="developer").headers["location"].partition("?")[0]
    body = bank.get(f"{proposal}.json", as_="developer").body
    assert body["mine"] and not body["may_release"] and body["result"]["sha256"] == result["sha256"]
    assert bank.post(f"{proposal}/release", as_="developer").status == 403
    assert bank.get(f"{proposal}.json", as_="approver").body["may_release"]
    assert bank.post(f"{proposal}/drop", as_="approver").status == 303
    assert "CREDIT.tried" in bank.get("/rules", as_="developer").text
    assert bank.post(f"{proposal}/release", as_="approver").status == 409


def test_a_released_rule_gates_and_tells_of_it(bank: Bank, limited: str) -> None:
    decided(bank)
    shown = bank.get("/rules.json", as_="auditor").body
    (rule,) = shown["rules"]
    assert rule["id"] == "CREDIT.limit" and rule["hits"]["review"] > 0 and shown["set"]
    card = bank.get("/rules/CREDIT.limit.json", as_="auditor").body
    assert card["total"]["review"] == rule["hits"]["review"] == sum(card["by_day"]["review"])
    assert card["last"] and card["clauses"] == ["FSTB.12b.3", "SFC.5b"]
    assert [name for name, _ in card["reads"]] == ["stakes_hkd", "use_case"]
    page = bank.get("/rules/CREDIT.limit", as_="developer").text
    assert "approver 陳大文" in page and "developer 陳大文" in page
    made = bank.get(f"/decisions/{card['last'][0]['id']}", as_="auditor").text
    assert "rule.CREDIT.limit" in made
    assert bank.get(f"{limited}.json", as_="auditor").body["state"] == "released"


def decided(bank: Bank) -> None:
    path = bank.folder / "more.csv"
    write_applicants(path, 40, 13)
    lines = [line.rsplit(",", 1)[0] for line in path.read_text().splitlines()]
    names = lines[0].split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in lines[1:]]
    answers = bank.workspace.runtime.decide_many("credit", rows, Ask(channel="cli", actor="tests"), text=True)
    assert not [a for a in answers if isinstance(a, Exception)]


def test_a_change_is_shown_as_a_difference_and_an_older_proposal_is_outdated(bank: Bank, limited: str) -> None:
    first = proposed(bank, {**LIMIT, "holds": "stakes_hkd <= 90000"}, "/rules/CREDIT.limit/edit")
    second = proposed(bank, {**LIMIT, "gate": "warn"}, "/rules/CREDIT.limit/edit")
    body = bank.get(f"{first}.json", as_="approver").body
    assert [each["name"] for each in body["changes"]] == ["holds"]
    assert body["changes"][0]["lines"] == [["-", "stakes_hkd <= 100000"], ["+", "stakes_hkd <= 90000"]]
    assert bank.post(f"{second}/release", as_="approver").status == 303
    assert bank.get(f"{first}.json", as_="approver").body["state"] == "outdated"
    assert bank.post(f"{first}/release", as_="approver").status == 409
    page = bank.get(first, as_="approver")
    assert page.status == 200 and "Propose the change anew" in page.text
    assert len(bank.get("/rules/CREDIT.limit.json", as_="approver").body["steps"]) == 2


def test_a_proposal_made_elsewhere_is_replayed_here(bank: Bank) -> None:
    from waglan.access import local
    from waglan.rulebook import Draft

    bare = bank.house.rulebook.propose(local("testbank"), Draft(id="CLI.rule", title="From elsewhere", holds="adverse"))
    where = f"/rules/proposals/{bare.id}"
    assert "never replayed" in bank.get(where, as_="approver").text
    assert bank.post(f"{where}/release", as_="approver").status == 409
    answer = bank.post(f"{where}/replay", {"period": "30d"}, as_="developer")
    replay = finished(bank, answer.headers["location"].partition("?")[0])
    assert "Keep this replay on the proposal" in bank.get(replay, as_="developer").text
    assert bank.post(f"{replay}/propose", as_="developer").headers["location"].startswith(f"/console{where}")
    assert len(bank.get(f"{where}.json", as_="approver").body["hands"]) == 2
    assert bank.post(f"{where}/drop", as_="developer").status == 303


def test_a_rule_ends_with_two_people_too(bank: Bank, limited: str) -> None:
    answer = bank.post("/rules/CREDIT.limit/withdraw", as_="developer")
    replay = finished(bank, answer.headers["location"].partition("?")[0])
    assert "without this rule" in bank.get(replay, as_="developer").text
    where = bank.post(f"{replay}/propose", as_="developer").headers["location"].partition("?")[0]
    assert "End the rule" in bank.get(where, as_="approver").text
    assert bank.post(f"{where}/release", as_="approver").status == 303
    assert bank.get("/rules.json", as_="auditor").body["rules"] == []
    assert bank.get("/rules/CREDIT.limit", as_="auditor").status == 200


@pytest.mark.parametrize("role", ["auditor", "reviewer", "user"])
def test_who_may_not_propose_does_not(bank: Bank, role: str) -> None:
    assert bank.post("/rules/new", {**LIMIT, "do": "replay"}, as_=role).status == 403
    assert bank.get("/rules", as_=role).status == 200
    assert "Replay" not in bank.get("/rules/new", as_=role).text


def test_what_is_not_there_is_not_found(bank: Bank) -> None:
    for address in ("/rules/NONE", "/rules/NONE/edit", "/rules/replays/x", f"/rules/replays/{'0' * 26}",
                    "/rules/proposals/x", f"/rules/replays/{'0' * 26}.json"):  # fmt: skip
        assert bank.get(address, as_="developer").status == 404
    assert bank.post("/rules/new", {**LIMIT, "do": "replay", "period": "2026-13"}, as_="developer").status == 422


# ---- Shows 8: in a real browser


def test_a_rule_is_changed_replayed_and_released_by_two_people_in_the_console(browser_page: Any) -> None:
    developer = browser_page("developer")
    developer.goto("/console/rules")
    developer.get_by_role("link", name="Write a rule").first.click()
    developer.get_by_label("Id", exact=True).fill("CREDIT.limit")
    developer.get_by_label("Title").fill("Large sums go to a person")
    developer.get_by_label("Must be true").fill("stake_hkd <= 100000")
    developer.get_by_role("button", name="Try it now").click()
    assert "Did you mean 'stakes_hkd'?" in developer.locator("#e-holds").inner_text()
    developer.get_by_label("Must be true").fill("stakes_hkd <= 100000")
    developer.get_by_role("button", name="Try it now").click()
    developer.locator("#tried details").first.click()
    assert "stakes_hkd" in developer.locator("#tried details").first.inner_text()
    developer.get_by_label("Or replay it over").select_option(index=1)
    developer.get_by_role("button", name="Replay", exact=True).click()
    developer.get_by_role("button", name="Propose it, with this replay").click(timeout=20_000)
    assert "Another person releases it" in developer.locator(".alert.good").inner_text()
    assert developer.get_by_role("button", name="Put it in force").count() == 0
    assert "another person has to release it" in developer.locator("#main").inner_text()
    approver = browser_page("approver")
    approver.goto("/console/rules")
    approver.get_by_role("link", name="Large sums go to a person").click()
    assert "decisions would have been treated otherwise" in approver.locator("#main").inner_text()
    approver.get_by_role("button", name="Put it in force").click()
    assert "in force from the next decision on" in approver.locator(".alert.good").inner_text()
    assert approver.locator("h1").inner_text() == "Large sums go to a person"
