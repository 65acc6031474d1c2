"""The whole sample bank in a folder: workspace, models, staff, a month of decisions, and what people did with them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

from waglan.access import Access, Cost
from waglan.harbour.bank import SAMPLE, Deed, Filled, fill, keep_planted, make, open_past
from waglan.harbour.customers import Customers
from waglan.harbour.governing import ANSWERER, KEEPER, Governing
from waglan.harbour.hiring import employ
from waglan.harbour.hosted import read
from waglan.harbour.obliging import Obliging
from waglan.harbour.papers import lay_out
from waglan.harbour.period import HOUR_MS
from waglan.harbour.plan import Plan, quiet_plan
from waglan.harbour.reviewing import Reviewers
from waglan.harbour.sample import SEED
from waglan.harbour.scenario import Planted, plant
from waglan.harbour.scenarios import scenarios
from waglan.index import FILE, Decisions, Index
from waglan.registers import Registrar
from waglan.review import Desk, Queue, rounds

ENDING_MS = HOUR_MS
"""So long before the end what has become overdue is told to the log."""
CHEAP = Cost(passes=1, memory_kib=8, lanes=1)
"""Of the staff's passwords while the month is played: they are random, and forgotten with this process."""


class Built(NamedTuple):
    """What is in the folder now: figures, and what was planted."""

    filled: Filled
    judged: int
    released: int
    planted: tuple[Planted, ...]


def sample_plan(applications: int, until_ms: int, seed: int = SEED) -> tuple[Plan, tuple[Planted, ...]]:
    """The month with every scenario planted; a pure function of its arguments."""
    return plant(quiet_plan(applications, until_ms, seed), scenarios)


def build(folder: Path, plan: Plan, planted: tuple[Planted, ...]) -> Built:
    """Make the workspace and let the plan happen; opened afterwards, it goes on with the machine's clock.

    Raises
    ------
    Problem
        ``workspace.exists`` when there is one already, or that of the room that refuses.
    """
    trained = make(folder, plan)
    cut_off = read(trained.files[0].raw).scorecard.cut_off
    with open_past(folder, plan) as workspace:
        tenant = workspace.settings.workspace.tenant
        with (
            Access.open(folder, tenant=tenant, clock=workspace.clock, ids=workspace.ids, cost=CHEAP) as access,
            Index.open(folder / FILE, workspace.ledger, (Decisions(), Queue.of(workspace))) as index,
        ):
            employed = employ(workspace, access, plan)
            desk = Desk.open(workspace, index, access)
            reviewers = Reviewers(desk, access, employed, plan, cut_off)
            customers = Customers(desk, reviewers)
            registrar = Registrar(workspace, index)
            governing = Governing(registrar, reviewers.person, employed=employed, plan=plan, trained=trained)
            ending = Deed(plan.span.until_ms - ENDING_MS, partial(rounds, desk))
            obliging = Obliging(workspace, index, registrar, reviewers.person)
            deeds = (
                *reviewers.deeds(plan.span),
                *customers.deeds(plan.span),
                *governing.deeds(),
                *obliging.deeds(plan.span),
                ending,
            )
            makers = (employed.people[KEEPER].id, employed.people[ANSWERER].id)
            filled = fill(workspace, plan, trained, actor=employed.key.id, makers=makers, more=deeds)
    keep_planted(folder, planted)
    lay_out(folder / SAMPLE)
    return Built(filled, reviewers.judged, len(reviewers.released), planted)
