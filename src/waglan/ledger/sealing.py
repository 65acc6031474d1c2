"""What one data key does for one entry: commitments for the leaf, a ciphertext for the row, and the way back.

References
----------
RFC 8452 (AES-GCM-SIV); RFC 5869 (the commitment key is HKDF-Expand with one block); formats in ``design/ledger.md``.
"""

from __future__ import annotations

import hmac
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from waglan.core.entry import Entry
from waglan.core.ids import ALPHABET, LENGTH
from waglan.core.problem import Problem

_COMMIT, _FIELD, _PAYLOAD = b"waglan/commit/v1\0", b"waglan/rec/v1\0", b"waglan/payload/v1\0"
_DIGITS = bytes(
    b"0123456789abcdefghijklmnopqrstuv"[ALPHABET.index(chr(c))] if chr(c) in ALPHABET else ord("!") for c in range(256)
)
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(dict[str, str]).decode


class Sealed(NamedTuple):
    """What the vault made of an entry.

    Attributes
    ----------
    kid
        The key it is sealed under; empty when it has neither subject nor private part.
    subject
        The pseudonym that the leaf must carry: another process may have given the person one a moment earlier.
    commit
        Private field to its commitment, 64 hexadecimal digits.
    ciphertext
        The private part, empty when there is none.
    """

    kid: str
    subject: str
    commit: dict[str, str]
    ciphertext: bytes


class DataKey(NamedTuple):
    """A person's key (or a single entry's), ready for use."""

    kid: str
    subject: str
    dek: bytes
    aead: AESGCMSIV


def seal(entry: Entry, key: DataKey) -> Sealed | Problem:
    """Commit to and encrypt an entry's private part; a Problem ``vault.entry`` for what can't be.

    The nonce is the random part of the entry's id: entries of one key have different ids, and AES-GCM-SIV would
    reveal no more than equality if they had not.
    """
    private = entry.private
    if not private:
        return Sealed(key.kid, key.subject, {}, b"")
    try:
        name = entry.id.encode("ascii")
        nonce = _nonce(name)
        ck = hmac.digest(key.dek, _COMMIT + name + b"\x01", "sha256")
        texts: dict[str, str] = {}
        commit: dict[str, str] = {}
        for field, payload in private.items():
            texts[field] = payload.decode()
            commit[field] = hmac.digest(ck, b"%b%b\0%b" % (_FIELD, field.encode("ascii"), payload), "sha256").hex()
        return Sealed(key.kid, key.subject, commit, key.aead.encrypt(nonce, _encode(texts), _PAYLOAD + name))
    except (ValueError, AttributeError, TypeError) as error:
        return Problem(
            "The private part of an entry can't be sealed.",
            f"It needs a ULID, ASCII field names and JSON as UTF-8 bytes: {error}.",
            "Correct the program that made the entry; nothing of it was recorded.",
            code="vault.entry",
            where=entry.id,
        )


def unseal(dek: bytes, entry_id: str, ciphertext: bytes) -> dict[str, bytes]:
    """The private fields of an entry; a Problem ``vault.tampered`` when the ciphertext isn't its own."""
    if not ciphertext:
        return {}
    try:
        name = entry_id.encode("ascii")
        plain = AESGCMSIV(dek).decrypt(_nonce(name), ciphertext, _PAYLOAD + name)
    except (InvalidTag, ValueError):
        raise Problem(
            f"The private part of entry {entry_id} doesn't open.",
            "Its ciphertext was changed, or it belongs to another entry or key.",
            "Compare the log with its last witnessed export: waglan ledger verify.",
            code="vault.tampered",
            where=entry_id,
            status=503,
        ) from None
    return {field: text.encode() for field, text in _decode(plain).items()}


def commitment_key(dek: bytes, entry_id: str) -> bytes:
    """The 32 bytes that open the commitments of one entry and of no other."""
    return hmac.digest(dek, _COMMIT + entry_id.encode("ascii") + b"\x01", "sha256")


def commitment(ck: bytes, field: str, payload: bytes) -> str:
    """The commitment to a private field, 64 hexadecimal digits."""
    return hmac.digest(ck, b"%b%b\0%b" % (_FIELD, field.encode("ascii"), payload), "sha256").hex()


def _nonce(name: bytes) -> bytes:
    """The last 12 of a ULID's 16 bytes; `int` reads base 32 faster than a loop over the alphabet."""
    if len(name) != LENGTH:
        raise ValueError(f"a ULID has {LENGTH} characters")
    return int(name.translate(_DIGITS), 32).to_bytes(17, "big")[5:]
