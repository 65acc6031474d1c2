"""What was answered: by which models, with what confidence, against which limits, for which reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from waglan.console.pages.decisions.case import title
from waglan.console.pages.decisions.record import Opened, Record
from waglan.core.case import Language
from waglan.core.outcome import ModelUse, Outcome
from waglan.core.usecase import UseCase

THRESHOLDS = "output.thresholds"


class Asked(NamedTuple):
    """A model that was asked; ``rank`` counts from 1 within its slot, None where the slot isn't open."""

    id: str
    version: str
    digest: str
    provider: str
    region: str
    answered: bool
    slot: str = ""
    rank: int | None = None
    latency_us: int | None = None


class Limits(NamedTuple):
    """The limits that the manifest sets for answers; None where it sets none. Money in Hong Kong dollars."""

    minimum_confidence: float | None = None
    maximum_stakes_hkd: float | None = None
    band_low: float | None = None
    band_high: float | None = None


class Ground(NamedTuple):
    """A reason as it is shown; ``share`` is its weight against the heaviest, 0 to 1."""

    code: str
    text: Mapping[Language, str] = {}
    weight: float | None = None
    share: float = 0.0
    where: tuple[Mapping[Language, str], ...] = ()
    cites: tuple[str, ...] = ()


class Step(NamedTuple):
    """One input that would have to change, from what to what."""

    name: str
    title: Mapping[Language, str]
    old: Any
    new: Any


class Way(NamedTuple):
    """Recourse: the changes that would have turned the answer, what it would have been, and its score."""

    value: Any
    steps: tuple[Step, ...]
    score: float | None = None


def models(record: Record, opened: Opened) -> tuple[Asked, ...]:
    """Every model asked, in order."""
    if opened.out is None:
        return tuple([Asked(*model) for model in record.facts.models])
    seen: dict[str, int] = {}
    return tuple([_asked(use, seen) for use in opened.out.models])


def limits(manifest: UseCase | None) -> Limits:
    """The limits of ``output.thresholds``, where the manifest has the control."""
    if manifest is None or THRESHOLDS not in manifest.controls.after:
        return Limits()
    own = manifest.controls.settings.get(THRESHOLDS, {})
    band = own.get("band") or {}
    return Limits(own.get("minimum_confidence"), own.get("maximum_stakes_hkd"), band.get("low"), band.get("high"))


def grounds(record: Record, outcome: Outcome | None) -> tuple[Ground, ...]:
    """The reasons, heaviest first as recorded; their codes alone when the private part isn't open."""
    if outcome is None:
        return tuple([Ground(code) for code in record.facts.reasons])
    declared = record.manifest.inputs if record.manifest else {}
    heaviest = max((abs(reason.weight) for reason in outcome.reasons), default=0.0)
    return tuple(
        [
            Ground(
                code=reason.code,
                text=reason.text,
                weight=reason.weight,
                share=abs(reason.weight) / heaviest if heaviest else 0.0,
                where=tuple([title(declared, name) for name in reason.where]),
                cites=reason.cites,
            )
            for reason in outcome.reasons
        ]
    )


def ways(record: Record, outcome: Outcome | None) -> tuple[Way, ...]:
    """Recourse alternatives with the inputs' titles."""
    declared = record.manifest.inputs if record.manifest else {}
    return tuple(
        [
            Way(
                each.value,
                tuple([Step(c.input, title(declared, c.input), c.old, c.new) for c in each.changes]),
                each.score,
            )
            for each in (outcome.alternatives if outcome else ())
        ]
    )


def shown(record: Record, opened: Opened) -> dict[str, Any]:
    """The whole answer for a page; figures come from the public part, so they are there without the private one."""
    facts, outcome = record.facts, opened.outcome
    return {
        "effect": facts.effect,
        "adverse": facts.adverse,
        "confidence": _number(facts.confidence),
        "score": _number(facts.score),
        "stakes_hkd": _number(facts.stakes_hkd),
        "value": outcome.value if outcome else None,
        "flags": list(outcome.flags) if outcome else [],
        "citations": list(outcome.citations) if outcome else [],
        "explanation_id": facts.explanation_id,
        "limits": limits(record.manifest)._asdict(),
        "reasons": [msgspec.to_builtins(each._asdict()) for each in grounds(record, outcome)],
        "alternatives": [
            {"value": way.value, "score": way.score, "steps": [step._asdict() for step in way.steps]}
            for way in ways(record, outcome)
        ],
        "models": [each._asdict() for each in models(record, opened)],
        "failover": facts.failover,
        "latency_us": facts.latency_us,
    }


def _asked(use: ModelUse, seen: dict[str, int]) -> Asked:
    seen[use.slot] = seen.get(use.slot, 0) + 1
    return Asked(
        use.id, use.version, use.digest, use.provider, use.region, use.answered, use.slot, seen[use.slot],
        use.latency_us if use.answered else None,
    )  # fmt: skip


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
