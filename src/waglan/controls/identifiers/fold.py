"""Writing variants folded to ASCII for matching, with the way back to the original offsets.

Each character is folded by itself: NFKC (full-width and circled digits, Kangxi radicals, no-break spaces), all
dashes to ``-``, and format characters (zero width, soft hyphen, direction marks) to nothing.

References
----------
Unicode Standard Annex 15, *Unicode Normalization Forms*.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

_COMMON = tuple((wide, unicodedata.normalize("NFKC", wide)) for wide in "，：（）；！？\u3000")
_ODD = re.compile("[^\x00-\x9f\u3001\u3002\u3008-\u3011\u3400-\ua4ff\uac00-\ud7ff]")


class Folded(NamedTuple):
    """A folded text; ``origins[i]`` is where its character i came from, None when every offset is unchanged."""

    text: str
    origins: Sequence[int] | None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The original offsets of a non-empty folded span, widened to whole original characters."""
        if self.origins is None:
            return start, end
        return self.origins[start], self.origins[end - 1] + 1


def fold_character(character: str) -> str:
    """What one character counts as: any number of characters, none for a format character."""
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return "-" if category == "Pd" or character == "\u2212" else unicodedata.normalize("NFKC", character)


def fold(text: str) -> Folded:
    """Fold a text; ASCII comes back as it is."""
    if text.isascii():
        return Folded(text, None)
    even = text
    for wide, narrow in _COMMON:
        even = even.replace(wide, narrow)
    if not _ODD.search(even):
        return Folded(even, None)
    uneven = False

    def one(match: re.Match[str]) -> str:
        nonlocal uneven
        folded = fold_character(match[0])
        uneven = uneven or len(folded) != 1
        return folded

    folded = _ODD.sub(one, even)
    if not uneven:
        return Folded(folded, None)
    origins = [at for at, c in enumerate(even) for _ in (fold_character(c) if _ODD.match(c) else c)]
    return Folded(folded, origins)
