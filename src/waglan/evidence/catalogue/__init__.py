"""The catalogue of obligations: data in TOML, read, checked and digested."""

from waglan.evidence.catalogue.catalogue import Catalogue, Stated
from waglan.evidence.catalogue.change import Change, differences
from waglan.evidence.catalogue.clause import Clause, Requirement, Seen, Source, Test
from waglan.evidence.catalogue.compiled import Compiled
from waglan.evidence.catalogue.read import Opened, load, open_folder

__all__ = [
    "Catalogue",
    "Change",
    "Clause",
    "Compiled",
    "Opened",
    "Requirement",
    "Seen",
    "Source",
    "Stated",
    "Test",
    "differences",
    "load",
    "open_folder",
]
