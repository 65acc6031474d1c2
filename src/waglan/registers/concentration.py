"""How much of what is decided hangs on few suppliers: the Herfindahl-Hirschman index over decisions.

References
----------
Hirschman, A. O. (1964), *The Paternity of an Index*; FSTB policy statement (2024), on few providers and herding.
"""

from __future__ import annotations

from collections import Counter
from typing import Literal, NamedTuple

from waglan.registers.book import Book


class Concentration(NamedTuple):
    """Shares of the last 30 days' answered live decisions by supplier, largest first, and the sum of their squares.

    ``hhi`` is 1 where one supplier answers all, 1/n where n answer alike, None without decisions. Own models, and
    those whose supplier nobody registered, count as one supplier with an empty name.
    """

    hhi: float | None
    shares: tuple[tuple[str, int, float], ...]


def concentration(book: Book, by: Literal["vendor", "provider"] = "vendor") -> Concentration:
    """Decisions by the vendor that supplied the answering model, or by the provider that runs it."""
    of = {(m.facts.id, m.facts.version): str(getattr(m.facts, by)) for m in book.models}
    counted: Counter[str] = Counter()
    for model, span in book.usage.models.items():
        if span.recent:
            counted[of.get(model, "")] += span.recent
    total = counted.total()
    shares = tuple([(name, n, n / total) for name, n in sorted(counted.items(), key=lambda each: (-each[1], each[0]))])
    return Concentration(sum(share * share for _, _, share in shares) if total else None, shares)
