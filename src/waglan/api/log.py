"""The log as C2SP tlog-tiles: checkpoint, hash tiles, entry bundles, with addresses that a static server could have.

References
----------
c2sp.org/tlog-tiles, § *Parameters* and § *Endpoints*.
"""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from waglan.api import problems
from waglan.core import Problem
from waglan.ledger import tiles
from waglan.runtime import Workspace

_PATH = re.compile(
    r"(?P<level>entries|[0-9]|[1-5][0-9]|6[0-3])/(?P<number>(?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/(?P<width>[0-9]{1,3}))?"
)
_FOREVER = "public, max-age=31536000, immutable"


class Log:
    """Serves one workspace's log.

    Parameters
    ----------
    workspace
        Whose log; its origin line stands in the address.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._ledger = workspace.ledger
        self._name = workspace.ledger.signer.name

    def checkpoint(self, request: Request) -> Response:
        """``GET /ledger/{log}/checkpoint``: the newest signed head."""
        self._known(request)
        note = self._ledger.head().note
        if not note:
            raise self._missing(request, "The log is empty, so no head was signed yet.")
        return Response(note, media_type="text/plain", headers={"cache-control": "no-cache"})

    def tile(self, request: Request) -> Response:
        """``GET /ledger/{log}/tile/{path}``: a hash tile or an entry bundle, full or partial."""
        self._known(request)
        match = _PATH.fullmatch(request.path_params["path"])
        if match is None:
            raise self._missing(request, "It isn't a tile address as tlog-tiles writes them: tile/0/x001/067.p/112.")
        index = int(match["number"].replace("x", "").replace("/", ""))
        width = int(match["width"] or tiles.WIDTH)
        entries = match["level"] == "entries"
        level = 0 if entries else int(match["level"])
        canonical = tiles.entries_path(index, width) if entries else tiles.tile_path(level, index, width)
        if canonical != f"tile/{request.path_params['path']}" or width < 1:
            raise self._missing(request, f"The address of that tile is {canonical}.")
        data = self._entries(index, width) if entries else self._hashes(level, index, width)
        if data is None:
            raise self._missing(request, "The log hasn't grown that far.")
        return Response(data, media_type="application/octet-stream", headers={"cache-control": _FOREVER})

    def _hashes(self, level: int, index: int, width: int) -> bytes | None:
        data = self._ledger.store.tile(level, index)
        if data is None:
            head = self._ledger.head()
            last = head.size >> 8 * (level + 1)
            data = head.edges[level] if index == last and level < len(head.edges) else b""
        wanted = width * tiles.HASH_BYTES
        return data[:wanted] if len(data) >= wanted else None

    def _entries(self, index: int, width: int) -> bytes | None:
        start = index * tiles.WIDTH
        if start + width > self._ledger.head().size:
            return None
        return tiles.pack(row.leaf for _, row in self._ledger.rows(start, start + width))

    def _known(self, request: Request) -> None:
        if request.path_params["log"] != self._name:
            raise self._missing(request, f"This server keeps the log {self._name!r}.")

    @staticmethod
    def _missing(request: Request, why: str) -> Problem:
        found = problems.not_found(request.url.path)
        return Problem(found.what, why, found.next, code=found.code, status=found.status)
