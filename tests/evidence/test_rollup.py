"""However the log is taken in, the counts are those of a rebuild, and of the functions that gate, row by row."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evidence.scene import START_MS, Bank, bank, check, clause, decision, decisions, model, result, use_case
from waglan.core import Entry, Problem, Verdict
from waglan.core.events import Correction, Erasure, OutcomeLabel, Override, Release, Review
from waglan.evidence import Evidence, counting, last_days, rollup
from waglan.evidence.catalogue import force
from waglan.evidence.judging import judges
from waglan.facts import TABLES, Facts
from waglan.index.days import DAY_MS, day_of
from waglan.rules import row, types

FIELDS = types({field.name: field.type for field in TABLES["decisions"]})
FIRST = (
    clause("A", check("A.1"), check("A.2", "confidence >= 0.5", scope="adverse")),
    clause("B", check("B.1", "reviewed_at is not None and reviewer != approver", scope='route == "human"')),
    clause("C", check("C.1", 'label is None or label != "wrong"'), check("C.2", "not erased and not override")),
    clause("D", check("D.1", "validated_at <= decided_at"), check("D.2", 'controls["c.one"] == "pass"')),
    clause("E", check("E.1", "not corrected"), check("E.2", "stakes_hkd <= 1000 or reviewed_at is not None")),
)
SECOND = (
    clause("A", check("A.1", 'notice_id == "n-2"'), check("A.2", "confidence >= 0.5", scope="adverse")),
    clause("B", check("B.1", "reviewed_at is not None and reviewer != approver", scope='route == "human"')),
    clause("F", check("F.1", "len(reasons) > 0 or label is None"), check("F.2", "not corrected")),
)


def drawn(rng: random.Random) -> Any:
    """A decision whose answers to the tests are drawn."""
    return decision(
        adverse=rng.choice((True, False, None)),
        confidence=rng.choice((None, "0.400000", "0.900000")),
        controls=rng.choice(((), (("c.one", Verdict.PASS),), (("c.one", Verdict.NOTE),))),
        drill=rng.random() < 0.1,
        imported=rng.random() < 0.1,
        models=rng.choice(((), (("m.one", "1", "aa" * 32, "self", "HK", True),))),
        notice_id=rng.choice(("", "n-1", "n-2")),
        reasons=rng.choice(((), ("R1",))),
        route=rng.choice(("auto", "human")),
        stakes_hkd=rng.choice((None, "10.00", "5000.00")),
        use_case=rng.choice(("", "credit", "advice")),
    )


class Story:
    """A log that goes on: decisions on drawn days, events about old and new ones, a change of the catalogue."""

    def __init__(self, made: Bank, seed: int) -> None:
        self.bank = made
        self.rng = random.Random(seed)
        self.ids: list[str] = []
        self.kids: list[str] = []

    def step(self, count: int) -> None:
        """Some decisions, and as many events about any of them."""
        rng, put = self.rng, self.bank.put
        at = START_MS + rng.randrange(70) * DAY_MS + rng.randrange(DAY_MS)
        subject = self.bank.workspace.vault.subject(f"person-{rng.randrange(3)}") if rng.random() < 0.5 else ""
        private = {"in": b"{}"} if subject else {}
        self.ids += put(*[drawn(rng) for _ in range(count)], at_ms=at, subject=subject, private=private)
        leaf = self.bank.workspace.ledger.leaf(self.bank.workspace.ledger.head().size - 1)
        self.kids += [leaf["kid"]] if leaf.get("kid") else []
        for _ in range(rng.randrange(count + 1)):
            said = rng.choice(
                (Review(verdict="agree"), Release(outcome="as_decided"), OutcomeLabel(label="wrong", label_at=1),
                 OutcomeLabel(label="right", label_at=2), Correction(fields=("x",), reason="r"), Override(reason="r"))
            )  # fmt: skip
            put(said, refs=tuple(rng.sample(self.ids, k=min(2, len(self.ids)))), actor=f"p-{rng.randrange(2)}")
        if self.kids and rng.random() < 0.2:
            put(Erasure(basis="request", erased_kid=rng.choice(self.kids)))
        if rng.random() < 0.2:
            put(use_case(name="credit"), model(validated_at=at - rng.randrange(-9, 9), validation_id="v"))

    def ahead(self) -> None:
        """A correction of a decision that comes only afterwards."""
        made = self.bank.workspace.ids.new(START_MS)
        self.bank.put(Correction(fields=("x",), reason="r"), refs=(made,))
        entry = Entry(id=made, kind="decision", at_ms=START_MS, facts=drawn(self.rng))
        self.bank.workspace.ledger.submit((entry,)).result()


def counted(folder: Path) -> dict[tuple[str, str, str, int], tuple[int, ...]]:
    """Every count of a day by catalogue, test digest, use case and day; months and sums must agree with them."""
    with closing(sqlite3.connect(folder / "evidence.db")) as connection:
        rows = connection.execute(
            "SELECT j.catalogue, j.digest, d.use_case, d.at, passed, failed, unknown, scope_unknown "
            "FROM day d JOIN judge j USING (judge)"
        ).fetchall()
        days = connection.execute("SELECT sum(passed), sum(failed), sum(unknown), sum(scope_unknown) FROM day")
        months = connection.execute("SELECT sum(passed), sum(failed), sum(unknown), sum(scope_unknown) FROM month")
        assert days.fetchall() == months.fetchall()
        cells = connection.execute(
            "SELECT judge, use_case, sum(failed), sum(passed + failed + unknown + scope_unknown) FROM day GROUP BY 1, 2"
        )
        assert sorted(cells) == sorted(connection.execute("SELECT judge, use_case, failed, total FROM counted"))
    return {row[:4]: row[4:] for row in rows}


def kept(folder: Path) -> dict[tuple[str, str, str], list[tuple[int, str, int]]]:
    """The failures that are kept, newest first."""
    found: dict[tuple[str, str, str], list[tuple[int, str, int]]] = {}
    with closing(sqlite3.connect(folder / "evidence.db")) as connection:
        query = (
            "SELECT j.catalogue, j.digest, f.use_case, f.log_index, f.id, f.at_ms FROM failing f JOIN judge j "
            "USING (judge) ORDER BY f.log_index DESC"
        )
        for catalogue, digest, use, *rest in connection.execute(query):
            found.setdefault((catalogue, digest, use), []).append(tuple(rest))
    return found


def by_hand(made: Bank) -> tuple[Mapping[Any, tuple[int, ...]], Mapping[Any, list[tuple[int, str, int]]]]:
    """The same counts by the functions that gate, over the rows of the facts, one by one."""
    counts: dict[Any, Counter[int]] = {}
    failing: dict[Any, list[tuple[int, str, int]]] = {}
    with Facts.open(made.folder / "facts", made.workspace.ledger) as facts:
        facts.update()
        with made.index.reading() as connection:
            periods = force.periods(connection)
        asked = {
            each.digest: [
                (j, j.scope.closure(), j.holds.closure()) for j in judges(force.of(made.folder, each.digest)).values()
            ]
            for each in periods
        }
        relation = facts.frame("live")
        for values in relation.fetchall():
            named = dict(zip(relation.columns, values, strict=True))
            place = named["log_index"]
            digest = [each.digest for at, each in enumerate(periods) if not at or each.from_index <= place][-1]
            told = row({name: value for name, value in named.items() if name != "models"}, FIELDS)
            for judge, scope, holds in asked[digest]:
                inside = scope(told, 0)
                if inside is False:
                    continue
                what = 3 if inside is None else {True: 0, False: 1, None: 2}[holds(told, 0)]
                key = (digest, judge.digest, named["use_case"] or "")
                counts.setdefault((*key, day_of(told["decided_at"])), Counter())[what] += 1
                if what == 1:
                    failing.setdefault(key, []).insert(0, (place, named["id"], told["decided_at"]))
    return {key: tuple(found[at] for at in range(4)) for key, found in counts.items()}, failing


def agrees(made: Bank) -> None:
    """The counts are those of the functions; of the newest failures at least twenty are kept, or all."""
    made.index.follow()
    counts, failing = by_hand(made)
    assert counted(made.folder) == counts
    found = kept(made.folder)
    assert found.keys() == failing.keys()
    for key, right in failing.items():
        assert len(found[key]) >= min(rollup.LEAST, len(right)) and found[key] == right[: len(found[key])]


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9), steps=st.lists(st.integers(1, 12), min_size=3, max_size=6))
def test_any_split_is_a_rebuild_is_the_functions(
    tmp_path_factory: pytest.TempPathFactory, seed: int, steps: list[int]
) -> None:
    with bank(tmp_path_factory.mktemp("story") / "workspace") as made:
        made.judged_by(*FIRST)
        story = Story(made, seed)
        for at, count in enumerate(steps):
            if at == len(steps) // 2:
                made.judged_by(*SECOND, version="2")
            story.step(count)
            if story.rng.random() < 0.7:
                made.evidence.update()
        story.ahead()
        made.evidence.update()
        agrees(made)
        split = counted(made.folder)
        made.again()
        made.evidence.update()
        assert counted(made.folder) == split


def test_mended_failures_are_refilled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "KEPT", 6)
    monkeypatch.setattr(rollup, "KEPT", 6)
    monkeypatch.setattr(rollup, "LEAST", 4)
    with bank(tmp_path / "workspace") as made:
        made.judged_by(clause("A", check("A.1", "corrected or confidence >= 0.5")))
        made.evidence.update()
        ids = made.put(*decisions(20, confidence="0.100000"))
        made.evidence.update()
        assert [len(each) for each in kept(made.folder).values()] == [6]
        for each in ids[-5:]:
            made.put(Correction(fields=("x",), reason="r"), refs=(each,))
        made.evidence.update()
        assert [[place for place, *_ in each] for each in kept(made.folder).values()] == [list(range(15, 9, -1))]
        assert [each.id for each in made.evidence.examples("A.1", limit=3)] == ids[-6:-9:-1]
        made.put(Correction(fields=("x",), reason="r"), refs=(ids[0],))
        made.evidence.update()
        agrees(made)


def test_examples_of_an_older_window_are_asked_of_the_decisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "KEPT", 4)
    monkeypatch.setattr(rollup, "KEPT", 4)
    with bank(tmp_path / "workspace") as made:
        made.judged_by(clause("A", check("A.1")))
        old = made.put(*decisions(9, notice_id=""), at_ms=START_MS - 40 * DAY_MS)
        made.put(*decisions(9, notice_id=""))
        made.report()
        window = last_days(START_MS - 39 * DAY_MS)
        assert [each.id for each in made.evidence.examples("A.1", window=window, limit=3)] == old[:-4:-1]
        assert len(result(made.evidence.report(), "A.1").examples) == 4
        with pytest.raises(Problem, match=r"A\.9"):
            made.evidence.examples("A.9")


def test_a_catalogue_that_takes_the_place_of_another_asks_only_what_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before any was put in force the shipped one judges; the first that comes into force judges all before it."""
    asked: list[int] = []
    live = counting.Counter._live

    def noted(self: counting.Counter, wanted: Any, picked: counting.Picked) -> str:
        found = live(self, wanted, picked)
        asked.extend([len(wanted)] if found else [])
        return found

    with bank(tmp_path / "workspace") as made:
        made.put(*decisions(5))
        made.evidence.update()
        shipped = made.evidence.catalogue()
        assert counted(made.folder)
        new = clause("NEW", check("NEW.1", 'notice_id == "notice-1"'), source=shipped.clauses[0].source)
        force.put_in_force(made.workspace, msgspec.structs.replace(shipped, clauses=(*shipped.clauses, new)))
        monkeypatch.setattr(counting.Counter, "_live", noted)
        made.evidence.update()
        assert asked == [1]
        agrees(made)


def test_a_rolled_back_log_is_counted_anew(tmp_path: Path) -> None:
    with bank(tmp_path / "workspace") as made:
        made.judged_by(clause("A", check("A.1")))
        made.put(*decisions(4))
        made.evidence.update()
    with closing(sqlite3.connect(tmp_path / "workspace" / "evidence.db")) as connection:
        connection.execute("UPDATE standing SET root = ?", ("ab" * 32,))
        connection.execute("UPDATE day SET passed = 999")
        connection.commit()
    with bank(tmp_path / "workspace") as made:
        with pytest.raises(Problem, match="another log"):
            made.evidence.report()
        assert made.evidence.update() > 0
        assert result(made.evidence.report(), "A.1").counts.passed == 4
        agrees(made)


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    with bank(tmp_path / "workspace") as made:
        made.judged_by(clause("A", check("A.1")))
        made.put(*decisions(4))
        made.evidence.update()
    path = tmp_path / "workspace" / "evidence.db"
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(b"nonsense" * 4096)
    with bank(tmp_path / "workspace") as made:
        made.evidence.update()
        assert result(made.evidence.report(), "A.1").counts.passed == 4


def test_two_who_update_at_once_count_once(tmp_path: Path) -> None:
    with bank(tmp_path / "workspace") as made, bank_beside(made) as other:
        made.judged_by(clause("A", check("A.1")))
        made.put(*decisions(50))
        threads = [threading.Thread(target=each.update) for each in (made.evidence, other, made.evidence, other)]
        for each in threads:
            each.start()
        for _ in range(20):
            made.index.follow()
            made.evidence.report()
        for each in threads:
            each.join()
        agrees(made)


def bank_beside(made: Bank) -> Any:
    """Another object over the same files, as another process has."""
    return Evidence.open(made.workspace, made.index)


def test_a_log_of_another_name_is_counted_anew(tmp_path: Path) -> None:
    with bank(tmp_path / "workspace") as made:
        made.put(*decisions(2))
        size = made.evidence.update()
        assert made.evidence.update() == 0
    with closing(sqlite3.connect(tmp_path / "workspace" / "evidence.db")) as connection:
        connection.execute("UPDATE standing SET log = 'other/log'")
        connection.commit()
    with bank(tmp_path / "workspace") as made:
        assert made.evidence.update() == size
