"""The decider: asks the credit model once and says what its answer does to the applicant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from waglan.core import Case, Kit, Outcome
from waglan.kit.scorecard import Assessment

SLOT = "score"
MOST_FLAGS = 8


class Credit:
    """Approves at or above the model's cut-off, declines below it.

    It works with any manifest whose slot ``score`` holds models that answer with an `Assessment` (or JSON of it): the
    shipped one, or one that ``waglan credit train`` wrote for a firm's own columns.
    """

    inline = True

    async def decide(self, case: Case, kit: Kit) -> Outcome:
        """One application."""
        return outcome(await kit.model(SLOT, case.inputs))

    async def decide_many(self, cases: Sequence[Case], kit: Kit) -> list[Outcome]:
        """Many applications, each with the outcome that `decide` gives."""
        return [outcome(answer) for answer in await kit.model_many(SLOT, [case.inputs for case in cases])]


def outcome(answer: Any) -> Outcome:
    """An assessment as an outcome.

    The confidence is the probability that the answer turns out right: of repayment for an approval, of default for a
    decline. A value that training never saw, and a decline that no allowed change can turn, are flagged.
    """
    found = answer if isinstance(answer, Assessment) else msgspec.convert(answer, Assessment)
    flags = [f"unseen.{name[:80]}" for name in found.unseen[:MOST_FLAGS]]
    if found.recourse == "none":
        flags.append("recourse.none")
    return Outcome(
        value="approve" if found.approve else "decline",
        effect="approve" if found.approve else "decline",
        adverse=not found.approve,
        confidence=1.0 - found.probability if found.approve else found.probability,
        score=found.score,
        reasons=found.reasons,
        stakes_hkd=found.stakes_hkd,
        flags=tuple(flags),
        alternatives=found.alternatives,
        explanation_id=found.explanation_id,
    )
