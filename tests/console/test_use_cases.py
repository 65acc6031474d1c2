"""Use cases: the list and the card, whole and broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.conftest import Bank
from waglan.console.pages.figures import Span, _even, span
from waglan.console.pages.use_cases.card import oversight
from waglan.core.usecase import Tier
from waglan.index.buckets import Bar


def test_the_list_has_every_use_case_with_its_figures(bank: Bank) -> None:
    listed = {each["name"]: each for each in bank.get("/use-cases.json", as_="auditor").body["use_cases"]}
    assert set(listed) == set(bank.workspace.catalogue)
    found = listed["credit"]
    assert found["live"]["total"] == sum(found["live"]["routes"].values()) == 300
    assert 0 < found["live"]["adverse_share"] < 1


def test_the_card_says_what_the_manifest_says(bank: Bank) -> None:
    manifest = bank.workspace.catalogue.get("credit").manifest
    shown = bank.get("/use-cases/credit.json", as_="reviewer").body
    assert shown["disclosure"]["text"] == manifest.disclosure.text  # type: ignore[union-attr]
    assert [each["name"] for each in shown["inputs"]] == list(manifest.inputs)
    assert [each["name"] for each in shown["controls"]["before"]] == list(manifest.controls.before)
    assert shown["models"][0]["models"][0]["validation"] == "valid"
    assert shown["live"]["total"] == 300
    assert sum(shown["live"]["scores"]["values"]) == 300
    assert sum(each["n"] for each in shown["live"]["effects"]) == 300
    assert [each["now"] for each in shown["versions"]] == [True]


@pytest.mark.parametrize("lang", ["en", "zh-Hant", "zh-Hans"])
def test_the_disclosure_stands_there_in_all_three_languages(bank: Bank, lang: str) -> None:
    text = bank.get("/use-cases/credit", as_="reviewer", lang=lang).text
    assert "A credit officer reviews every refusal" in text
    assert "均由信貸主任覆核" in text
    assert "均由信贷主任复核" in text


def test_buttons_are_there_for_those_who_may(bank: Bank) -> None:
    assert 'href="/console/try/credit"' in bank.get("/use-cases/credit", as_="developer").text
    assert 'href="/console/try/credit"' not in bank.get("/use-cases/credit", as_="reviewer").text
    assert 'href="/console/reviews?use_case=credit"' in bank.get("/use-cases/credit", as_="reviewer").text
    assert 'href="/console/reviews?use_case=credit"' not in bank.get("/use-cases/credit", as_="developer").text


def test_an_unknown_one_is_not_found(bank: Bank) -> None:
    assert bank.get("/use-cases/debit", as_="auditor").status == 404
    assert bank.get("/use-cases/..%2f..%2fetc", as_="auditor").status == 404


def test_a_broken_one_shows_its_problem(bank_folder: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "bank"
    shutil.copytree(bank_folder, folder)
    manifest = (folder / "usecases" / "credit.toml").read_text(encoding="utf-8")
    broken = manifest.replace('name = "credit"', 'name = "card"\nplugin = "nothing"', 1)
    (folder / "usecases" / "card.toml").write_text(broken.replace('plugin = "credit"\n', ""), encoding="utf-8")
    bank = Bank(folder)
    try:
        found = {each["name"]: each for each in bank.get("/use-cases.json", as_="auditor").body["use_cases"]}
        assert found["card"]["problem"]["type"].endswith("use_case.unknown")
        answer = bank.get("/use-cases/card", as_="auditor")
        assert answer.status == 200
        assert "Nothing installed decides" in answer.text
        assert "Nothing installed decides" in bank.get("/try", as_="developer").text
        assert bank.get("/overview.json", as_="developer").body["needs"][0]["key"] == "broken"
        assert bank.get("/controls", as_="auditor").status == bank.get("/models", as_="auditor").status == 200
        assert bank.get("/models/credit.scorecard", as_="auditor").status == 200
    finally:
        bank.close()


@pytest.mark.parametrize(
    ("tier", "automatic", "human"),
    [
        ("low", "out_of_the_loop", "out_of_the_loop"),
        ("medium", "in_command", "in_command"),
        ("high", "in_command", "in_the_loop"),
        ("critical", "in_the_loop", "in_the_loop"),
    ],
)
def test_oversight_is_what_the_runtime_applies(tier: Tier, automatic: str, human: str) -> None:
    from waglan.runtime.route import _oversight
    from waglan.runtime.stance import Stance

    assert oversight(tier) == {"automatic": automatic, "human": human}
    assert [_oversight(Stance(tier), human=each) for each in (False, True)] == [automatic, human]
    for cases in ("none", "adverse", "all"):
        stance = Stance(tier, cases=cases)
        applied = [_oversight(stance, human=each) for each in (False, True)]
        assert list(oversight(tier, cases).values()) == applied, cases


def test_days_are_those_of_hong_kong() -> None:
    sixteen_utc = 1_795_276_800_000  # 2026-11-21 16:00 UTC: already the 22nd in Hong Kong
    assert span(sixteen_utc, 7).ends == ("2026-11-16", "2026-11-22")
    assert span(sixteen_utc - 1, 1).ends == ("2026-11-21", "2026-11-21")
    assert Span(20_000, 20_002).ticks == [day[5:] for day in Span(20_000, 20_002).days]


def test_a_histogram_keeps_every_count_in_bars_of_one_width() -> None:
    bars = [Bar(0.0, 0.01, 5), Bar(0.5, 0.51, 2), Bar(9.0, 9.1, 3)]
    even = _even(bars)
    assert sum(bar.n for bar in even) == 10
    assert len(even) <= 40
    assert {round(bar.high - bar.low, 6) for bar in even if bar.high is not None} == {round(9.1 / 40, 6)}
    assert _even([]) == []
    assert _even([Bar(3.0, None, 2)]) == [Bar(3.0, None, 2)]
