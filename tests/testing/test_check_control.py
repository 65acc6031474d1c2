"""Each promise of the control suite is broken once, and found; every control of ours keeps them all."""

from __future__ import annotations

import itertools
import time
from typing import Any

import msgspec
import pytest

from waglan.core import Control, Finding, Redacted, Verdict, controls
from waglan.testing import check_control

WORDS = {"en": "Words.", "zh-Hant": "字句。", "zh-Hans": "字句。"}
_serial = itertools.count()


def finding(verdict: Verdict = Verdict.PASS, **changes: Any) -> Finding:
    return Finding(**({"control": "tests.control", "verdict": verdict} | changes))  # type: ignore[arg-type]


def control(check: Any = lambda case, context: finding(), **changes: Any) -> Control:
    fields: dict[str, Any] = {
        "name": "tests.control",
        "stage": "before",
        "check": check,
        "clauses": ("X.1",),
        "summary": WORDS,
        "messages": {"odd": WORDS},
        "budget_us": 5_000,
    }
    return Control(**(fields | changes))


def found(spec: Control) -> set[str]:
    return {flaw.check for flaw in check_control(spec).flaws}


def test_what_keeps_every_promise_has_no_findings() -> None:
    assert found(control(lambda case, context: finding(Verdict.REVIEW, code="odd"))) == set()
    assert found(control(lambda case, outcome, context: finding(), stage="after")) == set()


@pytest.mark.parametrize("name", list(controls))
def test_our_own_controls_keep_them(name: str) -> None:
    assert {flaw.check for flaw in check_control(controls.get(name)).flaws} <= {"control.budget"}  # noisy machines


def _raise(case: Any, context: Any) -> Any:
    raise ValueError("no")


def _mutates(case: Any, context: Any) -> Finding:
    case.inputs["seen"] = True
    return finding()


class Loose(msgspec.Struct):
    limit: float = 1.0


class Demanding(msgspec.Struct, forbid_unknown_fields=True):
    limit: float


@pytest.mark.parametrize(
    ("promise", "spec"),
    [
        ("control.name", control(name="control")),
        ("control.clauses", control(clauses=())),
        ("control.on_error", control(on_error=Verdict.PASS)),
        ("control.summary", control(summary={"en": "Only English."})),
        ("control.messages", control(messages={"odd": {"en": "Odd.", "zh-Hant": "異。"}})),
        ("control.messages", control(messages={"odd": WORDS | {"en": "A stray {brace."}})),
        ("control.messages", control(lambda case, context: finding(Verdict.REVIEW, code="undeclared"))),
        ("control.raises", control(_raise)),
        ("control.pure", control(lambda case, context: finding(score=float(next(_serial))))),
        ("control.mutates", control(_mutates)),
        ("control.answer", control(lambda case, context: True)),
        ("control.answer", control(lambda case, context: finding(control="some.other"))),
        ("control.answer", control(lambda case, context: Redacted(finding(Verdict.REDACT, code="odd"), None))),
        ("control.budget", control(lambda case, context: time.sleep(0.002) or finding(), budget_us=100)),
        ("control.settings", control(settings=Loose)),
        ("control.settings", control(settings=Demanding)),
        ("control.many", control(many=lambda cases, context: [finding(score=1.0) for _ in cases])),
        ("control.many", control(many=lambda cases, context: 1 / 0)),
    ],
)
def test_a_control_that_falls_short(promise: str, spec: Control) -> None:
    assert promise in found(spec)


def test_settings_can_be_given() -> None:
    report = check_control(control(settings=Demanding), settings={"limit": 2.0})
    assert report.flaws == ()
