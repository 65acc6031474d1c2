import math

import pytest

from waglan.core import Finding, Outcome, Problem, Reason, Registry, Verdict
from waglan.core.clock import SystemClock, iso
from waglan.core.control import Control, control
from waglan.core.outcome import Alternative, Change, fault
from waglan.core.problem import nearest

GOOD = Outcome(value="approve", effect="approve", confidence=0.9, score=600.5, reasons=(Reason(code="r", weight=1.0),))


def but(**changes):
    fields = {name: getattr(GOOD, name) for name in GOOD.__struct_fields__}
    return Outcome(**(fields | changes))


def test_a_good_outcome_has_no_fault():
    assert fault(GOOD) == ""
    assert (
        fault(
            but(
                value={"a": [1.5, "x", None]},
                alternatives=(Alternative(value="x", changes=(Change(input="a", old=1, new=2),)),),
            )
        )
        == ""
    )


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (None, "wrong-type"),
        ("approve", "wrong-type"),
        (but(value=None), "no-value"),
        (but(confidence=math.nan), "confidence-out-of-range"),
        (but(confidence=1.1), "confidence-out-of-range"),
        (but(confidence="high"), "confidence-not-a-number"),
        (but(confidence=True), "confidence-not-a-number"),
        (but(score=math.inf), "score-out-of-range"),
        (but(stakes_hkd=-1), "stakes_hkd-out-of-range"),
        (but(adverse=1), "adverse-or-effect-wrong-type"),
        (but(effect=3), "adverse-or-effect-wrong-type"),
        (but(effect="x" * 97), "code-too-long"),
        (but(reasons=[Reason(code="r")]), "reasons-wrong-type"),
        (but(reasons=("r",)), "reasons-wrong-type"),
        (but(reasons=(Reason(code="r", weight=math.nan),)), "reasons-wrong-type"),
        (but(reasons=(Reason(code="r"),) * 33), "too-many-reasons-or-flags"),
        (but(flags=("x",) * 33), "too-many-reasons-or-flags"),
        (but(flags=["x"]), "flags-wrong-type"),
        (but(flags=(3,)), "flags-wrong-type"),
        (but(flags=("x" * 97,)), "code-too-long"),
        (but(citations=["x"]), "citations-wrong-type"),
        (but(alternatives=None), "alternatives-wrong-type"),
        (but(value=math.nan), "not-a-number"),
        (but(value={"a": [1.0, math.inf]}), "not-a-number"),
        (
            but(alternatives=(Alternative(value="x", changes=(Change(input="a", old=1, new=math.nan),)),)),
            "not-a-number",
        ),
    ],
)
def test_faults_are_named(outcome, code):
    assert fault(outcome) == code


def test_the_effect_of_a_finding():
    assert Finding(control="c", verdict=Verdict.BLOCK).effect is Verdict.BLOCK
    assert Finding(control="c", verdict=Verdict.BLOCK, enforced=False).effect is Verdict.PASS
    assert Finding(control="c", verdict=Verdict.ERROR).effect is Verdict.REVIEW
    assert Finding(control="c", verdict=Verdict.ERROR, acts_as=Verdict.BLOCK).effect is Verdict.BLOCK


def test_a_problem_says_what_why_next_and_travels_as_rfc_9457():
    inner = Problem("a", "b", "c", where="x")
    problem = Problem("What.", "Why.", "Next.", code="some.code", where="row 3", status=409, errors=(inner,))
    assert str(problem) == "What. [row 3]\nWhy.\nNext."
    body = problem.as_dict()
    assert body["type"] == "urn:waglan:problem:some.code" and body["status"] == 409 and body["next"] == "Next."
    assert body["errors"] == [{"where": "x", "title": "a", "detail": "b", "next": "c"}]
    assert "where" not in Problem("a", "b", "c").as_dict()


def test_nearest_names():
    assert "'age'" in nearest("agee", ["age", "income"])
    assert "age, income" in nearest("zzz", ["income", "age"])
    assert nearest("x", []) == "There is none to choose from."


def test_a_registry_holds_each_name_once_and_loads_what_packages_offer():
    registry = Registry("thing", "waglan.test-none")
    item = object()
    assert registry.add("a", item) is item and registry.add("a", item) is item
    assert list(registry) == ["a"] and "a" in registry and registry.get("a") is item
    with pytest.raises(Problem, match="Two things"):
        registry.add("a", object())
    with pytest.raises(Problem) as caught:
        registry.get("aa")
    assert "'a'" in caught.value.why or "a" in caught.value.why

    class Point:
        def __init__(self, name, item):
            self.name, self.item = name, item

        def load(self):
            loaded.append(self.name)
            return self.item

    loaded = []
    fresh = Registry("thing", "g")
    fresh.load(lambda group: [Point("m", pytest), Point("i", 7)] if group == "g" else [])
    fresh.load(lambda group: [Point("again", 8)])
    assert loaded == ["m", "i"] and list(fresh) == ["i"] and fresh.get("i") == 7


def test_a_control_must_fail_closed():
    with pytest.raises(ValueError, match="on_error"):
        control(name="bad", stage="before", clauses=(), summary={}, messages={}, on_error=Verdict.PASS)(
            lambda c, x: None
        )
    assert Control.__struct_fields__


def test_clocks():
    assert iso(1_700_000_000_123) == "2023-11-14T22:13:20.123Z"
    clock = SystemClock()
    assert clock.now_ms() > 1_700_000_000_000 and clock.monotonic_ns() <= clock.monotonic_ns()
