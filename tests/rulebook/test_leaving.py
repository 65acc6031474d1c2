"""A rule that blocks has the last word when a person lets an answer go, whoever does so and however many eyes."""

import pytest

from tests.review.parts import APPROVER, REVIEWER, house
from tests.runtime.test_gates import rule
from waglan.core import Problem
from waglan.facts import Facts
from waglan.review import State
from waglan.rules import parse
from waglan.runtime.gates import schema


def blocked(call, *args, **more):
    with pytest.raises(Problem) as found:
        call(*args, **more)
    assert found.value.code == "rule.blocks"
    return found.value


def test_a_verdict_that_a_rule_does_not_bear_lets_nothing_leave(tmp_path):
    with house(tmp_path / "w", "low") as made:
        made.workspace.record(rule("SMALL", 'effect != "release" or stakes_hkd <= 20000', "block", clauses=("T.1",)))
        made.decide(3)
        held = made.decide(31, doubt=True)
        said = blocked(made.judged, REVIEWER, held, "change")
        assert "SMALL" in said.why and "T.1" in said.why and not made.leaves("release") and not made.leaves("review")
        assert made.judged(REVIEWER, held, "agree").state is State.RELEASED


def test_a_rule_on_who_looked_holds_the_answer_and_counts_afterwards(tmp_path):
    text = "reviewer is not None and review_seconds >= 10 and reviewed_at <= released_at"
    with house(tmp_path / "w", "low") as made:
        made.workspace.record(rule("SEEN", text, "block"))
        hasty, careful = made.decide(3), made.decide(4)
        assert {leaf["facts"]["route"] for leaf in made.leaves("decision")} == {"human"}
        blocked(made.judged, REVIEWER, hasty, "agree", seconds=3)
        made.judged(REVIEWER, careful, "agree", seconds=15)
        with Facts.open(tmp_path / "f", made.workspace.ledger) as facts:
            facts.update()
            sql = parse(text, schema()).sql("duckdb")
            counted = dict(facts.query(f"SELECT id, {sql} FROM decisions WHERE released_at IS NOT NULL").fetchall())
        assert counted == {careful: True}


def test_two_people_are_shown_to_the_rule_as_two(tmp_path):
    with house(tmp_path / "w", "critical") as made:
        made.workspace.record(rule("NOT_ANN", f'approver != "{APPROVER.id}"', "block", title="Not by Ann"))
        held = made.decide(31)
        made.judged(REVIEWER, held)
        shown = made.desk.show(APPROVER, held)
        assert "Not by Ann (NOT_ANN)" in blocked(made.desk.release, APPROVER, held, shown=shown.sha256).why
        refused = made.desk.refuse(APPROVER, held, reason="WRONG", shown=shown.sha256)
        assert refused.outcome == "refused"


def test_a_changed_answer_is_judged_as_it_leaves(tmp_path):
    with house(tmp_path / "w", "critical") as made:
        made.decide(3)
        made.workspace.record(rule("NO_HOLD", "not override or adverse", "block"))
        held = made.decide(31)
        made.judged(REVIEWER, held, "change")
        shown = made.desk.show(APPROVER, held)
        blocked(made.desk.release, APPROVER, held, shown=shown.sha256)
