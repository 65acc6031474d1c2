"""Everything that a pack is written from, as values: renderers read this and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from waglan.core.events import ModelRegistration
from waglan.core.usecase import Texts
from waglan.evidence.catalogue.catalogue import Catalogue
from waglan.evidence.result import Report

Row = Mapping[str, Any]


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A step in the life of a model version: when, by whom, into which state, and the entry that says so."""

    at_ms: int
    actor: str
    state: str
    entry: str
    log_index: int


class ModelRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A model version as its registrations and its decisions say.

    Attributes
    ----------
    registration, stages
        The newest registration, and all of them, oldest first.
    decisions, failures
        How often it answered and didn't in the window.
    share
        Of all answers in the window, 0 to 1; None without any.
    runs
        Rows of the register of test runs that are about it.
    """

    registration: ModelRegistration
    stages: tuple[Stage, ...]
    decisions: int
    failures: int
    share: float | None
    runs: tuple[Row, ...] = ()


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A reporting clock of an incident, as in `waglan.registers.clocks.Clock`; ``letter`` is V, S or U."""

    incident: str
    clock: str
    addressee: Texts
    source: str
    letter: str
    state: Literal["running", "stopped", "missed", "none"]
    due_ms: int | None
    left_ms: int | None


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """What is known for one entity and window.

    Attributes
    ----------
    report, before
        The evidence of the window, and of the window of the same length before it, where there is one.
    catalogue
        That judged; its digest is the report's.
    registers
        Rows by name of the register; see `waglan.registers.SCHEMAS`.
    models, dues
        Model versions, and the clocks of incidents that aren't closed.
    hhi, hhi_limit
        The Herfindahl-Hirschman index of suppliers over decisions, 0 to 1, and from which one on it is a warning.
    own, titles
        The use cases that the institution answers for (empty means all), and use cases in people's words.
    version
        Of Waglan.
    synthetic
        Whether every person and figure is made up.
    """

    report: Report
    before: Report | None
    catalogue: Catalogue
    registers: Mapping[str, tuple[Row, ...]]
    models: tuple[ModelRecord, ...]
    dues: tuple[Due, ...]
    hhi: float | None
    hhi_limit: float
    own: tuple[str, ...]
    titles: Mapping[str, Texts]
    version: str
    synthetic: bool = False
