"""Signed notes and checkpoints: written, read strictly, and checked against verifier keys.

References
----------
c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature. Extension lines, which the ML-DSA-44
signature would not cover, are refused; so is everything that could be written in two ways.
"""

from __future__ import annotations

import base64
import hashlib
import re
import struct
from collections.abc import Iterable
from typing import NamedTuple

from waglan.core.problem import Problem

ED25519, COSIGNATURE, ML_DSA_44 = 0x01, 0x04, 0x06
PUBLIC_BYTES = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}
SIGNATURE_BYTES = {ED25519: 64, COSIGNATURE: 72, ML_DSA_44: 2428}
MAX_NOTE_CHARACTERS = 200_000

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_VKEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")
_LABEL = b"subtree/v1\n\x00"


class Signature(NamedTuple):
    """One signature line: who, the first four bytes that tell the key, and the bytes of the signature."""

    name: str
    key_id: bytes
    data: bytes


class Checkpoint(NamedTuple):
    """A log's signed head as read, nothing checked yet.

    Attributes
    ----------
    origin, size, root
        The log's name, its number of entries, and the 32-byte root.
    text
        What was signed: three lines.
    signatures
        In the order of the note.
    """

    origin: str
    size: int
    root: bytes
    text: str
    signatures: tuple[Signature, ...]


class Verifier(NamedTuple):
    """A public key that is trusted under a name; ``kind`` is the C2SP signature type."""

    name: str
    key_id: bytes
    kind: int
    public: bytes


def body(origin: str, size: int, root: bytes) -> str:
    """The three lines of a checkpoint."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def line(name: str, key_id: bytes, data: bytes) -> str:
    """A signature line."""
    return f"— {name} {base64.b64encode(key_id + data).decode()}\n"


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """The first four bytes of SHA-256(name ‖ 0x0A ‖ kind ‖ public key)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def vkey(name: str, kind: int, public: bytes) -> str:
    """A C2SP verifier key: ``name+hex key id+base64(kind ‖ public key)``."""
    return f"{name}+{key_id(name, kind, public).hex()}+{base64.b64encode(bytes([kind]) + public).decode()}"


def parse_vkey(text: str) -> Verifier:
    """Read a verifier key; a Problem when it is malformed, of an unknown kind, or its id isn't its key's."""
    match = _VKEY.fullmatch(text)
    material = _base64(match[3]) if match else None
    if match is None or not material:
        raise _unreadable("This is not a verifier key.", "It must read name+8 hex digits+base64.", text[:60])
    verifier = Verifier(match[1], bytes.fromhex(match[2]), material[0], material[1:])
    if PUBLIC_BYTES.get(verifier.kind) != len(verifier.public):
        raise _unreadable("This verifier key is of no kind we know.", "Kinds are 0x01, 0x04 and 0x06.", text[:60])
    if key_id(verifier.name, verifier.kind, verifier.public) != verifier.key_id:
        raise _unreadable("This verifier key's id is not its key's.", "It was mistyped or changed.", text[:60])
    return verifier


def cosigned_message(cosigner: str, at_s: int, origin: str, size: int, root: bytes) -> bytes:
    """What ML-DSA-44 signs for a checkpoint: tlog-cosignature's ``cosigned_message`` with start 0.

    ``at_s`` is in seconds since 1970 UTC; names are at most 255 bytes.
    """
    who, log = cosigner.encode(), origin.encode()
    return b"".join(
        (_LABEL, bytes([len(who)]), who, struct.pack(">Q", at_s), bytes([len(log)]), log,
         struct.pack(">QQ", 0, size), root)
    )  # fmt: skip


def cosignature_message(at_s: int, text: str) -> bytes:
    """What an Ed25519 witness (kind 0x04) signs."""
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()


def parse(text: str) -> Checkpoint:
    """Read a signed checkpoint; a Problem (``ledger.note``) on anything that isn't written the one right way."""
    if len(text) > MAX_NOTE_CHARACTERS:
        raise _unreadable("This checkpoint is too long.", f"It has {len(text)} characters.", "")
    lines = text.split("\n")
    if len(lines) < 6 or lines[3] or lines[-1]:
        raise _unreadable("This is not a signed checkpoint.", "Three lines, an empty one, then signatures.", "")
    origin, size, root64 = lines[:3]
    root = _base64(root64)
    if not origin or any(ord(c) < 32 or c.isspace() or c == "+" for c in origin):
        raise _unreadable("The checkpoint's origin is not a log's name.", "It is empty or has a space or a plus.", "")
    if not _SIZE.fullmatch(size):
        raise _unreadable("The checkpoint's size is not a number.", f"It reads {size[:30]!r}.", "line 2")
    if root is None or len(root) != 32:
        raise _unreadable("The checkpoint's root is not a hash.", "It is not 32 bytes in base64.", "line 3")
    signatures = tuple(_signature(each, number) for number, each in enumerate(lines[4:-1], 5))
    if len({(s.name, s.key_id) for s in signatures}) != len(signatures):
        raise _unreadable("One key signs this checkpoint twice.", "Each may sign once.", "")
    return Checkpoint(origin, int(size), root, "\n".join(lines[:3]) + "\n", signatures)


def check(text: str, vkeys: Iterable[str]) -> Checkpoint:
    """Read a checkpoint and check it against trusted keys.

    Signatures by others are passed over, as C2SP asks; each one by a trusted key must be right, and there must
    be one. Raises a Problem, ``ledger.note`` or ``ledger.signature``.
    """
    checkpoint = parse(text)
    known = {(v.name, v.key_id): v for v in map(parse_vkey, vkeys)}
    found = [(known[s.name, s.key_id], s) for s in checkpoint.signatures if (s.name, s.key_id) in known]
    for verifier, signature in found:
        if not verifies(checkpoint, signature, verifier):
            raise Problem(
                "A signature on the checkpoint is wrong.",
                f"The key {verifier.name}+{verifier.key_id.hex()} did not sign these lines.",
                "Take the checkpoint from its source again; if it stays so, it was changed: tell internal audit.",
                code="ledger.signature",
            )
    if not found:
        raise Problem(
            "No trusted key signs this checkpoint.",
            "Signed by " + (", ".join(f"{s.name}+{s.key_id.hex()}" for s in checkpoint.signatures) or "nobody") + ".",
            "Give the log's verifier key ('waglan ledger status' prints it).",
            code="ledger.signature",
        )
    return checkpoint


def verifies(checkpoint: Checkpoint, signature: Signature, verifier: Verifier) -> bool:
    """Whether one signature holds under one key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

    if len(signature.data) != SIGNATURE_BYTES[verifier.kind]:
        return False
    at_s = int.from_bytes(signature.data[:8], "big")
    try:
        if verifier.kind == ED25519:
            Ed25519PublicKey.from_public_bytes(verifier.public).verify(signature.data, checkpoint.text.encode())
        elif verifier.kind == COSIGNATURE:
            message = cosignature_message(at_s, checkpoint.text)
            Ed25519PublicKey.from_public_bytes(verifier.public).verify(signature.data[8:], message)
        else:
            message = cosigned_message(verifier.name, at_s, checkpoint.origin, checkpoint.size, checkpoint.root)
            MLDSA44PublicKey.from_public_bytes(verifier.public).verify(signature.data[8:], message)
    except InvalidSignature:
        return False
    return True


def _signature(text: str, number: int) -> Signature:
    match = _SIGNATURE.fullmatch(text)
    data = _base64(match[2]) if match else None
    if match is None or data is None or len(data) < 5:
        raise _unreadable("A signature line can't be read.", "It must read '— name base64'.", f"line {number}")
    return Signature(match[1], data[:4], data[4:])


def _base64(text: str) -> bytes | None:
    """The bytes of canonical base64, else None: stray bits after the last byte are no second spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:  # binascii.Error is one; characters beyond ASCII raise it bare
        return None
    return data if base64.b64encode(data).decode() == text else None


def _unreadable(what: str, why: str, where: str) -> Problem:
    advice = "Take it from its source again, byte for byte."
    return Problem(what, why, advice, code="ledger.note", where=where)
