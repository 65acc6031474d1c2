"""The log as typed columns: derived, incremental, rebuilt from the log alone at any time."""

from waglan.facts.frame import Facts
from waglan.facts.schema import TABLES, FactType, Field

__all__ = ["TABLES", "FactType", "Facts", "Field"]
