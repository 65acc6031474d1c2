from __future__ import annotations

import json
from collections import Counter

import pytest

from waglan.access import Access, fresh
from waglan.core.clock import SystemClock
from waglan.evidence import Evidence
from waglan.harbour.bank import read_planted
from waglan.harbour.building import build, sample_plan
from waglan.harbour.period import DAY_MS, HONG_KONG_MS, HOUR_MS, period
from waglan.harbour.plan import Past
from waglan.harbour.reviewing import LEFT_MS, RELEASER, seedings, shifts
from waglan.harbour.staff import STAFF, VISITOR_EMAIL
from waglan.index import FILE, Index
from waglan.review import Desk, Filter, Queue
from waglan.runtime.workspace import Workspace


@pytest.fixture(scope="module")
def plan():
    plan, planted = sample_plan(800, SystemClock().now_ms(), seed=9)
    return plan._replace(past=Past(rows=3_000, biased=True, approve_rate=0.95)), planted


@pytest.fixture(scope="module")
def built(plan, tmp_path_factory):
    folder = tmp_path_factory.mktemp("harbour") / "bank"
    return folder, build(folder, *plan)


@pytest.fixture(scope="module")
def opened(built):
    """The rooms on the machine's clock, as a server opens them."""
    with Workspace.open(built[0]) as workspace:
        tenant = workspace.settings.workspace.tenant
        with (
            Access.open(built[0], tenant=tenant) as access,
            Index.open(built[0] / FILE, workspace.ledger, (Queue.of(workspace),)) as index,
        ):
            yield workspace, access, Desk.open(workspace, index, access)


@pytest.fixture(scope="module")
def visitor(opened):
    workspace, access, _ = opened
    return access.people.find(VISITOR_EMAIL).identity(workspace.settings.workspace.tenant, workspace.clock.now_ms())


@pytest.fixture(scope="module")
def leaves(opened):
    ledger = opened[0].ledger
    return [json.loads(row.leaf) for _, row in ledger.rows(0, ledger.head().size)]


def of_kind(leaves, *kinds):
    return [leaf for leaf in leaves if leaf["kind"] in kinds]


def test_the_log_is_in_order_and_its_clock_was_never_set(plan, leaves):
    times = [leaf["at_ms"] for leaf in leaves]
    assert times == sorted(times) and times[-1] <= plan[0].span.until_ms
    assert of_kind(leaves, "clock_step") == []
    kinds = {leaf["kind"] for leaf in leaves}
    assert {"person", "api_key", "review", "release", "override", "attention", "request", "answer", "correction",
            "escalation"} <= kinds  # fmt: skip


def test_everybody_acts_under_their_own_id_and_nobody_is_named(opened, leaves):
    people = {person.id: person for person in opened[1].people.all()}
    assert {person.email for person in people.values()} == {employee.email for employee in STAFF}
    assert {leaf["actor"] for leaf in of_kind(leaves, "review", "release", "request", "answer")} <= set(people)
    roles = {leaf["facts"]["person"]: tuple(leaf["facts"]["roles"]) for leaf in of_kind(leaves, "person")}
    assert roles == {person.id: person.roles for person in people.values()}
    text = json.dumps(leaves, ensure_ascii=False)
    assert not any(person.name in text or person.email in text for person in people.values())
    (key,) = of_kind(leaves, "api_key")
    assert {leaf["actor"] for leaf in of_kind(leaves, "decision") if not leaf["facts"].get("drill")} == {
        key["facts"]["key"]
    }


def test_an_examiners_access_ends(plan, opened):
    (examiner,) = [person for person in opened[1].people.all() if "examiner" in person.roles]
    assert examiner.until_ms == plan[0].span.until_ms + 14 * DAY_MS


def test_what_is_released_against_somebody_had_two_people(leaves):
    reviews = {leaf["id"]: leaf for leaf in of_kind(leaves, "review")}
    decisions = {leaf["id"]: leaf for leaf in of_kind(leaves, "decision")}
    twice = 0
    for release in of_kind(leaves, "release"):
        review = reviews[release["refs"][1]]
        assert release["facts"]["authenticator"].startswith("password:p-")
        if decisions[release["refs"][0]]["facts"]["adverse"]:
            assert release["actor"] != review["actor"]
            twice += 1
    assert twice > 5


def test_the_careless_and_the_careful_reviewer_are_told_apart(plan, opened, visitor):
    (careless,) = next(each for each in plan[1] if each.scenario == "careless").staff
    person = {standing.person: standing for standing in opened[2].attention(visitor)}
    standing = {employee.key: person.get(opened[1].people.find(employee.email).id) for employee in STAFF}
    assert standing[careless].statement == "careless" and standing[careless].median_seconds < 10
    assert standing["leung"].statement == "careful" and standing["leung"].median_seconds > 100
    assert all(each.statement != "careless" for key, each in standing.items() if each and key != careless)


def test_something_waits_of_every_kind(opened, visitor):
    desk = opened[2]
    counts = desk.counts(visitor)
    assert counts.judged == 1 and counts.requests == 2 and counts.open > 0 and counts.leased == 0
    (waiting,) = desk.queue(visitor, Filter(stage="judged")).items
    assert waiting.eyes == 2 and waiting.expires_ms > opened[0].clock.now_ms()
    languages = Counter(item.language for item in desk.queue(visitor, Filter(cause="request")).items)
    assert sum(languages.values()) == 2


def test_figures_and_planted_agree_with_the_log(plan, built, leaves):
    folder, told = built
    live = [leaf for leaf in of_kind(leaves, "decision") if not leaf["facts"].get("drill")]
    assert told.filled.decided == len(live) == 800 and told.judged == len(of_kind(leaves, "review"))
    assert read_planted(folder) == told.planted == plan[1]
    drills = [leaf for leaf in of_kind(leaves, "decision") if leaf["facts"].get("drill")]
    seeded = [leaf for leaf in drills if "planted" in leaf["commit"]]
    assert len(seeded) == sum(count for _, count in seedings(plan[0].span))
    exercised = {leaf["facts"]["id"]: leaf["facts"] for leaf in of_kind(leaves, "drill")}
    assert {each["what"] for each in exercised.values()} == {"failover", "kill_switch"}
    assert all(each["passed"] for each in exercised.values())
    assert {leaf["facts"]["source"] for leaf in drills if leaf not in seeded} == set(exercised)


def test_the_house_is_governed_with_gaps_that_evidence_shows(opened, leaves):
    workspace, _, desk = opened
    with Evidence.open(workspace, desk.room.index) as evidence:
        evidence.update()
        report = evidence.report()
    found = {each.id: each for each in report.clauses}
    assert report.entity == "harbour-bank" and not report.of_recorded and report.captures
    assert report.headlines.live_answered / report.headlines.live_applicable >= 0.75
    answered = [c for c in found.values() if any(t.kind == "decision" and t.counts.total for t in c.tests)]
    assert len([c for c in answered if c.duty]) >= 0.75 * 94
    breached = {each.id for each in found.values() if each.status == "breached"}
    assert {"SA2.1", "FSTB.12b.1", "PMF.5"} <= breached
    assert found["PEMP.5"].status == "expired" and found["AML24.2"].status == "no_evidence"
    assert (found["SFC.2a"].status, found["SFC.2a"].why) == ("not_applicable", "unused")
    assert (found["IA.2"].status, found["IA.2"].why) == ("not_applicable", "unlicensed")
    rules = {leaf["facts"]["id"]: leaf for leaf in of_kind(leaves, "rule")}
    proposals = {leaf["id"]: leaf for leaf in of_kind(leaves, "rule_proposal")}
    for rule in rules.values():
        proposed = [proposals[ref] for ref in rule["refs"] if ref in proposals]
        assert proposed and all(each["actor"] != rule["actor"] for each in proposed)
    assert "credit.large-sums" in rules and len(rules) > 30


def test_the_outage_holds_although_people_move_the_clock_on(plan, leaves):
    (outage,) = plan[0].outages
    for leaf in of_kind(leaves, "decision"):
        if not leaf["facts"].get("drill"):
            during = outage.from_ms <= leaf["at_ms"] < outage.until_ms
            assert bool(leaf["facts"].get("failover")) == during


@pytest.mark.parametrize("offset_h", range(0, 24, 5))
def test_shifts_fit_between_hand_overs_whatever_the_hour_of_the_day(offset_h):
    span = period(1_795_280_000_000 + offset_h * HOUR_MS)
    found = shifts(span)
    assert list(found) == sorted(found, key=lambda shift: shift.at_ms)
    assert all(span.from_ms <= shift.at_ms < span.until_ms - LEFT_MS for shift in found)
    days = {}
    for shift in found:
        days.setdefault((shift.at_ms + HONG_KONG_MS) // DAY_MS, []).append(shift.key)
    assert len(days) > 22 and all((day + 3) % 7 != 6 for day in days), "nobody works on Sundays"
    assert all(keys[-1] == RELEASER for keys in list(days.values())[1:-1]), "verdicts expire within a day"
    assert 16 <= sum(count for _, count in seedings(span)) <= 50


def test_a_sign_in_is_a_real_one(built):
    folder, _ = built
    with Workspace.open(folder) as workspace:
        tenant = workspace.settings.workspace.tenant
        with Access.open(folder, tenant=tenant) as access:
            person = access.people.find(VISITOR_EMAIL)
            access.people.accept(access.people.invite(person.id), "lighthouse over green water")
            found = access.passwords.verify(VISITOR_EMAIL, "lighthouse over green water", where="127.0.0.1")
            assert fresh(access.sessions.start(found, "password").identity)
