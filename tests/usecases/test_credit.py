from __future__ import annotations

import asyncio
import functools

import msgspec
import pytest

from tests.kit.samples import columns, model
from waglan.core import LANGUAGES, Case, InputSchema
from waglan.core.outcome import fault
from waglan.kit.scorecard import Plan, rows_of
from waglan.usecases.credit import plugin


class Kit:
    """A kit with one scorecard in the slot; counts how often it is asked."""

    now_ms = 0

    def __init__(self, answerer):
        self.answerer = answerer
        self.asked = []

    async def model(self, slot, inputs):
        self.asked.append(slot)
        return self.answerer.predict(inputs)

    async def model_many(self, slot, rows):
        self.asked.append(slot)
        return self.answerer.predict_many(rows)


@functools.cache
def trained():
    return model(Plan(stakes="income", approve_rate=0.6, changes={"income": "fixed", "late": "fixed"}))


def cases(n=300):
    return [Case(use_case="credit", inputs=row) for row in rows_of(columns(seed=6)[0])[:n]]


def test_many_have_the_outcomes_that_each_has_alone():
    kit = Kit(trained())
    together = asyncio.run(plugin.decider.decide_many(cases(), kit))
    alone = [asyncio.run(plugin.decider.decide(case, kit)) for case in cases()]
    assert together == alone
    assert kit.asked == ["score"] * (1 + len(alone))


def test_outcomes_are_usable_and_say_what_they_mean():
    m = trained()
    for case, outcome in zip(cases(), asyncio.run(plugin.decider.decide_many(cases(), Kit(m))), strict=True):
        answer = m.predict(case.inputs)
        assert fault(outcome) == ""
        assert outcome.effect == outcome.value == ("approve" if answer.approve else "decline")
        assert outcome.adverse is not answer.approve
        assert outcome.confidence == (1 - answer.probability if answer.approve else answer.probability)
        assert outcome.score == m.score(case.inputs)
        assert outcome.reasons == answer.reasons
        income = case.inputs["income"]
        assert outcome.stakes_hkd == (None if income is None else income)
        assert ("recourse.none" in outcome.flags) == (answer.recourse == "none")
        assert bool(outcome.alternatives) == (answer.recourse == "found")


def test_doubts_are_flagged():
    row = {"income": 20_000, "late": 0, "ratio": 0.5, "colour": "mauve", "owner": True}
    outcome = asyncio.run(plugin.decider.decide(Case(use_case="credit", inputs=row), Kit(trained())))
    assert "unseen.colour" in outcome.flags


def test_an_answer_in_json_is_understood():
    class Remote:
        def predict(self, inputs):
            return msgspec.to_builtins(trained().predict(inputs))

    case = cases(1)[0]
    told = asyncio.run(plugin.decider.decide(case, Kit(Remote())))
    assert told == asyncio.run(plugin.decider.decide(case, Kit(trained())))


def test_a_nonsense_answer_is_no_outcome():
    class Nonsense:
        def predict(self, inputs):
            return {"approve": "perhaps"}

    with pytest.raises(msgspec.ValidationError):
        asyncio.run(plugin.decider.decide(cases(1)[0], Kit(Nonsense())))


def test_the_shipped_manifest_fits_its_samples_and_speaks_three_languages():
    manifest = plugin.manifest
    schema = InputSchema(manifest.inputs)
    for sample in plugin.samples:
        clean = schema.clean(sample)
        assert set(clean.aside) == {"age", "sex"}
        assert clean.subject.startswith("SYN-")
    for texts in (manifest.title, manifest.summary, manifest.fallback, manifest.disclosure.text):
        assert set(texts) == set(LANGUAGES)
    assert all(set(i.title) == set(LANGUAGES) for i in manifest.inputs.values())
    assert (manifest.tier, manifest.customer_facing, manifest.review.adverse) == ("high", True, True)
    assert set(manifest.models["score"].use) == {"credit.scorecard"}
