"""Accounts: who holds which, since when, and what is on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np

from waglan.harbour.applicants import Applicants
from waglan.harbour.firms import Firm
from waglan.harbour.people import Person

Kind = Literal["savings", "payroll", "credit_card", "business"]
SAVERS = 0.85
CARD_HOLDERS = 0.55


class Account(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An account.

    Attributes
    ----------
    number
        ``SYN-000-…``: bank code 000 is nobody's.
    holder
        A person's or a firm's reference.
    years
        Since it was opened.
    balance_hkd
        Hong Kong dollars; what is owed on a card is below zero.
    """

    number: str
    holder: str
    kind: Kind
    years: float
    balance_hkd: int


def draw_accounts(
    people: Sequence[Person], figures: Applicants, firms: Sequence[Firm], rng: np.random.Generator
) -> tuple[Account, ...]:
    """Accounts of people and firms; equal states give equal accounts.

    A salary account exists where the figures say that the salary is paid in here, and nobody holds an account for
    longer than the figures say they have been with the bank.
    """
    n = len(people)
    months = np.exp(rng.normal(0.6, 1.0, n))
    balance = (figures.income * months // 10 * 10).astype(np.int64)
    owed = (figures.income * 2.5 * figures.utilisation // 10 * 10).astype(np.int64)
    holders = [person.reference for person in people]
    years = figures.years_with_bank.tolist()
    kinds: tuple[tuple[Kind, list[bool], list[int]], ...] = (
        ("payroll", figures.payroll.tolist(), balance.tolist()),
        ("savings", (~figures.payroll | (rng.random(n) < SAVERS)).tolist(), (balance // 3).tolist()),
        ("credit_card", (rng.random(n) < CARD_HOLDERS).tolist(), (-owed).tolist()),
    )
    found = [
        (holder, kind, held, money)
        for kind, has, amounts in kinds
        for holder, held, yes, money in zip(holders, years, has, amounts, strict=True)
        if yes
    ]
    age = np.round(rng.exponential(8.0, len(firms)), 1).tolist()
    money = [firm.turnover_hkd // 12 for firm in firms]
    found += [(f.reference, "business", held, cash) for f, held, cash in zip(firms, age, money, strict=True)]
    return tuple(
        [
            Account(number=f"SYN-000-{at:09d}", holder=holder, kind=kind, years=held, balance_hkd=cash)
            for at, (holder, kind, held, cash) in enumerate(found, 1)
        ]
    )
