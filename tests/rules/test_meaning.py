"""The table of semantics in design/rules.md, line by line: the function, and the SQL of the engines that are here."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.rules import engines, grammar
from waglan.rules import Type, parse, row, types

EMPTY: dict[str, Any] = dict.fromkeys(grammar.SCHEMA)
AT = 1_767_196_800_000  # 2026-01-01 00:00 in Hong Kong
BIG = grammar.BIG

CASES: list[tuple[str, dict[str, Any], Any]] = [
    # unknown: Kleene's tables
    ("key and b2", {"key": False}, False),
    ("key and b2", {"key": True}, None),
    ("b2 and key", {"key": False}, False),
    ("key or b2", {"key": True}, True),
    ("b2 or key", {"key": False}, None),
    ("not key", {}, None),
    ("key == b2", {"key": True}, None),
    ("(key is None) and (b2 is None)", {}, True),
    ("key is not None", {"key": False}, True),
    ("(key is not None) or b2", {}, None),
    ("1 if key else 2", {}, None),
    ("1 if key else 2", {"key": False}, 2),
    ("coalesce(i1, type, 7)", {}, 7),
    ("coalesce(i1, type)", {}, None),
    ("max(i1, type)", {"i1": 3}, None),
    ("min(i1, 2, type)", {"i1": 3, "type": 9}, 2),
    ("(5 is None)", {}, False),
    # texts: by code point, unchanged, empty is a value
    ("id == ''", {"id": ""}, True),
    ("id == ''", {}, None),
    ("id < value", {"id": "Z", "value": "a"}, True),
    ("id < value", {"id": "\uffee", "value": "\U0001f600"}, True),
    ("id < value", {"id": "z", "value": "é"}, True),
    ("id == value", {"id": "é", "value": "e\u0301"}, False),
    ("id == 'a'", {"id": "a "}, False),
    ("len(id)", {"id": "繁體\U0001f600"}, 3),
    ("lower(id)", {"id": "AbÉİ中"}, "abÉİ中"),
    ("startswith(id, value)", {"id": "a%c", "value": "a%"}, True),
    ("startswith(id, '')", {"id": ""}, True),
    ("endswith(id, value)", {"id": "ab", "value": ""}, True),
    ("endswith(id, value)", {"id": "b", "value": "ab"}, False),
    ("contains(id, '_')", {"id": "ab"}, False),
    ("contains(id, '')", {"id": ""}, True),
    ("contains(id, '體')", {"id": "繁體中文"}, True),
    ("id in ('a\\\\', \"it's\", '${a}')", {"id": "${a}"}, True),
    ("id in ('a', value)", {"id": "b"}, None),
    ("id not in ('a', 'b')", {"id": "中"}, True),
    # numbers: what isn't finite or in range is unknown; zero has no sign
    ("n1 is None", {"n1": math.nan}, True),
    ("n1 is None", {"n1": -math.inf}, True),
    ("n1 is None", {"n1": 1.0000000000000002e30}, True),
    ("n1 is None", {"n1": 5e-324}, True),
    ("n1 == 0 and n1 in (0.0, 1.0)", {"n1": -0.0}, True),
    ("n1 / n2", {"n1": 1.0, "n2": -0.0}, None),
    ("n1 / n2", {"n1": 1.0, "n2": 3.0}, 1 / 3),
    ("n1 + n2", {"n1": 0.1, "n2": 0.2}, 0.30000000000000004),
    ("n1 * n2 * n1 * n2", {"n1": 1e30, "n2": 1e30}, 1e30 * 1e30 * 1e30 * 1e30),
    ("i1 == n1", {"i1": 2**53 + 1, "n1": 2.0**53}, True),
    # integers: 64 bits, rounding down, overflow unknown
    ("i1 + type", {"i1": BIG, "type": 1}, None),
    ("i1 - type", {"i1": -BIG, "type": 1}, None),
    ("i1 * type", {"i1": 2**32, "type": 2**32}, None),
    ("i1 * type", {"i1": 2**31, "type": 2**31}, 2**62),
    ("i1 is None", {"i1": -BIG - 1}, True),
    ("-i1", {"i1": -BIG}, BIG),
    ("abs(i1)", {"i1": -BIG}, BIG),
    ("i1 / type", {"i1": 7, "type": 2}, 3.5),
    ("i1 / type", {"i1": 7, "type": 0}, None),
    ("i1 // 2", {"i1": -7}, -4),
    ("i1 % 7", {"i1": -1}, 6),
    # money: exact to the cent
    ("m1 + m2 == 0.3", {"m1": Decimal("0.10"), "m2": Decimal("0.20")}, True),
    ("m1 * 3", {"m1": Decimal("-0.05")}, -15),
    ("m1 > 100000", {"m1": Decimal("100000.01")}, True),
    ("m1 * 0.1", {"m1": Decimal("10.00")}, 1.0),
    ("m1 / m2", {"m1": Decimal("1.00"), "m2": Decimal("0.00")}, None),
    ("m1 * i1", {"m1": Decimal("9999999999999999.99"), "i1": 10}, None),
    ("m1 + i1", {"m1": Decimal("0.01"), "i1": BIG}, None),
    ("max(m1, i1, 0.5)", {"m1": Decimal("0.10"), "i1": 0}, 50),
    ("m1 in (1, 0.50, i1)", {"m1": Decimal("0.5")}, True),
    ("m1 not in (1, -2.25)", {"m1": Decimal("0.5")}, True),
    ("m1 == 0", {"m1": Decimal("-9999999999999999.99")}, False),
    # times, dates, durations: milliseconds, days, fixed offsets
    ("date(started_at) == date('2026-01-01')", {"started_at": AT}, True),
    ("date(started_at) == date('2025-12-31')", {"started_at": AT - 1}, True),
    ("date(started_at, '+00:00') == date('2025-12-31')", {"started_at": AT}, True),
    ("start(day) == time('2026-01-01T00:00:00+08:00')", {"day": datetime.date(2026, 1, 1)}, True),
    ("hour(started_at)", {"started_at": -1}, 7),
    ("hour(started_at, '-03:30')", {"started_at": AT}, 12),
    ("weekday(started_at)", {"started_at": AT}, 3),
    ("ended_at - started_at <= days(1)", {"started_at": AT, "ended_at": AT + grammar.DAY}, True),
    ("started_at + hours(i1)", {"started_at": AT, "i1": BIG}, None),
    ("(day - json) / days(1)", {"day": datetime.date(2024, 3, 1), "json": datetime.date(2024, 2, 1)}, 29.0),
    ("took * 2 > minutes(1)", {"took": 30_001}, True),
    ("now > started_at + seconds(0)", {"started_at": AT}, True),
    ("started_at in (time('2026-01-01T00:00:00+08:00'),)", {"started_at": AT}, True),
    # lists and verdicts
    ("'a' in reasons", {"reasons": ("b", "a")}, True),
    ("'a' in reasons", {"reasons": ()}, False),
    ("'a' in reasons", {}, None),
    ("id in reasons", {"reasons": ()}, False),
    ("id in reasons", {"reasons": ("a",)}, None),
    ("id in reasons", {"reasons": ("a",), "id": "a"}, True),
    ("id in reasons", {"id": "a"}, None),
    ("len(reasons)", {"reasons": ()}, 0),
    ("len(reasons)", {}, None),
    ("any(startswith(x, id) for x in reasons)", {"reasons": ("AML.1",), "id": "AML"}, True),
    ("any(x == id for x in reasons)", {"reasons": ("a",)}, None),
    ("any(x == 'a' or x == id for x in reasons)", {"reasons": ("b", "a")}, True),
    ("any(key for x in reasons)", {"reasons": (), "key": True}, False),
    ("any(lower(x) < x for x in reasons)", {"reasons": ("Z",)}, False),
    ("all(x in why for x in reasons)", {"reasons": ("a", "b"), "why": ("b", "a", "c")}, True),
    ("all(len(x) > 1 for x in reasons)", {"reasons": ()}, True),
    ("all(x == id for x in reasons)", {"reasons": ("a",)}, None),
    ("any(x == 'a' for x in reasons)", {}, None),
    ('controls["it\'s"]', {"controls": {"it's": "block"}}, "block"),
    ('controls["中文"] is None', {"controls": {}}, True),
    ('controls["a"] == "pass"', {}, None),
    # tables
    ('table("cap", id, on=day)', {"id": "a", "day": datetime.date(2024, 2, 28)}, 10_000_050),
    ('table("cap", id, on=day)', {"id": "a", "day": datetime.date(2024, 2, 29)}, -500),
    ('table("cap", "a", on=day)', {"day": datetime.date(2019, 12, 31)}, None),
    ('table("cap", id, on=day)', {"day": datetime.date(2024, 2, 29)}, None),
    ('table("cap", "b", on=day)', {"day": datetime.date(2024, 2, 29)}, None),
    ('table("rate", id, "it\'s", on=date("2026-01-01"))', {"id": "a"}, 0.1),
    ('table("cap", "a", on=date(started_at))', {"started_at": 1_709_136_000_000 - 1}, 10_000_050),
    ('table("cap", "a", on=date(started_at, "+00:00"))', {"started_at": 1_709_164_799_999}, 10_000_050),
    ('table("cap", "a", on=date(started_at, "+00:00"))', {"started_at": 1_709_164_800_000}, -500),
    ('table("cap", "a", on=date(started_at))', {"started_at": 1_709_164_800_000 - 8 * 3_600_000}, -500),
    # several sorts at once
    ("True and 1 < 2", {}, True),
    ("False or key", {}, None),
    ("i1 in (1, 2) or type in (3, 4)", {"i1": 5, "type": 3}, True),
    ("abs(m1) > 1 and abs(took) > hours(1)", {"m1": Decimal(-2), "took": -4_000_000}, True),
]


@pytest.fixture(scope="module", params=engines.HERE)
def engine(request: pytest.FixtureRequest) -> Iterator[engines.Engine]:
    with engines.opened(request.param) as found:
        if isinstance(found, str):
            pytest.skip(found)
        found.load([{**EMPTY, **values} for _, values, _ in CASES])
        yield found


@pytest.mark.parametrize(("text", "values", "meant"), CASES)
def test_the_function(text: str, values: dict[str, Any], meant: Any) -> None:
    rule = parse(text, grammar.SCHEMA, tables=grammar.TABLES, wanted=None)
    given = rule.closure()(row({**EMPTY, **values}, types(grammar.SCHEMA)), grammar.NOW)
    assert given == meant and type(given) is type(meant)


def test_the_engine(engine: engines.Engine) -> None:
    rules = [parse(text, grammar.SCHEMA, tables=grammar.TABLES, wanted=None) for text, _, _ in CASES]
    answers = engine.ask([rule.sql(engine.name, now=grammar.NOW) for rule in rules])
    wrong = [
        (text, values, meant, answers[n][n])
        for n, (text, values, meant) in enumerate(CASES)
        if not engines.same(rules[n].type, meant, answers[n][n])
    ]
    assert not wrong


def test_only_what_is_asked_is_read() -> None:
    rule = parse("key and id == 'a'", grammar.SCHEMA)
    assert rule.closure()({"key": False, "id": "anything"}, 0) is False
    assert rule.type is Type.BOOLEAN
