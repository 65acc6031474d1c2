"""The catalogue of obligations: data in TOML, read, checked and digested."""

from waglan.evidence.catalogue.clause import Clause, Requirement, Seen, Source, Test

__all__ = ["Clause", "Requirement", "Seen", "Source", "Test"]
