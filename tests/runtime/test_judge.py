import math
import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.runtime.parts import Adds, AddsMany, Small, SmallMany, case, judge, masks, now, passes, registered
from waglan.core import Case, Finding, Outcome, Problem, Reason, Redacted, Route, Verdict
from waglan.runtime.ask import Ask

ASK = Ask()


def decided(made, **inputs):
    return now(made.one(case(**inputs), ASK)).decision


class Gives:
    """A decider that returns or does what it is told."""

    def __init__(self, answer, inline=True):
        self.answer, self.inline = answer, inline

    def decide(self, case, kit):
        return self.answer(case, kit) if callable(self.answer) else self.answer


def test_a_plain_decision_is_automatic_and_says_everything():
    made = decided(judge(Small(), Adds("m1")), a=5)
    assert made.route is Route.AUTO and made.outcome.value == "yes" and made.why == ()
    assert [(m.id, m.answered) for m in made.models] == [("m1", True)]
    assert made.disclosure_id == "d1" and made.disclosure_lang == "en"
    assert made.policy_digest and made.tier == "low" and made.oversight_level == "out_of_the_loop"


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda c, k: 1 / 0, "outcome:raised:ZeroDivisionError"),
        (None, "outcome:wrong-type"),
        ("approve", "outcome:wrong-type"),
        (Outcome(value=None), "outcome:no-value"),
        (Outcome(value="x", score=math.nan), "outcome:score-out-of-range"),
        (Outcome(value="x", confidence=7.0), "outcome:confidence-out-of-range"),
        (Outcome(value="x"), "outcome:no-reasons"),
        (Outcome(value="x", reasons=(Reason(code="r"),), flags=("odd",)), "outcome:flag:odd"),
        (Outcome(value=object(), reasons=(Reason(code="r"),)), "outcome:not-json"),
        (Outcome(value={1: object}, reasons=(Reason(code="r"),)), "outcome:not-json"),
    ],
)
def test_whatever_a_use_case_does_a_person_gets_it(answer, why, inline):
    made = decided(judge(Gives(answer, inline)))
    assert made.route is Route.HUMAN and why in made.why
    assert made.outcome is None or why.startswith(("outcome:no-reasons", "outcome:flag"))


def test_a_use_case_that_hangs_is_left_behind():
    started = time.perf_counter()
    made = decided(judge(Gives(lambda c, k: time.sleep(3), inline=False), deadline_ms=50))
    assert made.why == ("outcome:timeout",) and time.perf_counter() - started < 2


def test_a_use_case_cannot_rewrite_what_it_was_asked():
    def meddle(asked, kit):
        asked.inputs["a"] = 999
        return Outcome(value="x", effect="x", adverse=False, reasons=(Reason(code="r"),))

    judged = now(judge(Gives(meddle)).one(case(a=5), ASK))
    assert judged.decision.case.inputs["a"] == 5 and b'"a":5' in judged.entry.private["in"]


def test_protected_values_are_recorded_but_never_shown():
    seen = []
    made = judge(Gives(lambda c, k: seen.append(c.aside)))
    asked = msgspec.structs.replace(case(), aside={"sex": "F"})
    judged = now(made.one(asked, ASK))
    assert seen == [{}] and b'"sex":"F"' in judged.entry.private["in"]


def test_an_adverse_effect_of_the_manifest_counts_whatever_the_plug_in_says():
    answer = Outcome(value="no", effect="decline", adverse=False, reasons=(Reason(code="r"),))
    assert decided(judge(Gives(answer), adverse_effects=("decline",), tier="high")).why == ("tier:adverse",)


def test_models_fail_over_with_a_finding_each():
    def broken():
        raise ConnectionError

    made = decided(judge(Small(), Adds("m1", fault=broken), Adds("m2", fault=lambda: None), Adds("m3")), a=3)
    assert made.route is Route.AUTO and made.failover
    assert [(m.id, m.answered) for m in made.models] == [("m1", False), ("m2", False), ("m3", True)]
    assert [(f.control, f.code, f.params[1]) for f in made.findings] == [
        ("model.failover", "raised", "m1"),
        ("model.failover", "raised", "m2"),
    ]


@pytest.mark.parametrize("inline", [True, False])
def test_a_model_that_hangs_is_passed_over_in_time(inline):
    import asyncio

    async def slow():
        await asyncio.sleep(5)

    hung = Adds("m1", inline=inline, fault=slow if inline else (lambda: time.sleep(3)))
    started = time.perf_counter()
    made = decided(judge(Small(), hung, Adds("m2"), model_ms=50), a=3)
    assert made.models[-1].id == "m2" and made.findings[0].code == "timeout" and time.perf_counter() - started < 2


def test_when_no_model_answers_a_person_decides_and_the_breaker_opens():
    def broken():
        raise ValueError

    first = Adds("m1", fault=broken)
    made = judge(Small(), first)
    codes = [decided(made).findings[0].code for _ in range(5)]
    assert codes == ["raised", "raised", "raised", "breaker-open", "breaker-open"] and first.calls == 3
    assert decided(made).why == ("outcome:no-model",)


def test_a_slot_the_manifest_lacks_goes_to_a_person():
    class Asks:
        async def decide(self, case, kit):
            return await kit.model("other", {})

    assert decided(judge(Asks(), Adds("m1"))).why == ("outcome:raised:Problem",)


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize(
    ("check", "code"),
    [
        (lambda *_: 1 / 0, "raised"),
        (lambda *_: None, "wrong-type"),
        (lambda *_: True, "wrong-type"),
        (lambda *_: Finding(control="other", verdict=Verdict.PASS), "wrong-finding"),
        (lambda *_: Finding(control="x", verdict="pass"), "wrong-finding"),
    ],
)
@pytest.mark.parametrize(("on_error", "route"), [(Verdict.REVIEW, Route.HUMAN), (Verdict.BLOCK, Route.BLOCKED)])
@pytest.mark.parametrize("stage", ["before", "after"])
def test_a_control_that_misbehaves_never_passes_silently(check, code, on_error, route, stage, inline):
    name = f"bad.{code}.{id(check)}.{on_error}.{stage}.{inline}"
    registered(name, stage, check, on_error=on_error, inline=inline)
    made = decided(judge(Small(), Adds("m1"), **{stage: (name,)}), a=3)
    assert made.route is route and made.findings[0].verdict is Verdict.ERROR and made.findings[0].code == code
    assert (made.outcome is None) == (route is Route.BLOCKED and stage == "before")


def test_a_control_that_hangs_is_an_error():
    name = registered("hangs", "before", lambda *_: time.sleep(3))
    made = decided(judge(Small(), Adds("m1"), before=(name,)), a=3)
    assert made.route is Route.HUMAN and made.findings[0].params == ("Overdue",)


def test_a_redaction_may_only_take_from_the_inputs():
    greedy = registered(
        "greedy",
        "before",
        lambda c, x: Redacted(
            Finding(control="greedy", verdict=Verdict.REDACT), msgspec.structs.replace(c, purpose="other")
        ),
        inline=True,
    )
    made = decided(judge(Small(), Adds("m1"), before=(greedy,)), a=3)
    assert made.findings[0].code == "changed-too-much" and made.case.purpose == "test" and made.route is Route.HUMAN


def test_dry_run_records_and_does_nothing_else():
    name = registered("masks", "before", masks("masks"), inline=True)
    block = registered("blocks", "after", lambda *_: Finding(control="blocks", verdict=Verdict.BLOCK), inline=True)
    made = decided(
        judge(Small(), Adds("m1"), before=(name,), after=(block,), dry_run=(name, block)), a=3, t="call 91234567"
    )
    assert made.route is Route.AUTO and made.case.inputs["t"] == "call 91234567"
    assert [(f.verdict, f.enforced) for f in made.findings] == [(Verdict.REDACT, False), (Verdict.BLOCK, False)]


def test_an_after_control_may_redact_the_outcome_but_not_break_it():
    def shorten(case, outcome, context):
        found = Finding(control="shorten", verdict=Verdict.REDACT)
        return Redacted(found, msgspec.structs.replace(outcome, value="short"))

    def ruin(case, outcome, context):
        return Redacted(Finding(control="ruin", verdict=Verdict.REDACT), None)

    registered("shorten", "after", shorten, inline=True)
    registered("ruin", "after", ruin, inline=True)
    made = decided(judge(Small(), Adds("m1"), after=("shorten", "ruin")), a=3)
    assert made.outcome.value == "short" and made.findings[1].code == "changed-too-much"


def test_a_redaction_that_json_cannot_hold_blocks():
    def spoil(case, context):
        return Redacted(
            Finding(control="spoil", verdict=Verdict.REDACT), msgspec.structs.replace(case, inputs={"a": object()})
        )

    registered("spoil", "before", spoil, inline=True)
    judged = now(judge(Small(), Adds("m1"), before=("spoil",)).one(case(a=1), ASK))
    assert judged.decision.route is Route.BLOCKED and judged.decision.why == ("control:record.inputs",)
    assert judged.entry.private["in"] == b'{"aside":{},"inputs":{}}'


def test_a_batch_starts_with_a_model_that_rests_and_goes_on_with_the_next():
    def broken():
        raise ValueError

    made = judge(SmallMany(), AddsMany("m1", fault=broken), AddsMany("m2"))
    for _ in range(3):
        assert decided(made, a=3).models[-1].id == "m2"
    asked = [case(a=n) for n in (1, 2)]
    both = now(made.many(asked, [ASK] * 2, [()] * 2))
    assert [each.decision.findings[0].code for each in both] == ["breaker-open"] * 2
    assert [each.decision.outcome.score for each in both] == [1.0, 2.0]


@pytest.mark.parametrize("answers", [[], [1], [1, None], [1, 2, 3]])
def test_a_model_that_does_not_answer_every_row_is_asked_row_by_row(answers):
    model = AddsMany("m1")
    model.predict_many = lambda rows: answers
    both = now(judge(SmallMany(), model).many([case(a=8), case(a=9)], [ASK] * 2, [()] * 2))
    assert [each.decision.outcome.score for each in both] == [8.0, 9.0] and model.calls == 2


@pytest.mark.parametrize("many", [lambda cases, kit: [], lambda cases, kit: None])
def test_a_use_case_that_does_not_answer_every_case_is_asked_one_by_one(many):
    class Short(Small):
        async def decide_many(self, cases, kit):
            return many(cases, kit)

    both = now(judge(Short(), Adds("m1")).many([case(a=8), case(a=9)], [ASK] * 2, [()] * 2))
    assert [each.decision.outcome.score for each in both] == [8.0, 9.0]


def test_a_batch_of_a_use_case_that_may_wait_runs_apart():
    class Slow(SmallMany):
        inline = False

    both = now(judge(Slow(), AddsMany("m1")).many([case(a=8), case(a=9)], [ASK] * 2, [()] * 2))
    assert [each.decision.outcome.score for each in both] == [8.0, 9.0]


@pytest.mark.parametrize(
    "fields",
    [
        {"params": (object(),)},
        {"params": "text"},
        {"where": [1]},
        {"code": "x" * 97},
        {"code": 3},
        {"score": math.nan},
        {"score": "high"},
        {"acts_as": Verdict.PASS, "verdict": Verdict.BLOCK},
        {"enforced": False},
    ],
)
def test_a_finding_that_is_not_what_it_declares_is_an_error(fields):
    name = f"odd.{list(fields.items())}"
    finding = Finding(**({"control": name, "verdict": Verdict.PASS} | fields))
    registered(name, "before", lambda *_: finding, inline=True, on_error=Verdict.BLOCK)
    made = decided(judge(Small(), Adds("m1"), before=(name,)), a=3)
    assert made.route is Route.BLOCKED and made.findings[0].code == "wrong-finding"


def exits(*_):
    raise SystemExit(3)


@pytest.mark.parametrize("inline", [True, False])
def test_a_plug_in_that_would_end_the_program_doesnt(inline):
    registered(f"exits.{inline}", "before", exits, inline=inline)
    made = judge(Gives(exits, inline), before=(f"exits.{inline}",))
    assert decided(made).why == (
        f"control:exits.{inline}",
        "outcome:raised:" + ("SystemExit" if inline else "RuntimeError"),
    )
    assert decided(judge(Small(), Adds("m1", inline=inline, fault=exits), Adds("m2")), a=3).models[-1].id == "m2"
    batch = now(
        judge(SmallMany(), AddsMany("m1", inline=inline, fault=exits), Adds("m2")).many(
            [case(a=1)] * 3, [ASK] * 3, [()] * 3
        )
    )
    assert [j.decision.models[-1].id for j in batch] == ["m2"] * 3


class Amount(msgspec.Struct, frozen=True):
    most: int


@pytest.mark.parametrize(
    ("plan", "code", "told"),
    [
        ({"after": ("stage.before",)}, "manifest.stage", "controls.before"),
        ({"before": ("stage.before",), "settings": {"stage.before": {"x": 1}}}, "manifest.settings", "takes no"),
        ({"before": ("stage.set",), "settings": {"stage.set": {"most": "x"}}}, "manifest.settings", "most"),
    ],
)
def test_a_control_in_the_wrong_place_or_with_the_wrong_settings_is_refused(plan, code, told):
    registered("stage.before", "before", passes("stage.before"))
    registered("stage.set", "before", passes("stage.set"), settings=Amount)
    with pytest.raises(Problem) as caught:
        judge(Small(), Adds("m1"), **plan)
    assert caught.value.code == code and told in str(caught.value)


CASES = st.lists(
    st.builds(
        case,
        a=st.integers(-300, 300),
        b=st.none() | st.integers(-5, 5),
        t=st.none() | st.sampled_from(["", "call 91234567", "nothing", "輸入１２３", "block me", "fail me"]),
    ),
    min_size=1,
    max_size=12,
)


def _judgemental(asked: Case, context):
    if asked.inputs["t"] == "fail me":
        raise ValueError
    return Finding(control="mood", verdict=Verdict.BLOCK if asked.inputs["t"] == "block me" else Verdict.PASS)


def same(decision):
    """A decision without what may differ: id, times, latencies."""
    return msgspec.structs.replace(
        decision,
        id="",
        decided_at=0,
        latency_us=0,
        control_us=(),
        models=tuple(msgspec.structs.replace(m, latency_us=0) for m in decision.models),
    )


@settings(max_examples=60)
@given(
    CASES,
    st.sampled_from([Small, SmallMany]),
    st.sampled_from([Adds, AddsMany]),
    st.booleans(),
    st.sampled_from(["low", "high", "critical"]),
    st.sampled_from(["none", "right", "short", "raises"]),
    st.sampled_from(["fine", "broken", "batch-broken"]),
)
def test_a_batch_means_what_one_by_one_means(asked, decider, model, inline, tier, many, health):
    registered("batch.masks", "before", masks("batch.masks"), inline=True)
    registered("mood", "before", _judgemental, inline=True, on_error=Verdict.REVIEW)
    check = passes(f"many.{many}")
    batch = {
        "none": None,
        "right": lambda cases, context: [check() for _ in cases],
        "short": lambda cases, context: [],
        "raises": lambda cases, context: 1 / 0,
    }[many]
    registered(f"many.{many}", "before", check, inline=True, many=batch)
    registered("after.passes", "after", passes("after.passes"), inline=True)

    def make():
        def broken():
            raise ConnectionError

        first = model("m1", inline=inline, fault=broken if health == "broken" else None)
        if health == "batch-broken" and model is AddsMany:
            first.predict_many = lambda rows: 1 / 0
        plan = {"before": ("batch.masks", "mood", f"many.{many}"), "after": ("after.passes",)}
        return judge(decider(), first, model("m2", inline=inline), tier=tier, **plan)

    dropped = [("shoe",) if c.inputs["b"] else () for c in asked]
    single = make()
    one_by_one = [now(single.one(c, ASK, d)).decision for c, d in zip(asked, dropped, strict=True)]
    batched = [j.decision for j in now(make().many(asked, [ASK] * len(asked), dropped))]
    assert [same(d) for d in batched] == [same(d) for d in one_by_one]


def test_a_batch_asks_a_model_without_a_batch_form_row_by_row():
    first = Adds("m1")
    batch = now(judge(SmallMany(), first).many([case(a=n) for n in (1, 2, 3)], [ASK] * 3, [()] * 3))
    assert [j.decision.outcome.score for j in batch] == [1.0, 2.0, 3.0] and first.calls == 3
