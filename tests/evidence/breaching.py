"""For a test of decisions: values of fields that break it, and the entries that give a decision those values.

The values are found by trying those that occur in the test's own text, and what lies beside them; nothing is known of
any test. How a field gets its value stands in `waglan.facts.schema`.
"""

from __future__ import annotations

import ast
import enum
import itertools
import random
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from tests.evidence.scene import Bank
from waglan.core import DecisionFacts, Entry, Verdict
from waglan.core.entry import event
from waglan.core.events import (
    Correction,
    Erasure,
    Event,
    ModelRegistration,
    OutcomeLabel,
    Override,
    Release,
    Review,
    UseCaseRegistration,
)
from waglan.evidence.judging import Judge
from waglan.facts import TABLES, FactType, Field
from waglan.index.days import DAY_MS
from waglan.rules import row, types

FIELDS: Mapping[str, Field] = {field.name: field for field in TABLES["decisions"]}
TYPES = types({name: field.type for name, field in FIELDS.items()})
AT_MS = 1_000 * DAY_MS
"""When a decision is made, for times that are compared with it."""
TRIED = 60_000
LATER: Mapping[str, Event] = {
    "review": Review(verdict="agree"),
    "release": Release(outcome="as_decided"),
    "override": Override(reason="r"),
    "correction": Correction(fields=("x",), reason="r"),
    "label": OutcomeLabel(label="x", label_at=1),
}
SHAPES: Mapping[str, type[msgspec.Struct]] = {
    "facts": DecisionFacts,
    "use_case": UseCaseRegistration,
    "model": ModelRegistration,
}
Values = dict[str, Any]


def found(judge: Judge, wanted: str, seed: int = 1) -> Values | None:
    """Values with which a test passes or fails (``True``, ``False``), or None where none of those tried does."""
    scope, holds = judge.scope.closure(), judge.holds.closure()
    names = sorted({*judge.scope.fields, *judge.holds.fields})
    constants = [*_constants(judge.scope.text), *_constants(judge.holds.text)]
    choices = [_choices(FIELDS[name], constants) for name in names]
    for each in _tried(choices, random.Random(seed)):
        values = dict(zip(names, each, strict=True))
        if not _possible(values):
            continue
        told = row({name: value for name, value in values.items() if value is not None}, TYPES)
        if scope(told, AT_MS) is True and holds(told, AT_MS) is (wanted == "pass"):
            return values
    return None


def _tried(choices: Sequence[Sequence[Any]], rng: random.Random) -> Iterator[tuple[Any, ...]]:
    total = 1
    for each in choices:
        total *= len(each)
    if total <= TRIED:
        every = list(itertools.product(*choices))
        rng.shuffle(every)
        yield from every
    for _ in range(TRIED if total > TRIED else 0):
        yield tuple(rng.choice(each) for each in choices)


def _constants(text: str) -> list[Any]:
    return [node.value for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Constant)]


def _choices(field: Field, constants: Sequence[Any]) -> list[Any]:
    """What a field may hold: nothing, what the test names, and something else."""
    texts = list(dict.fromkeys(c for c in constants if isinstance(c, str)))
    numbers = [c for c in constants if isinstance(c, int | float) and not isinstance(c, bool)]
    match field.type:
        case FactType.TEXT:
            known = _members(field)
            some = [t for t in texts if not known or t in known] + (list(known) or ["other", "another"])
            return [None, *dict.fromkeys(some)]
        case FactType.BOOLEAN:
            return [True, False] if _certain(field) else [True, False, None]
        case FactType.INTEGER | FactType.NUMBER | FactType.MONEY:
            near = {float(n) + d for n in (*numbers, 0) for d in (-1, 0, 1) if float(n) + d >= 0}
            some = sorted(int(n) if field.type is FactType.INTEGER else n for n in near)
            return some if _certain(field) else [None, *some]
        case FactType.TIME if field.name == "decided_at":
            return [AT_MS]
        case FactType.TIME:
            steps = {0, 1, *[int(n) for n in numbers], *[int(n) + 1 for n in numbers]}
            return [None, *[AT_MS + sign * n * DAY_MS for n in sorted(steps) for sign in (-1, 1)]]
        case FactType.TEXTS:
            return [[], ["other"], *[[t] for t in texts], *[[f"{t}other"] for t in texts]]
        case FactType.VERDICTS:
            named = [t for t in texts if "." in t]
            verdicts = (None, Verdict.PASS, Verdict.NOTE, Verdict.REDACT, Verdict.REVIEW, Verdict.BLOCK, Verdict.ERROR)
            every = itertools.product(verdicts, repeat=len(named))
            return [{n: v.value for n, v in zip(named, each, strict=True) if v is not None} for each in every][:2_000]
    raise AssertionError(field)


def _members(field: Field) -> tuple[str, ...]:
    """The words that a field takes, where not every text is one."""
    shape = SHAPES.get(field.part)
    if shape is None:
        return ()
    hint = typing.get_type_hints(shape)[field.member]
    parts = typing.get_args(hint) if typing.get_origin(hint) is not typing.Literal else (hint,)
    words: list[str] = []
    for each in parts or (hint,):
        if typing.get_origin(each) is typing.Literal:
            words += [str(word) for word in typing.get_args(each) if word]
        elif isinstance(each, type) and issubclass(each, enum.Enum):
            words += [str(word.value) for word in each]
    return tuple(words)


def _certain(field: Field) -> bool:
    """Whether a field is never unknown: its member has a default that isn't None, or it says whether an event came."""
    if field.member.endswith("exists") or field.part == "leaf":
        return True
    shape = SHAPES.get(field.part)
    return shape is not None and _default(shape, field.member) is not None


def _default(shape: type[msgspec.Struct], member: str) -> Any:
    return next(f.default for f in msgspec.structs.fields(shape) if f.encode_name == member)


def _possible(values: Values) -> bool:
    """Whether entries can give a decision these values at once."""
    has = {part: any(values.get(f.name) is not None for f in _of(values, part)) for part in ("asked", "model")}
    if values.get("model_id") is None and "model_id" in values and (has["asked"] or has["model"]):
        return False
    if ("actor" in values or "writer" in values or "tenant" in values) and values.get("tenant", "bank") is None:
        return False
    for name in ("id", "tenant", "writer", "writer_seq", "log_index", "decided_at", "use_case", "prompt_hash"):
        if name in values and values[name] is None:
            return FIELDS[name].part == "reserved"
    if any(values.get(f.name) is not None for f in _of(values, "reserved")):
        return False
    if (
        "subject" in values
        and "subject_kid" in values
        and (values["subject"] is None) != (values["subject_kid"] is None)
    ):
        return False  # whoever has a pseudonym has a key
    for kind in LATER:
        mine = {f.name: values[f.name] for f in _of(values, "later") if f.member.startswith(f"{kind}.")}
        came = [value for name, value in mine.items() if value is not None]
        times = [v for n, v in mine.items() if FIELDS[n].member.endswith(("recorded_at", "first_at"))]
        if len(set(times)) > 1:
            return False  # there is one of them here, the first and the newest
        at = next(iter(times), 0)
        if came and at is None:
            return False
        if at is not None and "review_seconds" in mine and mine["review_seconds"] is None and at != 0:
            return False
    moved = values.get("cross_border")
    region = values.get("region")
    if region is not None and moved is not None and moved != (not str(region).upper().startswith("HK")):
        return False
    return not (moved is None and "cross_border" in values and values.get("model_id") is not None)


def _of(values: Values, part: str) -> list[Field]:
    return [FIELDS[name] for name in values if FIELDS[name].part == part]


# ---- giving a decision these values


class Made(NamedTuple):
    """Entries in the order of the log, and the id of the decision among them; ``erased`` has its key shredded."""

    entries: tuple[Entry, ...]
    decision: str
    erased: bool


def made(bank: Bank, values: Values, use_case: str, named: str, person: str, *, first: bool) -> Made:
    """What makes a decision with these values.

    ``named`` tells its manifest and model from those of others, which are registered with the ``first``; ``person`` is
    a pseudonym of the vault.
    """
    at_ms = bank.clock.at_ms
    ids = bank.workspace.ids
    policy = f"{use_case}-{named}".ljust(64, "0")
    use = _members_of(values, "use_case", at_ms) | {"name": use_case, "policy_digest": policy, "version": "1"}
    facts = _members_of(values, "facts", at_ms)
    facts |= {"use_case": use_case, "policy_digest": policy if values.get("policy_digest", "x") else ""}
    if facts.get("controls") is not None:
        facts["controls"] = tuple((name, Verdict(verdict)) for name, verdict in values["controls"].items())
    models, registered = _models(values, f"{use_case}.{named}", at_ms)
    subject = "" if values.get("subject", "x") is None or values.get("subject_kid", "x") is None else person
    decision = Entry(
        id=ids.new(at_ms), kind="decision", at_ms=at_ms, facts=DecisionFacts(**(facts | {"models": models})),
        subject=subject, private={"in": b"{}"} if subject else {}, actor=values.get("actor", "k-1") or "",
    )  # fmt: skip
    before = [event(ids.new(at_ms), at_ms, each) for each in (UseCaseRegistration(**use), *registered) if first]
    after = tuple(_afterwards(bank, values, decision.id, at_ms))
    return Made((*before, decision, *after), decision.id, bool(values.get("erased")))


def _members_of(values: Values, part: str, at_ms: int) -> Values:
    """The members of an event that come from values, as the event holds them."""
    told: Values = {}
    for field in _of(values, part):
        value = values[field.name]
        if value is None and field.type is FactType.TEXT:
            default = _default(SHAPES[part], field.member)
            value = "" if isinstance(default, str) else None
        elif value is not None and field.type is FactType.TIME:
            value = value - AT_MS + at_ms
        elif field.type is FactType.TEXTS:
            value = tuple(value)
        elif value is not None and field.type in {FactType.NUMBER, FactType.MONEY}:
            value = f"{value:.{2 if field.type is FactType.MONEY else 6}f}"
        told[field.member] = value
    return told


def _models(values: Values, name: str, at_ms: int) -> tuple[tuple[Any, ...], tuple[ModelRegistration, ...]]:
    """The models that a decision asked, and the registration of the one that answered."""
    asks = _of(values, "asked") or _of(values, "model") or values.get("cross_border") is not None
    if not asks or ("model_id" in values and values["model_id"] is None):
        return (), ()
    version = "1" if values.get("model_version", "1") is not None else ""
    told = _members_of(values, "model", at_ms) | {"id": name, "version": version, "digest": "aa" * 32}
    known = any(values[field.name] is not None for field in _of(values, "model"))
    moved = values.get("cross_border")
    region = values.get("region", "SG" if moved else "HK")
    digest = values.get("model_digest", "aa" * 32)
    asked = (name, version, digest or "", values.get("provider", "self") or "", region or "", True)
    return (asked,), (ModelRegistration(**told),) if known else ()


def _afterwards(bank: Bank, values: Values, decision: str, at_ms: int) -> Iterator[Entry]:
    """The later events, each at its own time and by its own actor."""
    for kind, usual in LATER.items():
        fields = [field for field in _of(values, "later") if field.member.startswith(f"{kind}.")]
        mine = {field.member.partition(".")[2]: values[field.name] for field in fields}
        if not any(mine.values()):
            continue
        changes = {k: v for k, v in mine.items() if k in usual.__struct_fields__ and v is not None}
        changes = {k: int(v) if k == "review_seconds" else v for k, v in changes.items()}
        at = mine.get("recorded_at", mine.get("first_at", AT_MS)) - AT_MS + at_ms
        facts = msgspec.structs.replace(usual, **changes)
        yield event(bank.workspace.ids.new(at), at, facts, refs=(decision,), actor=mine.get("actor", "p-1") or "")


def write(bank: Bank, every: Sequence[Made]) -> None:
    """Put all of it on the log at once, then shred the keys that are to be."""
    bank.workspace.ledger.submit([entry for each in every for entry in each.entries]).result()
    for each in every:
        if each.erased:
            leaf = bank.workspace.ledger.leaf(bank.workspace.ledger.find(each.decision) or 0)
            bank.put(Erasure(basis="request", erased_kid=leaf["kid"]))
