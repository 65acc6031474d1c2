"""The record: one decision, whole (for the vault) and as facts (for the leaf and for rules)."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

import msgspec

from waglan.core.case import Case, Language
from waglan.core.entry import Entry
from waglan.core.events import Event
from waglan.core.finding import Finding, Verdict
from waglan.core.outcome import ModelUse, Outcome
from waglan.core.usecase import Oversight, Tier, UseCase

PRIVACY_CONTROL = "privacy.identifiers"
OPT_OUT_CONTROL = "people.opt_out"


class Route(StrEnum):
    """Where a decision goes. Only the runtime says so."""

    AUTO = "auto"
    HUMAN = "human"
    BLOCKED = "blocked"


class Decision(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What was asked, answered, seen by controls and done. Never updated.

    Attributes
    ----------
    id
        A ULID.
    case, outcome
        As the models saw it and as the use case answered; ``outcome`` is None when it gave no usable one.
    findings, control_us
        What each control saw, in order, and what each cost in microseconds.
    route, why
        Where it goes and the codes of what sent it there.
    models
        Every model asked, in order, answered or not.
    tier, observed_tier
        The risk tier that was acted on, and the one that recent decisions suggested, where that was computed.
    rules
        Digest of the set of rules in force, which names each rule's own (`waglan.core.events.RuleInForce`).
    policy_digest
        SHA-256 of the manifest in force.
    failover
        Whether a model other than the first of its slot answered.
    phase, drill, replay, imported
        What kind of decision it is; only a plain one counts as live evidence.
    disclosure_id, disclosure_lang
        What the customer was told, in which language.
    decided_at, latency_us
        Milliseconds since 1970 UTC, and microseconds from receipt to route.
    """

    id: str
    case: Case
    outcome: Outcome | None
    findings: tuple[Finding, ...]
    route: Route
    why: tuple[str, ...]
    use_case_version: str
    policy_digest: str
    tier: Tier
    oversight_level: Oversight
    phase: str
    models: tuple[ModelUse, ...] = ()
    control_us: tuple[int, ...] = ()
    failover: bool = False
    drill: bool = False
    replay: bool = False
    imported: bool = False
    disclosure_id: str = ""
    disclosure_lang: Language | None = None
    observed_tier: Tier | None = None
    rules: str = ""
    decided_at: int = 0
    latency_us: int = 0


class DecisionFacts(Event, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The public part of a decision's leaf: what rules and monitors read, without a word about the person.

    Decimals are text with six (score, confidence) or two (money) digits, times milliseconds since 1970 UTC. A
    member that is absent from a leaf has the default given here. ``controls`` holds name and verdict, ``models``
    id, version, digest, provider, region and whether it answered.
    """

    kind: ClassVar[str] = "decision"

    adverse: bool | None = None
    channel: str = ""
    citations: int = 0
    confidence: str | None = None
    consent_ref: str = ""
    controls: tuple[tuple[str, Verdict], ...] = ()
    data_classes: tuple[str, ...] = ()
    disclosure_id: str = ""
    disclosure_lang: Language | None = None
    drill: bool = False
    effect: str = ""
    explanation_id: str = ""
    failover: bool = False
    imported: bool = False
    language: Language | None = None
    latency_us: int = 0
    models: tuple[tuple[str, str, str, str, str, bool], ...] = ()
    notice_id: str = ""
    observed_tier: Tier | None = None
    opt_out: bool | None = None
    oversight_level: Oversight | None = None
    phase: str = ""
    pii_found: bool | None = None
    policy_digest: str = ""
    purpose: str = ""
    reasons: tuple[str, ...] = ()
    redacted: bool = False
    replay: bool = False
    route: Route | None = None
    rules: str = ""
    score: str | None = None
    source: str = ""
    source_seq: int | None = None
    stakes_hkd: str | None = None
    tier: Tier | None = None
    use_case: str = ""
    use_case_version: str = ""
    why: tuple[str, ...] = ()


_json = msgspec.json.Encoder(order="deterministic")


def _decimal(value: float | None, digits: int) -> str | None:
    return None if value is None else f"{value:.{digits}f}"


def _saw(verdict: Verdict | None) -> bool | None:
    """Whether a control found what it looks for; None when it didn't run."""
    return None if verdict is None else verdict is not Verdict.PASS


def facts(decision: Decision, classes: tuple[str, ...]) -> DecisionFacts:
    """The public part of a decision; ``classes`` are its manifest's `data_classes`."""
    case, outcome, findings = decision.case, decision.outcome, decision.findings
    verdicts = tuple([(f.control, f.verdict) for f in findings])
    seen = dict(verdicts)
    redacted = Verdict.REDACT in seen.values() and any(f.verdict is Verdict.REDACT and f.enforced for f in findings)
    return DecisionFacts(
        adverse=None if outcome is None else outcome.adverse,
        channel=case.channel,
        citations=0 if outcome is None else len(outcome.citations),
        confidence=None if outcome is None else _decimal(outcome.confidence, 6),
        consent_ref=case.consent_ref,
        controls=verdicts,
        data_classes=classes,
        disclosure_id=decision.disclosure_id,
        disclosure_lang=decision.disclosure_lang,
        drill=decision.drill,
        effect="" if outcome is None else outcome.effect,
        explanation_id="" if outcome is None else outcome.explanation_id,
        failover=decision.failover,
        imported=decision.imported,
        language=case.language,
        latency_us=decision.latency_us,
        models=tuple([(m.id, m.version, m.digest, m.provider, m.region, m.answered) for m in decision.models]),
        notice_id=case.notice_id,
        observed_tier=decision.observed_tier,
        opt_out=_saw(seen.get(OPT_OUT_CONTROL)),
        oversight_level=decision.oversight_level,
        phase=decision.phase,
        pii_found=_saw(seen.get(PRIVACY_CONTROL)),
        policy_digest=decision.policy_digest,
        purpose=case.purpose,
        reasons=() if outcome is None else tuple([r.code for r in outcome.reasons]),
        redacted=redacted,
        replay=decision.replay,
        route=decision.route,
        rules=decision.rules,
        score=None if outcome is None else _decimal(outcome.score, 6),
        source=case.source,
        source_seq=case.source_seq,
        stakes_hkd=None if outcome is None else _decimal(outcome.stakes_hkd, 2),
        tier=decision.tier,
        use_case=case.use_case,
        use_case_version=decision.use_case_version,
        why=decision.why,
    )


def data_classes(manifest: UseCase) -> tuple[str, ...]:
    """The classes of data that the manifest's features and asides belong to, sorted."""
    return tuple(sorted({i.data_class for i in manifest.inputs.values() if i.role != "unused"}))


class Private(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What the vault keeps of a decision under the name ``out``; ``in`` holds the case's inputs and aside."""

    control_us: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()
    models: tuple[ModelUse, ...] = ()
    outcome: Outcome | None = None


def encode_inputs(case: Case) -> bytes:
    """The private part ``in``. Encoded before a plug-in sees the case, so that none can rewrite what it was asked."""
    return _json.encode({"aside": case.aside, "inputs": case.inputs})


def entry(decision: Decision, classes: tuple[str, ...], inputs: bytes, actor: str = "") -> Entry:
    """The decision as it goes to the log: facts in the leaf, ``in`` and ``out`` for the vault.

    Parameters
    ----------
    decision
        The decision, its outcome checked by `outcome.fault`.
    classes
        The manifest's `data_classes`.
    inputs
        What `encode_inputs` gave.
    actor
        Who or what asked.
    """
    out = Private(
        control_us=decision.control_us, findings=decision.findings, models=decision.models, outcome=decision.outcome
    )
    return Entry(
        id=decision.id,
        kind=DecisionFacts.kind,
        at_ms=decision.decided_at,
        facts=facts(decision, classes),
        subject=decision.case.subject,
        private={"in": inputs, "out": _json.encode(out)},
        actor=actor,
    )
