"""The controls that judge: purpose, opt-out, explanation, thresholds, disclosure, validated models; and settings."""

from __future__ import annotations

import msgspec
import pytest

from tests.controls.helpers import DAY, NOW, Registry, case, context
from waglan.controls import (
    model_validated,
    output_disclosure,
    output_explanation,
    output_thresholds,
    people_opt_out,
    purpose_consent,
)
from waglan.core import ModelUse, Outcome, Reason, Verdict, controls
from waglan.core.events import ModelRegistration


def judged(finding):
    return finding.verdict.value, finding.code


@pytest.mark.parametrize(
    ("settings", "changes", "expected"),
    [
        ({}, {}, ("pass", "")),
        ({}, {"purpose": "complaints"}, ("pass", "")),
        ({}, {"purpose": "marketing"}, ("block", "other_purpose")),
        ({}, {"purpose": ""}, ("block", "other_purpose")),
        ({"consent": True}, {}, ("review", "no_consent")),
        ({"consent": True}, {"consent_ref": "c"}, ("pass", "")),
        ({"notice": True}, {"consent_ref": "c"}, ("review", "no_notice")),
        ({"notice": True, "missing": "block"}, {}, ("block", "no_notice")),
        ({"notice": True, "consent": True}, {}, ("review", "no_consent_no_notice")),
        ({"notice": True, "consent": True}, {"consent_ref": "c", "notice_id": "n"}, ("pass", "")),
    ],
)
def test_purpose(settings, changes, expected):
    assert judged(purpose_consent.check(case(**changes), context(purpose_consent.Settings(**settings)))) == expected


def test_opt_out_sends_to_a_person_and_never_blocks():
    registers = Registry(opted_out=(("S1", "desk"), ("", "desk")))
    assert judged(people_opt_out.check(case(), context(registers=registers))) == ("review", "opted_out")
    assert judged(people_opt_out.check(case(subject="S2"), context(registers=registers))) == ("pass", "")
    assert judged(people_opt_out.check(case(subject=""), context(registers=registers))) == ("pass", "")


@pytest.mark.parametrize(
    ("outcome", "language", "facing", "expected"),
    [
        (None, "en", True, ("review", "no_outcome")),
        (Outcome(value=1), "en", True, ("review", "no_reason")),
        (Outcome(value=1, adverse=True), "en", False, ("review", "adverse_no_reason")),
        (Outcome(value=1, effect="decline"), "en", False, ("review", "adverse_no_reason")),
        (Outcome(value=1, reasons=(Reason(code="", text={"en": "because"}),)), "en", True, ("review", "no_reason")),
        (Outcome(value=1, reasons=(Reason(code="r"),)), "en", False, ("pass", "")),
        (Outcome(value=1, reasons=(Reason(code="r"),)), "en", True, ("review", "no_text")),
        (Outcome(value=1, reasons=(Reason(code="r", text={"en": "late"}),)), "en", True, ("pass", "")),
        (Outcome(value=1, reasons=(Reason(code="r", text={"en": "late"}),)), "zh-Hant", True, ("review", "no_text")),
        (Outcome(value=1, reasons=(Reason(code="r", text={"en": "  "}),)), "en", True, ("review", "no_text")),
        (
            Outcome(value=1, reasons=(Reason(code="r"), Reason(code="s", text={"zh-Hans": "迟"}))),
            "zh-Hans",
            True,
            ("pass", ""),
        ),
    ],
)
def test_explanation(outcome, language, facing, expected):
    finding = output_explanation.check(case(language=language), outcome, context(customer_facing=facing))
    assert judged(finding) == expected


@pytest.mark.parametrize(
    ("settings", "outcome", "expected", "where"),
    [
        ({}, {"confidence": None}, ("pass", ""), ()),
        ({}, None, ("review", "no_outcome"), ()),
        ({"minimum_confidence": 0.8}, {"confidence": 0.8}, ("pass", ""), ()),
        ({"minimum_confidence": 0.8}, {"confidence": 0.79}, ("review", "confidence_low"), ("outcome.confidence",)),
        ({"minimum_confidence": 0.8}, {}, ("review", "confidence_unknown"), ("outcome.confidence",)),
        (
            {"minimum_confidence": 0.8},
            {"confidence": float("nan")},
            ("review", "confidence_low"),
            ("outcome.confidence",),
        ),
        ({"maximum_stakes_hkd": 1e6}, {"stakes_hkd": 1e6}, ("pass", ""), ()),
        ({"maximum_stakes_hkd": 1e6}, {"stakes_hkd": 1e6 + 1}, ("review", "stakes_high"), ("outcome.stakes_hkd",)),
        ({"maximum_stakes_hkd": 1e6}, {}, ("review", "stakes_unknown"), ("outcome.stakes_hkd",)),
        ({"band": {"low": 500, "high": 520}}, {"score": 499.9}, ("pass", ""), ()),
        ({"band": {"low": 500, "high": 520}}, {"score": 520.1}, ("pass", ""), ()),
        ({"band": {"low": 500, "high": 520}}, {"score": 500}, ("review", "score_in_band"), ("outcome.score",)),
        ({"band": {"low": 500, "high": 520}}, {"score": 520}, ("review", "score_in_band"), ("outcome.score",)),
        ({"band": {"low": 500, "high": 520}}, {"score": float("nan")}, ("review", "score_in_band"), ("outcome.score",)),
        ({"band": {"low": 500, "high": 520}}, {}, ("review", "score_unknown"), ("outcome.score",)),
        (
            {"minimum_confidence": 0.9, "maximum_stakes_hkd": 10},
            {"confidence": 0.5, "stakes_hkd": 11},
            ("review", "confidence_low"),
            ("outcome.confidence", "outcome.stakes_hkd"),
        ),
    ],
)
def test_thresholds(settings, outcome, expected, where):
    chosen = msgspec.convert(settings, output_thresholds.Settings)
    answer = None if outcome is None else Outcome(value=1, **outcome)
    finding = output_thresholds.check(case(), answer, context(chosen))
    assert judged(finding) == expected
    assert finding.where == where


@pytest.mark.parametrize(
    ("changes", "language", "settings", "expected"),
    [
        ({}, "en", {}, ("pass", "")),
        ({}, "zh-Hans", {}, ("review", "language")),
        ({}, "zh-Hans", {"missing": "block"}, ("block", "language")),
        ({"disclosure": None}, "en", {}, ("review", "none")),
        ({"disclosure": None}, "en", {"missing": "block"}, ("block", "none")),
        ({"disclosure": None, "customer_facing": False}, "en", {}, ("pass", "")),
    ],
)
def test_disclosure(changes, language, settings, expected):
    chosen = output_disclosure.Settings(**settings)
    finding = output_disclosure.check(case(language=language), Outcome(value=1), context(chosen, **changes))
    assert judged(finding) == expected


GOOD = ModelRegistration(
    id="m", version="1", digest="d", validated_at=NOW - DAY, validation_expires_at=NOW + DAY, validation_id="v"
)
USE = ModelUse(slot="score", id="m", version="1", digest="d")


@pytest.mark.parametrize(
    ("registered", "use", "expected"),
    [
        ({}, {}, ("pass", "")),
        ({"validation_expires_at": None}, {}, ("pass", "")),
        ({"digest": "other"}, {}, ("review", "changed")),
        ({"state": "withdrawn"}, {}, ("review", "withdrawn")),
        ({"validated_at": None}, {}, ("review", "not_validated")),
        ({"validated_at": NOW + 1}, {}, ("review", "not_validated")),
        ({"validation_expires_at": NOW}, {}, ("review", "expired")),
        ({"version": "2"}, {}, ("review", "unregistered")),
        ({"version": "2"}, {"answered": False}, ("pass", "")),
    ],
)
def test_validated(registered, use, expected):
    registers = Registry((msgspec.structs.replace(GOOD, **registered),))
    given = context(registers=registers, models=(msgspec.structs.replace(USE, **use),))
    finding = model_validated.check(case(), Outcome(value=1), given)
    assert judged(finding) == expected
    if expected[0] != "pass":
        assert finding.params == ("m", "1")
        block = msgspec.structs.replace(given, settings=model_validated.Settings(unvalidated="block"))
        assert judged(model_validated.check(case(), Outcome(value=1), block)) == ("block", expected[1])


def test_no_model_asked_passes_and_the_second_model_counts():
    assert judged(model_validated.check(case(), None, context())) == ("pass", "")
    models = (USE, msgspec.structs.replace(USE, id="other"))
    finding = model_validated.check(case(), None, context(registers=Registry((GOOD,)), models=models))
    assert (finding.code, finding.params) == ("unregistered", ("other", "1"))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("privacy.identifiers", {"keep": ["NAME"]}),
        ("privacy.identifiers_out", {"kept": []}),
        ("purpose.consent", {"consent": "yes"}),
        ("purpose.consent", {"missing": "pass"}),
        ("output.thresholds", {"minimum_confidence": 1.2}),
        ("output.thresholds", {"minimum_confidence": -0.1}),
        ("output.thresholds", {"maximum_stakes_hkd": -1}),
        ("output.thresholds", {"maximum_stakes_hkd": "1m"}),
        ("output.thresholds", {"band": {"low": 5, "high": 4}}),
        ("output.thresholds", {"band": {"low": 5}}),
        ("output.thresholds", {"band": {"low": 1, "high": 2, "step": 1}}),
        ("output.disclosure", {"missing": "note"}),
        ("model.validated", {"unvalidated": "pass"}),
        ("model.validated", {"strict": True}),
    ],
)
def test_wrong_settings_are_refused(name, settings):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(settings, controls.get(name).settings)


def test_a_pass_is_one_shared_finding():
    """Nothing is made where nothing varies: a decision runs six controls and more."""
    outcome = Outcome(value=1.0, reasons=(Reason(code="r", text={"en": "late"}),))
    for name in controls:
        spec = controls.get(name)
        if not spec.check.__module__.startswith("waglan.controls."):
            continue
        args = (case({"note": "hello"}), context()) if spec.stage == "before" else (case(), outcome, context())
        first = spec.check(*args)
        assert first.verdict is Verdict.PASS
        assert spec.check(*args) is first
