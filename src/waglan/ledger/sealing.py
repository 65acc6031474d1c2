"""What one data key does for one entry: commitments for the leaf, a ciphertext for the row, and the way back.

References
----------
RFC 8452 (AES-GCM-SIV); RFC 2104 (HMAC); RFC 5869 (the commitment key is HKDF-Expand with one block).
The formats are in ``design/ledger.md``.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256
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
_IPAD = bytes(byte ^ 0x36 for byte in range(256))
_OPAD = bytes(byte ^ 0x5C for byte in range(256))
_PAD_I, _PAD_O = b"\x36" * 32, b"\x5c" * 32
_UNFIT = (ValueError, AttributeError, TypeError, OverflowError)
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
    """A person's key (or a single entry's), ready for use.

    Attributes
    ----------
    kid, subject
        Its name, and the pseudonym it belongs to.
    inner, outer
        What HMAC's two hashes begin with under this key, and the label of commitment keys after ``inner``.
    aead
        The cipher under this key.
    """

    kid: str
    subject: str
    inner: bytes
    outer: bytes
    aead: AESGCMSIV


def data_key(kid: str, subject: str, dek: bytes) -> DataKey:
    """Make a 32-byte key ready."""
    return DataKey(kid, subject, dek.translate(_IPAD) + _PAD_I + _COMMIT, dek.translate(_OPAD) + _PAD_O, AESGCMSIV(dek))


def mac(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256 under a 32-byte key, as its two hashes: unlike `hmac.digest`, they keep the interpreter's lock."""
    inner = sha256(key.translate(_IPAD) + _PAD_I + message).digest()
    return sha256(key.translate(_OPAD) + _PAD_O + inner).digest()


def seal(entries: Sequence[Entry], keys: Sequence[DataKey]) -> list[Sealed | Problem]:
    """Commit to and encrypt the private parts of entries; a Problem ``vault.entry`` for each that can't be."""
    try:
        return _seal(entries, keys)  # type: ignore[return-value] # a list of Sealed is one of Sealed and Problems
    except _UNFIT:  # one entry's fault is not the others': find out whose
        return [_alone(entry, key) for entry, key in zip(entries, keys, strict=True)]


def _alone(entry: Entry, key: DataKey) -> Sealed | Problem:
    try:
        return _seal((entry,), (key,))[0]
    except _UNFIT as error:
        return Problem(
            "The private part of an entry can't be sealed.",
            f"It needs a ULID, ASCII field names and JSON as UTF-8 bytes: {error}.",
            "Correct the program that made the entry; nothing of it was recorded.",
            code="vault.entry",
            where=str(entry.id),
        )


def _seal(entries: Sequence[Entry], keys: Sequence[DataKey]) -> list[Sealed]:
    """One kind of work after the other over the whole batch, which costs a third less than entry by entry.

    The nonce is the end of the entry's id: entries of one key have different ids, and AES-GCM-SIV would reveal no
    more than equality if they had not. HMAC is written out as its two hashes (see `mac`).
    """
    names = [entry.id.encode("ascii") for entry in entries]
    inner = [sha256(b"%b%b\x01" % (key.inner, name)).digest() for key, name in zip(keys, names, strict=True)]
    cks = [sha256(key.outer + said).digest() for key, said in zip(keys, inner, strict=True)]
    commits = [_commitments(ck, entry.private) for ck, entry in zip(cks, entries, strict=True)]
    plain = [
        _encode({field: payload.decode() for field, payload in entry.private.items()}) if entry.private else b""
        for entry in entries
    ]
    sealed = [
        key.aead.encrypt(_nonce(name), text, _PAYLOAD + name) if text else b""
        for key, name, text in zip(keys, names, plain, strict=True)
    ]
    return [
        Sealed(key.kid, key.subject, commit, ciphertext)
        for key, commit, ciphertext in zip(keys, commits, sealed, strict=True)
    ]


def _commitments(ck: bytes, private: Mapping[str, bytes]) -> dict[str, str]:
    if not private:
        return {}
    inner, outer = ck.translate(_IPAD) + _PAD_I + _FIELD, ck.translate(_OPAD) + _PAD_O
    return {
        field: sha256(outer + sha256(b"%b%b\0%b" % (inner, field.encode("ascii"), payload)).digest()).hexdigest()
        for field, payload in private.items()
    }


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
