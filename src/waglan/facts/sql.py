"""The SQL that turns staged leaves into typed tables and tables into what people query; made from the schema."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from waglan.core.decision import DecisionFacts
from waglan.core.events import Event, ModelRegistration, UseCaseRegistration
from waglan.core.finding import Verdict
from waglan.facts.engine import column, parquet, quoted
from waglan.facts.schema import LATER, TABLES, FactType, Field

LATER_KINDS = frozenset({"label", "review", "release", "override", "correction", "erasure"})
"""Kinds of events whose references are joined to the decisions they speak of."""

SHAPES: dict[str, type[Event]] = {
    "decisions": DecisionFacts,
    "models": ModelRegistration,
    "use_cases": UseCaseRegistration,
}
"""The event whose public part each typed table holds; it also says what a left-out member means."""
_DEFAULTS = {name: {f.encode_name: f.default for f in msgspec.structs.fields(shape)} for name, shape in SHAPES.items()}

_TEXT_FIRST = (FactType.VERDICTS, FactType.MODELS)
_LEAF = {
    "actor": "VARCHAR", "at_ms": "BIGINT", "id": "VARCHAR", "kid": "VARCHAR", "kind": "VARCHAR", "n": "BIGINT",
    "refs": "VARCHAR[]", "source": "VARCHAR", "subject": "VARCHAR", "tenant": "VARCHAR",
}  # fmt: skip
_STRICT = "[" + ", ".join(quoted(v.value) for v in Verdict) + "]"
_MODEL = """list_transform(
        CAST(CAST(k AS JSON) AS VARCHAR[][]),
        lambda m: struct_pack(id := m[1], "version" := nullif(m[2], ''), digest := nullif(m[3], ''),
                              provider := nullif(m[4], ''), region := nullif(m[5], ''), answered := m[6] = 'true'))"""


def staged(file: Path, facts: str) -> str:
    """A reader of staged leaves: one JSON object per line, the leaf's members and ``log_index``."""
    columns = {"log_index": "BIGINT", **_LEAF, "facts": facts}
    listed = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in columns.items())
    return f"read_json({quoted(str(file.resolve()))}, format = 'newline_delimited', columns = {{{listed}}})"


def members(fields: Sequence[Field]) -> str:
    """The type of the ``facts`` column for the fields that come from it."""
    wanted = [(f.member, _read_as(f.type)) for f in fields if f.part == "facts"]
    return "STRUCT(" + ", ".join(f"{column(name)} {kind}" for name, kind in wanted) + ")"


def _read_as(kind: FactType) -> str:
    if kind is FactType.TIME:
        return "BIGINT"
    return "VARCHAR" if kind in _TEXT_FIRST else kind.value


def _default(table: str, member: str) -> object:
    return _DEFAULTS[table][member] if table in _DEFAULTS else None


def _value(table: str, field: Field, of: str = "") -> str:
    """The expression of a field that the leaf itself holds.

    A left-out member has its Struct's default; empty text says nothing and is null.
    """
    if field.part == "leaf":
        raw = of + {"index": "log_index"}.get(field.member, column(field.member))
    else:
        raw = f"{of}facts.{column(field.member)}"
    if field.type is FactType.TIME:
        return f"epoch_ms({raw})"
    if field.type is FactType.TEXTS:
        return f"coalesce({raw}, [])"
    default = _default(table, field.member) if field.part == "facts" else None
    if isinstance(default, bool | int):
        return f"coalesce({raw}, {str(default).lower()})"
    if field.type is not FactType.TEXT:
        return raw
    if isinstance(default, str) and default:
        return f"coalesce({raw}, {quoted(str(default))})"
    return f"nullif({raw}, '')"


def plain(table: str, source: str) -> str:
    """Rows of a table whose fields all come from the leaf."""
    fields = ", ".join(f"{_value(table, f)} AS {column(f.name)}" for f in TABLES[table])
    return f"SELECT {fields} FROM {source} ORDER BY log_index"


def later(source: str) -> str:
    """One row per reference of a later event; ``source`` reads leaves with the members of `LATER`."""
    fields = ", ".join("ref" if f.name == "ref" else f"{_value('later', f)} AS {column(f.name)}" for f in LATER)
    refs = "CASE WHEN kind = 'erasure' THEN [facts.erased_kid] ELSE list_distinct(refs) END"
    return (
        f"SELECT {fields} FROM (SELECT *, unnest({refs}) AS ref FROM {source}) "
        "WHERE ref IS NOT NULL ORDER BY log_index, ref"
    )


def later_members() -> str:
    """The type of the ``facts`` column that `later` reads."""
    return members(LATER).removesuffix(")") + ", erased_kid VARCHAR)"


def dictionaries(stage: str) -> tuple[str, str]:
    """Two small tables: each distinct text of ``controls`` and ``models`` with its typed value.

    A log repeats a handful of them a million times; parsing each once is three times faster than row by row.
    """
    names = "list_sort(list_distinct(list_transform(v, lambda a: a[1])))"
    strictest = (
        f"list_transform({names}, lambda n: {_STRICT}[list_max(list_transform(list_filter(v, lambda b: b[1] = n), "
        f"lambda c: list_position({_STRICT}, c[2])))])"
    )
    keys = f"SELECT DISTINCT facts.controls AS k FROM {stage} WHERE facts.controls IS NOT NULL"
    parsed = f"SELECT k, CAST(CAST(k AS JSON) AS VARCHAR[][]) AS v FROM ({keys})"
    texts = f"SELECT DISTINCT facts.models AS k FROM {stage} WHERE facts.models IS NOT NULL"
    return f"SELECT k, map({names}, {strictest}) AS v FROM ({parsed})", f"SELECT k, {_MODEL} AS v FROM ({texts})"


def decisions(stage: str, controls: str, asked: str, models: str, use_cases: str) -> str:
    """The decisions of a chunk with all that was known when they were made; arguments are table expressions."""
    return f"""
WITH leaves AS (
    SELECT s.*, coalesce(c.v, MAP {{}}) AS verdicts, coalesce(m.v, []) AS asked_all,
           list_filter(coalesce(m.v, []), lambda x: x.answered)[-1] AS asked
    FROM {stage} s LEFT JOIN {controls} c ON c.k = s.facts.controls LEFT JOIN {asked} m ON m.k = s.facts.models
)
SELECT {", ".join(f"{_recorded(f)} AS {column(f.name)}" for f in TABLES["decisions"] if f.part != "later")}
FROM leaves
LEFT JOIN {use_cases} uc ON uc.policy_digest = leaves.facts.policy_digest
    AND leaves.log_index > uc.log_index AND leaves.log_index < uc.until
LEFT JOIN {models} reg ON reg.model_id = leaves.asked.id AND reg.model_version = leaves.asked."version"
    AND leaves.log_index > reg.log_index AND leaves.log_index < reg.until"""


def in_force(name: str, files: Sequence[Path], start: int) -> str:
    """A register's rows, each with the place ``until`` which it is its key's newest, if that is past ``start``."""
    key = {"models": "model_id, model_version", "use_cases": "policy_digest"}[name]
    until = f"lead(log_index, 1, {2**62}) OVER (PARTITION BY {key} ORDER BY log_index) AS until"
    return f"SELECT * FROM (SELECT *, {until} FROM ({table(name, files)})) WHERE until > {start}"


def _recorded(field: Field) -> str:
    """The expression of a decision's field that was known when it was made."""
    match field.part:
        case "leaf" | "facts" if field.type is FactType.VERDICTS:
            return "verdicts"
        case "leaf" | "facts" if field.type is FactType.MODELS:
            return "asked_all"
        case "leaf" | "facts":
            return _value("decisions", field, "leaves.")
        case "use_case":
            return f"uc.{column(field.member)}"
        case "asked":
            return f"asked.{column(field.member)}"
        case "model":
            return f"reg.{column(field.member)}"
        case "reserved":
            return f"CAST(NULL AS {field.type.value})"
    return _DERIVED[field.member]


_DERIVED = {
    "cross_border": (
        "CASE WHEN len(asked_all) > 0 THEN len(list_filter(asked_all, lambda x: x.region IS NOT NULL "
        "AND upper(x.region) <> 'HK' AND NOT starts_with(upper(x.region), 'HK-'))) > 0 END"
    )
}


def table(name: str, files: Sequence[Path]) -> str:
    """A query that reads a stored table, typed even when it has no file yet."""
    if files:
        return f"SELECT * FROM {parquet(files)}"
    stored = [f for f in TABLES[name] if name != "decisions" or f.part != "later"]
    empty = ", ".join(f"CAST(NULL AS {f.type.value}) AS {column(f.name)}" for f in stored)
    return f"SELECT {empty} WHERE false"


def joined(with_later: bool, *, recorded: str = "recorded", later: str = "later") -> str:
    """The view ``decisions``: what was known then, and what later events said.

    ``recorded`` and ``later`` are table expressions; given a part of either, it says what was known of some decisions,
    or as of an earlier place in the log.
    """
    fields = TABLES["decisions"]
    if not with_later:
        return f"SELECT {', '.join(_not_later(f) for f in fields)} FROM {recorded} r"
    wanted = [f for f in fields if f.part == "later" and not f.source.startswith("later.erasure.")]
    newest = ", ".join(f"{_newest(f)} AS {column(f.name)}" for f in wanted)
    return f"""
SELECT {", ".join(_with_later(f) for f in fields)} FROM {recorded} r
LEFT JOIN (SELECT ref, {newest} FROM {later} WHERE kind <> 'erasure' GROUP BY ref) l ON l.ref = r.id
LEFT JOIN (SELECT DISTINCT ref FROM {later} WHERE kind = 'erasure') e ON e.ref = r.subject_kid"""


def _not_later(field: Field) -> str:
    if field.part != "later":
        return f"r.{column(field.name)}"
    empty = "false" if field.type is FactType.BOOLEAN else f"CAST(NULL AS {field.type.value})"
    return f"{empty} AS {column(field.name)}"


def _with_later(field: Field) -> str:
    if field.part != "later":
        return f"r.{column(field.name)}"
    if field.source.startswith("later.erasure."):
        return f"(e.ref IS NOT NULL) AS {column(field.name)}"
    found = f"l.{column(field.name)}"
    return (
        f"coalesce({found}, false) AS {column(field.name)}"
        if field.type is FactType.BOOLEAN
        else f"{found} AS {column(field.name)}"
    )


def _newest(field: Field) -> str:
    _, kind, member = field.source.split(".")
    if member == "exists":
        return f"bool_or(kind = {quoted(kind)})"
    if member == "first_at":
        return f"arg_min(recorded_at, log_index) FILTER (WHERE kind = {quoted(kind)})"
    return f"arg_max({column(member)}, log_index) FILTER (WHERE kind = {quoted(kind)})"


IS_LIVE = "NOT imported AND NOT drill AND NOT replay"
"""The condition that a decision is evidence of what happens."""
LIVE = f"SELECT * FROM decisions WHERE {IS_LIVE}"
"""The view ``live``: what counts as evidence of how the firm decides."""
