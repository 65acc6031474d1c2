"""The whole matrix: roles × actions × kinds × own and other tenant × own and other author and reviewer."""

from __future__ import annotations

import itertools
import re
import sys
import timeit
from pathlib import Path

import msgspec
import pytest

from waglan.access import (
    CONDITIONS,
    KINDS,
    ROLES,
    SCOPES,
    TABLE,
    VERDICTS,
    Action,
    Identity,
    Resource,
    Ruling,
    require,
    ruling,
)
from waglan.core import Problem

# Who may do what, written down a second time and from the other side: action to roles. A letter after a role says
# when: "o" only one's own, "x" only what others made, "xx" only what others made and others judged.
ORACLE = """
decision.make          user machine
decision.read          admin developer user reviewer approver auditor examiner machine
decision.read_private  user:o reviewer approver auditor examiner machine
decision.override      approver:x
decision.correct       approver:x
review.read            reviewer approver auditor examiner machine
review.take            reviewer:x
review.judge           reviewer:x
review.release         approver:xx
request.open           user reviewer approver machine
request.answer         reviewer:xx approver:xx
attention.read         reviewer:o approver auditor examiner
attention.seed         approver
subject.find           admin user auditor examiner
subject.opt_out        admin user machine
subject.hold           admin
subject.erase          admin
use_case.read          admin developer user reviewer approver auditor examiner machine
use_case.try           developer user machine
model.read             admin developer provider:o user reviewer approver auditor examiner machine
model.register         developer
model.withdraw         developer
control.read           admin developer user reviewer approver auditor examiner machine
control.test           developer
ledger.read            admin developer user reviewer approver auditor examiner machine
ledger.export          auditor examiner machine
person.read            admin auditor examiner
person.manage          admin
key.manage             admin
settings.read          admin auditor examiner
settings.manage        admin
metrics.read           admin developer approver auditor examiner machine
register.read          admin developer user reviewer approver auditor examiner
register.keep          admin developer approver
incident.read          admin developer user reviewer approver auditor examiner machine
incident.open          admin developer user reviewer approver machine
incident.act           admin developer approver
suspension.begin       admin developer reviewer approver machine
suspension.end         approver:x
drill.run              admin developer approver
rule.read              admin developer user reviewer approver auditor examiner
rule.propose           developer approver
rule.release           approver:x
tier.raise             developer approver
tier.lower             approver:x
clause.verify          approver
clause.attest          approver
evidence.read          admin developer user reviewer approver auditor examiner machine
evidence.export        admin approver auditor examiner
"""
ALLOWED = {
    action: {each.partition(":")[0]: each.partition(":")[2] for each in roles}
    for action, *roles in map(str.split, ORACLE.strip().splitlines())
}
ALSO = {"review": {"decision", "request"}, "request": {"decision", "review"}, "attention": {"review", "decision"}}
ME, OTHER = "p-me", "p-other"


def somebody(role: str, **changes: object) -> Identity:
    machine = role == "machine"
    base = Identity(
        id=ME, tenant="bank-a", roles=(role,), kind="machine" if machine else "person",  # type: ignore[arg-type]
        scopes=tuple(SCOPES) if machine else (), until_ms=2_000 if role == "examiner" else None, at_ms=1_000,
    )  # fmt: skip
    return msgspec.structs.replace(base, **changes)


def expected(role: str, action: Action, kind: str, tenant: str, author: str, reviewer: str) -> bool:
    noun = action.partition(".")[0]
    if tenant != "bank-a" or (kind != noun and kind not in ALSO.get(noun, ())):
        return False
    when = ALLOWED[action].get(role)
    if when is None:
        return False
    if when == "o":
        return author == ME
    return not ((when in ("x", "xx") and author == ME) or (when == "xx" and reviewer == ME))


def test_the_oracle_speaks_of_every_action_and_role() -> None:
    assert set(ALLOWED) == {action.value for action in Action}
    assert {role for roles in ALLOWED.values() for role in roles} == set(ROLES)
    assert set(KINDS) == {action.partition(".")[0] for action in Action}


@pytest.mark.parametrize("role", ROLES)
def test_the_whole_matrix(role: str) -> None:
    me = somebody(role)
    people = (ME, OTHER, "")
    wrong = [
        (action, kind, tenant, author, reviewer)
        for action, kind, tenant, author, reviewer in itertools.product(
            Action, KINDS, ("bank-a", "bank-b"), people, people
        )
        if ruling(me, action, Resource(kind, tenant, author, reviewer)).allowed
        != expected(role, action, kind, tenant, author, reviewer)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "pair", [*itertools.combinations([r for r in ROLES if r not in ("machine", "examiner")], 2)], ids=" and ".join
)
def test_two_roles_may_what_either_may(pair: tuple[str, str]) -> None:
    both = somebody(pair[0], roles=pair)
    for action, author in itertools.product(Action, (ME, OTHER)):
        resource = Resource(action.partition(".")[0], "bank-a", author)
        either = any(ruling(somebody(role), action, resource).allowed for role in pair)
        assert ruling(both, action, resource).allowed == either


def test_nobody_signed_in_and_no_role_may_nothing() -> None:
    for action in Action:
        resource = Resource(action.partition(".")[0], "bank-a")
        assert ruling(None, action, resource) == Ruling(False, "sign_in", "Nobody has signed in.")
        assert not ruling(somebody("user", roles=()), action, resource).allowed


def test_a_kind_that_is_none_is_denied() -> None:
    assert ruling(somebody("admin"), Action.PERSON_READ, Resource("people", "bank-a")).rule == "kind"


@pytest.mark.parametrize("role", ROLES)
def test_an_access_that_has_ended_may_nothing(role: str) -> None:
    ended = somebody(role, until_ms=1_000, at_ms=1_000)
    for action in Action:
        assert ruling(ended, action, Resource(action.partition(".")[0], "bank-a")).rule == "until"


def test_an_examiner_without_an_end_may_nothing() -> None:
    boundless = somebody("examiner", until_ms=None)
    rules = {ruling(boundless, a, Resource(a.partition(".")[0], "bank-a")).rule for a in Action}
    assert rules == {"examiner.until", "none"}


def test_a_key_may_only_what_is_among_its_scopes() -> None:
    for scope, action in itertools.product(SCOPES, Action):
        key = somebody("machine", scopes=(scope.value,))
        found = ruling(key, action, Resource(action.partition(".")[0], "bank-a"))
        assert found.allowed == (scope == action), (scope, action)


def test_scopes_give_a_person_nothing_and_the_role_machine_no_person() -> None:
    person = somebody("user", roles=("machine",), scopes=tuple(SCOPES))
    key = somebody("machine", roles=("admin",))
    for action in Action:
        resource = Resource(action.partition(".")[0], "bank-a")
        assert not ruling(person, action, resource).allowed
        assert not ruling(key, action, resource).allowed


def test_a_verdict_is_no_key_s_and_not_the_command_line_s() -> None:
    local = Identity(id="cli", tenant="bank-a", roles=("admin",), kind="local")
    assert not VERDICTS & set(SCOPES)
    for action in Action:
        resource = Resource(action.partition(".")[0], "bank-a", "p-somebody")
        assert ruling(local, action, resource).allowed == (action not in VERDICTS)
        assert not ruling(local, action, Resource(resource.kind, "bank-b")).allowed


def test_who_manages_access_neither_judges_nor_releases_and_the_other_way_round() -> None:
    """Segregation of duties, said once more as a sentence."""
    judging = {"review.take", "review.judge", "review.release", "decision.override", "decision.correct"}
    managing = {"person.manage", "key.manage", "settings.manage"}
    for role in ROLES:
        may = {action for action, roles in ALLOWED.items() if role in roles}
        assert not (may & judging and may & managing), role
        if role in ("auditor", "examiner"):
            assert all(each.endswith((".read", ".read_private", ".export", ".find")) for each in may)


def test_a_vendor_s_person_sees_the_vendor_s_models_only() -> None:
    me = somebody("provider", scopes=("vendor:Acme",))
    assert ruling(me, Action.MODEL_READ, Resource("model", "bank-a", "vendor:Acme")).allowed
    assert ruling(me, Action.MODEL_READ, Resource("model", "bank-a", "vendor:Other")).rule == "own"
    assert ruling(me, Action.MODEL_READ, Resource("model", "bank-a")).rule == "own"


@pytest.mark.parametrize(
    ("identity", "resource", "status", "code"),
    [
        (None, Resource("person", "bank-a"), 401, "access.sign_in"),
        (somebody("user"), Resource("person", "bank-a"), 403, "access.denied"),
        (somebody("admin"), Resource("person", "bank-b"), 404, "access.missing"),
    ],
)
def test_a_refusal_is_a_problem(identity: Identity | None, resource: Resource, status: int, code: str) -> None:
    with pytest.raises(Problem) as refused:
        require(identity, Action.PERSON_MANAGE, resource)
    assert (refused.value.status, refused.value.code) == (status, code)
    assert "bank-b" not in str(refused.value)


def test_what_is_allowed_goes_on() -> None:
    require(somebody("admin"), Action.PERSON_MANAGE, Resource("person", "bank-a"))


@pytest.mark.skipif(sys.gettrace() is not None, reason="a tracer is timed too")
def test_a_check_takes_at_most_5_microseconds() -> None:
    me = somebody("user", roles=("developer", "reviewer", "approver", "user"))
    resource = Resource("decision", "bank-a", OTHER)
    taken = timeit.repeat(lambda: ruling(me, Action.DECISION_MAKE, resource), number=2_000, repeat=7)
    assert min(taken) / 2_000 < 5e-6


def test_the_document_shows_the_table_as_it_is() -> None:
    text = (Path(__file__).parents[2] / "docs" / "access.md").read_text(encoding="utf-8")
    shown = {
        (rule, role, tuple(re.findall(r"`([^`]+)`", actions)), when)
        for rule, role, actions, when in re.findall(r"^\| `([\w.]+)` \| (\w+) \| (.+) \| (.+) \|$", text, re.M)
    }
    assert shown == {(r.id, r.role, tuple(a.value for a in r.actions), CONDITIONS[r.when]) for r in TABLE}


def test_no_two_rules_share_an_id_or_a_role_and_action() -> None:
    assert len({rule.id for rule in TABLE}) == len(TABLE)
    pairs = [(rule.role, action) for rule in TABLE for action in rule.actions]
    assert len(set(pairs)) == len(pairs)
