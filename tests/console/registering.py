"""A bank with something in every register: put there through the registrar, by the people who may."""

from __future__ import annotations

from typing import NamedTuple

from waglan.access import Identity, registrations
from waglan.console import House
from waglan.core.events import (
    Competence,
    Count,
    DataSource,
    Document,
    Drill,
    Entity,
    Incident,
    IncidentStep,
    TestRun,
    Vendor,
)

DAY_MS = 86_400_000
HOUR_MS = 3_600_000


class Registered(NamedTuple):
    """Ids of what was put there: an open incident with clocks, one that is closed, a drill."""

    incident: str
    closed: str
    drill: str


def register(house: House, keeper: Identity, other: Identity) -> Registered:
    """Something in every register; ``keeper`` and ``other`` are two people who keep registers."""
    workspace, registrar = house.workspace, house.registrar
    now_ms = workspace.clock.now_ms()
    for person in house.access.people.all():
        workspace.record(registrations.of_person(person), actor=keeper.id)
    registrar.entity(
        keeper, Entity(id="bank-a", name="Bank A", licences=("bank", "licensed_corporation"), critical=True)
    )
    registrar.document(keeper, Document(id="exit-plan", digest="a" * 64, title="Exit plan", type="plan"))
    registrar.vendor(keeper, Vendor(id="cloud-llm", service="Language model", region="SG"))
    registrar.vendor(
        other,
        Vendor(
            id="cloud-llm", service="Language model", region="US-East", exit_plan="exit-plan", audit_right=False,
            reviewed_at=now_ms - 100 * DAY_MS, next_review=now_ms + 30 * DAY_MS, sub_processors=("gpu-farm",),
        ),
    )  # fmt: skip
    registrar.data_source(
        keeper,
        DataSource(
            id="bureau", title="Credit bureau", personal=True, expires_at=now_ms - DAY_MS,
            reviewed_at=now_ms - 400 * DAY_MS, purposes=("credit_assessment",),
        ),
    )  # fmt: skip
    registrar.competence(
        keeper,
        Competence(person=keeper.id, role="admin", topic="incident-handling", completed_at=now_ms - DAY_MS),
    )
    registrar.test_run(
        keeper,
        TestRun(of="fairness", use_case="credit", metric="ratio", value="0.91", limit="0.80", n=900, passed=True),
    )
    registrar.count(
        keeper,
        Count(source="gateway", use_case="credit", counted=400, from_ms=now_ms - DAY_MS, until_ms=now_ms + DAY_MS),
    )
    seen = Incident(
        cause="data_breach", severity="critical", detected_at=now_ms - 3 * HOUR_MS, use_case="credit",
        personal_data=True, core_function=True, affected=120,
    )  # fmt: skip
    opened = registrar.open_incident(keeper, seen, note="A laptop is missing.")
    registrar.step(keeper, opened, IncidentStep(step="contained", done_at=now_ms - HOUR_MS), note="Keys revoked.")
    done = registrar.open_incident(keeper, Incident(cause="outage", detected_at=now_ms - 2 * DAY_MS, severity="low"))
    registrar.step(keeper, done, IncidentStep(step="closed", done_at=now_ms - DAY_MS))
    workspace.record(
        Drill(
            id="drill-1", what="failover", use_case="credit", target="credit.scorecard", asked=20, queued=19,
            uncontrolled=1, passed=False, began_at=now_ms - DAY_MS, ended_at=now_ms - DAY_MS + 60_000,
            recovery_ms=900, target_ms=60_000,
        ),
        actor=keeper.id,
    )  # fmt: skip
    house.index.follow()
    return Registered(opened, done, "drill-1")
