"""Reading on from where registers were read says the same as reading all of it; the benchmark in small."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.index.scene import Bank, decision
from tests.registers.parts import room
from tests.registers.test_book import EVENTS, REGISTERS
from waglan.core.events import Correction, Event, Request
from waglan.index import Decisions, Index
from waglan.registers import read_book
from waglan.registers.told import KINDS, Told

SPEAKING = st.sampled_from((Request(what="complaint"), Correction(fields=("x",), reason="x")))


@settings(max_examples=8)
@given(st.lists(st.lists(st.one_of(EVENTS, SPEAKING), max_size=5), min_size=1, max_size=5))
def test_reading_on_is_reading_all(batches: list[list[Event]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bank = Bank(Path(folder))
        (made,) = bank.add(decision(use_case="credit"))
        with Index.open(Path(folder) / "i.db", bank.ledger, (Decisions(),)) as index:
            index.follow()
            with index.reading() as connection:
                told = Told.read(connection)
            for batch in batches:
                for facts in batch:
                    bank.add(facts, refs=(made,) if isinstance(facts, Request | Correction) else ())
                index.follow()
                with index.reading() as connection:
                    told, whole = told.grown(connection), Told.read(connection)
                    assert all(tuple(told.raw(kind)) == tuple(whole.raw(kind)) for kind in KINDS)
                    on = read_book(connection, bank.at_ms, told=told)
                    all_of_it = read_book(connection, bank.at_ms)
                    for register in (*REGISTERS, "requests", "subject_events"):
                        assert on.rows(register) == all_of_it.rows(register)
                    assert told.grown(connection) is told
        bank.close()


def test_another_log_is_read_anew(tmp_path: Path) -> None:
    told: Told | None = None
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        bank = Bank(tmp_path / name)
        bank.add(Request(what="complaint"), Request(what="explanation"))
        with Index.open(tmp_path / name / "i.db", bank.ledger, (Decisions(),)) as index:
            index.follow()
            with index.reading() as connection:
                before = told.raw("request") if told else ()
                told = told.grown(connection) if told else Told.read(connection)
                assert len(told.raw("request")) == 2 and not set(before) & set(told.raw("request"))
        bank.close()


def test_the_benchmark_runs_in_small(tmp_path: Path) -> None:
    with room(tmp_path / "w") as house:
        for days in (10, 40):
            house.decide(days)
    command = (sys.executable, "bench/registers.py", "--log", str(tmp_path / "w"), "--events", "140", "--rounds", "1")
    done = subprocess.run((*command, "--json"), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["register_events"] >= 140 and found["decisions"] == 2
    assert {"read_book", "earlier_day", "all_rows", "book_again", "watch", "verb"} <= found.keys()
