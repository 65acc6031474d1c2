"""Who may do what: one table, denied by default.

A rule lets one role do some actions to the kinds of things they are about, under one condition. Whatever no rule
allows is denied, another institution's things aren't there at all, and an access that has ended allows nothing.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal, NamedTuple

import msgspec

from waglan.access import refusals
from waglan.access.action import Action
from waglan.access.identity import Identity, Role

When = Literal["any", "own", "other", "apart", "scope", "local"]
CONDITIONS: MappingProxyType[When, str] = MappingProxyType(
    {
        "any": "everything of that kind in the institution",
        "own": "only what they made themselves, or what is their firm's",
        "other": "only what somebody else made",
        "apart": "only what somebody else made and somebody else judged",
        "scope": "only actions among the key's scopes",
        "local": "whoever has the files",
    }
)


class Resource(msgspec.Struct, frozen=True):
    """The thing that something is done to.

    Attributes
    ----------
    kind
        One of `waglan.access.KINDS`.
    tenant
        Whose it is.
    author
        The actor who made it (``p-…``, ``k-…``, ``cli``), or ``vendor:…`` for a vendor's model; empty when nobody.
    reviewer
        Who judged it, where a second pair of eyes is needed; empty where one is enough.
    """

    kind: str
    tenant: str
    author: str = ""
    reviewer: str = ""


class Rule(NamedTuple):
    """A row of the table: the role may do the actions when the condition holds."""

    id: str
    role: Role
    actions: tuple[Action, ...]
    when: When


class Ruling(NamedTuple):
    """Whether it is allowed, by which rule, and a sentence on why."""

    allowed: bool
    rule: str
    why: str


A = Action
_LOOK = (
    A.USE_CASE_READ, A.MODEL_READ, A.CONTROL_READ, A.LEDGER_READ, A.REGISTER_READ, A.INCIDENT_READ, A.RULE_READ,
    A.EVIDENCE_READ,
)  # fmt: skip
_SUPERVISE = (
    A.DECISION_READ, A.DECISION_READ_PRIVATE, A.REVIEW_READ, A.ATTENTION_READ, A.SUBJECT_FIND, *_LOOK, A.LEDGER_EXPORT,
    A.EVIDENCE_EXPORT, A.PERSON_READ, A.SETTINGS_READ, A.METRICS_READ,
)  # fmt: skip
_MACHINE = (
    A.DECISION_MAKE, A.DECISION_READ, A.DECISION_READ_PRIVATE, A.REVIEW_READ, A.REQUEST_OPEN, A.SUBJECT_OPT_OUT,
    A.USE_CASE_READ, A.USE_CASE_TRY, A.MODEL_READ, A.CONTROL_READ, A.LEDGER_READ, A.LEDGER_EXPORT, A.METRICS_READ,
    A.EVIDENCE_READ, A.INCIDENT_READ, A.INCIDENT_OPEN, A.SUSPENSION_BEGIN,
)  # fmt: skip

TABLE: tuple[Rule, ...] = (
    Rule(
        "admin.runs", "admin", (A.PERSON_READ, A.PERSON_MANAGE, A.KEY_MANAGE, A.SETTINGS_READ, A.SETTINGS_MANAGE), "any"
    ),
    Rule("admin.looks", "admin", (A.DECISION_READ, *_LOOK, A.METRICS_READ), "any"),
    Rule("admin.keeps_data", "admin", (A.SUBJECT_FIND, A.SUBJECT_OPT_OUT, A.SUBJECT_HOLD, A.SUBJECT_ERASE), "any"),
    Rule("admin.contains", "admin", (A.INCIDENT_OPEN, A.INCIDENT_ACT, A.SUSPENSION_BEGIN, A.DRILL_RUN), "any"),
    Rule("admin.keeps_registers", "admin", (A.REGISTER_KEEP, A.EVIDENCE_EXPORT), "any"),
    Rule("developer.looks", "developer", (A.DECISION_READ, *_LOOK, A.METRICS_READ), "any"),
    Rule("developer.builds", "developer", (A.USE_CASE_TRY, A.MODEL_REGISTER, A.MODEL_WITHDRAW, A.CONTROL_TEST), "any"),
    Rule("developer.proposes", "developer", (A.REGISTER_KEEP, A.RULE_PROPOSE, A.TIER_RAISE), "any"),
    Rule("developer.contains", "developer", (A.INCIDENT_OPEN, A.INCIDENT_ACT, A.SUSPENSION_BEGIN, A.DRILL_RUN), "any"),
    Rule("provider.own_models", "provider", (A.MODEL_READ,), "own"),
    Rule("user.decides", "user", (A.DECISION_MAKE, A.USE_CASE_TRY), "any"),
    Rule("user.looks", "user", (A.DECISION_READ, *_LOOK), "any"),
    Rule("user.own_cases", "user", (A.DECISION_READ_PRIVATE,), "own"),
    Rule("user.serves", "user", (A.REQUEST_OPEN, A.SUBJECT_FIND, A.SUBJECT_OPT_OUT, A.INCIDENT_OPEN), "any"),
    Rule("reviewer.looks", "reviewer", (A.DECISION_READ, A.DECISION_READ_PRIVATE, A.REVIEW_READ, *_LOOK), "any"),
    Rule("reviewer.judges", "reviewer", (A.REVIEW_TAKE, A.REVIEW_JUDGE), "other"),
    Rule("reviewer.answers", "reviewer", (A.REQUEST_ANSWER,), "apart"),
    Rule("reviewer.opens", "reviewer", (A.REQUEST_OPEN, A.INCIDENT_OPEN, A.SUSPENSION_BEGIN), "any"),
    Rule("reviewer.own_attention", "reviewer", (A.ATTENTION_READ,), "own"),
    Rule("approver.looks", "approver", (A.DECISION_READ, A.DECISION_READ_PRIVATE, A.REVIEW_READ, *_LOOK), "any"),
    Rule("approver.releases", "approver", (A.REVIEW_RELEASE,), "apart"),
    Rule("approver.changes", "approver", (A.DECISION_OVERRIDE, A.DECISION_CORRECT), "other"),
    Rule("approver.answers", "approver", (A.REQUEST_ANSWER,), "apart"),
    Rule("approver.opens", "approver", (A.REQUEST_OPEN,), "any"),
    Rule("approver.keeps", "approver", (A.REGISTER_KEEP, A.RULE_PROPOSE, A.TIER_RAISE, A.EVIDENCE_EXPORT), "any"),
    Rule("approver.contains", "approver", (A.INCIDENT_OPEN, A.INCIDENT_ACT, A.SUSPENSION_BEGIN, A.DRILL_RUN), "any"),
    Rule("approver.resumes", "approver", (A.SUSPENSION_END,), "other"),
    Rule("approver.second", "approver", (A.RULE_RELEASE, A.TIER_LOWER), "other"),
    Rule("approver.answers_for", "approver", (A.CLAUSE_VERIFY, A.CLAUSE_ATTEST), "any"),
    Rule("approver.measures", "approver", (A.ATTENTION_READ, A.ATTENTION_SEED, A.METRICS_READ), "any"),
    Rule("auditor.reads", "auditor", _SUPERVISE, "any"),
    Rule("examiner.reads", "examiner", _SUPERVISE, "any"),
    Rule("machine.scoped", "machine", _MACHINE, "scope"),
)
"""The policy. docs/access.md shows it, and a test compares the two."""

VERDICTS: frozenset[Action] = frozenset(
    (
        A.REVIEW_TAKE, A.REVIEW_JUDGE, A.REVIEW_RELEASE, A.REQUEST_ANSWER, A.DECISION_OVERRIDE, A.DECISION_CORRECT,
        A.RULE_RELEASE, A.TIER_LOWER, A.CLAUSE_VERIFY, A.CLAUSE_ATTEST,
    )
)  # fmt: skip
"""What only a person who signed in can do: not a key, and not the command line either."""

SCOPES: tuple[Action, ...] = _MACHINE
"""What a key may be made for."""

_ALSO: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {"review": ("decision", "request"), "request": ("decision", "review"), "attention": ("review", "decision")}
)
"""A decision sent to a person is the review, and a customer's request becomes one: actions on one take the others."""

_KINDS = MappingProxyType(
    {action: frozenset((noun := action.partition(".")[0], *_ALSO.get(noun, ()))) for action in Action}
)
_RULES = MappingProxyType({(rule.role, action): rule for rule in TABLE for action in rule.actions})
_ALLOWED = MappingProxyType({rule.id: Ruling(True, rule.id, CONDITIONS[rule.when]) for rule in TABLE})
_LOCAL = Ruling(True, "local.files", CONDITIONS["local"])

_SIGN_IN = Ruling(False, "sign_in", "Nobody has signed in.")
_TENANT = Ruling(False, "tenant", "It belongs to another institution.")
_ENDED = Ruling(False, "until", "This access has ended.")
_BOXED = Ruling(False, "examiner.until", "An examiner's access needs an end, and this one has none.")
_KIND = Ruling(False, "kind", "This isn't done to a thing of that kind.")
_VERDICT = Ruling(False, "local.verdict", "A verdict is a person's who signed in; the command line is nobody.")
_NONE = Ruling(False, "none", "No role of yours allows it.")
_SCOPE = Ruling(False, "machine.scope", "It isn't among this key's scopes.")
_OWN = Ruling(False, "own", "Only your own is open to you.")
_OTHER = Ruling(False, "other", "It is your own work; somebody else has to look at it.")


def ruling(identity: Identity | None, action: Action, resource: Resource) -> Ruling:
    """Whether somebody may do something to a thing: by which rule, or why not."""
    if identity is None:
        return _SIGN_IN
    if resource.tenant != identity.tenant:
        return _TENANT
    if identity.until_ms is not None and identity.at_ms >= identity.until_ms:
        return _ENDED
    if resource.kind not in _KINDS[action]:
        return _KIND
    if identity.kind == "local":
        return _VERDICT if action in VERDICTS else _LOCAL
    found = _NONE
    for role in identity.roles:
        rule = _RULES.get((role, action))
        if rule is not None:
            found = _judged(identity, action, resource, rule)
            if found.allowed:
                return found
    return found


def require(identity: Identity | None, action: Action, resource: Resource) -> None:
    """Go on only when it is allowed.

    Raises
    ------
    Problem
        ``access.sign_in`` (401) when nobody has signed in, ``access.missing`` (404) for another institution's thing,
        ``access.denied`` (403) otherwise.
    """
    found = ruling(identity, action, resource)
    if found.allowed:
        return
    if found is _SIGN_IN:
        raise refusals.sign_in()
    if found is _TENANT:
        raise refusals.missing(resource.kind)
    raise refusals.denied(action, found.why, found.rule)


def _judged(identity: Identity, action: Action, resource: Resource, rule: Rule) -> Ruling:
    if (rule.role == "machine") != (identity.kind == "machine"):
        return _NONE
    if rule.role == "examiner" and identity.until_ms is None:
        return _BOXED
    when = rule.when
    if when == "scope" and action not in identity.scopes:
        return _SCOPE
    if when == "own" and resource.author != identity.id and resource.author not in identity.scopes:
        return _OWN
    if when in ("other", "apart") and resource.author == identity.id:
        return _OTHER
    if when == "apart" and resource.reviewer == identity.id:
        return _OTHER
    return _ALLOWED[rule.id]
