"""What a draft would have done to the decisions of a period: counted over the facts, before anybody releases it.

What a decision knew when it was made is asked of a rule; what came later is unknown to it, as it was then. A rule that
speaks of the release is asked once more of what was released since, as it would be then. Where nothing but rules had
stopped a decision, it is taken to have been on its way to nobody.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from waglan.facts.engine import column, quoted
from waglan.facts.schema import DECISIONS, FactType
from waglan.rulebook.checking import checked
from waglan.rulebook.rule import Draft, Rule
from waglan.runtime.gates import PREFIX, Parsed
from waglan.runtime.live import awaited

if TYPE_CHECKING:
    from waglan.facts import Facts

GROUPS = ("use_case", "route", "effect", "adverse", "language", "channel", "tier", "day")
"""What the counts are also told by. Protected attributes aren't among the facts, so none can be."""
EXAMPLES = 20
_TYPES = {f.name: f for f in DECISIONS}


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many decisions: looked at, in scope, failing, unknown; and what would have become of them.

    ``blocked`` and ``human`` went further then than they would have now, ``freed`` were stopped then by this rule and
    wouldn't be, ``noted`` would carry a note, ``already`` were stopped anyway.
    """

    looked_at: int = 0
    in_scope: int = 0
    fails: int = 0
    unknown: int = 0
    blocked: int = 0
    human: int = 0
    freed: int = 0
    noted: int = 0
    already: int = 0

    @property
    def changed(self) -> int:
        """How many would have been treated otherwise."""
        return self.blocked + self.human + self.freed


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of one value of one field of `GROUPS`."""

    by: str
    value: str
    counts: Counts


class Example(NamedTuple):
    """A decision that would have been treated otherwise: where it went, and where it would have gone."""

    id: str
    at_ms: int
    use_case: str
    effect: str
    route: str
    instead: str


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """A draft over the live decisions from ``since_ms`` to before ``until_ms``.

    Attributes
    ----------
    size
        How many entries the log had.
    rule, base
        Digest and gate of the draft, and of the rule in force then, if there was one.
    all, now
        Counts under the draft, and under the rule in force.
    groups, examples
        The same by field, and the newest that change.
    """

    since_ms: int
    until_ms: int
    size: int
    rule: str
    base: str
    all: Counts
    now: Counts | None
    groups: tuple[Group, ...]
    examples: tuple[Example, ...]

    @property
    def sha256(self) -> str:
        """SHA-256 of all of it, in hexadecimal: the same log and the same draft give the same."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


def replay(facts: Facts, draft: Draft, current: Rule | None, since_ms: int, until_ms: int) -> Replay:
    """Count over facts that are up to date.

    Raises
    ------
    Problem
        Of `checked`, and of the facts.
    """
    parsed = checked(draft)
    judged = _judged(draft, parsed, until_ms)
    period = (since_ms, until_ms)
    now = None
    if current is not None and current.in_force:
        held = _judged(current.draft, checked(current.draft), until_ms)
        now = _counts(facts.query(f"{held} SELECT {_SUMS} FROM judged", period).fetchall()[0])
    parts = [_GROUPED.format(by=quoted(by), value=_value(by), sums=_SUMS) for by in GROUPS]
    rows = facts.query(f"{judged} {' UNION ALL '.join([_TOTAL, *parts])} ORDER BY 1, 2", period).fetchall()
    groups = [Group(by=by, value=value, counts=_counts(rest)) for by, value, *rest in rows if by]
    total = next((_counts(rest) for by, _, *rest in rows if not by), Counts())
    newest = facts.query(f"{judged} {_NEWEST}", period).fetchall() if total.changed else []
    return Replay(
        since_ms=since_ms,
        until_ms=until_ms,
        size=facts.size,
        rule=f"{parsed.digest} {draft.gate} {draft.state}",
        base=f"{current.digest} {current.draft.gate}" if current is not None and current.in_force else "",
        all=total,
        now=now,
        groups=tuple(groups),
        examples=tuple([Example(*row) for row in newest]),
    )


_RANK = "CASE {0} WHEN 'blocked' THEN 2 WHEN 'human' THEN 1 ELSE 0 END"
_SUMS = ", ".join(
    f"count(*) FILTER ({condition}) AS {name}"
    for name, condition in (
        ("looked_at", "true"), ("in_scope", "answer <> 'out'"), ("fails", "answer = 'fails'"),
        ("unknown", "answer = 'unknown'"), ("blocked", "instead = 'blocked' AND route <> 'blocked'"),
        ("human", "instead = 'human' AND route = 'auto'"), ("freed", "now_rank < then_rank"),
        ("noted", "act = 'note'"), ("already", "act IN ('block', 'human') AND instead = route AND route <> 'auto'"),
    )
)  # fmt: skip
_BEFORE_RULES = (
    f"(CASE WHEN len(why) > 0 AND len(list_filter(why, lambda w: NOT starts_with(w, 'control:{PREFIX}'))) = 0 "
    "THEN 'auto' ELSE route END)"
)
_TOTAL = f"SELECT '' AS grouped, '' AS value, {_SUMS} FROM judged"
_GROUPED = "SELECT {by} AS grouped, {value} AS value, {sums} FROM judged GROUP BY 2"
_NEWEST = (
    "SELECT id, epoch_ms(decided_at), use_case, effect, route, instead FROM judged "
    f"WHERE instead <> route ORDER BY log_index DESC LIMIT {EXAMPLES}"
)


def _value(by: str) -> str:
    if by == "day":
        return "strftime(decided_at + INTERVAL 8 HOUR, '%Y-%m-%d')"
    return f"coalesce(CAST({column(by)} AS VARCHAR), '')"


def _judged(draft: Draft, parsed: Parsed, now_ms: int) -> str:
    """``WITH judged AS``: each decision of the period with the draft's answer, act and the route it would have had."""
    fails, unknown = {"block": ("block", "human"), "human": ("human", "human"), "warn": ("note", "note")}.get(
        draft.gate, ("", "")
    )
    speaks_of_release = bool(parsed.fields & awaited())
    if draft.state == "withdrawn":
        fails = unknown = ""
    elif speaks_of_release and fails == "block":
        fails = "human"
    refused = "false"
    if speaks_of_release and draft.gate == "block" and draft.state == "in_force":
        refused = f"released_at IS NOT NULL AND ({_answer(parsed, now_ms, later=True)}) = 'fails'"
    own = quoted(f"control:{PREFIX}{draft.id}")
    return f"""
WITH answered AS (
    SELECT *, {_answer(parsed, now_ms, later=False)} AS answer, {refused} AS refused,
        CASE WHEN why = [{own}] THEN 'auto' ELSE route END AS otherwise
    FROM live WHERE decided_at >= epoch_ms(CAST(? AS BIGINT)) AND decided_at < epoch_ms(CAST(? AS BIGINT))
), acted AS (
    SELECT *, CASE WHEN refused THEN 'block' WHEN answer = 'fails' THEN {quoted(fails)}
        WHEN answer = 'unknown' THEN {quoted(unknown)} ELSE '' END AS act
    FROM answered
), judged AS MATERIALIZED (
    SELECT *, CASE WHEN act = 'block' OR otherwise = 'blocked' THEN 'blocked'
        WHEN act = 'human' OR otherwise = 'human' THEN 'human' ELSE 'auto' END AS instead,
        {_RANK.format("instead")} AS now_rank, {_RANK.format("route")} AS then_rank
    FROM acted
)"""


def _answer(parsed: Parsed, now_ms: int, *, later: bool) -> str:
    def read(name: str) -> str:
        field = _TYPES[name]
        if field.part == "later" and not later:
            return "false" if field.type is FactType.BOOLEAN else f"CAST(NULL AS {field.type.value})"
        if name == "route":
            return _BEFORE_RULES
        return column(name)

    scope, holds = (each.sql("duckdb", column=read, now=now_ms) for each in parsed)
    return f"""CASE WHEN ({scope}) IS NULL THEN 'unknown' WHEN NOT ({scope}) THEN 'out'
        WHEN ({holds}) IS NULL THEN 'unknown' WHEN ({holds}) THEN 'holds' ELSE 'fails' END"""


def _counts(row: Any) -> Counts:
    return Counts(**dict(zip(Counts.__struct_fields__, row, strict=True)))
