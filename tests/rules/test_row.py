"""Values as rules see them."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from typing import Any

import pytest

from waglan.core import Problem
from waglan.core.finding import Verdict
from waglan.rules import Type, row

HK = datetime.timezone(datetime.timedelta(hours=8))
BIG = 2**63 - 1


@pytest.mark.parametrize(
    ("kind", "given", "held"),
    [
        (Type.TEXT, "a", "a"),
        (Type.BOOLEAN, False, False),
        (Type.INTEGER, -BIG, -BIG),
        (Type.INTEGER, -BIG - 1, None),
        (Type.NUMBER, 1, 1.0),
        (Type.NUMBER, "0.950000", 0.95),
        (Type.NUMBER, math.nan, None),
        (Type.NUMBER, 1e31, None),
        (Type.NUMBER, 0.0, 0.0),
        (Type.MONEY, "12.34", 1234),
        (Type.MONEY, "-0.05", -5),
        (Type.MONEY, "9999999999999999.99", 10**18 - 1),
        (Type.MONEY, "1e2", 10_000),
        (Type.MONEY, Decimal("-0.05"), -5),
        (Type.MONEY, 7, 700),
        (Type.MONEY, 0.1 + 0.2, 30),
        (Type.TIME, 5, 5),
        (Type.TIME, datetime.datetime(1970, 1, 1, 8, 0, 1, tzinfo=HK), 1000),
        (Type.TIME, datetime.datetime(1970, 1, 1, 0, 0, 0, 1999), 1),
        (Type.DATE, datetime.date(1970, 1, 2), 1),
        (Type.DURATION, datetime.timedelta(seconds=-1), -1000),
        (Type.DURATION, 9, 9),
        (Type.TEXTS, ["a", "b"], ("a", "b")),
        (Type.VERDICTS, {"c": Verdict.PASS}, {"c": "pass"}),
        (Type.VERDICTS, [("c", "block")], {"c": "block"}),
    ],
)
def test_held(kind: Type, given: Any, held: Any) -> None:
    assert row({"x": given}, {"x": kind})["x"] == held


def test_the_unknown_and_the_unasked_are_left_out() -> None:
    assert row({"x": None, "y": 1}, {"x": Type.TEXT}) == {}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (Type.TEXT, 1),
        (Type.BOOLEAN, 1),
        (Type.INTEGER, True),
        (Type.INTEGER, 1.0),
        (Type.NUMBER, "x"),
        (Type.NUMBER, True),
        (Type.MONEY, True),
        (Type.MONEY, "0.001"),
        (Type.MONEY, math.nan),
        (Type.MONEY, 10**16),
        (Type.TIME, "2026-01-01"),
        (Type.DATE, datetime.datetime(2026, 1, 1)),
        (Type.DATE, 1),
        (Type.DURATION, 1.5),
        (Type.TEXTS, "abc"),
        (Type.TEXTS, [1]),
        (Type.VERDICTS, {"c": 1}),
        (Type.VERDICTS, 1),
    ],
)
def test_refused(kind: Type, given: Any) -> None:
    with pytest.raises(Problem) as caught:
        row({"x": given}, {"x": kind})
    assert (caught.value.code, caught.value.where) == ("rule.value", "x")
