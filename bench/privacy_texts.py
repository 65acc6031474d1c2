"""Seeded texts with identifiers at known places, and decoys, in three languages; see `privacy_sentences`."""

from __future__ import annotations

import random
from typing import NamedTuple

from privacy_sentences import LANGUAGES, SETS
from waglan.controls.identifiers import Span
from waglan.controls.identifiers.checks import card, hkid, iban, mainland

_STREETS = {
    "tune": {
        "en": (
            "Nathan Road",
            "Hennessy Road",
            "King's Road",
            "Queen's Road Central",
            "Castle Peak Road",
            "Tai Po Road",
        ),
        "zh-Hant": ("彌敦道", "軒尼詩道", "英皇道", "皇后大道中", "青山公路", "大埔道"),
        "zh-Hans": ("弥敦道", "轩尼诗道", "英皇道", "皇后大道中", "青山公路", "大埔道"),
    },
    "check": {
        "en": (
            "Waterloo Road",
            "Electric Road",
            "Shanghai Street",
            "Wo Yi Hop Road",
            "Java Road",
            "Fa Yuen Street",
            "Argyle Street",
            "Bonham Strand",
            "Mody Road",
            "Hung To Road",
            "Des Voeux Road West",
            "Sai Lau Kok Road",
        ),
        "zh-Hant": (
            "窩打老道",
            "電氣道",
            "上海街",
            "和宜合道",
            "渣華道",
            "花園街",
            "亞皆老街",
            "文咸東街",
            "麼地道",
            "鴻圖道",
            "德輔道西",
            "西樓角路",
        ),
        "zh-Hans": (
            "窝打老道",
            "电气道",
            "上海街",
            "和宜合道",
            "渣华道",
            "花园街",
            "亚皆老街",
            "文咸东街",
            "么地道",
            "鸿图道",
            "德辅道西",
            "西楼角路",
        ),
    },
    "held": {
        "en": (
            "Ferry Street",
            "Connaught Road West",
            "Pei Ho Street",
            "Sha Tsui Road",
            "Stubbs Road",
            "Wing Lok Street",
        ),
        "zh-Hant": ("渡船街", "干諾道西", "北河街", "沙咀道", "司徒拔道", "永樂街"),
        "zh-Hans": ("渡船街", "干诺道西", "北河街", "沙咀道", "司徒拔道", "永乐街"),
    },
}
_BUILDINGS = {
    "tune": {
        "en": ("Miramar Tower", "Wing On House", "Lucky Plaza", "Sunshine City"),
        "zh-Hant": ("金輝大廈", "永安中心", "好運廣場", "新城市廣場"),
        "zh-Hans": ("金辉大厦", "永安中心", "好运广场", "新城市广场"),
    },
    "check": {
        "en": (
            "Harmony Court",
            "Fortune Industrial Building",
            "Jade Garden",
            "Golden Centre",
            "Wah Fung Mansion",
            "Bayview Terrace Tower",
            "Lei King Estate",
        ),
        "zh-Hant": ("康怡花園", "富利工業大廈", "翠玉閣", "黃金商場", "華豐大廈", "忠信樓", "廣明苑", "麗景邨"),
        "zh-Hans": ("康怡花园", "富利工业大厦", "翠玉阁", "黄金商场", "华丰大厦", "忠信大楼", "广明苑", "丽景邨"),
    },
    "held": {
        "en": ("Man On Building", "Ocean Court", "Riviera Garden", "Sun Hing Industrial Centre"),
        "zh-Hant": ("文安大廈", "海濤閣", "海濱花園", "新興工業中心"),
        "zh-Hans": ("文安大厦", "海涛阁", "海滨花园", "新兴工业中心"),
    },
}
_DISTRICTS = {
    "en": (
        "Mong Kok, Kowloon",
        "Wan Chai, Hong Kong",
        "Sha Tin, New Territories",
        "Kwun Tong",
        "North Point, Hong Kong",
    ),
    "zh-Hant": ("九龍旺角", "香港灣仔", "新界沙田", "觀塘", "香港北角"),
    "zh-Hans": ("九龙旺角", "香港湾仔", "新界沙田", "观塘", "香港北角"),
}
_BOXES = ("chan.tm", "may_lee", "k.wong88", "info+hk", "a1234")
_MAIL = ("gmail.com", "yahoo.com.hk", "example.org", "qq.com", "connect.ust.hk", "hkbank-mail.com")
_MONTHS = ("January", "March", "May", "July", "August", "November")
_WIDE = {ord(c): ord(c) + 0xFEE0 for c in "0123456789()ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


class Sample(NamedTuple):
    """A text and what is in it."""

    text: str
    spans: tuple[Span, ...]
    language: str


def _digits(r: random.Random, n: int) -> str:
    return "".join(r.choice("0123456789") for _ in range(n))


def _hkid(r: random.Random) -> tuple[str, str]:
    letters = r.choice("ABCDEGHKMPRSVYZ") if r.random() < 0.85 else r.choice(("WX", "XA", "XB", "XE", "EC"))
    body = _digits(r, 6)
    return letters + body, next(c for c in "0123456789A" if hkid(letters, body, c))


def _card(r: random.Random) -> str:
    prefix, length = r.choice((("4", 16), ("52", 16), ("37", 15), ("62", 16), ("3567", 16), ("2221", 16), ("62", 19)))
    while True:
        number = prefix + _digits(r, length - len(prefix))
        if card(number):
            break
    if length == 15:
        return r.choice((number, f"{number[:4]} {number[4:10]} {number[10:]}"))
    mark = r.choice(("", " ", "-", ""))
    return mark.join(number[at : at + 4] for at in range(0, length, 4))


def _mainland(r: random.Random) -> str:
    birth = f"{r.randint(1950, 2006)}{r.randint(1, 12):02d}{r.randint(1, 28):02d}"
    body = r.choice(("440305", "110101", "310115", "440106")) + birth + _digits(r, 3)
    return next(body + c for c in "0123456789X" if mainland(body + c))


def _iban(r: random.Random) -> str:
    country, body = r.choice((("DE", _digits(r, 18)), ("GB", "NWBK" + _digits(r, 14)), ("FR", _digits(r, 23))))
    number = next(f"{country}{n:02d}{body}" for n in range(2, 99) if iban(f"{country}{n:02d}{body}"))
    return number if r.random() < 0.5 else " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def _phone(r: random.Random) -> str:
    number = r.choice("235679") + r.choice("1345678") + _digits(r, 6)
    form = r.choice(
        ("{a}{b}", "{a}{b}", "{a} {b}", "{a}-{b}", "+852 {a} {b}", "+852{a}{b}", "(852) {a} {b}", "852-{a}{b}")
    )
    return form.format(a=number[:4], b=number[4:])


def _account(r: random.Random) -> str:
    bank = r.choice(("004", "012", "024", "009", "015", "388"))
    form = r.choice(
        ("{b}-{c}-{d6}-{d3}", "{b}-{c}-{d6}", "{b} {c} {d6}", "{b}{c}{d6}", "{c}-{d6}-{d3}", "{b}-{c}-{x}-{d6}")
    )
    return form.format(b=bank, c=_digits(r, 3), d6=_digits(r, 6), d3=_digits(r, 3), x=r.randint(0, 9))


def _address(r: random.Random, which: str, language: str) -> str:
    street, building = r.choice(_STREETS[which][language]), r.choice(_BUILDINGS[which][language])
    district, number, floor, flat = (
        r.choice(_DISTRICTS[language]),
        r.randint(1, 880),
        r.randint(1, 45),
        r.choice("ABCDEFG"),
    )
    if language == "en":
        form = r.choice((
            "Flat {flat}, {floor}/F, {building}, {number} {street}, {district}",
            "{number} {street}, {district}",
            "Room {floor}0{block}, {floor}/F, {building}, {district}",
            "Unit {flat}, {floor}/F, Block {block}, {building}, {number} {street}, {district}",
        ))  # fmt: skip
    else:
        room, hao, lou = "室", "號" if language == "zh-Hant" else "号", "樓" if language == "zh-Hant" else "楼"
        form = r.choice((
            "{district}{street}{number}" + hao + "{building}{floor}" + lou + "{flat}" + room,
            "{district}{street}{number}" + hao,
            "{district}{building}{block}座{floor}" + lou + "{flat}" + room,
        ))  # fmt: skip
    return form.format(
        flat=flat,
        floor=floor,
        building=building,
        number=number,
        street=street,
        district=district,
        block=r.randint(1, 9),
    )


def _amount(r: random.Random) -> str:
    value = r.choice((r.randint(1_000, 99_999), r.randint(1_000_000, 99_999_999)))
    return r.choice((f"HK${value:,}", f"HK${value}", f"HKD {value:,}.{r.randint(0, 99):02d}", f"${value:,}.00"))


def _date(r: random.Random) -> str:
    y, m, d = r.randint(2015, 2026), r.randint(1, 12), r.randint(1, 28)
    return r.choice(
        (f"{y}-{m:02d}-{d:02d}", f"{d:02d}/{m:02d}/{y}", f"{y}{m:02d}{d:02d}", f"{d} {r.choice(_MONTHS)} {y}")
    )


def _ref(r: random.Random) -> str:
    form = r.choice(("{d}-{n}", "INV-{d}-{n}", "{l}{d}{n}", "TXN/{d}/{n}", "{n}-{m}-{l}", "{l}-{n}", "{d}{n}"))
    return form.format(
        d=f"20{r.randint(15, 26)}{r.randint(1, 12):02d}{r.randint(1, 28):02d}",
        n=_digits(r, 8),
        m=_digits(r, 4),
        l=r.choice(("PL", "CX", "Q")),
    )


def value(slot: str, r: random.Random, which: str, language: str) -> tuple[str, str]:
    """The kind (empty for a decoy) and the writing of one slot."""
    match slot:
        case "HKID" | "HKID_BARE":
            body, check = _hkid(r)
            written = f"{body}({check})" if slot == "HKID" else f"{body}{check}"
            if slot == "HKID" and language != "en" and r.random() < 0.3:
                written = written.translate(_WIDE)
            return "HKID", written
        case "PHONE":
            return slot, _phone(r)
        case "ACCOUNT":
            return slot, _account(r)
        case "CARD":
            return slot, _card(r)
        case "EMAIL":
            return slot, f"{r.choice(_BOXES)}{r.randint(1, 99)}@{r.choice(_MAIL)}"
        case "FPS":
            return slot, _digits(r, r.choice((7, 9)))
        case "MAINLAND_ID":
            return slot, _mainland(r)
        case "PASSPORT":
            return slot, r.choice(("K", "H", "KJ", "EA")) + _digits(r, r.choice((7, 8)))
        case "PERMIT":
            return slot, "H" + _digits(r, r.choice((8, 10)))
        case "OCTOPUS":
            return slot, r.choice((f"{_digits(r, 8)}({_digits(r, 1)})", _digits(r, 9)))
        case "IBAN":
            return slot, _iban(r)
        case "ADDRESS":
            return slot, _address(r, which, language)
        case "AMOUNT":
            return "", _amount(r)
        case "DATE":
            return "", _date(r)
        case "REF":
            return "", _ref(r)
        case _:
            return "", str(r.randint(1, 9)) + _digits(r, int(slot.removeprefix("NUMBER")) - 1)


def sentence(template: str, r: random.Random, which: str, language: str, offset: int) -> tuple[str, list[Span]]:
    """A template filled in, and the spans of what was planted, moved by ``offset``."""
    text = ""
    spans: list[Span] = []
    for at, part in enumerate(template.replace("}", "{").split("{")):
        if at % 2 == 0:
            text += part
            continue
        kind, written = value(part, r, which, language)
        if kind:
            spans.append(Span(kind, offset + len(text), offset + len(text) + len(written)))  # type: ignore[arg-type]
        text += written
    return text, spans


def samples(which: str, seed: int, count: int, sentences: int = 12) -> list[Sample]:
    """``count`` texts per language of ``sentences`` sentences each; every fourth text mixes in the other language."""
    r = random.Random(f"{which} {seed}")
    templates = SETS[which]
    made: list[Sample] = []
    for language in LANGUAGES:
        for n in range(count):
            text, spans = "", []
            for _ in range(sentences):
                spoken = "en" if n % 4 == 3 and r.random() < 0.5 else language
                filled, found = sentence(r.choice(templates[spoken]), r, which, spoken, len(text))
                spans += found
                text += filled + (" " if spoken == "en" else "")
            made.append(Sample(text, tuple(spans), language))
    return made
