"""Proposing, replaying and releasing rules, and who may."""

import msgspec
import pytest

from tests.rulebook.conftest import APPROVER, BOTH, DAY, DEV, DEV2, START, person
from waglan.access import local
from waglan.core import Problem
from waglan.rulebook import Draft
from waglan.rulebook.checking import checked

LIMIT = Draft(id="LIMIT", title="Large sums go to a person", holds="stakes_hkd <= 1000", clauses=("FSTB.12b.3",))


def released(firm, draft=LIMIT, by=DEV):
    shown = firm.book.replay(by, draft, START, firm.clock.ms + 1)
    return firm.book.release(APPROVER, firm.book.propose(by, draft, shown).id)


def refused(code, call, *args):
    with pytest.raises(Problem) as found:
        call(*args)
    assert found.value.code == code
    return found.value


def test_a_rule_gates_once_a_second_person_released_it(firm):
    assert firm.decide(stakes_hkd=5000.0).route == "auto"
    shown = firm.book.replay(DEV, LIMIT, START, firm.clock.ms + 1)
    assert (shown.all.looked_at, shown.all.human, shown.all.changed) == (1, 1, 1)
    proposal = firm.book.propose(DEV, LIMIT, shown)
    assert proposal.replay == (shown.sha256, 1, 1) and proposal.state == "open" and proposal.base == ""
    assert firm.decide(stakes_hkd=5000.0).route == "auto"
    rule = firm.book.release(APPROVER, proposal.id)
    assert (rule.proposer, rule.approver, rule.proposal, rule.in_force) == ("p-dev", "p-app", proposal.id, True)
    made = firm.decide(stakes_hkd=5000.0)
    assert made.route == "human" and made.why == ("control:rule.LIMIT",)
    assert firm.book.proposal(DEV, proposal.id).state == "released"
    refused("rule.state", firm.book.release, APPROVER, proposal.id)


def test_nobody_releases_what_they_had_a_hand_in(firm):
    shown = firm.book.replay(BOTH, LIMIT, START, firm.clock.ms + 1)
    own = firm.book.propose(BOTH, LIMIT, shown)
    refused("access.denied", firm.book.release, BOTH, own.id)
    refused("access.denied", firm.book.release, DEV, own.id)
    other = firm.book.propose(DEV, LIMIT)
    kept = firm.book.keep_replay(BOTH, other.id, shown)
    assert kept.hands == ("p-dev", "p-both") and kept.replay.sha256 == shown.sha256 and kept.id == other.id
    refused("access.denied", firm.book.release, BOTH, other.id)
    refused("rule.four_eyes", firm.book.release, person("x", "approver", authenticator="password:dev"), other.id)
    refused("rule.four_eyes", firm.book.release, person("x", "approver", authenticator=""), other.id)
    assert firm.book.release(APPROVER, other.id).proposer == "p-dev"


def test_a_command_line_proposes_and_never_releases(firm):
    shown = firm.book.replay(local("bank"), LIMIT, START, firm.clock.ms + 1)
    proposal = firm.book.propose(local("bank"), LIMIT, shown)
    refused("access.denied", firm.book.release, local("bank"), proposal.id)
    assert firm.book.release(APPROVER, proposal.id).proposer == "cli"


def test_what_was_never_replayed_or_stands_on_an_old_rule_is_not_released(firm):
    blind = firm.book.propose(DEV, LIMIT)
    refused("rule.never_replayed", firm.book.release, APPROVER, blind.id)
    first = released(firm)
    assert firm.book.proposal(DEV, blind.id).state == "outdated"
    refused("rule.state", firm.book.release, APPROVER, blind.id)
    changed = msgspec.structs.replace(LIMIT, gate="block")
    second = released(firm, changed)
    assert [r.entry for r in firm.book.history(DEV, "LIMIT")] == [first.entry, second.entry]
    assert firm.decide(stakes_hkd=5000.0).route == "blocked"


def test_a_rule_ends_as_it_began_with_two_people(firm):
    released(firm)
    ending = firm.book.withdraw(DEV, "LIMIT")
    shown = firm.book.replay(DEV, ending.draft, START, firm.clock.ms + 1)
    firm.book.keep_replay(DEV, ending.id, shown)
    gone = firm.book.release(APPROVER, ending.id)
    assert not gone.in_force and firm.decide(stakes_hkd=5000.0).rules == ""
    refused("rule.same", firm.book.withdraw, DEV, "LIMIT")


def test_a_proposal_can_be_dropped_by_who_may_propose_or_release(firm):
    proposal = firm.book.propose(DEV, LIMIT)
    refused("access.denied", firm.book.drop, person("rev", "reviewer"), proposal.id)
    firm.book.drop(APPROVER, proposal.id)
    assert firm.book.proposal(DEV, proposal.id).state == "dropped" and not firm.book.proposals(DEV, open_only=True)
    refused("rule.state", firm.book.drop, DEV, proposal.id)


def test_who_may_not_propose_or_read_is_refused(firm):
    refused("access.denied", firm.book.propose, person("rev", "reviewer"), LIMIT)
    refused("access.sign_in", firm.book.rules, None)
    refused("access.missing", firm.book.rules, msgspec.structs.replace(DEV, tenant="other"))
    refused("rule.missing", firm.book.rule, DEV, "LIMITS")
    refused("rule.missing", firm.book.proposal, DEV, "nothing")
    refused("rule.period", firm.book.replay, DEV, LIMIT, START, START)


def test_a_replay_of_another_draft_is_not_kept(firm):
    shown = firm.book.replay(DEV, LIMIT, START, START + 1)
    refused("rule.replay", firm.book.propose, DEV, msgspec.structs.replace(LIMIT, gate="warn"), shown)
    refused("rule.replay", firm.book.propose, DEV, msgspec.structs.replace(LIMIT, holds="stakes_hkd <= 1"), shown)


def test_the_same_rule_again_is_no_change(firm):
    released(firm)
    refused("rule.same", firm.book.propose, DEV2, LIMIT)
    firm.book.propose(DEV2, msgspec.structs.replace(LIMIT, clauses=("SFC.5b",)))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": ""}, "rule.id"),
        ({"id": "a b"}, "rule.id"),
        ({"id": "new"}, "rule.id"),
        ({"id": "x.json"}, "rule.id"),
        ({"title": " "}, "rule.title"),
        ({"title": "two\nlines"}, "rule.title"),
        ({"gate": "stop"}, "rule.gate"),
        ({"clauses": ("no such id",)}, "rule.clauses"),
        ({"holds": "stake_hkd <= 1"}, "rule.field"),
        ({"holds": "stakes_hkd"}, "rule.type"),
        ({"scope": "use_case =="}, "rule.syntax"),
        ({"holds": "subject_kid is not None"}, "rule.unknowable"),
        ({"holds": "now > decided_at"}, "rule.now"),
        ({"tables": (("t", "x" * 13_000),)}, "rule.size"),
    ],
)
def test_a_draft_that_could_not_gate_and_prove_is_refused(changes, code):
    refused(code, checked, msgspec.structs.replace(LIMIT, **changes))


def test_what_only_counts_may_ask_for_what_is_known_later():
    checked(msgspec.structs.replace(LIMIT, holds="subject_kid is not None", gate="none"))


def test_gates_of_the_catalogue_are_proposed_once(firm):
    firm.decide(stakes_hkd=5000.0)
    drafts = [LIMIT, msgspec.structs.replace(LIMIT, id="SILENT", gate="none")]
    (made,) = firm.book.put_in_force_from_catalogue(DEV, drafts)
    assert made.replay.looked_at == 1
    firm.book.put_in_force_from_catalogue(DEV, drafts, APPROVER)
    assert [r.id for r in firm.book.rules(DEV)] == ["LIMIT"]
    assert firm.book.put_in_force_from_catalogue(DEV, drafts, APPROVER) == ()


def test_the_bench_shows_which_part_failed(firm):
    made = firm.decide(stakes_hkd=5000.0, confidence=0.5, adverse=True)
    draft = msgspec.structs.replace(LIMIT, holds="stakes_hkd <= 1000 and (not adverse or confidence > 0.9)")
    (found,) = firm.book.try_(DEV, draft, (made.id,))
    assert (found.answer, found.effect, found.route) == ("fails", "review", "auto")
    whole, money, either, *_ = found.holds
    assert (whole.join, whole.value) == ("all", False)
    assert (money.text, money.value, money.fields) == ("stakes_hkd <= 1000", False, (("stakes_hkd", "5,000.00"),))
    assert (either.join, either.depth, either.value) == ("any", 1, False)
    last = found.holds[-1]
    assert last.text == "confidence > 0.9" and last.fields == (("confidence", "0.5"),) and last.depth == 2
    refused("decision.missing", firm.book.try_, DEV, draft, ("nothing",))
    refused("rule.too_many", firm.book.try_, DEV, draft, tuple(f"x{n}" for n in range(51)))


def test_the_bench_takes_the_newest_and_says_what_is_out_of_scope_or_unknown(firm):
    firm.decide(effect="approve", confidence=None)
    firm.decide(effect="decline", confidence=0.1)
    draft = msgspec.structs.replace(LIMIT, scope='effect == "approve"', holds="confidence > 0.5", gate="warn")
    newest, older = firm.book.try_(DEV, draft)
    assert [newest.answer, older.answer] == ["out", "unknown"] and older.effect == "note"


def test_times_of_the_rulebook_are_those_of_its_clock(firm):
    firm.clock.ms += DAY
    proposal = firm.book.propose(DEV, LIMIT)
    assert proposal.at_ms == firm.clock.ms
