"""Rules that gate: those in force by the log, compiled once, asked of every decision before its route is final.

The same expressions count decisions afterwards (`waglan.rules`), on the same values (`waglan.runtime.live`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from waglan.core.events import RuleInForce
from waglan.core.finding import Finding, Verdict
from waglan.core.problem import Problem
from waglan.rules import Closure, Expression, Table, Type, parse, types
from waglan.runtime.live import Known, Row, awaited, row_of

PREFIX = "rule."
"""A rule's finding stands in the record as a control's of this name and the rule's id."""
FAILS, UNKNOWN = "fails", "unknown"
VERDICTS: Mapping[str, tuple[Verdict, Verdict]] = MappingProxyType(
    {
        "block": (Verdict.BLOCK, Verdict.REVIEW),
        "human": (Verdict.REVIEW, Verdict.REVIEW),
        "warn": (Verdict.NOTE, Verdict.NOTE),
    }
)
"""By gate: what a decision comes to that doesn't hold, and one of which it isn't known."""


class Parsed(NamedTuple):
    """A rule's two expressions, and the tables that it brought."""

    scope: Expression
    holds: Expression

    @property
    def digest(self) -> str:
        """SHA-256 of both digests, the scope's first, joined by a line feed."""
        return hashlib.sha256(f"{self.scope.digest}\n{self.holds.digest}".encode()).hexdigest()

    @property
    def fields(self) -> frozenset[str]:
        return frozenset((*self.scope.fields, *self.holds.fields))

    @property
    def uses_now(self) -> bool:
        return self.scope.uses_now or self.holds.uses_now


def schema() -> dict[str, Type]:
    """The fields that a rule may read."""
    from waglan.facts.schema import DECISIONS

    return types({f.name: f.type for f in DECISIONS})


def read_tables(pairs: Iterable[tuple[str, str]]) -> dict[str, Table]:
    """The tables of a rule as its event holds them: name and canonical JSON; see `table_json`."""
    return {name: msgspec.convert(msgspec.json.decode(text), Stored).table(name) for name, text in pairs}


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A table as an event keeps it: rows of the key's texts, first day, first day without it, value, citation.

    Days are counted from 1970-01-01; money is whole cents.
    """

    keys: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    value: Type

    def table(self, name: str) -> Table:
        from waglan.rules import Period

        rows: dict[tuple[str, ...], tuple[Period, ...]] = {}
        for *key, begins, ends, value, cites in self.rows:
            held = float(value) if self.value is Type.NUMBER else value
            rows[tuple(key)] = (*rows.get(tuple(key), ()), Period(begins, ends, held, cites))
        return Table(name, self.keys, self.value, rows)


def table_json(table: Table) -> str:
    """The canonical JSON of a table: members and rows sorted, the same text for the same contents."""
    rows = sorted([*key, p.begins, p.ends, p.value, p.cites] for key, periods in table.rows.items() for p in periods)
    return msgspec.json.encode({"keys": table.keys, "rows": rows, "value": table.type.value}, order="sorted").decode()


def read_rule(scope: str, holds: str, tables: Iterable[tuple[str, str]] = (), where: str = "") -> Parsed:
    """A rule's expressions, typed; the Problems of `waglan.rules.parse`."""
    fields, known = schema(), read_tables(tables)
    where = f"{where}: " if where else ""
    return Parsed(
        parse(scope, fields, tables=known, where=f"{where}scope"),
        parse(holds, fields, tables=known, where=f"{where}holds"),
    )


class Gate(msgspec.Struct, frozen=True):
    """A rule ready to be asked.

    Attributes
    ----------
    rule
        As the log has it.
    scope, holds
        Its closures; no scope means every decision, no ``holds`` that the rule can't be read.
    fails, unknown, broken
        The findings it may have, made once.
    fields
        What it reads.
    """

    rule: RuleInForce
    scope: Closure | None
    holds: Closure | None
    fails: Finding
    unknown: Finding
    broken: Finding
    fields: frozenset[str]

    def finding(self, row: Mapping[str, Any], now_ms: int) -> Finding | None:
        """What the rule says of a row; None when it has nothing to say. It never raises."""
        try:
            if self.scope is not None:
                within = self.scope(row, now_ms)
                if within is False:
                    return None
                if within is None:
                    return self.unknown
            held = self.holds(row, now_ms)  # type: ignore[misc] # a rule that can't be read is caught with the rest
        except Exception as error:
            return msgspec.structs.replace(self.broken, params=(type(error).__name__,))
        if held is True:
            return None
        return self.unknown if held is None else self.fails


def _gate(rule: RuleInForce) -> Gate:
    name = PREFIX + rule.id
    fails, unknown = VERDICTS[rule.gate]
    scope: Closure | None = None
    holds: Closure | None = None
    fields: frozenset[str] = frozenset()
    try:
        parsed = read_rule(rule.scope, rule.holds, rule.tables)
        scope = None if parsed.scope.canonical == "True" else parsed.scope.closure()
        holds, fields = parsed.holds.closure(), parsed.fields
    except (Problem, msgspec.MsgspecError, ValueError, TypeError):
        scope = None  # then every decision meets a rule that can't be asked, and goes to a person
    if fails is Verdict.BLOCK and fields & awaited():
        fails = Verdict.REVIEW  # it speaks of the release, so until then the decision waits for a person
    return Gate(
        rule,
        scope,
        holds,
        Finding(control=name, verdict=fails, code=FAILS, params=rule.clauses),
        Finding(control=name, verdict=unknown, code=UNKNOWN, params=rule.clauses),
        Finding(control=name, verdict=Verdict.ERROR, code="raised", acts_as=Verdict.REVIEW),
        fields,
    )


class RuleSet:
    """The rules in force together.

    Parameters
    ----------
    rules
        The newest `RuleInForce` of each id; those that are withdrawn are left out.

    Attributes
    ----------
    rules
        Those in force, by id.
    digest
        The first 32 hexadecimal digits of the SHA-256 of a line ``id digest gate`` for each, sorted; empty without
        any.
    """

    def __init__(self, rules: Iterable[RuleInForce] = ()) -> None:
        self.rules = tuple(sorted([r for r in rules if r.state == "in_force"], key=lambda r: r.id))
        lines = "".join([f"{r.id} {r.digest} {r.gate}\n" for r in self.rules])
        self.digest = hashlib.sha256(lines.encode()).hexdigest()[:32] if self.rules else ""
        self.gating = any(r.gate != "none" for r in self.rules)

    @cached_property
    def gates(self) -> tuple[Gate, ...]:
        """Those that act, compiled."""
        return tuple([_gate(r) for r in self.rules if r.gate != "none"])

    @cached_property
    def row(self) -> Row:
        """Makes the row that all of them read."""
        return row_of(frozenset().union(*[g.fields for g in self.gates]))

    def findings(self, known: Known) -> tuple[Finding, ...]:
        """What the rules say of a decision whose route is as far as it is known; nothing for those that hold.

        `Gate.finding` for each, in one loop: the common case, that nothing raises, costs no call more than it must.
        """
        row, now_ms = self.row(known), known.decision.decided_at
        found: list[Finding] = []
        try:
            for gate, scope, holds in self._steps:
                if scope is not None and (within := scope(row, now_ms)) is not True:
                    if within is None:
                        found.append(gate.unknown)
                elif (held := holds(row, now_ms)) is not True:  # type: ignore[misc] # None raises, as in `Gate.finding`
                    found.append(gate.unknown if held is None else gate.fails)
        except Exception:
            return tuple([each for gate in self.gates if (each := gate.finding(row, now_ms)) is not None])
        return tuple(found)

    @cached_property
    def _steps(self) -> tuple[tuple[Gate, Closure | None, Closure | None], ...]:
        return tuple([(gate, gate.scope, gate.holds) for gate in self.gates])

    def refusing(self, row: Mapping[str, Any], now_ms: int) -> tuple[RuleInForce, ...]:
        """Rules of gate ``block`` that an answer about to leave breaks; for what is unknown, a person answers."""
        found = [(gate.rule, gate.finding(row, now_ms)) for gate in self.gates if gate.rule.gate == "block"]
        return tuple([rule for rule, finding in found if finding is not None and finding.code != UNKNOWN])


NO_RULES = RuleSet()
