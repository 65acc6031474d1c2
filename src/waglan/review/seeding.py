"""Planting cases whose answer is known to be wrong among the real ones, to measure whether reviews are done with care.

A seeded case is a recorded decision of the same use case with one thing altered. It goes its way through the runtime's
own route, is sealed under the same person's key (an erasure reaches it), and is marked as a drill, so no figure counts
it as live. Nobody is told which cases are seeded until they have judged them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import msgspec

from waglan.access.action import Action
from waglan.access.identity import Identity
from waglan.core.case import Case
from waglan.core.decision import Decision, DecisionFacts, Private, Route, data_classes, entry
from waglan.core.entry import Entry
from waglan.core.outcome import Outcome, Reason
from waglan.core.problem import Problem
from waglan.review import shape
from waglan.review.projection import PLANTED, rules_in_force
from waglan.review.room import Room, Told
from waglan.review.wrong import Material, Wrong, wrongs
from waglan.runtime.catalogue import Loaded
from waglan.runtime.route import Routed, route
from waglan.runtime.stance import Stance

MOST = 200
_DRAWS = 400
_DONORS = 16
_SKIPPED = ("vault.erased", "vault.restricted", "vault.unknown")


class Source(NamedTuple):
    """A decision that a seeded case is made from."""

    told: Told
    facts: DecisionFacts
    private: Private
    outcome: Outcome


def seed(room: Room, who: Identity | None, use_case: str, count: int, random: Random) -> tuple[str, ...]:
    """Plant cases with a known wrong answer.

    Returns
    -------
    tuple
        Their ids; fewer than asked for when the log has too few decisions to make them from.

    Raises
    ------
    Problem
        ``review.seed`` for a count out of range, or when there is nothing to make one from.
    """
    person = room.may(who, Action.ATTENTION_SEED, "attention")
    if not 1 <= count <= MOST:
        raise _refused(f"{count} isn't between 1 and {MOST}.", "Plant fewer at a time.")
    with room.index.writing() as connection:
        entries = tuple(planted(room, connection, use_case, actor=person.id, count=count, random=random))
        if not entries:
            raise _refused(
                "The log has no decision of this use case, under its present manifest, that could be altered.",
                "Try again when it has decided some cases with reasons.",
            )
        room.record(*entries)
    return tuple(each.id for each in entries)


def planted(
    room: Room, connection: sqlite3.Connection, use_case: str, *, actor: str, count: int, random: Random
) -> Iterator[Entry]:
    """The entries of seeded cases, made from decisions drawn from the whole log by chance."""
    loaded = room.workspace.catalogue.get(use_case)
    sources = _drawn(room, connection, loaded, _DRAWS * (count + _DONORS), random)
    donors = [found for found, _ in zip(sources, range(_DONORS), strict=False)]
    effects = shape.known_effects(connection, use_case, loaded.manifest, None)
    stance = room.workspace.registers.effective_tier(loaded.manifest, room.now_ms())
    samples = rules_in_force(connection).sample_ppm(stance.tier, round(loaded.manifest.review.sample * 1_000_000))
    random.shuffle(donors)
    material = Material(effects, _reasons(donors))
    left = count
    for source in _chain(donors, sources):
        for altered in wrongs(source.outcome, material, random):
            routed = route(source.private.findings, altered.outcome, "", loaded.manifest, stance)
            if routed.route is Route.HUMAN or (routed.route is Route.AUTO and samples):
                yield _entry(room, loaded, source, altered, routed, stance=stance, actor=actor)
                left -= 1
                break
        if not left:
            return


def _chain(donors: list[Source], more: Iterator[Source]) -> Iterator[Source]:
    yield from donors
    yield from more


def _reasons(sources: list[Source]) -> list[tuple[Reason, ...]]:
    return [each.outcome.reasons for each in sources if each.outcome.reasons]


def _drawn(room: Room, connection: sqlite3.Connection, loaded: Loaded, draws: int, random: Random) -> Iterator[Source]:
    """Decisions of a use case by chance, none twice, and none whose twin somebody may have before them."""
    size = room.workspace.ledger.head().size
    seen: set[int] = set()
    for _ in range(draws):
        at = random.randrange(size)
        if at in seen:
            continue
        seen.add(at)
        source = _source(room, connection, at, loaded)
        if source is not None:
            yield source


def _source(room: Room, connection: sqlite3.Connection, at: int, loaded: Loaded) -> Source | None:
    leaf = room.workspace.ledger.leaf(at)
    if leaf["kind"] != DecisionFacts.kind:
        return None
    facts = msgspec.convert(leaf.get("facts", {}), DecisionFacts)
    live = not (facts.drill or facts.replay or facts.imported)
    if facts.policy_digest != loaded.digest or not live or facts.route not in (Route.AUTO, Route.HUMAN):
        return None
    if room.workspace.registers.opted_out(leaf.get("subject", ""), facts.use_case):
        return None
    if connection.execute("SELECT 1 FROM review_item WHERE id = ? AND waiting > 0", (leaf["id"],)).fetchone():
        return None
    try:
        told = room.told(at)
    except Problem as problem:
        if problem.code in _SKIPPED:
            return None
        raise
    private = msgspec.json.decode(told.private["out"], type=Private)
    if private.outcome is None or not private.outcome.reasons:
        return None
    return Source(told, facts, private, private.outcome)


def _entry(
    room: Room, loaded: Loaded, source: Source, altered: Wrong, routed: Routed, *, stance: Stance, actor: str
) -> Entry:
    facts, leaf = source.facts, source.told.leaf
    now_ms = room.now_ms()
    inputs = msgspec.json.decode(source.told.private["in"])
    case = Case(
        use_case=facts.use_case,
        inputs=inputs["inputs"],
        subject=leaf.get("subject", ""),
        aside=inputs["aside"],
        purpose=facts.purpose,
        channel=facts.channel,
        language=facts.language or "en",
        consent_ref=facts.consent_ref,
        notice_id=facts.notice_id,
        source=facts.source,
        source_seq=facts.source_seq,
        received_at=now_ms,
    )
    decision = Decision(
        id=room.workspace.ids.new(now_ms),
        case=case,
        outcome=altered.outcome,
        findings=source.private.findings,
        route=routed.route,
        why=routed.why,
        use_case_version=facts.use_case_version,
        policy_digest=facts.policy_digest,
        tier=stance.tier,
        observed_tier=stance.observed,
        rules=facts.rules,
        oversight_level=routed.oversight,
        phase=facts.phase,
        models=source.private.models,
        control_us=source.private.control_us,
        failover=facts.failover,
        drill=True,
        disclosure_id=facts.disclosure_id,
        disclosure_lang=facts.disclosure_lang,
        decided_at=now_ms,
        latency_us=facts.latency_us,
    )
    made = entry(decision, data_classes(loaded.manifest), source.told.private["in"], actor)
    said = msgspec.json.encode({"of": leaf["id"], **altered.said}, order="sorted")
    return msgspec.structs.replace(made, private={**made.private, PLANTED: said})


def _refused(why: str, advice: str) -> Problem:
    return Problem("No case can be seeded.", why, advice, code="review.seed", status=409)
