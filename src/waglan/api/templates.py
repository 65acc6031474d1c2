"""Which route a path belongs to: logs and counts name the template, never the address that was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.routing import compile_path

from waglan.api.routes import DOORS

NONE = "-"
"""What stands in the place of a route where no route takes the path."""
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
DOOR_PATHS = tuple(dict.fromkeys(door.path for door in DOORS))
_CONVERTER = re.compile(r":[a-z]+\}")


class Templates:
    """Finds the template of a path, in the router's order.

    Parameters
    ----------
    paths
        Templates as Starlette writes them: ``/decisions/{id}/proof``, ``/ledger/{log:path}/checkpoint``.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._plain: dict[str, str] = {}
        self._by_first: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        for path in paths:
            template = _CONVERTER.sub("}", path)
            if "{" not in path:
                self._plain.setdefault(path, template)
                continue
            self._by_first.setdefault(_first(path), []).append((compile_path(path)[0], template))

    def of(self, path: str) -> str:
        """The template that takes the path, or `NONE`."""
        plain = self._plain.get(path)
        if plain is not None:
            return plain
        for pattern, template in self._by_first.get(_first(path), ()):
            if pattern.match(path):
                return template
        return NONE


def _first(path: str) -> str:
    return path.partition("/")[2].partition("/")[0]
