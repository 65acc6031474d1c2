#!/usr/bin/env python3
"""A witness: keeps the newest checkpoint of each log it was told of and cosigns what extends it, never a fork.

It is for a machine that the log's operator does not run: internal audit, a group company, a regulator. Needs Python
3.11, this file and verify.py beside it.

    python3 witness.py FOLDER trust VKEY ...           make the witness (with --name NAME), and say which log to watch
    python3 witness.py FOLDER vkey                     print its verifier key
    python3 witness.py FOLDER add REQUEST              cosign from a file ("-" is standard input), where no network goes
    python3 witness.py FOLDER serve [--port PORT]      cosign over HTTP

References
----------
c2sp.org/tlog-witness (requests and answers), c2sp.org/tlog-cosignature (Ed25519, kind 0x04), RFC 9162 §2.1.4.2,
RFC 8032 §5.1.6. Signing in Python isn't constant in time: let nobody measure it who must not learn the key.
"""

from __future__ import annotations

import argparse
import base64
import fcntl
import hashlib
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

if __package__:
    from waglan.ledger import verify
else:
    import verify  # type: ignore[import-not-found, no-redef]

MAX_REQUEST = 1 << 20
TEXT, SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"


class Answer(NamedTuple):
    """An HTTP status, a body, and its type."""

    status: int
    body: str
    kind: str = TEXT


class Witness:
    """A folder with a key, the logs to watch, and the newest checkpoint of each.

    Parameters
    ----------
    folder
        Where all of it lies; made with a new key when absent.
    name
        The witness's name, such as ``audit.bank.example/w1``; needed the first time only.
    """

    def __init__(self, folder: Path, name: str = "") -> None:
        self._folder = folder
        key = folder / "key"
        if not key.exists():
            if not name or any(c.isspace() or c == "+" for c in name):
                raise ValueError("a new witness needs a name without spaces or plus signs: --name audit.example/w1")
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _durable(key, f"{name} {secrets.token_hex(32)}\n".encode(), 0o600)
        if key.stat().st_mode & 0o077:
            raise ValueError(f"others can read {key}: chmod 600 {key}")
        self.name, seed = key.read_text("utf-8").split()
        self._seed = bytes.fromhex(seed)
        public = b"\x04" + public_key(self._seed)
        self._key_id = hashlib.sha256(self.name.encode() + b"\n" + public).digest()[:4]
        self.vkey = f"{self.name}+{self._key_id.hex()}+{base64.b64encode(public).decode()}"

    def trust(self, vkeys: Sequence[str]) -> str:
        """Watch the log of these keys (they name it), or let it go on under new ones; returns its origin."""
        origins = {name for name, _ in verify.read_keys(list(vkeys))}
        if len(origins) != 1:
            raise ValueError(f"the keys must be of one log, these are of {sorted(origins)}")
        origin = origins.pop()
        with self._alone():
            path = self._path(origin, "vkeys")
            known = path.read_text("utf-8").split() if path.exists() else []
            _durable(path, "".join(f"{each}\n" for each in dict.fromkeys([*known, *vkeys])).encode())
        return origin

    def newest(self, origin: str) -> str:
        """The newest checkpoint of a log with our cosignature; empty when we have none."""
        path = self._path(origin, "checkpoint")
        return path.read_text("utf-8") if path.exists() else ""

    def add(self, request: str, at_s: int) -> Answer:
        """Answer an add-checkpoint request as c2sp.org/tlog-witness has it.

        Parameters
        ----------
        request
            ``old <size>``, consistency proof lines, an empty line, the checkpoint.
        at_s
            Seconds since 1970 UTC, for the cosignature.
        """
        try:
            old_size, proof, text = parse_request(request)
            origin = text.split("\n", 1)[0]
        except (ValueError, IndexError) as error:
            return Answer(400, f"{error}\n")
        with self._alone():
            trusted = self._path(origin, "vkeys")
            if not trusted.exists():
                return Answer(404, "this log is not watched here\n")
            try:
                _, size, root, _ = verify.read_head(text, verify.read_keys(trusted.read_text("utf-8").split()))
            except (ValueError, LookupError) as error:
                return Answer(403, f"{error}\n")
            if old_size > size:
                return Answer(400, "the old size is above the checkpoint's\n")
            refusal = self._refusal(origin, old_size, proof, size, root)
            if refusal:
                if refusal.kind != SIZE:
                    _durable(self._path(origin, f"refused-{at_s}"), request.encode())
                return refusal
            line = self._cosign(text, at_s)
            _durable(self._path(origin, "checkpoint"), (text + line).encode())
        return Answer(200, line)

    def _refusal(self, origin: str, old_size: int, proof: list[bytes], size: int, root: bytes) -> Answer | None:
        """Why a signed checkpoint isn't cosigned: another starting point, a fork, a rollback."""
        newest = self.newest(origin)
        kept_size, kept_root = 0, hashlib.sha256().digest()
        if newest:
            lines = newest.split("\n")
            kept_size, kept_root = int(lines[1]), base64.b64decode(lines[2])
        if old_size != kept_size:
            return Answer(409, f"{kept_size}\n", SIZE)
        if size == kept_size and root != kept_root:
            return Answer(409, "another root for the same size: the log has two histories\n")
        if not consistent(kept_size, size, kept_root, root, proof):
            return Answer(422, "the checkpoint does not extend the one kept here\n")
        return None

    def _cosign(self, text: str, at_s: int) -> str:
        body = text[: text.index("\n\n") + 1]
        signature = sign(self._seed, f"cosignature/v1\ntime {at_s}\n{body}".encode())
        data = self._key_id + at_s.to_bytes(8, "big") + signature
        return f"— {self.name} {base64.b64encode(data).decode()}\n"

    def _path(self, origin: str, what: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.{what}"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One request at a time, over all threads and processes: comparing and keeping must not be torn apart."""
        with (self._folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def parse_request(request: str) -> tuple[int, list[bytes], str]:
    """The old size, the proof and the checkpoint of a request; ValueError when it isn't one."""
    head, _, text = request.partition("\n\n")
    first, *proof = head.split("\n")
    word, _, number = first.partition(" ")
    if word != "old" or not number.isdecimal() or str(int(number)) != number or len(proof) > 63 or not text:
        raise ValueError("a request is 'old <size>', at most 63 proof lines, an empty line, and a checkpoint")
    return int(number), [verify.b64(each) for each in proof], text


def write_request(old_size: int, proof: Sequence[bytes], checkpoint: str) -> str:
    """What is sent to a witness."""
    return f"old {old_size}\n" + "".join(f"{base64.b64encode(h).decode()}\n" for h in proof) + f"\n{checkpoint}"


def submit(url: str, checkpoint: str, prove: Callable[[int], Sequence[bytes]], timeout_s: float = 10.0) -> str:
    """Send a checkpoint to a witness over HTTP; returns the checkpoint with its cosignature.

    Parameters
    ----------
    prove
        Gives the consistency proof from an older size to the checkpoint's; the witness says from which.

    Raises
    ------
    ValueError
        With what the witness answered, when it refuses.
    OSError
        When it can't be reached.
    """
    old_size, proof = 0, list[bytes]()
    for _ in range(3):  # what it keeps may move on between asking and sending
        request = urllib.request.Request(
            f"{url.rstrip('/')}/add-checkpoint", write_request(old_size, proof, checkpoint).encode(), method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as response:
                line: str = response.read(MAX_REQUEST).decode()
            return checkpoint + line
        except urllib.error.HTTPError as error:
            body = error.read(MAX_REQUEST).decode("utf-8", "replace")
            if error.code != 409 or error.headers.get("Content-Type") != SIZE:
                raise ValueError(f"{error.code}: {body.strip()}") from None
            old_size = int(body)
            proof = list(prove(old_size))
    raise ValueError("the witness keeps moving on; try again")


def consistent(old_size: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a tree of ``size`` extends one of ``old_size`` (RFC 9162 §2.1.4.2)."""
    if old_size in (0, size):
        return not proof and (old_size == 0 or root == old_root)
    steps = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not steps or old_size > size:
        return False
    at, last = old_size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            [old], [new] = verify.up([step, old]), verify.up([step, new])
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            [new] = verify.up([new, step])
        at, last = at >> 1, last >> 1
    return last == 0 and old == old_root and new == root


def public_key(seed: bytes) -> bytes:
    """The Ed25519 public key of a 32-byte seed."""
    return _times_base(_scalar(hashlib.sha512(seed).digest()))


def sign(seed: bytes, message: bytes) -> bytes:
    """An Ed25519 signature (RFC 8032 §5.1.6)."""
    digest = hashlib.sha512(seed).digest()
    public, secret = public_key(seed), _scalar(digest)
    r = int.from_bytes(hashlib.sha512(digest[32:] + message).digest(), "little") % verify.L
    point = _times_base(r)
    k = int.from_bytes(hashlib.sha512(point + public + message).digest(), "little")
    return point + ((r + k * secret) % verify.L).to_bytes(32, "little")


def _scalar(digest: bytes) -> int:
    return int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254


def _times_base(scalar: int) -> bytes:
    power, found = verify.point(b"\x58" + b"\x66" * 31), (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            found = verify.plus(found, power)
        power, scalar = verify.plus(power, power), scalar >> 1
    inverse = pow(found[2], -1, verify.P)
    x, y = found[0] * inverse % verify.P, found[1] * inverse % verify.P
    encoded: int = y | (x & 1) << 255
    return encoded.to_bytes(32, "little")


def server(witness: Witness, host: str, port: int, clock: Callable[[], float] = time.time) -> ThreadingHTTPServer:
    """An HTTP server for a witness: POST /add-checkpoint; GET /vkey and /checkpoint/<origin>."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint" or not length.isdecimal() or int(length) > MAX_REQUEST:
                self.close_connection = True
                self._say(Answer(404 if self.path != "/add-checkpoint" else 413, ""))
                return
            try:
                request = self.rfile.read(int(length)).decode()
            except UnicodeDecodeError:
                self._say(Answer(400, "a request is UTF-8\n"))
                return
            self._say(witness.add(request, int(clock())))

        def do_GET(self) -> None:
            if self.path == "/vkey":
                self._say(Answer(200, f"{witness.vkey}\n"))
                return
            newest = witness.newest(self.path.removeprefix("/checkpoint/"))
            self._say(Answer(200 if newest else 404, newest))

        def _say(self, answer: Answer) -> None:
            body = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return ThreadingHTTPServer((host, port), Handler)


def _durable(path: Path, data: bytes, mode: int = 0o644) -> None:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("command", choices=["trust", "vkey", "add", "serve"])
    parser.add_argument("values", nargs="*", help="verifier keys, or the request file")
    parser.add_argument("--name", default="")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8765)
    args = parser.parse_intermixed_args()
    try:
        witness = Witness(args.folder, args.name)
        if args.command == "trust":
            print(f"{witness.name} watches {witness.trust(args.values)}")
        elif args.command == "vkey":
            print(witness.vkey)
        elif args.command == "add":
            [path] = args.values
            request = sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
            answer = witness.add(request, int(time.time()))
            print(answer.body, end="", file=sys.stdout if answer.status == 200 else sys.stderr)
            return 0 if answer.status == 200 else 1
        else:
            print(f"{witness.name} listens on http://{args.host}:{args.port}", flush=True)
            server(witness, args.host, args.port).serve_forever()
    except (OSError, ValueError) as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
