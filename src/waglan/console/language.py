"""The language of a visit: chosen, remembered, or asked for by the browser; its words, dates and numbers.

References
----------
RFC 4647, *Matching of Language Tags*; RFC 9110 § 12.5.4 (Accept-Language).
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from waglan.core.case import LANGUAGES, Language

HONG_KONG = timezone(timedelta(hours=8), "HKT")
NAMES: Mapping[Language, str] = MappingProxyType({"en": "English", "zh-Hant": "繁體中文", "zh-Hans": "简体中文"})
COOKIE = "waglan-language"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIMPLIFIED = ("zh-hans", "zh-cn", "zh-sg", "zh-my")


def known(name: str) -> Language | None:
    """A language by its exact name."""
    return next((each for each in LANGUAGES if each == name), None)


def negotiate(accept: str) -> Language:
    """The best of ours for an Accept-Language header; Traditional Chinese for Chinese that says no more."""
    wanted: list[tuple[float, Language]] = []
    for part in accept.lower().split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        if tag.startswith(_SIMPLIFIED):
            wanted.append((quality, "zh-Hans"))
        elif tag.startswith(("zh", "yue")):
            wanted.append((quality, "zh-Hant"))
        elif tag.startswith("en"):
            wanted.append((quality, "en"))
    return max(wanted, key=lambda each: each[0])[1] if wanted else "en"


@cache
def catalogue(language: Language) -> gettext.NullTranslations:
    """Every compiled catalogue of a language, one behind the other."""
    chain = gettext.NullTranslations()
    if language == "en":
        return chain
    folder = files("waglan.console").joinpath("locale", language.replace("-", "_"), "LC_MESSAGES")
    for name in sorted(each.name for each in folder.iterdir() if each.name.endswith(".mo")):
        with folder.joinpath(name).open("rb") as file:
            found = gettext.GNUTranslations(file)
        found.add_fallback(chain)
        chain = found
    return chain


def local(ms: int) -> datetime:
    """A time of the record as Hong Kong's clocks show it."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(HONG_KONG)


def day(ms: int, language: Language) -> str:
    """``21 Nov 2026`` or ``2026年11月21日``."""
    at = local(ms)
    if language == "en":
        return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"
    return f"{at.year}年{at.month}月{at.day}日"


def time(ms: int, language: Language, seconds: bool = False) -> str:
    """Day and time of day, 24 hours."""
    at = local(ms)
    return f"{day(ms, language)} {at:%H:%M:%S}" if seconds else f"{day(ms, language)} {at:%H:%M}"


def span(seconds: float, language: Language) -> str:
    """A duration in its largest fitting unit: ``45 s``, ``12 min``, ``3 h``, ``2 d``."""
    units = {"en": (" s", " min", " h", " d"), "zh-Hant": (" 秒", " 分鐘", " 小時", " 日")}
    names = units.get(language, (" 秒", " 分钟", " 小时", " 天"))
    for size, name in ((86_400, names[3]), (3_600, names[2]), (60, names[1])):
        if abs(seconds) >= size:
            return f"{seconds / size:.0f}{name}"
    return f"{seconds:.0f}{names[0]}"


def micros(us: float | None) -> str:
    """A short duration, given in microseconds: ``85 µs``, ``1.3 ms``, ``2.0 s``."""
    if us is None:
        return "–"
    for size, name in ((1_000_000, "s"), (1_000, "ms")):
        if us >= size:
            return f"{us / size:.1f} {name}" if us < 100 * size else f"{us / size:.0f} {name}"
    return f"{us:.0f} µs"
