"""Which part of the queue somebody works through: it goes along from case to case, so that 'next' stays in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from waglan.core.usecase import Tier
from waglan.review import Filter
from waglan.review.settings import TIERS

_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_CAUSES = ("route", "sample", "request")


class Scope(NamedTuple):
    """A part of the queue; what is empty doesn't restrict."""

    cause: str = ""
    use_case: str = ""
    tier: Tier | str = ""

    @property
    def filter(self) -> Filter:
        """What may be taken within it."""
        return Filter(cause=self.cause, use_case=self.use_case, tier=self.tier)  # type: ignore[arg-type] # read below

    @property
    def fields(self) -> dict[str, str]:
        """Its parts that restrict, for hidden fields and addresses."""
        return {name: value for name, value in self._asdict().items() if value}


def scope(values: Mapping[str, str]) -> Scope:
    """The scope that a query or a form names; whatever isn't one doesn't restrict."""
    cause, use_case, tier = (values.get(name, "") for name in Scope._fields)
    return Scope(
        cause if cause in _CAUSES else "",
        use_case if _NAME.fullmatch(use_case) else "",
        tier if tier in TIERS else "",
    )


def address(path: str, found: Scope, **more: str) -> str:
    """An address below ``/console`` with the scope in its query."""
    query = urlencode({**found.fields, **{name: value for name, value in more.items() if value}})
    return path + (f"?{query}" if query else "")
