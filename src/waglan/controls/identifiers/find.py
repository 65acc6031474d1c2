"""The detector: a text in, the spans of identifiers out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from waglan.controls.identifiers.address import find_addresses, holds_anchor
from waglan.controls.identifiers.coded import find_emails, find_ibans
from waglan.controls.identifiers.fold import Folded, fold
from waglan.controls.identifiers.kinds import Span
from waglan.controls.identifiers.numbers import find_numbers

_WORTH = re.compile(
    "[0-9@\u00b2-\u00b9\u2070-\u2089\u2460-\u24ff\u2776-\u2793\uff10-\uff19\uff20\U0001d7ce-\U0001d7ff]"
)
_MAY_HOLD = re.compile(
    "[0-9](?:" + 5 * "[ -]?[0-9]" + r"|[A-Z]?(?:[/&]|-[0-9A-Z]|,?[ \n]{1,4}[A-Z]|,[A-Z\n])|[a-h],? "
    r"|[A-Za-z]{2} ?[Ff]|[0-9A-Z]{10})"
)
_WORTH_HAN = re.compile("[一二三四五六七八九十百][號号樓楼座]")


def find(text: str, label: str = "") -> tuple[Span, ...]:
    """The identifiers of Hong Kong people in a text.

    Parameters
    ----------
    text
        English, traditional or simplified Chinese, or mixed; full-width forms and zero-width characters are seen
        through.
    label
        What the text is called, such as the name of its field: a cue for a text that is nothing but a number.

    Returns
    -------
    tuple of Span
        Sorted, disjoint, in offsets of the text as given.
    """
    if not _WORTH.search(text) and (text.isascii() or not _WORTH_HAN.search(text)):
        return ()
    folded = fold(text)
    if not may_hold(folded.text):
        return ()
    spans = scan(folded.text, label)
    return tuple(spans) if folded.origins is None else tuple(_unfolded(spans, folded))


def may_hold(text: str) -> bool:
    """Whether a folded text has anything that an identifier could begin with: a cheap look."""
    return "@" in text or _MAY_HOLD.search(text) is not None or (not text.isascii() and holds_anchor(text))


def scan(text: str, label: str) -> list[Span]:
    """The identifiers of a folded text, sorted and disjoint."""
    spans = find_emails(text) if "@" in text else []
    spans = _merged(spans, find_ibans(text))
    spans = _merged(spans, find_numbers(text, spans, label))
    return _merged(spans, find_addresses(text))


def _merged(first: list[Span], second: list[Span]) -> list[Span]:
    """Both in order; what overlaps one of the first is left out. Both come sorted and disjoint."""
    if not (first and second):
        return first or second
    kept: list[Span] = []
    at = 0
    for span in second:
        while at < len(first) and first[at].end <= span.start:
            at += 1
        if at == len(first) or span.end <= first[at].start:
            kept.append(span)
    return sorted([*first, *kept], key=lambda span: span.start) if kept else first


def _unfolded(spans: Iterable[Span], folded: Folded) -> Iterator[Span]:
    """The spans in the original's offsets; two that meet in one original character (㏂) are kept apart."""
    past = 0
    for kind, start, end in spans:
        low, high = folded.original(start, end)
        if max(low, past) < high:
            yield Span(kind, max(low, past), high)
            past = high
