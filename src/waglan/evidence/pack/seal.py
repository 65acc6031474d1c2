"""MANIFEST: every file's digest and what the pack is of, signed by the log's own keys."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.resources import files as resources

from waglan.core.problem import Problem
from waglan.ledger.export import VERIFIER

_MARK = "@SHA-256 OF ledger/verify.py@"


def manifest(facts: Mapping[str, str], files: Mapping[str, bytes]) -> bytes:
    """The text: ``key: value`` lines, an empty line, then digest, bytes and path of each file, by path.

    Raises
    ------
    Problem
        ``evidence.manifest`` for a value or a path that doesn't fit a line.
    """
    head = {**facts, "files": str(len(files))}
    for text in (*head.values(), *files):
        if "\n" in text or "\r" in text:
            raise Problem(
                "The pack can't be listed.", f"{text!r} holds a line break.", "Correct it where it is registered.",
                code="evidence.manifest",
            )  # fmt: skip
    lines = [f"{key}: {value}" for key, value in head.items()]
    listed = [f"{hashlib.sha256(files[path]).hexdigest()} {len(files[path])} {path}" for path in sorted(files)]
    return "\n".join([*lines, "", *listed, ""]).encode()


def verifier() -> bytes:
    """The pack's ``verify.py``: it runs the log's verifier that comes along only if it is this version's."""
    source = resources("waglan.evidence.pack").joinpath("verify.py").read_text(encoding="utf-8")
    return source.replace(_MARK, hashlib.sha256(VERIFIER.read_bytes()).hexdigest(), 1).encode()
