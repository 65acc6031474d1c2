"""Which decisions a pack shows: all counter-examples of the report, and a sample that nobody could choose.

The sample is the ``n`` live decisions of the window with the smallest SHA-256 of ``<seed> <id>``. Anybody who has the
whole log can draw it again. Without a seed of the examiner's own, the seed is the root hash of the log at the size that
was counted: it is fixed by what was recorded, before the pack is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from waglan.core.problem import Problem
from waglan.core.usecase import UseCase
from waglan.evidence.pack.redact import redacted
from waglan.evidence.result import Report, Window
from waglan.facts.sql import IS_LIVE
from waglan.index import Index, days, events
from waglan.ledger.receipt import Opening
from waglan.ledger.store import Row
from waglan.runtime import Workspace

if TYPE_CHECKING:
    from waglan.facts import Facts

SAMPLE = 50


class Place(NamedTuple):
    """A decision to be shown, where it stands, and why: ``sample``, ``counter_example`` or both."""

    at: int
    id: str
    why: tuple[str, ...]
    tests: tuple[str, ...]


def places(report: Report, drawn: Sequence[tuple[int, str]]) -> tuple[Place, ...]:
    """Counter-examples and sample together, each decision once, in the order of the log."""
    tests: dict[tuple[int, str], list[str]] = {}
    for clause in report.clauses:
        for test in clause.tests:
            for example in test.examples if test.over == "decisions" else ():
                if example.log_index is not None:
                    tests.setdefault((example.log_index, example.id), []).append(test.id)
    found = []
    for at, name in sorted({*tests, *drawn}):
        why = (("sample",) if (at, name) in drawn else ()) + (("counter_example",) if (at, name) in tests else ())
        found.append(Place(at, name, why, tuple(tests.get((at, name), ()))))
    return tuple(found)


def draw(
    facts: Facts, window: Window, use_cases: Sequence[str], *, size: int, seed: str, n: int
) -> list[tuple[int, str]]:
    """Place and id of the sampled decisions, in the order of their hashes.

    Parameters
    ----------
    use_cases
        Those of the entity; empty means all.
    size
        How many entries of the log were counted; later ones aren't drawn.

    Notes
    -----
    Live decisions as in the view ``live``, but asked of ``recorded``: what later events said isn't joined, which takes
    four fifths of the time.
    """
    since = days.number(window.since) * days.DAY_MS - days.AHEAD_MS
    until = (days.number(window.until) + 1) * days.DAY_MS - days.AHEAD_MS
    only = "AND list_contains($use_cases, use_case)" if use_cases else ""
    query = (
        f"SELECT log_index, id FROM recorded WHERE {IS_LIVE} AND log_index < $size "
        f"AND decided_at >= epoch_ms($since) AND decided_at < epoch_ms($until) {only} "
        "ORDER BY sha256($seed || ' ' || id), log_index LIMIT $n"
    )
    asked: dict[str, Any] = {"since": since, "until": until, "size": size, "seed": seed, "n": n}
    if use_cases:
        asked["use_cases"] = list(use_cases)
    return [(int(at), str(name)) for at, name in facts.query(query, asked).fetchall()]


def shown(workspace: Workspace, index: Index, chosen: Sequence[Place], opened: bool) -> list[dict[str, Any]]:
    """Each decision with its leaf, its private parts masked (or opened), and what came after it.

    Raises
    ------
    Problem
        ``ledger.missing`` where the log doesn't hold what the report names.
    """
    made = []
    with index.reading() as connection:
        for place in chosen:
            row = _row(workspace, place)
            leaf = msgspec.json.decode(row.leaf)
            line: dict[str, Any] = {
                "id": place.id,
                "index": place.at,
                "why": place.why,
                "tests": place.tests,
                "leaf": row.leaf.decode(),
                **_private(workspace, row, leaf, opened),
                "later": [
                    {"kind": e.kind, "id": e.id, "index": e.index, "at_ms": e.at_ms, "actor": e.actor, "facts": e.facts}
                    for e in events.about(connection, place.id)
                ],
            }
            made.append(line)
    return made


def _row(workspace: Workspace, place: Place) -> Row:
    for _, row in workspace.ledger.rows(place.at, place.at + 1):
        if row.id == place.id:
            return row
    raise Problem(
        f"The log doesn't hold the decision {place.id!r} at place {place.at:,}.",
        "The evidence was counted from another log.",
        "Run 'waglan ledger verify', then bring the evidence up to date again.",
        code="evidence.inconsistent",
        status=503,
    )


def _private(workspace: Workspace, row: Row, leaf: Mapping[str, Any], opened: bool) -> dict[str, Any]:
    """The private parts: masked, or opened with their key; ``erased`` where the key was shredded."""
    if not row.sealed:
        return {"private": None}
    try:
        parts = workspace.vault.unseal(leaf["kid"], row.id, row.sealed)
        if not opened:
            return {"private": redacted(parts, _manifest(workspace, leaf))}
        key = workspace.vault.commitment_key(leaf["kid"], row.id)
    except Problem as problem:
        if problem.code != "vault.erased":
            raise
        return {"private": "erased"}
    fields = {name: bytes(parts[name]).decode() for name in sorted(parts)}
    return {"private": "opened", "opened": msgspec.to_builtins(Opening(fields=fields, key=key.hex()))}


def _manifest(workspace: Workspace, leaf: Mapping[str, Any]) -> UseCase | None:
    """The manifest that was in force, if it still is: another one's data classes say nothing about these inputs."""
    facts = leaf.get("facts", {})
    name = facts.get("use_case", "")
    if name not in workspace.catalogue:
        return None
    try:
        loaded = workspace.catalogue.get(name)
    except Problem:  # retired since, or its plug-in is gone
        return None
    return loaded.manifest if loaded.digest == facts.get("policy_digest") else None
