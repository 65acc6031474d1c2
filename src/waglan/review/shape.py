"""Whether a person's answer has the shape of the use case's own."""

from __future__ import annotations

import math
import sqlite3
from typing import Any

import msgspec

from waglan.core.outcome import Outcome
from waglan.core.problem import Problem, nearest
from waglan.core.usecase import UseCase

LONGEST = 20_000


def known_effects(
    connection: sqlite3.Connection, use_case: str, manifest: UseCase | None, answer: Outcome | None = None
) -> dict[str, bool | None]:
    """Effects that earlier decisions had, the manifest names, or the answer's alternatives lead to.

    Each with whether it is adverse; None where that wasn't said.
    """
    found: dict[str, bool | None] = {}
    if answer is not None and answer.value == answer.effect:
        found |= {each.value: None for each in answer.alternatives if isinstance(each.value, str)}
    query = "SELECT effect, max(adverse) FROM review_effect WHERE use_case = ? GROUP BY effect"
    for effect, adverse in connection.execute(query, (use_case,)):
        found[effect] = None if adverse < 0 else bool(adverse)
    if manifest is not None:
        found |= dict.fromkeys(manifest.adverse_effects, True)
        found |= {effect: found.get(effect) for effect in manifest.review.effects}
    return found


def check_effect(effect: str, known: dict[str, bool | None]) -> None:
    """Refuse an effect that the use case doesn't have (``review.effect``)."""
    if effect not in known:
        raise Problem(
            f"{effect[:60]!r} is no effect of this use case." if effect else "The changed answer needs an effect.",
            nearest(effect, known),
            "Choose one of the effects that the manifest names or that were decided before.",
            code="review.effect",
            where="effect",
        )


def changed_value(value: Any, effect: str, old: Any, old_effect: str) -> Any:
    """The value of a changed answer, checked against the one it replaces.

    Left out (`msgspec.UNSET`), it is the effect where the old value was no more than its effect.

    Raises
    ------
    Problem
        ``review.value`` when it is missing, isn't JSON, or is of another kind than the use case's value.
    """
    if value is msgspec.UNSET:
        if old is None or old == old_effect:
            return effect
        raise _wrong("The answer of this use case is more than its effect.", "Give the whole value.")
    if value is None:
        raise _wrong("It is empty.", "Give text, a number, a boolean, a list or an object.")
    check_json(value)
    if old == old_effect and isinstance(old, str) and value != effect:
        raise _wrong("The value of this use case is its effect.", f"Leave the value out, or give {effect!r}.")
    if old is not None and not _alike(value, old):
        raise _wrong("The use case's own value has another form.", "Keep its type and, of an object, its keys.")
    return value


def check_json(value: Any) -> None:
    """Refuse what isn't JSON, or is a document rather than a value (``review.value``)."""
    try:
        plain = _json(value)
        size = len(msgspec.json.encode(value)) if plain else 0
    except RecursionError:
        raise _wrong("It is nested too deeply.", "Keep to the form that the use case's own value has.") from None
    if not plain:
        raise _wrong("It isn't a JSON value.", "Give text, a number, a boolean, a list or an object.")
    if size > LONGEST:
        raise _wrong(f"It has more than {LONGEST:,} bytes.", "Keep to what the use case answers; reasons are notes.")


def _alike(value: Any, old: Any) -> bool:
    if isinstance(old, bool) or isinstance(value, bool):
        return isinstance(old, bool) and isinstance(value, bool)
    if isinstance(old, (int, float)):
        return isinstance(value, (int, float))
    if isinstance(old, dict):
        if not isinstance(value, dict) or value.keys() != old.keys():
            return False
        return all(old[key] is None or value[key] is None or _alike(value[key], old[key]) for key in old)
    return isinstance(value, type(old))


def _json(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(isinstance(k, str) and _json(v) for k, v in value.items())
    if isinstance(value, list):
        return all(_json(v) for v in value)
    return value is None or isinstance(value, (str, int))


def _wrong(why: str, advice: str) -> Problem:
    return Problem("This value can't stand for the answer.", why, advice, code="review.value", where="value")
