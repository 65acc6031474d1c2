"""Refusals with values in them: each finds its sentence, in each Chinese, and its values stay what they are."""

import ast
import re
import time
from functools import cache

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from tests.console import messages
from waglan.access import refusals
from waglan.console.render import _environment
from waglan.console.saying import LONGEST, Pattern, pattern, patterns, said
from waglan.core.problem import Problem

CHINESE = ("zh-Hant", "zh-Hans")
VALUE = re.compile(r"%\((v\d+)\)s")
WITH_VALUES = tuple(text for text in messages.messages("problems") if VALUE.search(text))
SAMPLES = ("'x'", "17", "waglan.toml", "2026-11-21", "a_b/c-d")
HOSTILE = ("<script>alert(1)</script>", "100 %", "%(v1)s", "%s", "{0}", "{{ 7*7 }}", '" onload="x', "&amp;", "a\nb", "")


@cache
def spoken(code: str) -> dict[str, str]:
    """The catalogue of problems as it is written."""
    with messages.path(code.replace("-", "_"), "problems").open("rb") as file:
        return {m.id: m.string for m in read_po(file) if m.id}


def filled(text: str, value: str) -> str:
    return text % dict.fromkeys(VALUE.findall(text), value)


def expression(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"Look at it."', ["Look at it."]),
        ('"Look at " "all of it."', ["Look at all of it."]),
        ('f"A key lasts from 1 to {MOST} days."', ["A key lasts from 1 to %(v1)s days."]),
        ('f"{a!r} has {b:,} of 100 %."', ["%(v1)s has %(v2)s of 100 %%."]),
        ('f"Two values {a}{b} stand as one."', ["Two values %(v1)s stand as one."]),
        ('"Look here." if x else "Look there."', ["Look here.", "Look there."]),
        ("f\"It has {n} entr{'y' if n == 1 else 'ies'}.\"", ["It has %(v1)s entry.", "It has %(v1)s entries."]),
        ("f\"Signed by {who or 'nobody'}.\"", ["Signed by %(v1)s.", "Signed by nobody."]),
        ('"It can be: " + ", ".join(allowed) + "."', ["It can be: %(v1)s."]),
        ('f"{name}: {error}."', []),
        ('f"{why}."', []),
        ('"no.sentence"', []),
        ("why", []),
    ],
)
def test_sentences_are_found_however_they_are_written(source, expected):
    assert messages.sentences(expression(source)) == expected


def test_there_are_many_with_values():
    assert len(WITH_VALUES) > 90
    assert {len(patterns(name)) for name in CHINESE} == {len(WITH_VALUES)}
    assert patterns("zh-Hant") is patterns("zh-Hant")


@pytest.mark.parametrize("name", CHINESE)
@pytest.mark.parametrize("text", WITH_VALUES)
def test_every_sentence_with_values_is_said_with_them(name, text):
    for value in SAMPLES:
        assert said(name, filled(text, value)) == filled(spoken(name)[text], value)


@pytest.mark.parametrize("text", WITH_VALUES)
def test_nothing_is_ambiguous(text):
    """Another sentence may fit, as ``%(v1)s can't be used.`` fits much, but never one with as many words of its own."""
    for name in CHINESE:
        example = filled(text, "'x'")
        fitting = [each for each in patterns(name) if each.match(example) is not None]
        assert fitting[0].translation == spoken(name)[text]
        own = sum(map(len, fitting[0].literals))
        assert all(each.translation == spoken(name)[text] or sum(map(len, each.literals)) < own for each in fitting)


@pytest.mark.parametrize("name", CHINESE)
def test_a_fixed_sentence_wins_over_a_pattern(name):
    assert said(name, "This name can't be used.") == spoken(name)["This name can't be used."]


@pytest.mark.parametrize("name", ("en", *CHINESE))
@pytest.mark.parametrize("text", ["", "Nothing of the catalogue at all", "x" * (LONGEST + 1), "Project-Id-Version"])
def test_what_nobody_translated_stays(name, text):
    assert said(name, text) == text


def test_english_stays_english():
    assert said("en", "A key lasts from 1 to 365 days.") == "A key lasts from 1 to 365 days."


def test_codes_and_sentences_among_the_values_are_translated():
    assert said("zh-Hant", "It is one of: agree, change, reject.") == "須為以下其中一項：同意、更改、否決。"
    assert said("zh-Hans", "The customer asks for: human_review.") == "客户请求：人工复核。"
    inner = "Its storage answered: disk I/O error."
    whole = f"The storage failed in the middle of a commit and has not come back. {inner}"
    assert said("zh-Hant", whole).endswith("尚未恢復。其儲存裝置回應：disk I/O error。")


@pytest.mark.parametrize("thing", messages.THINGS)
def test_what_is_missing_is_named(thing):
    title = refusals.missing(thing.replace(" ", "_")).what
    assert not re.search("[A-Za-z]", said("zh-Hant", title) + said("zh-Hans", title))


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_put_in_as_it_is(value):
    assert said("zh-Hant", f"There is nothing at {value!r}.") == f"{value!r} 沒有任何內容。"
    assert said("zh-Hans", f"A form can't be sent as {value}.") == f"表单不能以 {value} 格式发送。"


@pytest.mark.parametrize("value", HOSTILE)
def test_a_page_escapes_what_is_said(value):
    made = _environment("zh-Hant").from_string("<p>{{ said(text) }}</p>")
    assert made.render(text=f"A form can't be sent as {value}.") == f"<p>表格不能以 {escape(value)} 格式傳送。</p>"
    assert made.render(text=value) == f"<p>{escape(value)}</p>"


def test_the_page_of_a_problem_speaks_chinese(bank):
    page = bank.get("/decisions?from=%3Cb%3E100%25%7B%7D", as_="auditor", lang="zh-Hant")
    assert page.status == 400
    assert "不是日期" in page.text and "isn&#39;t a day" not in page.text
    assert "<b>" not in page.text and "&lt;b&gt;100%{}" in page.text


@given(st.lists(st.text("ab. ", max_size=6), min_size=2, max_size=4), st.text("ab. ", max_size=30))
def test_matching_is_that_of_a_regular_expression(literals, text):
    names = tuple(f"v{n}" for n in range(1, len(literals)))
    expected = re.fullmatch("(.*?)".join(map(re.escape, literals)), text, re.DOTALL)
    found = Pattern(names, tuple(literals), "").match(text)
    assert found == (dict(zip(names, expected.groups(), strict=True)) if expected else None)


@given(st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_a_percent_sign_of_ours_is_kept(values):
    english = " of 100 %% and ".join(f"%(v{n})s" for n in range(1, len(values) + 1)) + " in all."
    made = pattern(english, english)
    text = english % {f"v{n}": value for n, value in enumerate(values, 1)}
    matched = made.match(text)
    assert matched is not None and made.translation % matched == text


def test_a_text_made_to_be_slow_is_not():
    text = ("There is nothing at " + "has format ; this program " * 200)[: LONGEST - 1] + "."
    started = time.process_time()
    said("zh-Hant", text)
    assert time.process_time() - started < 0.5


def test_the_three_lines_of_a_problem_are_said():
    problem = Problem("The setting oidc.issuer can't be used.", "Its storage answered: x.", "Give 1 to 5.")
    shown = [said("zh-Hant", text) for text in (problem.what, problem.why, problem.next)]
    assert shown == ["設定 oidc.issuer 不能使用。", "其儲存裝置回應：x。", "請填寫 1 至 5。"]
