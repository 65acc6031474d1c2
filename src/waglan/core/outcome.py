"""What a use case answers. It never holds a route: that is the runtime's alone."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from waglan.core.case import Language


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why, as data; text is rendered from it.

    Attributes
    ----------
    code
        Stable, from the use case's manifest or model.
    weight
        How much it moved the answer, in the model's own unit (points, log-odds). Larger is more.
    text
        The sentence per language.
    where
        The inputs it rests on.
    cites
        Clauses, documents or cells it refers to.
    """

    code: str
    weight: float = 0.0
    text: dict[Language, str] = {}
    where: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One input moved from one value to another."""

    input: str
    old: Any
    new: Any


class Alternative(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The smallest allowed changes that would have turned the answer (recourse), and what it would have been."""

    value: Any
    changes: tuple[Change, ...]
    score: float | None = None


class ModelUse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A model that was asked: which exactly, from where, and whether it answered."""

    slot: str
    id: str
    version: str
    digest: str
    provider: str = ""
    region: str = ""
    answered: bool = True
    latency_us: int = 0


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer of a use case.

    Attributes
    ----------
    value
        The answer itself, any JSON value.
    effect
        What it does to the subject in the manifest's words: ``approve``, ``decline``, ``alert``.
    adverse
        Whether it is to the subject's disadvantage.
    confidence
        Probability that the answer is right, 0 to 1; None when the use case can't say.
    score
        The figure behind the answer, finite.
    reasons
        At least one, or a person decides.
    stakes_hkd
        Money at stake, Hong Kong dollars, not negative.
    flags
        Doubts of the use case itself; any flag sends the decision to a person.
    citations
        Ids of spans, cells, pages or clauses that the answer rests on.
    alternatives
        Recourse.
    explanation_id
        Which form of explanation this is, for the record.
    """

    value: Any
    effect: str = ""
    adverse: bool | None = None
    confidence: float | None = None
    score: float | None = None
    reasons: tuple[Reason, ...] = ()
    stakes_hkd: float | None = None
    flags: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    explanation_id: str = ""


MOST = 32
"""So many reasons and flags fit a leaf."""
LONGEST_CODE = 96
"""Characters of a code; longer ones are prose and belong in text."""
_NUMBERS = (("confidence", 0.0, 1.0), ("score", -1e15, 1e15), ("stakes_hkd", 0.0, 1e15))


def fault(outcome: object) -> str:
    """Why a value can't be taken as an Outcome, as a short code; empty when it can.

    Constructors don't validate, so what a plug-in returns is checked here before anything is done with it.
    """
    if type(outcome) is not Outcome:
        return "wrong-type"
    if outcome.value is None:
        return "no-value"
    for name, low, high in _NUMBERS:
        value = getattr(outcome, name)
        if value is None:
            continue
        if type(value) not in (int, float):
            return f"{name}-not-a-number"
        if not low <= value <= high:
            return f"{name}-out-of-range"
    if outcome.adverse is not None and type(outcome.adverse) is not bool:
        return "adverse-wrong-type"
    for name in ("reasons", "flags", "citations", "alternatives"):
        if type(getattr(outcome, name)) is not tuple:
            return f"{name}-wrong-type"
    if len(outcome.reasons) > MOST or len(outcome.flags) > MOST:
        return "too-many-reasons-or-flags"
    for reason in outcome.reasons:
        if type(reason) is not Reason or type(reason.code) is not str or not math.isfinite(reason.weight):
            return "reasons-wrong-type"
    for code in (outcome.effect, outcome.explanation_id, *outcome.flags, *[r.code for r in outcome.reasons]):
        if type(code) is not str or len(code) > LONGEST_CODE:
            return "code-too-long"
    if not _finite(outcome.value) or not all(_finite(c.new) for a in outcome.alternatives for c in a.changes):
        return "not-a-number"
    return ""


def _finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(_finite(v) for v in value.values())
    if isinstance(value, (list, tuple)):
        return all(_finite(v) for v in value)
    return True
