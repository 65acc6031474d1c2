"""Faults of sources: dates, addresses, and papers that were never written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from waglan.evidence.catalogue.clause import Source

if TYPE_CHECKING:
    from waglan.evidence.catalogue.catalogue import Catalogue

INVENTED: tuple[tuple[str, str], ...] = (
    (r"(HKMA|金管局).{0,80}2021.{0,40}(principles|原則)", "the HKMA's principles are of 2019"),
    (r"(HKMA|金管局).{0,60}(principles|原則).{0,40}2021", "the HKMA's principles are of 2019"),
    (r"(MAS|APRA).{0,12}HKMA|HKMA.{0,12}(MAS|APRA)", "there is no joint paper of MAS, HKMA and APRA"),
    (r"SFC.{0,80}(2024-07-01|1 July 2024|July 1, 2024)", "the SFC's circular is of 12 November 2024"),
    (
        r"(mandatory|must|required|強制|必須).{0,60}"
        r"(AI[- ](vs\.?|versus|against)[- ]AI|以(AI|人工智能)(對|制)(AI|人工智能))",
        "a sandbox tries AI against AI, no paper asks for it",
    ),
    (
        r"principles for the responsible use of (AI|artificial intelligence)",
        "the HKMA's letter of 2024 has another title",
    ),
    (r"use of (AI|artificial intelligence) in securities and futures markets", "the SFC's circular has another title"),
)
"""Papers and duties that pages on the web tell of and no authority ever wrote, with what is true instead.

Seen in 2026 on pages written by machines; a catalogue that rests on such pages is poisoned.
"""


def invented(text: str) -> str:
    """Why a text names a paper that doesn't exist; empty where it names none."""
    return next((why for pattern, why in INVENTED if re.search(pattern, text, re.IGNORECASE)), "")


def source_faults(catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    """Faults of every source and of clauses that name none."""
    for name, source in catalogue.sources.items():
        why = invented(f"{source.issuer} {source.title} {source.date.isoformat()} {source.issuer}")
        if why:
            yield "source.invented", name, f"This paper doesn't exist: {why}."
        yield from _dates(catalogue, name, source)
        if source.superseded_by and source.superseded_by not in catalogue.sources:
            yield "source.successor", name, f"It was replaced by {source.superseded_by!r}, which isn't listed."
        if source.url and not source.url.startswith("https://"):
            yield "source.url", name, "An address begins with https://."
        if not source.issuer.strip() or not source.title.strip():
            yield "source.title", name, "It needs an issuer and a title."
    used = {clause.source for clause in catalogue.clauses}
    for clause in catalogue.clauses:
        if clause.source not in catalogue.sources:
            yield "clause.source", clause.id, f"Its source {clause.source!r} isn't listed."
    for name in catalogue.sources.keys() - used - {s.superseded_by for s in catalogue.sources.values()}:
        yield "source.unused", name, "No clause comes from it."


def _dates(catalogue: Catalogue, name: str, source: Source) -> Iterator[tuple[str, str, str]]:
    if source.checked_on < source.date:
        yield "source.dates", name, "It was looked at before it was published."
    if source.checked_on > catalogue.as_of:
        yield "source.dates", name, "It was looked at after the day that the catalogue is of."
