"""What may be written, what is refused and with which words, and what a digest stands for."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules import grammar
from waglan.core import Problem
from waglan.facts.schema import DECISIONS
from waglan.rules import Expression, Type, parse, tables, types

SCHEMA = {field.name: field.type for field in DECISIONS}


def read(text: str, **more: object) -> Expression:
    return parse(text, SCHEMA, tables=grammar.TABLES, **more)  # type: ignore[arg-type]


def test_every_field_of_a_decision_can_be_used_but_lists_of_records() -> None:
    mapped = types(SCHEMA)
    assert set(SCHEMA) - set(mapped) == {name for name, type in SCHEMA.items() if type.name == "MODELS"}
    assert {mapped["stakes_hkd"], mapped["decided_at"], mapped["controls"]} == {Type.MONEY, Type.TIME, Type.VERDICTS}
    for name in mapped:
        assert read(f"{name} is not None").fields == (name,)


def test_what_an_expression_says_of_itself() -> None:
    rule = read('  now - decided_at > days(7) or table("cap", sector, on=date(decided_at)) < stakes_hkd ')
    assert rule.fields == ("decided_at", "sector", "stakes_hkd")
    assert (rule.tables, rule.uses_now, rule.type) == (("cap",), True, Type.BOOLEAN)
    assert rule.text.startswith("now") and not read("drill").uses_now


@pytest.mark.parametrize(
    ("text", "code", "where", "says"),
    [
        ("reviewd_at is None", "field", "column 1", "Did you mean 'reviewed_at'?"),
        ('"中文" == language and\n  tierr == "high"', "syntax", "", ""),
        ('("中文" == language and\n  tierr == "high")', "field", "line 2, column 3", "'tier'"),
        ('language == "中文" and tierr == "a"', "field", "column 22", "'tier'"),
        ("starswith(route, 'a')", "function", "column 1", "'startswith'"),
        ("route.lower() == 'auto'", "function", "column 1", "no function 'route.lower'"),
        ('table("capp", sector, on=date(decided_at)) > 1', "table", "column 7", "'cap'"),
        ('table("cap", sector) > 1', "type", "column 1", "on=date"),
        ('table("cap", on=date(decided_at)) > 1', "type", "column 1", "sector"),
        ('table("cap", sector, on=decided_at) > 1', "type", "column 25", "takes a date"),
        ("table(sector, sector, on=date(decided_at)) > 1", "type", "column 7", "written out"),
        ("score", "type", "column 1", "of type number, not boolean"),
        ("not score", "type", "column 5", "This is a number"),
        ("drill and score", "type", "column 11", "This is a number"),
        ("route == None", "type", "column 10", "is None"),
        ("None is None", "type", "column 1", "is None"),
        ("route is 'auto'", "type", "column 10", "None only"),
        ("drill is not True", "type", "column 14", "None only"),
        ('decided_at > "2026-01-01"', "type", "column 14", "time("),
        ('date(decided_at) > "2026-01-01"', "type", "column 20", 'date("2026'),
        ("date(decided_at) > reviewed_at", "type", "column 20", "start("),
        ("decided_at - reviewed_at > 5", "type", "column 28", "hours("),
        ("stakes_hkd > 0.005", "type", "column 14", "two digits"),
        ("route > 1", "type", "column 9", "one type"),
        ("drill > imported", "type", "column 9", "one type"),
        ("reasons == why", "type", "column 12", "list"),
        ("route in 'auto'", "type", "column 10", "contains("),
        ("score in reasons", "type", "column 1", "takes a text"),
        ("route in ()", "type", "column 1", "1 to 200"),
        ("route in ('a', 1)", "type", "column 1", "one type"),
        ("drill in (True, False)", "type", "column 1", "one type"),
        ("route in ('a', None)", "type", "column 16", "is None"),
        ("route in why in reasons", "type", "column 1", "chain"),
        ("1 < citations in (1, 2)", "type", "column 1", "chain"),
        ("route + 1 == 2", "type", "column 1", "a text and an integer"),
        ("stakes_hkd * stakes_hkd > 1", "type", "column 1", "money"),
        ("stakes_hkd + 0.001 > 1", "type", "column 1", "money"),
        ("citations // 0 == 1", "type", "column 1", "1,000,000,000"),
        ("citations % citations == 1", "type", "column 1", "1,000,000,000"),
        ("citations ** 2 == 1", "type", "column 1", "table"),
        ("+citations == 1", "type", "column 1", "sign"),
        ("-route == 'a'", "type", "column 1", "sign"),
        ("('a' if drill else 1) == 'a'", "type", "column 2", "one type"),
        ("(why if drill else reasons) is None", "type", "column 2", "one type"),
        ("route['a'] == 'b'", "type", "column 1", "map of verdicts"),
        ("controls[route] == 'b'", "type", "column 10", "written out"),
        ("len(score) > 1", "type", "column 5", "a text or a list"),
        ("len() > 1", "type", "column 1", "takes 1 arguments, not 0"),
        ("date() is None", "type", "column 1", "takes 1 to 2 arguments"),
        ("len(route, x=1) > 1", "type", "column 1", "named"),
        ("lower(score) == 'a'", "type", "column 7", "takes a text"),
        ("abs(decided_at) is None", "type", "column 5", "duration"),
        ("max(route, 'a') == 'a'", "type", "column 1", "choose"),
        ("coalesce(score, 'a') == 'a'", "type", "column 1", "choose"),
        ("days(1.5) is None", "type", "column 6", "an integer"),
        ("any(reasons)", "type", "column 5", "one loop"),
        ("any(any(x == y for x in why) for y in why)", "type", "column 8", "one loop"),
        ("any(x == 'a' for x in why if drill)", "type", "column 4", "plain loop"),
        ("any(x == y for x in why for y in why)", "type", "column 4", "plain loop"),
        ("any(route == 'a' for route in why)", "type", "column 22", "field already"),
        ("any(now == 'a' for now in why)", "type", "column 20", "field already"),
        ("any(中 == 'a' for 中 in why)", "type", "column 18", "letters"),
        ("any(x == 'a' for x in route)", "type", "column 23", "a list of texts"),
        ("any('a' for x in why)", "type", "column 5", "true or false"),
        ('date("2026-02-30") is None', "type", "column 6", "There is no date"),
        ('date("tomorrow") is None', "type", "column 6", "There is no date"),
        ('time("2026-01-01T00:00:00") is None', "type", "column 6", "an offset"),
        ('time("2026-01-01T00:00:00.000001+00:00") is None', "type", "column 6", "milliseconds"),
        ('time("0001-01-01T00:00:00+08:00") is None', "type", "column 6", "moment"),
        ('time("noon") is None', "type", "column 6", "moment"),
        ('date(decided_at, "Asia/Hong_Kong") is None', "type", "column 18", "+08:00"),
        ('date(decided_at, "+15:00") is None', "type", "column 18", "+08:00"),
        ("citations > 9223372036854775808", "literal", "column 13", "64 bits"),
        ("score > 1e31", "literal", "column 9", "1e30"),
        ("score > 0.10000000000000000001", "literal", "column 9", "digits"),
        ("route == b'a'", "literal", "column 10", "isn't a value"),
        ("route == 1j", "literal", "column 10", "isn't a value"),
        ("route == 'a\\0'", "literal", "column 10", "character"),
        ("route == '\\ud800'", "literal", "column 10", "character"),
        ("[x for x in reasons]", "syntax", "column 1", "isn't part"),
        ("(lambda: 1)", "syntax", "column 2", "isn't part"),
        ("route.upper", "syntax", "column 1", "isn't part"),
        ("f'{route}' == 'a'", "syntax", "column 1", "isn't part"),
        ("__import__('os')", "function", "column 1", "no function"),
        ("route == 'auto' # and drill", "syntax", "", "comment"),
        ("route ==", "syntax", "", "can't be read"),
        ("(route", "syntax", "", "can't be read"),
        ("", "syntax", "", "can't be read"),
        ("route = 'a'", "syntax", "", "can't be read"),
        ("'" + "x" * 8000 + "' == route", "limit", "", "8000"),
        ("not " * 300 + "drill", "limit", "", "80 deep"),
        ("route in (" + "'a'," * 1500 + ")", "limit", "", "1500 parts"),
        ("not " * 30 + "drill", "limit", "", "too deep"),
        ("score * score * score * score * score * score > 1", "limit", "", "too deep"),
        ("citations" + " + citations" * 11 + " > 1", "limit", "", "too"),
    ],
)
def test_refused(text: str, code: str, where: str, says: str) -> None:
    with pytest.raises(Problem) as caught:
        read(text)
    problem = caught.value
    assert (problem.code, problem.where) == (f"rule.{code}", where), str(problem)
    assert says in str(problem)


def test_a_line_is_what_the_parser_counts() -> None:
    with pytest.raises(Problem) as caught:
        read("(route == '\u2028\x0b' and\r\n tierr is None)")
    assert caught.value.where == "line 2, column 2"


def test_the_place_of_the_text_comes_first() -> None:
    with pytest.raises(Problem) as caught:
        read("rout == 'a'", where="clauses.toml: SFC.5b")
    assert caught.value.where == "clauses.toml: SFC.5b, column 1"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("route=='auto'", '(route == "auto")'),
        ("stakes_hkd > 1_000", "(stakes_hkd > 1000.00)"),
        ("stakes_hkd > -0.5", "(stakes_hkd > -0.50)"),
        ("score > 1", "(score > 1.0)"),
        ("score > -0.0", "(score > 0.0)"),
        ("route in ['b', 'a', 'b']", '(route in ("a", "b",))'),
        ("route not in {'a', source}", '(not ((route in ("a",)) or (route == source)))'),
        ("1 < citations <= 5", "((1 < citations) and (citations <= 5))"),
        ("date(decided_at) == date('2026-01-31')", '(date(decided_at, "+08:00") == date("2026-01-31"))'),
        ("hour(decided_at, '-03:30') < 9", '(hour(decided_at, "-03:30") < 9)'),
        ("decided_at < time('2026-01-31T09:00+08:00')", '(decided_at < time("2026-01-31T01:00:00.000+00:00"))'),
        ("all(x != 'é\"' for x in why)", 'all((x != "é\\"") for x in why)'),
        ("controls['a'] is not None", '(not (controls["a"] is None))'),
        ("('a' if drill else route) == 'a'", '(("a" if drill else route) == "a")'),
        ("len(why) > len(route) and -citations < 0", "((len(why) > len(route)) and ((-citations) < 0))"),
        ("tier in reasons", "(tier in reasons)"),
        ("min(score, 1) < max(score, 0)", "(min(score, 1.0) < max(score, 0.0))"),
    ],
)
def test_canonical(text: str, canonical: str) -> None:
    rule = read(text)
    assert rule.canonical == canonical
    assert read(canonical).digest == rule.digest


def test_a_digest_stands_for_one_meaning() -> None:
    assert read("route=='auto'").digest == read("( route  ==\n'auto' )").digest
    assert read("route == 'auto'").digest != read("route == 'human'").digest
    as_number = parse("x > 1", {"x": Type.NUMBER}).digest
    assert as_number != parse("x > 1", {"x": Type.MONEY}).digest
    text, rows = (
        'table("t", x, on=date("2026-01-01")) > 1',
        '[[tables.t.rows]]\nk="a"\nfrom=2020-01-01\ncites="c"\nvalue=',
    )
    head = '[tables.t]\nkeys=["k"]\nvalue="integer"\n'
    one, other = (parse(text, {"x": Type.TEXT}, tables=tables(head + rows + v)).digest for v in "12")
    assert one != other


@given(st.integers(0, 2**32))
def test_canonical_text_reads_as_the_same_rule(seed: int) -> None:
    random = Random(seed)
    kind = random.choice(grammar.KINDS)
    text = grammar.Writer(random).rule(kind, 3)
    try:
        rule = parse(text, grammar.SCHEMA, tables=grammar.TABLES, wanted=kind)
    except Problem as problem:
        assert problem.code == "rule.limit"
        return
    again = parse(rule.canonical, grammar.SCHEMA, tables=grammar.TABLES, wanted=kind)
    assert (again.digest, again.canonical) == (rule.digest, rule.canonical)


PIECES = (
    *"()[]'\" =<>!+-*/%.,:#\\\n\0{}ab01 ",
    "route",
    "not ",
    " in ",
    "中",
    "any(",
    "date(",
    "None",
    " for x in why",
)


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_any_text_is_a_rule_or_a_problem(text: str) -> None:
    try:
        read(text)
    except Problem as problem:
        assert problem.code.startswith("rule.") and problem.next


def test_sql_needs_a_known_engine_and_the_time_that_it_asks_for() -> None:
    with pytest.raises(Problem, match="no dialect"):
        read("drill").sql("duckdbb")
    with pytest.raises(Problem, match="present time"):
        read("decided_at < now").sql("duckdb")
    assert read("decided_at < now").sql("sqlite", now=5) == '("decided_at" < 5)'
    assert read("drill").sql("sqlite", column=lambda name: f"d.{name}") == "d.drill"
