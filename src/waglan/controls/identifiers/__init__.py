"""Identifiers of Hong Kong people in free text: found, and replaced by typed tokens."""

from waglan.controls.identifiers.find import find
from waglan.controls.identifiers.kinds import KINDS, TITLES, Kind, Span
from waglan.controls.identifiers.redact import Redactor

__all__ = ["KINDS", "TITLES", "Kind", "Redactor", "Span", "find"]
