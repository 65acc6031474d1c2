"""What the log says of rules: those in force and before, and what is proposed. Folded from the index's events."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec

from waglan.core.events import RuleInForce, RuleProposal
from waglan.index import events
from waglan.index.events import Happened
from waglan.rulebook.rule import Proposal, Rule, Shown, draft_of


def rules(connection: sqlite3.Connection) -> dict[str, tuple[Rule, ...]]:
    """Every rule that ever was, by id, each with all that happened to it, the newest last."""
    proposers = {each.id: each.actor for each in _all(connection, RuleProposal.kind)}
    found: dict[str, tuple[Rule, ...]] = {}
    for each in _all(connection, RuleInForce.kind):
        facts = msgspec.convert(each.facts, RuleInForce)
        proposal = each.refs[-1] if each.refs else ""
        rule = Rule(
            draft=draft_of(facts),
            digest=facts.digest,
            entry=each.id,
            index=each.index,
            since_ms=each.at_ms,
            approver=each.actor,
            proposer=proposers.get(proposal, ""),
            proposal=proposal,
        )
        found[facts.id] = (*found.get(facts.id, ()), rule)
    return dict(sorted(found.items()))


def proposals(connection: sqlite3.Connection) -> tuple[Proposal, ...]:
    """Every proposal that ever was, the newest first."""
    current = {steps[-1].id: steps[-1] for steps in rules(connection).values()}
    released = {rule.proposal for steps in rules(connection).values() for rule in steps if rule.proposal}
    found: dict[str, Proposal] = {}
    for each in _all(connection, RuleProposal.kind):
        facts = msgspec.convert(each.facts, RuleProposal)
        earlier = found.get(each.refs[0]) if each.refs else None
        found[earlier.id if earlier else each.id] = _further(earlier, each, facts) if earlier else _begun(each, facts)
    judged = [_judged(each, current, released) for each in found.values()]
    return tuple(reversed(judged))


def _begun(each: Happened, facts: RuleProposal) -> Proposal:
    return Proposal(
        id=each.id,
        newest=each.id,
        draft=draft_of(facts),
        digest=facts.digest,
        base=each.refs[0] if each.refs else "",
        proposer=each.actor,
        hands=(each.actor,),
        authenticators=(facts.authenticator,) if facts.authenticator else (),
        at_ms=each.at_ms,
        replay=_shown(facts),
    )


def _further(earlier: Proposal, each: Happened, facts: RuleProposal) -> Proposal:
    """A replay that was kept on it, or its end."""
    if facts.state == "dropped":
        return msgspec.structs.replace(earlier, newest=each.id, state="dropped")
    signed = (facts.authenticator,) if facts.authenticator else ()
    return msgspec.structs.replace(
        earlier,
        newest=each.id,
        hands=tuple(dict.fromkeys((*earlier.hands, each.actor))),
        authenticators=tuple(dict.fromkeys((*earlier.authenticators, *signed))),
        replay=_shown(facts) or earlier.replay,
    )


def _judged(each: Proposal, current: dict[str, Rule], released: set[str]) -> Proposal:
    if each.state == "dropped":
        return each
    if each.id in released:
        return msgspec.structs.replace(each, state="released")
    now = current.get(each.draft.id)
    return each if each.base == (now.entry if now else "") else msgspec.structs.replace(each, state="outdated")


def _shown(facts: RuleProposal) -> Shown | None:
    return Shown(facts.replay_sha256, facts.replayed, facts.changed) if facts.replay_sha256 else None


def _all(connection: sqlite3.Connection, kind: str) -> Iterator[Happened]:
    """Every event of a kind, the oldest first."""
    gathered: list[Happened] = []
    before: int | None = None
    while True:
        page = events.latest(connection, (kind,), before=before, limit=events.LARGEST)
        gathered += page.rows
        if page.older is None:
            return reversed(gathered)
        before = page.older
