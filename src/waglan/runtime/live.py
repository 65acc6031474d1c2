"""The row of a decision that is being made: what the facts will show of it, where that is known already.

Made for the rules in force alone: one generated function that reads the fields that they name and no others, values
already in the form that closures take. `waglan.facts.schema` says what each field is; a property test holds the two
together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from waglan.core.decision import OPT_OUT_CONTROL, PRIVACY_CONTROL, Decision
from waglan.core.events import ModelRegistration, UseCaseRegistration
from waglan.core.finding import STRICTNESS, Finding, Verdict
from waglan.core.outcome import ModelUse

if TYPE_CHECKING:
    from waglan.facts.schema import Field


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


Row = Callable[[Known], dict[str, Any]]
RECORDING = frozenset({"leaf.index", "leaf.source", "leaf.n", "leaf.kid"})
"""Sources that exist only once the decision is on the log: no rule that gates can ask for them."""
_AWAITED = ("later.review.", "later.release.", "later.override.")


def row_of(wanted: Iterable[str]) -> Row:
    """The function that makes the row of a decision: the wanted fields that can be known by then.

    A value is None where it isn't known; a field that can't be known yet is absent, and one that says whether
    something came later is False.
    """
    from waglan.facts.schema import DECISIONS

    names = frozenset(wanted)
    parts = [(f.name, _source(f)) for f in DECISIONS if f.name in names and f.source not in RECORDING]
    body = ", ".join(f"{name!r}: {code}" for name, code in parts if code)
    needed = body + ("A_" if "M_" in body else "") + "D_ C_ O_"
    shared = [f"    {name} = {code}" for name, code in _SHARED if name in needed]
    text = "\n".join(["def row(K_):", *shared, f"    return {{{body}}}"])
    scope = dict(_HELPERS)
    exec(compile(text, "<row of a decision>", "exec"), scope)
    made: Row = scope["row"]
    return made


def unknowable() -> frozenset[str]:
    """Fields that nobody knows before the decision is on the log, and that no release fills in either."""
    from waglan.facts.schema import DECISIONS

    return frozenset(f.name for f in DECISIONS if f.source in RECORDING)


def awaited() -> frozenset[str]:
    """Fields that reviewing and releasing a decision fill in: who, when, how long, whether it was overridden."""
    from waglan.facts.schema import DECISIONS

    return frozenset(f.name for f in DECISIONS if f.source.startswith(_AWAITED)) | {"author"}


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


def _source(field: Field) -> str:
    """The Python that reads a field; empty for one that can't be known yet."""
    part, member = field.part, field.member
    text = field.type.name == "TEXT"
    match part:
        case "later":
            return "False" if member.endswith(".exists") else ""
        case "leaf" | "facts":
            return _OWN.get(member, "")
        case "use_case" | "model":
            name = {"use_case": "U_", "model": "M_"}[part]
            return f"({name} and {name}.{member}) or None" if text else f"{name}.{member} if {name} else None"
        case "asked":
            return f"(A_.{member} if A_ else None) or None"
        case "derived":
            return "_cross_border(D_.models)"
    return ""


def _answered(models: Sequence[ModelUse]) -> ModelUse | None:
    for use in reversed(models):
        if use.answered:
            return use
    return None


def _cross_border(models: Sequence[ModelUse]) -> bool | None:
    if not models:
        return None
    return any(m.region and m.region != "HK" and not at_home(m.region) for m in models)


def _controls(findings: Sequence[Finding], last: dict[str, str]) -> dict[str, str]:
    if len(last) == len(findings):
        return last
    return strictest([(f.control, f.verdict) for f in findings])


def _redacted(findings: Sequence[Finding], last: dict[str, str]) -> bool:
    return "redact" in last.values() and any(f.verdict is Verdict.REDACT and f.enforced for f in findings)


def _six(value: float | None) -> float | None:
    """Six digits, as the record keeps them; multiplied where that can't hit a tie, since formatting costs twice."""
    if value is None:
        return None
    millionths = value * 1e6
    if -_EXACT < millionths < _EXACT and -_CLEAR < millionths - (whole := round(millionths)) < _CLEAR:
        return whole / 1e6
    return float(round(value, 6))


def _cents(value: float | None) -> int | None:
    """Two digits, as the record keeps them."""
    if value is None:
        return None
    cents = value * 100.0
    if cents < _EXACT and -_CLEAR < cents - (whole := round(cents)) < _CLEAR:
        return whole
    return int(f"{value:.2f}".replace(".", ""))


_EXACT, _CLEAR = 1e14, 0.4
"""Below the first a product is off by less than 0.02; so far from a tie, rounding it gives what formatting gives."""
_SHARED: tuple[tuple[str, str], ...] = (
    ("D_", "K_.decision"),
    ("C_", "D_.case"),
    ("O_", "D_.outcome"),
    ("U_", "K_.use_case"),
    ("A_", "_answered(D_.models)"),
    ("M_", "K_.model(A_.id, A_.version) if A_ else None"),
    ("V_", "{f.control: f.verdict._value_ for f in D_.findings}"),
)
"""What several fields are read from, each made once."""
_HELPERS: Mapping[str, Any] = MappingProxyType(
    {f.__name__: f for f in (_answered, _cross_border, _controls, _redacted, _six, _cents)}
)
_CASE = ("use_case", "purpose", "channel", "language", "consent_ref", "notice_id", "source", "subject")
_TEXTS = (
    "id", "use_case_version", "policy_digest", "tier", "observed_tier", "oversight_level", "phase", "rules",
    "disclosure_id", "disclosure_lang",
)  # fmt: skip
_PLAIN = ("failover", "drill", "replay", "imported", "latency_us", "why")
_OWN: Mapping[str, str] = MappingProxyType(
    {
        **{name: f"C_.{name} or None" for name in _CASE},
        **{name: f"D_.{name} or None" for name in _TEXTS},
        **{name: f"D_.{name}" for name in _PLAIN},
        "source_seq": "C_.source_seq",
        "at_ms": "D_.decided_at",
        "tenant": "K_.tenant or None",
        "actor": "K_.actor or None",
        "route": "D_.route._value_",
        "data_classes": "K_.classes",
        "effect": "(O_ and O_.effect) or None",
        "explanation_id": "(O_ and O_.explanation_id) or None",
        "adverse": "O_.adverse if O_ else None",
        "confidence": "_six(O_.confidence) if O_ else None",
        "score": "_six(O_.score) if O_ else None",
        "stakes_hkd": "_cents(O_.stakes_hkd) if O_ else None",
        "reasons": "tuple([r.code for r in O_.reasons]) if O_ else ()",
        "citations": "len(O_.citations) if O_ else 0",
        "controls": "_controls(D_.findings, V_)",
        "opt_out": f"None if (W_ := V_.get({OPT_OUT_CONTROL!r})) is None else W_ != 'pass'",
        "pii_found": f"None if (W_ := V_.get({PRIVACY_CONTROL!r})) is None else W_ != 'pass'",
        "redacted": "_redacted(D_.findings, V_)",
    }
)
