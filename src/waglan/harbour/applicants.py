"""Applicants of a sample bank in Hong Kong, seeded, with a planted relation and a planted bias.

Nobody in it exists. Subjects are ``SYN-…``; the identity card numbers planted in some remarks carry a valid check
digit on the prefix ``QQ``, which has never been issued [known], and e-mail addresses lie under example.com.

What is planted, for tests to find:

- **Relation.** `true_log_odds` is what default depends on: late payments, use of card limits, debt and instalment
  against income, years employed, employment, payroll account. Sex, age and district have no effect of their own.
- **Bias.** The recorded ``default`` of women is wrong: `BIASED_SHARE` of those who repaid are recorded as defaulted,
  `BIASED_SHARE_CARE` in ``care_and_domestic`` work. Nearly all people in that work are women, so a model that never
  sees sex learns the bias through employment.
- **Gaps.** Income is missing for some self-employed people, years employed for the retired, months since the last
  late payment where there was none.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

COLUMNS = (
    "applicant_id", "applied_on", "age", "sex", "district", "employment", "years_employed", "monthly_income_hkd",
    "existing_debt_hkd", "purpose", "requested_amount_hkd", "term_months", "late_payments_12m", "months_since_late",
    "card_utilisation", "years_with_bank", "payroll_account", "remark", "default",
)  # fmt: skip
EMPLOYMENT = ("salaried", "public_sector", "self_employed", "care_and_domestic", "retired", "student")
EMPLOYMENT_RISK = (0.0, -0.55, 0.45, 0.05, -0.10, 0.35)
BIASED_SHARE, BIASED_SHARE_CARE = 0.06, 0.30
IDENTIFIER_SHARE = 0.06
PREFIX = "QQ"
DISTRICTS = (
    "Central and Western", "Eastern", "Southern", "Wan Chai", "Kowloon City", "Kwun Tong", "Sham Shui Po",
    "Wong Tai Sin", "Yau Tsim Mong", "Islands", "Kwai Tsing", "North", "Sai Kung", "Sha Tin", "Tai Po", "Tsuen Wan",
    "Tuen Mun", "Yuen Long",
)  # fmt: skip
DISTRICT_WEIGHTS = (31, 73, 36, 23, 58, 93, 59, 57, 43, 27, 69, 46, 68, 96, 44, 45, 70, 92)
PURPOSES = ("tax", "renovation", "debt_consolidation", "education", "medical", "travel", "other")
REMARKS = (
    "", "", "", "Please call after 6 pm.", "Repeat customer.", "Would like the lowest instalment.", "希望盡快批核。",
    "請於辦公時間後致電。", "還款由薪金戶口自動轉賬。", "Transferred from the branch.", "客戶查詢提早還款手續費。",
)  # fmt: skip
PLANTED = (
    "HKID {hkid}",
    "身份證號碼：{hkid}",
    "My card number is {hkid}, thanks.",
    "電郵 {mail}",
    "Reach me at {mail}",
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Applicants(NamedTuple):
    """The people as columns, each of shape (n,); text as positions in the tuples above, missing as NaN."""

    age: Ints
    woman: npt.NDArray[np.bool_]
    district: Ints
    employment: Ints
    years_employed: Floats
    income: Floats
    income_told: Floats
    debt: Ints
    purpose: Ints
    amount: Ints
    term: Ints
    late: Ints
    since_late: Floats
    utilisation: Floats
    years_with_bank: Floats
    payroll: npt.NDArray[np.bool_]
    defaulted: npt.NDArray[np.bool_]
    recorded: npt.NDArray[np.bool_]


def draw_applicants(n: int, rng: np.random.Generator) -> Applicants:
    """Draw n people; the same generator state gives the same people."""
    age = np.clip(rng.gamma(9.0, 4.6, n), 18, 84).astype(np.int64)
    woman = rng.random(n) < 0.54
    employment = _employment(age, woman, rng)
    working = ~np.isin(employment, (EMPLOYMENT.index("retired"), EMPLOYMENT.index("student")))
    years: Floats = np.where(working, np.minimum(rng.exponential(6.0, n), np.maximum(age - 18.0, 0.0)), np.nan)
    level = np.array([20_500, 31_000, 19_500, 15_500, 9_000, 6_000])[employment]
    income = np.round(level * np.exp(rng.normal(0.0, 0.45, n)) / 100) * 100
    hidden = (employment == EMPLOYMENT.index("self_employed")) & (rng.random(n) < 0.30)
    debt = (np.where(rng.random(n) < 0.25, 0.0, income * rng.gamma(1.4, 3.0, n)) // 100 * 100).astype(np.int64)
    amount = (np.maximum(income * rng.gamma(2.2, 2.0, n), 5_000) // 1_000 * 1_000).astype(np.int64)
    strain = rng.normal(0.0, 1.0, n)
    late = rng.poisson(np.exp(-1.5 + 0.8 * strain)).clip(0, 12)
    people = Applicants(
        age=age,
        woman=woman,
        district=rng.choice(len(DISTRICTS), n, p=np.array(DISTRICT_WEIGHTS) / sum(DISTRICT_WEIGHTS)),
        employment=employment,
        years_employed=np.round(years, 1),
        income=income,
        income_told=np.where(hidden, np.nan, income),
        debt=debt,
        purpose=rng.choice(len(PURPOSES), n, p=[0.22, 0.16, 0.17, 0.12, 0.08, 0.13, 0.12]),
        amount=amount,
        term=rng.choice([6, 12, 18, 24, 36, 48, 60], n, p=[0.06, 0.24, 0.1, 0.24, 0.18, 0.1, 0.08]),
        late=late,
        since_late=np.where(late > 0, rng.integers(0, 12, n), np.nan),
        utilisation=np.round(1.15 / (1.0 + np.exp(1.1 - 0.9 * strain - rng.normal(0.0, 0.9, n))), 2),
        years_with_bank=np.round(np.minimum(rng.exponential(7.0, n), np.maximum(age - 12.0, 0.0)), 1),
        payroll=working & (rng.random(n) < 0.38),
        defaulted=np.zeros(n, dtype=np.bool_),
        recorded=np.zeros(n, dtype=np.bool_),
    )
    return draw_outcomes(people, rng)


def draw_outcomes(people: Applicants, rng: np.random.Generator) -> Applicants:
    """The same people with who defaults by the planted relation, and who is recorded so with the planted bias."""
    n = people.age.size
    defaulted = rng.random(n) < 1.0 / (1.0 + np.exp(-true_log_odds(people)))
    share = np.where(people.employment == EMPLOYMENT.index("care_and_domestic"), BIASED_SHARE_CARE, BIASED_SHARE)
    recorded = defaulted | (people.woman & (rng.random(n) < share))
    return people._replace(defaulted=defaulted, recorded=recorded)


def _employment(age: Ints, woman: npt.NDArray[np.bool_], rng: np.random.Generator) -> Ints:
    draw, care = rng.random(age.size), rng.random(age.size) < np.where(woman, 0.30, 0.02)
    found = np.select([draw < 0.62, draw < 0.78], [0, 1], 2)
    found = np.where(care, EMPLOYMENT.index("care_and_domestic"), found)
    found = np.where((age >= 62) & (rng.random(age.size) < 0.8), EMPLOYMENT.index("retired"), found)
    return np.where((age <= 22) & (rng.random(age.size) < 0.5), EMPLOYMENT.index("student"), found).astype(np.int64)


def true_log_odds(people: Applicants) -> Floats:
    """ln(odds of default) by the planted relation; sex, age and district don't enter."""
    burden = (people.amount / people.term + 0.03 * people.debt) / np.maximum(people.income, 1_000)
    years = np.nan_to_num(people.years_employed, nan=4.0)
    found: Floats = (
        -3.40
        + 0.85 * np.minimum(people.late, 5)
        - 0.05 * np.nan_to_num(people.since_late, nan=0.0)
        + 2.60 * people.utilisation
        + 2.40 * np.log1p(burden)
        - 0.08 * np.minimum(years, 12.0)
        - 0.60 * people.payroll
        - 0.04 * np.minimum(people.years_with_bank, 15.0)
        + np.array(EMPLOYMENT_RISK)[people.employment]
    )
    return found


def check_digit(prefix: str, digits: str) -> str:
    """The check digit of an identity card number of one or two letters and six digits.

    Weights 9 to 2 from the left (a blank first letter counts 36), letters A = 10 … Z = 35; the weighted sum with the
    digit itself is divisible by 11, ten being written A.
    """
    values = [36 if c == " " else ord(c) - 55 for c in prefix.rjust(2)] + [int(d) for d in digits]
    rest = -sum(w * v for w, v in zip(range(9, 1, -1), values, strict=True)) % 11
    return "A" if rest == 10 else str(rest)


def write_applicants(path: Path, n: int, seed: int, *, biased: bool = True) -> None:
    """Write a CSV of n applicants with their recorded outcome; equal seeds give equal bytes.

    Parameters
    ----------
    path
        The file, UTF-8, replaced where it exists.
    n
        How many, at least 1.
    seed
        Of numpy's default generator.
    biased
        Whether the outcome is the recorded one with the planted bias, or the true one.
    """
    rng = np.random.default_rng(seed)
    people = draw_applicants(n, rng)
    if not biased:
        people = people._replace(recorded=people.defaulted)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_rows(people, rng))


def _rows(p: Applicants, rng: np.random.Generator) -> list[tuple[Any, ...]]:
    n = p.age.size
    days = np.datetime_as_string(np.datetime64("2023-01-01") + rng.integers(0, 730, n).astype("timedelta64[D]"))
    remarks = _remarks(n, rng)
    return list(
        zip(
            [f"SYN-{at:07d}" for at in range(1, n + 1)],
            days.tolist(),
            p.age.tolist(),
            ["F" if w else "M" for w in p.woman.tolist()],
            [DISTRICTS[d] for d in p.district.tolist()],
            [EMPLOYMENT[e] for e in p.employment.tolist()],
            _blank(p.years_employed.tolist(), float),
            _blank(p.income_told.tolist(), int),
            p.debt.tolist(),
            [PURPOSES[u] for u in p.purpose.tolist()],
            p.amount.tolist(),
            p.term.tolist(),
            p.late.tolist(),
            _blank(p.since_late.tolist(), int),
            p.utilisation.tolist(),
            p.years_with_bank.tolist(),
            ["true" if y else "false" for y in p.payroll.tolist()],
            remarks,
            p.recorded.astype(np.int64).tolist(),
            strict=True,
        )
    )


def _blank(values: list[float], kind: type[int] | type[float]) -> list[Any]:
    return ["" if v != v else kind(v) for v in values]  # noqa: PLR0124 - NaN is what differs from itself


def _remarks(n: int, rng: np.random.Generator) -> list[str]:
    plain = rng.integers(0, len(REMARKS), n).tolist()
    planted = (rng.random(n) < IDENTIFIER_SHARE).tolist()
    which = rng.integers(0, len(PLANTED), n).tolist()
    digits = rng.integers(0, 1_000_000, n).tolist()
    found = []
    for at, has, form, number in zip(plain, planted, which, digits, strict=True):
        text = REMARKS[at]
        if has:
            six = f"{number:06d}"
            hkid = f"{PREFIX}{six}({check_digit(PREFIX, six)})"
            text = f"{text} {PLANTED[form].format(hkid=hkid, mail=f'syn{number}@example.com')}".strip()
        found.append(text)
    return found
