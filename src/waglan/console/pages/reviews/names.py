"""Use cases as readers know them."""

from __future__ import annotations

from collections.abc import Mapping

from waglan.console.visit import Visit
from waglan.core.case import Language
from waglan.core.problem import Problem


def use_case_title(visit: Visit, name: str) -> Mapping[Language, str]:
    """A use case's title per language, its name where it is no longer installed."""
    try:
        return visit.house.workspace.catalogue.get(name).manifest.title
    except Problem:
        return {"en": name}
