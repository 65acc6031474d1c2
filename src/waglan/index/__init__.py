"""Tables for pages that must answer in milliseconds, made from the log alone and thrown away at any time."""

from waglan.index.index import Index
from waglan.index.projection import DecisionLeaf, DecisionPart, Placed, Projection
from waglan.index.record import Decisions

__all__ = ["DecisionLeaf", "DecisionPart", "Decisions", "Index", "Placed", "Projection"]
