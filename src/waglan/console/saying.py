"""What a refusal says, in the language of the visit, also where it was made with values in it.

The rooms below refuse in English: ``f"A key lasts from 1 to {MOST_DAYS} days."`` reaches a page as a whole sentence.
The catalogue ``problems`` holds it as ``A key lasts from 1 to %(v1)s days.``; here the sentence finds its way back.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from waglan.console import language
from waglan.console.words import WORDS
from waglan.core.case import Language

DOMAIN = "problems"
LONGEST = 4_000
"""Characters; what is longer was not written by us and stays as it is."""
CODES = (
    "route", "tier", "role", "request", "answer", "judgement", "outcome", "state", "cause", "type", "channel", "thing",
)  # fmt: skip
"""Groups of words whose codes stand in refusals as values."""
_VALUE = re.compile(r"%\((v\d+)\)s")
_LIST = re.compile(r", | and | or ")


class Pattern(NamedTuple):
    """A sentence with places for values: its words in order, and its translation with the places named."""

    names: tuple[str, ...]
    literals: tuple[str, ...]
    translation: str

    def match(self, text: str) -> dict[str, str] | None:
        """The values by name, each as short as can be; None when the text is another sentence.

        Takes one pass whatever the text, unlike a regular expression with several groups, because part of the text
        may come from outside.
        """
        first, last = self.literals[0], self.literals[-1]
        end = len(text) - len(last)
        if end < len(first) or not text.startswith(first) or not text.endswith(last):
            return None
        values, at = [], len(first)
        for literal in self.literals[1:-1]:
            found = text.find(literal, at, end)
            if found < 0:
                return None
            values.append(text[at:found])
            at = found + len(literal)
        return dict(zip(self.names, [*values, text[at:end]], strict=True))


def said(name: Language, text: str) -> str:
    """A sentence of a Problem in a language, as plain text; as it is where the catalogue doesn't know it.

    Parameters
    ----------
    name
        The language of the visit.
    text
        ``what``, ``why`` or ``next`` of a Problem, values already in it.
    """
    return text if name == "en" or not text or len(text) > LONGEST else _told(name, text, nested=False)


def _told(name: Language, text: str, nested: bool) -> str:
    found = language.catalogue(name).gettext(text)
    if found != text:
        return found
    for pattern in patterns(name):
        values = pattern.match(text)
        if values is not None:
            return pattern.translation % {each: _value(name, value, nested) for each, value in values.items()}
    return text


@cache
def patterns(name: Language) -> tuple[Pattern, ...]:
    """The sentences with values, the one with most words of its own first, so that the closest one counts."""
    made = [pattern(english, translated) for english, translated in _messages(name) if _VALUE.search(english)]
    return tuple(sorted(made, key=lambda each: (-sum(map(len, each.literals)), each.literals)))


def pattern(english: str, translated: str) -> Pattern:
    """The pattern of a msgid and its translation."""
    pieces = _VALUE.split(english)
    return Pattern(tuple(pieces[1::2]), tuple(piece.replace("%%", "%") for piece in pieces[::2]), translated)


def _value(name: Language, value: str, nested: bool) -> str:
    """A value that is one of our own sentences or codes, or a list of codes, translated; any other as it is."""
    if not nested and value.endswith("."):
        return _told(name, value, nested=True)
    words = [_word(name, code) for code in _LIST.split(value)]
    return value if None in words else language.catalogue(name).gettext(", ").join(word for word in words if word)


@cache
def _words(name: Language) -> dict[str, str]:
    """Codes that read the same in every group that has them."""
    found: dict[str, set[str]] = {}
    for group in CODES:
        for code, english in WORDS[group].items():
            found.setdefault(code, set()).add(language.catalogue(name).gettext(english))
    return {code: next(iter(meanings)) for code, meanings in found.items() if len(meanings) == 1}


def _word(name: Language, code: str) -> str | None:
    return _words(name).get(code) or _words(name).get(code.replace(" ", "_"))


def _messages(name: Language) -> Iterator[tuple[str, str]]:
    """Msgids and translations of the compiled catalogue of problems, which gettext itself can't list.

    References
    ----------
    GNU gettext manual, § 10.3 *The Format of GNU MO Files*.
    """
    address = ("locale", name.replace("-", "_"), "LC_MESSAGES", f"{DOMAIN}.mo")
    body = files("waglan.console").joinpath(*address).read_bytes()
    order = "<" if body[:4] == b"\xde\x12\x04\x95" else ">"
    _, _, count, originals, translations = struct.unpack_from(f"{order}5I", body)
    for n in range(count):
        pair = []
        for table in (originals, translations):
            length, offset = struct.unpack_from(f"{order}2I", body, table + 8 * n)
            pair.append(body[offset : offset + length].decode("utf-8"))
        yield pair[0], pair[1]
