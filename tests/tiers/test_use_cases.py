"""Fourteen use cases of ours against the tiers that we expect of them."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from waglan.core.profile import AXES, Profile
from waglan.tiers import assess, lattice, read_profile

CASES = tomllib.loads(Path(__file__).with_name("use_cases.toml").read_text(encoding="utf-8"))["use_cases"]


def test_there_are_fourteen_each_with_two_reasons():
    assert len(CASES) == 14 and len({each["id"] for each in CASES}) == 14
    assert all(len(set(each["labels"])) == 2 and all(len(label) > 30 for label in each["labels"]) for each in CASES)
    assert all(set(each["profile"]) == set(AXES) for each in CASES)


@pytest.mark.parametrize("each", CASES, ids=lambda each: each["id"])
def test_the_assessment_is_the_tier_expected(each):
    found = assess(Profile(**each["profile"]))
    assert found.tier == each["tier"], [fired.trigger.id for fired in found.fired]
    assert not found.unknown


@pytest.mark.parametrize("each", CASES, ids=lambda each: each["id"])
def test_the_same_in_chinese(each):
    assert read_profile(each["profile_zh"]) == Profile(**each["profile"])
    assert assess(read_profile(each["profile_zh"])) == assess(Profile(**each["profile"]))


def test_not_everything_is_critical():
    counts = Counter(assess(Profile(**each["profile"])).tier for each in CASES)
    assert counts["critical"] <= 3 and counts["high"] <= 5 and counts["medium"] >= 3 and counts["low"] >= 2


def test_every_trigger_counts_for_some_use_case_or_one_answer_away_from_one():
    """A trigger that no use case comes near would be there for its own sake."""
    near = set()
    for each in CASES:
        near |= {fired.trigger.id for fired in assess(Profile(**each["profile"])).fired}
        for axis in AXES:
            near |= {f.trigger.id for f in assess(Profile(**each["profile"] | {axis: AXES[axis][-1]})).fired}
    assert near == {trigger.id for trigger, _ in lattice().triggers}
