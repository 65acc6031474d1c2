"""The rules' last word: an answer that a person lets go is shown to those that block, with who reviewed it.

What was known when the decision was made comes from its leaf, and from the registers as they stood before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from waglan.core.decision import DecisionFacts
from waglan.core.events import RuleInForce
from waglan.core.finding import Verdict
from waglan.rules import row
from waglan.runtime.gates import schema
from waglan.runtime.live import at_home, strictest
from waglan.runtime.registers import LogRegisters


class Leaving(NamedTuple):
    """What is about to leave, and by whose hands. Times are milliseconds since 1970 UTC.

    Attributes
    ----------
    effect, adverse
        Of the answer as it leaves, which a person may have changed.
    reviewer, reviewed_at, review_seconds
        Whose verdict it is, when it was given, and how long it took.
    approver, released_at
        Who lets it go, and when.
    override, corrected
        Whether it isn't the use case's own answer, and whether the record was corrected.
    """

    effect: str
    adverse: bool | None
    reviewer: str
    reviewed_at: int
    review_seconds: float | None
    approver: str
    released_at: int
    override: bool
    corrected: bool = False


def breaking(registers: LogRegisters, index: int, leaf: Mapping[str, Any], leaving: Leaving) -> tuple[RuleInForce, ...]:
    """Rules of gate ``block`` that don't let an answer out.

    Parameters
    ----------
    registers
        What is in force.
    index, leaf
        The decision's place in the log, and its leaf.
    leaving
        The answer as it would leave.
    """
    rules = registers.rules
    if not rules.gating:
        return ()
    return rules.refusing(recorded_row(registers, index, leaf, leaving), leaving.released_at)


def recorded_row(
    registers: LogRegisters, index: int, leaf: Mapping[str, Any], leaving: Leaving | None = None
) -> dict[str, Any]:
    """The row of a decision on the log, as rules take it."""
    from waglan.facts.schema import DECISIONS

    facts = msgspec.convert(leaf.get("facts", {}), DecisionFacts)
    asked = next((m for m in reversed(facts.models) if m[5]), None)
    model = registers.model_before(asked[0], asked[1], index) if asked else None
    use_case = registers.use_case_before(facts.policy_digest, index)
    own = msgspec.structs.asdict(facts)
    own["controls"] = strictest([(name, Verdict(verdict)) for name, verdict in facts.controls])
    parts: dict[str, Mapping[str, Any]] = {
        "leaf": {**leaf, "index": index},
        "facts": own,
        "use_case": {} if use_case is None else msgspec.structs.asdict(use_case),
        "asked": dict(zip(("id", "version", "digest", "provider", "region"), asked, strict=False)) if asked else {},
        "model": {} if model is None else msgspec.structs.asdict(model),
        "derived": {"cross_border": any(m[4] and not at_home(m[4]) for m in facts.models) if facts.models else None},
    }
    values = {f.name: parts[f.part].get(f.member) for f in DECISIONS if f.part in parts}
    said = {name: value for name, value in values.items() if value != ""}
    return row({**said, **_later(leaving)}, schema())


def _later(leaving: Leaving | None) -> dict[str, Any]:
    if leaving is None:
        return {"erased": False, "override": False, "corrected": False}
    given = {name: value for name, value in leaving._asdict().items() if value != ""}
    return {"erased": False, "first_reviewed_at": leaving.reviewed_at, **given}
