"""The seam of the index: what makes tables from the log, and the entries it is given.

A projection owns some tables of `index.db` and fills them from leaves, in log order, each entry once. It may look at
its own tables and at nothing else: so any split of the log gives the same tables, and they can be made anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from waglan.core.problem import Problem

_MARK = b'"kind":"decision"'
_NONE = msgspec.Raw(b"[]")


class DecisionPart(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The facts of a decision as the index reads them; see `waglan.core.DecisionFacts`.

    Enumerations are plain text here, so that a leaf of a later release can be read. ``controls`` (``[[name, verdict],
    …]``) and ``models`` (``[[id, version, digest, provider, region, answered], …]``) are left as JSON: a handful of
    values stands there a million times.
    """

    adverse: bool | None = None
    channel: str = ""
    confidence: str | None = None
    controls: msgspec.Raw = _NONE
    disclosure_id: str = ""
    drill: bool = False
    effect: str = ""
    failover: bool = False
    imported: bool = False
    language: str | None = None
    latency_us: int = 0
    models: msgspec.Raw = _NONE
    phase: str = ""
    policy_digest: str = ""
    reasons: msgspec.Raw = _NONE
    replay: bool = False
    route: str | None = None
    score: str | None = None
    stakes_hkd: str | None = None
    tier: str | None = None
    use_case: str = ""
    use_case_version: str = ""
    why: msgspec.Raw = _NONE

    @property
    def live(self) -> bool:
        """Whether it is neither a drill, nor a replay, nor imported."""
        return not (self.drill or self.replay or self.imported)


class DecisionLeaf(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The leaf of a decision; see `waglan.ledger.leaf.Leaf`. ``at_ms`` is milliseconds since 1970 UTC."""

    actor: str = ""
    at_ms: int
    facts: DecisionPart = DecisionPart()
    id: str
    kid: str = ""
    kind: str
    subject: str = ""


class Placed(msgspec.Struct, frozen=True, gc=False):
    """An entry and its place in the log.

    Attributes
    ----------
    index
        Its place, counted from 0.
    raw
        The leaf's bytes.
    decision
        The leaf as read, when it is a decision's; None for every other kind.
    """

    index: int
    raw: bytes
    decision: DecisionLeaf | None

    @property
    def leaf(self) -> dict[str, Any]:
        """All members of the leaf, read anew each time it is asked for. Members that are empty are absent."""
        members: dict[str, Any] = _members(self.raw)
        return members


class Projection(Protocol):
    """Tables made from the log.

    Attributes
    ----------
    name
        Names it in the file.
    version
        A whole number; a higher one, or other statements, make the tables anew from the log.
    """

    name: str
    version: int

    def tables(self) -> tuple[str, ...]:
        """The CREATE statements of its tables and indexes, all of whose names are its own."""
        ...

    def apply(self, connection: sqlite3.Connection, leaves: Sequence[Placed]) -> None:
        """Take in the next entries, in log order, within the transaction that ``connection`` is in.

        Keep nothing between calls but what is in the tables: the transaction may be undone.
        """
        ...


_members = msgspec.json.Decoder(dict[str, Any]).decode
_decision = msgspec.json.Decoder(DecisionLeaf).decode


def placed(index: int, raw: bytes) -> Placed:
    """An entry as projections get it.

    Raises
    ------
    Problem
        ``index.leaf`` when a decision's leaf doesn't have the members that decisions have.
    """
    if raw.rfind(_MARK) >= 0:  # from the end: the kind stands behind the facts
        try:
            leaf = _decision(raw)
        except msgspec.ValidationError as error:
            if _members(raw).get("kind") == "decision":
                raise _unreadable(index, str(error)) from error
        else:
            if leaf.kind == "decision":
                return Placed(index, raw, leaf)
    return Placed(index, raw, None)


def _unreadable(index: int, why: str) -> Problem:
    return Problem(
        f"Entry {index:,} of the log can't be read as a decision.",
        why,
        "Run 'waglan ledger verify'; if the log is sound, report this as a defect.",
        code="index.leaf",
        status=500,
    )
