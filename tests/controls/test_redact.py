"""Properties of folding and redaction, over texts that mix scripts, widths, cues and identifiers."""

from __future__ import annotations

import random
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from waglan.controls.identifiers import Redactor, find
from waglan.controls.identifiers.find import may_hold, scan
from waglan.controls.identifiers.fold import fold, fold_character

PIECES = [
    "A123456(3)",
    "a123456（３）",
    "E3649125",
    "９１２３４５６７",
    "91234567",
    "+852 9123 4567",
    "4111 1111 1111 1111",
    "4111111111111111",
    "012-345-678901",
    "11010519491231002X",
    "chan@example.com",
    "K12345678",
    "GB82WEST12345698765432",
    "12345678(9)",
    "彌敦道123號",
    "5樓A室",
    "18 Nathan Road",
    "12/F",
    "Flat 3A",
    "Mong Kok",
    "Unit ",
    "Sunshine City",
    "Level 3",
    "3a",
    "Block 2",
    "HKID ",
    "身份證",
    "account ",
    "戶口",
    "call ",
    "電話",
    "passport ",
    "FPS ",
    "八達通",
    "ref ",
    "編號",
    "HK$",
    " ",
    ", ",
    "，",
    "-",
    "/",
    ".",
    ". ",
    "\n",
    "(",
    "）",
    "⟦",
    "⟧",
    "⟦HKID_1⟧",
    "⟦PHONE_7⟧",
    "㎏",
    "\u200b",
    "①",
    "7",
    "20250630",
    "and",
    "和",
    "在",
    "x",
    "Ａ",
    "1",
    "23",
    "456",
    "@",
    "九龍",
]
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
anything = st.one_of(texts, st.text(max_size=60))


@settings(max_examples=400, deadline=None)
@given(anything)
def test_offsets_round_trip_through_the_fold(text):
    folded = fold(text)
    assert folded.text == "".join(map(fold_character, text))
    for at in range(len(folded.text)):
        start, end = folded.original(at, at + 1)
        assert end == start + 1
        assert folded.text[at] in fold_character(text[start])


@settings(max_examples=200, deadline=None)
@given(st.characters())
def test_a_character_folds_as_nfkc_says_but_for_dashes_and_format_characters(character):
    if unicodedata.category(character) not in ("Cf", "Pd") and character != "\u2212":
        assert fold(character).text == unicodedata.normalize("NFKC", character)


@settings(max_examples=600, deadline=None)
@given(anything)
def test_spans_are_sorted_disjoint_and_inside(text):
    past = 0
    for span in find(text):
        assert past <= span.start < span.end <= len(text)
        past = span.end


@settings(max_examples=800, deadline=None)
@given(anything)
def test_the_quick_look_never_hides_what_the_scan_would_find(text):
    folded = fold(text).text
    if not may_hold(folded):
        assert scan(folded, "") == []


@settings(max_examples=800, deadline=None)
@given(anything)
def test_a_redacted_text_holds_nothing_more(text):
    once = Redactor()
    once.reserve(text)
    redacted = once.text(text, "t")
    assert find(redacted) == ()
    again = Redactor()
    assert again.text(redacted, "t") is redacted
    assert again.count == 0
    assert (redacted is text) == (once.count == 0)


@settings(max_examples=300, deadline=None)
@given(texts, texts)
def test_equal_values_share_a_token_and_others_do_not(first, second):
    redactor = Redactor()
    redactor.text(f"HKID A123456(3) {first}"[:24], "a")
    one = redactor.text("HKID: A123456(3)", "a")
    assert redactor.text("身份證：a123456（３）", "b").removeprefix("身份證：") == one.removeprefix("HKID: ")
    assert redactor.text("HKID: E364912(5)", "c") != one


def test_phones_with_and_without_country_code_are_one_value():
    redactor = Redactor()
    assert redactor.text("call 91234567", "a") == redactor.text("call +852 9123 4567", "b") == "call ⟦PHONE_1⟧"
    assert redactor.count == 2
    assert redactor.where == ["a", "b"]


def test_tokens_that_already_stand_in_a_text_are_not_issued_again():
    redactor = Redactor()
    redactor.reserve({"k": ["see ⟦HKID_4⟧"]})
    assert redactor.text("A123456(3) and ⟦HKID_4⟧", "a") == "⟦HKID_5⟧ and ⟦HKID_4⟧"


def test_nested_values_keys_and_untouched_ones():
    plain = {"a": [1, "two", {"b": None}], "c": 91234567}
    redactor = Redactor()
    assert redactor.value(plain, "x") is plain
    mixed = {"A123456(3)": 1, "a123456(3)": 2, "phone": ["91234567", 5], "order_ref": "91234567"}
    out = redactor.value(mixed, "x")
    assert out == {"⟦HKID_1⟧": 1, "⟦HKID_1⟧'": 2, "phone": ["⟦PHONE_1⟧", 5], "order_ref": "91234567"}
    assert not any("123456" in where for where in redactor.where)
    assert mixed["phone"] == ["91234567", 5]


def test_kept_kinds_stay():
    assert Redactor(("EMAIL",)).text("a@example.com or 91234567", "x") == "a@example.com or ⟦PHONE_1⟧"


def test_too_deep_a_value_is_an_error_not_a_pass():
    value: object = "91234567"
    for _ in range(70):
        value = [value]
    try:
        Redactor().value(value, "x")
    except RecursionError as error:
        assert "91234567" not in str(error)
    else:
        raise AssertionError("a value nested too deep to scan must not pass")


def test_a_large_text_is_redacted_whole():
    r = random.Random(7)
    text = "".join(r.choice(PIECES) for _ in range(4000))
    assert find(Redactor().text(text, "t")) == ()
