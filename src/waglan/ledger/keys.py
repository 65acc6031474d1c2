"""The log's signing keys: one file of mode 0600, made when absent, shared by every process, rotated by hand-over.

Both keys lie in one file, so that they are replaced together. While a rotation isn't on the log yet, the file holds
the previous pair too and every process signs with both: whichever pair a reader trusts, the head is signed by it.
"""

from __future__ import annotations

import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from waglan.core.events import KeyChange
from waglan.core.problem import Problem
from waglan.disk import durable
from waglan.ledger import merkle, note

FILE = "signing.json"


class Seeds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """32-byte seeds in hexadecimal (RFC 8032 §5.1.5, FIPS 204 §3.6.3)."""

    ed25519: str
    ml_dsa_44: str


class KeyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file holds: the pair in force, until a change is on the log also the one before, and old public keys."""

    name: str
    current: Seeds
    previous: Seeds | None = None
    retired: tuple[str, ...] = ()


class Pair:
    """One Ed25519 and one ML-DSA-44 key under one name."""

    def __init__(self, name: str, seeds: Seeds) -> None:
        self._name = name
        self._ed25519 = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seeds.ed25519))
        self._ml_dsa = MLDSA44PrivateKey.from_seed_bytes(bytes.fromhex(seeds.ml_dsa_44))
        publics = (
            (note.ED25519, self._ed25519.public_key().public_bytes_raw()),
            (note.ML_DSA_44, self._ml_dsa.public_key().public_bytes_raw()),
        )
        self._ids = tuple(note.key_id(name, kind, public) for kind, public in publics)
        self.vkeys = tuple(note.vkey(name, kind, public) for kind, public in publics)

    def sign(self, text: str) -> str:
        """The Ed25519 line over a checkpoint's three lines."""
        return note.line(self._name, self._ids[0], self._ed25519.sign(text.encode()))

    def cosign(self, at_s: int, origin: str, size: int, root: bytes) -> str:
        """The ML-DSA-44 line over a checkpoint; signing is hedged, so no two are equal."""
        signed = self._ml_dsa.sign(note.cosigned_message(self._name, at_s, origin, size, root))
        return note.line(self._name, self._ids[1], at_s.to_bytes(8, "big") + signed)


class Rotation(NamedTuple):
    """A started rotation: append ``change`` to the log, then call ``signer.settle()``."""

    signer: Signer
    change: KeyChange


class Signer:
    """Signs one log's checkpoints. Follows the key file: a rotation by another process is seen at the next head."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] = (0, 0, 0)
        self._read()

    @classmethod
    def load_or_create(cls, folder: Path, name: str, random: Callable[[int], bytes] = secrets.token_bytes) -> Signer:
        """The signer of a folder, with new keys when it has none; of several processes one makes them.

        Raises a Problem (``ledger.keys``) when others can read the file, or when it belongs to another log.
        """
        path = folder / FILE
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(path, KeyFile(name=name, current=_seeds(random)), replace=False)
        signer = cls(path)
        if signer.name != name:
            raise _refused(
                path, f"It holds the keys of {signer.name!r}, not of {name!r}.", "Give the log's own folder."
            )
        return signer

    @property
    def name(self) -> str:
        """The log's name: the origin of its checkpoints and the name of its keys."""
        return self._file.name

    @property
    def vkeys(self) -> tuple[str, ...]:
        """The C2SP verifier keys in force, Ed25519 and ML-DSA-44: until a rotation is settled, those before it."""
        self._follow()
        return self._pairs[-1].vkeys

    @property
    def retired(self) -> tuple[str, ...]:
        """The verifier keys that were in force before; checkpoints kept from then are signed by them."""
        self._follow()
        return self._file.retired

    @property
    def rotating(self) -> bool:
        """Whether a rotation was started and isn't settled."""
        self._follow()
        return len(self._pairs) > 1

    def checkpoint(self, size: int, root: bytes, at_s: int, *, dual: bool) -> str:
        """A signed checkpoint.

        Parameters
        ----------
        size, root
            Number of entries, and the 32-byte root.
        at_s
            Seconds since 1970 UTC, for the ML-DSA-44 signature.
        dual
            Sign with ML-DSA-44 too (2,420 bytes, half a millisecond).
        """
        self._follow()
        return self._sign(self.name, size, root, at_s, dual=dual)

    def vouch(self, name: str, data: bytes, at_s: int) -> str:
        """A signed note for something beside the log: a checkpoint of the tree whose only leaf is ``data``.

        Its origin is ``<log>/<name>``, so that it can never pass for a checkpoint of the log; both keys sign.
        """
        self._follow()
        return self._sign(f"{self.name}/{name}", 1, merkle.leaf_hash(data), at_s, dual=True)

    def rotate(
        self, reason: str, at_s: int, *, verify_sha256: str = "", random: Callable[[int], bytes] = secrets.token_bytes
    ) -> Rotation:
        """Put a new pair in force. Called again before `settle`, it goes on with the rotation already started.

        The change carries a hand-over: a checkpoint of the small tree whose leaves are the new verifier keys, under
        the origin ``<name>/keys``, signed by the old and the new pair: who trusts the old keys can trust the new ones.
        """
        self._follow()
        if len(self._pairs) == 1:
            new = msgspec.structs.replace(self._file, current=_seeds(random), previous=self._file.current)
            _write(self._path, new, replace=True)
            self._read()
        vkeys = self._pairs[0].vkeys
        frontier, _ = merkle.extend(merkle.Frontier(), [merkle.leaf_hash(v.encode()) for v in vkeys])
        handover = self._sign(f"{self.name}/keys", len(vkeys), merkle.root(frontier), at_s, dual=True)
        change = KeyChange(handover=handover, reason=reason, verify_sha256=verify_sha256, vkeys=vkeys)
        return Rotation(self, change)

    def settle(self) -> None:
        """Forget the previous pair, once the change is on the log."""
        self._follow()
        if len(self._pairs) > 1:
            retired = (*self._file.retired, *self._pairs[1].vkeys)
            _write(self._path, msgspec.structs.replace(self._file, previous=None, retired=retired), replace=True)
            self._read()

    def _sign(self, origin: str, size: int, root: bytes, at_s: int, *, dual: bool) -> str:
        text = note.body(origin, size, root)
        lines = [pair.sign(text) for pair in self._pairs]
        if dual:
            lines += [pair.cosign(at_s, origin, size, root) for pair in self._pairs]
        return f"{text}\n{''.join(lines)}"

    def _follow(self) -> None:
        if _identity(self._path) != self._seen:
            self._read()

    def _read(self) -> None:
        self._seen = _identity(self._path)
        if stat.S_IMODE(self._path.stat().st_mode) & 0o077:
            raise _refused(self._path, "Others on this machine can read it.", f"chmod 600 {self._path}")
        try:
            self._file = msgspec.json.decode(self._path.read_bytes(), type=KeyFile)
            seeds = (self._file.current, *([self._file.previous] if self._file.previous else ()))
            self._pairs = tuple(Pair(self._file.name, each) for each in seeds)
        except ValueError as error:
            raise _refused(self._path, f"It can't be read: {error}.", "Restore it from its backup.") from None


def _seeds(random: Callable[[int], bytes]) -> Seeds:
    return Seeds(ed25519=random(32).hex(), ml_dsa_44=random(32).hex())


def _identity(path: Path) -> tuple[int, int, int]:
    """What tells one state of the file from the next; it is only ever replaced whole."""
    try:
        found = path.stat()
    except OSError as error:
        raise _refused(path, f"It can't be reached: {error.strerror}.", "Restore it from its backup.") from None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _write(path: Path, file: KeyFile, *, replace: bool) -> None:
    """Write whole and durable; without ``replace`` an existing file stays: another process's keys are the log's."""
    data = msgspec.json.encode(file)
    try:
        durable.replace(path, data) if replace else durable.write_once(path, data)
    except OSError as error:
        raise _refused(
            path, f"It can't be written: {error.strerror}.", "Check the disk and the folder's owner."
        ) from None


def _refused(path: Path, why: str, advice: str) -> Problem:
    return Problem("The log's signing keys can't be used.", why, advice, code="ledger.keys", where=str(path))
