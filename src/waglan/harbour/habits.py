"""How reviewers behave: given an item, which verdict after how many seconds; pure functions.

They exist so that a workspace has a past in which attention differs: the careful reviewer takes minutes and finds most
of what is wrong, the careless one takes seconds and agrees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

NEAR = 10.0
"""Points to the cut-off within which a careful reviewer weighs a refusal again."""


class Seen(NamedTuple):
    """What a reviewer has before them.

    Attributes
    ----------
    number
        A running number, from which what chance would decide is derived.
    adverse
        Whether the answer is to the customer's disadvantage.
    short
        Points missing to the cut-off; negative above it, None where there is no score.
    stakes_hkd
        Money asked for.
    wrong
        Whether the answer contradicts what is shown beside it, as in a seeded case.
    """

    number: int
    adverse: bool
    short: float | None
    stakes_hkd: float
    wrong: bool = False


class Judgement(NamedTuple):
    """A verdict, a reason code, and how many seconds it took."""

    verdict: Literal["agree", "change", "reject"]
    reason: str
    seconds: int


Habit = Callable[[Seen], Judgement]


def careful(seen: Seen) -> Judgement:
    """Two to seven minutes; nearly every wrong answer is found, close refusals weighed again."""
    seconds = 110 + int(200 * _share(seen.number, "time")) + min(120, int(seen.stakes_hkd / 5_000))
    if seen.wrong:
        found = _share(seen.number, "wrong") < 0.985
        return Judgement("change" if found else "agree", "input_wrong" if found else "", seconds)
    close = seen.short is not None and 0 < seen.short <= NEAR
    if seen.adverse and close and _share(seen.number, "close") < 0.4:
        return Judgement("change", "lapse_explained", seconds + 60)
    if not seen.adverse and _share(seen.number, "doubt") < 0.04:
        return Judgement("reject", "input_missing", seconds + 30)
    return Judgement("agree", "", seconds)


def careless(seen: Seen) -> Judgement:
    """Three to nine seconds, and yes to nearly everything; one wrong answer in fifty is noticed."""
    seconds = 3 + int(7 * _share(seen.number, "time"))
    if seen.wrong and _share(seen.number, "wrong") < 0.02:
        return Judgement("change", "input_wrong", seconds + 20)
    return Judgement("agree", "", seconds)


def suspicious(seen: Seen) -> Judgement:
    """Four to six minutes, and the answer mustn't leave."""
    return Judgement("reject", "suspicious", 240 + int(120 * _share(seen.number, "time")))


HABITS: Mapping[str, Habit] = MappingProxyType({"careful": careful, "careless": careless, "suspicious": suspicious})


def _share(number: int, about: str) -> float:
    """A number in [0, 1) that depends on nothing else."""
    raw = hashlib.blake2b(f"{about}:{number}".encode(), digest_size=8).digest()
    return int.from_bytes(raw, "big") / 2**64
