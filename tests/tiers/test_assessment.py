"""Monotone in every axis, and unknown never lowers: over all profiles, trigger by trigger, and drawn as a whole."""

from __future__ import annotations

import itertools
import time
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waglan.core.profile import AXES, Practice, Profile, answers, from_answers
from waglan.core.usecase import Tier
from waglan.evidence.catalogue import load
from waglan.review.settings import SAMPLE
from waglan.tiers import CASES, DPO, LEVELS, TIERS, assess, best_case, lattice, worst, would_lower
from waglan.tiers.trigger import schema

DATA = lattice()
RULES = [*DATA.triggers, *DATA.floors]
PRACTICES = tuple(DATA.practices)
profiles = st.builds(Profile, **{axis: st.none() | st.sampled_from(possible) for axis, possible in AXES.items()})


def admissible(field):
    return TIERS if field == "tier" else AXES[field]


@pytest.mark.parametrize(("each", "rule"), RULES, ids=[each.id for each, _ in RULES])
def test_each_trigger_rises_with_each_axis_and_is_as_bad_as_its_worst_completion(each, rule):
    """Exhaustive over what a trigger reads, the unknown included; a maximum of such triggers has both properties."""
    holds = rule.closure()
    fields = rule.fields
    assert any(
        holds(dict(zip(fields, values, strict=True)), 0) for values in itertools.product(*map(admissible, fields))
    )
    for values in itertools.product(*((None, *admissible(field)) for field in fields)):
        row = dict(zip(fields, values, strict=True))
        answer = holds(row, 0)
        bad = {field: admissible(field)[-1] if value is None else value for field, value in row.items()}
        assert (answer is not False) == holds(bad, 0)
        for field, value in row.items():
            if value is None:
                continue
            assert answer is False or holds(row | {field: None}, 0) is not False, "unknown lowers"
            for worse in admissible(field)[admissible(field).index(value) + 1 :]:
                assert answer is not True or holds(row | {field: worse}, 0) is True, f"{field}: falls"


@settings(max_examples=400, deadline=None)
@given(profiles, st.sampled_from(sorted(AXES)))
def test_a_profile_is_as_high_as_its_highest_trigger_and_no_answer_helps_by_being_withheld(profile, axis):
    found = assess(profile)
    rows = {name: getattr(profile, name) for name in AXES}
    fired = [trigger for trigger, rule in DATA.triggers if rule.closure()(rows, 0) is not False]
    assert found.tier == max([t.tier for t in fired], key=TIERS.index, default="low")
    assert found.dpo == max([t.dpo for t in fired], key=DPO.index, default="low")
    assert {each.trigger.id for each in found.fired} == {t.id for t in fired}
    assert [TIERS.index(each.trigger.tier) for each in found.fired] == sorted(
        (TIERS.index(t.tier) for t in fired), reverse=True
    )
    assert found.tier == assess(worst(profile)).tier
    rank = [TIERS.index(found.tier), DPO.index(found.dpo), LEVELS.index(found.oversight), CASES.index(found.cases)]
    held = getattr(profile, axis)
    for answer in (None, *(() if held is None else AXES[axis][AXES[axis].index(held) :])):
        other = assess(msgspec.structs.replace(profile, **{axis: answer}))
        ranks = [TIERS.index(other.tier), DPO.index(other.dpo), LEVELS.index(other.oversight), CASES.index(other.cases)]
        assert all(a >= b for a, b in zip(ranks, rank, strict=True))


@settings(max_examples=150, deadline=None)
@given(profiles)
def test_what_would_lower_it_does_and_ignorance_is_told_from_knowledge(profile):
    found = assess(profile)
    assert found.unknown == tuple(axis for axis in AXES if getattr(profile, axis) is None)
    for fired in found.fired:
        assert set(fired.unknown) <= set(found.unknown)
    for change in would_lower(profile):
        lowered = assess(msgspec.structs.replace(profile, **{change.axis: change.answer}))
        assert lowered.tier == change.tier and TIERS.index(change.tier) < TIERS.index(found.tier)
    assert TIERS.index(best_case(profile)) <= TIERS.index(found.tier)
    assert best_case(worst(profile)) == assess(profile).tier


@given(profiles, st.sets(st.sampled_from(PRACTICES)))
def test_a_profile_survives_the_log_and_prohibited_practices_are_unacceptable(profile, practices):
    named = msgspec.structs.replace(profile, prohibited=tuple(sorted(practices)))
    assert from_answers(answers(named)) == named and list(answers(named)) == sorted(answers(named))
    found = assess(named)
    assert found.unacceptable == bool(practices) and (found.dpo == "unacceptable") == bool(practices)
    assert found.tier == assess(profile).tier


def test_nothing_known_is_critical_and_nothing_to_fear_is_low():
    assert assess(Profile()).tier == "critical" and len(assess(Profile()).unknown) == len(AXES)
    mild = Profile(**{axis: possible[0] for axis, possible in AXES.items()})
    assert assess(mild)[:2] == ("low", "low") and assess(mild).fired == ()


def test_what_is_hard_and_what_obligations_set_below_a_tier():
    advice = Profile(**{axis: p[0] for axis, p in AXES.items()} | {"customer_facing": True})
    advice = msgspec.structs.replace(advice, regulated_activity="performs", effect="recommends")
    found = assess(advice)
    assert found.tier == "high" and found.cases == "all" and found.oversight == "in_the_loop"
    assert [floor.id for floor in found.floors] == ["SFC.5b"]


def test_terms_get_stricter_with_the_tier_and_the_sample_is_the_queue_s():
    terms = [DATA.terms[tier] for tier in TIERS]
    assert {each.tier: each.sample for each in terms} == dict(SAMPLE)
    for mild, strict in itertools.pairwise(terms):
        assert LEVELS.index(mild.oversight) <= LEVELS.index(strict.oversight)
        assert mild.retention_days <= strict.retention_days and mild.drill_days > strict.drill_days
    assert {each.tier for each in terms} == set(get_args(Tier))


def test_the_data_are_whole_and_speak_three_languages():
    for each in (*[t for t, _ in DATA.triggers], *[f for f, _ in DATA.floors], *DATA.practices.values()):
        assert set(each.title) == {"en", "zh-Hant", "zh-Hans"} and all(each.title.values())
    assert all(each.cites for each in (*[t for t, _ in DATA.triggers], *DATA.practices.values()))
    assert set(PRACTICES) == set(get_args(Practice))
    assert set(schema()) == set(AXES) == set(Profile.__struct_fields__) - {"prohibited"}
    assert tuple(AXES) == Profile.__struct_fields__[:-1]


def test_what_is_cited_is_in_the_catalogue():
    known = {clause.id for clause in load().clauses}
    cited = {cite for trigger, _ in DATA.triggers for cite in trigger.cites} | {floor.id for floor, _ in DATA.floors}
    assert cited | {cite for each in DATA.practices.values() for cite in each.cites} <= known


def test_it_is_fast():
    """10 µs on a quiet machine; here only that nothing is parsed or compiled again."""
    profile = worst(Profile())
    assess(profile)
    started = time.process_time()
    for _ in range(1_000):
        assess(profile)
    assert (time.process_time() - started) / 1_000 < 200e-6
