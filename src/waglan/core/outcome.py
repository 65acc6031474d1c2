"""What a use case answers. It never holds a route: that is the runtime's alone."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from waglan.core.case import Language


class Reason(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
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


class Change(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One input moved from one value to another."""

    input: str
    old: Any
    new: Any


class Alternative(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The smallest allowed changes that would have turned the answer (recourse), and what it would have been."""

    value: Any
    changes: tuple[Change, ...]
    score: float | None = None


class ModelUse(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A model that was asked: which exactly, from where, and whether it answered."""

    slot: str
    id: str
    version: str
    digest: str
    provider: str = ""
    region: str = ""
    answered: bool = True
    latency_us: int = 0


class Outcome(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
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
_TUPLES = ("reasons", "flags", "citations", "alternatives")


def fault(outcome: object) -> str:
    """Why a value can't be taken as an Outcome, as a short code; empty when it can.

    Constructors don't validate, so what a plug-in returns is checked here before anything is done with it.
    """
    if type(outcome) is not Outcome:
        return "wrong-type"
    if outcome.value is None:
        return "no-value"
    if (outcome.adverse is not None and type(outcome.adverse) is not bool) or type(outcome.effect) is not str:
        return "adverse-or-effect-wrong-type"
    wrong = (
        _number("confidence", outcome.confidence, 0.0, 1.0)
        or _number("score", outcome.score, -1e15, 1e15)
        or _number("stakes_hkd", outcome.stakes_hkd, 0.0, 1e15)
    )
    if wrong:
        return wrong
    for name in _TUPLES:
        if type(getattr(outcome, name)) is not tuple:
            return f"{name}-wrong-type"
    return _codes(outcome) or ("" if _finite(outcome.value) and _reachable(outcome) else "not-a-number")


def _number(name: str, value: Any, low: float, high: float) -> str:
    if value is None:
        return ""
    if type(value) is not float and type(value) is not int:
        return f"{name}-not-a-number"
    return "" if low <= value <= high else f"{name}-out-of-range"


def _codes(outcome: Outcome) -> str:
    if len(outcome.reasons) > MOST or len(outcome.flags) > MOST:
        return "too-many-reasons-or-flags"
    longest = max(len(outcome.effect), len(outcome.explanation_id))
    for reason in outcome.reasons:
        if type(reason) is not Reason or type(reason.code) is not str or not math.isfinite(reason.weight):
            return "reasons-wrong-type"
        longest = max(longest, len(reason.code))
    for flag in outcome.flags:
        if type(flag) is not str:
            return "flags-wrong-type"
        longest = max(longest, len(flag))
    return "code-too-long" if longest > LONGEST_CODE else ""


def _reachable(outcome: Outcome) -> bool:
    return all(_finite(change.new) for each in outcome.alternatives for change in each.changes)


def _finite(value: Any) -> bool:
    if isinstance(value, str):
        return True
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(_finite(v) for v in value.values())
    if isinstance(value, (list, tuple)):
        return all(_finite(v) for v in value)
    return True
