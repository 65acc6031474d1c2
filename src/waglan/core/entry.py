"""What goes to the log: a public part for the leaf, a private part for the vault."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from waglan.core.events import Event


class Entry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One event on its way to the log.

    Attributes
    ----------
    id
        A ULID.
    kind
        The leaf's kind: ``decision``, or the `Event`'s own.
    at_ms
        When it happened, milliseconds since 1970 UTC.
    facts
        The public part. A Struct with alphabetical fields, or a mapping that the ledger sorts; no floats,
        ASCII keys, nothing personal.
    subject
        The subject's pseudonym as the vault gave it; empty when nobody is concerned.
    private
        Field name to JSON bytes: encrypted under the subject's key, committed to in the leaf.
    refs
        Ids of earlier entries this one speaks of.
    actor
        Who or what caused it.
    """

    id: str
    kind: str
    at_ms: int
    facts: Event | msgspec.Struct | Mapping[str, object]
    subject: str = ""
    private: Mapping[str, bytes] = {}
    refs: tuple[str, ...] = ()
    actor: str = ""


def event(
    entry_id: str, at_ms: int, facts: Event, *, subject: str = "", refs: tuple[str, ...] = (), actor: str = ""
) -> Entry:
    """An entry for an event that has nothing private."""
    return Entry(id=entry_id, kind=facts.kind, at_ms=at_ms, facts=facts, subject=subject, refs=refs, actor=actor)
