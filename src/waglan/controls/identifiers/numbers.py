"""Identifiers made of digits: found from their digit core, then judged by form, check digit, neighbours and cue.

Only runs of six or more digits (single spaces or hyphens between) are looked at, so plain text costs one scan.
Boundaries are ASCII letters and digits, never a word boundary: a Chinese character is a word character to ``re``, and
identifiers in Chinese text touch it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from waglan.controls.identifiers import checks
from waglan.controls.identifiers.cues import Cue, cue_after, cue_before, is_list
from waglan.controls.identifiers.kinds import Span

_CORE = re.compile("[0-9]" + 5 * "[ -]?[0-9]" + "(?:[ -]?[0-9])*")
_DATE = re.compile(r"(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]")
_GROUP = re.compile(r"[0-9]+")
_END = r"(?![0-9A-Za-z])"
_HKID = re.compile(r"([A-Za-z]{1,2}) ?([0-9]{3} ?[0-9]{3}) ?\(([0-9Aa])\)")
_HKID_BARE = re.compile(rf"([A-Za-z]{{1,2}}) ?([0-9]{{6}})-?([0-9Aa]){_END}")
_LETTERED = re.compile(rf"([A-Za-z]{{1,2}}) ?([0-9]{{7,10}}){_END}")
_MAINLAND = re.compile(rf"[0-9]{{6}}([ -]?)[0-9]{{8}}\1[0-9]{{3}}[0-9Xx]{_END}")
_CARD = re.compile(
    r"(?:3[0-9]{3}([ -]?)[0-9]{6}\1[0-9]{4,5}|[0-9]{4}([ -]?)[0-9]{4}\2[0-9]{4}\2[0-9]{1,4}(?:\2[0-9]{1,3})?)" + _END
)
_CARD_SHORT = re.compile(r"[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}" + _END)
_PHONE = re.compile(rf"(?:(?:00)?852[ -]?)?[2-9][0-9]{{3}}[ -]?[0-9]{{4}}{_END}")
_PHONE_MAINLAND = re.compile(rf"(?:(?:00)?86[ -]?)?1[3-9][0-9][ -]?[0-9]{{4}}[ -]?[0-9]{{4}}{_END}")
_PREFIX = re.compile(r"(?:\(\+?(?:852|86)\)[ -]?|\+)\Z")
_ACCOUNT = re.compile(rf"[0-9]{{3}}(?:[ -]?[0-9]){{5,14}}{_END}")
_LONG = re.compile(rf"[0-9](?:[ -]?[0-9]){{8,16}}{_END}")
_FPS = re.compile(rf"(?:[0-9]{{9}}|[0-9]{{7}}){_END}")
_OCTOPUS = re.compile(r"[0-9]{8}(?: ?\([0-9]\)|[0-9]?(?![0-9A-Za-z]))")
_DIGITS_PASSPORT = re.compile(rf"[0-9]{{8,9}}{_END}")
_UNIT = re.compile(r" ?(?:元|蚊|股|份|人|萬|万|億|亿|%|[Ss]hares|[Uu]nits|[Dd]ollars|HKD|USD|RMB)")
_MORE = re.compile(r"[.,][0-9]{1,3}(?![0-9])|-[0-9A-Za-z]|/(?:[A-Za-z]|[0-9]{1,7}(?![0-9]))|[_@]")
_YEARS = re.compile(r"(?:19|20)[0-9]{2}[ -](?:19|20)[0-9]{2}")
_CUED: Mapping[Cue, re.Pattern[str]] = MappingProxyType(
    {"ACCOUNT": _ACCOUNT, "FPS": _FPS, "OCTOPUS": _OCTOPUS, "PASSPORT": _DIGITS_PASSPORT}
)
_NO_CUE: Cue = ""


class _Before(NamedTuple):
    """What stands before a number.

    ``floor`` and ``kind`` tell of the identifier before it (0 and "" without), ``label`` is what the whole text is
    called, ``inner`` whether digits of the same core stand before it that were no identifier.
    """

    floor: int
    kind: Cue
    label: str
    inner: bool


def find_numbers(text: str, taken: Sequence[Span], label: str) -> list[Span]:
    """The numeric identifiers of a folded text, outside the spans already taken (sorted, disjoint)."""
    if not _CORE.search(text):
        return []
    found: list[Span] = []
    claims = iter((*taken, Span("EMAIL", len(text) + 1, len(text) + 1)))
    claim = next(claims)
    floor, kind = 0, _NO_CUE
    for core in _CORE.finditer(text):
        if _DATE.fullmatch(core[0]):
            continue
        inner = False
        at = core.start()
        while at < core.end():
            while claim.end <= at:
                floor, kind = max(floor, claim.end), claim.kind
                claim = next(claims)
            if claim.start <= at:
                at, inner = claim.end, False
                continue
            group = _GROUP.match(text, at)
            if group is None:
                at += 1
                continue
            span = _judge(text, at, len(group[0]), _Before(floor, kind, label, inner))
            if span is None or span.end > claim.start:
                at, inner = group.end(), True
            else:
                found.append(span)
                floor, kind = span.end, span.kind
                at, inner = max(span.end, group.end()), False
    return found


def _judge(text: str, start: int, length: int, before: _Before) -> Span | None:
    mark = text[start - 1] if start else ""
    if "A" <= mark <= "Z" or "a" <= mark <= "z":
        return _lettered(text, start - 1, before)
    if mark == " " and start > 1 and "A" <= text[start - 2] <= "Z":
        spaced = _lettered(text, start - 2, before)
        if spaced is not None:
            return spaced
    if mark and _glued(text, start, before.floor):
        return None
    return _checked(text, start, length) or _told(text, start, length, before)


def _glued(text: str, start: int, floor: int) -> bool:
    """Whether what stands before makes the digits a part of something longer: a code, a decimal, a path."""
    mark, further = text[start - 1], text[start - 2] if start > 1 else ""
    if mark in "#_@=&$\\¥€£":
        return True
    if floor == start - 1 and mark in "/,":
        return False
    if mark in "-/":
        return further.isascii() and further.isalnum()
    return mark in ".," and further.isascii() and further.isdigit()


def _lettered(text: str, first: int, before: _Before) -> Span | None:
    """Forms that begin with one or two letters: identity card, passport, travel permit."""
    if first and text[first - 1].isascii() and text[first - 1].isalpha():
        first -= 1
    if first and text[first - 1].isascii() and (text[first - 1].isalnum() or text[first - 1] in "-_#"):
        return None
    match = _HKID.match(text, first)
    if match and checks.hkid(match[1], match[2].replace(" ", ""), match[3]):
        return Span("HKID", first, match.end())
    bare, lettered = _HKID_BARE.match(text, first), _LETTERED.match(text, first)
    if not (bare or lettered):
        return None
    cue = cue_before(text, first, before.floor, before.label) or _carried(text, first, before)
    if cue == "HKID" and bare and checks.hkid(bare[1], bare[2], bare[3]):
        return Span("HKID", first, bare.end())
    if cue == "PASSPORT" and lettered and len(lettered[2]) <= 9:
        return Span("PASSPORT", first, lettered.end())
    if cue == "PERMIT" and lettered and lettered[1] in "HMhm" and len(lettered[2]) in (8, 10):
        return Span("PERMIT", first, lettered.end())
    return None


def _checked(text: str, start: int, length: int) -> Span | None:
    """Forms that prove themselves: long enough, with a check digit and a structure."""
    if length in (6, 17, 18):
        match = _MAINLAND.match(text, start)
        if match and checks.mainland(match[0].replace(" ", "").replace("-", "")):
            return Span("MAINLAND_ID", start, match.end())
    if length == 4 or 13 <= length <= 19:
        for match in (_CARD.match(text, start), _CARD_SHORT.match(text, start) if length == 4 else None):
            if match and checks.card(match[0].replace(" ", "").replace("-", "")):
                return Span("CARD", start, match.end())
    return None


def _told(text: str, start: int, length: int, before: _Before) -> Span | None:
    """Forms without a check digit: told by their cue, or, for telephone numbers, by their look."""
    phone = _PHONE.match(text, start)
    abroad = None if phone else _PHONE_MAINLAND.match(text, start)
    phone = phone or abroad
    if phone and (_MORE.match(text, phone.end()) or _UNIT.match(text, phone.end())):
        phone = None
    if phone:
        digits = phone[0].replace(" ", "").replace("-", "")
        prefix = _PREFIX.search(text, max(0, start - 8), start)
        first = prefix.start() if prefix else start
        if digits[:5] in ("00852", "00861") or (prefix and (prefix[0] != "+" or digits[:2] in ("85", "86"))):
            return Span("PHONE", first, phone.end())
    if not phone and (before.inner or length < 3):
        return None
    cue = cue_before(text, start, before.floor, before.label)
    carried = "" if cue else _carried(text, start, before)
    if phone and (cue in ("PHONE", "FPS") or carried == "PHONE"):
        return Span("PHONE", first, phone.end())
    if not (cue or carried in _CUED or before.inner):
        if phone and not abroad and _plain_phone(phone[0], digits):
            return Span("PHONE", first, phone.end())
        if bare := _LONG.match(text, start):
            cue = cue_after(text, bare.end())
    kind = cue or carried
    form = None if before.inner else _CUED.get(kind)
    match = form.match(text, start) if form else None
    if match is None or _MORE.match(text, match.end()) or _UNIT.match(text, match.end()):
        return None
    return Span(kind, start, match.end())  # type: ignore[arg-type]


def _carried(text: str, start: int, before: _Before) -> Cue:
    """The kind of the identifier before, where this number continues its list."""
    return before.kind if is_list(text, before.floor, start) else ""


def _plain_phone(written: str, digits: str) -> bool:
    """Whether digits without a cue are still taken for a telephone number: not a day, not two years."""
    local = digits[-8:]
    if len(digits) > 8:
        return len(digits) == 11 and not written.isdigit()
    return local[0] in "235679" and not checks.calendar_date(local) and not _YEARS.fullmatch(written)
