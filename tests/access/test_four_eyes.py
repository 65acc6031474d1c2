"""Two persons and two authenticators, where the tier asks for them."""

from __future__ import annotations

import itertools
from typing import get_args

import pytest

from waglan.access import VALID_MS, Signed, four_eyes, needed
from waglan.core.usecase import Tier

FIRST = Signed("p-1", "passkey:1")


def test_how_many_by_tier() -> None:
    found = {(tier, adverse): needed(tier, adverse) for tier in get_args(Tier) for adverse in (False, True)}
    assert {pair for pair, count in found.items() if count == 2} == {
        ("critical", False), ("critical", True), ("high", True),
    }  # fmt: skip
    assert VALID_MS == 86_400_000


@pytest.mark.parametrize("tier", ["high", "critical"])
@pytest.mark.parametrize(
    ("second", "code"),
    [
        (Signed("p-2", "passkey:2"), ""),
        (Signed("p-1", "passkey:2"), "same_person"),
        (Signed("p-2", "passkey:1"), "same_authenticator"),
        (Signed("p-1", "passkey:1"), "same_person"),
        (Signed("", "passkey:2"), "unsigned"),
        (Signed("p-2", ""), "unsigned"),
    ],
)
def test_where_two_are_needed(tier: Tier, second: Signed, code: str) -> None:
    assert four_eyes(FIRST, second, tier) == code
    assert four_eyes(second, FIRST, tier) == code


@pytest.mark.parametrize(("tier", "adverse"), [*itertools.product(["low", "medium"], [False, True]), ("high", False)])
def test_where_one_is_enough(tier: Tier, adverse: bool) -> None:
    assert four_eyes(FIRST, FIRST, tier, adverse=adverse) == ""
    assert four_eyes(FIRST, Signed("", ""), tier, adverse=adverse) == ""
    assert four_eyes(Signed("", ""), FIRST, tier, adverse=adverse) == "unsigned"
