"""Ways in which a recorded answer is made wrong, so that somebody who reads the case can see it.

References
----------
Threat image projection at airport screening, from which the idea of seeding known cases comes: it measures, and keeps
up, attention to what is rare.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

import msgspec

from waglan.core.outcome import Outcome, Reason

KINDS = ("effect_flipped", "reason_contradicts", "figure_off")
_LARGEST = 1e14


class Wrong(NamedTuple):
    """An answer made wrong, and what is wrong with it.

    ``said`` holds ``kind`` (one of `KINDS`), ``field``, and the right and the wrong value as ``was`` and ``is``.
    """

    outcome: Outcome
    said: dict[str, Any]


class Material(NamedTuple):
    """What an answer is made wrong with: the effects that the use case has, and reasons of other decisions."""

    effects: dict[str, bool | None]
    reasons: Sequence[tuple[Reason, ...]]


def wrongs(outcome: Outcome, material: Material, random: Random) -> list[Wrong]:
    """The answer altered in each way that fits, one thing at a time, in an order of chance; empty when none fits."""
    ways = [_effect(outcome, material, random), _reason(outcome, material, random), _figure(outcome, random)]
    fitting = [each for each in ways if each is not None]
    random.shuffle(fitting)
    return fitting


def _effect(outcome: Outcome, material: Material, random: Random) -> Wrong | None:
    """Another effect of the use case over the same inputs and reasons, on the other side for the customer."""
    others = sorted(
        effect
        for effect, adverse in material.effects.items()
        if effect != outcome.effect and adverse is not None and adverse is not outcome.adverse
    )
    if not outcome.effect or not others:
        return None
    effect = random.choice(others)
    value = effect if outcome.value == outcome.effect else outcome.value
    made = msgspec.structs.replace(
        outcome, effect=effect, value=value, adverse=material.effects[effect], alternatives=()
    )
    return Wrong(made, {"kind": "effect_flipped", "field": "effect", "was": outcome.effect, "is": effect})


def _reason(outcome: Outcome, material: Material, random: Random) -> Wrong | None:
    """Reasons that belong to another case: none of their codes is this one's."""
    own = {each.code for each in outcome.reasons}
    others = [each for each in material.reasons if each and not own & {reason.code for reason in each}]
    if not own or not others:
        return None
    reasons = random.choice(others)
    said = {"kind": "reason_contradicts", "field": "reasons", "was": sorted(own), "is": [r.code for r in reasons]}
    return Wrong(msgspec.structs.replace(outcome, reasons=reasons), said)


def _figure(outcome: Outcome, random: Random) -> Wrong | None:
    """A figure with a digit too many or too few: the money at stake, the score, or a number of the value."""
    fields: list[tuple[str, float]] = [
        (name, float(value))
        for name, value in (("stakes_hkd", outcome.stakes_hkd), ("score", outcome.score))
        if value is not None and 1 <= abs(value) <= _LARGEST
    ]
    value = outcome.value if isinstance(outcome.value, dict) else {}
    fields += [
        (f"value.{name}", number)
        for name, number in value.items()
        if isinstance(number, (int, float)) and not isinstance(number, bool) and 1 <= abs(number) <= _LARGEST
    ]
    if not fields:
        return None
    field, was = random.choice(fields)
    off = was * 10 if abs(was) < 10 or random.random() < 0.5 else was / 10
    said = {"kind": "figure_off", "field": field, "was": was, "is": off}
    if field.startswith("value."):
        name = field.removeprefix("value.")
        kept: Any = int(off) if isinstance(value[name], int) else off
        return Wrong(msgspec.structs.replace(outcome, value={**value, name: kept}), said | {"is": kept})
    return Wrong(msgspec.structs.replace(outcome, **{field: off}), said)
