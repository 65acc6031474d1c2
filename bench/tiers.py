"""Tiers over every profile, the unknown included: monotone, unknown never lowers; and what one assessment costs.

Each trigger is asked about every combination of the axes that it reads; numpy spreads the answers over all profiles and
takes the maximum, as the assessment does. A sample is compared with the assessment itself.

    python -m bench.tiers [--sample 20000] [--json]
"""

from __future__ import annotations

import itertools
import random
import time
from typing import Any

import numpy as np
from bench.common import finish, parser, say

from waglan.core.profile import AXES, Profile
from waglan.tiers import TIERS, assess, lattice

NAMES = tuple(AXES)
POINTS = {axis: (*possible, None) for axis, possible in AXES.items()}
SHAPE = tuple(len(points) for points in POINTS.values())


def tiers() -> np.ndarray:
    """The tier of every profile, one dimension per axis: answers from mild to severe, then unknown."""
    found = np.zeros(SHAPE, dtype=np.int8)
    for trigger, rule in lattice().triggers:
        fields = [name for name in NAMES if name in rule.fields]
        holds = rule.closure()
        said = [
            holds(dict(zip(fields, values, strict=True)), 0) is not False
            for values in itertools.product(*(POINTS[field] for field in fields))
        ]
        shape = tuple(len(POINTS[name]) if name in fields else 1 for name in NAMES)
        rank = np.array(said, dtype=np.int8).reshape(shape) * TIERS.index(trigger.tier)
        np.maximum(found, rank.astype(np.int8), out=found)
    return found


def violations(found: np.ndarray) -> tuple[int, int]:
    """Pairs where a worse answer gives a lower tier, and where an unknown one gives a lower tier than some answer."""
    falls = lowers = 0
    for at in range(len(NAMES)):
        axis = np.moveaxis(found, at, 0)
        falls += int(np.count_nonzero(axis[1:-1] < axis[:-2]))
        lowers += int(np.count_nonzero(axis[-1] < axis[:-1].max(axis=0)))
    return falls, lowers


def compared(found: np.ndarray, sample: int, seed: int = 1) -> int:
    """How many of some profiles the assessment places elsewhere."""
    draw, wrong = random.Random(seed), 0
    for _ in range(sample):
        place = tuple(draw.randrange(size) for size in SHAPE)
        profile = Profile(**{axis: POINTS[axis][at] for axis, at in zip(NAMES, place, strict=True)})
        wrong += TIERS[found[place]] != assess(profile).tier
    return wrong


def cost_us(profiles: list[Profile], rounds: int = 20) -> float:
    """Microseconds of processor time of one assessment, the quietest of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        for profile in profiles:
            assess(profile)
        best = min(best, (time.process_time() - started) / len(profiles))
    return best * 1e6


def figures(sample: int) -> dict[str, Any]:
    found = tiers()
    known = found[tuple(slice(0, -1) for _ in NAMES)]
    falls, lowers = violations(found)
    draw = random.Random(7)
    full = [Profile(**{axis: draw.choice(possible) for axis, possible in AXES.items()}) for _ in range(500)]
    return {
        "profiles": int(found.size),
        "answered_profiles": int(known.size),
        "falls": falls,
        "unknown_lowers": lowers,
        "compared": sample,
        "differences": compared(found, sample),
        "shares": {tier: round(float(np.mean(known == rank)), 4) for rank, tier in enumerate(TIERS)},
        "assess_us": round(cost_us(full), 2),
    }


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--sample", type=int, default=20_000, help="profiles compared with the assessment itself")
    given = arguments.parse_args()
    say(given, "all profiles …")
    finish(figures(given.sample))


if __name__ == "__main__":
    main()
