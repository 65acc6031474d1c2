"""Profiles in words: an axis and its answers may be named by id or in any of our languages, and mean the same."""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from waglan.core.case import Language
from waglan.core.manifest import parse_toml
from waglan.core.problem import Problem, nearest
from waglan.core.profile import AXES, PROHIBITED, Profile

_FILE = "labels.toml"
_YES_NO = "yes_no"
_Texts = dict[Language, str]


class Labels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Text per language of each axis and, by axis, of each answer; ``yes_no`` holds those of booleans."""

    axes: dict[str, _Texts]
    answers: dict[str, dict[str, _Texts]]

    def axis(self, axis: str, language: Language) -> str:
        """What an axis is called."""
        return self.axes[axis][language]

    def answer(self, axis: str, answer: bool | str, language: Language) -> str:
        """What an answer is called."""
        if isinstance(answer, bool):
            return self.answers[_YES_NO]["yes" if answer else "no"][language]
        return self.answers[axis][answer][language]


@functools.cache
def labels() -> Labels:
    """The words that are shipped, read once."""
    text = importlib.resources.files("waglan.tiers").joinpath(_FILE).read_text(encoding="utf-8")
    return parse_toml(text, Labels, _FILE)


def read_profile(given: Mapping[str, Any], where: str = "profile") -> Profile:
    """A profile from axes and answers named by id or by a label in any language; null leaves an axis unanswered.

    Raises
    ------
    Problem
        ``tier.axis`` and ``tier.answer`` with the nearest word.
    """
    words = labels()
    found: dict[str, Any] = {}
    for name, value in given.items():
        axis = _named(name, words.axes)
        if axis is None:
            raise Problem(
                f"A profile has no axis {name!r}.",
                nearest(name, _all(words.axes)),
                "Correct or remove it.",
                code="tier.axis",
                where=where,
            )
        if value is None:
            continue
        found[axis] = _practices(value, words, where) if axis == PROHIBITED else _answer(axis, value, words, where)
    return Profile(**found)


def _answer(axis: str, value: Any, words: Labels, where: str) -> bool | str:
    boolean = isinstance(AXES[axis][0], bool)
    if isinstance(value, bool) and boolean:
        return value
    known = words.answers[_YES_NO if boolean else axis]
    answer = _named(value, known)
    if answer is None:
        raise Problem(
            f"{value!r} is no answer to {axis}.",
            nearest(str(value), _all(known)),
            f"Answer with one of: {', '.join(known)}.",
            code="tier.answer",
            where=f"{where}: {axis}",
        )
    return answer == "yes" if boolean else answer


def _practices(value: Any, words: Labels, where: str) -> tuple[str, ...]:
    given: Iterable[Any] = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    return tuple(sorted({str(_practice(each, words, where)) for each in given}))


def _practice(value: Any, words: Labels, where: str) -> str:
    known = words.answers[PROHIBITED]
    practice = _named(value, known)
    if practice is None:
        raise Problem(
            f"{value!r} is no practice of the list.",
            nearest(str(value), _all(known)),
            f"Name one of: {', '.join(known)}.",
            code="tier.answer",
            where=f"{where}: {PROHIBITED}",
        )
    return practice


def _named(word: Any, known: Mapping[str, _Texts]) -> str | None:
    """The id that a word means: itself, or the one that has it as a label."""
    if not isinstance(word, str):
        return None
    plain = word.strip().casefold()
    for name, texts in known.items():
        if plain == name or plain in [text.casefold() for text in texts.values()]:
            return name
    return None


def _all(known: Mapping[str, _Texts]) -> list[str]:
    return [*known, *(text for texts in known.values() for text in texts.values())]
