"""The three controls that change what passes: identifiers in, identifiers out, minimisation."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.controls.helpers import case, context
from waglan.controls import data_minimisation, privacy_identifiers, privacy_identifiers_out
from waglan.core import Finding, Outcome, Reason, Redacted, Verdict, controls

NOTE = "Caller A123456(3), call 91234567, card 4111 1111 1111 1111"
SECRETS = ("A123456", "91234567", "4111")


def test_identifiers_are_replaced_and_the_finding_names_no_value():
    asked = case(
        {"note": NOTE, "documents": [{"body": "身份證A123456（3）"}, 5], "income": 52_000.0, "region": "A123456(3)"}
    )
    result = privacy_identifiers.check(asked, context())
    assert isinstance(result, Redacted)
    assert result.rest.inputs == {
        "note": "Caller ⟦HKID_1⟧, call ⟦PHONE_1⟧, card ⟦CARD_1⟧",
        "documents": [{"body": "身份證⟦HKID_1⟧"}, 5],
        "income": 52_000.0,
        "region": "A123456(3)",
    }
    assert result.finding == Finding(
        control="privacy.identifiers",
        verdict=Verdict.REDACT,
        code="identifiers",
        params=("CARD", "HKID", "PHONE"),
        where=("inputs.note", "inputs.documents[0].body"),
        score=4.0,
    )
    assert not any(secret in msgspec.json.encode(result.finding).decode() for secret in SECRETS)
    assert asked.inputs["note"] == NOTE
    assert privacy_identifiers.check(result.rest, context()).verdict is Verdict.PASS


def test_declared_features_that_are_no_free_text_are_not_scanned_and_undeclared_text_is():
    passed = privacy_identifiers.check(case({"region": "A123456(3)", "income": 91234567.0}), context())
    assert passed is privacy_identifiers.check(case({"note": "nothing here"}), context())
    result = privacy_identifiers.check(case({"phone": "91234567"}), context())
    assert result.rest.inputs == {"phone": "⟦PHONE_1⟧"}


def test_kept_kinds_pass():
    keep = privacy_identifiers.Settings(keep=("PHONE", "CARD", "HKID"))
    assert privacy_identifiers.check(case({"note": NOTE}), context(keep)).verdict is Verdict.PASS


def test_answer_and_reasons_are_redacted_alike():
    outcome = Outcome(
        value={"reply": "Dear 91234567", "n": 3},
        reasons=(
            Reason(code="a", text={"en": "You called from 91234567", "zh-Hant": "來電91234567"}),
            Reason(code="b", text={"en": "late twice"}),
        ),
    )
    result = privacy_identifiers_out.check(case(), outcome, context())
    assert result.rest.value == {"reply": "Dear ⟦PHONE_1⟧", "n": 3}
    assert [dict(reason.text) for reason in result.rest.reasons] == [
        {"en": "You called from ⟦PHONE_1⟧", "zh-Hant": "來電⟦PHONE_1⟧"},
        {"en": "late twice"},
    ]
    assert result.rest.reasons[1] is outcome.reasons[1]
    assert result.finding.where == (
        "outcome.value.reply",
        "outcome.reasons[0].text.en",
        "outcome.reasons[0].text.zh-Hant",
    )
    assert "91234567" not in repr(result.finding)
    assert privacy_identifiers_out.check(case(), result.rest, context()).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "outcome", [None, Outcome(value=91234567.0), Outcome(value="approve", reasons=(Reason(code="x"),))]
)
def test_answers_without_text_pass(outcome):
    assert privacy_identifiers_out.check(case(), outcome, context()).verdict is Verdict.PASS


def test_minimisation_drops_what_is_no_feature_and_keeps_asides():
    asked = case(
        {"note": "n", "sex": "F", "hkid": "A123456(3)", "customer": "C9", "old": 1, "extra": 2},
        aside={"age": 30, "sex": "recorded before"},
    )
    result = data_minimisation.check(asked, context())
    assert result.rest.inputs == {"note": "n"}
    assert result.rest.aside == {"age": 30, "sex": "recorded before", "hkid": "A123456(3)"}
    assert result.finding.verdict is Verdict.REDACT
    assert result.finding.where == ("inputs.sex", "inputs.hkid", "inputs.customer", "inputs.old", "inputs.extra")
    assert result.finding.score == 5.0
    assert "C9" not in repr(result.finding)
    assert data_minimisation.check(result.rest, context()).verdict is Verdict.PASS


def test_an_undeclared_name_is_somebodys_text_and_is_shown_redacted_and_short():
    result = data_minimisation.check(case({"A123456(3)": 1, "x" * 500: 2}), context())
    assert result.finding.where == ("inputs.⟦HKID_1⟧", "inputs." + "x" * 64)


values = st.one_of(
    st.integers(),
    st.none(),
    st.sampled_from([NOTE, "call 91234567", "plain", ["A123456(3)"], {"email": "a@example.com"}]),
)
names = st.sampled_from(
    ["note", "documents", "form", "income", "region", "sex", "hkid", "customer", "old", "extra", "more"]
)
cases = st.lists(
    st.builds(
        lambda inputs, purpose, consent, notice: case(inputs, purpose=purpose, consent_ref=consent, notice_id=notice),
        st.dictionaries(names, values, max_size=6),
        st.sampled_from(["service", "complaints", "marketing", ""]),
        st.sampled_from(["", "c1"]),
        st.sampled_from(["", "n1"]),
    ),
    max_size=5,
)


@settings(max_examples=150, deadline=None)
@given(cases, st.booleans(), st.booleans())
def test_many_means_what_one_by_one_means(asked, consent, notice):
    checked = [name for name in controls if controls.get(name).many]
    assert {"privacy.identifiers", "data.minimisation", "purpose.consent"} <= set(checked)
    for name in checked:
        spec = controls.get(name)
        chosen = None
        if name == "purpose.consent":
            chosen = spec.settings(consent=consent, notice=notice)
        given_context = context(chosen)
        assert list(spec.many(asked, given_context)) == [spec.check(one, given_context) for one in asked]


@settings(max_examples=150, deadline=None)
@given(cases)
def test_checks_change_nothing_they_are_given(asked):
    before = msgspec.json.encode(asked)
    for name in ("privacy.identifiers", "data.minimisation", "purpose.consent", "people.opt_out"):
        for one in asked:
            controls.get(name).check(one, context())
    assert msgspec.json.encode(asked) == before
