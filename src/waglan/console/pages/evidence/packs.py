"""Asking for a pack, watching it being made, and taking it away. Each export stands on the log before it is made."""

from __future__ import annotations

from typing import Any

import msgspec

from waglan.console.marked import _
from waglan.console.page import Download, Goto, Shown
from waglan.console.pages.clauses.asked import asked
from waglan.console.pages.evidence.jobs import NAME, Job, Packs
from waglan.console.visit import Visit
from waglan.core.problem import Problem
from waglan.evidence.catalogue import force
from waglan.evidence.pack import STEPS, TONGUES, Tongue, Wanted

LONGEST_SEED = 64


def form(visit: Visit) -> Shown:
    """What may be chosen, and one's own packs."""
    house = visit.house
    packs = _packs(visit)
    packs.tidy()
    with house.index.reading() as connection:
        wanted = asked(visit, connection)
        in_force = bool(force.periods(connection))
    own = [job for job in packs.all() if job.actor == visit.me.id]
    return {
        **wanted.shown(),
        "in_force": in_force,
        "packs": [_shown(visit, job) for job in own[:10]],
        "vkey": house.workspace.ledger.signer.vkeys[0],
    }


def make(visit: Visit) -> Goto:
    """Start making it."""
    house, sent = visit.house, visit.form
    query = {"entity": sent.text("entity"), "window": sent.text("window")}
    with house.index.reading() as connection:
        wanted = asked(visit._replace(query={k: v for k, v in query.items() if v or k == "entity"}), connection)
        if not force.periods(connection):
            raise Problem(
                _("No catalogue of obligations is in force here."), _("Without it nothing can be judged."),
                _("Run: waglan evidence."), code="packs.catalogue", status=409,
            )  # fmt: skip
    seed = sent.text("seed").strip()
    if len(seed) > LONGEST_SEED or not seed.isprintable():
        raise Problem(
            _("The seed can't be used."), _("It is too long, or holds what can't be printed."),
            _("Give up to 64 letters and digits."), code="packs.seed", where="seed",
        )  # fmt: skip
    now_ms = house.workspace.clock.now_ms()
    job = Job(
        id=house.workspace.ids.new(now_ms),
        actor=visit.me.id,
        created_ms=now_ms,
        wanted=Wanted(
            window=wanted.window, entity=wanted.entity, tongues=_tongues(sent.text("language")), seed=seed,
            actor=visit.me.id,
        ),
    )  # fmt: skip
    _packs(visit).begin(job)
    return Goto(f"/evidence/pack/{job.id}")


def progress(visit: Visit) -> Shown:
    """How far it is; while it is being made, the page comes again by itself."""
    job = _packs(visit).get(visit.path["id"], visit.me.id)
    return {**_shown(visit, job), "steps": STEPS, "vkey": visit.house.workspace.ledger.signer.vkeys[0]}


def download(visit: Visit) -> Download:
    """The pack as one file."""
    packs = _packs(visit)
    job = packs.get(visit.path["id"], visit.me.id)
    name = f"{NAME}-{job.wanted.window.since}-{job.wanted.window.until}.zip"
    return Download(name, "application/zip", packs.archive(job))


def _shown(visit: Visit, job: Job) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(job)
    told["alive"] = _packs(visit).alive(job.id)
    told["share"] = job.share
    told["wanted"].pop("actor", None)
    return told


def _packs(visit: Visit) -> Packs:
    return Packs(visit.house.workspace, visit.house.index)


def _tongues(chosen: str) -> tuple[Tongue, ...]:
    return tuple([each for each in TONGUES if each == chosen]) or TONGUES
