"""Each promise of the use-case suite is broken once, and found; a plug-in that keeps all has no findings."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from waglan.core import Alternative, Change, ModelCard, Outcome, Plugin, Reason, UseCase, models
from waglan.core.usecase import ControlPlan, Disclosure, Input, ModelSlot
from waglan.testing import Report, check_use_case

WORDS = {"en": "Words.", "zh-Hant": "字句。", "zh-Hans": "字句。"}
_serial = itertools.count()


def manifest(**changes: Any) -> UseCase:
    fields: dict[str, Any] = {
        "name": "lending",
        "version": "1",
        "title": WORDS,
        "summary": WORDS,
        "owner": "Ada",
        "purposes": ("lending",),
        "sector": "banking",
        "opportunity": "credit",
        "use_type": "decision",
        "audience": "retail",
        "customer_facing": True,
        "tier": "low",
        "deadline_ms": 300,
        "inputs": {
            "person": Input(type="text", role="subject"),
            "sex": Input(type="category", role="protected", required=False),
            "amount": Input(type="number", change="decrease"),
            "age_of_firm": Input(type="integer", change="fixed"),
        },
        "controls": ControlPlan(before=("data.minimisation",), after=("output.explanation", "output.disclosure")),
        "disclosure": Disclosure(id="d-1", text=WORDS),
        "fallback": WORDS,
    }
    return UseCase(**(fields | changes))


def outcome(**changes: Any) -> Outcome:
    fields: dict[str, Any] = {
        "value": {"limit": 1_000},
        "effect": "approve",
        "confidence": 0.9,
        "score": 1.0,
        "reasons": (Reason(code="AMOUNT", weight=1.0, text=WORDS, where=("inputs.amount",)),),
    }
    return Outcome(**(fields | changes))


class Decides:
    def __init__(self, answer: Callable[[Any], Any] = lambda case: outcome()) -> None:
        self.answer = answer

    def decide(self, case: Any, kit: Any) -> Any:
        return self.answer(case)


class DecidesMany(Decides):
    def __init__(self, answer: Callable[[Any], Any], together: Callable[[Any], Any]) -> None:
        super().__init__(answer)
        self.together = together

    async def decide_many(self, cases: Any, kit: Any) -> Any:
        return self.together(cases)


ROW = {"person": "SYN-1", "sex": "F", "amount": 100.0, "age_of_firm": 3}
SAMPLES = (ROW, ROW | {"amount": 900.0})


def check(decider: Any = None, samples: tuple[dict[str, Any], ...] = SAMPLES, **changes: Any) -> Report:
    return check_use_case(Plugin(manifest(**changes), decider or Decides(), samples))


def found(report: Report) -> set[str]:
    return {flaw.check for flaw in report.flaws}


def test_what_keeps_every_promise_has_no_findings() -> None:
    report = check(DecidesMany(lambda case: outcome(), lambda cases: [outcome() for _ in cases]))
    assert report.flaws == ()
    assert {"manifest.texts", "controls.known", "runs", "decide.mutates", "decide_many"} <= set(report.checks)


@pytest.mark.parametrize(
    ("promise", "changes"),
    [
        ("manifest.complete", {"sector": ""}),
        ("manifest.complete", {"owner": " "}),
        ("manifest.texts", {"title": {"en": "Lending"}}),
        ("manifest.texts", {"disclosure": Disclosure(id="d", text={"en": "AI is used."})}),
        ("manifest.phase", {"phase": "retired"}),
        ("controls.known", {"controls": ControlPlan(before=("data.minimization",))}),
        ("runs", {"controls": ControlPlan(before=("output.explanation",))}),
        ("runs", {"models": {"score": ModelSlot(use=("nobody.has.it",))}}),
    ],
)
def test_a_manifest_that_falls_short(promise: str, changes: dict[str, Any]) -> None:
    assert promise in found(check(**changes))


def _raise(case: Any) -> Any:
    raise ValueError("no")


def _mutates(case: Any) -> Any:
    case.inputs["amount"] = 0
    return outcome()


BAD_REASONS = {
    "reasons.text": (Reason(code="AMOUNT", text={"en": "Only English."}),),
    "decide.reasons": (),
}


@pytest.mark.parametrize(
    ("promise", "answer"),
    [
        ("decide.outcome", _raise),
        ("decide.outcome", lambda case: "yes"),
        ("decide.outcome", lambda case: outcome(score=float("nan"))),
        ("decide.outcome", lambda case: time.sleep(0.5) or outcome()),
        ("decide.mutates", _mutates),
        ("decide.deterministic", lambda case: outcome(score=float(next(_serial)))),
        ("decide_many", lambda case: outcome(score=float(next(_serial)))),
        ("decide.reasons", lambda case: outcome(reasons=())),
        ("reasons.text", lambda case: outcome(reasons=BAD_REASONS["reasons.text"])),
        ("reasons.protected", lambda case: outcome(reasons=(Reason(code="SEX=F", text=WORDS),))),
        ("reasons.protected", lambda case: outcome(reasons=(Reason(code="X", text=WORDS, where=("inputs.sex",)),))),
        ("outcome.json", lambda case: outcome(value={"pair": (1, 2)})),
        (
            "recourse",
            lambda case: outcome(
                alternatives=(Alternative(value="yes", changes=(Change(input="age_of_firm", old=3, new=9),)),)
            ),
        ),
    ],
)
def test_a_decider_that_falls_short(promise: str, answer: Callable[[Any], Any]) -> None:
    assert promise in found(check(Decides(answer), SAMPLES[:1]))


def test_reasons_may_name_what_only_looks_like_a_protected_attribute() -> None:
    sexton = (Reason(code="SEXTON", text=WORDS),)
    assert found(check(Decides(lambda case: outcome(reasons=sexton)))) == set()


def test_a_batch_form_that_disagrees() -> None:
    decider = DecidesMany(lambda case: outcome(), lambda cases: [outcome(score=2.0) for _ in cases])
    assert "decide_many" in found(check(decider))


@pytest.mark.parametrize("samples", [(), ({"amount": "much"},), (ROW | {"unknown": 1},)])
def test_samples_that_are_missing_or_do_not_fit(samples: tuple[dict[str, Any], ...]) -> None:
    assert "samples" in found(check(samples=samples))


class Drifting:
    """A model that says it is deterministic and isn't."""

    card = ModelCard(id="tests.drifting", version="1", digest="ab" * 32)

    def predict(self, inputs: Any) -> float:
        return float(next(_serial))


class AsksModel:
    async def decide(self, case: Any, kit: Any) -> Outcome:
        await kit.model("score", case.inputs)
        return outcome()


def test_models_are_checked_with_what_the_use_case_asks_them() -> None:
    if "tests.drifting" not in models:
        models.add("tests.drifting", Drifting())
    report = check(AsksModel(), models={"score": ModelSlot(use=("tests.drifting",))})
    assert found(report) == {"model.deterministic"}
    assert {flaw.subject for flaw in report.flaws} == {"model tests.drifting"}


def test_findings_are_values_and_go_to_json() -> None:
    report = check(sector="")
    assert msgspec.json.decode(msgspec.json.encode(report.flaws))[0]["check"] == "manifest.complete"
