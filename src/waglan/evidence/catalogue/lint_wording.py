"""Faults of wording: how far it was checked, by what, and whether both languages are there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from waglan.evidence.catalogue.clause import Clause
from waglan.evidence.catalogue.lint_source import invented

if TYPE_CHECKING:
    from waglan.evidence.catalogue.catalogue import Catalogue

LANGUAGES = ("en", "zh-Hant")
MACHINE_WRITTEN = "machine-written"
"""Begins the ``where`` of a text that says of itself that a machine wrote it: it never counts as a source."""
_CJK = re.compile(r"[\u3400-\u9fff]")
_BANNED = re.compile(r"\b(compliant|certified|compliance score)\b", re.IGNORECASE)


def wording_faults(catalogue: Catalogue, clause: Clause) -> Iterator[tuple[str, str, str]]:
    """Faults of a clause's status: a status is a claim, and needs what it rests on."""
    primary = [seen for seen in clause.seen if seen.primary]
    human = {seen.where for seen in clause.seen if not seen.where.startswith(MACHINE_WRITTEN)}
    if clause.wording == "primary" and not clause.existence:
        if not clause.locator.strip():
            yield "wording.locator", clause.id, "Its wording is called primary, but no paragraph is named."
        if not primary:
            yield "wording.seen", clause.id, "Its wording is called primary, but nobody saw the primary text."
    if clause.existence and not primary:
        yield "wording.seen", clause.id, "The paper is said to exist, but nobody saw it or a paper that cites it."
    if clause.wording == "secondary":
        if clause.locator:
            yield "wording.locator", clause.id, "A paragraph is named that nobody saw: its wording isn't primary."
        if not human:
            yield "wording.single", clause.id, "Nothing written by people tells of it: it is unverified."
        if len(human) == 1 and not clause.single:
            yield "wording.single", clause.id, "One text alone tells of it: say single = true, and it counts as U."
    if clause.wording == "unverified" and (clause.locator or primary):
        yield "wording.status", clause.id, "It is called unverified although somebody saw the primary text."
    if clause.single and clause.wording != "secondary":
        yield "wording.status", clause.id, "single says that one secondary text tells of it."
    source = catalogue.sources.get(clause.source)
    for seen in clause.seen:
        if not seen.by.strip() or not seen.where.strip():
            yield "wording.seen", clause.id, "Who saw it, or in what, is missing."
        if seen.on > catalogue.as_of or (source is not None and seen.on < source.date):
            yield "wording.dates", clause.id, "It was seen before the paper was published or after the catalogue's day."


def text_faults(clause: Clause) -> Iterator[tuple[str, str, str]]:
    """Faults of what is written in the two languages."""
    yield from _languages(clause.id, clause.text)
    for test in clause.tests:
        yield from _languages(test.id, test.title)
    every = " ".join([*clause.text.values(), *(text for test in clause.tests for text in test.title.values())])
    if why := invented(every):
        yield "text.invented", clause.id, f"It tells of a duty that doesn't exist: {why}."
    if _BANNED.search(every):
        yield "text.word", clause.id, "Nothing here is compliant or certified: say what is recorded or attested."


def _languages(subject: str, text: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for language in LANGUAGES:
        if not text.get(language, "").strip():
            yield "text.language", subject, f"The text in {language} is missing."
    for language in text.keys() - set(LANGUAGES):
        yield "text.language", subject, f"{language!r} isn't a language of the catalogue."
    if _CJK.search(text.get("en", "")):
        yield "text.language", subject, "The English text holds Chinese."
    chinese = text.get("zh-Hant", "")
    if chinese and not _CJK.search(chinese):
        yield "text.language", subject, "The Chinese text holds no Chinese."
    strange = "".join(sorted({char for char in chinese if _CJK.match(char) and not _traditional(char)}))
    if strange:
        yield "text.simplified", subject, f"These characters aren't used in traditional Chinese: {strange}."


def _traditional(char: str) -> bool:
    try:
        char.encode("big5hkscs")
    except UnicodeEncodeError:
        return False
    return True
