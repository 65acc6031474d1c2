"""Reason codes: points lost against the best band (or gained over the worst), as data and in three languages.

A reason depends on the input and its band alone, so each is made once per scorecard and shared by all decisions.

References
----------
Points below the best band is the "maximum points" method of the official staff commentary on Regulation B,
12 CFR 1002.9(b)(2); four reasons are the most it considers useful.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from waglan.core import LANGUAGES, Language, Reason
from waglan.kit.scorecard.binning import Band
from waglan.kit.scorecard.scorecard import Characteristic
from waglan.kit.scorecard.table import Kind

MOST = 4


class InputReasons(NamedTuple):
    """An input's reasons, one per band: what it costs, what it brings; None where that is nothing."""

    family: str
    lost: tuple[Reason | None, ...]
    gained: tuple[Reason | None, ...]


def input_reasons(characteristic: Characteristic) -> InputReasons:
    """All reasons an input can give."""
    kept = [p for p, b in zip(characteristic.points, characteristic.binning.bands, strict=True) if is_target(b)]
    best, worst = max(kept, default=0), min(kept, default=0)
    kind = characteristic.binning.kind
    lost: list[Reason | None] = []
    gained: list[Reason | None] = []
    for points, band in zip(characteristic.points, characteristic.binning.bands, strict=True):
        labels = {language: band_label(band, kind, language) for language in LANGUAGES}
        lost.append(_reason(characteristic, "lost", labels, best - points) if best > points else None)
        gained.append(_reason(characteristic, "gained", labels, points - worst) if points > worst else None)
    return InputReasons(characteristic.family or characteristic.name, tuple(lost), tuple(gained))


def is_target(band: Band) -> bool:
    """Whether a person can be told to be in it: a range or a value that training has seen."""
    return band.role in ("range", "values") and band.rows > 0


def top(ordered: Sequence[Reason], families: dict[str, str], most: int = MOST) -> tuple[Reason, ...]:
    """The first reasons, one per family and per sentence.

    Parameters
    ----------
    ordered
        Reasons by falling weight, ties in the scorecard's order.
    families
        Input name to family.
    """
    chosen: list[Reason] = []
    families_seen: set[str] = set()
    texts_seen: set[str] = set()
    for reason in ordered:
        family = families[reason.where[0]]
        text = reason.text["en"]
        if family in families_seen or text in texts_seen:
            continue
        families_seen.add(family)
        texts_seen.add(text)
        chosen.append(reason)
        if len(chosen) == most:
            break
    return tuple(chosen)


def reached(score: float, cut_off: float) -> Reason:
    """Why somebody is approved for whom no single input speaks: the score is enough."""
    text: dict[Language, str] = {
        "en": f"The score of {score:.0f} reaches the cut-off of {cut_off:.0f}",
        "zh-Hant": f"評分 {score:.0f} 達到批核分數 {cut_off:.0f}",
        "zh-Hans": f"评分 {score:.0f} 达到批核分数 {cut_off:.0f}",
    }
    return Reason(code="score.reached", weight=score - cut_off, text=text)


def title_of(name: str, titles: dict[Language, str], language: Language) -> str:
    """The input's title; its name in words where the manifest gives none."""
    return titles.get(language) or titles.get("en") or name.replace("_", " ").strip()


def sentence(title: str, label: str, direction: str, points: int, language: Language) -> str:
    """One reason in words."""
    unit = "point" if points == 1 else "points"
    match language, direction:
        case "en", "lost":
            return f"{title}: {label}; {points} {unit} below the best band"
        case "en", _:
            return f"{title}: {label}; {points} {unit} above the lowest band"
        case "zh-Hant", "lost":
            return f"{title}：{label}；比最佳分檔低 {points} 分"
        case "zh-Hant", _:
            return f"{title}：{label}；比最低分檔高 {points} 分"
        case _, "lost":
            return f"{title}：{label}；比最佳分档低 {points} 分"
        case _:
            return f"{title}：{label}；比最低分档高 {points} 分"


def _reason(c: Characteristic, direction: str, labels: dict[Language, str], points: int) -> Reason:
    return Reason(
        code=f"{c.name[:80]}.{direction}",
        weight=float(points),
        text={
            language: sentence(title_of(c.name, c.title, language), label, direction, points, language)
            for language, label in labels.items()
        },
        where=(c.name,),
    )


_WORDS: tuple[tuple[str, str, str, str], ...] = (
    ("missing", "not given", "沒有提供", "没有提供"),
    ("other", "another value", "其他", "其他"),
    ("true", "yes", "是", "是"),
    ("false", "no", "否", "否"),
    ("any", "any value", "任何數值", "任何数值"),
    ("below", "below {high}", "低於 {high}", "低于 {high}"),
    ("from", "{low} or more", "{low} 或以上", "{low} 或以上"),
    ("to", "{low} to {high}", "{low} 至 {high}", "{low} 至 {high}"),
    ("under", "{low} to under {high}", "{low} 至未滿 {high}", "{low} 至未满 {high}"),
)


def band_label(band: Band, kind: Kind, language: Language) -> str:
    """A band in words: ``30,000 to under 50,000``, ``2``, ``not given``."""
    words = {key: (en, hant, hans)[LANGUAGES.index(language)] for key, en, hant, hans in _WORDS}
    if band.role in ("missing", "other"):
        return words[band.role]
    if band.role == "values":
        shown = [words[v] if kind == "boolean" else v for v in band.values]
        more = ["…"] if len(shown) > 3 else []
        return (", " if language == "en" else "、").join(shown[:3] + more)
    if band.role == "special":
        return number(band.low)
    return _range_label(band, kind, words)


def _range_label(band: Band, kind: Kind, words: dict[str, str]) -> str:
    if band.low is None and band.high is None:
        return words["any"]
    if band.least is not None and band.least == band.most and kind == "integer":
        return number(band.least)
    if band.low is None:
        return words["below"].format(high=number(band.high))
    if band.high is None:
        return words["from"].format(low=number(band.low))
    if kind == "integer":
        last = band.high - 1
        return number(band.low) if last == band.low else words["to"].format(low=number(band.low), high=number(last))
    return words["under"].format(low=number(band.low), high=number(band.high))


def number(value: float | None) -> str:
    """A number for people: thousands apart, no needless digits."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.6g}"
