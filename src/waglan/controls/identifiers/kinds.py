"""Which identifiers are looked for, and what a hit is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

from waglan.core import Language

Kind = Literal[
    "HKID",
    "PHONE",
    "ACCOUNT",
    "CARD",
    "EMAIL",
    "FPS",
    "MAINLAND_ID",
    "PASSPORT",
    "PERMIT",
    "OCTOPUS",
    "IBAN",
    "ADDRESS",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Span(NamedTuple):
    """Characters ``start`` to ``end`` (exclusive) of a text are an identifier of a kind."""

    kind: Kind
    start: int
    end: int


TITLES: Mapping[Kind, Mapping[Language, str]] = MappingProxyType(
    {
        "HKID": {"en": "Hong Kong identity card number", "zh-Hant": "香港身份證號碼", "zh-Hans": "香港身份证号码"},
        "PHONE": {"en": "telephone number", "zh-Hant": "電話號碼", "zh-Hans": "电话号码"},
        "ACCOUNT": {"en": "bank account number", "zh-Hant": "銀行帳戶號碼", "zh-Hans": "银行账户号码"},
        "CARD": {"en": "payment card number", "zh-Hant": "支付卡號碼", "zh-Hans": "支付卡号码"},
        "EMAIL": {"en": "e-mail address", "zh-Hant": "電郵地址", "zh-Hans": "电邮地址"},
        "FPS": {"en": "FPS identifier", "zh-Hant": "轉數快識別碼", "zh-Hans": "转数快识别码"},
        "MAINLAND_ID": {
            "en": "Mainland resident identity number",
            "zh-Hant": "內地居民身份證號碼",
            "zh-Hans": "内地居民身份证号码",
        },
        "PASSPORT": {"en": "passport number", "zh-Hant": "護照號碼", "zh-Hans": "护照号码"},
        "PERMIT": {
            "en": "Mainland travel permit number",
            "zh-Hant": "來往內地通行證號碼",
            "zh-Hans": "来往内地通行证号码",
        },
        "OCTOPUS": {"en": "Octopus card number", "zh-Hant": "八達通號碼", "zh-Hans": "八达通号码"},
        "IBAN": {
            "en": "international bank account number",
            "zh-Hant": "國際銀行帳戶號碼",
            "zh-Hans": "国际银行账户号码",
        },
        "ADDRESS": {"en": "postal address", "zh-Hant": "地址", "zh-Hans": "地址"},
    }
)
