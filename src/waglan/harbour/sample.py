"""The sample bank as a value: a pure function of a seed and a number of people."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from waglan.harbour.accounts import Account, draw_accounts
from waglan.harbour.applicants import Applicants, draw_applicants
from waglan.harbour.firms import Firm, draw_firms
from waglan.harbour.people import Person, draw_people
from waglan.harbour.staff import STAFF, Employee

NAME_EN, NAME_ZH = "Harbour Sample Bank (SYN)", "港灣樣本銀行（SYN）"
SEED = 20_261_121
PEOPLE_PER_FIRM = 20
_STREAMS = ("figures", "people", "firms", "accounts", "applications", "asking")


class SampleBank(NamedTuple):
    """Customers with their figures (row i is person i), firms, accounts and staff. Nobody in it exists."""

    seed: int
    people: tuple[Person, ...]
    figures: Applicants
    firms: tuple[Firm, ...]
    accounts: tuple[Account, ...]
    staff: tuple[Employee, ...]


def stream(seed: int, part: str) -> np.random.Generator:
    """The randomness of one part, so that a change to a part leaves the others as they were."""
    return np.random.default_rng((seed, _STREAMS.index(part)))


def draw_bank(people: int, seed: int = SEED) -> SampleBank:
    """The bank with so many customers; equal arguments give equal banks."""
    figures = draw_applicants(people, stream(seed, "figures"))
    persons = draw_people(figures, stream(seed, "people"))
    firms = draw_firms(max(1, people // PEOPLE_PER_FIRM), stream(seed, "firms"))
    accounts = draw_accounts(persons, figures, firms, stream(seed, "accounts"))
    return SampleBank(seed, persons, figures, firms, accounts, STAFF)
