"""Decisions that were made elsewhere: recorded as imported, never counted as live."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from waglan.core.case import Case
from waglan.core.decision import Decision, data_classes, encode_inputs, entry
from waglan.core.entry import Entry, event
from waglan.core.events import OutcomeLabel
from waglan.core.ids import Ids
from waglan.core.outcome import ModelUse, Outcome, Reason
from waglan.runtime.catalogue import Loaded
from waglan.runtime.route import route
from waglan.runtime.rows.mapping import PastDecision

CHANNEL = "import"


def past_entries(
    loaded: Loaded, past: Sequence[PastDecision], ids: Ids, now_ms: int, pseudonym: Callable[[str], str]
) -> list[Entry]:
    """The entries of past decisions, each followed by its label where one is known.

    Parameters
    ----------
    loaded
        The use case they belong to.
    past
        As the mapping read and checked them.
    ids, now_ms
        Ids are of the time of import; when the decision was made stands in ``at_ms``.
    pseudonym
        The vault's.
    """
    classes = data_classes(loaded.manifest)
    entries: list[Entry] = []
    for each in past:
        decision = _decision(loaded, each, ids.new(now_ms), pseudonym(each.subject) if each.subject else "")
        entries.append(entry(decision, classes, encode_inputs(decision.case), CHANNEL))
        if each.label is not None:
            label = OutcomeLabel(label=each.label, label_at=each.label_at or each.decided_at)
            entries.append(event(ids.new(now_ms), now_ms, label, refs=(decision.id,), actor=CHANNEL))
    return entries


def _decision(loaded: Loaded, past: PastDecision, decision_id: str, subject: str) -> Decision:
    manifest = loaded.manifest
    outcome = Outcome(
        value=past.value if past.value is not None else past.effect,
        effect=past.effect,
        adverse=past.adverse,
        confidence=past.confidence,
        score=past.score,
        reasons=tuple(Reason(code=code) for code in past.reasons),
    )
    routed = route((), outcome, "", manifest)
    model = ModelUse(slot=CHANNEL, id=past.model_id, version=past.model_version, digest="")
    return Decision(
        id=decision_id,
        case=Case(
            use_case=manifest.name,
            inputs=past.inputs,
            subject=subject,
            aside=past.aside,
            purpose=manifest.purposes[0],
            channel=CHANNEL,
            received_at=past.decided_at,
        ),
        outcome=outcome,
        findings=(),
        route=past.route or routed.route,
        why=() if past.route else routed.why,
        use_case_version=manifest.version,
        policy_digest=loaded.digest,
        tier=manifest.tier,
        oversight_level=routed.oversight,
        phase=manifest.phase,
        models=(model,) if past.model_id else (),
        imported=True,
        decided_at=past.decided_at,
    )
