"""``[review]`` of ``waglan.toml``: how soon, how closely, and who is told."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

import msgspec

from waglan.core.problem import Problem
from waglan.core.usecase import Tier
from waglan.runtime.settings import section

Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Hours = Annotated[int, msgspec.Meta(ge=1, le=24 * 365)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=24 * 3_600)]
HOURS = MappingProxyType({"low": 120, "medium": 72, "high": 24, "critical": 4, "request": 72})
SAMPLE = MappingProxyType({"low": 0.001, "medium": 0.01, "high": 0.02, "critical": 0.0})
TIERS: tuple[Tier, ...] = ("low", "medium", "high", "critical")


class ReviewSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How reviews are run here.

    Attributes
    ----------
    deadline_hours
        Per tier, and for a customer's ``request``: how long until a review is overdue; `HOURS` where it isn't said.
    sample
        Per tier: the share of automatic decisions that a person looks at afterwards, `SAMPLE` where it isn't said; a
        manifest's own goes first.
    four_eyes
        Tiers in which every release needs two people, beyond what the rule asks.
    seeded_share
        The share of cases with a known wrong answer among a use case's reviews; rounds plant them. 0 plants none.
    lease_minutes
        How long a case stays with who took it.
    grace_seconds
        How long one's own verdict can be taken back.
    fresh_minutes
        A critical release needs a passkey's approval, or a sign-in that is no older.
    careful_catch, reading_seconds, attention_alpha
        What a careful reviewer catches at least, what time a case takes at least to read, and how often in all a
        reviewer may be judged wrongly; see `waglan.review.attention`.
    public_url
        Where people reach the console, for links: ``https://waglan.bank.example``.
    smtp_host, smtp_port, smtp_tls, smtp_user, smtp_password, mail_from
        The mail server; without a host nothing is mailed. ``smtp_tls`` is ``starttls``, ``tls`` or ``none``; give the
        password as ``WAGLAN_REVIEW__SMTP_PASSWORD``.
    mail_minutes
        Nobody gets a mail more often than this.
    webhooks, webhook_secret
        HTTPS addresses that are told of events, and the key of their signature.
    webhook_private, webhook_loopback
        Whether a webhook may lie on a private network, or on this machine (then without TLS as well).
    """

    deadline_hours: dict[str, Hours] = {}
    sample: dict[Tier, Share] = {}
    four_eyes: tuple[Tier, ...] = ()
    seeded_share: Share = 0.0
    lease_minutes: Annotated[int, msgspec.Meta(ge=1, le=480)] = 15
    grace_seconds: Seconds = 30
    fresh_minutes: Annotated[int, msgspec.Meta(ge=1, le=60)] = 5
    careful_catch: Share = 0.6
    reading_seconds: Seconds = 10
    attention_alpha: Annotated[float, msgspec.Meta(gt=0.0, le=0.5)] = 0.05
    public_url: str = ""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_tls: str = "starttls"
    smtp_user: str = ""
    smtp_password: str = ""
    mail_from: str = ""
    mail_minutes: Annotated[int, msgspec.Meta(ge=0, le=24 * 60)] = 15
    webhooks: tuple[str, ...] = ()
    webhook_secret: str = ""
    webhook_private: bool = False
    webhook_loopback: bool = False


def read(table: Mapping[str, Any]) -> ReviewSection:
    """The section as checked; a Problem (``settings.*``) says what is wrong."""
    found = section(table, "review", ReviewSection)
    unknown = sorted(found.deadline_hours.keys() - {*TIERS, "request"})
    if unknown:
        raise _wrong("deadline_hours", f"{unknown[0]!r} is neither a tier nor 'request'.")
    if found.smtp_tls not in ("starttls", "tls", "none"):
        raise _wrong("smtp_tls", "It is 'starttls', 'tls' or 'none'.")
    if found.smtp_host and "@" not in found.mail_from:
        raise _wrong("mail_from", "Mail needs a sender's address.")
    if found.webhooks and len(found.webhook_secret) < 16:
        raise _wrong("webhook_secret", "Webhooks are signed with a secret of at least 16 characters.")
    return found


def _wrong(key: str, why: str) -> Problem:
    return Problem(
        f"[review] {key} can't be used.", why, "Correct it in waglan.toml.", code="settings.invalid", where=key
    )
