"""Python's cyclic collector, set for a process that decides all day."""

from __future__ import annotations

import gc


def calm() -> None:
    """Look for cycles seldom, and never among what was there at the start.

    A decision makes dozens of small values and no cycles; with the interpreter's own thresholds a tenth of the
    processor goes into looking for some. Call it once, when everything is loaded, in processes that are ours. What is
    garbage by then stays: looking for it would touch, and so copy, every page that a worker shares with its parent.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
