"""How much one request may bring; every figure is in the documents and can be lowered by whoever embeds the app."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one request.

    Attributes
    ----------
    body_bytes
        Body of a JSON request.
    line_bytes
        One line of a stream.
    items
        Cases in one array.
    depth
        Nesting of objects and arrays.
    batch
        Lines of a stream that are decided in one commit.
    page
        Entries in one answer of the feed.
    streams
        Event streams open at a time, per worker.
    requests_per_s, requests_burst
        Requests of one key or person: how many each second for long, and how many at once; per worker.
    """

    body_bytes: int = 4 * 1024 * 1024
    line_bytes: int = 1024 * 1024
    items: int = 1_000
    depth: int = 32
    batch: int = 512
    page: int = 1_000
    streams: int = 64
    requests_per_s: float = 2_000
    requests_burst: int = 10_000


DEFAULTS = Limits()
