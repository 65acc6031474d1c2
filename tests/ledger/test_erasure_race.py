"""Erasure beside writers of other processes: no entry under a key stands behind the key's erasure, whoever is first."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.vaults import PRIVATE, entry, workplace
from waglan.core import Problem
from waglan.ledger import erasure, receipt, verify
from waglan.ledger.export import export
from waglan.ledger.log import Ledger
from waglan.ledger.queue import Reply
from waglan.ledger.store import Batch, Head

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 20.0


class Turnstile:
    """Lets a ledger's commits through one by one: rows are sealed by then, the log's lock is not yet taken."""

    def __init__(self, ledger: Ledger) -> None:
        self.waiting = threading.Semaphore(0)
        self._permits = threading.Semaphore(0)
        self._open = False
        self._commit = ledger.store.commit
        ledger.store.commit = self._pass  # type: ignore[method-assign]

    def permit(self) -> None:
        self._permits.release()

    def open(self) -> None:
        self._open = True
        self._permits.release()

    def _pass(self, build: Callable[[Head], Batch]) -> Head:
        self.waiting.release()
        if not self._open:
            assert self._permits.acquire(timeout=WAIT_S)
        return self._commit(build)


def checked(ledger: Ledger, folder: Path, receipts: Sequence[str] = ()) -> int:
    """How many erasures verify.py finds in the log's export; it raises where it would cry tampering."""
    export(ledger.store, ledger.signer, folder, ledger.signed())
    keys = verify.read_keys(list(ledger.signer.vkeys))
    told = verify.check_log(folder, keys, [json.loads(text)["checkpoint"] for text in receipts])
    for text in receipts:
        verify.check_receipt(text, keys, told["erased"])
    return len(told["erased"])


def refused(future: Future[Reply]) -> str:
    problem = future.exception(WAIT_S)
    assert isinstance(problem, Problem)
    return problem.code


def test_an_entry_sealed_before_an_erasure_and_committed_after_it_is_refused_alone(tmp_path: Path) -> None:
    with workplace(tmp_path) as writer, workplace(tmp_path) as eraser:
        erased, other = (writer.vault.subject(who) for who in "AB")
        writer.submit([entry(erased), entry(other)]).result()
        turnstile = Turnstile(writer)
        first = writer.submit([entry(other)])
        assert turnstile.waiting.acquire(timeout=WAIT_S)
        mine, theirs = writer.submit([entry(erased)]), writer.submit([entry(other)])  # they share the next commit
        turnstile.permit()
        first.result(WAIT_S)
        assert turnstile.waiting.acquire(timeout=WAIT_S)
        erasure.erase(eraser, "A", "request", "dpo")
        turnstile.open()
        assert refused(mine) == "vault.erased" and writer.available
        ((index, _),) = theirs.result(WAIT_S)
        assert writer.opened(index) == PRIVATE
        assert [writer.leaf(at)["kind"] for at in (index - 1, index)] == ["erasure", "decision"]
        assert "kid" not in writer.leaf(index - 1)  # it is about the key, not under it
        assert checked(writer, tmp_path / "export") == 1


def test_between_key_and_event_nothing_is_recorded_or_opened(tmp_path: Path) -> None:
    with workplace(tmp_path) as writer, workplace(tmp_path) as eraser, ThreadPoolExecutor(1) as thread:
        person = writer.vault.subject("A")
        ((_, entry_id),) = writer.submit([entry(person)]).result()
        opened = receipt.make(writer, entry_id, opened=True).json().decode()
        turnstile = Turnstile(eraser)
        act = thread.submit(erasure.erase, eraser, "A", "request", "dpo")
        assert turnstile.waiting.acquire(timeout=WAIT_S)  # the event is about to be committed
        assert refused(writer.submit([entry(person)])) == "vault.erased"
        with pytest.raises(Problem, match="erased"):
            receipt.make(writer, entry_id, opened=True)
        again = writer.vault.subject("A")
        assert again != person and writer.submit([entry(again)]).result(WAIT_S)
        turnstile.open()
        act.result(WAIT_S)
        assert checked(writer, tmp_path / "export", [opened]) == 1


def test_other_erasures_and_rotations_meanwhile_refuse_nobody(tmp_path: Path) -> None:
    with workplace(tmp_path) as writer, workplace(tmp_path) as eraser:
        kept, gone = (writer.vault.subject(who) for who in "AB")
        writer.submit([entry(kept), entry(gone)]).result()
        turnstile = Turnstile(writer)
        mine = writer.submit([entry(kept), entry()])
        assert turnstile.waiting.acquire(timeout=WAIT_S)
        erasure.erase(eraser, "B", "request", "dpo")
        eraser.vault.rotate_tenant_key()
        turnstile.open()
        assert all(writer.opened(each.index) == PRIVATE for each in mine.result(WAIT_S))
        assert not turnstile.waiting.acquire(blocking=False)  # in one go: nothing had to be sealed again
        assert checked(writer, tmp_path / "export") == 1


def test_words_that_no_leaf_can_hold_erase_nobody(tmp_path: Path) -> None:
    with workplace(tmp_path) as ledger:
        ledger.submit([entry(ledger.vault.subject("A"))]).result()
        for basis, code in (("x" * 16_384, "leaf.size"), ("\ud800", "leaf.value")):
            with pytest.raises(Problem) as caught:
                erasure.erase(ledger, "A", basis, "dpo")
            assert caught.value.code == code
        assert ledger.opened(0) == PRIVATE and ledger.vault.custody.intents() == ()


STEPS = st.one_of(
    st.tuples(st.just("record"), st.sampled_from("ABC")),
    st.tuples(st.just("erase"), st.sampled_from("ABC")),
    st.tuples(st.sampled_from(("writer", "eraser")), st.just("")),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(STEPS, min_size=4, max_size=16))
def test_any_interleaving_of_sealing_committing_and_erasing_is_accepted(steps: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(1) as thread:
        folder = Path(name)
        with workplace(folder) as writer, workplace(folder) as eraser:
            writer.submit([entry(writer.vault.subject(who)) for who in "ABC"]).result()
            turnstiles = {"writer": Turnstile(writer), "eraser": Turnstile(eraser)}
            recording: list[Future[Reply]] = []
            erasing: list[Future[object]] = []
            for step, who in steps:
                if step == "record":
                    recording.append(writer.submit([entry(writer.vault.subject(who))]))
                elif step == "erase":
                    erasing.append(thread.submit(erasure.erase, eraser, who, "request", "dpo"))
                else:
                    turnstiles[step].permit()
            for turnstile in turnstiles.values():
                turnstile.open()
            told = [future.exception(WAIT_S) for future in (*recording, *erasing)]
            assert {each.code for each in told if isinstance(each, Problem)} <= {"vault.erased", "vault.unknown"}
            assert all(each is None or isinstance(each, Problem) for each in told)
            assert writer.available
            erased = sum(1 for each in erasing if each.exception() is None)
            assert checked(writer, folder / "export") == erased


BUSY = """
import sys
from pathlib import Path
from tests.ledger.vaults import entry, workplace
from waglan.core import Problem

folder, people = Path(sys.argv[1]), [f"p{i}" for i in range(int(sys.argv[2]))]
recorded = refused = 0
with workplace(folder) as ledger:
    print("ready", flush=True)
    while not (folder / "enough").exists():
        each = [ledger.submit([entry(ledger.vault.subject(who))]) for who in people]
        for future in each:
            problem = future.exception(20)
            recorded, refused = recorded + (problem is None), refused + (problem is not None)
            assert problem is None or (isinstance(problem, Problem) and problem.code == "vault.erased"), problem
print(recorded, refused)
"""


def test_two_busy_processes(tmp_path: Path) -> None:
    """One records all the time about few people, the other erases them again and again."""
    command = [sys.executable, "-c", BUSY, str(tmp_path), "6"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as busy:
        assert busy.stdout is not None and busy.stdout.readline() == "ready\n"
        done = 0
        with workplace(tmp_path) as ledger:
            while done < 60:
                if ledger.vault.known(f"p{done % 6}"):
                    erasure.erase(ledger, f"p{done % 6}", "request", "dpo")
                    done += 1
            (tmp_path / "enough").touch()
            recorded, _ = map(int, busy.communicate(timeout=WAIT_S)[0].split())
            assert recorded > done
            assert checked(ledger, tmp_path / "export") == done
