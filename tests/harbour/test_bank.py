from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from waglan.core import Problem
from waglan.core.clock import SystemClock
from waglan.harbour import bank as harbour
from waglan.harbour.applicants import EMPLOYMENT
from waglan.harbour.applications import credit_rows
from waglan.harbour.clock import PastClock
from waglan.harbour.hosted import HOST, HostedScorecard, host, read
from waglan.harbour.period import DAY_MS
from waglan.harbour.plan import Past, quiet_plan
from waglan.harbour.scenario import plant
from waglan.harbour.scenarios import scenarios
from waglan.ledger.assembly import StepDetector
from waglan.runtime.settings import read_settings
from waglan.runtime.workspace import Workspace


class Frozen:
    """A real clock's stand-in that goes on only when told."""

    def __init__(self) -> None:
        self.ns = 5_000_000_000

    def now_ms(self) -> int:
        return 0

    def monotonic_ns(self) -> int:
        return self.ns


def test_the_past_clock_goes_on_and_never_back():
    real = Frozen()
    clock = PastClock(1_000_000, real)
    assert clock.now_ms() == 1_000_000
    real.ns += 7_000_000
    assert clock.now_ms() == 1_000_007 and clock.monotonic_ns() == 1_000_007_000_000
    clock.move_to(5_000_000)
    assert clock.now_ms() == 5_000_000
    clock.move_to(4_000_000)
    assert clock.now_ms() == 5_000_000


def test_the_step_watcher_sees_no_step_on_a_past_clock():
    clock = PastClock(1_000_000, Frozen())
    detector = StepDetector(clock)
    for at_ms in range(2_000_000, 90_000_000_000, 9_000_000_000):
        clock.move_to(at_ms)
        assert detector.step_ms() == 0


@pytest.fixture(scope="module")
def plan():
    quiet = quiet_plan(700, SystemClock().now_ms(), seed=4)
    return plant(quiet._replace(past=Past(rows=3_000, approve_rate=0.97)), scenarios)


@pytest.fixture(scope="module")
def filled(plan, tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("harbour") / "bank"
    trained = harbour.make(folder, plan[0])
    with harbour.open_past(folder, plan[0]) as workspace:
        told = harbour.fill(workspace, plan[0], trained, actor="k-front-office")
    harbour.keep_planted(folder, plan[1])
    return folder, told


@pytest.fixture(scope="module")
def leaves(filled):
    with Workspace.open(filled[0]) as workspace:
        return [json.loads(row.leaf) for _, row in workspace.ledger.rows(0, workspace.ledger.head().size)]


def decisions(leaves):
    return [leaf for leaf in leaves if leaf["kind"] == "decision"]


def test_every_application_is_decided_and_the_month_is_full(plan, filled, leaves):
    _, told = filled
    assert told.decided == len(decisions(leaves)) == 700 and sum(told.routes.values()) == 700
    assert told.routes["human"] > 20 and told.routes["auto"] > 500 and 0.6 < told.auc < 0.95
    days = {leaf["at_ms"] // DAY_MS for leaf in decisions(leaves)}
    assert len(days) > 25
    assert {leaf["actor"] for leaf in decisions(leaves)} == {"k-front-office"}


def test_times_are_in_order_within_the_month_and_no_clock_step_is_told(plan, leaves):
    times = [leaf["at_ms"] for leaf in leaves]
    assert times == sorted(times) and times[-1] <= plan[0].span.until_ms < SystemClock().now_ms()
    assert [leaf["kind"] for leaf in leaves if leaf["kind"] == "clock_step"] == []


def test_opening_it_on_the_machines_clock_and_going_on_tells_no_step(filled, plan):
    folder, _ = filled
    with Workspace.open(folder) as workspace:
        workspace.opt_out("SYN-0000001", actor="cli")
        size = workspace.ledger.head().size
        kinds = [json.loads(row.leaf)["kind"] for _, row in workspace.ledger.rows(size - 3, size)]
        assert kinds[-1] == "opt_out" and "clock_step" not in kinds


def test_the_outage_is_on_the_record_by_the_runtimes_own_doing(plan, filled, leaves):
    (outage,) = plan[0].outages
    during = [leaf for leaf in decisions(leaves) if outage.from_ms <= leaf["at_ms"] < outage.until_ms]
    others = [leaf for leaf in decisions(leaves) if leaf not in during]
    assert len(during) == filled[1].failover == dict(plan[1][-1].figures)["applications"] > 5
    for leaf in during:
        asked = [(model[0], model[5]) for model in leaf["facts"]["models"]]
        assert asked == [("credit.scorecard", False), ("credit.standby.scorecard", True)]
        assert leaf["facts"]["failover"] and ["model.failover", "note"] in leaf["facts"]["controls"]
    assert not any(leaf["facts"].get("failover") for leaf in others)
    assert {leaf["facts"]["models"][0][3] for leaf in others} == {HOST}
    assert all(["model.validated", "pass"] in leaf["facts"]["controls"] for leaf in decisions(leaves))


def test_controls_have_something_to_do(leaves):
    facts = [leaf["facts"] for leaf in decisions(leaves)]
    assert sum(f["pii_found"] for f in facts) > 15 and all(f["redacted"] for f in facts if f["pii_found"])
    assert any(f["opt_out"] and f["route"] == "human" for f in facts)
    why = {code for f in facts for code in f.get("why", ())}
    assert {"control:purpose.consent", "control:output.thresholds", "tier:adverse"} <= why
    assert {f["language"] for f in facts} == {"en", "zh-Hant", "zh-Hans"}


def test_nobodys_name_or_number_stands_in_a_leaf(plan, leaves):
    text = json.dumps(leaves, ensure_ascii=False)
    assert not re.search(r"QQ\d{6}\(|@example\.com|SYN-\d{7}", text)
    assert not any(person.name_zh in text for person in plan[0].bank.people if len(person.name_zh) > 2)


def test_the_planted_bias_shows_in_refusals_and_not_in_the_truth(tmp_path):
    quiet = quiet_plan(6_000, SystemClock().now_ms(), seed=4)
    figures = quiet.applications.figures
    rows = credit_rows(figures, [""] * figures.age.size)
    care = figures.employment == EMPLOYMENT.index("care_and_domestic")
    times = {}
    for biased in (False, True):
        trained = harbour.make(tmp_path / str(biased), quiet._replace(past=Past(6_000, biased, 0.97)))
        model = read(trained.files[0].raw)
        refused = model.scores(rows) < model.scorecard.cut_off
        times[biased] = refused[care].mean() / refused[~care].mean()
    truth = figures.defaulted[care].mean() / figures.defaulted[~care].mean()
    assert truth < 1.5 and times[False] < 2 < 4 < times[True]


def test_the_workspace_says_that_it_is_synthetic(filled, plan):
    folder, _ = filled
    with Workspace.open(folder) as workspace:
        assert workspace.settings.workspace.synthetic
    assert not read_settings(folder, {"WAGLAN_WORKSPACE__SYNTHETIC": "false"}).workspace.synthetic
    assert harbour.read_planted(folder) == plan[1]
    assert harbour.read_planted(folder / "elsewhere") == ()


def test_a_workspace_on_the_machines_clock_is_not_filled(plan, tmp_path):
    trained = harbour.make(tmp_path / "w", plan[0]._replace(past=Past(rows=3_000, approve_rate=0.97)))
    with Workspace.open(tmp_path / "w") as workspace, pytest.raises(ValueError, match="PastClock"):
        harbour.fill(workspace, plan[0], trained)
    with pytest.raises(Problem, match="workspace in"):
        harbour.make(tmp_path / "w", plan[0])


def test_a_hosted_scorecard_answers_as_the_scorecard_does_while_its_host_is_up(filled):
    folder, _ = filled
    (path,) = (folder / "models").glob("credit.scorecard-*.json")
    (plain,) = (folder / "models").glob("credit.standby*.json")
    model = read(path.read_bytes())
    row = {"late_payments_12m": 0, "monthly_income_hkd": 30_000}
    assert isinstance(model, HostedScorecard) and model.card.provider == HOST and model.card.version in path.name
    answer = model.predict(row)
    assert model.predict_many([row]) == [answer]
    model.stop()
    for call in (lambda: model.predict(row), lambda: model.predict_many([row])):
        with pytest.raises(ConnectionRefusedError, match=HOST):
            call()
    model.start()
    assert model.predict(row) == answer
    assert read(host(plain.read_bytes())).scorecard.id == "credit.standby.scorecard"
    with pytest.raises(Problem, match="no hosted scorecard"):
        read(plain.read_bytes())
