"""What a pack says, in English and in Traditional Chinese as written in Hong Kong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

import msgspec

Tongue = Literal["en", "zh-Hant"]
TONGUES: tuple[Tongue, ...] = get_args(Tongue)
_HONG_KONG = dt.timezone(dt.timedelta(hours=8))


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    words: dict[str, dict[Tongue, str]]
    codes: dict[str, dict[str, dict[Tongue, str]]]


@cache
def _words() -> _Words:
    text = files("waglan.evidence.pack").joinpath("words.toml").read_text(encoding="utf-8")
    return msgspec.toml.decode(text, type=_Words)


class Saying:
    """Words and figures in one language."""

    def __init__(self, tongue: Tongue) -> None:
        self.tongue: Tongue = tongue

    def __call__(self, key: str, **values: object) -> str:
        text = _words().words[key][self.tongue]
        return text.format(**values) if values else text

    def code(self, group: str, code: str) -> str:
        """A code in words; itself where the group doesn't know it, a dash where there is none."""
        found = _words().codes[group].get(code)
        return found[self.tongue] if found else code or "–"

    def text(self, texts: Mapping[Any, str]) -> str:
        """Text per language in this one, else in English, else in any."""
        return texts.get(self.tongue) or texts.get("en") or next(iter(texts.values()), "")

    def number(self, value: float | None) -> str:
        return "–" if value is None else f"{value:,}"

    def percent(self, share: float | None) -> str:
        """``98.3 %``; never rounded up to the whole, nor down to nothing."""
        if share is None:
            return "–"
        shown = f"{100 * share:.1f}"
        if shown == "100.0" and share < 1:
            shown = "> 99.9"
        if shown == "0.0" and share > 0:
            shown = "< 0.1"
        return f"{shown} %"

    def moment(self, value: object) -> str:
        """A time of the record as Hong Kong's clocks show it."""
        if isinstance(value, dt.datetime):
            at = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        elif isinstance(value, int):
            at = dt.datetime.fromtimestamp(value / 1000, dt.UTC)
        else:
            return "–"
        return f"{at.astimezone(_HONG_KONG):%Y-%m-%d %H:%M}"
