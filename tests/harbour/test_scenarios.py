from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise, permutations
from pathlib import Path

import numpy as np
import pytest

from waglan.core import Problem
from waglan.core.case import LANGUAGES
from waglan.harbour.applicants import COLUMNS
from waglan.harbour.applications import batches
from waglan.harbour.habits import HABITS, Seen
from waglan.harbour.period import DAY_MS, HONG_KONG_MS
from waglan.harbour.plan import quiet_plan
from waglan.harbour.scenario import plant
from waglan.harbour.scenarios import scenarios
from waglan.usecases.credit import plugin

NOW_MS = 1_795_280_000_000


@pytest.fixture(scope="module")
def quiet():
    return quiet_plan(6_000, NOW_MS, seed=11)


@pytest.fixture(scope="module")
def grown(quiet):
    return plant(quiet, scenarios)


def one(planted, name):
    return next(each for each in planted if each.scenario == name)


def same(left, right) -> bool:
    """Whether two plans are equal, arrays included."""
    if isinstance(left, np.ndarray):
        return np.array_equal(left, right, equal_nan=left.dtype.kind == "f")
    if isinstance(left, tuple) and hasattr(left, "_fields"):
        return all(same(a, b) for a, b in zip(left, right, strict=True))
    return left == right


def test_a_plan_is_a_function_of_its_arguments(quiet):
    assert same(quiet, quiet_plan(6_000, NOW_MS, seed=11))
    assert not same(quiet, quiet_plan(6_000, NOW_MS, seed=12))


def test_scenarios_change_no_plan_they_are_given_and_commute(quiet):
    before = quiet_plan(6_000, NOW_MS, seed=11)
    plans = []
    for order in list(permutations(scenarios))[::5]:
        plan = quiet
        for name in order:
            plan = scenarios.get(name).plant(plan).plan
        plans.append(plan)
    assert same(quiet, before)
    assert all(same(a, b) for a, b in pairwise(plans))


def test_every_scenario_says_what_it_planted(grown):
    _, planted = grown
    assert [each.scenario for each in planted] == sorted(scenarios)
    assert {"bias", "careless", "drift", "outage"} <= set(scenarios)
    for each in planted:
        assert set(each.title) == set(LANGUAGES) and all(each.title.values()) and each.look.startswith("/")


def test_an_unknown_scenario_is_named(quiet):
    with pytest.raises(Problem, match="no scenario called 'drfit'"):
        plant(quiet, ["drfit"])


def test_applications_come_by_day_in_order_and_again(quiet):
    times, who = quiet.applications.at_ms, quiet.applications.who
    assert (np.diff(times) >= 0).all() and quiet.span.from_ms <= times[0] and times[-1] < quiet.span.until_ms
    hours = ((times + HONG_KONG_MS) % DAY_MS) / 3_600_000
    assert hours.min() >= 9 and hours.max() < 21
    weekday = ((times + HONG_KONG_MS) // DAY_MS + 3) % 7
    perday = [np.count_nonzero(weekday == day) / len(set((times[weekday == day]) // DAY_MS)) for day in range(7)]
    assert perday[6] < perday[5] < min(perday[:5])
    assert 300 < 6_000 - len(set(who.tolist())) < 900, "some apply twice"


def test_a_person_who_applies_again_is_the_same_person(quiet):
    figures, who = quiet.applications.figures, quiet.applications.who
    own = quiet.bank.figures
    assert (figures.age == own.age[who]).all() and (figures.income == own.income[who]).all()
    assert not (figures.amount == own.amount[who]).all()


def test_rows_fit_the_manifest(quiet):
    got = batches(quiet.bank, quiet.applications, actor="k-1")
    rows = [row for batch in got for row in batch.rows]
    asks = [ask for batch in got for ask in batch.asks]
    assert len(rows) == len(asks) == 6_000 and [b.at_ms for b in got] == sorted({b.at_ms for b in got})
    declared = plugin.manifest.inputs
    assert {name for row in rows for name in row} <= set(declared) - {"default", "applied_on"} <= set(COLUMNS)
    assert all(name in row for row in rows for name, spec in declared.items() if spec.required)
    told = [row["remark"] for row in rows if "QQ" in row.get("remark", "") or "@" in row.get("remark", "")]
    assert 200 < len(told) < 600
    assert {ask.language for ask in asks} == set(LANGUAGES) and {ask.actor for ask in asks} == {"k-1"}
    assert 30 < sum(not ask.consent_ref for ask in asks) < 140
    for source in {ask.source for ask in asks}:
        numbers = [ask.source_seq for ask in asks if ask.source == source]
        assert numbers == list(range(1, len(numbers) + 1)), "each source counts without a gap"


def psi(before, after) -> float:
    """The population stability index over ten bands of equal share before."""
    edges = np.quantile(before, np.linspace(0.1, 0.9, 9))
    a, b = (np.bincount(np.searchsorted(edges, x), minlength=10) / x.size + 1e-4 for x in (before, after))
    return float(((b - a) * np.log(b / a)).sum())


def test_drift_is_where_it_is_planted_and_nowhere_else(quiet, grown):
    plan, planted = grown
    told = one(planted, "drift")
    later = plan.applications.at_ms >= told.from_ms
    assert later.sum() == told.figures["applications"] > 1_000
    assert (told.from_ms + HONG_KONG_MS) % DAY_MS == 0
    old, new = quiet.applications.figures, plan.applications.figures
    for name in ("income", "utilisation"):
        assert psi(getattr(new, name)[~later], getattr(new, name)[later]) > 0.2, name
        assert psi(getattr(old, name)[~later], getattr(old, name)[later]) < 0.03, name
    for name in ("years_with_bank", "amount", "age"):
        assert psi(getattr(new, name)[~later], getattr(new, name)[later]) < 0.03, name
    for name, column in new._asdict().items():
        if name not in ("defaulted", "recorded"):
            assert same(column[~later], getattr(old, name)[~later]), name
    assert new.defaulted[later].mean() > old.defaulted[later].mean() + 0.04, "the truth moves with it"


def test_bias_outage_and_habit_stand_in_the_plan(quiet, grown):
    plan, planted = grown
    assert (quiet.past.biased, plan.past.biased) == (False, True)
    assert one(planted, "bias").group["employment"] == "care_and_domestic"
    (outage,) = plan.outages
    told = one(planted, "outage")
    assert (outage.model, outage.from_ms, outage.until_ms) == (told.model, told.from_ms, told.until_ms)
    assert told.figures["applications"] > 50
    (careless,) = one(planted, "careless").staff
    assert {key for key, habit in plan.habits.items() if habit == "careless"} == {careless}
    assert set(quiet.habits.values()) == {"careful"}


def test_each_drift_follows_its_plan_size():
    small, planted = plant(quiet_plan(300, NOW_MS), ["drift", "outage"])
    assert one(planted, "outage").figures["applications"] > 0, "even a small month has cases in the outage"
    assert one(planted, "drift").figures["applications"] > 30
    assert small.outages


def judged(habit, wrong):
    return [
        HABITS[habit](Seen(number, adverse=True, short=5.0, stakes_hkd=80_000, wrong=wrong)) for number in range(400)
    ]


def test_habits_are_functions_and_tell_reviewers_apart():
    for habit in HABITS:
        assert judged(habit, True) == judged(habit, True)
    careful, careless = judged("careful", True), judged("careless", True)
    assert {j.verdict for j in judged("suspicious", False)} == {"reject"}
    assert sum(j.verdict != "agree" for j in careful) > 360 and sum(j.verdict != "agree" for j in careless) < 40
    assert min(j.seconds for j in careful) > 100 and np.median([j.seconds for j in careless]) < 10
    plain = judged("careful", False)
    assert 100 < sum(j.verdict == "change" for j in plain) < 220, "close refusals are weighed again"
    assert all(j.verdict == "agree" for j in judged("careless", False))
    assert all(j.reason for j in careful + plain if j.verdict != "agree")


def test_the_scenario_in_the_document_is_planted_like_ours():
    text = (Path(__file__).parents[2] / "docs" / "sample-bank.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.S)
    code = f"""{example}
from waglan.harbour import plant, quiet_plan
plan, planted = plant(quiet_plan(100, {NOW_MS}), ["rush"])
assert planted[0].scenario == "rush" and plan.span.from_ms < planted[0].from_ms
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
