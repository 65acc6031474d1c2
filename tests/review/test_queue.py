"""The queue as a projection: samples, rules on the log, time, and being made anew."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from random import Random

import pytest

from tests.conftest import ROOT
from tests.review.parts import APPROVER, REVIEWER, SECOND, create, house
from waglan.core import Ids, Problem
from waglan.core.entry import Entry
from waglan.core.events import Answer, Attention, Escalation, Override, Release, Review, Void
from waglan.index import Index
from waglan.review import Desk, Filter, Queue, ReviewSection, State, rounds
from waglan.review.key import ReviewKey
from waglan.review.policy import DEFAULT, Rules, policy, sampled
from waglan.review.state import MOVES, Move, moved

# ---- sampling


def test_a_sample_is_drawn_by_a_key_at_the_rate_asked_for() -> None:
    ids = Ids()
    names = [ids.new(1_700_000_000_000 + at) for at in range(20_000)]
    drawn = {name for name in names if sampled(b"k" * 32, name, 30_000)}
    assert 480 <= len(drawn) <= 720 and drawn == {name for name in names if sampled(b"k" * 32, name, 30_000)}
    other = {name for name in names if sampled(b"j" * 32, name, 30_000)}
    assert len(drawn & other) < 60
    assert not any(sampled(b"k" * 32, name, 0) for name in names[:100])
    assert all(sampled(b"k" * 32, name, 1_000_000) for name in names[:100])
    assert drawn <= {name for name in names if sampled(b"k" * 32, name, 60_000)}


def test_a_sampled_answer_is_looked_at_afterwards(tmp_path: Path) -> None:
    with house(tmp_path / "w", "low", sample=1.0) as made:
        made.decide(31)
        done = made.decide(3, customer="C-1")
        item = made.desk.item(REVIEWER, done)
        assert (item.cause, item.route, item.state) == ("sample", "auto", State.OPEN)
        held = made.decide(3, doubt=True)
        assert made.desk.item(REVIEWER, held).cause == "route"
        ids = [each.id for each in made.desk.queue(REVIEWER, Filter(cause="sample")).items]
        assert done in ids and held not in ids
        assert made.desk.item(REVIEWER, held).priority > item.priority
        assert made.judged(REVIEWER, done).state is State.DONE
        assert made.kinds()[-1] == "review" and made.leaves("review")[0]["facts"]["cause"] == "sample"
        changed = made.decide(4, customer="C-2")
        item = made.judged(REVIEWER, changed, "change")
        assert (item.state, item.outcome) == (State.RELEASED, "as_changed")
        assert made.kinds()[-3:] == ["review", "release", "override"]


def test_the_rate_is_the_manifests_own_else_the_tiers(tmp_path: Path) -> None:
    with house(tmp_path / "a", "low", settings=ReviewSection(sample={"low": 1.0})) as made:
        assert made.desk.item(REVIEWER, made.decide(3)).cause == "sample"
    with house(tmp_path / "b", "low", settings=ReviewSection(sample={"low": 0.0})) as made:
        done = made.decide(3)
        assert not made.desk.queue(REVIEWER).items
        with pytest.raises(Problem, match="no such review"):
            made.desk.item(REVIEWER, done)
        (registered,) = made.leaves("use_case")
        assert "sample_ppm" not in registered["facts"]
    with house(tmp_path / "c", "low", sample=0.25) as made:
        made.decide(3)
        assert made.leaves("use_case")[0]["facts"]["sample_ppm"] == 250_000


# ---- rules


def test_settings_count_from_when_they_are_on_the_log(tmp_path: Path) -> None:
    with house(tmp_path / "w", "medium") as made:
        first = made.decide(3, doubt=True)
        assert made.kinds().count("review_policy") == 1  # the tests' own
        given = ReviewSection(deadline_hours={"medium": 1}, four_eyes=("medium",))
        for _ in range(2):
            Desk.open(made.workspace, made.index, settings=given)
        assert made.kinds().count("review_policy") == 2
        second = made.decide(3, doubt=True)
        before, after = made.desk.item(REVIEWER, first), made.desk.item(REVIEWER, second)
        assert before.due_ms - before.opened_ms == 72 * 3_600_000 and before.eyes == 1
        assert after.due_ms - after.opened_ms == 3_600_000 and after.eyes == 2
        made.judged(REVIEWER, second)
        assert made.released(APPROVER, second).state is State.RELEASED
        Desk.open(made.workspace, made.index, settings=ReviewSection())
        assert made.kinds().count("review_policy") == 3


@pytest.mark.parametrize(
    ("tier", "adverse", "verdict", "eyes"),
    [
        ("low", True, "change", 1), ("medium", True, "reject", 1), ("high", False, "agree", 1),
        ("high", False, "change", 2), ("high", False, "reject", 2), ("high", True, "agree", 2),
        ("high", None, "agree", 2), ("critical", False, "agree", 2), ("critical", None, "change", 2),
    ],
)  # fmt: skip
def test_how_many_people_a_release_needs(tier: str, adverse: bool | None, verdict: str, eyes: int) -> None:
    assert Rules.of(DEFAULT).eyes(tier, adverse, verdict) == eyes  # type: ignore[arg-type]
    strict = Rules.of(policy(ReviewSection(four_eyes=("low", "medium", "high"))))
    assert strict.eyes(tier, adverse, verdict) == 2  # type: ignore[arg-type]


def test_no_move_leads_out_of_an_end() -> None:
    ends = (State.DONE, State.VOID)
    assert not [move for state in ends for move in Move if moved(state, move)]
    assert all(state is not State.LEASED and after is not State.LEASED for (state, _), after in MOVES.items())
    reached = {State.OPEN}
    for _ in State:
        reached |= {after for (state, _), after in MOVES.items() if state in reached}
    assert reached == set(State) - {State.LEASED}


# ---- whatever stands on the log


def test_events_in_any_order_leave_the_queue_whole(tmp_path: Path) -> None:
    """Events written by something else, to nothing and out of turn: no projection may stop at them."""
    with house(tmp_path / "w", sample=0.3) as made:
        decisions = [made.decide(31, customer="C-1") for _ in range(4)] + [made.decide(3) for _ in range(4)]
        random = Random(5)
        known = [*decisions, "0" * 26]
        events = [
            Review(verdict="agree"), Review(verdict="change", cause="sample", effect="x"), Release(outcome="refused"),
            Void(reason="returned"), Void(reason="expired"), Override(reason="X"), Escalation(reason="overdue"),
            Escalation(reason="handed_up"), Answer(outcome="upheld"), Attention(caught=True, reviewer="p-x"),
        ]  # fmt: skip
        for _ in range(150):
            refs = tuple(random.choice(known) for _ in range(random.randrange(4)))
            facts = random.choice(events)
            entry = Entry(
                id=made.workspace.ids.new(made.clock.ms), kind=facts.kind, at_ms=made.clock.ms, facts=facts,
                refs=refs, actor="p-x",
            )  # fmt: skip
            made.workspace.ledger.submit((entry,)).result()
            known.append(entry.id)
        assert made.index.follow() == 0
        made.desk.queue(REVIEWER)
        with Index.open(tmp_path / "again.db", made.workspace.ledger, (Queue.of(made.workspace),)) as again:
            again.follow(13)
            again.follow()
            for table in ("review_item", "review_verdict", "review_notice"):
                found = []
                for index in (made.index, again):
                    with index.reading() as connection:
                        found.append(connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall())
                assert found[0] == found[1]


def test_a_lost_index_costs_leases_alone(tmp_path: Path) -> None:
    with house(tmp_path / "w") as made:
        held, other = made.decide(31), made.decide(32)
        made.judged(REVIEWER, held)
        shown = made.taken(REVIEWER, other)
        made.index.close()
        for path in (tmp_path / "w").glob("index.db*"):
            path.unlink()
        with Index.open(tmp_path / "w" / "index.db", made.workspace.ledger, (Queue.of(made.workspace),)) as index:
            desk = Desk.open(made.workspace, index, settings=ReviewSection())
            assert desk.item(REVIEWER, held).state is State.JUDGED
            assert desk.item(REVIEWER, other).state is State.OPEN
            from waglan.review import Judgement

            desk.take(REVIEWER, other)
            with pytest.raises(Problem, match="Look at this case again"):
                desk.judge(REVIEWER, other, Judgement(verdict="agree"), shown=shown)


# ---- time


def test_rounds_escalate_once_and_expire_what_is_old(tmp_path: Path) -> None:
    with house(tmp_path / "w") as made:
        made.decide(3)
        waiting, judged, late = made.decide(31), made.decide(32), made.decide(33)
        before = made.desk.item(REVIEWER, waiting).priority
        made.judged(REVIEWER, judged)
        made.desk.take(SECOND, late)
        assert rounds(made.desk) == rounds(made.desk).__class__()
        made.clock.ms += 24 * 3_600_000 + 1
        done = rounds(made.desk)
        assert (done.overdue, done.expired, done.leases) == (3, 1, 1)
        again = rounds(made.desk)
        assert (again.overdue, again.expired, again.leases) == (0, 0, 0)
        item = made.desk.item(REVIEWER, waiting)
        assert item.escalated == ("overdue",) and item.overdue and item.priority == before + 1_000
        item = made.desk.item(REVIEWER, judged)
        assert (item.state, item.verdict) == (State.OPEN, "")
        assert {leaf["actor"] for leaf in made.leaves("escalation") + made.leaves("void")} == {"review"}


def test_rounds_void_a_verdict_on_what_has_changed(tmp_path: Path) -> None:
    with house(tmp_path / "w") as made:
        held = made.decide(31, customer="C-1")
        made.judged(REVIEWER, held)
        made.desk.correct(APPROVER, held, {"inputs.days": 30}, "TYPO")
        assert rounds(made.desk).changed == 1
        assert made.leaves("void")[0]["facts"]["reason"] == "changed"
        assert made.desk.item(REVIEWER, held).state is State.OPEN


def test_workers_that_do_rounds_at_once_do_everything_once(tmp_path: Path) -> None:
    with house(tmp_path / "w") as made:
        for at in range(12):
            made.decide(31 + at)
        made.clock.ms += 25 * 3_600_000
        found: list[int] = []
        threads = [threading.Thread(target=lambda: found.append(rounds(made.desk).overdue)) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert sorted(found) == [0, 0, 0, 12] and made.kinds().count("escalation") == 12


# ---- the key


def test_everybody_gets_the_same_key(tmp_path: Path) -> None:
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(ReviewKey.load_or_create(tmp_path).derive("x"))) for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(found)) == 1 and len(found) == 8
    assert [path.name for path in tmp_path.iterdir()] == ["review.key"]
    assert (tmp_path / "review.key").stat().st_mode & 0o777 == 0o600
    key = ReviewKey.load_or_create(tmp_path)
    assert key.derive("receipt") != key.derive("sample") != key._raw
    (tmp_path / "review.key").write_bytes(b"short")
    with pytest.raises(Problem, match="32 bytes"):
        ReviewKey.load_or_create(tmp_path)


def test_opening_a_workspace_without_reviews_writes_nothing_on_its_log(tmp_path: Path) -> None:
    with (
        create(tmp_path / "w") as workspace,
        Index.open(tmp_path / "w" / "index.db", workspace.ledger, (Queue.of(workspace),)) as index,
    ):
        Desk.open(workspace, index)
        assert workspace.ledger.head().size == 0


def test_the_costs_are_measured_by_a_script() -> None:
    done = subprocess.run(
        [sys.executable, "bench/review.py", "--json", "--items", "300", "--rounds", "3"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["items"] == 300 and {"page_first", "counts", "next", "show", "judge", "release"} <= found.keys()
