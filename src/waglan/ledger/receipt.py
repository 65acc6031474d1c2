"""A receipt: one entry's proof, which whoever holds it can check alone, optionally with what was private opened.

References
----------
RFC 6962 §2.1.1 (audit path), c2sp.org/tlog-checkpoint. `verify.py --proof` reads the JSON form.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from waglan.core.problem import Problem
from waglan.ledger import merkle, note, sealing, tiles

if TYPE_CHECKING:
    from waglan.ledger.log import Ledger


class Opening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was private: the payload's text by field, and the 32-byte commitment key of this entry in hexadecimal."""

    fields: dict[str, str]
    key: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The proof that an entry is in a log.

    Attributes
    ----------
    checkpoint
        The signed note of the head that the path leads to.
    index
        Where the entry stands, from 0.
    leaf
        The leaf's text; its UTF-8 bytes are what the tree hashes.
    opened
        The private fields, when they were asked for.
    path
        The audit path in base64, nearest hash first.
    v
        The version of this format.
    """

    checkpoint: str
    index: int
    leaf: str
    opened: Opening | None = None
    path: tuple[str, ...]
    v: int = 1

    def json(self) -> bytes:
        """The form that `verify.py` reads."""
        return msgspec.json.encode(self)


def make(ledger: Ledger, entry_id: str, *, opened: bool = False) -> Receipt:
    """The receipt of an entry under the present head.

    Raises
    ------
    Problem
        ``ledger.missing`` for an unknown id; the vault's own (``vault.erased`` …) when it is to be opened.
    """
    index = ledger.find(entry_id)
    if index is None:
        raise Problem(
            f"The ledger has no entry {entry_id!r}.",
            "It was never recorded here, or the id was mistyped.",
            "Take the id from the reply or the results file.",
            code="ledger.missing",
            status=404,
        )
    head = ledger.head()
    row = next(row for _, row in ledger.rows(index, index + 1))
    opening = None
    if opened and row.sealed:
        kid = msgspec.json.decode(row.leaf)["kid"]
        private = ledger.vault.unseal(kid, row.id, row.sealed)
        key = ledger.vault.commitment_key(kid, row.id)
        opening = Opening(fields={name: bytes(private[name]).decode() for name in sorted(private)}, key=key.hex())
    path = tiles.inclusion(ledger.store, head, index)
    return Receipt(
        checkpoint=head.note,
        index=index,
        leaf=row.leaf.decode(),
        opened=opening,
        path=tuple(base64.b64encode(each).decode() for each in path),
    )


def parse(data: bytes) -> Receipt:
    """Read the JSON form; a Problem (``ledger.receipt``) when it isn't one."""
    try:
        return msgspec.json.decode(data, type=Receipt)
    except msgspec.MsgspecError as error:
        raise _wrong(f"It can't be read: {error}.") from None


def check(receipt: Receipt, vkeys: Iterable[str]) -> note.Checkpoint:
    """Check signature, audit path and opened fields; a Problem (``ledger.receipt``, ``ledger.signature``) if wrong."""
    checkpoint = note.check(receipt.checkpoint, vkeys)
    data = receipt.leaf.encode()
    try:
        path = [base64.b64decode(each, validate=True) for each in receipt.path]
    except ValueError:
        raise _wrong("Its path is not base64.") from None
    leaf = merkle.leaf_hash(data)
    if not merkle.verify_inclusion(receipt.index, checkpoint.size, leaf, path, checkpoint.root):
        raise _wrong(f"Its leaf is not entry {receipt.index:,} of the {checkpoint.size:,} that were signed for.")
    if receipt.opened:
        _check_opening(receipt.opened, data)
    return checkpoint


def _check_opening(opened: Opening, leaf: bytes) -> None:
    try:
        commit = msgspec.json.decode(leaf).get("commit", {})
        key = bytes.fromhex(opened.key)
    except (AttributeError, ValueError) as error:
        raise _wrong(f"Its opening can't be read: {error}.") from None
    for field, payload in opened.fields.items():
        if commit.get(field) != sealing.commitment(key, field, payload.encode()):
            raise _wrong(f"The opened field {field!r} is not what was committed to.")


def _wrong(why: str) -> Problem:
    advice = "Ask for the receipt again; if it stays so, tell internal audit."
    return Problem("This receipt proves nothing.", why, advice, code="ledger.receipt")
