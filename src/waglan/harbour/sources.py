"""Whom and what the sample bank's models come from: two vendors, two sources of data."""

from __future__ import annotations

from hashlib import sha256

from waglan.core.events import DataSource, Vendor
from waglan.harbour.applications import SOURCES
from waglan.harbour.models import PAST_DATA, SCORING, VALIDATOR
from waglan.harbour.period import DAY_MS

BUREAU = "syn-bureau"


def vendors(first_ms: int, gaps: bool) -> tuple[Vendor, ...]:
    """The host of the first model, and a bureau; with ``gaps`` its review is overdue and its contract incomplete."""
    return (
        Vendor(
            audit_right=True, contract_until=first_ms + 500 * DAY_MS, exit_plan="exit-plan-scoring", id=SCORING,
            legal_entity="SYN Scoring Limited", next_review=first_ms + 275 * DAY_MS, no_training=True, region="HK",
            reviewed_at=first_ms - 90 * DAY_MS, service="Runs a scorecard that the bank provides",
            sub_processors=("SYN Data Centre, Tseung Kwan O",), substitute="credit.standby.scorecard",
        ),
        Vendor(
            audit_right=not gaps, contract_until=first_ms + 200 * DAY_MS,
            exit_plan="" if gaps else "exit-plan-scoring", id=BUREAU, legal_entity="SYN Bureau Limited",
            next_review=first_ms + (12 if gaps else 300) * DAY_MS, no_training=True, region="HK",
            reviewed_at=first_ms - (353 if gaps else 65) * DAY_MS, service="Repayment records of applicants",
            substitute="" if gaps else SCORING,
        ),
    )  # fmt: skip


def data_sources(first_ms: int, gaps: bool) -> tuple[DataSource, ...]:
    """What the models learned from, with its card; and the bureau's records, whose card is missing with ``gaps``."""
    cards = [sha256(f"{each} {VALIDATOR} {SOURCES}".encode()).hexdigest() for each in (PAST_DATA, BUREAU)]
    return (
        DataSource(
            balanced=True, card_digest=cards[0], id=PAST_DATA, licence="own records", personal=True,
            purposes=("credit_assessment",), region="HK", reviewed_at=first_ms - 5 * DAY_MS,
            expires_at=first_ms + 360 * DAY_MS, title="Past applicants and who repaid",
        ),
        DataSource(
            balanced=None if gaps else True, card_digest="" if gaps else cards[1], id="bureau-records",
            licence="contract SYN-B-7", personal=True, purposes=("credit_assessment",), region="HK",
            reviewed_at=first_ms - (353 if gaps else 65) * DAY_MS, title="Repayment records", vendor=BUREAU,
        ),
    )  # fmt: skip
