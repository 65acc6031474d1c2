"""The bank's customers: who they are, told apart from the figures that a model sees.

Nobody in it exists, and nobody can be reached. Identity card numbers have a valid check digit on the prefix ``QQ``,
which has never been issued [known]; telephone numbers begin with 01, with which no subscriber's number begins
[known: OFCA's numbering plan gives levels 2 to 9 to subscribers]; e-mail addresses lie under example.com (RFC 2606).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np

from waglan.core.case import Language
from waglan.harbour.applicants import DISTRICTS, EMPLOYMENT, PREFIX, Applicants, check_digit
from waglan.harbour.names import ORIGINS, Ints, Name, Origin, draw_names
from waglan.harbour.places import OCCUPATIONS

ORIGIN_SHARES = (0.86, 0.10, 0.04)
LANGUAGES: tuple[Language, ...] = ("zh-Hant", "en", "zh-Hans")
LANGUAGE_SHARES = ((0.86, 0.13, 0.01), (0.12, 0.06, 0.82), (0.03, 0.97, 0.0))
"""Per origin, in the order of `LANGUAGES`."""
NUMBERS = 1_000_000
STRIDE = 611_953
"""No common divisor with `NUMBERS`, so steps of it visit every number once."""


class Person(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A customer.

    Attributes
    ----------
    reference
        ``SYN-…``: what the bank's systems call the person; the vault keeps it off the log.
    name_en, name_zh
        Surname first; no Chinese name where there is none. Mainland names are in simplified characters.
    district, employment, occupation
        In the manifest's words, and the code of an `Occupation`.
    hkid, phone, email
        Made so that they can belong to nobody.
    """

    reference: str
    name_en: str
    name_zh: str
    origin: Origin
    language: Language
    sex: Literal["F", "M"]
    age: int
    district: str
    employment: str
    occupation: str
    hkid: str
    phone: str
    email: str


def draw_people(figures: Applicants, rng: np.random.Generator) -> tuple[Person, ...]:
    """A person for each row of figures (at most `NUMBERS`); equal states give equal people.

    Age, sex, district and employment are the row's; the occupation goes with its income.
    """
    n = figures.age.size
    origin = rng.choice(len(ORIGINS), n, p=ORIGIN_SHARES)
    names = draw_names(figures.woman, origin, rng)
    language = (rng.random(n)[:, None] >= np.cumsum(np.array(LANGUAGE_SHARES)[origin], axis=1)).sum(axis=1).clip(0, 2)
    jobs = _occupations(figures, rng)
    cards, phones = _numbers(n, rng), _numbers(n, rng)
    rows = zip(
        names,
        *(each.tolist() for each in (origin, language, figures.woman, figures.age, figures.district)),
        figures.employment.tolist(),
        jobs,
        cards,
        phones,
        strict=True,
    )
    return tuple(
        [
            Person(
                reference=f"SYN-{at:07d}",
                name_en=name.en,
                name_zh=name.zh,
                origin=ORIGINS[where],
                language=LANGUAGES[tongue],
                sex="F" if woman else "M",
                age=age,
                district=DISTRICTS[district],
                employment=EMPLOYMENT[employment],
                occupation=job,
                hkid=_hkid(card),
                phone=f"+852 01{phone // 10_000:02d} {phone % 10_000:04d}",
                email=_email(name, at),
            )
            for at, (name, where, tongue, woman, age, district, employment, job, card, phone) in enumerate(rows, 1)
        ]
    )


def _occupations(figures: Applicants, rng: np.random.Generator) -> Sequence[str]:
    """Within an employment, the better paid an occupation is, the higher its people's incomes lie."""
    codes = np.empty(figures.age.size, dtype=object)
    for at, known in enumerate(OCCUPATIONS):
        rows = np.flatnonzero(figures.employment == at)
        if rows.size == 0:
            continue
        standing = np.log(figures.income[rows]) + rng.normal(0.0, 0.15, rows.size)
        rank = np.empty(rows.size)
        rank[np.argsort(standing, kind="stable")] = np.arange(rows.size) / rows.size
        codes[rows] = np.array([job.code for job in known], dtype=object)[(rank * len(known)).astype(np.int64)]
    found: list[str] = codes.tolist()
    return found


def _numbers(n: int, rng: np.random.Generator) -> list[int]:
    """N different numbers of six digits in no visible order."""
    steps: Ints = (int(rng.integers(NUMBERS)) + STRIDE * np.arange(n, dtype=np.int64)) % NUMBERS
    found: list[int] = steps.tolist()
    return found


def _hkid(number: int) -> str:
    six = f"{number:06d}"
    return f"{PREFIX}{six}({check_digit(PREFIX, six)})"


def _email(name: Name, at: int) -> str:
    return f"syn.{name.en.lower().replace(' ', '.')}.{at}@example.com"
