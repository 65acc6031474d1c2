"""Red team: after erasing people, try every Hong Kong identity card number against every byte that is left.

Makes a folder as a firm has it - ledger, vault, keys, facts, a backup - with decisions about people known by their
card numbers, and erases half of them. The attacker has the whole folder with all keys, unwraps the vault's lookup
key, reads every SQLite cell and Parquet value as well as raw bytes, decodes what looks like hexadecimal or base64,
and looks for each number: as plain text in the usual forms, as SHA-256, SHA-1, MD5, BLAKE2b and BLAKE2s digests, and
as HMAC-SHA256 under every 32-byte key there is, down to the first 8 bytes of each.

The same attack must find everybody before the erasure, and those kept after it: so it can fail.
"""

from __future__ import annotations

import argparse
import binascii
import functools
import hashlib
import json
import multiprocessing
import os
import re
import sqlite3
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np

from common import finish, median, parser, percentile, say
from waglan.core import DecisionFacts, Entry, Ids, SystemClock
from waglan.facts import Facts
from waglan.ledger import erasure
from waglan.ledger.keys import Signer
from waglan.ledger.log import Ledger
from waglan.ledger.reference import check_digit
from waglan.ledger.sqlite import SqliteStore
from waglan.ledger.vault import Vault
from waglan.ledger.vault_keys import AesKek

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NUMBERS = 1_000_000
CHUNK = 10_000
FILTER_BITS = 27
CARD = re.compile(rb"(?<![0-9A-Za-z])([A-Za-z]{1,2})([0-9]{6})[ ]?\(?([0-9Aa]?)\)?(?![0-9A-Za-z])")
HEX = re.compile(rb"(?:[0-9a-f]{16,}|[0-9A-F]{16,})")
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}")
URLSAFE = bytes.maketrans(b"-_", b"+/")
Hash = Callable[[list[bytes]], bytes]


class Prefixes(NamedTuple):
    """The first 8 bytes at every offset of everything: sorted, and as a table of those whose low bits occur."""

    sorted: np.ndarray
    table: np.ndarray

    def holds(self, digests: bytes) -> np.ndarray:
        """Which of many 8-byte prefixes, one after the other, occur."""
        asked = np.frombuffer(digests, "<u8")
        hit = self.table[asked & ((1 << FILTER_BITS) - 1)]
        at = np.searchsorted(self.sorted, asked[hit])
        hit[hit] = self.sorted[np.minimum(at, len(self.sorted) - 1)] == asked[hit]
        return hit


# ---- what the attacker sees


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def buffers(folder: Path) -> Iterator[bytes]:
    """Every file raw, and what is inside tables; values may be split over pages there, or compressed."""
    for path in files(folder):
        raw = path.read_bytes()
        yield raw
        if raw.startswith(b"SQLite format 3\0"):
            yield b"\0".join(_cells(path))
        if path.suffix == ".parquet":
            rows = duckdb.sql(f"SELECT * FROM read_parquet('{path}')").fetchall()
            yield "\n".join(map(repr, rows)).encode()


def _cells(path: Path) -> Iterator[bytes]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{name}"'):
                yield from (c if isinstance(c, bytes) else str(c).encode() for c in row if c is not None)


def decoded(data: bytes) -> Iterator[bytes]:
    """What hexadecimal and base64 in it stand for, at every alignment."""
    for match in HEX.finditer(data):
        for shift in (0, 1):
            run = match[0][shift:]
            yield bytes.fromhex(run[: len(run) & ~1].decode())
    for match in BASE64.finditer(data):
        run = match[0].translate(URLSAFE)
        for shift in range(4):
            part = run[shift : shift + (len(run) - shift) // 4 * 4]
            if part:
                yield binascii.a2b_base64(part)


def everything(folder: Path) -> list[bytes]:
    found = list(buffers(folder))
    return found + [b"\0".join(decoded(data)) for data in found]


def prefixes(seen: Iterable[bytes]) -> Prefixes:
    parts = [
        np.unique(np.frombuffer(data, "<u8", count=(len(data) - shift) // 8, offset=shift))
        for data in seen
        for shift in range(8)
        if len(data) - shift >= 8
    ]
    values = np.unique(np.concatenate(parts))
    table = np.zeros(1 << FILTER_BITS, bool)
    table[values & ((1 << FILTER_BITS) - 1)] = True
    return Prefixes(values, table)


def keys(folder: Path) -> list[bytes]:
    """Every 32-byte key in a key file, raw or in hexadecimal, and the lookup key that one of them unwraps."""
    found: list[bytes] = []
    for path in files(folder / "keys"):
        raw = path.read_bytes()
        found += [raw] if len(raw) == 32 else [bytes.fromhex(m.decode()) for m in re.findall(rb"[0-9a-f]{64}", raw)]
    for path in files(folder):
        if path.suffix == ".db" and path.name != "ledger.db":
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
                meta = dict(connection.execute("SELECT name, value FROM meta").fetchall())
            found += [kek.unwrap(meta["lookup"], "lookup") for kek in map(AesKek, found[:]) if kek.ident == meta["kek"]]
    return list(dict.fromkeys(found))


# ---- the attack


def plain(seen: Iterable[bytes]) -> set[str]:
    """Card numbers that stand there as text: ASCII, full-width or UTF-16, with or without check digit."""
    found: set[str] = set()
    for data in seen:
        views = [data, data[::2], data[1::2]]
        if b"\xef\xbc" in data:
            views.append(unicodedata.normalize("NFKC", data.decode("utf-8", "ignore")).encode())
        for view in views:
            for letters, digits, check in CARD.findall(view):
                number = (letters.upper() + digits).decode()
                if not check or check_digit(number) == check.upper().decode():
                    found.add(number)
    return found


def forms(numbers: list[str]) -> list[list[bytes]]:
    """Four ways to write each: as the vault does, as printed on the card, without check digit, in small letters."""
    checks = check_digits(numbers)
    return [
        [(n + c).encode() for n, c in zip(numbers, checks, strict=True)],
        [f"{n}({c})".encode() for n, c in zip(numbers, checks, strict=True)],
        [n.encode() for n in numbers],
        [(n + c).lower().encode() for n, c in zip(numbers, checks, strict=True)],
    ]


def check_digits(numbers: list[str]) -> str:
    """The check digits of numbers that share their letters, in one text."""
    letters = numbers[0][:-6]
    values = [ord(c) - 55 for c in letters.rjust(2, "[")]  # "[" counts 36, like a missing letter
    digits = np.frombuffer("".join(n[-6:] for n in numbers).encode(), np.uint8).reshape(-1, 6).astype(np.int64) - 48
    rest = -(9 * values[0] + 8 * values[1] + digits @ np.arange(7, 1, -1)) % 11
    return np.frombuffer(b"0123456789A", np.uint8)[rest].tobytes().decode()


def hashes(found: list[bytes]) -> list[Hash]:
    """Each takes many texts and gives the first 8 bytes of each digest."""
    news = (hashlib.sha256, hashlib.sha1, hashlib.md5, hashlib.blake2b, hashlib.blake2s)
    return [functools.partial(_digests, new) for new in news] + [functools.partial(_hmacs, key) for key in found]


def _digests(new: Callable[..., Any], texts: list[bytes]) -> bytes:
    return b"".join([new(text).digest()[:8] for text in texts])


def _hmacs(key: bytes, texts: list[bytes]) -> bytes:
    sha256 = hashlib.sha256
    inner, outer = (bytes(b ^ pad for b in key.ljust(64, b"\0")) for pad in (0x36, 0x5C))
    return b"".join([sha256(outer + sha256(inner + text).digest()).digest()[:8] for text in texts])


def attack(numbers: list[str], target: Prefixes, tried: list[Hash]) -> set[str]:
    """Which numbers, alike in their letters, have a digest somewhere."""
    found: set[str] = set()
    for texts in forms(numbers):
        for digest in tried:
            found.update(numbers[i] for i in np.flatnonzero(target.holds(digest(texts))))
    return found


def numbers_of(letters: str, first: int, stop: int) -> list[str]:
    return [f"{letters}{number:06d}" for number in range(first, stop)]


_ARMED: list[tuple[Prefixes, list[Hash]]] = []


def _arm(target: Prefixes, found: list[bytes]) -> None:
    _ARMED[:] = [(target, hashes(found))]


def _work(job: tuple[str, int, int]) -> set[str]:
    return attack(numbers_of(*job), *_ARMED[0])


def brute_force(folder: Path, space: list[str], args: argparse.Namespace) -> set[str]:
    """Every number of the space against every byte of the folder."""
    seen = everything(folder)
    found = plain(seen)
    target, held = prefixes(seen), keys(folder)
    limit = args.numbers
    jobs = [(letters, first, min(first + CHUNK, limit)) for letters in space for first in range(0, limit, CHUNK)]
    with multiprocessing.get_context("fork").Pool(args.processes, _arm, (target, held)) as pool:
        for done, hits in enumerate(pool.imap_unordered(_work, jobs), 1):
            found |= hits
            if done % 100 == 0:
                say(args, f"{done * CHUNK:,} of {len(jobs) * CHUNK:,} numbers tried")
    return found


# ---- the folder


def opened(folder: Path) -> Ledger:
    clock = SystemClock()
    vault = Vault.open(folder / "vault.db", folder / "keys" / "tenant.key", clock=clock)
    signer = Signer.load_or_create(folder / "keys", "bench/decisions")
    return Ledger(SqliteStore(folder / "ledger.db"), vault, signer, tenant="bench", source="bench", clock=clock)


def decide(ledger: Ledger, numbers: list[str], each: int) -> None:
    clock, ids = SystemClock(), Ids()
    entries = []
    for number in numbers:
        reference = f"{number}({check_digit(number)})"
        subject = ledger.vault.subject(reference)
        for _ in range(each):
            now = clock.now_ms()
            private = {
                "in": json.dumps({"aside": {"hkid": reference}, "inputs": {"income": 52_000}}).encode(),
                "out": json.dumps({"value": "declined", "note": f"applicant {number}"}).encode(),
            }
            facts = DecisionFacts(use_case="credit", use_case_version="1", adverse=True)
            entries.append(
                Entry(id=ids.new(now), kind="decision", at_ms=now, facts=facts, subject=subject, private=private)
            )
    for at in range(0, len(entries), 512):
        ledger.submit(entries[at : at + 512]).result()


def timed_erasures(ledger: Ledger, numbers: list[str]) -> list[float]:
    took = []
    for number in numbers:
        start = time.perf_counter()
        erasure.erase(ledger, f"{number}({check_digit(number)})", "red team", "bench")
        took.append((time.perf_counter() - start) * 1e3)
    return took


def sync_ms(folder: Path, rounds: int = 50) -> float:
    """What a write of 4 KiB with fdatasync takes here: the unit in which durable figures are to be read."""
    took = []
    with (folder.parent / f"{folder.name}.sync").open("wb", buffering=0) as file:
        for _ in range(rounds):
            start = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - start) * 1e3)
    (folder.parent / f"{folder.name}.sync").unlink()
    return median(took)


def secrets_of(folder: Path, erased_kids: set[str]) -> list[bytes]:
    with closing(sqlite3.connect(folder / "vault.db")) as connection:
        rows = connection.execute("SELECT kid, lookup, wrapped FROM dek").fetchall()
    return [secret for kid, *secrets in rows if kid in erased_kids for secret in secrets]


def run(args: argparse.Namespace, folder: Path) -> dict[str, object]:
    space = list(args.letters)
    if args.two_letters:
        space += [a + b for a in LETTERS for b in LETTERS]
    random = np.random.default_rng(args.seed)
    chosen = random.choice(len(space) * args.numbers, args.subjects, replace=False)
    people = [f"{space[i // args.numbers]}{i % args.numbers:06d}" for i in map(int, chosen)]
    gone, kept = people[: len(people) // 2], people[len(people) // 2 :]
    ledger = opened(folder)
    decide(ledger, people, args.decisions)
    ledger.vault.backup(folder / "backups" / "first.db")
    facts = Facts.open(folder / "facts", ledger)
    facts.update()

    seen = everything(folder)
    target, held = prefixes(seen), keys(folder)
    found_before = plain(seen).union(*[attack([person], target, hashes(held)) for person in people])
    kids = {
        holder.kid for n in gone if (holder := ledger.vault.custody.get(ledger.vault.known(n + check_digit(n)) or ""))
    }
    secrets = secrets_of(folder, kids)
    half = len(gone) // 2
    with_backup = timed_erasures(ledger, gone[:half])
    (folder / "backups" / "first.db").unlink()
    ledger.vault.backups.purge()
    without = timed_erasures(ledger, gone[half:])
    ledger.vault.backup(folder / "backups" / "second.db")
    facts.update(rebuild=True)

    start = time.perf_counter()
    found_after = brute_force(folder, space, args)
    seconds = time.perf_counter() - start
    open_bytes = b"\0".join(everything(folder))
    facts.close()
    ledger.close()
    ledger.vault.close()
    tried = len(space) * args.numbers
    return {
        "subjects": len(people),
        "entries": len(people) * args.decisions,
        "numbers_tried": tried,
        "digests_tried": tried * 4 * (5 + len(keys(folder))),
        "bytes_searched": len(open_bytes),
        "found_before": len(found_before & set(people)),
        "erased": len(gone),
        "erased_found": len(found_after & set(gone)),
        "erased_secrets_left": sum(secret in open_bytes for secret in secrets) if secrets else -1,
        "kept": len(kept),
        "kept_found": len(found_after & set(kept)),
        "others_found": len(found_after - set(people)),
        "attack_s": round(seconds, 1),
        "erase_ms_p50": round(median(without), 2),
        "erase_ms_p99": round(percentile(without, 0.99), 2),
        "erase_with_backup_ms_p50": round(median(with_backup), 2),
        "fdatasync_ms_p50": round(sync_ms(folder), 2),
    }


def arguments(argv: list[str] | None) -> argparse.Namespace:
    options = parser(__doc__ or "")
    options.add_argument("--subjects", type=int, default=200)
    options.add_argument("--decisions", type=int, default=3, help="per subject")
    options.add_argument("--letters", default="A", help="first letters to try; with --full all 26")
    options.add_argument("--numbers", type=int, default=20_000, help="numbers per letter, from 000000")
    options.add_argument("--full", action="store_true", help="26 letters by a million numbers: minutes")
    options.add_argument("--two-letters", action="store_true", help="also the 676 prefixes of two letters: hours")
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options.add_argument("--seed", type=int, default=1)
    args = options.parse_args(argv)
    if args.full:
        args.letters, args.numbers = LETTERS, NUMBERS
    return args


def main(argv: list[str] | None = None) -> int:
    args = arguments(argv)
    with tempfile.TemporaryDirectory(prefix="waglan-erasure-") as folder:
        figures = run(args, Path(folder))
    finish(figures)
    good = (
        figures["erased_found"] == figures["erased_secrets_left"] == 0
        and figures["found_before"] == figures["subjects"]
        and figures["kept_found"] == figures["kept"]
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
