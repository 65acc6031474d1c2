"""A scorecard at work: one applicant in microseconds, many in columns, with the same bits either way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from waglan.core import Alternative, Change, ModelCard, Reason, formats
from waglan.kit.scorecard import scorecard as card
from waglan.kit.scorecard.assessment import Assessment
from waglan.kit.scorecard.binning import Locator
from waglan.kit.scorecard.reasons import MOST, input_reasons, reached, top
from waglan.kit.scorecard.recourse import fewest_moves, nearest_value, options
from waglan.kit.scorecard.table import Column, Floats, Ints

EXPLANATION = "scorecard.points"
BATCH = 20_000


class _Part(NamedTuple):
    name: str
    locator: Locator
    one: Callable[[Any], int]
    points: tuple[int, ...]


class ScorecardModel:
    """Answers with an `Assessment`; satisfies `waglan.core.Model`.

    Parameters
    ----------
    scorecard
        What was trained.
    digest
        SHA-256 of its file, hexadecimal.
    """

    def __init__(self, scorecard: card.Scorecard, digest: str) -> None:
        self.scorecard = scorecard
        self._card = ModelCard(id=scorecard.id, version=digest[:12], digest=digest, inline=True)
        located = [(c, Locator(c.binning)) for c in scorecard.characteristics]
        self._parts = tuple(_Part(c.name, locator, locator.one, c.points) for c, locator in located)
        self._reasons = tuple(input_reasons(c) for c in scorecard.characteristics)
        self._families = {c.name: r.family for c, r in zip(scorecard.characteristics, self._reasons, strict=True)}
        self._plain = len(set(self._families.values())) == len(self._families)
        self._options = tuple(options(c) for c in scorecard.characteristics)
        self._never_missing = tuple(c.binning.bands[-1].rows == 0 for c in scorecard.characteristics)
        self._lowest = scorecard.lowest
        self._probability = tuple(scorecard.probability(s) for s in range(scorecard.lowest, scorecard.highest + 1))

    @property
    def card(self) -> ModelCard:
        """Which scorecard exactly; the version is the start of its digest."""
        return self._card

    def score(self, inputs: Mapping[str, Any]) -> int:
        """Points of one applicant; an absent input is missing."""
        total = self.scorecard.base
        for name, _, one, points in self._parts:
            total += points[one(inputs.get(name))]
        return total

    def probability(self, score: int) -> float:
        """Calibrated probability of default at a possible score."""
        return self._probability[score - self._lowest]

    def scores(self, rows: Sequence[Mapping[str, Any]]) -> Ints:
        """Points of many applicants, shape (len(rows),)."""
        return self._totals(self._bands(rows))

    def score_columns(self, columns: Sequence[Column]) -> Ints:
        """Points from training columns that hold every input of the scorecard."""
        by_name = {c.name: c for c in columns}
        return self._totals(np.column_stack([locator.of_column(by_name[name]) for name, locator, *_ in self._parts]))

    def probabilities(self, scores: Ints) -> Floats:
        """Calibrated probabilities of default, shape of the scores."""
        found: Floats = np.array(self._probability)[scores - self._lowest]
        return found

    def predict(self, inputs: Mapping[str, Any]) -> Assessment:
        """One applicant."""
        bands = [one(inputs.get(name)) for name, _, one, _ in self._parts]
        total = self.scorecard.base
        for at, (_, _, _, points) in zip(bands, self._parts, strict=True):
            total += points[at]
        return self._assess(inputs, bands, total, self._ordered(bands, total))

    def predict_many(self, rows: Sequence[Mapping[str, Any]]) -> list[Assessment]:
        """Many applicants, each exactly as `predict` answers."""
        found: list[Assessment] = []
        for first in range(0, len(rows), BATCH):
            part = rows[first : first + BATCH]
            bands = self._bands(part)
            totals = self._totals(bands).tolist()
            for inputs, placed, total in zip(part, bands.tolist(), totals, strict=True):
                found.append(self._assess(inputs, placed, total, self._ordered(placed, total)))
        return found

    def _bands(self, rows: Sequence[Mapping[str, Any]]) -> Ints:
        if not self._parts:
            return np.zeros((len(rows), 0), dtype=np.int64)
        return np.column_stack([loc.many([row.get(name) for row in rows]) for name, loc, *_ in self._parts])

    def _totals(self, bands: Ints) -> Ints:
        total = np.full(bands.shape[0], self.scorecard.base, dtype=np.int64)
        for at, (_, _, _, points) in enumerate(self._parts):
            total += np.array(points, dtype=np.int64)[bands[:, at]]
        return total

    def _ordered(self, bands: Sequence[int], total: int) -> list[Reason]:
        if total >= self.scorecard.cut_off:
            found = [r.gained[at] for r, at in zip(self._reasons, bands, strict=True)]
        else:
            found = [r.lost[at] for r, at in zip(self._reasons, bands, strict=True)]
        return sorted((r for r in found if r is not None), key=_weight)

    def _assess(self, inputs: Mapping[str, Any], bands: Sequence[int], total: int, ordered: list[Reason]) -> Assessment:
        approve = total >= self.scorecard.cut_off
        alternatives = () if approve else self._recourse(inputs, bands, total)
        reasons = tuple(ordered[:MOST]) if self._plain else top(ordered, self._families)
        if approve and not reasons:
            reasons = (reached(total, self.scorecard.cut_off),)
        stakes = inputs.get(self.scorecard.stakes) if self.scorecard.stakes else None
        return Assessment(
            approve=approve,
            probability=self._probability[total - self._lowest],
            score=float(total),
            cut_off=float(self.scorecard.cut_off),
            reasons=reasons,
            alternatives=alternatives,
            recourse="not_needed" if approve else "found" if alternatives else "none",
            unseen=self._unseen(inputs, bands),
            stakes_hkd=None if stakes is None else max(float(stakes), 0.0),
            explanation_id=EXPLANATION,
        )

    def _unseen(self, inputs: Mapping[str, Any], bands: Sequence[int]) -> tuple[str, ...]:
        return tuple(
            [
                name
                for (name, locator, _, _), at, never in zip(self._parts, bands, self._never_missing, strict=True)
                if (at == locator.missing and never) or (at == locator.other and locator.unseen(inputs.get(name)))
            ]
        )

    def _recourse(self, inputs: Mapping[str, Any], bands: Sequence[int], total: int) -> tuple[Alternative, ...]:
        choices = [options[at] for options, at in zip(self._options, bands, strict=True)]
        moves = fewest_moves(choices, self.scorecard.cut_off - total)
        if moves is None:
            return ()
        changes, reached = [], total
        for move in moves:
            c = self.scorecard.characteristics[move.at]
            old = inputs.get(c.name)
            changes.append(Change(input=c.name, old=old, new=nearest_value(c.binning, move.band, old)))
            reached += c.points[move.band] - c.points[bands[move.at]]
        return (Alternative(value="approve", changes=tuple(changes), score=float(reached)),)


def _weight(reason: Reason) -> float:
    return -reason.weight


def read(raw: bytes) -> ScorecardModel:
    """A model from its file; Problem ``model.invalid`` when it is none."""
    return ScorecardModel(card.load(raw), card.digest(raw))


formats.add(card.FORMAT, read)
