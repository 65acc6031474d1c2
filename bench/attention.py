"""How many seeded cases it takes to tell a careful reviewer from a careless one, and how often that is wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

sys.path.pop(0)  # this folder, whose http.py isn't the library's
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.common import finish, median, parser, percentile, say

from waglan.review import ReviewSection
from waglan.review.attention import statement

CAREFUL = (0.75, 0.85, 0.9, 0.95)
CARELESS = (0.05, 0.15, 0.3, 0.45)


def first(rate: float, people: int, cases: int, random: Random, cache: dict[tuple[int, int], str]) -> dict[str, list]:
    """After how many cases each simulated reviewer gets a statement, and which; the page is looked at after each."""
    settings = ReviewSection()
    found: dict[str, list] = {"careful": [], "careless": []}
    for _ in range(people):
        caught = 0
        for at in range(1, cases + 1):
            caught += random.random() < rate
            key = caught, at
            if key not in cache:
                cache[key] = statement(caught, at, settings)
            if cache[key] != "unknown":
                found[cache[key]].append(at)
                break
    return found


def figures(rate: float, wanted: str, found: dict[str, list], people: int) -> dict[str, float]:
    """Of one kind of reviewer: the share told in the end, after how many cases, and the share told wrongly."""
    other = "careless" if wanted == "careful" else "careful"
    told = found[wanted]
    return {
        "told_share": len(told) / people,
        "told_median": median(told) if told else float("inf"),
        "told_p90": percentile(told, 0.9) if told else float("inf"),
        "wrong_share": len(found[other]) / people,
    }


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--people", type=int, default=2_000, help="simulated reviewers of each kind")
    arguments.add_argument("--cases", type=int, default=200, help="seeded cases that each judges at most")
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    random = Random(given.seed)
    cache: dict[tuple[int, int], str] = {}
    result: dict[str, object] = {}
    for wanted, rates in (("careful", CAREFUL), ("careless", CARELESS)):
        result[wanted] = {}
        for rate in rates:
            found = figures(rate, wanted, first(rate, given.people, given.cases, random, cache), given.people)
            result[wanted][str(rate)] = found  # type: ignore[index]
            say(given, f"catches {rate:.0%}: {wanted} after {found['told_median']} cases, {found['told_share']:.1%}")
    edge = first(ReviewSection().careful_catch, given.people, given.cases, random, cache)
    finish(
        {
            **result,
            "threshold": ReviewSection().careful_catch,
            "alpha": ReviewSection().attention_alpha,
            "false_careless": len(edge["careless"]) / given.people,
            "false_careful": len(edge["careful"]) / given.people,
            "people": given.people,
            "cases": given.cases,
        }
    )


if __name__ == "__main__":
    main()
