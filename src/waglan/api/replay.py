"""A recorded decision back to the reply its caller got."""

from __future__ import annotations

import msgspec

from waglan.api import problems
from waglan.core import Case, Decision, Language, Problem, Route
from waglan.core.decision import Private
from waglan.core.usecase import Oversight, Tier
from waglan.runtime import Reply, Workspace


class _Facts(msgspec.Struct):
    use_case: str
    use_case_version: str
    policy_digest: str
    route: Route
    tier: Tier
    oversight_level: Oversight
    phase: str
    language: Language = "en"
    why: tuple[str, ...] = ()
    disclosure_id: str = ""
    disclosure_lang: Language | None = None


class _Leaf(msgspec.Struct):
    at_ms: int
    facts: _Facts


def reply_again(workspace: Workspace, entry_id: str) -> Reply:
    """The reply of an earlier decision, read from ledger and vault.

    Raises
    ------
    Problem
        410 when its personal data was erased; ``ledger.unavailable`` when the log can't be read.
    """
    ledger = workspace.ledger
    index = ledger.find(entry_id)
    if index is None:
        raise problems.no_decision(entry_id)
    leaf = msgspec.convert(ledger.leaf(index), _Leaf)
    facts = leaf.facts
    try:
        private = msgspec.json.decode(ledger.opened(index)["out"], type=Private)
    except Problem as problem:
        if problem.code != "vault.erased":
            raise
        raise problems.gone(entry_id) from None
    loaded = workspace.catalogue.get(facts.use_case)
    decision = Decision(
        id=entry_id,
        case=Case(use_case=facts.use_case, inputs={}, language=facts.language),
        outcome=private.outcome,
        findings=private.findings,
        route=facts.route,
        why=facts.why,
        use_case_version=facts.use_case_version,
        policy_digest=facts.policy_digest,
        tier=facts.tier,
        oversight_level=facts.oversight_level,
        phase=facts.phase,
        disclosure_id=facts.disclosure_id,
        disclosure_lang=facts.disclosure_lang,
        decided_at=leaf.at_ms,
    )
    return Reply(decision=decision, index=index, manifest=loaded.manifest)
