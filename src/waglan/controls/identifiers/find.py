"""The detector: a text in, the spans of identifiers out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from waglan.controls.identifiers.address import find_addresses
from waglan.controls.identifiers.coded import find_emails, find_ibans
from waglan.controls.identifiers.fold import Folded, fold
from waglan.controls.identifiers.kinds import Span
from waglan.controls.identifiers.numbers import find_numbers

_WORTH = re.compile(
    "[0-9@\u00b2-\u00b9\u2070-\u2089\u2460-\u24ff\u2776-\u2793\uff10-\uff19\uff20\U0001d7ce-\U0001d7ff]"
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
    taken = find_emails(folded.text) if "@" in folded.text else []
    taken = _merged(taken, find_ibans(folded.text))
    spans = _merged(taken, find_numbers(folded.text, tuple(taken), label))
    spans = _merged(spans, find_addresses(folded.text))
    return tuple(spans) if folded.origins is None else tuple(_unfolded(spans, folded))


def _merged(first: list[Span], second: Iterable[Span]) -> list[Span]:
    """Both in order; what overlaps one of the first is left out. Both come sorted and disjoint."""
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
