"""Registers, incidents and their clocks, drills, suspensions: folds over the log, and the verbs that write it."""

from waglan.registers.book import Book, read_book
from waglan.registers.clocks import Clock, Clocks, clocks, load_clocks
from waglan.registers.concentration import Concentration, concentration
from waglan.registers.history import Change, Kept, Step
from waglan.registers.incident import ITSELF, IncidentRecord
from waglan.registers.registrar import Registrar
from waglan.registers.schema import RECORDED, SCHEMAS
from waglan.registers.settings import RegistersSection
from waglan.registers.usage import Span, Usage
from waglan.registers.watch import Watcher, recurred, report, watch

__all__ = [
    "ITSELF",
    "RECORDED",
    "SCHEMAS",
    "Book",
    "Change",
    "Clock",
    "Clocks",
    "Concentration",
    "IncidentRecord",
    "Kept",
    "RegistersSection",
    "Registrar",
    "Span",
    "Step",
    "Usage",
    "Watcher",
    "clocks",
    "concentration",
    "load_clocks",
    "read_book",
    "recurred",
    "report",
    "watch",
]
