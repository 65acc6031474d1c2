"""The rules of the queue in force, as they stand on the log: deadlines, samples, and where two people are needed.

Settings can change any day; what they made of an earlier decision must not. So the rules are an event, and a decision's
place in the queue follows from the newest one before it.

References
----------
HKMA, *High-level Principles on Artificial Intelligence* (2019), on human oversight by risk; PCPD, *Model Personal Data
Protection Framework* (2024), on human-in-the-loop and human-in-command.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import ClassVar

import msgspec

from waglan.access.four_eyes import needed
from waglan.core.events import Event
from waglan.core.usecase import Tier
from waglan.review.settings import HOURS, SAMPLE, ReviewSection

HOUR_MS = 3_600_000
PPM = 1_000_000
_PRIORITY = {"critical": 400, "high": 300, "medium": 200, "low": 100}
ADVERSE, SAMPLED = 50, -50
OVERDUE, HANDED_UP = 1_000, 500


class ReviewPolicy(Event, frozen=True, kw_only=True):
    """The rules of the queue from here on; recorded when the settings differ from the last one.

    Attributes
    ----------
    deadline_hours
        Tier (or ``request``) and hours.
    four_eyes
        Tiers whose every release needs two people.
    sample_ppm
        Tier and millionths of its automatic decisions.
    """

    kind: ClassVar[str] = "review_policy"

    deadline_hours: tuple[tuple[str, int], ...]
    four_eyes: tuple[str, ...]
    sample_ppm: tuple[tuple[str, int], ...]


def policy(settings: ReviewSection) -> ReviewPolicy:
    """The rules that settings ask for."""
    hours: dict[str, int] = {**HOURS, **settings.deadline_hours}
    shares: dict[str, float] = dict(SAMPLE)
    shares.update((tier, share) for tier, share in settings.sample.items())
    return ReviewPolicy(
        deadline_hours=tuple(sorted(hours.items())),
        four_eyes=tuple(sorted(settings.four_eyes)),
        sample_ppm=tuple(sorted((tier, round(share * PPM)) for tier, share in shares.items())),
    )


DEFAULT = policy(ReviewSection())
"""In force until another one is recorded."""


class Rules(msgspec.Struct, frozen=True):
    """A policy made ready for use."""

    deadlines: dict[str, int]
    four_eyes: frozenset[str]
    samples: dict[str, int]

    @classmethod
    def of(cls, found: ReviewPolicy) -> Rules:
        """From the event."""
        return cls(dict(found.deadline_hours), frozenset(found.four_eyes), dict(found.sample_ppm))

    def due_ms(self, tier: str, opened_ms: int, *, request: bool = False) -> int:
        """When a review is overdue, milliseconds since 1970 UTC."""
        return opened_ms + self.deadlines["request" if request else tier] * HOUR_MS

    def eyes(self, tier: Tier, adverse: bool | None, verdict: str = "agree") -> int:
        """How many people a release needs.

        What is unknown counts as adverse, and in the tier high a person who turns the answer needs a second one, too:
        else whoever reviews could grant what the model refused.
        """
        turned = tier == "high" and verdict != "agree"
        return 2 if turned or tier in self.four_eyes else needed(tier, adverse is not False)

    def sample_ppm(self, tier: str, own_ppm: int) -> int:
        """The rate of a use case: its manifest's own, else its tier's."""
        return own_ppm or self.samples.get(tier, 0)


def sampled(key: bytes, decision_id: str, ppm: int) -> bool:
    """Whether a decision is in the sample: by a keyed hash, which nobody without the key can foresee."""
    drawn = int.from_bytes(blake2b(decision_id.encode("ascii"), key=key, digest_size=8).digest(), "big")
    return drawn % PPM < ppm


def priority(tier: str, adverse: bool | None, *, sample: bool) -> int:
    """Where a review stands in the queue; larger comes first. Escalations add `OVERDUE` and `HANDED_UP`."""
    return _PRIORITY.get(tier, _PRIORITY["critical"]) + (ADVERSE if adverse else 0) + (SAMPLED if sample else 0)
