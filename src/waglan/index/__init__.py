"""Tables for pages that must answer in milliseconds, made from the log alone and thrown away at any time."""

from waglan.index import counts, days, decisions, events
from waglan.index.buckets import Bar, at_share
from waglan.index.decisions import Filter, Listed, Neighbours, Page
from waglan.index.events import Happened
from waglan.index.index import FILE, Index
from waglan.index.overview import Figures, overview
from waglan.index.projection import DecisionLeaf, DecisionPart, Placed, Projection
from waglan.index.record import Decisions

__all__ = [
    "FILE",
    "Bar",
    "DecisionLeaf",
    "DecisionPart",
    "Decisions",
    "Figures",
    "Filter",
    "Happened",
    "Index",
    "Listed",
    "Neighbours",
    "Page",
    "Placed",
    "Projection",
    "at_share",
    "counts",
    "days",
    "decisions",
    "events",
    "overview",
]
