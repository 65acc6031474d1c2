"""Every page of the console with a real thing in its address, and a role that may see it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from tests.console.registering import register
from waglan.access import Identity, Resource, Role, ruling
from waglan.console import House
from waglan.console.page import Page
from waglan.console.pages import PAGES
from waglan.console.pages.evidence.jobs import Job as PackJob
from waglan.console.pages.evidence.jobs import Packs
from waglan.console.pages.incidents.practice import Practice, Practices
from waglan.console.pages.rules.replays import Job as Replaying
from waglan.console.pages.rules.replays import Replays
from waglan.console.pages.trying.jobs import Job, Jobs
from waglan.evidence import last_days
from waglan.evidence.pack import Wanted
from waglan.index import decisions
from waglan.review import Item, Judgement, State
from waglan.rulebook import Draft
from waglan.runtime import Workspace

ORDER: tuple[Role, ...] = ("reviewer", "approver", "admin", "developer", "user", "auditor")


YEAR_MS = 365 * 86_400_000
ROLES = {
    "/decisions/{id}/override": "approver",
    "/decisions/{id}/correct": "approver",
    "/decisions/{id}/proof": "auditor",
    "/ledger/entries/{id}": "auditor",
    "/clauses/{id}": "approver",
    "/clauses/{id}/wording": "approver",
    "/try/files/{id}": "user",
    "/evidence/pack/{id}": "auditor",
    "/drills/runs/{id}": "admin",
}
"""Pages that ask for more than their address says."""


class Address(NamedTuple):
    """Where, and as whom; no role for pages that everybody may open."""

    address: str
    role: str


def addresses(folder: Path) -> list[Address]:
    """Every GET page with a template; a page about a thing once for each thing that shows different parts of it."""
    with Workspace.open(folder) as workspace, contextlib.closing(House.open(workspace)) as house:
        house.index.follow()
        things = _things(house)
    found = []
    for page in PAGES:
        if page.method == "GET" and page.template:
            found += [Address(f"/console{address}", _role(page)) for address in _filled(page, things)]
    return found


def _role(page: Page) -> str:
    if page.address.startswith(("/sign-in", "/welcome", "/join", "/receipts", "/about-ai")):
        return ""
    if page.address in ROLES:
        return ROLES[page.address]
    if page.action is None:
        return "reviewer"
    resource = Resource(kind=page.kind, tenant="t", author="p-other", reviewer="p-other")
    for role in ORDER:
        if ruling(Identity(id="p-x", tenant="t", roles=(role,), kind="person"), page.action, resource).allowed:
            return role
    raise AssertionError(f"nobody may see {page.address}")


def _person(house: House, role: str) -> Identity:
    """Somebody of a role who has just signed in."""
    found = next(p for p in house.access.people.all() if role in p.roles)
    started = house.access.sessions.start(found, "password")
    return started.identity


def _things(house: House) -> dict[str, list[str]]:
    with house.index.reading() as connection:
        latest = decisions.latest(connection, limit=400).rows
    by_route = {row.route: row.id for row in reversed(latest) if row.mode == "live"}
    another = next(row.id for row in latest if row.route == "auto" and row.id != by_route["auto"])
    person = _person(house, "reviewer").id
    desk = house.desk
    return {
        "/decisions/{id}": list(by_route.values()),
        "/decisions/{id}/proof": [another],
        "/decisions/{id}/override": [another],
        "/decisions/{id}/correct": [another],
        "/decisions/{id}/request": [by_route["auto"]],
        "/reviews/{id}": [_in_hand(house).id],
        "/reviews/{id}/release": [_judged(house, latest).id],
        "/reviews/requests/{id}": [
            desk.request(_person(house, "user"), by_route["auto"], "explanation", channel="branch").id
        ],
        "/use-cases/{name}": ["credit"],
        "/try/{name}": ["credit"],
        "/try/files/{id}": [_file(house)],
        "/evidence/pack/{id}": [_pack(house)],
        "/about-ai/{use_case}": ["credit"],
        "/controls/{name}": ["privacy.identifiers"],
        "/clauses/{id}": ["PMF.5", "SFC.4b", "FTA.0"],
        "/clauses/{id}/wording": ["SFC.5b"],
        **_registers(house),
        **_rules(house),
        "/models/{id:path}": [house.workspace.registers.models()[0].id],
        "/ledger/entries/{id}": [another, house.workspace.ledger.leaf(0)["id"]],
        "/receipts/{token}": [desk.receipts.token(by_route["auto"]), desk.receipts.token(by_route["human"])],
        "/settings/people/{id}": [person],
        "/welcome/{token}": ["x" * 43],
        "/join/{token}": ["x" * 43],
    }


def _rules(house: House) -> dict[str, list[str]]:
    """A rule in force, a change of it that waits, and its replay."""
    developer, approver = _person(house, "developer"), _person(house, "approver")
    book = house.rulebook
    draft = Draft(id="CREDIT.limit", title="Large sums go to a person", holds="stakes_hkd <= 150000")
    now_ms = house.workspace.clock.now_ms()
    made = book.propose(developer, draft, book.replay(developer, draft, now_ms - YEAR_MS, now_ms))
    book.release(approver, made.id)
    change = replace(draft, holds="stakes_hkd <= 100000 and confidence >= 0.6", gate="block")
    waiting = book.propose(developer, change)
    replays = Replays(house)
    job = replays_job(house, developer, change, waiting.id)
    replays.begin(developer, job)
    while replays.get(job.id).state == "running":
        time.sleep(0.05)
    return {
        "/rules/{id}": [draft.id], "/rules/{id}/edit": [draft.id], "/rules/proposals/{id}": [waiting.id, made.id],
        "/rules/replays/{id}": [job.id],
    }  # fmt: skip


def replays_job(house: House, who: Identity, draft: Draft, proposal: str = "") -> Replaying:
    """A replay of the last year."""
    now_ms = house.workspace.clock.now_ms()
    return Replaying(id=house.workspace.ids.new(now_ms), actor=who.id, created_ms=now_ms, draft=draft, period="30d",
                     since_ms=now_ms - YEAR_MS, until_ms=now_ms, proposal=proposal)  # fmt: skip


def _registers(house: House) -> dict[str, list[str]]:
    """Something in every register, an open incident, a drill, and something that is stopped."""
    admin = _person(house, "admin")
    made = register(house, admin, _person(house, "approver"))
    house.registrar.suspend(admin, "vendor", "cloud-llm", "vendor")
    now_ms = house.workspace.clock.now_ms()
    practice = Practice(
        id=house.workspace.ids.new(now_ms), what="kill_switch", use_case="credit", actor=admin.id, created_ms=now_ms
    )
    practices = Practices(house.workspace)
    practices.begin(practice, admin)
    while practices.alive(practice.id):
        time.sleep(0.05)
    return {
        "/vendors/{id}": ["cloud-llm"], "/registers/data/{id}": ["bureau"], "/registers/documents/{id}": ["exit-plan"],
        "/registers/entities/{id}": ["bank-a"], "/incidents/{id}": [made.incident, made.closed],
        "/drills/{id}": [made.drill], "/drills/runs/{id}": [practice.id],
    }  # fmt: skip


def _in_hand(house: House) -> Item:
    """A case that the reviewer has in hand."""
    item = house.desk.next(_person(house, "reviewer"))
    assert item is not None
    return item


def _judged(house: House, latest: Sequence[decisions.Listed]) -> Item:
    """A case that the reviewer has judged and somebody else is to release."""
    reviewer = _person(house, "reviewer")
    for row in latest:
        for item in house.desk.of_decision(reviewer, row.id):
            if item.eyes == 2 and item.state is State.OPEN:
                house.desk.take(reviewer, item.id)
                shown = house.desk.show(reviewer, item.id)
                judgement = Judgement(verdict="agree", reason="AGREE_EVIDENCE")
                return house.desk.judge(reviewer, item.id, judgement, shown=shown.sha256)
    raise AssertionError("no case needs two pairs of eyes")


def _file(house: House) -> str:
    """A file with rows that can't be used, as a user uploaded it."""
    workspace = house.workspace
    now_ms = workspace.clock.now_ms()
    job = Job(id=workspace.ids.new(now_ms), use_case="credit", actor=_person(house, "user").id, created_ms=now_ms,
              name="三月申請.csv", suffix=".csv")  # fmt: skip
    columns = list(workspace.catalogue.get("credit").manifest.inputs)
    jobs = Jobs(workspace)
    jobs.begin(job, f"{','.join(columns)}\n{','.join('x' for _ in columns)}\n".encode())
    while jobs.get(job.id, job.actor).busy:
        time.sleep(0.05)
    return job.id


def _pack(house: House) -> str:
    """An evidence pack that the auditor had made."""
    workspace = house.workspace
    house.evidence.update()
    now_ms = workspace.clock.now_ms()
    wanted = Wanted(window=last_days(now_ms), tongues=("en",), sample=2)
    job = PackJob(id=workspace.ids.new(now_ms), actor=_person(house, "auditor").id, created_ms=now_ms, wanted=wanted)
    packs = Packs(workspace, house.index)
    packs.begin(job)
    while packs.alive(job.id) or packs.get(job.id, job.actor).state == "making":
        time.sleep(0.05)
    return job.id


def _filled(page: Page, things: dict[str, list[str]]) -> list[str]:
    if "{" not in page.address:
        return [page.address]
    pattern = next(p for p in sorted(things, key=len, reverse=True) if p == page.address)
    before, _, rest = pattern.partition("{")
    return [f"{before}{thing}{rest.partition('}')[2]}" for thing in things[pattern]]
