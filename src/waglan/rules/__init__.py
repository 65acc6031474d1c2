"""Rules: one restricted expression that gates a decision live and proves afterwards what happened."""

from waglan.rules.expression import Expression, parse
from waglan.rules.python import Closure
from waglan.rules.row import row
from waglan.rules.sql import DIALECTS
from waglan.rules.table import Period, Table, load_tables, tables
from waglan.rules.types import Named, Type, types

__all__ = [
    "DIALECTS",
    "Closure",
    "Expression",
    "Named",
    "Period",
    "Table",
    "Type",
    "load_tables",
    "parse",
    "row",
    "tables",
    "types",
]
