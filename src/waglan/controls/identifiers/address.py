"""Postal addresses of Hong Kong, English and Chinese.

An address has no check digit: it is a chain of parts (unit, floor, block, building, street with number, district,
region) that stand side by side. Cheap anchors (a number before a road's name,
``12/F``, 道 followed by a number) say where to look; only there the parts are read, so plain text costs one scan per
script.

A numbered street is enough. So is a floor or a unit together with a second part. A district, a building or a street
without a number says where something is, not where somebody lives, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from waglan.controls.identifiers import places
from waglan.controls.identifiers.kinds import Span
from waglan.controls.identifiers.trie import trie

_REACH = 110
_REACH_HAN = 60


def _any_case(words: str) -> str:
    """Title case and capitals: how addresses are written."""
    return f"(?:{words}|{words.upper()})"


_compiled = cache(re.compile)
"""For the large patterns: a server is to come up quickly."""
_EDGE, _STOP = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_ROAD = f"(?:{_any_case(places.ROADS_EN)}\\.?)"
_NAME = r"(?:[A-Z][A-Za-z']{0,20} |[A-Z]\.){1,4}"
_PLACES = f"{places.REGIONS_EN}|{places.DISTRICTS_EN}"
_PLACE = trie(f"{_PLACES}|{_PLACES.upper()}".split("|"))
_ANCHOR_EN = re.compile(
    rf"[0-9](?:[A-Z]? {_NAME}{_ROAD}{_STOP}|/[Ff]{_STOP}|(?:st|nd|rd|th|ST|ND|RD|TH) (?:[Ff]loor|FLOOR))"
)
_WORDS_EN = (
    *("G/F", "/f", "Floor", "FLOOR", "Level", "Flat", "FLAT", "flat"),
    *("Room", "ROOM", "Rm", "RM", "Unit", "UNIT", "Suite", "Shop"),
)
_ANCHOR_WORDS_EN = re.compile(f"(?:{'|'.join(_WORDS_EN)})(?![a-zA-Z])")
_PART_EN = (
    f"{_EDGE}(?:"
    r"(?P<unit>(?=[FRUSfru])(?:[Ff]lat|FLAT|[Ff]lt|[Rr]ooms?|ROOMS?|R[Mm]|rm|[Uu]nits?|UNITS?|[Ss]uite|SUITE|[Ss]hop|SHOP)"
    r"\.? ?(?:[A-Z]?[0-9]{1,4}[A-Z]?|[A-Z]|[a-h](?=[, ]))(?:[-/&][0-9A-Z]{1,4}(?!/))?)"
    r"|(?P<floor>(?=[0-9GUMLBFSTEN])(?:[0-9]{1,3}|[GUM]|L?G|UG|B[0-9])/[Ff]"
    r"|[0-9]{1,3}(?:st|nd|rd|th|ST|ND|RD|TH) (?:[Ff]loor|FLOOR)"
    r"|(?:Ground|First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth) Floor"
    r"|(?:Floor|FLOOR|Level|LEVEL) [0-9]{1,3})"
    r"|(?P<block>(?=[BTPHW])(?:Block|BLOCK|Blk|BLK|Tower|TOWER|Phase|PHASE|House|Wing) (?:[0-9]{1,3}[A-Z]?|[A-Z]))"
    rf"|(?P<street>(?:Nos?\.? ?|NO\. ?)?[0-9]{{1,4}}[A-Z]?(?:[-/&][0-9]{{1,4}}[A-Z]?)? {_NAME}{_ROAD}"
    r"(?: (?:East|West|North|South|Central|EAST|WEST|NORTH|SOUTH|CENTRAL))?)"
    rf"|(?P<place>{_PLACE})(?![- ]?(?:[0-9A-Za-z]+ )?{_ROAD}{_STOP})"
    rf"|(?P<name>{_NAME}(?:{_any_case(places.BUILDINGS_EN)}|{_ROAD})"
    r"(?: (?:East|West|North|South|Central))?)"
    f"){_STOP}"
)
_GAP_EN = re.compile(r"[ ,\n]{1,4}")

_HAN = "[^\x00-\x7f\u3000-\u303f在於于是為为到往至住址居寄去及和與与的由從从送喺係設设即所處处客家戶户,]"
_HAN_PLACED = "[^\x00-\x7f\u3000-\u303f在於于到往至址寄去的由從从,]"
_NUM = "(?:[0-9]{1,4}[A-Za-z]?|[一二三四五六七八九十百零〇]{1,5})"
_PLACE_HAN = f"(?:(?:{places.REGIONS_HAN})|(?:{places.DISTRICTS_HAN})[區区]?)"
_STREET_END = f"(?:{places.ROADS_HAN})[東东西南北中]?[ ,]?{_NUM}(?:[-至]{_NUM})?[號号]?"
_STREET_HAN = (
    f"(?:(?:{places.STREETS_HAN})[東东西南北中]?[ ,]?{_NUM}(?:[-至]{_NUM})?[號号]?|{_HAN}{{1,5}}?{_STREET_END})"
)
_BUILDING_HAN = f"{_HAN}{{1,8}}(?:{places.BUILDINGS_HAN})(?:第?{_NUM}期)?"
_TAIL_HAN = (
    f"(?:第?(?:{_NUM}|[A-Z])座|{_NUM}[樓楼層层]|(?:[0-9]{{1,3}}|G)/[Ff]|地下|地[庫库]"
    f"|(?:[A-Z]?[0-9]{{1,4}}[A-Z]?|[A-Z])[號号]?(?:室|[單单]位|[鋪铺舖]))"
)
_LEADS_HAN = "[道街路里徑径巷坊臺台東东西南北中]"
_ANCHOR_HAN = re.compile(
    f"[0-9A-Z一二三四五六七八九十](?:(?<={_LEADS_HAN}.)|(?<={_LEADS_HAN}[ ,].)|[A-Z]?[樓楼座室層层])"
)
_REST_HAN = f"(?:[ ,]?{_BUILDING_HAN})?(?:[ ,]?{_TAIL_HAN})*"
_ADDRESS_HAN = (
    f"{_PLACE_HAN}(?:[ ,]{{0,2}}{_PLACE_HAN})*[ ,]{{0,2}}(?:{_HAN_PLACED}{{1,5}}?{_STREET_END}{_REST_HAN}"
    f"|{_HAN_PLACED}{{1,8}}(?:{places.BUILDINGS_HAN})(?:第?{_NUM}期)?(?:[ ,]?{_BUILDING_HAN})?(?:[ ,]?{_TAIL_HAN})+"
    f"|(?:{_TAIL_HAN}[ ,]?){{1,3}}{_TAIL_HAN})"
    f"|(?:(?={places.STREETS_HAN})|(?<!{_HAN})(?<![0-9A-Za-z]))(?:{_STREET_HAN}{_REST_HAN}"
    f"|{_BUILDING_HAN}(?:[ ,]?{_BUILDING_HAN})?(?:[ ,]?{_TAIL_HAN})+|(?:{_TAIL_HAN}[ ,]?){{1,3}}{_TAIL_HAN})"
)


def find_addresses(text: str) -> list[Span]:
    """The addresses of a folded text, sorted and disjoint."""
    anchors = _anchors(text)
    found = list(_english(text, anchors)) if anchors else []
    if not text.isascii() and (anchors := [match.start() for match in _ANCHOR_HAN.finditer(text)]):
        found += _chinese(text, anchors)
        found.sort(key=lambda span: span.start)
    apart: list[Span] = []
    for span in found:
        if apart and span.start < apart[-1].end:
            apart[-1] = Span("ADDRESS", apart[-1].start, max(span.end, apart[-1].end))
        else:
            apart.append(span)
    return apart


def holds_anchor(text: str) -> bool:
    """Whether a folded text has a place where a Chinese address could be."""
    return _ANCHOR_HAN.search(text) is not None


def _windows(anchors: list[int], size: int, reach: int) -> Iterator[tuple[int, int]]:
    """Where to read parts: the surroundings of the anchors (sorted), joined where they overlap."""
    low = high = -1
    for anchor in anchors:
        if anchor - reach > high:
            if high >= 0:
                yield low, high
            low = max(0, anchor - reach)
        high = min(size, anchor + reach)
    if high >= 0:
        yield low, high


def _anchors(text: str) -> list[int]:
    found = [match.start() for match in _ANCHOR_EN.finditer(text)]
    for word in _WORDS_EN:
        if word in text:
            found += [match.start() for match in _ANCHOR_WORDS_EN.finditer(text)]
            found.sort()
            break
    return found


def _english(text: str, anchors: list[int]) -> Iterator[Span]:
    for low, high in _windows(anchors, len(text), _REACH):
        chain: list[re.Match[str]] = []
        for part in _compiled(_PART_EN).finditer(text, low, high):
            if chain and not _GAP_EN.fullmatch(text, chain[-1].end(), part.start()):
                yield from _qualified(chain)
                chain = []
            chain.append(part)
        yield from _qualified(chain)


def _qualified(chain: list[re.Match[str]]) -> Iterator[Span]:
    kinds = [part.lastgroup for part in chain]
    if "street" in kinds or (len(kinds) > 1 and ("floor" in kinds or "unit" in kinds)):
        yield Span("ADDRESS", chain[0].start(), chain[-1].end())


def _chinese(text: str, anchors: list[int]) -> Iterator[Span]:
    for low, high in _windows(anchors, len(text), _REACH_HAN):
        for match in _compiled(_ADDRESS_HAN).finditer(text, low, high):
            yield Span("ADDRESS", match.start(), match.end())
