"""What controls say, in three languages; that documents have their paragraphs; that the bench runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from waglan.controls import render
from waglan.core import LANGUAGES, Finding, Problem, Verdict, controls

ROOT = Path(__file__).parents[2]
OURS = tuple(name for name in controls if controls.get(name).check.__module__.startswith("waglan.controls."))
SIMPLIFIED_ONLY = set("证号码户验过说语资项论门开关时从专业个这对发现变应将须经据审阅拦录觅称满给")
TRADITIONAL_ONLY = set("證號碼戶驗過說語資項論門開關時從專業個這對發現變應將須經據審閱攔錄覓稱滿給")


def test_all_nine_are_registered_through_the_entry_point():
    assert set(OURS) == {
        "data.minimisation",
        "model.validated",
        "output.disclosure",
        "output.explanation",
        "output.thresholds",
        "people.opt_out",
        "privacy.identifiers",
        "privacy.identifiers_out",
        "purpose.consent",
    }


@pytest.mark.parametrize("name", OURS)
def test_every_text_is_there_in_each_script(name):
    spec = controls.get(name)
    for texts in (spec.summary, *spec.messages.values()):
        assert set(texts) == set(LANGUAGES)
        assert all(text.strip() for text in texts.values())
        assert not set(texts["zh-Hant"]) & SIMPLIFIED_ONLY
        assert not set(texts["zh-Hans"]) & TRADITIONAL_ONLY
        assert texts["en"].isascii()
    assert spec.clauses
    assert spec.inline


@pytest.mark.parametrize("name", OURS)
def test_every_message_renders_with_its_params(name):
    for code in controls.get(name).messages:
        finding = Finding(
            control=name, verdict=Verdict.REVIEW, code=code, params=("m", "1"), where=("inputs.a",), score=2.0
        )
        for language in LANGUAGES:
            assert "{" not in render(finding, language)


def test_kinds_are_said_in_the_readers_language():
    finding = Finding(
        control="privacy.identifiers", verdict=Verdict.REDACT, code="identifiers", params=("CARD", "HKID"), score=3.0
    )
    assert (
        render(finding, "en")
        == "3 personal identifiers were masked: payment card number, Hong Kong identity card number."
    )
    assert render(finding, "zh-Hant") == "已遮蔽 3 項個人識別資料：支付卡號碼、香港身份證號碼。"
    assert render(finding, "zh-Hans") == "已遮蔽 3 项个人识别资料：支付卡号码、香港身份证号码。"


@pytest.mark.parametrize("verdict", list(Verdict))
def test_findings_without_a_message_are_told_by_their_verdict(verdict):
    for control in ("people.opt_out", "nobody.knows"):
        for language in LANGUAGES:
            assert render(Finding(control=control, verdict=verdict, code="unheard_of"), language)


def _settings(kind: type[msgspec.Struct]) -> set[str]:
    names: set[str] = set()
    for field in msgspec.structs.fields(kind):
        names.add(field.name)
        inner = [a for a in (field.type, *getattr(field.type, "__args__", ())) if isinstance(a, type)]
        for part in inner:
            if issubclass(part, msgspec.Struct):
                names |= {f"{field.name}.{f.name}" for f in msgspec.structs.fields(part)}
    return names


@pytest.mark.parametrize("name", OURS)
def test_the_document_tells_each_control_as_it_is(name):
    sections = re.split(r"^## ", (ROOT / "docs" / "controls.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    section = next((s for s in sections if s.startswith(f"`{name}`")), None)
    assert section, f"docs/controls.md has no section for {name}"
    spec = controls.get(name)
    for setting in _settings(spec.settings) if spec.settings else ():
        assert f"`{setting}`" in section, setting
    for code in spec.messages:
        assert f"`{code}`" in section, code
    for clause in spec.clauses:
        assert clause in section, clause
    assert f"on error: {spec.on_error.value}" in section
    assert spec.stage in section


def test_wrong_settings_in_a_manifest_are_a_problem():
    from tests.controls.helpers import manifest
    from waglan.core.usecase import ControlPlan
    from waglan.runtime.checks import steps

    plan = ControlPlan(after=("output.thresholds",), settings={"output.thresholds": {"minimum_confidense": 0.5}})
    with pytest.raises(Problem) as caught:
        steps(manifest(controls=plan), "after")
    assert "minimum_confidense" in caught.value.why


def test_the_bench_reaches_the_bar_on_a_small_sample():
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, str(ROOT / "bench" / "privacy.py"), "--json", "--texts", "40", "--rounds", "1"]
    figures = json.loads(
        subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
    )
    assert figures["f1"]["f1"] >= 0.995
    assert all(language["f1"] >= 0.995 for language in figures["by_language"].values())
    assert figures["wrong_per_10k_characters"] <= 1
    assert figures["f1"]["planted"] > 500
    assert figures["mb_per_s_mixed"]["best"] > 0
