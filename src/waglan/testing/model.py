"""Conformance of a model: who it says it is, and that it answers the same, in time, one by one or together."""

from __future__ import annotations

import asyncio
import copy
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from waglan.core.model import Model, ModelCard
from waglan.runtime.apart import Apart, Overdue, Stuck
from waglan.testing.report import Notes, Report


def check_model(model: Model, samples: Sequence[Mapping[str, Any]], *, deadline_ms: int = 2_000) -> Report:
    """Check a model.

    Parameters
    ----------
    model
        As registered or read from its file.
    samples
        Inputs to ask it about; at least one.
    deadline_ms
        How long one answer may take; the slot's in the manifest.

    Returns
    -------
    Report
        Flaws are collected; nothing is raised.
    """
    return asyncio.run(examine(model, samples, deadline_ms))


async def examine(model: Any, samples: Sequence[Mapping[str, Any]], deadline_ms: int) -> Report:
    """`check_model` for callers with an event loop."""
    card = getattr(model, "card", None)
    if not isinstance(card, ModelCard):
        notes = Notes(f"model {type(model).__name__}")
        notes.expect(False, "model.card", f"Its card is a {type(card).__name__}.", "Give it a waglan.ModelCard.")
        return notes.report()
    notes = Notes(f"model {card.id}")
    _card(card, notes)
    notes.expect(bool(samples), "model.samples", "There is no sample to ask about.", "Give at least one.")
    apart = Apart()
    try:
        await _ask(model, card, samples, Attempts(apart, notes, "model", deadline_ms))
    finally:
        apart.close()
    notes.expect(model.card == card, "model.card", "Its card changed while it answered.", "Make the card a constant.")
    return notes.report()


def _card(card: ModelCard, notes: Notes) -> None:
    notes.expect(bool(card.id and card.version), "model.card", "Id or version is empty.", "Name both.")
    notes.expect(
        re.fullmatch(r"[0-9a-f]{64}", card.digest) is not None,
        "model.card", f"{card.digest!r} isn't a SHA-256.", "Give the artefact's digest, 64 hexadecimal digits.",
    )  # fmt: skip


async def _ask(model: Any, card: ModelCard, samples: Sequence[Mapping[str, Any]], attempts: Attempts) -> None:
    notes = attempts.notes
    answers: list[Any] = []
    for at, sample in enumerate(samples):
        where, before = f"sample {at}", copy.deepcopy(dict(sample))
        first = await attempts.run(partial(model.predict, sample), where)
        if isinstance(first, Failed):
            return
        answers.append(first)
        notes.expect(dict(sample) == before, "model.mutates", "It changed its inputs.", "Copy them first.", where)
        if card.deterministic:
            again = await attempts.run(partial(model.predict, sample), where)
            notes.expect(
                again == first,
                "model.deterministic",
                "Same inputs, another answer.",
                "Fix its seed, or declare deterministic=False.",
                where,
            )
    if hasattr(model, "predict_many") and card.deterministic and answers:
        many = await attempts.run(partial(model.predict_many, list(samples)), "predict_many", calls=len(samples))
        if not isinstance(many, Failed):
            together = [await a if isinstance(a, Awaitable) else a for a in many]
            notes.expect(together == answers, "model.many", "predict_many answers differently.", "Make them agree.")


class Failed:
    """A call gave no answer; why has been noted."""


class Attempts(NamedTuple):
    """Calls of untrusted code, each apart and under a deadline.

    Attributes
    ----------
    apart
        Where they run.
    notes
        Where a failure is noted, as ``<what>.raises`` or ``<what>.deadline``.
    what
        Whose calls they are: ``model``, ``decide``.
    deadline_ms
        For one call.
    """

    apart: Apart
    notes: Notes
    what: str
    deadline_ms: int

    async def run(self, call: Callable[[], Any], where: str, *, calls: int = 1) -> Any:
        """The call's answer, or `Failed`; ``calls`` says for how many it stands."""
        limit_ms = self.deadline_ms * calls
        try:
            answer = await self.apart.run(call, limit_ms / 1_000)
        except (Overdue, Stuck):
            self.notes.expect(False, f"{self.what}.deadline", f"No answer within {limit_ms} ms.", "Be quicker.", where)
            return Failed()
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            advice = "Answer every sample; flag doubts in the outcome."
            self.notes.expect(False, f"{self.what}.raises", said, advice, where)
            return Failed()
        self.notes.expect(True, f"{self.what}.raises", "", "")
        self.notes.expect(True, f"{self.what}.deadline", "", "")
        return answer
