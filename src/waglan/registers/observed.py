"""What live decisions say of a use case's risk against what its profile says: recomputed in rounds, recorded on change.

Only what was seen to be worse than the profile moves an axis; that nothing was seen proves nothing, so no answer is
made milder and what isn't answered stays so. Use cases without a profile are left alone: their declared tier stands.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from waglan.core.decision import PRIVACY_CONTROL
from waglan.core.entry import event
from waglan.core.events import ModelRegistration, ObservedTier, UseCaseRegistration
from waglan.core.problem import Problem
from waglan.core.profile import AXES, Answer, Profile, answers, from_answers
from waglan.index import counts, days, events
from waglan.index.index import Index
from waglan.runtime.live import at_home
from waglan.runtime.workspace import Workspace
from waglan.tiers import assess

ACTOR = "registers"
WINDOW_DAYS = 30
LEAST = 30
"""Fewer decisions in the window say nothing."""
PII_SHARE, PII_LEAST = 0.01, 5
"""Personal data count as reaching a use case from this share and this many decisions on: one slip isn't a practice."""
MEDIUM, LARGE = 5_000, 100_000
"""Decisions a month from which the scale is medium, and large; as `waglan.core.profile.Profile` says."""


class Tally(msgspec.Struct):
    """What was counted of one use case in the window."""

    n: int = 0
    adverse: int = 0
    adverse_auto: int = 0
    auto: int = 0
    pii: int = 0
    models: set[tuple[str, str]] = msgspec.field(default_factory=set)


def observe(workspace: Workspace, index: Index) -> tuple[str, ...]:
    """Recompute all observed tiers and record those that changed; gives the use cases.

    Several processes may do it at once: what changed is looked for again under the index's write lock.
    """
    with index.reading() as connection:
        if not _changed(workspace, connection):
            return ()
    with index.writing() as connection:
        now_ms = workspace.clock.now_ms()
        found = _changed(workspace, connection)
        entries = [event(workspace.ids.new(now_ms), now_ms, facts, actor=ACTOR) for facts in found]
        if entries:
            workspace.ledger.submit(entries).result()
    workspace.runtime.refresh()
    return tuple(facts.use_case for facts in found)


def seen(
    tally: Tally, registered: Mapping[tuple[str, str], ModelRegistration], slots: Sequence[Sequence[str]]
) -> dict[str, Answer]:
    """The answers that a window of decisions gives: axis to answer, for what was seen at all.

    Parameters
    ----------
    tally
        The counts.
    registered
        Model versions by id and version.
    slots
        For each slot of the use case, the ids of its models in order.
    """
    found: dict[str, Answer] = {"scale": "large" if tally.n >= LARGE else "medium" if tally.n >= MEDIUM else "small"}
    if tally.adverse:
        found["adverse"] = True
    if tally.adverse_auto:
        found |= {"effect": "decides", "autonomy": "out_of_the_loop"}
    elif tally.auto:
        found["autonomy"] = "in_command"
    if tally.pii >= PII_LEAST and tally.pii >= PII_SHARE * tally.n:
        found["personal_data"] = "personal"
    asked = [registered[each] for each in tally.models if each in registered]
    if any(model.prompt_digest for model in asked):
        found["genai"] = True
    if any(model.region and not at_home(model.region) for model in asked):
        found["cross_border"] = True
    if any(_foreign(model) for model in asked):
        found["third_party"] = "single" if _alone(asked, registered.values(), slots) else "substitutable"
    return found


def joined(profile: Profile, found: Mapping[str, Answer]) -> Profile:
    """The profile with each axis at the worse of what it says and what was seen; what isn't answered stays open."""
    worse: dict[str, Any] = {}
    for axis, answer in found.items():
        said = getattr(profile, axis)
        if said is not None and AXES[axis].index(answer) > AXES[axis].index(said):
            worse[axis] = answer
    return msgspec.structs.replace(profile, **worse)


def _changed(workspace: Workspace, connection: sqlite3.Connection) -> list[ObservedTier]:
    last = _last(connection)
    tallies = _tallies(connection, days.day_of(workspace.clock.now_ms()))
    registered = {
        (m.id, m.version): m for m in _facts(events.registered(connection, ModelRegistration.kind), ModelRegistration)
    }
    found = []
    for use_case in _facts(events.registered(connection, UseCaseRegistration.kind), UseCaseRegistration):
        tally = tallies.get(use_case.name)
        if tally is None or tally.n < LEAST or not use_case.profile:
            continue
        profile = _profile(use_case)
        observed = joined(profile, seen(tally, registered, _slots(workspace, use_case.name)))
        now = _observation(use_case.name, profile, observed, tally.n)
        before = last.get(use_case.name)
        if before is None or msgspec.structs.replace(before, n=now.n) != now:
            found.append(now)
    return found


def _observation(use_case: str, profile: Profile, observed: Profile, n: int) -> ObservedTier:
    before, after = assess(profile), assess(observed)
    raised = {each.trigger.id for each in after.fired} - {each.trigger.id for each in before.fired}
    return ObservedTier(
        n=n, profile=answers(observed), tier=after.tier, triggers=tuple(sorted(raised)), use_case=use_case
    )


def _tallies(connection: sqlite3.Connection, today: int) -> dict[str, Tally]:
    since, until = days.iso(today - WINDOW_DAYS + 1), days.iso(today)
    found: dict[str, Tally] = defaultdict(Tally)
    for each in counts.decisions(connection, since, until, by_day=False):
        tally, auto = found[each.use_case], each.route == "auto"
        tally.n += each.n
        tally.auto += each.n if auto else 0
        tally.adverse += each.n if each.adverse else 0
        tally.adverse_auto += each.n if each.adverse and auto else 0
    for control in counts.controls(connection, since, until, control=PRIVACY_CONTROL, by_day=False):
        found[control.use_case].pii += control.n if control.verdict not in ("pass", "error") else 0
    for model in counts.models(connection, since, until, by_day=False):
        found[model.use_case].models.add((model.model, model.version))
    return found


def _last(connection: sqlite3.Connection) -> dict[str, ObservedTier]:
    """The newest observation of each use case."""
    found: dict[str, ObservedTier] = {}
    before: int | None = None
    while True:
        pieces = events.latest(connection, (ObservedTier.kind,), before=before, limit=events.LARGEST)
        for each in pieces.rows:
            facts = msgspec.convert(each.facts, ObservedTier)
            found.setdefault(facts.use_case, facts)
        if pieces.older is None:
            return found
        before = pieces.older


def _facts(happened: Iterable[events.Happened], kind: type[Any]) -> list[Any]:
    return [msgspec.convert(each.facts, kind) for each in happened]


def _profile(use_case: UseCaseRegistration) -> Profile:
    """The profile as registered; with answers that this release doesn't know it is as good as unanswered."""
    try:
        return from_answers(use_case.profile)
    except msgspec.ValidationError:
        return Profile()


def _slots(workspace: Workspace, use_case: str) -> tuple[tuple[str, ...], ...]:
    """The models of each slot; none where the use case isn't installed any more."""
    try:
        manifest = workspace.catalogue.get(use_case).manifest
    except Problem:
        return ()
    return tuple(slot.use for slot in manifest.models.values())


def _foreign(model: ModelRegistration) -> bool:
    return bool(model.vendor) or model.origin == "vendor"


def _alone(
    asked: Iterable[ModelRegistration], registered: Iterable[ModelRegistration], slots: Sequence[Sequence[str]]
) -> bool:
    """Whether some slot that a third party answers has nobody else in it."""
    vendor = {m.id: (m.vendor or m.origin) if _foreign(m) else "" for m in registered}
    ids = {m.id for m in asked if _foreign(m)}
    return any(ids & set(slot) and len({vendor.get(each, "") for each in slot}) == 1 for slot in slots)
