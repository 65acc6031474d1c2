"""Exact recourse: the smallest allowed set of changes that turns a decline.

A scorecard is a sum of whole points, so the question is a small integer programme: choose at most one better band per
input so that the gains reach the shortfall. Solved exactly – first the fewest inputs, then, among all sets of that
many, the least points beyond the cut-off; ties go to the inputs that stand first. Reachable sums are bits of one
integer per count of inputs, so a step is a shift and an or.

References
----------
Ustun, Spangher & Liu (2019), *Actionable Recourse in Linear Classification*; Pisinger (1999) for word-parallel
subset sums.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from waglan.kit.scorecard.binning import Band, Binning
from waglan.kit.scorecard.reasons import is_target
from waglan.kit.scorecard.scorecard import Characteristic


class Option(NamedTuple):
    """Points gained by moving to a band."""

    gain: int
    band: int


class Move(NamedTuple):
    """One input (position in the scorecard) moved to one of its bands."""

    at: int
    band: int


def options(characteristic: Characteristic) -> tuple[tuple[Option, ...], ...]:
    """For each present band the better bands that its owner may be asked to reach, one per gain, nearest first.

    Ordered inputs move up or down as ``change`` says; a missing value or a code has no place in that order, so it
    moves only where any change is allowed. Missing, pooled and special bands are never proposed.
    """
    bands, points, change = characteristic.binning.bands, characteristic.points, characteristic.change
    return tuple(
        ()
        if change == "fixed"
        else _distinct(
            [
                Option(points[to] - points[now], to)
                for to in sorted(range(len(bands)), key=lambda b, now=now: abs(b - now))  # type: ignore[misc]
                if points[to] > points[now] and is_target(bands[to]) and _allowed(bands[now], now, to, change)
            ]
        )
        for now in range(len(bands))
    )


def _allowed(now: Band, at: int, to: int, change: str) -> bool:
    if change == "any":
        return True
    if now.role != "range":
        return False
    return to > at if change == "increase" else to < at


def _distinct(found: list[Option]) -> tuple[Option, ...]:
    first: dict[int, Option] = {}
    for option in found:
        first.setdefault(option.gain, option)
    return tuple(sorted(first.values()))


def fewest_moves(choices: Sequence[Sequence[Option]], shortfall: int) -> tuple[Move, ...] | None:
    """The best moves, or None when no allowed set of them reaches the cut-off.

    Parameters
    ----------
    choices
        Per input the options that its owner has, by rising gain; empty where it can't change.
    shortfall
        Points missing to the cut-off, at least 1.
    """
    movable = [(at, opts) for at, opts in enumerate(choices) if opts]
    count, reached = 0, 0
    for best in sorted((opts[-1].gain for _, opts in movable), reverse=True):
        count, reached = count + 1, reached + best
        if reached >= shortfall:
            break
    if reached < shortfall:
        return None
    if count == 1:
        _, at, band = min((o.gain, at, o.band) for at, opts in movable for o in opts if o.gain >= shortfall)
        return (Move(at, band),)
    tables = _reachable(movable, count)
    beyond = tables[-1][count] >> shortfall
    total = shortfall + (beyond & -beyond).bit_length() - 1
    return _trace(movable, tables, count, total)


def _reachable(movable: Sequence[tuple[int, Sequence[Option]]], count: int) -> list[list[int]]:
    """After each input: for 0..count moves the sums that can be reached, as the bits of an integer."""
    now = [1] + [0] * count
    tables = [now]
    for _, opts in movable:
        grown = now[:]
        for moves in range(1, count + 1):
            before = now[moves - 1]
            if before:
                sums = now[moves]
                for option in opts:
                    sums |= before << option.gain
                grown[moves] = sums
        tables.append(grown)
        now = grown
    return tables


def _trace(
    movable: Sequence[tuple[int, Sequence[Option]]], tables: list[list[int]], count: int, total: int
) -> tuple[Move, ...]:
    moves: list[Move] = []
    for at in range(len(movable), 0, -1):
        before = tables[at - 1]
        if before[count] >> total & 1:
            continue
        place, opts = movable[at - 1]
        option = next(o for o in opts if total >= o.gain and before[count - 1] >> (total - o.gain) & 1)
        moves.append(Move(place, option.band))
        count, total = count - 1, total - option.gain
    return tuple(reversed(moves))


def nearest_value(binning: Binning, band: int, old: Any) -> Any:
    """The value of a band that lies nearest to the old one, as JSON of the input's type.

    Going up it is the band's lower limit; going down the largest whole number below its upper limit, or for other
    numbers the largest that training saw there; for categories the most frequent one.
    """
    to = binning.bands[band]
    if binning.kind == "boolean":
        return to.values[0] == "true"
    if binning.kind == "category":
        return to.values[0]
    up = old is None or math.isnan(old) or (to.low is not None and old < to.low)
    if up:
        value = to.low if to.low is not None else to.most
    elif binning.kind == "integer":
        value = None if to.high is None else float(math.ceil(to.high) - 1)
    else:
        value = to.most
    if value is None:
        value = to.least if to.least is not None else 0.0
    return int(value) if binning.kind == "integer" else value
