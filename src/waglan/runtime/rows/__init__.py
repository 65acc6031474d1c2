"""Files of untrusted rows: CSV, JSON lines and arrays, Parquet; each row comes out once, good or rejected."""

from waglan.runtime.rows.delimited import Delimited
from waglan.runtime.rows.header import check_columns
from waglan.runtime.rows.lines import ENCODINGS
from waglan.runtime.rows.mapping import Mapper, PastDecision
from waglan.runtime.rows.objects import JsonArray, JsonLines, parse_line, parse_object
from waglan.runtime.rows.opening import Format, Opened, open_rows
from waglan.runtime.rows.parquet import Parquet
from waglan.runtime.rows.row import MAX_CELL, MAX_DEPTH, MAX_RECORD, Fault, Rejected, Row, Table, at_row
from waglan.runtime.rows.seen import Seen

__all__ = [
    "ENCODINGS",
    "MAX_CELL",
    "MAX_DEPTH",
    "MAX_RECORD",
    "Delimited",
    "Fault",
    "Format",
    "JsonArray",
    "JsonLines",
    "Mapper",
    "Opened",
    "Parquet",
    "PastDecision",
    "Rejected",
    "Row",
    "Seen",
    "Table",
    "at_row",
    "check_columns",
    "open_rows",
    "parse_line",
    "parse_object",
]
