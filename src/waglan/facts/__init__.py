"""The log as typed columns: derived, incremental, rebuilt from the log alone at any time."""

from typing import TYPE_CHECKING, Any

from waglan.facts.schema import TABLES, FactType, Field

if TYPE_CHECKING:
    from waglan.facts.frame import Facts

__all__ = ["TABLES", "FactType", "Facts", "Field"]


def __getattr__(name: str) -> Any:
    """`Facts` when it is first asked for: it loads DuckDB and numpy, which whoever reads the schema doesn't need."""
    if name != "Facts":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from waglan.facts.frame import Facts

    return Facts
