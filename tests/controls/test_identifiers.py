"""What the identifier scan finds and leaves alone. Identifiers are the verified examples or made up."""

from __future__ import annotations

import time

import pytest

from waglan.controls.identifiers import KINDS, TITLES, checks, find


def found(text: str, label: str = "") -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in find(text, label)]


@pytest.mark.parametrize(
    ("letters", "digits", "check"), [("A", "123456", "3"), ("E", "364912", "5"), ("AB", "987654", "3")]
)
def test_published_hkids_have_their_check_digit_and_no_other(letters, digits, check):
    assert [c for c in "0123456789A" if checks.hkid(letters, digits, c)] == [check]
    for written in (
        f"{letters}{digits}({check})",
        f"{letters}{digits} ({check})",
        f"{letters.lower()}{digits}({check})",
    ):
        assert found(f"my {written}.") == [("HKID", written)]
        assert found(f"客戶{written}投訴") == [("HKID", written)]
    for wrong in set("0123456789A") - {check}:
        assert found(f"HKID {letters}{digits}({wrong})") == []


def test_a_bare_string_that_passes_the_check_needs_a_cue():
    """One random string in eleven passes, so the form alone proves nothing."""
    assert found("code A1234563 was used") == []
    assert found("批號A1234563") == []
    for text in ("HKID A1234563", "身份證號碼：A1234563", "身份证A1234563", "identity card no. A123456-3"):
        assert [kind for kind, _ in found(text)] == ["HKID"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("信用卡4111111111111111請查", [("CARD", "4111111111111111")]),
        ("卡号４１１１　１１１１　１１１１　１１１１。", [("CARD", "４１１１　１１１１　１１１１　１１１１")]),
        ("card 3782 822463 10005", [("CARD", "3782 822463 10005")]),
        ("Ａ１２３４５６（３）", [("HKID", "Ａ１２３４５６（３）")]),
        ("電話91234567轉123", [("PHONE", "91234567")]),
        ("Tel:+852 9123 4567/23456789", [("PHONE", "+852 9123 4567"), ("PHONE", "23456789")]),
        ("王先生，91234567", [("PHONE", "91234567")]),
        ("請打(852) 9123-4567", [("PHONE", "(852) 9123-4567")]),
        ("手机号13812345678", [("PHONE", "13812345678")]),
        ("戶口號碼：004-123-456789-838", [("ACCOUNT", "004-123-456789-838")]),
        ("accounts 012-345-678901 and 004-123-456789", [("ACCOUNT", "012-345-678901"), ("ACCOUNT", "004-123-456789")]),
        ("A123456(3)、91234567", [("HKID", "A123456(3)"), ("PHONE", "91234567")]),
        ("004-123-456789-838 is my account", [("ACCOUNT", "004-123-456789-838")]),
        ("轉數快識別碼1234567", [("FPS", "1234567")]),
        ("pay by FPS 123456789", [("FPS", "123456789")]),
        ("FPS to 91234567", [("PHONE", "91234567")]),
        ("電郵chan.tm+hk@example.com.hk，謝謝", [("EMAIL", "chan.tm+hk@example.com.hk")]),
        ("身份证11010519491231002X", [("MAINLAND_ID", "11010519491231002X")]),
        ("passport no. K12345678", [("PASSPORT", "K12345678")]),
        ("护照号码：KJ1234567", [("PASSPORT", "KJ1234567")]),
        ("回鄉證號碼H1234567890", [("PERMIT", "H1234567890")]),
        ("八達通12345678(9)", [("OCTOPUS", "12345678(9)")]),
        ("GB82 WEST 1234 5698 7654 32", [("IBAN", "GB82 WEST 1234 5698 7654 32")]),
        (
            "at Flat 3A, 12/F, Block 5, 18 Nathan Road, Mong Kok, Kowloon today",
            [("ADDRESS", "Flat 3A, 12/F, Block 5, 18 Nathan Road, Mong Kok, Kowloon")],
        ),
        ("住址：九龍旺角彌敦道123號金輝大廈5樓A室。", [("ADDRESS", "九龍旺角彌敦道123號金輝大廈5樓A室")]),
        ("他住沙田第一城五座十二樓A室", [("ADDRESS", "沙田第一城五座十二樓A室")]),
        ("寄往香港湾仔轩尼诗道88号，谢谢", [("ADDRESS", "香港湾仔轩尼诗道88号")]),
    ],
)
def test_found_exactly(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "20250630-88123456",
        "INV-2025-91234567",
        "order no. 91234567, amount HK$23456789",
        "參考編號91234567，金額91234567元",
        "paid on 20250630",
        "in 2019-2023 and 2024 2025",
        "91234567 shares",
        "12,345,678.90",
        "3.14159265358979",
        "v10.91234567",
        "#91234567 https://example.org/91234567",
        "4111111111111112",
        "11010519491231002Y 110105194912310021",
        "110105194913310025",
        "GB83 WEST 1234 5698 7654 32",
        "012-345-678901",
        "1234567",
        "K12345678 H12345678",
        "12345678(9)",
        "Take the lift to the 3rd floor; Room 5 is left.",
        "乘升降機到3樓",
        "Nathan Road is closed; 彌敦道封路",
        "user@localhost, @handle, a@b",
        "第12條（第3版）",
        "",
        "no digits at all 沒有數字",
    ],
)
def test_decoys_are_left_alone(text):
    assert found(text) == []


def test_zero_width_characters_and_expanding_ones_move_offsets_right():
    assert found("㎏ ca\u200bll 9123\u200b4567 ㎏") == [("PHONE", "9123\u200b4567")]
    assert found("致電９１２３‑４５６７") == [("PHONE", "９１２３‑４５６７")]
    assert found("⑴㎏ A12\u00ad3456（３）") == [("HKID", "A12\u00ad3456（３）")]


def test_the_label_is_a_cue_for_a_text_that_is_only_a_number():
    assert found("012345678901") == []
    assert found("012345678901", "account_no") == [("ACCOUNT", "012345678901")]
    assert found("91234567", "order_ref") == []
    assert found("A1234563", "hkid") == [("HKID", "A1234563")]


def test_every_kind_has_its_title_in_three_languages():
    assert set(TITLES) == set(KINDS)
    assert all(set(title) == {"en", "zh-Hant", "zh-Hans"} for title in TITLES.values())


@pytest.mark.parametrize(
    "unit",
    [
        "1",
        "1 ",
        "1-",
        "a",
        "A",
        "a@",
        "@",
        "a.",
        "A1",
        "Road ",
        "1 Road ",
        "1 A ",
        "Aa ",
        "A.",
        "1/F, ",
        "Flat A, ",
        "九龍",
        "道1",
        "大廈",
        "1樓",
        "一",
        "九龍旺角1樓",
        "身份證",
        "12345678 ",
        "4111 ",
        "4111-1111-",
        "A123456(",
        "(",
        "\u200b",
        "㎏",
        "account 1",
        "GB82 ",
        "GB82WEST",
        "ref 91234567 ",
    ],
)
def test_time_is_linear_on_adversarial_text(unit):
    """100 KB of anything ends soon, and twice as much takes about twice as long."""
    small, large = unit * (50_000 // len(unit)), unit * (100_000 // len(unit))
    find(small[:1000])

    def cost(text: str) -> float:
        started = time.process_time()
        find(text)
        return time.process_time() - started

    first = min(cost(small) for _ in range(2))
    second = min(cost(large) for _ in range(2))
    assert second < 2.0
    assert second < 3.2 * first + 0.02
