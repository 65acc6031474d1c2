"""``output.thresholds``: what is too unsure, too much money or too close to call goes to a person."""

from __future__ import annotations

from typing import Annotated

import msgspec

from waglan.core import Case, Context, Finding, Outcome, Verdict, control

NAME = "output.thresholds"
_LARGEST = 1e15
_Score = Annotated[float, msgspec.Meta(ge=-_LARGEST, le=_LARGEST)]


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Scores from ``low`` to ``high``, both included."""

    low: _Score
    high: _Score

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError("low is above high")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits; one that isn't given isn't checked.

    ``minimum_confidence`` is a probability, ``maximum_stakes_hkd`` Hong Kong dollars, ``band`` in the score's own
    unit.
    """

    minimum_confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    maximum_stakes_hkd: Annotated[float, msgspec.Meta(ge=0, le=_LARGEST)] | None = None
    band: Band | None = None


_PASS = Finding(control=NAME, verdict=Verdict.PASS)
_NO_OUTCOME = Finding(control=NAME, verdict=Verdict.REVIEW, code="no_outcome")
_DEFAULT = Settings()


def _breaches(outcome: Outcome, settings: Settings) -> list[tuple[str, str, tuple[str, ...]]]:
    """Code, field and limits of each limit that isn't met; an unknown value never meets one."""
    found: list[tuple[str, str, tuple[str, ...]]] = []
    if (low := settings.minimum_confidence) is not None:
        if outcome.confidence is None:
            found.append(("confidence_unknown", "outcome.confidence", (f"{low:g}",)))
        elif not outcome.confidence >= low:
            found.append(("confidence_low", "outcome.confidence", (f"{low:g}",)))
    if (high := settings.maximum_stakes_hkd) is not None:
        if outcome.stakes_hkd is None:
            found.append(("stakes_unknown", "outcome.stakes_hkd", (f"{high:,.0f}",)))
        elif not outcome.stakes_hkd <= high:
            found.append(("stakes_high", "outcome.stakes_hkd", (f"{high:,.0f}",)))
    if (band := settings.band) is not None:
        if outcome.score is None:
            found.append(("score_unknown", "outcome.score", (f"{band.low:g}", f"{band.high:g}")))
        elif not (outcome.score < band.low or outcome.score > band.high):
            found.append(("score_in_band", "outcome.score", (f"{band.low:g}", f"{band.high:g}")))
    return found


@control(
    name=NAME,
    stage="after",
    clauses=("FSTB.12.3", "FSTB.12b.3", "PMF.5"),
    summary={
        "en": "Sends answers with low confidence, high stakes or a borderline score to a person.",
        "zh-Hant": "把握度低、涉及金額高或評分處於臨界範圍的答案，交由職員決定。",
        "zh-Hans": "置信度低、涉及金额高或评分处于临界范围的答案，交由职员决定。",
    },
    messages={
        "no_outcome": {
            "en": "There is no usable answer to measure.",
            "zh-Hant": "沒有可供衡量的有效答案。",
            "zh-Hans": "没有可供衡量的有效答案。",
        },
        "confidence_unknown": {
            "en": "The answer states no confidence; at least {0} is required.",
            "zh-Hant": "答案未有註明把握度；要求為不低於 {0}。",
            "zh-Hans": "答案未有注明置信度；要求为不低于 {0}。",
        },
        "confidence_low": {
            "en": "Confidence is below {0}.",
            "zh-Hant": "把握度低於 {0}。",
            "zh-Hans": "置信度低于 {0}。",
        },
        "stakes_unknown": {
            "en": "The money at stake is unknown; the limit is HK${0}.",
            "zh-Hant": "涉及金額不明；上限為 {0} 港元。",
            "zh-Hans": "涉及金额不明；上限为 {0} 港元。",
        },
        "stakes_high": {
            "en": "More than HK${0} is at stake.",
            "zh-Hant": "涉及金額超過 {0} 港元。",
            "zh-Hans": "涉及金额超过 {0} 港元。",
        },
        "score_unknown": {
            "en": "There is no score; scores from {0} to {1} go to a person.",
            "zh-Hant": "未有評分；評分介乎 {0} 至 {1} 的個案須由職員決定。",
            "zh-Hans": "未有评分；评分介乎 {0} 至 {1} 的个案须由职员决定。",
        },
        "score_in_band": {
            "en": "The score lies between {0} and {1}, where a person decides.",
            "zh-Hant": "評分介乎 {0} 至 {1}，須由職員決定。",
            "zh-Hans": "评分介乎 {0} 至 {1}，须由职员决定。",
        },
    },
    on_error=Verdict.REVIEW,
    budget_us=50,
    settings=Settings,
    inline=True,
)
def check(case: Case, outcome: Outcome | None, context: Context) -> Finding:
    """Compare confidence, stakes and score with the limits; the first breach names the finding, ``where`` has all."""
    if outcome is None:
        return _NO_OUTCOME
    found = _breaches(outcome, context.settings or _DEFAULT)
    if not found:
        return _PASS
    code, _, limits = found[0]
    where = tuple(field for _, field, _ in found)
    return Finding(control=NAME, verdict=Verdict.REVIEW, code=code, params=limits, where=where)
