"""Postal addresses of Hong Kong, English and Chinese.

An address has no check digit: it is a chain of parts (unit, floor, block, building, street with number, district,
region) that stand side by side. Cheap anchors (a road word, ``12/F``, 道 followed by a number) say where to look;
only there the parts are read, so plain text costs one scan per script.

A numbered street is enough. So is a floor or a unit together with a second part. A district, a building or a street
without a number says where something is, not where somebody lives, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from waglan.controls.identifiers import places
from waglan.controls.identifiers.kinds import Span

_REACH = 110
_REACH_HAN = 60


def _any_case(words: str) -> str:
    """Title case and capitals: how addresses are written."""
    return f"(?:{words}|{words.upper()})"


_EDGE, _STOP = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_ROAD = f"(?:{_any_case(places.ROADS_EN)}\\.?)"
_NAME = r"(?:[A-Z][A-Za-z']{0,20} |[A-Z]\.){1,4}"
_ANCHOR_EN = re.compile(
    r"/[Ff](?![A-Za-z])|[Ff]loor(?![A-Za-z])|FLOOR|R(?:oad|OAD|d|D)(?![A-Za-z])|S(?:treet|TREET|t|T|quare|QUARE)(?![A-Za-z])"
    r"|A(?:venue|VENUE|ve|VE)(?![A-Za-z])|L(?:ane|ANE)(?![A-Za-z])|D(?:rive|RIVE)(?![A-Za-z])|T(?:errace|ERRACE)(?![A-Za-z])"
    r"|P(?:ath|ATH|raya|RAYA)(?![A-Za-z])|C(?:rescent|RESCENT|ircuit|IRCUIT|lose|LOSE)(?![A-Za-z])"
    r"|B(?:oulevard|OULEVARD)|H(?:ighway|IGHWAY)(?![A-Za-z])"
)
_PART_EN = re.compile(
    f"{_EDGE}(?:"
    r"(?P<unit>(?:[Ff]lat|FLAT|[Ff]lt|[Rr]ooms?|ROOMS?|R[Mm]|rm|[Uu]nits?|UNITS?|[Ss]uite|SUITE|[Ss]hop|SHOP)\.? ?"
    r"(?:[A-Z]?[0-9]{1,4}[A-Z]?|[A-Z]|[a-h](?=[, ]))(?:[-/&][0-9A-Z]{1,4}(?!/))?)"
    r"|(?P<floor>(?:[0-9]{1,3}|[GUM]|L?G|UG|B[0-9])/[Ff]|[0-9]{1,3}(?:st|nd|rd|th|ST|ND|RD|TH) (?:[Ff]loor|FLOOR)"
    r"|(?:Ground|First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth) Floor"
    r"|(?:Floor|FLOOR|Level|LEVEL) [0-9]{1,3})"
    r"|(?P<block>(?:Block|BLOCK|Blk|BLK|Tower|TOWER|Phase|PHASE|House|Wing) (?:[0-9]{1,3}[A-Z]?|[A-Z]))"
    rf"|(?P<street>(?:Nos?\.? ?|NO\. ?)?[0-9]{{1,4}}[A-Z]?(?:[-/&][0-9]{{1,4}}[A-Z]?)? {_NAME}{_ROAD}"
    r"(?: (?:East|West|North|South|Central|EAST|WEST|NORTH|SOUTH|CENTRAL))?)"
    rf"|(?P<place>(?:{places.REGIONS_EN})|{_any_case(places.DISTRICTS_EN)})(?![- ]?(?:[0-9A-Za-z]+ )?{_ROAD}{_STOP})"
    rf"|(?P<name>{_NAME}(?:{_any_case(places.BUILDINGS_EN)}|{_ROAD})"
    r"(?: (?:East|West|North|South|Central))?)"
    f"){_STOP}"
)
_GAP_EN = re.compile(r"[ ,\n]{1,4}")

_HAN = "[^\x00-\x7f\u3000-\u303f在於于是為为到往至住址居寄去及和與与的由從从送喺係設设即所處处客家戶户,]"
_NUM = "(?:[0-9]{1,4}[A-Za-z]?|[一二三四五六七八九十百零〇]{1,5})"
_PLACE_HAN = f"(?:(?:{places.REGIONS_HAN})|(?:{places.DISTRICTS_HAN})[區区]?)"
_STREET_HAN = (
    f"(?:(?:{places.STREETS_HAN})|{_HAN}{{1,5}}?(?:{places.ROADS_HAN}))"
    f"[東东西南北中]?[ ,]?{_NUM}(?:[-至]{_NUM})?[號号]?"
)
_BUILDING_HAN = f"{_HAN}{{1,8}}?(?:{places.BUILDINGS_HAN})(?:第?{_NUM}期)?"
_TAIL_HAN = (
    f"(?:第?(?:{_NUM}|[A-Z])座|{_NUM}[樓楼層层]|(?:[0-9]{{1,3}}|G)/[Ff]|地下|地[庫库]"
    f"|[A-Z]?[0-9]{{0,4}}[A-Z]?[號号]?(?:室|[單单]位|[鋪铺舖]))"
)
_ANCHOR_HAN = re.compile(
    f"[道街路里徑径巷坊臺台東东西南北中][ ,]?{_NUM}[號号0-9A-Z,]"
    r"|[0-9][A-Z]?[樓楼座室層层]|[A-Z][座室]|[一二三四五六七八九十][樓楼座]"
)
_ADDRESS_HAN = re.compile(
    f"(?:{_PLACE_HAN}(?:[ ,]{{0,2}}{_PLACE_HAN})*[ ,]{{0,2}}|(?={places.STREETS_HAN})|(?<!{_HAN}))"
    f"(?:{_STREET_HAN}(?:[ ,]?{_BUILDING_HAN})?(?:[ ,]?{_TAIL_HAN})*"
    f"|{_BUILDING_HAN}(?:[ ,]?{_BUILDING_HAN})?(?:[ ,]?{_TAIL_HAN})+"
    f"|(?:{_TAIL_HAN}[ ,]?){{1,3}}{_TAIL_HAN})"
)


def find_addresses(text: str) -> list[Span]:
    """The addresses of a folded text, sorted and disjoint."""
    found = list(_english(text))
    if not text.isascii():
        found += _chinese(text)
        found.sort(key=lambda span: span.start)
    apart: list[Span] = []
    for span in found:
        if apart and span.start < apart[-1].end:
            apart[-1] = Span("ADDRESS", apart[-1].start, max(span.end, apart[-1].end))
        else:
            apart.append(span)
    return apart


def _windows(anchors: re.Pattern[str], text: str, reach: int) -> Iterator[tuple[int, int]]:
    """Where to read parts: the surroundings of the anchors, joined where they overlap."""
    low = high = -1
    for anchor in anchors.finditer(text):
        if high < 0 or anchor.start() - reach > high:
            if high >= 0:
                yield low, high
            low = max(0, anchor.start() - reach)
        high = min(len(text), anchor.end() + reach)
    if high >= 0:
        yield low, high


def _english(text: str) -> Iterator[Span]:
    for low, high in _windows(_ANCHOR_EN, text, _REACH):
        chain: list[re.Match[str]] = []
        for part in _PART_EN.finditer(text, low, high):
            if chain and not _GAP_EN.fullmatch(text, chain[-1].end(), part.start()):
                yield from _qualified(chain)
                chain = []
            chain.append(part)
        yield from _qualified(chain)


def _qualified(chain: list[re.Match[str]]) -> Iterator[Span]:
    kinds = [part.lastgroup for part in chain]
    if "street" in kinds or (len(kinds) > 1 and ("floor" in kinds or "unit" in kinds)):
        yield Span("ADDRESS", chain[0].start(), chain[-1].end())


def _chinese(text: str) -> Iterator[Span]:
    for low, high in _windows(_ANCHOR_HAN, text, _REACH_HAN):
        for match in _ADDRESS_HAN.finditer(text, low, high):
            yield Span("ADDRESS", match.start(), match.end())
