"""The rulebook: rules proposed, tried, replayed and released by a second person; the log is all its state."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from waglan.access import Action, Identity, Resource, require, ruling
from waglan.access.four_eyes import Signed, four_eyes
from waglan.core.entry import Entry
from waglan.core.events import Event, RuleInForce, RuleProposal
from waglan.core.problem import Problem, nearest
from waglan.index import Index
from waglan.rulebook import history
from waglan.rulebook.checking import checked
from waglan.rulebook.replay import Replay, replay
from waglan.rulebook.rule import Draft, Proposal, Rule
from waglan.rulebook.trial import Tried, tried
from waglan.runtime.workspace import Workspace

if TYPE_CHECKING:
    from waglan.facts import Facts

MONTH_MS = 30 * 86_400_000
_FRESH = 2_000


class Rulebook:
    """The rules of a workspace. Verbs take who acts first and check it against `waglan.access`.

    Parameters
    ----------
    workspace, index
        Open, the index with `waglan.index.Decisions`.

    Notes
    -----
    Every verb raises the Problems of `waglan.access.require`, ``rule.missing`` (404), ``rule.state`` (409), those named
    with it, and the ledger's.
    """

    def __init__(self, workspace: Workspace, index: Index) -> None:
        self._workspace = workspace
        self._index = index

    # ---- looking

    def rules(self, who: Identity | None) -> tuple[Rule, ...]:
        """Every rule as it stands now, by id; those that were withdrawn too."""
        return tuple([steps[-1] for steps in self._all(who).values()])

    def rule(self, who: Identity | None, rule_id: str) -> Rule:
        """One rule as it stands now."""
        return self.history(who, rule_id)[-1]

    def history(self, who: Identity | None, rule_id: str) -> tuple[Rule, ...]:
        """All that happened to a rule, the newest last."""
        found = self._all(who)
        if rule_id not in found:
            raise Problem(
                f"There is no rule {rule_id[:64]!r}.", nearest(rule_id, found), "Take it from the list of rules.",
                code="rule.missing", where=rule_id[:64], status=404,
            )  # fmt: skip
        return found[rule_id]

    def proposals(self, who: Identity | None, *, open_only: bool = False) -> tuple[Proposal, ...]:
        """What was proposed, the newest first; with ``open_only`` what waits for somebody."""
        self._may(who, Action.RULE_READ)
        self._index.follow(_FRESH)
        with self._index.reading() as connection:
            found = history.proposals(connection)
        return tuple([each for each in found if each.state == "open"]) if open_only else found

    def proposal(self, who: Identity | None, proposal_id: str) -> Proposal:
        """One proposal."""
        return _one(self.proposals(who), proposal_id)

    def try_(
        self, who: Identity | None, draft: Draft, decisions: Sequence[str] = (), newest: int = 20
    ) -> tuple[Tried, ...]:
        """A draft on some recorded decisions, every part of it with its value; see `waglan.rulebook.trial.tried`."""
        self._may(who, Action.RULE_READ)
        self._index.follow(_FRESH)
        with self._index.reading() as connection:
            return tried(self._workspace, connection, draft, decisions, newest)

    def replay(self, who: Identity | None, draft: Draft, since_ms: int, until_ms: int) -> Replay:
        """What a draft would have done to the live decisions of a period, beside the rule in force.

        Raises
        ------
        Problem
            Those of `waglan.rulebook.checking.checked`, and ``rule.period``.
        """
        if until_ms <= since_ms:
            raise Problem(
                "The period is empty.", "It ends before it begins.", "Choose a later end.", code="rule.period",
                where="until",
            )  # fmt: skip
        found = self._all(who).get(draft.id)
        with closing(self._facts()) as facts:
            facts.update()
            return replay(facts, draft, found[-1] if found else None, since_ms, until_ms)

    # ---- proposing

    def propose(self, who: Identity | None, draft: Draft, shown: Replay | None = None) -> Proposal:
        """Propose a new rule, or a change of the one with its id.

        Parameters
        ----------
        shown
            The replay of this very draft, kept with it.

        Raises
        ------
        Problem
            Those of `waglan.rulebook.checking.checked`; ``rule.same`` (409) when it says what is in force already;
            ``rule.replay`` when the replay is another draft's.
        """
        person = self._may(who, Action.RULE_PROPOSE)
        parsed = checked(draft)
        with self._index.writing() as connection:
            found = history.rules(connection).get(draft.id)
            current = found[-1] if found else None
            if _same(draft, current):
                raise Problem(
                    "Nothing would change.", f"The rule {draft.id} says the same already, or is out of force already.",
                    "Change something, or leave it.", code="rule.same", where="id", status=409,
                )  # fmt: skip
            facts = _proposal(draft, parsed.digest, person, _of(draft, parsed.digest, shown))
            entry = self._record(facts, person, (current.entry,) if current else ())
        return self.proposal(who, entry)

    def withdraw(self, who: Identity | None, rule_id: str) -> Proposal:
        """Propose a rule's end."""
        current = self.rule(who, rule_id)
        return self.propose(who, msgspec.structs.replace(current.draft, state="withdrawn"))

    def keep_replay(self, who: Identity | None, proposal_id: str, shown: Replay) -> Proposal:
        """Keep a replay on an open proposal; who does so has a hand in it and can't release it.

        Raises
        ------
        Problem
            ``rule.replay`` when it is another draft's.
        """
        person = self._may(who, Action.RULE_PROPOSE)
        with self._index.writing() as connection:
            found = self._open(connection, proposal_id)
            facts = _proposal(found.draft, found.digest, person, _of(found.draft, found.digest, shown))
            self._record(facts, person, (found.id, *((found.base,) if found.base else ())))
        return self.proposal(who, proposal_id)

    def drop(self, who: Identity | None, proposal_id: str) -> None:
        """Take a proposal off the table: whoever may propose or release can."""
        person = self._may(who, Action.RULE_READ)
        resource = self._resource()
        if person.kind != "local" and not _either(person, resource):
            require(person, Action.RULE_PROPOSE, resource)
        with self._index.writing() as connection:
            found = self._open(connection, proposal_id, outdated=True)
            facts = RuleProposal(
                id=found.draft.id, digest=found.digest, state="dropped", authenticator=person.authenticator
            )
            self._record(facts, person, (found.id,))

    # ---- releasing

    def release(self, who: Identity | None, proposal_id: str) -> Rule:
        """Put a proposal in force, or end its rule: the second pair of eyes.

        Raises
        ------
        Problem
            ``rule.never_replayed`` and ``rule.state`` (409); ``access.denied`` and ``rule.four_eyes`` (403) for
            somebody who had a hand in it, or who signed in with the same authenticator.
        """
        with self._index.writing() as connection:
            found = self._open(connection, proposal_id)
            person = self._may(who, Action.RULE_RELEASE, author=found.proposer)
            for hand in found.hands:
                self._may(who, Action.RULE_RELEASE, author=hand)
            _two(found, person)
            if found.replay is None:
                raise Problem(
                    "This proposal was never replayed.",
                    "Nobody has seen what it would have done to decisions that were made.",
                    "Replay it over a month first, and look at whom it would have touched.",
                    code="rule.never_replayed", where=proposal_id, status=409,
                )  # fmt: skip
            digest = checked(found.draft).digest
            facts = _in_force(found.draft, digest, person.authenticator)
            self._record(facts, person, tuple(dict.fromkeys((found.newest, found.id))))
        self._workspace.runtime.refresh()
        return self.rule(who, found.draft.id)

    def put_in_force_from_catalogue(
        self, who: Identity | None, drafts: Iterable[Draft], approver: Identity | None = None
    ) -> tuple[Proposal, ...]:
        """Propose the gates of a catalogue's tests, those that aren't in force as they stand, each with a replay.

        Parameters
        ----------
        drafts
            One per test; those without a gate are left out.
        approver
            Who releases them at once; without one they wait for somebody.
        """
        current = {rule.id: rule for rule in self.rules(who)}
        wanted = [d for d in drafts if d.gate != "none" and not _same(d, current.get(d.id))]
        now_ms = self._workspace.clock.now_ms()
        with closing(self._facts()) as facts:
            facts.update()
            period = (now_ms - MONTH_MS, now_ms + 1)
            shown = [(each, replay(facts, each, current.get(each.id), *period)) for each in wanted]
        made = []
        for draft, replayed in shown:
            proposal = self.propose(who, draft, replayed)
            if approver is not None:
                self.release(approver, proposal.id)
            made.append(proposal)
        return tuple(made)

    # ---- inner

    def _all(self, who: Identity | None) -> dict[str, tuple[Rule, ...]]:
        self._may(who, Action.RULE_READ)
        self._index.follow(_FRESH)
        with self._index.reading() as connection:
            return history.rules(connection)

    def _facts(self) -> Facts:
        from waglan.facts import Facts  # loads DuckDB and numpy, which looking at rules doesn't need

        return Facts.open(self._workspace.folder / "facts", self._workspace.ledger)

    def _resource(self, author: str = "") -> Resource:
        return Resource("rule", self._workspace.settings.workspace.tenant, author)

    def _may(self, who: Identity | None, action: Action, author: str = "") -> Identity:
        require(who, action, self._resource(author))
        assert who is not None
        return who

    def _open(self, connection: sqlite3.Connection, proposal_id: str, *, outdated: bool = False) -> Proposal:
        found = _one(history.proposals(connection), proposal_id)
        if found.state == "open" or (outdated and found.state == "outdated"):
            return found
        raise Problem(
            "That can't be done with this proposal.",
            "The rule that it changes has changed since." if found.state == "outdated"
            else "It was released already." if found.state == "released"
            else "It was dropped already.",
            "Propose the change anew.", code="rule.state", where=proposal_id, status=409,
        )  # fmt: skip

    def _record(self, facts: Event, person: Identity, refs: tuple[str, ...]) -> str:
        """Put an event on the log within `Index.writing`; its id."""
        now_ms = self._workspace.clock.now_ms()
        entry = Entry(
            id=self._workspace.ids.new(now_ms), kind=facts.kind, at_ms=now_ms, facts=facts, refs=refs, actor=person.id
        )
        self._workspace.ledger.submit((entry,)).result()
        return entry.id


def _either(person: Identity, resource: Resource) -> bool:
    return ruling(person, Action.RULE_RELEASE, resource).allowed


def _one(found: Iterable[Proposal], proposal_id: str) -> Proposal:
    for each in found:
        if each.id == proposal_id:
            return each
    raise Problem(
        "There is no such proposal.", "It was never made here, or its id was mistyped.",
        "Take it from the list of rules.", code="rule.missing", where=proposal_id[:64], status=404,
    )  # fmt: skip


def _same(draft: Draft, current: Rule | None) -> bool:
    if current is None:
        return draft.state == "withdrawn"
    return draft == current.draft or (draft.state == "withdrawn" and not current.in_force)


def _of(draft: Draft, digest: str, shown: Replay | None) -> Replay | None:
    if shown is not None and shown.rule != f"{digest} {draft.gate} {draft.state}":
        raise Problem(
            "The replay is of another draft.", "The rule, its gate or a table changed after it.", "Replay it again.",
            code="rule.replay", where="replay", status=409,
        )  # fmt: skip
    return shown


def _proposal(draft: Draft, digest: str, person: Identity, shown: Replay | None) -> RuleProposal:
    return RuleProposal(
        authenticator=person.authenticator,
        changed=shown.all.changed if shown else 0,
        clauses=draft.clauses,
        digest=digest,
        gate=draft.gate,
        holds=draft.holds,
        id=draft.id,
        incident=draft.incident,
        replay_sha256=shown.sha256 if shown else "",
        replayed=shown.all.looked_at if shown else 0,
        scope=draft.scope,
        state=draft.state,
        tables=draft.tables,
        title=draft.title,
    )


def _in_force(draft: Draft, digest: str, authenticator: str) -> RuleInForce:
    return RuleInForce(
        authenticator=authenticator,
        clauses=draft.clauses,
        digest=digest,
        gate=draft.gate,
        holds=draft.holds,
        id=draft.id,
        incident=draft.incident,
        scope=draft.scope,
        state=draft.state,
        tables=draft.tables,
        title=draft.title,
    )


def _two(found: Proposal, person: Identity) -> None:
    """Two people with two authenticators, as far as those of the proposal's hands are known."""
    for authenticator in found.authenticators:
        wrong = four_eyes(Signed(found.proposer, authenticator), Signed(person.id, person.authenticator), "critical")
        if wrong:
            raise Problem(
                "This release needs a second person.",
                "It was proposed by you, or with the authenticator that you signed in with.",
                "Ask an approver who signs in with an authenticator of their own.",
                code="rule.four_eyes", where=found.id, status=403,
            )  # fmt: skip
