"""The queue as a projection of the log: which reviews there are, and where each stands.

Every state follows from the log alone, whatever stands on it: a move that `waglan.review.state` doesn't know changes
nothing.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from waglan.core.problem import Problem
from waglan.disk.script import statements
from waglan.index.projection import DecisionLeaf, Placed
from waglan.ledger.log import Ledger
from waglan.review.events import FOLDS, TOLD, Fold
from waglan.review.key import ReviewKey
from waglan.review.opening import Opening, opening
from waglan.review.policy import DEFAULT, ReviewPolicy, Rules, sampled

if TYPE_CHECKING:
    from waglan.runtime.workspace import Workspace

PLANTED = "planted"
_MARK = b'"planted":'
Find = Callable[[str], DecisionLeaf | None]


class Queue:
    """The projection; see `waglan.index.Projection`.

    Parameters
    ----------
    key
        The key of the sample.
    find
        Gives an earlier decision of the log by its id: requests and later events name no more than that.
    """

    name = "review"
    version = 3

    def __init__(self, key: bytes, find: Find) -> None:
        self._key = key
        self._find = find

    @classmethod
    def of(cls, workspace: Workspace) -> Queue:
        """The queue of a workspace."""
        key = ReviewKey.load_or_create(workspace.folder / "keys").derive("sample")
        return cls(key, lambda entry_id: decision_leaf(workspace.ledger, entry_id))

    def tables(self) -> tuple[str, ...]:
        return tuple(statements("waglan.review", "queue_1.sql"))

    def apply(self, connection: sqlite3.Connection, leaves: Sequence[Placed]) -> None:
        rules = rules_in_force(connection)
        rates = dict(connection.execute("SELECT policy_digest, ppm FROM review_rate"))
        effects: Counter[tuple[str, str, int]] = Counter()
        for placed in leaves:
            if placed.decision is not None:
                self._decision(connection, placed, rules, rates, effects)
                continue
            leaf = placed.leaf
            kind, facts = leaf["kind"], leaf.get("facts", {})
            if kind == "use_case":
                rates[facts["policy_digest"]] = facts.get("sample_ppm", 0)
                connection.execute(
                    "INSERT OR REPLACE INTO review_rate VALUES (?, ?)",
                    (facts["policy_digest"], facts.get("sample_ppm", 0)),
                )
            elif kind == ReviewPolicy.kind:
                rules = Rules.of(msgspec.convert(facts, ReviewPolicy))
                connection.execute(
                    "INSERT INTO review_policy VALUES (?, ?)", (placed.index, msgspec.json.encode(facts).decode())
                )
            elif kind in FOLDS:
                if kind in TOLD and leaf.get("refs"):
                    connection.execute("INSERT INTO review_event VALUES (?, ?)", (leaf["refs"][0], placed.index))
                FOLDS[kind](Fold(connection, placed.index, leaf, rules, self._find))
        connection.executemany(
            "INSERT INTO review_effect VALUES (?, ?, ?, ?) "
            "ON CONFLICT (use_case, effect, adverse) DO UPDATE SET count = count + excluded.count",
            [(*key, count) for key, count in effects.items()],
        )

    def _decision(
        self,
        connection: sqlite3.Connection,
        placed: Placed,
        rules: Rules,
        rates: Mapping[str, int],
        effects: Counter[tuple[str, str, int]],
    ) -> None:
        leaf = placed.decision
        assert leaf is not None
        facts = leaf.facts
        seeded = facts.drill and _MARK in placed.raw and PLANTED in placed.leaf.get("commit", {})
        if facts.effect and not seeded:
            effects[facts.use_case, facts.effect, -1 if facts.adverse is None else int(facts.adverse)] += 1
        cause = "seeded" if seeded else self._cause(leaf, rules, rates)
        if cause:
            opening(connection, Opening(leaf, placed.index, cause), rules)

    def _cause(self, leaf: DecisionLeaf, rules: Rules, rates: Mapping[str, int]) -> str:
        facts = leaf.facts
        if facts.imported or facts.replay or facts.drill:
            return ""  # a drill proves that its cases would have come to people; it doesn't take their time
        if facts.route == "human":
            return "route"
        if facts.route != "auto":
            return ""
        ppm = rules.sample_ppm(facts.tier or "", rates.get(facts.policy_digest, 0))
        return "sample" if ppm and sampled(self._key, leaf.id, ppm) else ""


def rules_in_force(connection: sqlite3.Connection) -> Rules:
    """The rules of the newest policy on the log, or the default."""
    return Rules.of(policy_in_force(connection))


def policy_in_force(connection: sqlite3.Connection) -> ReviewPolicy:
    """The newest policy on the log, or the default."""
    row = connection.execute("SELECT facts FROM review_policy ORDER BY log_index DESC LIMIT 1").fetchone()
    return DEFAULT if row is None else msgspec.json.decode(row[0], type=ReviewPolicy)


_decision_leaf = msgspec.json.Decoder(DecisionLeaf).decode
_members = msgspec.json.Decoder(dict[str, Any]).decode


def decision_leaf(ledger: Ledger, entry_id: str) -> DecisionLeaf | None:
    """The leaf of a decision by id; None when there is none, or when it is something else."""
    index = ledger.find(entry_id)
    if index is None:
        return None
    for _, row in ledger.rows(index, index + 1):
        return _decision_leaf(row.leaf) if _members(row.leaf)["kind"] == "decision" else None
    raise Problem(
        f"Entry {index:,} of the log can't be read.",
        "Its id is known but the entry isn't there.",
        "Run 'waglan ledger verify'.",
        code="ledger.inconsistent",
        status=503,
    )
