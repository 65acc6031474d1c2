"""Rules, proposals and replays as pages show them."""

from __future__ import annotations

import difflib
from typing import Any

import msgspec

from waglan.console.visit import Visit
from waglan.facts.schema import DECISIONS
from waglan.index import counts
from waglan.index.days import day_of, iso
from waglan.rulebook import Draft, Replay, Rule, tables
from waglan.rulebook.parts import outline
from waglan.rulebook.replay import GROUPS
from waglan.runtime.gates import PREFIX, read_rule, read_tables

DAYS = 30
HITS = ("note", "review", "block", "error")
_MEANING = {f.name: f.meaning for f in DECISIONS}


def rule(visit: Visit, given: Rule) -> dict[str, Any]:
    """A rule with who put it in force."""
    return {
        **draft(given.draft),
        "digest": given.digest,
        "entry": given.entry,
        "index": given.index,
        "since_ms": given.since_ms,
        "approver": who(visit, given.approver),
        "proposer": who(visit, given.proposer) if given.proposer else None,
        "proposal": given.proposal,
    }


def draft(given: Draft) -> dict[str, Any]:
    """What a rule says."""
    made: dict[str, Any] = msgspec.to_builtins(given)
    return made | {"tables": [{"name": t.name, "type": t.type.value, "keys": t.keys, "rows": tables.rows(t)}
                              for t in read_tables(given.tables).values()]}  # fmt: skip


def explained(given: Draft) -> dict[str, Any]:
    """A rule's conditions as a tree, and the fields it asks for with their meaning."""
    parsed = read_rule(given.scope, given.holds, given.tables)
    return {
        "scope_lines": [] if parsed.scope.canonical == "True" else [line._asdict() for line in outline(given.scope)],
        "holds_lines": [line._asdict() for line in outline(given.holds)],
        "reads": [(name, _MEANING[name]) for name in sorted(parsed.fields)],
    }


def who(visit: Visit, actor: str) -> dict[str, str]:
    """Somebody by id, with the name that the house knows."""
    found = next((p for p in visit.house.access.people.all() if p.id == actor), None)
    return {"id": actor, "name": found.name if found else ""}


def hits(visit: Visit, rule_id: str = "") -> dict[str, dict[str, int]]:
    """Findings of rules in the last thirty days: by rule, how many of each verdict."""
    today = day_of(visit.house.workspace.clock.now_ms())
    with visit.house.index.reading() as connection:
        found = counts.controls(
            connection, iso(today - DAYS + 1), iso(today), control=PREFIX + rule_id if rule_id else "", by_day=False
        )
    made: dict[str, dict[str, int]] = {}
    for each in found:
        if each.control.startswith(PREFIX):
            told = made.setdefault(each.control.removeprefix(PREFIX), dict.fromkeys(HITS, 0))
            told[each.verdict] = told.get(each.verdict, 0) + each.n
    return made


def changes(old: Draft | None, new: Draft) -> list[dict[str, Any]]:
    """What a proposal changes: each part that differs, before and after, by lines."""
    before, after = _parts(old) if old else {}, _parts(new)
    return [
        {"name": name, "lines": _lines(before.get(name, ""), after[name])}
        for name in after
        if before.get(name, "") != after[name]
    ]


def _parts(given: Draft) -> dict[str, str]:
    return {
        "state": given.state,
        "title": given.title,
        "scope": given.scope,
        "holds": given.holds,
        "gate": given.gate,
        "clauses": ", ".join(given.clauses),
        "incident": "yes" if given.incident else "no",
        "tables": tables.write(given.tables),
    }


def _lines(old: str, new: str) -> list[tuple[str, str]]:
    """Lines with what became of them: ``-`` gone, ``+`` new, a space for those that stay."""
    found = difflib.ndiff(old.splitlines(), new.splitlines())
    return [(line[0], line[2:]) for line in found if line[0] != "?"]


def replay(given: Replay) -> dict[str, Any]:
    """A replay with its groups in order: by field, the most changed first."""
    made: dict[str, Any] = msgspec.to_builtins(given)
    groups: dict[str, list[dict[str, Any]]] = {}
    for each in given.groups:
        told = {"value": each.value, "changed": each.counts.changed, **msgspec.to_builtins(each.counts)}
        groups.setdefault(each.by, []).append(told)
    days = groups.pop("day", [])
    for found in groups.values():
        found.sort(key=lambda g: (-g["changed"], -g["fails"], g["value"]))
    return made | {
        "sha256": given.sha256,
        "changed": given.all.changed,
        "groups": [
            {"by": by, "rows": groups[by][:12], "more": max(0, len(groups[by]) - 12)} for by in GROUPS if by in groups
        ],
        "days": sorted(days, key=lambda g: str(g["value"])),
        "examples": [each._asdict() for each in given.examples],
    }
