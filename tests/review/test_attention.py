"""What seeded cases say of a reviewer: exact limits, a statement that is seldom wrong, and second opinions."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.conftest import ROOT
from tests.review.parts import APPROVER, AUDITOR, REVIEWER, SECOND, USER, house
from waglan.core import Problem
from waglan.review import ReviewSection
from waglan.review.attention import statement
from waglan.review.estimate import clopper_pearson, side


@pytest.mark.parametrize(
    ("hits", "cases", "low", "high"),
    [  # by R's binom.test
        (0, 10, 0.0, 0.3084971),
        (10, 10, 0.6915029, 1.0),
        (7, 10, 0.3475471, 0.9332605),
        (1, 1, 0.025, 1.0),
        (50, 100, 0.3983211, 0.6016789),
        (3, 250, 0.0024819, 0.0346823),
    ],
)
def test_the_exact_interval(hits: int, cases: int, low: float, high: float) -> None:
    found = clopper_pearson(hits, cases)
    assert found.low == pytest.approx(low, abs=2e-5) and found.high == pytest.approx(high, abs=2e-5)


def test_no_case_says_nothing() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0) and side(0, 0, 0.6, 0.05) == "unknown"


@pytest.mark.parametrize("rate", [0.05, 0.5, 0.9])
def test_the_interval_covers(rate: float) -> None:
    cases = 40
    missed = 0.0
    for hits in range(cases + 1):
        low, high = clopper_pearson(hits, cases)
        if not low <= rate <= high:
            missed += math.comb(cases, hits) * rate**hits * (1 - rate) ** (cases - hits)
    assert missed <= 0.05


def statements(rate: float, people: int, cases: int, seed: int) -> list[str]:
    """The first statement that each simulated reviewer gets, asked for after every single case."""
    random, settings = Random(seed), ReviewSection()
    cache: dict[tuple[int, int], str] = {}
    found = []
    for _ in range(people):
        caught, said = 0, "unknown"
        for at in range(1, cases + 1):
            caught += random.random() < rate
            if (caught, at) not in cache:
                cache[caught, at] = statement(caught, at, settings)
            said = cache[caught, at]
            if said != "unknown":
                break
        found.append(said)
    return found


def test_careful_and_careless_reviewers_are_told_apart() -> None:
    assert statements(0.92, 300, 60, 1).count("careful") >= 270
    assert statements(0.15, 300, 60, 2).count("careless") >= 297
    assert statements(0.92, 300, 60, 3).count("careless") == 0
    assert statements(0.15, 300, 60, 4).count("careful") == 0


@pytest.mark.parametrize(("rate", "wrong"), [(0.6, "careless"), (0.6, "careful"), (0.65, "careless"), (0.5, "careful")])
def test_a_false_statement_is_rare_although_it_is_asked_for_after_every_case(rate: float, wrong: str) -> None:
    people = 600
    false = statements(rate, people, 150, 7).count(wrong)
    assert false / people <= 0.025 + 3 * math.sqrt(0.025 * 0.975 / people)


def test_the_power_is_measured_by_a_script() -> None:
    done = subprocess.run(
        [sys.executable, "bench/attention.py", "--json", "--people", "60"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["careless"]["0.15"]["told_median"] < found["careful"]["0.9"]["told_median"] < 60
    assert found["false_careless"] <= 0.06 and found["threshold"] == 0.6


def test_time_agreement_and_second_opinions_are_counted(tmp_path: Path) -> None:
    with house(tmp_path / "w") as made:
        made.decide(3)
        for seconds, verdict in ((4, "agree"), (60, "agree"), (30, "change"), (8, "agree")):
            held = made.decide(31)
            made.judged(REVIEWER, held, verdict, seconds=seconds)
            if seconds == 60:
                made.desk.send_back(APPROVER, held)
                made.judged(SECOND, held, "change")
                made.released(APPROVER, held)
            elif seconds == 8:
                shown = made.desk.show(APPROVER, held).sha256
                made.desk.refuse(APPROVER, held, shown=shown, reason="NO")
            else:
                made.released(APPROVER, held)
        mine, other = made.desk.attention(APPROVER)
        assert (mine.person, mine.judged, mine.agreed, mine.seeded) == (REVIEWER.id, 4, 3, 0)
        assert (mine.median_seconds, mine.fast) == (19, 2)
        assert (mine.second_looks, mine.disagreed) == (4, 2)
        assert (other.person, other.second_looks, other.disagreed) == (SECOND.id, 1, 1)
        assert mine.statement == "unknown" and (mine.catch_low, mine.catch_high) == (0.0, 1.0)
        assert made.desk.attention(AUDITOR) == (mine, other)
        assert made.desk.attention(SECOND) == (other,)
        with pytest.raises(Problem, match="You may not"):
            made.desk.attention(USER)


def test_nobody_reads_of_attention_before_there_is_any_without_the_right_to(tmp_path: Path) -> None:
    with house(tmp_path / "w") as made:
        assert made.desk.attention(APPROVER) == () == made.desk.attention(REVIEWER)
        with pytest.raises(Problem, match="You may not"):
            made.desk.attention(USER)
