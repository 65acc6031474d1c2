"""Rules that gate: what they do to a decision, and that counting afterwards finds the same."""

import itertools

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rules.live import LIVE
from tests.runtime.parts import Adds, Small, case, judge, now
from waglan.core import Finding, Outcome, Reason, Route, Verdict
from waglan.core.events import ModelRegistration, RuleInForce
from waglan.core.outcome import ModelUse
from waglan.facts import Facts
from waglan.facts.schema import DECISIONS
from waglan.rules import parse, row
from waglan.runtime import Ask, Workspace, live
from waglan.runtime.gates import NO_RULES, RuleSet, read_rule, schema, table_json
from waglan.runtime.leaving import recorded_row
from waglan.runtime.live import Known, row_of, unknowable

FIELDS = {f.name: f.type for f in DECISIONS}
OUTCOMES = {}
MODULE = """
from tests.runtime.test_gates import OUTCOMES
from waglan import load_plugin
from pathlib import Path

class Told:
    inline = True
    def decide(self, case, kit):
        return OUTCOMES[case.inputs["n"]]
    
plugin = load_plugin(Path(__file__).with_name("told.toml"), Told())
"""
MANIFEST = """
name = "told"
version = "3"
owner = "Ada"
purposes = ["triage", "research"]
tier = "medium"
phase = "pilot"
sector = "banking"
use_type = "scoring"
audience = "customer"
customer_facing = true
adverse_effects = ["decline"]
[title]
en = "Told"
[inputs.n]
type = "integer"
[inputs.note]
type = "text"
required = false
[inputs.customer]
type = "text"
role = "subject"
required = false
[controls]
before = ["privacy.identifiers", "people.opt_out"]
[disclosure]
id = "d1"
[disclosure.text]
en = "AI helps."
"""


def rule(id_, holds, gate="human", scope="True", **more):
    """A rule in force, its digest as the rulebook makes it."""
    digest = read_rule(scope, holds, more.get("tables", ())).digest
    return RuleInForce(id=id_, holds=holds, scope=scope, gate=gate, digest=digest, **more)


def outcome(**changes):
    fields = {"value": "yes", "effect": "approve", "adverse": False, "reasons": (Reason(code="R"),), "stakes_hkd": 10.0}
    return Outcome(**(fields | changes))


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "w"
    folder.mkdir()
    (folder / "told.py").write_text(MODULE)
    (folder / "told.toml").write_text(MANIFEST)
    with Workspace.create(folder, tenant="bank", modules=("./told.py",)) as opened:
        yield opened


ROW = row_of(FIELDS)
NUMBERS = itertools.count(1)


def decided(workspace, answer=None, ask=None, **inputs):
    number = next(NUMBERS)
    OUTCOMES[number] = answer or outcome()
    return workspace.runtime.decide_sync("told", {"n": number, **inputs}, ask or Ask()).decision


@pytest.mark.parametrize(
    ("gate", "verdict", "route"),
    [("block", "block", "blocked"), ("human", "review", "human"), ("warn", "note", "auto"), ("none", None, "auto")],
)
def test_a_rule_that_does_not_hold_acts_as_its_gate_says(workspace, gate, verdict, route):
    workspace.record(rule("LIMIT.1", "stakes_hkd <= 1000", gate, clauses=("T.1",)))
    made = decided(workspace, outcome(stakes_hkd=1000.01))
    found = [f for f in made.findings if f.control == "rule.LIMIT.1"]
    assert [f.verdict for f in found] == ([verdict] if verdict else [])
    assert made.route == route and made.rules
    assert made.why == (("control:rule.LIMIT.1",) if route != "auto" else ())
    assert len(made.control_us) == len(made.findings)
    fine = decided(workspace, outcome(stakes_hkd=1000.00))
    assert fine.route is Route.AUTO and not [f for f in fine.findings if f.control.startswith("rule.")]


@pytest.mark.parametrize(("gate", "verdict"), [("block", "review"), ("human", "review"), ("warn", "note")])
@pytest.mark.parametrize(("scope", "holds"), [("True", "confidence > 0.5"), ("confidence > 0.5", "False == adverse")])
def test_what_is_unknown_goes_to_a_person_and_is_never_silent(workspace, gate, verdict, scope, holds):
    workspace.record(rule("U", holds, gate, scope))
    made = decided(workspace, outcome(confidence=None))
    assert [(f.verdict, f.code) for f in made.findings if f.control == "rule.U"] == [(verdict, "unknown")]


def test_a_rule_out_of_scope_says_nothing(workspace):
    workspace.record(rule("S", "adverse == True", "block", 'use_case == "other"'))
    assert decided(workspace).route is Route.AUTO


def test_a_rule_sees_the_route_so_far_and_can_only_make_it_stricter(workspace):
    workspace.record(rule("C", 'route != "auto" or confidence >= 0.8', "human"))
    assert decided(workspace, outcome(confidence=0.7)).why == ("control:rule.C",)
    doubtful = decided(workspace, outcome(confidence=0.7, flags=("odd",)))
    assert doubtful.why == ("outcome:flag:odd",)
    assert decided(workspace, outcome(confidence=0.9)).route is Route.AUTO


def test_the_newest_rule_of_an_id_counts_from_the_next_decision_on(workspace):
    assert decided(workspace).rules == ""
    workspace.record(rule("A", "stakes_hkd < 5", "block"))
    first = decided(workspace)
    workspace.record(rule("A", "stakes_hkd < 50", "block"))
    second = decided(workspace)
    workspace.record(msgspec.structs.replace(rule("A", "stakes_hkd < 5", "block"), state="withdrawn"))
    third = decided(workspace)
    assert [d.route for d in (first, second, third)] == ["blocked", "auto", "auto"]
    assert first.rules != second.rules and len(first.rules) == 32 and third.rules == ""


def test_another_gate_is_another_set_of_rules():
    loose, strict = (RuleSet([rule("A", "adverse == True", gate)]) for gate in ("warn", "block"))
    assert loose.digest != strict.digest and NO_RULES.digest == "" and not NO_RULES.gating
    assert RuleSet([*loose.rules, *[rule("B", "drill")]]).digest == RuleSet([rule("B", "drill"), *loose.rules]).digest


def test_a_rule_that_cannot_be_read_or_raises_sends_to_a_person(workspace):
    workspace.record(RuleInForce(id="OLD", holds="gone_field == 1", gate="warn", digest="0" * 64))
    made = decided(workspace)
    assert made.route is Route.HUMAN and made.why == ("control:rule.OLD",)
    assert made.findings[-1].verdict is Verdict.ERROR and made.findings[-1].code == "raised"


def test_one_rule_that_raises_does_not_keep_the_others_from_speaking(workspace):
    workspace.record(RuleInForce(id="OLD", holds="gone_field == 1", gate="block", digest="0" * 64))
    workspace.record(rule("OUT", "adverse", "block", 'use_case == "other"'))
    workspace.record(rule("DOUBT", "adverse", "human", "confidence > 0.5"))
    workspace.record(rule("BROKEN", "adverse", "warn", "stakes_hkd > 1"))
    workspace.record(rule("KEPT", "not adverse", "warn", "stakes_hkd > 1"))
    found = {f.control: f.code for f in decided(workspace).findings if f.control.startswith("rule.")}
    assert found == {"rule.OLD": "raised", "rule.DOUBT": "unknown", "rule.BROKEN": "fails"}


def test_a_control_that_spoke_twice_is_known_by_its_strictest_verdict():
    plain = _plain_known()
    verdicts = (Verdict.REVIEW, Verdict.NOTE, Verdict.BLOCK)
    findings = tuple(Finding(control="c", verdict=verdict) for verdict in verdicts)
    said = [
        ROW(plain._replace(decision=msgspec.structs.replace(plain.decision, findings=given)))["controls"]
        for given in (findings, findings[:2])
    ]
    assert said == [{"c": "block"}, {"c": "review"}]


def test_where_models_run_and_which_answered_is_known(workspace):
    def use(region, answered=True):
        return ModelUse(slot="s", id=f"m-{region}", version="1", digest="", region=region, answered=answered)

    def row(*models):
        plain = _plain_known()
        return ROW(plain._replace(decision=msgspec.structs.replace(plain.decision, models=models)))

    assert (row()["cross_border"], row()["model_id"]) == (None, None)
    assert row(use("HK-1"), use("hk", False))["cross_border"] is False
    abroad = row(use("HK"), use("SG", False))
    assert (abroad["cross_border"], abroad["model_id"], abroad["region"]) == (True, "m-HK", "HK")
    assert row(use("", False))["model_id"] is None


def test_a_rule_about_the_release_holds_the_answer_until_a_person_saw_it(workspace):
    workspace.record(rule("SEEN", "reviewed_at is not None and reviewer != author", "block"))
    assert decided(workspace).route is Route.HUMAN


def test_a_table_of_the_rule_says_what_holds_today(workspace):
    from waglan.rules import tables

    text = """
[tables.limit]
keys = ["sector"]
value = "money"
rows = [{sector = "banking", from = 2020-01-01, value = "500.00", cites = "Board 1"}]
"""
    kept = (("limit", table_json(tables(text)["limit"])),)
    workspace.record(rule("T", "stakes_hkd <= table('limit', sector, on=date(decided_at))", "human", tables=kept))
    assert decided(workspace, outcome(stakes_hkd=501.0)).route is Route.HUMAN
    assert decided(workspace, outcome(stakes_hkd=500.0)).route is Route.AUTO


def _plain_known():
    decision = now(judge(Small(), Adds("m1")).one(case(a=5), Ask())).decision
    return Known(decision, (), "bank", "", None, lambda *_: None)


def test_every_field_of_a_decision_is_known_live_or_said_not_to_be():
    live = set(ROW(_plain_known()))
    absent = {f.name for f in DECISIONS if f.part == "reserved"} | unknowable()
    absent |= {f.name for f in DECISIONS if f.part == "later" and not f.source.endswith(".exists")}
    assert live | absent | {"models"} == set(FIELDS) and not live & absent


numbers = st.one_of(st.none(), st.floats(0, 1), st.sampled_from([0.8, 0.7999995, 0.79999949, 1, 0, 1e-7, 0.123456789]))
answers = st.builds(
    outcome,
    effect=st.sampled_from(["approve", "decline", "", "拒絕"]),
    adverse=st.sampled_from([True, False, None]),
    confidence=numbers,
    score=st.one_of(st.none(), st.floats(-1e6, 1e6), st.sampled_from([-0.0, -1e-9, 1e15])),
    reasons=st.lists(st.builds(Reason, code=st.sampled_from(["R07", "AML1", "x"])), max_size=3).map(tuple),
    stakes_hkd=st.one_of(st.none(), st.floats(0, 2e6), st.sampled_from([1e15, 0.005, 1000000.0, 1000000.005])),
    flags=st.sampled_from([(), ("odd",)]),
    citations=st.sampled_from([(), ("c1", "c2")]),
    explanation_id=st.sampled_from(["", "reasons/1"]),
)
asks = st.builds(
    Ask,
    channel=st.sampled_from(["http", "branch"]),
    language=st.sampled_from(["en", "zh-Hant"]),
    purpose=st.sampled_from(["", "research"]),
    consent_ref=st.sampled_from(["", "c-1"]),
    source=st.sampled_from(["", "core"]),
    source_seq=st.sampled_from([None, 0, 7]),
    drill=st.booleans(),
    replay=st.booleans(),
    actor=st.sampled_from(["", "p-1"]),
)
EXTRA = (
    "actor is None or tenant == \"bank\"", "source_seq is None or source_seq > 3", "not drill or not replay",
    "not erased and not override and not corrected", "subject is None", "declared_tier == tier",
    "score >= 0.0 or score < 0.0", "model_id is None or cross_border is not None", "len(data_classes) >= 0",
)  # fmt: skip
GATING = [text for text in (*LIVE, *EXTRA) if "now " not in text]


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=st.lists(st.tuples(answers, asks, st.sampled_from(["", "C-1"])), min_size=5, max_size=25))
def test_what_gates_is_what_proves(tmp_path_factory, cases):
    folder = tmp_path_factory.mktemp("w")
    (folder / "told.py").write_text(MODULE)
    (folder / "told.toml").write_text(MANIFEST)
    with Workspace.create(folder, tenant="bank", modules=("./told.py",)) as workspace:
        rules = [rule(f"R.{at}", text, "warn") for at, text in enumerate(GATING)]
        for each in rules:
            workspace.record(each)
        made = [
            decided(
                workspace, answer, ask, note="HKID A123456(3)" if who else "fine", **({"customer": who} if who else {})
            )
            for answer, ask, who in cases
        ]
        with Facts.open(folder / "facts", workspace.ledger) as facts:
            facts.update()
            _rows_agree(workspace, facts, made)
            _gates_agree(facts, rules, made)


halves = st.integers(-(10**12), 10**12).map(lambda n: (n + 0.5) / 1e6)


@given(st.one_of(st.floats(-1e15, 1e15), halves, st.integers(0, 10**12).map(lambda n: (n + 0.5) / 100)))
def test_figures_are_rounded_as_the_record_writes_them(value):
    assert live._six(value) == float(f"{value:.6f}")
    assert live._cents(abs(value)) == int(f"{abs(value):.2f}".replace(".", ""))


def _rows_agree(workspace, facts, made):
    relation = facts.query("SELECT * FROM decisions ORDER BY log_index")
    shown = {r["id"]: r for r in (dict(zip(relation.columns, each, strict=True)) for each in relation.fetchall())}
    classes = workspace.catalogue.get("told")
    use_case = workspace.registers.use_case(classes.digest)
    from waglan.core.decision import data_classes

    for decision in made:
        fact = shown[decision.id]
        known = Known(
            decision, data_classes(classes.manifest), "bank", fact["actor"] or "", use_case, workspace.registers.model
        )
        live = {n: v for n, v in ROW(known).items() if v is not None}
        proved = {n: v for n, v in row(fact, schema()).items() if n not in unknowable()}
        assert live == proved
        leaf = workspace.ledger.leaf(fact["log_index"])
        again = recorded_row(workspace.registers, fact["log_index"], leaf)
        assert again == row(fact, schema()) | {"writer": leaf["source"], "writer_seq": leaf["n"]}


def _gates_agree(facts, rules, made):
    for each in rules:
        said = {d.id: {f.control: f.code for f in d.findings}.get(f"rule.{each.id}", "holds") for d in made}
        sql = parse(each.holds, FIELDS).sql("duckdb")
        counted = dict(facts.query(f"SELECT id, {sql} FROM decisions").fetchall())
        assert said == {i: {True: "holds", False: "fails", None: "unknown"}[v] for i, v in counted.items()}, each.holds


def test_the_model_that_answered_is_known_as_the_facts_know_it(tmp_path):
    from waglan.core.model import models

    folder = tmp_path / "w"
    folder.mkdir()
    (folder / "summed.py").write_text(
        MODULE.replace("told.toml", "summed.toml").replace(
            "def decide(self, case, kit):\n        return",
            'async def decide(self, case, kit):\n        await kit.model("s", case.inputs)\n        return',
        )
    )
    (folder / "summed.toml").write_text(MANIFEST.replace('"told"', '"summed"') + '[models.s]\nuse = ["gated-sum"]\n')
    if "gated-sum" not in models:
        models.add("gated-sum", Adds("gated-sum"))
    with Workspace.create(folder, tenant="bank", modules=("./summed.py",)) as workspace:
        registration = ModelRegistration(
            id="gated-sum", version="1", digest="d" * 64, vendor="Ven", validated_at=5, validation_expires_at=9
        )
        workspace.register_model(registration)
        workspace.record(rule("V", 'vendor == "Ven" and validation_expires_at < decided_at', "warn"))
        OUTCOMES[1] = outcome()
        reply = workspace.runtime.decide_sync("summed", {"n": 1})
        workspace.register_model(msgspec.structs.replace(registration, vendor="Other"))
        assert not [f for f in reply.decision.findings if f.control == "rule.V"]
        leaf = workspace.ledger.leaf(reply.index)
        assert recorded_row(workspace.registers, reply.index, leaf)["vendor"] == "Ven"
        assert "rules" in leaf["facts"]


def test_a_rule_that_blocks_sees_the_answer_as_it_leaves(workspace):
    from waglan.runtime.leaving import Leaving, breaking

    made = decided(workspace)
    index = workspace.ledger.find(made.id)
    anything = Leaving("x", None, "", 0, None, "", 0, True)
    assert breaking(workspace.registers, index, workspace.ledger.leaf(index), anything) == ()
    workspace.record(
        rule("CAP", 'effect != "approve" or stakes_hkd <= 1000', "block", clauses=("T.9",), title="Cap on approvals")
    )
    workspace.record(rule("EYES", "reviewer != approver", "block"))
    made = decided(workspace, outcome(effect="decline", adverse=True, stakes_hkd=5000.0))
    index = workspace.ledger.find(made.id)
    leaf = workspace.ledger.leaf(index)
    as_decided = Leaving("decline", True, "p-1", 5, 30, "p-2", 6, False)

    def names(leaving):
        return [each.id for each in breaking(workspace.registers, index, leaf, leaving)]

    assert names(as_decided) == []
    assert names(as_decided._replace(effect="approve", override=True)) == ["CAP"]
    assert names(as_decided._replace(approver="p-1")) == ["EYES"]
