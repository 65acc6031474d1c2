"""Filling a workspace with the sample bank, all of it through the real runtime, on a clock that starts in the past.

Nothing on the log is made up: models are trained, applications decided, outages suffered. Only the clock is not the
machine's, which is why the workspace says ``synthetic = true``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from waglan.core.problem import Problem
from waglan.harbour import hosted
from waglan.harbour.applications import Batch, batches
from waglan.harbour.clock import PastClock
from waglan.harbour.models import registered, train_models
from waglan.harbour.period import DAY_MS
from waglan.harbour.plan import Outage, Plan
from waglan.harbour.sample import NAME_EN, NAME_ZH
from waglan.harbour.scenario import Planted
from waglan.runtime.ask import Reply
from waglan.runtime.settings import FILE
from waglan.runtime.workspace import Workspace
from waglan.usecases.credit.training import Trained, save

TENANT = "harbour-sample-bank"
SAMPLE = "sample"
PLANTED = "planted.json"
BEFORE_MS = 2 * DAY_MS
"""So long before the first application the models are trained and registered."""
OPT_OUTS = 12
SAMPLED = 0.001
"""The share of automatic decisions that people look at afterwards; the month has few reviewers."""


class Deed(NamedTuple):
    """Something to be done at a time, milliseconds since 1970 UTC."""

    at_ms: int
    do: Callable[[], object]


class Filled(NamedTuple):
    """What was done: decisions by route, those that the second model answered, people who opted out."""

    decided: int
    routes: dict[str, int]
    failover: int
    opted_out: int
    auc: float
    model: str


def make(folder: Path, plan: Plan) -> Trained:
    """Make the workspace, marked as synthetic, and train its models; it is still to be filled.

    Raises
    ------
    Problem
        ``workspace.exists`` when there is one already.
    """
    clock = PastClock(plan.span.from_ms - BEFORE_MS)
    Workspace.create(folder, tenant=TENANT, modules=(hosted.MODULE,), clock=clock).close()
    _mark(folder / FILE)
    sample = folder / SAMPLE
    sample.mkdir(exist_ok=True)
    trained = train_models(sample, plan.past, plan.bank.seed, clock.now_ms())
    save(trained, folder)
    return trained


def open_past(folder: Path, plan: Plan) -> Workspace:
    """Open the workspace on a clock that starts before the plan's period."""
    return Workspace.open(folder, clock=PastClock(plan.span.from_ms - BEFORE_MS))


def fill(
    workspace: Workspace,
    plan: Plan,
    trained: Trained,
    *,
    actor: str = "",
    makers: tuple[str, str] = ("", ""),
    more: Iterable[Deed] = (),
) -> Filled:
    """Let the plan happen.

    Parameters
    ----------
    workspace
        As `open_past` gives it.
    plan
        What is to happen.
    trained
        As `make` gives it.
    actor
        The id of the key that the front office asks with.
    makers
        Ids of who built the models and who let them into use.
    more
        Further deeds of the month, such as reviews; done in order of time among the others.

    Raises
    ------
    ValueError
        When the workspace's clock can't be moved.
    Problem
        The ledger's; or the first row that couldn't be decided.
    """
    clock = workspace.clock
    if not isinstance(clock, PastClock):
        raise ValueError("a workspace is filled on a PastClock: open it with open_past")
    for registration in registered(trained, clock.now_ms(), *makers):
        workspace.register_model(registration, actor=actor)
    workspace.prepare(trained.manifest.name)
    replies: list[Reply] = []
    intake = [*batches(plan.bank, plan.applications, actor), *plan.batches]
    leaving = opt_outs(plan)
    perform(
        clock,
        [
            *[Deed(batch.at_ms, _decided(workspace, batch, replies)) for batch in intake],
            *[Deed(at_ms, _opted_out(workspace, reference, actor)) for at_ms, reference in leaving],
            *[deed for outage in plan.outages for deed in _outage(workspace, outage)],
            *more,
        ],
    )
    report = trained.report.scorecard
    return Filled(
        decided=len(replies),
        routes=dict(Counter(reply.decision.route.value for reply in replies)),
        failover=sum(reply.decision.failover for reply in replies),
        opted_out=len(leaving),
        auc=report.holdout.auc,
        model=report.file,
    )


def perform(clock: PastClock, deeds: Iterable[Deed]) -> None:
    """Do what is to be done in order of time, moving the clock on to each."""
    for deed in sorted(deeds, key=lambda deed: deed.at_ms):
        clock.move_to(deed.at_ms)
        deed.do()


def opt_outs(plan: Plan) -> tuple[tuple[int, str], ...]:
    """Who refuses automated decisions when: people who apply twice, the day before they do so again."""
    seen: set[int] = set()
    found: list[tuple[int, str]] = []
    for at_ms, who in zip(plan.applications.at_ms.tolist(), plan.applications.who.tolist(), strict=True):
        if who in seen and len(found) < OPT_OUTS:
            found.append((at_ms - DAY_MS, plan.bank.people[who].reference))
        seen.add(who)
    return tuple(found)


def keep_planted(folder: Path, planted: Sequence[Planted]) -> None:
    """Write down what was planted, for pages, demonstrations and tests."""
    path = folder / SAMPLE / PLANTED
    path.write_bytes(msgspec.json.format(msgspec.json.encode(planted), indent=1) + b"\n")


def read_planted(folder: Path) -> tuple[Planted, ...]:
    """What was planted in a workspace; empty where it is none of ours."""
    path = folder / SAMPLE / PLANTED
    if not path.is_file():
        return ()
    return msgspec.json.decode(path.read_bytes(), type=tuple[Planted, ...])


def _mark(path: Path) -> None:
    """Say in the settings that nobody in this workspace exists."""
    text = path.read_text(encoding="utf-8")
    mark = f"synthetic = true        # {NAME_EN} {NAME_ZH}: nobody in here exists, and every page says so"
    text = text.replace("[workspace]\n", f"[workspace]\n{mark}\n", 1)
    path.write_text(f"{text}\n[review]\nsample = {{ high = {SAMPLED} }}\n", encoding="utf-8")


def _decided(workspace: Workspace, batch: Batch, replies: list[Reply]) -> Callable[[], None]:
    def do() -> None:
        for reply in workspace.runtime.decide_many(batch.use_case, batch.rows, asks=batch.asks):
            if isinstance(reply, Problem):
                raise reply
            replies.append(reply)

    return do


def _opted_out(workspace: Workspace, reference: str, actor: str) -> Callable[[], object]:
    return lambda: workspace.opt_out(reference, actor=actor)


def _outage(workspace: Workspace, outage: Outage) -> tuple[Deed, Deed]:
    model = workspace.shelf.seat(outage.model).model
    assert isinstance(model, hosted.HostedScorecard)
    return Deed(outage.from_ms, model.stop), Deed(outage.until_ms, model.start)
