"""The states of a review, and the only ways from one to another."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where a review stands.

    ``LEASED`` is never stored: it is how ``OPEN`` or ``RETURNED`` looks while somebody has the case in hand.
    """

    OPEN = "open"
    LEASED = "leased"
    JUDGED = "judged"
    RETURNED = "returned"
    RELEASED = "released"
    DONE = "done"
    VOID = "void"


class Move(StrEnum):
    """What happens to a review."""

    JUDGE = "judge"
    CONCLUDE = "conclude"
    RELEASE = "release"
    REOPEN = "reopen"
    RETURN = "return"
    ANSWER = "answer"
    ERASE = "erase"


S, M = State, Move
MOVES = MappingProxyType(
    {
        **{(state, M.JUDGE): S.JUDGED for state in (S.OPEN, S.RETURNED)},
        **{(state, M.ANSWER): S.DONE for state in (S.OPEN, S.RETURNED, S.RELEASED)},
        **{(state, M.ERASE): S.VOID for state in (S.OPEN, S.RETURNED, S.JUDGED, S.RELEASED)},
        (S.JUDGED, M.CONCLUDE): S.DONE,
        (S.JUDGED, M.RELEASE): S.RELEASED,
        (S.JUDGED, M.REOPEN): S.OPEN,
        (S.JUDGED, M.RETURN): S.RETURNED,
    }
)
WAITING = frozenset((State.OPEN, State.RETURNED))
"""The states on the log in which somebody may take it."""


def moved(state: State, move: Move) -> State | None:
    """The state after a move, or None when it isn't possible."""
    return MOVES.get((state, move))
