"""What people write beside an application, in their language; some write identifiers that no model should see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from waglan.core.case import Language
from waglan.harbour.people import Person

REMARK_SHARE = 0.30
IDENTIFIER_SHARE = 0.06
PLAIN: Mapping[Language, tuple[str, ...]] = MappingProxyType(
    {
        "en": (
            "Please call after 6 pm.",
            "Repeat customer.",
            "Would like the lowest instalment.",
            "Transferred from the branch.",
        ),
        "zh-Hant": (
            "希望盡快批核。",
            "請於辦公時間後致電。",
            "還款由薪金戶口自動轉賬。",
            "客戶查詢提早還款手續費。",
        ),
        "zh-Hans": ("希望尽快批核。", "请在下班后致电。", "还款由工资账户自动转账。", "想了解提前还款的手续费。"),
    }
)  # fmt: skip
TELLING: Mapping[Language, tuple[str, ...]] = MappingProxyType(
    {
        "en": ("HKID {hkid}", "My identity card number is {hkid}, thanks.", "Reach me at {email}"),
        "zh-Hant": ("身份證號碼：{hkid}", "電郵 {email}", "本人身份證 {hkid}，請核對。"),
        "zh-Hans": ("身份证号码：{hkid}", "邮箱 {email}"),
    }
)


def draw_remarks(people: Sequence[Person], rng: np.random.Generator) -> list[str]:
    """A remark for each, empty for most; identifiers are the writer's own made-up ones."""
    n = len(people)
    says, tells = (rng.random(n) < REMARK_SHARE).tolist(), (rng.random(n) < IDENTIFIER_SHARE).tolist()
    plain, telling = rng.random(n).tolist(), rng.random(n).tolist()
    found = []
    for at, person in enumerate(people):
        parts = []
        if says[at]:
            known = PLAIN[person.language]
            parts.append(known[int(plain[at] * len(known))])
        if tells[at]:
            forms = TELLING[person.language]
            parts.append(forms[int(telling[at] * len(forms))].format(hkid=person.hkid, email=person.email))
        found.append(" ".join(parts))
    return found
