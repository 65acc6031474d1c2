"""Applications for credit: who applies when, with which figures, and the row and the question a front office sends."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from waglan.harbour.applicants import EMPLOYMENT, PURPOSES, Applicants, draw_applicants, draw_outcomes
from waglan.harbour.names import Ints
from waglan.harbour.period import Period, draw_times
from waglan.harbour.remarks import draw_remarks
from waglan.harbour.sample import SampleBank, stream
from waglan.runtime.ask import Ask

USE_CASE = "credit"
OF_THE_LOAN = frozenset({"purpose", "amount", "term", "defaulted", "recorded"})
"""What differs between two applications of one person; all else is the person's."""
PER_BATCH = 40
MOST_BATCHES = 90
NOTICE = "SYN-PICS-2026-01"
NO_CONSENT, NO_NOTICE = 0.006, 0.002
SOURCES = ("syn-branch", "syn-mobile", "syn-web")
SOURCE_SHARES = (0.22, 0.48, 0.30)


class Applications(NamedTuple):
    """In order of time.

    Attributes
    ----------
    figures
        A row per application.
    who
        Shape (n,): which of the bank's people applies.
    at_ms
        Shape (n,): when, milliseconds since 1970 UTC.
    """

    figures: Applicants
    who: Ints
    at_ms: Ints


class Batch(NamedTuple):
    """Cases that a system hands over at one time: JSON rows, and how each comes."""

    at_ms: int
    use_case: str
    rows: tuple[dict[str, Any], ...]
    asks: tuple[Ask, ...]


def draw_applications(bank: SampleBank, n: int, span: Period) -> Applications:
    """N applications; where there are more of them than people, some apply again later."""
    rng = stream(bank.seed, "applications")
    people = len(bank.people)
    who = np.concatenate([rng.permutation(people)[:n], rng.integers(0, people, max(0, n - people))])
    who = rng.permutation(who)
    loans = draw_applicants(n, rng)
    own = {name: column[who] for name, column in bank.figures._asdict().items() if name not in OF_THE_LOAN}
    figures = draw_outcomes(loans._replace(**own), rng)
    slots = min(MOST_BATCHES, max(30, n // PER_BATCH))
    return Applications(figures, who, draw_times(n, span, rng, slots))


def batches(bank: SampleBank, applications: Applications, actor: str = "") -> tuple[Batch, ...]:
    """The applications as a front office hands them over; ``actor`` is the id of its key."""
    rng = stream(bank.seed, "asking")
    n = applications.who.size
    people = [bank.people[at] for at in applications.who.tolist()]
    rows = credit_rows(applications.figures, [p.reference for p in people])
    for row, person, remark in zip(rows, people, draw_remarks(people, rng), strict=True):
        row["sex"], row["age"], row["district"] = person.sex, person.age, person.district
        if remark:
            row["remark"] = remark
    source = rng.choice(len(SOURCES), n, p=SOURCE_SHARES).tolist()
    consent, notice = (rng.random(n) >= NO_CONSENT).tolist(), (rng.random(n) >= NO_NOTICE).tolist()
    counts = [0] * len(SOURCES)
    asks = []
    for at, person in enumerate(people):
        counts[source[at]] += 1
        asks.append(
            Ask(
                channel="python",
                language=person.language,
                consent_ref=f"SYN-CONSENT-{at + 1:07d}" if consent[at] else "",
                notice_id=NOTICE if notice[at] else "",
                source=SOURCES[source[at]],
                source_seq=counts[source[at]],
                actor=actor,
            )
        )
    edges = np.flatnonzero(np.diff(applications.at_ms, prepend=-1, append=-1)).tolist()
    times = applications.at_ms.tolist()
    return tuple(Batch(times[a], USE_CASE, tuple(rows[a:b]), tuple(asks[a:b])) for a, b in pairwise(edges))


def credit_rows(figures: Applicants, references: list[str]) -> list[dict[str, Any]]:
    """JSON rows for the use case's manifest; what is missing is left out."""
    columns: dict[str, list[Any]] = {
        "applicant_id": references,
        "employment": [EMPLOYMENT[at] for at in figures.employment.tolist()],
        "years_employed": figures.years_employed.tolist(),
        "monthly_income_hkd": _whole(figures.income_told.tolist()),
        "existing_debt_hkd": figures.debt.tolist(),
        "purpose": [PURPOSES[at] for at in figures.purpose.tolist()],
        "requested_amount_hkd": figures.amount.tolist(),
        "term_months": figures.term.tolist(),
        "late_payments_12m": figures.late.tolist(),
        "months_since_late": _whole(figures.since_late.tolist()),
        "card_utilisation": figures.utilisation.tolist(),
        "years_with_bank": figures.years_with_bank.tolist(),
        "payroll_account": figures.payroll.tolist(),
    }
    names = tuple(columns)
    return [
        {name: value for name, value in zip(names, row, strict=True) if value == value}  # noqa: PLR0124 - drops NaN
        for row in zip(*columns.values(), strict=True)
    ]


def _whole(values: list[float]) -> list[Any]:
    return [v if v != v else int(v) for v in values]  # noqa: PLR0124 - NaN is what differs from itself
