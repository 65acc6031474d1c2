"""What is to happen at the sample bank, as a value that scenarios change before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from waglan.harbour.applications import Applications, Batch, draw_applications
from waglan.harbour.period import Period, period
from waglan.harbour.sample import SEED, SampleBank, draw_bank
from waglan.harbour.staff import REVIEWERS

REPEATS = 0.07
"""The share of applications by somebody who applied before."""


class Past(NamedTuple):
    """The past applicants that models learn from.

    Attributes
    ----------
    rows
        How many.
    biased
        Whether their recorded outcome is.
    approve_rate
        The share of them that the models' cut-offs let through; few are refused, since people look at every refusal.
    """

    rows: int = 7_000
    biased: bool = False
    approve_rate: float = 0.992


class Outage(NamedTuple):
    """A model's host is down from one time to another, milliseconds since 1970 UTC."""

    model: str
    from_ms: int
    until_ms: int


class Plan(NamedTuple):
    """The bank and its month.

    Attributes
    ----------
    bank, span
        Who, and when.
    past
        What models learn from.
    applications
        Who applies for credit.
    batches
        Cases of other use cases, which their own scenarios bring.
    outages
        When models can't be reached.
    habits
        Reviewer's key to a name in `waglan.harbour.habits.HABITS`.
    gaps
        Whom the registers have gaps about: keys of employees, ids of vendors; empty where all is in order.
    """

    bank: SampleBank
    span: Period
    past: Past
    applications: Applications
    batches: tuple[Batch, ...]
    outages: tuple[Outage, ...]
    habits: Mapping[str, str]
    gaps: tuple[str, ...] = ()


def quiet_plan(applications: int, until_ms: int, seed: int = SEED) -> Plan:
    """A month in which nothing goes wrong; equal arguments give equal plans."""
    bank = draw_bank(max(1, round(applications * (1 - REPEATS))), seed)
    span = period(until_ms)
    return Plan(
        bank=bank,
        span=span,
        past=Past(),
        applications=draw_applications(bank, applications, span),
        batches=(),
        outages=(),
        habits=dict.fromkeys(REVIEWERS, "careful"),
    )
