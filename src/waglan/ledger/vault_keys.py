"""The tenant key: it wraps every data key, and lies apart from the vault in a file of its own."""

from __future__ import annotations

import contextlib
import hmac
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from waglan.core.problem import Problem
from waglan.disk import secret
from waglan.disk.durable import sync_folder

KEY_BYTES = 32
NONCE_BYTES = 12


class Kek(Protocol):
    """A key that wraps data keys. One of a hardware module does so without leaving it."""

    @property
    def ident(self) -> str:
        """Names the key without revealing it."""
        ...

    def wrap(self, secret: bytes, kid: str, nonce: bytes) -> bytes:
        """``secret`` (32 bytes) bound to ``kid``, under a fresh 12-byte nonce."""
        ...

    def unwrap(self, wrapped: bytes, kid: str) -> bytes:
        """The secret; a Problem (``vault.tampered``) when it was not wrapped by this key for this ``kid``."""
        ...


class KekSource(Protocol):
    """Where tenant keys come from. A rotation is `stage`, rewrapping by the vault, `settle`."""

    def create(self) -> Kek:
        """The first key, made durable before it is returned; an existing one is taken as it is."""
        ...

    def get(self, ident: str) -> Kek:
        """The key of that name, in force or staged; a Problem (``vault.key``) when there is none."""
        ...

    def stage(self) -> Kek:
        """A new key beside the one in force, durable before it is returned."""
        ...

    def settle(self, ident: str) -> None:
        """Keep only the key of that name. Idempotent."""
        ...


class AesKek:
    """A key in memory: AES-256-GCM-SIV (RFC 8452), which forgives a repeated nonce."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCMSIV(key)
        self._ident = hmac.digest(key, b"waglan/kek-id/v1\0", "sha256").hex()[:16]

    @property
    def ident(self) -> str:
        """The first 16 hexadecimal digits of an HMAC under the key."""
        return self._ident

    def wrap(self, secret: bytes, kid: str, nonce: bytes) -> bytes:
        """``nonce ‖ ciphertext ‖ tag``, 60 bytes for a 32-byte secret."""
        return nonce + self._aead.encrypt(nonce, secret, b"waglan/dek/v1\0" + kid.encode())

    def unwrap(self, wrapped: bytes, kid: str) -> bytes:
        """The secret; a Problem (``vault.tampered``) when it was not wrapped by this key for this ``kid``."""
        try:
            return self._aead.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], b"waglan/dek/v1\0" + kid.encode())
        except (InvalidTag, ValueError):
            raise Problem(
                f"The wrapped key {kid!r} of the vault doesn't open.",
                "It was changed, moved to another name, or wrapped under another tenant key.",
                "Restore vault.db together with the tenant key of the same day.",
                code="vault.tampered",
                where=kid,
                status=503,
            ) from None


class FileKeys:
    """A tenant key in a file of mode 0600, made when absent.

    Parameters
    ----------
    path
        32 bytes. During a rotation the next key lies beside it as ``<name>.next``.
    urandom
        Where new keys come from.
    """

    def __init__(self, path: Path, urandom: Callable[[int], bytes] = os.urandom) -> None:
        self._path = path
        self._next = path.with_name(path.name + ".next")
        self._urandom = urandom

    def create(self) -> Kek:
        """The first key; of several processes one makes it and all take that one."""
        if not self._path.exists():
            secret.make(self._path, self._urandom)
        return _kek(self._path)

    def get(self, ident: str) -> Kek:
        """The key of that name, from the file or from its successor."""
        for path in (self._path, self._next, self._path):  # again: a rotation may have moved it meanwhile
            if path.exists():
                kek = _kek(path)
                if kek.ident == ident:
                    return kek
        raise _no_key(self._path, "No key there is the one that wrapped this vault's keys.")

    def stage(self) -> Kek:
        """A new key as ``<name>.next``; one left by a rotation that never came to wrap is replaced."""
        self._next.unlink(missing_ok=True)
        secret.make(self._next, self._urandom)
        return _kek(self._next)

    def settle(self, ident: str) -> None:
        """Put the staged key in force when it has that name, else drop it."""
        if not self._next.exists():
            return
        with contextlib.suppress(FileNotFoundError):  # another process settled first
            if _kek(self._next).ident == ident:
                self._next.replace(self._path)
            elif _kek(self._path).ident == ident:
                self._next.unlink(missing_ok=True)
        sync_folder(self._path.parent)


def _kek(path: Path) -> AesKek:
    return AesKek(secret.read(path, partial(_no_key, path)))


def _no_key(path: Path, why: str, what_next: str = "") -> Problem:
    what_next = what_next or "Put back the tenant key that belongs to this vault."
    return Problem("The tenant key can't be used.", why, what_next, code="vault.key", where=str(path), status=503)
