"""Tampered logs must be found, honest ones must not: every attack class against verify.py, and its speed.

Honest logs are made by the real ledger on SQLite: several sources that interleave, erasures, key rotations, random
sizes. Attacks change an export's files, or rebuild the whole log with stolen or with the institution's own keys.
"""

from __future__ import annotations

import base64
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.common import finish, parser, say
from tests.ledger.logs import MemoryStore, append

from waglan.core.clock import SystemClock
from waglan.core.decision import DecisionFacts
from waglan.core.entry import Entry, event
from waglan.core.events import OptOut
from waglan.core.ids import Ids
from waglan.core.problem import Problem
from waglan.ledger import erasure, tiles, verify
from waglan.ledger.export import export
from waglan.ledger.keys import Signer
from waglan.ledger.log import Ledger
from waglan.ledger.sqlite import SqliteStore
from waglan.ledger.vault import Vault

NAME = "bank-a.example/bank-a/decisions"
FAULTS = (AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError)
_clock, _ids = SystemClock(), Ids()


class Log(NamedTuple):
    """An honest log: its export, the keys pinned at its start, what was kept on the way, and the means to forge it."""

    folder: Path
    pins: tuple[str, ...]
    kept: tuple[str, ...]
    receipts: tuple[str, ...]
    signer: Signer
    ledger: Ledger
    vault: Vault
    erased: str

    @property
    def export(self) -> Path:
        return self.folder / "export"

    def close(self) -> None:
        self.ledger.close()
        self.vault.close()


class Case(NamedTuple):
    """What the examiner holds: a folder, and what was kept outside of it."""

    folder: Path | None
    pins: tuple[str, ...]
    kept: tuple[str, ...] = ()
    receipts: tuple[str, ...] = ()


def decision(index: int, subject: str, rng: random.Random) -> Entry:
    at_ms = _clock.now_ms()
    facts = DecisionFacts(
        adverse=bool(index % 3), channel="http", confidence=f"0.{rng.randrange(10**6):06d}",
        controls=(("people.opt_out", "pass"), ("privacy.identifiers", "pass")), effect="credit", language="zh-Hant",
        latency_us=rng.randrange(999), policy_digest="5" * 64, purpose="credit_assessment",
        reasons=tuple(f"R{rng.randrange(99):02d}" for _ in range(index % 4)), route="auto" if index % 3 else "human",
        score=f"{rng.randrange(900)}.000000",
    )  # fmt: skip
    private = {"in": b'{"income":%d}' % index, "out": '{"reason":"收入不足"}'.encode()}
    return Entry(
        id=_ids.new(at_ms), kind="decision", at_ms=at_ms, facts=facts, subject=subject, private=private, actor="svc"
    )


def honest(folder: Path, rng: random.Random, size: int, *, sources: int, erasures: int, rotations: int) -> Log:
    """Make a log the way institutions do; nothing in it is forged."""
    vault = Vault.open(folder / "vault.db", folder / "keys" / "tenant.key", clock=_clock)
    signer = Signer.load_or_create(folder / "keys", NAME)
    pins, kept, receipts = signer.vkeys, [], []
    ledgers = [
        Ledger(SqliteStore(folder / "ledger.db"), vault, Signer.load_or_create(folder / "keys", NAME), tenant="bank-a",
               source=f"gw-{i}", kept=folder / f"kept-{i}")
        for i in range(sources)
    ]  # fmt: skip
    main = ledgers[0]
    people = [vault.subject(f"customer {i}") for i in range(12)]
    waiting: list[Future[Any]] = []
    gone: list[str] = []
    acts = [*["erase"] * erasures, *["rotate"] * rotations, *["keep"] * 2]
    done = 0
    turns = max(len(acts) + 2, size // 120)
    act_at = dict(zip(rng.sample(range(1, turns), len(acts)), acts, strict=True))
    for turn in range(turns):
        count = (size - done) // (turns - turn)
        batch = [decision(done + i, people[rng.randrange(len(people))], rng) for i in range(count)]
        if batch and rng.random() < 0.3:
            now = _clock.now_ms()
            batch.append(event(_ids.new(now), now, OptOut(active=True, use_case="credit"), actor="服務台"))
        waiting.append(ledgers[turn % sources].submit(batch))
        done += count
        act = act_at.get(turn, "")
        if act:
            for each in waiting:
                each.result()
            if act == "erase" and main.head().size and len(gone) < 6:
                person = f"customer {len(gone)}"
                if vault.known(person):
                    gone.append(_erase(main, person))
                    people[len(gone) - 1] = vault.subject(f"{person} again")
            elif act == "rotate":
                rotation = signer.rotate("planned", _clock.now_ms() // 1000)
                now = _clock.now_ms()
                main.submit([event(_ids.new(now), now, rotation.change, actor="sec")]).result()
                signer.settle()
            elif main.head().size:
                head = main.head()
                kept.append(head.note)
                row = next(row for _, row in main.rows(head.size - 1, head.size))
                receipts.append(main.receipt(row.id, opened=b'"kid"' in row.leaf).json().decode())
    for each in waiting:
        each.result()
    for other in ledgers[1:]:
        other.close()
    export(main.store, signer, folder / "export", main.signed())
    return Log(folder, pins, tuple(kept), tuple(receipts), signer, main, vault, gone[0] if gone else "")


def _erase(ledger: Ledger, person: str) -> str:
    index = erasure.erase(ledger, person, "request", "dpo").index
    return str(ledger.leaf(index)["facts"]["erased_kid"])


def found(case: Case) -> str:
    """What verify.py finds; empty when nothing. The same calls and the same faults as its command line."""
    try:
        keys, erased = verify.read_keys(list(case.pins)), {}
        if case.folder is not None:
            kept = [*case.kept, *[json.loads(each)["checkpoint"] for each in case.receipts]]
            said = verify.check_log(case.folder, keys, kept)
            keys, erased = said["keys"], said["erased"]
        for each in case.receipts:
            verify.check_receipt(each, keys, erased)
    except FAULTS as fault:
        return f"{type(fault).__name__}: {fault}"
    return ""


# ---- attacks: each takes an honest log, a scratch folder and randomness, and returns what the examiner gets ------


def _copy(log: Log, scratch: Path) -> Path:
    shutil.copytree(log.export, scratch / "export")
    return scratch / "export"


def _leaves(log: Log) -> list[bytes]:
    return [row.leaf for _, row in log.ledger.rows(0, log.ledger.head().size)]


def _forged(leaves: list[bytes], signer: Signer, scratch: Path) -> Path:
    """The whole log made again over other leaves, signed by whoever's keys."""
    store = MemoryStore()
    append(store, signer, leaves)
    export(store, signer, scratch / "forged")
    return scratch / "forged"


def _retiled(log: Log, leaves: list[bytes], scratch: Path) -> Case:
    """Files made again over other leaves, under the old checkpoint: what a thief without keys can do.

    Partial tiles take the names that the checkpoint's size asks for, so that only their contents can tell.
    """
    folder = _forged(leaves, log.signer, scratch)
    shutil.copyfile(log.export / "checkpoint", folder / "checkpoint")
    for wanted in sorted(p.relative_to(log.export) for p in (log.export / "tile").rglob("*") if p.is_file()):
        near = sorted((folder / wanted).parent.glob("*")) if not (folder / wanted).exists() else []
        if near and near[0].is_file():
            near[0].rename(folder / wanted)
    return Case(folder, log.pins, log.kept)


def _changed(leaf: bytes, **members: object) -> bytes:
    said = {**json.loads(leaf), **members}
    return json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def flip(kind: str) -> Callable[..., Case]:
    def attack(log: Log, scratch: Path, rng: random.Random) -> Case:
        folder = _copy(log, scratch)
        patterns = {"entries": "tile/entries/**/*", "hashes": "tile/[0-9]*/**/*"}
        paths = [p for p in folder.glob(patterns.get(kind, kind)) if p.is_file()]
        path = rng.choice(sorted(paths))
        data = bytearray(path.read_bytes())
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        return Case(folder, log.pins, log.kept)

    return attack


def delete(log: Log, scratch: Path, rng: random.Random) -> Case:
    leaves = _leaves(log)
    del leaves[rng.randrange(len(leaves))]
    return _retiled(log, leaves, scratch)


def insert(log: Log, scratch: Path, rng: random.Random) -> Case:
    leaves = _leaves(log)
    at = rng.randrange(len(leaves))
    leaves.insert(at, _changed(leaves[at], id=_ids.new(_clock.now_ms()), source="gw-9.01JD0000000000000000000000", n=0))
    return _retiled(log, leaves, scratch)


def reorder(log: Log, scratch: Path, rng: random.Random) -> Case:
    leaves = _leaves(log)
    a, b = rng.sample(range(len(leaves)), 2)
    leaves[a], leaves[b] = leaves[b], leaves[a]
    return _retiled(log, leaves, scratch)


def truncate(log: Log, scratch: Path, rng: random.Random) -> Case:
    return _retiled(log, _leaves(log)[: -rng.randrange(1, 5)], scratch)


def lost_file(log: Log, scratch: Path, rng: random.Random) -> Case:
    folder = _copy(log, scratch)
    paths = [p for p in folder.rglob("*") if p.is_file() and p.name != "verify.py"]
    rng.choice(sorted(paths)).unlink()
    return Case(folder, log.pins, log.kept)


def cut_file(log: Log, scratch: Path, rng: random.Random) -> Case:
    folder = _copy(log, scratch)
    path = rng.choice(sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "verify.py"))
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(len(data))])
    return Case(folder, log.pins, log.kept)


def rollback(log: Log, scratch: Path, rng: random.Random) -> Case:
    """An older copy, rightly signed at its time; the examiner kept a newer checkpoint."""
    leaves = _leaves(log)
    folder = _forged(leaves[: -rng.randrange(1, 9)], log.signer, scratch)
    return Case(folder, log.signer.vkeys, ((log.export / "checkpoint").read_text("utf-8"),))


def resign(log: Log, scratch: Path, rng: random.Random) -> Case:
    """One leaf changed, everything signed again with our own keys; a checkpoint was kept."""
    leaves = _leaves(log)
    at = rng.randrange(len(leaves))
    leaves[at] = _changed(leaves[at], actor="nobody")
    return Case(
        _forged(leaves, log.signer, scratch), log.signer.vkeys, ((log.export / "checkpoint").read_text("utf-8"),)
    )


def split_view(log: Log, scratch: Path, rng: random.Random) -> Case:
    """Two examiners get different last entries under the same keys; they compare checkpoints."""
    leaves = _leaves(log)
    leaves[-1] = _changed(leaves[-1], at_ms=json.loads(leaves[-1])["at_ms"] + 1)
    other = (_forged(leaves, log.signer, scratch) / "checkpoint").read_text("utf-8")
    return Case(_copy(log, scratch), log.pins, (other,))


def key_swap(log: Log, scratch: Path, rng: random.Random) -> Case:
    """A thief's own keys under our name, put into the vkeys file too."""
    thief = Signer.load_or_create(scratch / "thief", NAME)
    return Case(_forged(_leaves(log), thief, scratch), log.pins)


def replaced_vkey(log: Log, scratch: Path, rng: random.Random) -> Case:
    folder = _copy(log, scratch)
    thief = Signer.load_or_create(scratch / "thief", NAME)
    lines = (folder / "vkeys").read_text("utf-8").split("\n")
    lines[rng.randrange(2)] = rng.choice(thief.vkeys)
    (folder / "vkeys").write_text("\n".join(lines), encoding="utf-8")
    return Case(folder, log.pins, log.kept)


def forged_key_change(log: Log, scratch: Path, rng: random.Random) -> Case:
    """A key change that the keys in force did not sign, and the thief's signatures from there on."""
    thief = Signer.load_or_create(scratch / "thief", NAME)
    change = thief.rotate("stolen", _clock.now_ms() // 1000).change
    thief.settle()
    leaves = _leaves(log)
    facts = {"handover": change.handover, "reason": "stolen", "vkeys": list(change.vkeys)}
    members = {"id": _ids.new(_clock.now_ms()), "source": "gw-9.01JD0000000000000000000000", "n": 0, "facts": facts}
    leaves.append(_bare(leaves[-1], kind="key", **members))
    return Case(_forged(leaves, thief, scratch), log.pins, log.kept)


def _bare(leaf: bytes, **members: object) -> bytes:
    said = {k: v for k, v in json.loads(leaf).items() if k in ("at_ms", "tenant", "v")}
    return json.dumps({**said, **members}, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def unsigned_rotation(log: Log, scratch: Path, rng: random.Random) -> Case:
    """New keys sign the head, and no key change is on the log."""
    other = scratch / "keys"
    shutil.copytree(log.folder / "keys", other)
    signer = Signer.load_or_create(other, NAME)
    signer.rotate("silent", _clock.now_ms() // 1000)
    signer.settle()
    return Case(_forged(_leaves(log), signer, scratch), log.pins)


def mixed_signatures(log: Log, scratch: Path, rng: random.Random) -> Case:
    """One line of the right checkpoint replaced by the same key's line from another head, or dropped."""
    folder = _copy(log, scratch)
    lines = (folder / "checkpoint").read_text("utf-8").split("\n")
    other = log.signer.checkpoint(int(lines[1]) + 1, base64.b64decode(lines[2]), _clock.now_ms() // 1000, dual=True)
    at = rng.choice((4, 5))
    lines[at : at + 1] = [other.split("\n")[at]] if rng.random() < 0.5 else []
    (folder / "checkpoint").write_text("\n".join(lines), encoding="utf-8")
    return Case(folder, log.pins)


def renumbered(log: Log, scratch: Path, rng: random.Random) -> Case:
    """An entry taken out with our own keys, before anybody kept a checkpoint; the counter tells."""
    leaves = _leaves(log)
    at = rng.choice([i for i, leaf in enumerate(leaves) if any(_same_source(leaf, each) for each in leaves[i + 1 :])])
    del leaves[at]
    return Case(_forged(leaves, log.signer, scratch), log.signer.vkeys)


def _same_source(one: bytes, other: bytes) -> bool:
    return bool(json.loads(one)["source"] == json.loads(other)["source"])


def duplicate(log: Log, scratch: Path, rng: random.Random) -> Case:
    leaves = _leaves(log)
    leaves.append(_changed(rng.choice(leaves), source="gw-9.01JD0000000000000000000000", n=0))
    return Case(_forged(leaves, log.signer, scratch), log.signer.vkeys)


def other_tenant(log: Log, scratch: Path, rng: random.Random) -> Case:
    leaves = _leaves(log)
    more = {"tenant": "bank-b", "source": "gw-9.01JD0000000000000000000000", "n": 0}
    leaves.append(_bare(leaves[-1], id=_ids.new(_clock.now_ms()), kind="decision", **more))
    return Case(_forged(leaves, log.signer, scratch), log.signer.vkeys)


def odd_spelling(log: Log, scratch: Path, rng: random.Random) -> Case:
    """A leaf that says the same in other bytes, so that two readers could read two things."""
    leaves = _leaves(log)
    at = rng.randrange(len(leaves))
    said = json.loads(leaves[at])
    leaves[at] = rng.choice([
        json.dumps(said, sort_keys=True, ensure_ascii=False).encode(),
        json.dumps(dict(reversed(said.items())), ensure_ascii=False, separators=(",", ":")).encode(),
        leaves[at].replace(b'"v":1', b'"v":1.0'),
        leaves[at].replace(b'"v":1', b'"v":1,"v":1'),
        leaves[at].replace(b'"v":1', b'"v":1,"w":2'),
        leaves[at].replace(b'"tenant":"bank-a"', b'"tenant":"\\u0062ank-a"'),
        leaves[at] + b" ",
    ])  # fmt: skip
    return Case(_forged(leaves, log.signer, scratch), log.signer.vkeys)


def resurrected(log: Log, scratch: Path, rng: random.Random) -> Case:
    """A new entry under the key of somebody who was erased."""
    leaves = _leaves(log)
    more = {"source": "gw-9.01JD0000000000000000000000", "n": 0, "kid": log.erased, "commit": {"in": "0" * 64}}
    leaves.append(_bare(leaves[-1], id=_ids.new(_clock.now_ms()), kind="decision", **more))
    return Case(_forged(leaves, log.signer, scratch), log.signer.vkeys)


def opened_after_erasure(log: Log, scratch: Path, rng: random.Random) -> Case:
    """A receipt under today's head that opens an entry of somebody who was erased: the key was kept in secret."""
    head = log.ledger.head()
    candidates = [i for i, leaf in enumerate(_leaves(log)) if json.loads(leaf).get("kid") == log.erased]
    at = rng.choice(candidates)
    leaf = _leaves(log)[at].decode()
    path = [base64.b64encode(each).decode() for each in tiles.inclusion(log.ledger.store, head, at)]
    receipt = {"checkpoint": head.note, "index": at, "leaf": leaf, "path": path, "v": 1,
               "opened": {"key": "00" * 32, "fields": {"in": '{"income":1}'}}}  # fmt: skip
    return Case(_copy(log, scratch), log.pins, (), (json.dumps(receipt),))


def _open_receipts(log: Log, rng: random.Random, count: int) -> list[dict[str, Any]]:
    gone = {json.loads(leaf)["facts"]["erased_kid"] for leaf in _leaves(log) if b'"kind":"erasure"' in leaf}
    rows = [row for _, row in log.ledger.rows(0, log.ledger.head().size)
            if row.sealed and json.loads(row.leaf)["kid"] not in gone]  # fmt: skip
    return [json.loads(log.ledger.receipt(row.id, opened=True).json()) for row in rng.sample(rows, count)]


def swapped_payload(log: Log, scratch: Path, rng: random.Random) -> Case:
    one, two = _open_receipts(log, rng, 2)
    field = rng.choice(["in", "out"])
    if rng.random() < 0.5:
        one["opened"] = two["opened"]
    else:
        one["opened"]["fields"]["in"] = two["opened"]["fields"]["in"]
        one["opened"]["fields"][field] = one["opened"]["fields"][field] + " "
    return Case(None, log.signer.vkeys, (), (json.dumps(one),))


def forged_receipt(log: Log, scratch: Path, rng: random.Random) -> Case:
    one, two = _open_receipts(log, rng, 2)
    member = rng.choice(["leaf", "index", "path", "checkpoint"])
    if member == "checkpoint":
        lines = one["checkpoint"].split("\n")
        lines[1] = str(int(lines[1]) + 1)
        one["checkpoint"] = "\n".join(lines)
    else:
        one[member] = two[member]
    return Case(rng.choice([None, log.export]), (*log.pins, *log.signer.vkeys), (), (json.dumps(one),))


def swapped_ciphertext(log: Log, scratch: Path, rng: random.Random) -> Case | str:
    """Ciphertexts aren't in an export; the vault finds it when one of them is opened."""
    gone = {json.loads(leaf)["facts"]["erased_kid"] for leaf in _leaves(log) if b'"kind":"erasure"' in leaf}
    rows = [row for _, row in log.ledger.rows(0, log.ledger.head().size)
            if row.sealed and json.loads(row.leaf)["kid"] not in gone]  # fmt: skip
    one, two = rng.sample(rows, 2)
    try:
        log.vault.unseal(json.loads(one.leaf)["kid"], one.id, two.sealed)
    except Problem as problem:
        return problem.code
    return ""


def another_log(log: Log, scratch: Path, rng: random.Random) -> Case:
    """Our own keys sign a log of another name."""
    folder = _copy(log, scratch)
    text = (folder / "checkpoint").read_text("utf-8").split("\n\n")[0]
    renamed = text.replace(NAME, f"{NAME}2")
    lines = renamed.split("\n")
    note = log.signer._sign(lines[0], int(lines[1]), base64.b64decode(lines[2]), _clock.now_ms() // 1000, dual=True)
    (folder / "checkpoint").write_text(note, encoding="utf-8")
    return Case(folder, log.pins, ((log.export / "checkpoint").read_text("utf-8"),))


ATTACKS: dict[str, Callable[..., Case | str]] = {
    "flip_checkpoint": flip("checkpoint"), "flip_entries": flip("entries"), "flip_hashes": flip("hashes"),
    "flip_vkeys": flip("vkeys"), "delete": delete, "insert": insert, "reorder": reorder, "truncate": truncate,
    "lost_file": lost_file, "cut_file": cut_file, "rollback": rollback, "resign": resign, "split_view": split_view,
    "key_swap": key_swap, "replaced_vkey": replaced_vkey, "forged_key_change": forged_key_change,
    "unsigned_rotation": unsigned_rotation, "mixed_signatures": mixed_signatures, "renumbered": renumbered,
    "duplicate": duplicate, "other_tenant": other_tenant, "odd_spelling": odd_spelling, "resurrected": resurrected,
    "opened_after_erasure": opened_after_erasure, "swapped_payload": swapped_payload,
    "forged_receipt": forged_receipt, "swapped_ciphertext": swapped_ciphertext, "another_log": another_log,
}  # fmt: skip


def attacked(each: int, seed: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Every attack ``each`` times, over a handful of honest logs."""
    tried = dict.fromkeys(ATTACKS, 0)
    missed: list[str] = []
    for round_ in range(-(-each // 20)):
        rng = random.Random(seed + round_)
        with tempfile.TemporaryDirectory() as folder:
            log = honest(Path(folder), rng, rng.choice((150, 257, 700)), sources=2, erasures=2, rotations=1)
            for name, attack in ATTACKS.items():
                for _ in range(min(20, each - 20 * round_)):
                    with tempfile.TemporaryDirectory() as scratch:
                        case = attack(log, Path(scratch), rng)
                        told = case if isinstance(case, str) else found(case)
                    tried[name] += 1
                    if not told:
                        missed.append(f"{name} (seed {seed + round_})")
            log.close()
        tell(f"round {round_ + 1}: {sum(tried.values())} attacks, {len(missed)} missed")
    return {"attacks": sum(tried.values()), "classes": len(tried), "missed": missed}


def alarms(logs: int, seed: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Honest logs that verify.py complains of; there must be none."""
    false: list[str] = []
    entries = 0
    for number in range(logs):
        rng = random.Random(seed * 1_000_003 + number)
        with tempfile.TemporaryDirectory() as folder:
            size = rng.choice((1, 3, 100, 255, 256, 257, 600, rng.randrange(1, 900)))
            log = honest(Path(folder), rng, size, sources=rng.randrange(1, 4), erasures=rng.randrange(3),
                         rotations=rng.randrange(3))  # fmt: skip
            for pins in (log.pins, log.pins[:1]):
                told = found(Case(log.export, pins, log.kept, log.receipts))
                if told:
                    false.append(f"log {number}: {told}")
            entries += log.ledger.head().size
            log.close()
        if number % 50 == 49:
            tell(f"{number + 1} honest logs, {len(false)} false alarms")
    return {"honest_logs": logs, "honest_entries": entries, "false_alarms": false}


def speed(entries: int, rounds: int) -> dict[str, Any]:
    """Entries per second of a whole check, on all cores, and CPU microseconds per entry."""
    with tempfile.TemporaryDirectory() as folder:
        log = honest(Path(folder), random.Random(1), entries, sources=2, erasures=1, rotations=1)
        keys = verify.read_keys(list(log.pins))
        size, best = log.ledger.head().size, 0.0
        for _ in range(rounds):
            started = time.perf_counter()
            verify.check_log(log.export, keys, [])
            best = max(best, size / (time.perf_counter() - started))
        leaf_bytes = sum(map(len, _leaves(log))) / size
        log.close()
    return {"verify_entries": size, "entries_per_second": round(best), "leaf_bytes": round(leaf_bytes)}


def main() -> None:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--each", type=int, default=20, help="how often each attack is tried")
    arguments.add_argument("--logs", type=int, default=50, help="honest logs")
    arguments.add_argument("--entries", type=int, default=100_000, help="entries of the log for the speed")
    arguments.add_argument("--seed", type=int, default=1)
    args = arguments.parse_args()
    figures = attacked(args.each, args.seed, lambda text: say(args, text))
    figures |= alarms(args.logs, args.seed, lambda text: say(args, text))
    if args.entries:
        figures |= speed(args.entries, 3)
    finish(figures)
    sys.exit(1 if figures["missed"] or figures["false_alarms"] else 0)


if __name__ == "__main__":
    main()
