"""That what a pack shows stands in the log: the signed head, one path per decision, and the way from what was counted.

`verify.py` of the pack checks them with the log's own verifier, which comes along.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from waglan.core.problem import Problem
from waglan.evidence.result import Report
from waglan.ledger import merkle, note, tiles
from waglan.ledger.export import VERIFIER
from waglan.ledger.log import Ledger

_encode = msgspec.json.Encoder(order="deterministic").encode


class Proven(NamedTuple):
    """The files of ``ledger/`` by name, and the size and root of the head that they lead to."""

    files: Mapping[str, bytes]
    size: int
    root: str


def prove(ledger: Ledger, report: Report, at: Sequence[int]) -> Proven:
    """The head of this moment, and what leads to it.

    Parameters
    ----------
    at
        Places of the decisions that the pack shows.

    Raises
    ------
    Problem
        ``evidence.inconsistent`` when the report was counted from another log, ``ledger.export`` while the log's keys
        are being changed.
    """
    if ledger.signer.rotating:
        raise Problem(
            "A pack can't be made while the log's keys are being changed.",
            "A key rotation was started and isn't finished.",
            "Finish it with 'waglan ledger rotate-keys', then make the pack again.",
            code="ledger.export",
        )
    head = ledger.signed()
    checkpoint = note.parse(head.note)
    try:
        counted = tiles.root_at(ledger.store, head, report.size)
    except (LookupError, ValueError):
        counted = b""
    if not 0 < report.size <= head.size or counted.hex() != report.root:
        raise Problem(
            "The evidence was counted from another log than this one.",
            f"It names {report.size:,} entries with the root {report.root[:16]}…; this log's differ.",
            "Run 'waglan ledger verify', then bring the evidence up to date again.",
            code="evidence.inconsistent",
            status=503,
        )
    read = tiles.reader(ledger.store, head)
    consistency = {
        "path": _texts(merkle.consistency_proof(report.size, head.size, read)),
        "root": report.root,
        "size": report.size,
    }
    lines = [_encode({"index": i, "path": _texts(merkle.inclusion_proof(i, head.size, read))}) for i in at]
    files = {
        "ledger/checkpoint": head.note.encode(),
        "ledger/consistency.json": _encode(consistency) + b"\n",
        "ledger/proofs.jsonl": b"".join(line + b"\n" for line in lines),
        "ledger/verify.py": VERIFIER.read_bytes(),
        "ledger/vkeys": "".join(f"{each}\n" for each in ledger.signer.vkeys).encode(),
    }
    return Proven(files, checkpoint.size, checkpoint.root.hex())


def _texts(path: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in path]
