"""The model seam: who answers. A use case reaches models only through its kit, so every call is on the record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec

from waglan.core.registry import Registry


class ModelCard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which model exactly.

    Attributes
    ----------
    id, version
        What the manifest names and what changes with each release.
    digest
        SHA-256 of the artefact, hexadecimal; for a hosted model, of its configuration.
    provider, region
        Who runs it and where; a region outside Hong Kong makes the decision cross-border.
    deterministic
        Whether equal inputs give equal answers (replay relies on it).
    inline
        True promises bounded work without I/O, so that it runs in the caller's thread.
    """

    id: str
    version: str
    digest: str
    provider: str = "self"
    region: str = "HK"
    deterministic: bool = True
    inline: bool = False


@runtime_checkable
class Model(Protocol):
    """Answers questions. ``predict`` may be a coroutine function; it raises when it can't answer.

    An optional ``predict_many(rows) -> sequence`` answers many at once with identical meaning.
    """

    @property
    def card(self) -> ModelCard: ...

    def predict(self, inputs: Mapping[str, Any]) -> Any: ...


class Kit(Protocol):
    """What a use case is given: its models with failover, and the time."""

    @property
    def now_ms(self) -> int: ...

    def model(self, slot: str, inputs: Mapping[str, Any]) -> Awaitable[Any]:
        """The answer of the first model of the slot that gives one in time."""
        ...

    def model_many(self, slot: str, rows: Sequence[Mapping[str, Any]]) -> Awaitable[Sequence[Any]]:
        """The same for many rows."""
        ...


models: Registry[Model] = Registry("model", "waglan.models")
"""Models by id, for those that aren't files."""

formats: Registry[Callable[[bytes], Model]] = Registry("model format", "waglan.model_formats")
"""Readers of model files by the ``format`` their JSON names."""
