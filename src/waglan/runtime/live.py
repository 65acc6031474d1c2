"""The row of a decision that is being made: what the facts will show of it, where that is known already.

Made for the rules in force alone: one small function per field that they read, values already in the form that
closures take. `waglan.facts.schema` says what each field is; a property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from waglan.core.decision import OPT_OUT_CONTROL, PRIVACY_CONTROL, Decision
from waglan.core.events import ModelRegistration, UseCaseRegistration
from waglan.core.finding import STRICTNESS, Finding, Verdict
from waglan.core.outcome import ModelUse


class Known(NamedTuple):
    """What is known of a decision before it is recorded.

    Attributes
    ----------
    decision
        With the route as far as it is known.
    classes
        Its manifest's data classes.
    tenant, actor
        Whose log it goes to, and who asked.
    use_case
        The registration of its manifest; None before there is one.
    model
        Gives the newest registration of a model's version.
    """

    decision: Decision
    classes: tuple[str, ...]
    tenant: str
    actor: str
    use_case: UseCaseRegistration | None
    model: Callable[[str, str], ModelRegistration | None]


Getter = Callable[[Known], Any]
RECORDING = frozenset({"leaf.index", "leaf.source", "leaf.n", "leaf.kid"})
"""Sources that exist only once the decision is on the log: no rule that gates can ask for them."""


class Rows:
    """Makes rows of the fields that are wanted.

    Parameters
    ----------
    wanted
        Names of fields of the table ``decisions``.
    """

    def __init__(self, wanted: Iterable[str]) -> None:
        from waglan.facts.schema import DECISIONS

        names = frozenset(wanted)
        found = [(f.name, _getter(f.part, f.member)) for f in DECISIONS if f.name in names - unknowable()]
        self._getters = tuple([(name, get) for name, get in found if get is not None])

    def row(self, known: Known) -> dict[str, Any]:
        """The values of one decision, None where a value isn't known; a field that can't be known yet is absent."""
        return {name: get(known) for name, get in self._getters}


def unknowable() -> frozenset[str]:
    """Fields that nobody knows before the decision is on the log, and that say nothing of what is released either."""
    from waglan.facts.schema import DECISIONS

    return frozenset(f.name for f in DECISIONS if f.source in RECORDING)


def awaited() -> frozenset[str]:
    """Fields that reviewing and releasing a decision fill in: who, when, how long, whether it was overridden."""
    from waglan.facts.schema import DECISIONS

    kinds = ("later.review.", "later.release.", "later.override.")
    return frozenset(f.name for f in DECISIONS if f.source.startswith(kinds)) | {"author"}


def _getter(part: str, member: str) -> Getter | None:
    if part == "later":
        return _false if member.endswith(".exists") else None
    if part in ("leaf", "facts"):
        return _OWN.get(member) or _IRREGULAR.get(member)
    if part == "use_case":
        return lambda k: _said(getattr(k.use_case, member, None))
    if part == "asked":
        return _asked(member, empty=member in ("provider", "region"))
    if part == "model":
        return lambda k: _said(getattr(_registration(k), member, None))
    return _cross_border if part == "derived" else None


def _said(value: Any) -> Any:
    """Empty text says nothing."""
    return None if value == "" else value


def _false(_: Known) -> bool:
    return False


def _answered(known: Known) -> ModelUse | None:
    for use in reversed(known.decision.models):
        if use.answered:
            return use
    return None


def _asked(member: str, *, empty: bool) -> Getter:
    if empty:
        return lambda k: _said(getattr(_answered(k), member, None))
    return lambda k: getattr(_answered(k), member, None)


def _registration(known: Known) -> ModelRegistration | None:
    use = _answered(known)
    return None if use is None else known.model(use.id, use.version)


def _cross_border(known: Known) -> bool | None:
    models = known.decision.models
    if not models:
        return None
    return any(m.region and not at_home(m.region) for m in models)


def at_home(region: str) -> bool:
    """Whether a region is Hong Kong."""
    upper = region.upper()
    return upper == "HK" or upper.startswith("HK-")


def strictest(findings: Iterable[tuple[str, Verdict]]) -> dict[str, str]:
    """Verdict by control, the strictest where one spoke twice."""
    found: dict[str, Verdict] = {}
    for name, verdict in findings:
        if name not in found or STRICTNESS[verdict] > STRICTNESS[found[name]]:
            found[name] = verdict
    return {name: verdict.value for name, verdict in found.items()}


def _controls(known: Known) -> dict[str, str]:
    return strictest([(f.control, f.verdict) for f in known.decision.findings])


def _last(findings: Iterable[Finding]) -> dict[str, Verdict]:
    return {f.control: f.verdict for f in findings}


def _saw(control: str) -> Getter:
    """Whether a control found what it looks for, None when it didn't run."""

    def get(known: Known) -> bool | None:
        verdict = None
        for finding in known.decision.findings:
            if finding.control == control:
                verdict = finding.verdict
        return None if verdict is None else verdict is not Verdict.PASS

    return get


def _redacted(known: Known) -> bool:
    findings = known.decision.findings
    if not any(f.verdict is Verdict.REDACT and f.enforced for f in findings):
        return False
    return Verdict.REDACT in _last(findings).values()


def _number(member: str) -> Getter:
    """Six digits, as the record keeps them."""

    def get(known: Known) -> float | None:
        outcome = known.decision.outcome
        value = None if outcome is None else getattr(outcome, member)
        return None if value is None else float(round(value, 6))

    return get


def _stakes(known: Known) -> int | None:
    outcome = known.decision.outcome
    if outcome is None or outcome.stakes_hkd is None:
        return None
    text = f"{outcome.stakes_hkd:.2f}"
    return int(text[:-3] + text[-2:])


def _of_outcome(member: str, otherwise: Any = None) -> Getter:
    def get(known: Known) -> Any:
        outcome = known.decision.outcome
        return otherwise if outcome is None else _said(getattr(outcome, member))

    return get


def _of_case(member: str) -> Getter:
    return lambda k: _said(getattr(k.decision.case, member))


def _of_decision(member: str) -> Getter:
    return lambda k: _said(getattr(k.decision, member))


def _citations(known: Known) -> int:
    outcome = known.decision.outcome
    return 0 if outcome is None else len(outcome.citations)


def _reasons(known: Known) -> tuple[str, ...]:
    outcome = known.decision.outcome
    return () if outcome is None else tuple([r.code for r in outcome.reasons])


_OWN: Mapping[str, Getter] = MappingProxyType(
    {
        **{name: _of_case(name) for name in (
            "use_case", "purpose", "channel", "language", "consent_ref", "notice_id", "source", "source_seq", "subject",
        )},
        **{name: _of_decision(name) for name in (
            "id", "use_case_version", "policy_digest", "tier", "observed_tier", "oversight_level", "phase", "rules",
            "disclosure_id", "disclosure_lang", "failover", "drill", "replay", "imported", "latency_us", "why",
        )},
        **{name: _of_outcome(name) for name in ("effect", "adverse", "explanation_id")},
        "confidence": _number("confidence"),
        "score": _number("score"),
    }
)  # fmt: skip
_IRREGULAR: Mapping[str, Getter] = MappingProxyType(
    {
        "at_ms": lambda k: k.decision.decided_at,
        "tenant": lambda k: _said(k.tenant),
        "actor": lambda k: _said(k.actor),
        "route": lambda k: k.decision.route.value,
        "data_classes": lambda k: k.classes,
        "controls": _controls,
        "opt_out": _saw(OPT_OUT_CONTROL),
        "pii_found": _saw(PRIVACY_CONTROL),
        "redacted": _redacted,
        "reasons": _reasons,
        "citations": _citations,
        "stakes_hkd": _stakes,
    }
)
