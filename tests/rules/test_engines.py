"""Random rules on random rows: the closure and each engine's SQL say the same."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules import engines, grammar
from tests.rules.test_meaning import CASES
from waglan.core import Problem
from waglan.rules import DIALECTS, Type, parse, row, types

ROWS = grammar.rows(Random(5), 150)
PREPARED = [row(r, types(grammar.SCHEMA)) for r in ROWS]


@pytest.fixture(scope="module", params=engines.HERE)
def engine(request: pytest.FixtureRequest) -> Iterator[engines.Engine]:
    with engines.opened(request.param) as found:
        if isinstance(found, str):
            pytest.skip(found)
        found.load(ROWS)
        yield found


@settings(max_examples=60)
@given(seed=st.integers(0, 2**48), depth=st.integers(1, 4), kind=st.sampled_from(grammar.KINDS))
def test_what_gates_is_what_proves(engine: engines.Engine, seed: int, depth: int, kind: Type) -> None:
    text = grammar.Writer(Random(seed)).rule(kind, depth)
    try:
        rule = parse(text, grammar.SCHEMA, tables=grammar.TABLES, wanted=kind)
    except Problem as problem:
        assert problem.code == "rule.limit"
        return
    closure = rule.closure()
    answers = engine.ask([rule.sql(engine.name, now=grammar.NOW)])
    for raw, prepared, (theirs,) in zip(ROWS, PREPARED, answers, strict=True):
        mine = closure(prepared, grammar.NOW)
        assert engines.same(kind, mine, theirs), (text, raw, mine, theirs)


NESTED = {
    "sum": ("i1", "({} + i1)"),
    "neg": ("i1", "(-{})"),
    "and": ("key", "(key and {})"),
    "not": ("key", "(not {})"),
    "if": ("i1", "(i1 if key else {})"),
    "coalesce": ("n1", "coalesce(n1, {})"),
    "max": ("n1", "max(n1, {})"),
    "product": ("n1", "(n1 * {})"),
    "quotient": ("n1", "(n1 / {})"),
    "lower": ("id", "lower({})"),
    "endswith": ("key", 'endswith(id, "a" if {} else "b")'),
    "member": ("key", '(("a" if {} else "b") in why)'),
    "table": ("id", '("a" if table("cap", {}, on=day) > 5 else "b")'),
    "floor": ("i1", "({} // 7)"),
    "start": ("started_at", "start(date({}))"),
    "chain": ("i1", "(1 if i1 < {} < 7 else i1)"),
    "any": ("key", "({} or any(key for x in why))"),
}


@pytest.mark.parametrize("shape", NESTED)
def test_the_deepest_rule_is_one_that_each_engine_takes(shape: str, engine: engines.Engine) -> None:
    text, pattern = NESTED[shape]
    deepest = None
    for _ in range(60):
        try:
            deepest = parse(text, grammar.SCHEMA, tables=grammar.TABLES, wanted=None)
        except Problem as problem:
            assert problem.code == "rule.limit"
            break
        text = pattern.format(text)
    assert deepest is not None
    closure = deepest.closure()
    for prepared, (theirs,) in zip(PREPARED, engine.ask([deepest.sql(engine.name)]), strict=True):
        assert engines.same(deepest.type, closure(prepared, 0), theirs)


@pytest.mark.parametrize("name", DIALECTS)
def test_every_engine_can_write_every_rule(name: str) -> None:
    random = Random(7)
    writer = grammar.Writer(random)
    texts = [writer.rule(random.choice(grammar.KINDS), 2) for _ in range(200)] + [text for text, _, _ in CASES]
    for text in texts:
        rule = parse(text, grammar.SCHEMA, tables=grammar.TABLES, wanted=None)
        sql = rule.sql(name, now=1)
        assert all(DIALECTS[name].quoted(field) in sql for field in rule.fields)


@pytest.mark.parametrize(
    ("name", "text", "literal"),
    [
        ("postgresql", "it's \\", "E'it''s \\\\' COLLATE \"C\""),
        ("postgresql", "it's", "'it''s' COLLATE \"C\""),
        ("spark", "${a} it's \\", "'\\u0024{a} it\\u0027s \\u005c'"),
        ("clickhouse", "it's \\", "'it\\'s \\\\'"),
        ("duckdb", "it's \\", "'it''s \\'"),
    ],
)
def test_a_text_can_not_end_its_literal(name: str, text: str, literal: str) -> None:
    assert DIALECTS[name].text(text) == literal


@pytest.mark.parametrize(
    ("name", "quoted"),
    [("duckdb", '"a""b`"'), ("spark", '`a"b```'), ("clickhouse", '`a"b\\``'), ("sqlite", '"a""b`"')],
)
def test_a_name_can_not_end_its_quotes(name: str, quoted: str) -> None:
    assert DIALECTS[name].quoted('a"b`') == quoted


@given(st.floats(min_value=1e-30, max_value=1e30), st.sampled_from((1, -1)))
def test_sqlite_reads_a_number_to_the_last_bit(value: float, sign: int) -> None:
    asked = engines.SQLite()
    assert asked.value(f"SELECT {DIALECTS['sqlite'].real(sign * value)}") == sign * value
    asked.close()
