"""The proof of an entry: where it stands, what it hashes to, and the way from there to a signed head."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from waglan.console.visit import Visit
from waglan.core.problem import Problem
from waglan.ledger import merkle, note, receipt

ALGORITHMS = {note.ED25519: "Ed25519", note.COSIGNATURE: "Ed25519 (witness)", note.ML_DSA_44: "ML-DSA-44"}


def place(index: int, raw: bytes, visit: Visit) -> dict[str, Any]:
    """Where an entry stands and under which head; nothing is checked."""
    head = visit.house.workspace.ledger.head()
    return {"index": index, "leaf_hash": merkle.leaf_hash(raw).hex(), "size": head.size}


def verified(visit: Visit, entry_id: str) -> dict[str, Any]:
    """Make the entry's receipt under the present head and check it as its holder would.

    Returns
    -------
    dict
        ``sound``; when it is, what was checked step by step; when it isn't, the Problem's three sentences.
    """
    ledger = visit.house.workspace.ledger
    vkeys = (*ledger.signer.vkeys, *ledger.signer.retired)
    try:
        made = receipt.make(ledger, entry_id)
        head = receipt.check(made, vkeys)
    except Problem as problem:
        if problem.code == "ledger.missing":
            raise
        return {"sound": False, "what": problem.what, "why": problem.why, "next": problem.next}
    return {
        "sound": True,
        "origin": head.origin,
        "index": made.index,
        "size": head.size,
        "root": head.root.hex(),
        "leaf_hash": merkle.leaf_hash(made.leaf.encode()).hex(),
        "path": [base64.b64decode(each).hex() for each in made.path],
        "signed_by": signers(head, vkeys),
        "checked_ms": visit.house.workspace.clock.now_ms(),
    }


def signers(head: note.Checkpoint, vkeys: tuple[str, ...]) -> list[dict[str, Any]]:
    """Who signs a head, and whether each signature is by a key we know and holds.

    ``at_ms`` is when it was signed, milliseconds since 1970 UTC, where the signature says so.
    """
    known = {(v.name, v.key_id): v for v in map(note.parse_vkey, vkeys)}
    found = []
    for signature in head.signatures:
        verifier = known.get((signature.name, signature.key_id))
        timed = verifier is not None and verifier.kind != note.ED25519
        found.append(
            {
                "name": signature.name,
                "key_id": signature.key_id.hex(),
                "algorithm": ALGORITHMS[verifier.kind] if verifier else "",
                "known": verifier is not None,
                "holds": verifier is not None and note.verifies(head, signature, verifier),
                "at_ms": int.from_bytes(signature.data[:8], "big") * 1000 if timed else None,
            }
        )
    return found


def pretty(raw: bytes) -> str:
    """An entry's JSON for reading: a member on each line, in its own order, and so within its facts."""
    lines = []
    for name, value in msgspec.json.decode(raw).items():
        if isinstance(value, dict):
            inner = ",\n".join(f"  {_json(key)}: {_json(each)}" for key, each in value.items())
            lines.append(f" {_json(name)}: {{\n{inner}\n }}")
        else:
            lines.append(f" {_json(name)}: {_json(value)}")
    return "{\n" + ",\n".join(lines) + "\n}"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def command(visit: Visit, file: str) -> str:
    """The line with which the holder of a receipt checks it offline; the keys are those to be taken from paper."""
    keys = " ".join(f"'{each}'" for each in visit.house.workspace.ledger.signer.vkeys[:1])
    return f"python3 verify.py --vkey {keys} --proof {file}"
