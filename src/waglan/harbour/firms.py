"""Firms that bank with the sample bank: names in two languages, numbers that no register gives out."""

from __future__ import annotations

import msgspec
import numpy as np

from waglan.harbour.applicants import DISTRICT_WEIGHTS, DISTRICTS

STEMS = (
    ("Kwong Fat", "廣發達"), ("Wing Tai", "永泰昌"), ("Sun Hing", "新興隆"), ("Tak Shing", "德成行"),
    ("Hop Lee", "合利源"),
    ("Ka Wah", "嘉華盛"), ("Tai Ping", "太平順"), ("Man Cheong", "萬昌和"), ("Yau Kee", "友記祥"),
    ("Hang Fung", "恆豐泰"),
    ("Lok Fu", "樂富安"), ("On Tat", "安達通"), ("Kin Yip", "建業興"), ("Ming Fai", "明輝耀"), ("Shing Wo", "誠和信"),
)  # fmt: skip
SECTORS = (
    ("trading", "Trading", "貿易", 0.24),
    ("retail", "Retail", "零售", 0.17),
    ("catering", "Catering", "飲食", 0.13),
    ("logistics", "Logistics", "物流", 0.12),
    ("construction", "Engineering", "工程", 0.10),
    ("textiles", "Textiles", "紡織", 0.08),
    ("electronics", "Electronics", "電子", 0.08),
    ("services", "Services", "服務", 0.08),
)
EMPLOYEES_MEDIAN = 7.0


class Firm(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A small or medium firm.

    Attributes
    ----------
    reference
        ``SYN-F…``.
    registration
        Eight digits and a branch, as a business registration number is written, behind the letters SYN.
    employees
        How many, at least 1 and below 100 (fewer than 100 in manufacturing is Hong Kong's definition of an SME).
    turnover_hkd
        Of a year, Hong Kong dollars.
    """

    reference: str
    name_en: str
    name_zh: str
    registration: str
    sector: str
    district: str
    employees: int
    turnover_hkd: int


def draw_firms(n: int, rng: np.random.Generator) -> tuple[Firm, ...]:
    """N firms with different names and numbers; equal states give equal firms."""
    stem, sector = rng.integers(0, len(STEMS), n), rng.choice(len(SECTORS), n, p=[each[3] for each in SECTORS])
    district = rng.choice(len(DISTRICTS), n, p=np.array(DISTRICT_WEIGHTS) / sum(DISTRICT_WEIGHTS))
    employees = np.clip(np.exp(rng.normal(np.log(EMPLOYEES_MEDIAN), 0.9, n)), 1, 99).astype(np.int64)
    turnover = (employees * 900_000 * np.exp(rng.normal(0.0, 0.6, n)) // 10_000 * 10_000).astype(np.int64)
    rows = zip(*(each.tolist() for each in (stem, sector, district, employees, turnover)), strict=True)
    return tuple(
        [
            Firm(
                reference=f"SYN-F{at:06d}",
                name_en=f"SYN {STEMS[s][0]} {SECTORS[trade][1]} ({at}) Limited",
                name_zh=f"{STEMS[s][1]}{SECTORS[trade][2]}（樣本{at}）有限公司",
                registration=f"SYN{90_000_000 + at:08d}-000",
                sector=SECTORS[trade][0],
                district=DISTRICTS[place],
                employees=people,
                turnover_hkd=money,
            )
            for at, (s, trade, place, people, money) in enumerate(rows, 1)
        ]
    )
