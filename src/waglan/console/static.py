"""Style sheet, scripts and icon: read once, compressed once, addressed by their content."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

MEDIA = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
PREFIX = "/console/static/"


class Asset(NamedTuple):
    """A file as it is sent."""

    media: str
    plain: bytes
    packed: bytes
    digest: str


@cache
def assets() -> dict[str, Asset]:
    """All files by name."""
    found = {}
    for each in files("waglan.console").joinpath("static").iterdir():
        media = MEDIA.get(each.name.rpartition(".")[2])
        if media:
            body = _lean(each.name, each.read_bytes())
            digest = hashlib.sha256(body).hexdigest()[:12]
            found[each.name] = Asset(media, body, gzip.compress(body, 9, mtime=0), digest)
    return found


def _lean(name: str, body: bytes) -> bytes:
    """Without the lines of comment and the indentation, which are for readers of the source."""
    if not name.endswith(".js") or name.endswith(".min.js"):
        return body
    lines = (line.strip() for line in body.splitlines())
    return b"\n".join(line for line in lines if line and not line.startswith(b"//")) + b"\n"


def address(name: str) -> str:
    """Where a file lies; the address changes with its content, so that it may be kept for ever."""
    return f"{PREFIX}{name}?{assets()[name].digest}"
