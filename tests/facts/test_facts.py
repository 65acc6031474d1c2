"""Facts: the same answers however the log was taken in, and only what is public."""

from __future__ import annotations

import datetime as dt
import json
import random
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.facts.log import ALLOWED, START_MS, MemoryLog, decision
from waglan.core.decision import DecisionFacts
from waglan.core.events import Erasure, Event, ModelRegistration, OptOut, OutcomeLabel, UseCaseRegistration
from waglan.core.finding import Verdict
from waglan.core.problem import Problem
from waglan.facts import TABLES, Facts, segments
from waglan.facts.build import FAN_IN
from waglan.facts.frame import FRAMES
from waglan.facts.schema import DECISIONS
from waglan.ledger.store import Row


def rows(facts: Facts, name: str) -> list[tuple[object, ...]]:
    return facts.frame(name).fetchall()


def everything(facts: Facts) -> dict[str, list[tuple[object, ...]]]:
    return {name: facts.query(f"SELECT * FROM {name} ORDER BY ALL").fetchall() for name in FRAMES}


def only(facts: Facts, *names: str) -> tuple[object, ...]:
    found = facts.query(f"SELECT {', '.join(names)} FROM decisions").fetchall()
    assert len(found) == 1
    return found[0]


def registered(**changes: object) -> UseCaseRegistration:
    usual = {
        "name": "credit",
        "version": "1.0",
        "policy_digest": "cc" * 32,
        "sector": "banking",
        "customer_facing": True,
    }
    return UseCaseRegistration(**(usual | changes))  # type: ignore[arg-type]


def model(**changes: object) -> ModelRegistration:
    usual = {"id": "m.two", "version": "2", "digest": "bb" * 32, "vendor": "Acme", "validation_id": "V-1"}
    return ModelRegistration(**(usual | changes))  # type: ignore[arg-type]


def test_a_decision_with_all_that_was_known_then(tmp_path: Path) -> None:
    log = MemoryLog()
    log.add(registered())
    log.add(model(validation_expires_at=START_MS))
    log.add(decision(), subject="pseudonym", kid="kid-1")
    log.add(registered(sector="changed later"))
    log.add(model(vendor="changed later"))
    with Facts.open(tmp_path, log) as facts:
        assert facts.update() == 5
        assert only(facts, "sector", "customer_facing", "vendor", "validation_id", "validation_expires_at") == (
            "banking", True, "Acme", "V-1", dt.datetime(2025, 10, 9, 8, 53, 20),
        )  # fmt: skip
        assert only(facts, "confidence", "score", "stakes_hkd", "reasons") == (
            0.93, 612.5, Decimal("50000.10"), ["income", "history"],
        )  # fmt: skip
        assert only(facts, "model_id", "model_version", "provider", "region", "cross_border") == (
            "m.two", "2", "Acme", "SG", True,
        )  # fmt: skip
        assert only(facts, "subject", "subject_kid", "erased", "label") == ("pseudonym", "kid-1", False, None)
        assert only(facts, "decided_at") == (dt.datetime(2025, 10, 9, 8, 53, 23),)


def test_a_registration_after_the_decision_says_nothing_about_it(tmp_path: Path) -> None:
    log = MemoryLog()
    log.add(decision())
    log.add(registered())
    log.add(model())
    with Facts.open(tmp_path, log) as facts:
        facts.update()
        assert only(facts, "sector", "vendor") == (None, None)


def test_the_newest_registration_before_the_decision_counts(tmp_path: Path) -> None:
    log = MemoryLog()
    for vendor in ("first", "second", "third"):
        log.add(model(vendor=vendor))
        log.add(decision())
    for updates in (1, 3):
        log.cut(6)
        with Facts.open(tmp_path / str(updates), log) as facts:
            facts.update()
            assert facts.query("SELECT vendor FROM decisions ORDER BY log_index").fetchall() == [
                ("first",), ("second",), ("third",),
            ]  # fmt: skip


def test_where_a_model_runs_counts_even_when_it_did_not_answer(tmp_path: Path) -> None:
    log = MemoryLog()
    abroad = ("m", "1", "aa" * 32, "Acme", "SG", False)
    home = ("n", "1", "aa" * 32, "self", "HK", True)
    log.add(decision(models=(abroad, home)))
    log.add(decision(models=(home,)))
    log.add(decision(models=()))
    with Facts.open(tmp_path, log) as facts:
        facts.update()
        assert facts.query("SELECT cross_border, model_id FROM decisions ORDER BY log_index").fetchall() == [
            (True, "n"), (False, "n"), (None, None),
        ]  # fmt: skip


def test_two_findings_of_one_control_count_as_the_strictest(tmp_path: Path) -> None:
    log = MemoryLog()
    said = (("model.failover", Verdict.NOTE), ("a.b", Verdict.PASS), ("model.failover", Verdict.ERROR))
    log.add(decision(controls=said))
    log.add(decision(controls=()))
    with Facts.open(tmp_path, log) as facts:
        facts.update()
        assert facts.query("SELECT controls FROM decisions ORDER BY log_index").fetchall() == [
            ({"a.b": "pass", "model.failover": "error"},), ({},),
        ]  # fmt: skip
        assert facts.query("SELECT id FROM live WHERE controls['model.failover'] = 'error'").fetchall() != []


def test_what_is_left_out_of_the_leaf_is_null_or_its_default(tmp_path: Path) -> None:
    log = MemoryLog()
    log.add(DecisionFacts())
    with Facts.open(tmp_path, log) as facts:
        facts.update()
        frame = facts.frame("decisions")
        row = dict(zip(frame.columns, frame.fetchall()[0], strict=True))
    filled = {"log_index", "id", "tenant", "writer", "writer_seq", "decided_at"}
    for field in DECISIONS:
        value = row[field.name]
        if field.name not in filled and field.part != "later":
            assert value in (None, False, 0, [], {}), field.name
    assert row["route"] is None
    assert row["drill"] is False


def test_later_events_join_the_decision_they_refer_to(tmp_path: Path) -> None:
    log = MemoryLog()
    first, other = log.add(decision(), subject="p", kid="k1"), log.add(decision(), subject="p", kid="k2")
    with Facts.open(tmp_path, log) as facts:
        facts.update()
        log.add(OutcomeLabel(label="repaid", label_at=START_MS), refs=(first,))
        log.add(OutcomeLabel(label="default", label_at=START_MS + 1_000), refs=(first, first))
        log.add(OptOut(), kind="review", refs=(other,), actor="officer")
        log.add(OptOut(), kind="override", refs=(other,))
        log.add(Erasure(basis="request", erased_kid="k1"), subject="p")
        facts.update()
        found = facts.query(
            "SELECT label, label_at, reviewer, override, corrected, erased FROM decisions ORDER BY log_index"
        ).fetchall()
    assert found == [
        ("default", dt.datetime(2025, 10, 9, 8, 53, 21), None, False, False, True),
        (None, None, "officer", True, False, False),
    ]


def test_live_leaves_out_what_is_no_evidence(tmp_path: Path) -> None:
    log = MemoryLog()
    for change in ({}, {"drill": True}, {"replay": True}, {"imported": True}):
        log.add(decision(**change))
    with Facts.open(tmp_path, log) as facts:
        facts.update()
        assert [len(rows(facts, name)) for name in ("decisions", "live")] == [4, 1]


def test_nothing_sealed_and_no_commitment_gets_in(tmp_path: Path) -> None:
    log = MemoryLog()
    log.add(decision(), subject="p", kid="k")
    log.add(Erasure(basis="request", erased_kid="k"), subject="p")
    with Facts.open(tmp_path, log) as facts:
        facts.update()
        assert all("ab" * 32 not in repr(rows(facts, name)) for name in FRAMES)
    assert not list(tmp_path.rglob("*.ndjson"))
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or ALLOWED not in file.read_bytes()


def test_every_stored_column_has_its_declared_name_and_type(tmp_path: Path) -> None:
    log = MemoryLog()
    with Facts.open(tmp_path, log) as facts:
        shapes = []
        for _ in range(2):
            facts.update()
            frames = {name: facts.query(f"SELECT * FROM {name}") for name in TABLES}
            shapes.append({n: (f.columns, [str(t) for t in f.types]) for n, f in frames.items()})
            log.add(registered())
            log.add(model())
            log.add(OutcomeLabel(label="x", label_at=1), refs=(log.add(decision()),))
    assert shapes[0] == shapes[1]
    for name, fields in TABLES.items():
        columns, types = shapes[0][name]
        assert columns == [f.name for f in fields]
        assert types == [f.type.value for f in fields]
        assert all(f.name.endswith("_at") == (f.type.name == "TIME") for f in fields)


def test_the_schema_and_the_record_name_the_same_fields() -> None:
    of_the_leaf = {f.member for f in DECISIONS if f.part == "facts"}
    assert of_the_leaf == set(DecisionFacts.__struct_fields__)
    reserved = {f.name for f in DECISIONS if f.part == "reserved"}
    assert not reserved & set(DecisionFacts.__struct_fields__)
    assert {f.member for f in TABLES["models"] if f.part == "facts"} == set(ModelRegistration.__struct_fields__)
    assert {f.member for f in TABLES["use_cases"] if f.part == "facts"} == set(UseCaseRegistration.__struct_fields__)


def test_every_field_of_the_design_is_there() -> None:
    wanted = """use_case use_case_version sector opportunity use_type audience channel language effect adverse
    customer_facing tier observed_tier oversight_level phase regulated_activity purpose consent_ref notice_id opt_out
    data_classes pii_found redacted subject_kid provider vendor region cross_border model_id model_version model_digest
    prompt_hash policy_digest validation_id validation_expires_at failover confidence score stakes_hkd reasons
    explanation_id citations grounding disclosure_id disclosure_lang shown_at route reviewer author approver reviewed_at
    review_seconds released_at override corrected label label_at drill replay imported source source_seq decided_at
    latency_us cost_hkd"""
    assert set(wanted.split()) <= {f.name for f in DECISIONS}


EVENTS = st.one_of(
    st.builds(
        decision,
        drill=st.booleans(),
        policy_digest=st.sampled_from(["cc" * 32, "dd" * 32]),
        score=st.one_of(st.none(), st.integers(-99, 99).map(lambda n: f"{n}.000000")),
        source=st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=5),
    ),
    st.builds(registered, policy_digest=st.sampled_from(["cc" * 32, "dd" * 32]), sector=st.sampled_from(["a", "b"])),
    st.builds(model, vendor=st.sampled_from(["a", "b"])),
    st.builds(OutcomeLabel, label=st.sampled_from(["good", "bad"]), label_at=st.integers(0, START_MS)),
    st.builds(Erasure, basis=st.just("request"), erased_kid=st.sampled_from(["k0", "k1", "k2"])),
    st.builds(OptOut, active=st.booleans()),
)


def _append(log: MemoryLog, events: list[Event], chance: random.Random) -> None:
    for event in events:
        kid = chance.choice(["", "k0", "k1", "k2"])
        refs = [chance.choice(log.stored).id] if log.stored and isinstance(event, OutcomeLabel) else []
        log.add(event, subject=kid and "p", kid=kid, refs=tuple(refs), actor=chance.choice(["", "officer"]))


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(EVENTS, max_size=6), max_size=6), st.integers(0, 2**32))
def test_any_split_of_updates_answers_as_a_rebuild(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[Event]], seed: int
) -> None:
    folder, log, chance = tmp_path_factory.mktemp("facts"), MemoryLog(), random.Random(seed)
    with Facts.open(folder / "split", log) as facts:
        for part in parts:
            _append(log, part, chance)
            assert facts.update() == len(part)
        split = everything(facts)
    with Facts.open(folder / "whole", log) as whole:
        assert whole.update() == len(log.stored)
        assert everything(whole) == split
        whole.update(rebuild=True)
        assert everything(whole) == split


def test_small_updates_are_merged_and_answer_the_same(tmp_path: Path) -> None:
    log = MemoryLog()
    with Facts.open(tmp_path / "small", log) as facts:
        for number in range(FAN_IN * 2 + 1):
            log.add(decision(source_seq=number))
            facts.update()
        names = [s.name for s in segments.load(tmp_path / "small").of("decisions")]  # type: ignore[union-attr]
        assert len(names) < FAN_IN
        assert facts.query("SELECT source_seq FROM decisions ORDER BY log_index").fetchall() == [
            (n,) for n in range(FAN_IN * 2 + 1)
        ]


def _filled(tmp_path: Path) -> tuple[MemoryLog, Facts]:
    log = MemoryLog()
    facts = Facts.open(tmp_path, log)
    for number in range(4):
        log.add(decision(source_seq=number))
        facts.update()
    return log, facts


def _sequence(facts: Facts) -> list[object]:
    return [row[0] for row in facts.query("SELECT source_seq FROM decisions ORDER BY log_index").fetchall()]


def test_a_log_that_was_rolled_back_is_followed(tmp_path: Path) -> None:
    log, facts = _filled(tmp_path)
    log.cut(2)
    assert facts.update() == 2
    assert _sequence(facts) == [0, 1]


def test_a_log_that_grew_again_differently_is_followed(tmp_path: Path) -> None:
    log, facts = _filled(tmp_path)
    log.cut(2)
    for number in (20, 21, 22, 23):
        log.add(decision(source_seq=number))
    assert facts.update() == 6
    assert _sequence(facts) == [0, 1, 20, 21, 22, 23]


def test_a_log_cut_and_grown_to_the_same_size_is_followed(tmp_path: Path) -> None:
    log, facts = _filled(tmp_path)
    log.cut(3)
    log.add(decision(source_seq=33))
    assert facts.update() == 4
    assert _sequence(facts) == [0, 1, 2, 33]


@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing", "manifest torn", "manifest gone", "old schema"])
def test_damage_is_noticed_and_repaired(tmp_path: Path, damage: str) -> None:
    log, facts = _filled(tmp_path)
    facts.close()
    file = sorted((tmp_path / "decisions").iterdir())[1]
    manifest = tmp_path / segments.MANIFEST
    match damage:
        case "truncated":
            file.write_bytes(file.read_bytes()[:-7])
        case "flipped":
            file.write_bytes(file.read_bytes()[:99] + b"\0" + file.read_bytes()[100:])
        case "missing":
            file.unlink()
        case "manifest torn":
            manifest.write_bytes(manifest.read_bytes()[:50])
        case "manifest gone":
            manifest.unlink()
        case "old schema":
            manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"schema": "older"}))
    with Facts.open(tmp_path, log) as again:
        assert again.update() == 4
        assert _sequence(again) == [0, 1, 2, 3]
        assert again.update() == 0


def test_a_process_killed_while_updating_leaves_the_old_tables(tmp_path: Path) -> None:
    log, facts = _filled(tmp_path)
    facts.close()
    killed = """
import os, sys
from pathlib import Path
from tests.facts.log import MemoryLog, decision
from waglan.facts import Facts, segments
segments.save = lambda folder, state: os._exit(9)  # the power fails before the state is replaced
log = MemoryLog()
for number in range(6): log.add(decision(source_seq=number))
Facts.open(Path(sys.argv[1]), log).update()
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", killed, str(tmp_path)], cwd=root, check=False)
    assert done.returncode == 9
    for number in (4, 5):
        log.add(decision(source_seq=number))
    with Facts.open(tmp_path, log) as again:
        assert _sequence(again) == [0, 1, 2, 3]
        assert again.update() == 2
        assert _sequence(again) == [0, 1, 2, 3, 4, 5]


def test_leaves_that_are_no_facts_are_a_problem(tmp_path: Path) -> None:
    log, facts = _filled(tmp_path)
    good = log.stored[1]
    for leaf in (b"no JSON", good.leaf.replace(b'"612.500000"', b'"much"')):
        log.stored[1] = Row(good.id, leaf, b"")
        with pytest.raises(Problem) as raised:
            facts.update(rebuild=True)
        assert raised.value.code == "facts.leaf"
    assert _sequence(facts) == [0, 1, 2, 3]


def test_a_log_that_does_not_make_its_own_head_is_a_problem(tmp_path: Path) -> None:
    log, facts = _filled(tmp_path)
    head = log.head()
    log.stored[1] = Row(log.stored[1].id, log.stored[1].leaf.replace(b"612", b"999"), b"")
    log.head = lambda: head  # type: ignore[method-assign]
    with pytest.raises(Problem) as raised:
        facts.update(rebuild=True)
    assert raised.value.code == "ledger.inconsistent"
    assert _sequence(facts) == [0, 1, 2, 3]


def test_another_process_that_goes_further_is_seen(tmp_path: Path) -> None:
    log, facts = _filled(tmp_path)
    log.add(decision(source_seq=4))
    with Facts.open(tmp_path, log) as other:
        other.update()
    assert _sequence(facts) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "query",
    [
        "DROP VIEW live",
        "COPY (SELECT 1) TO 'x.csv'",
        "SELECT 1; SELECT 2",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '9GB'",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('https://example.org/a.csv')",
        "SELECT nothing FROM decisions",
        "",
    ],
)
def test_a_query_can_only_read_facts(tmp_path: Path, query: str) -> None:
    with Facts.open(tmp_path, MemoryLog()) as facts, pytest.raises(Problem) as raised:
        facts.query(query).fetchall()
    assert raised.value.code == "facts.query"


def test_parameters_and_unknown_tables(tmp_path: Path) -> None:
    _, facts = _filled(tmp_path)
    assert facts.query("SELECT count(*) FROM live WHERE source_seq > ?", [1]).fetchall() == [(2,)]
    assert facts.query("SELECT count(*) FROM live WHERE source_seq = $n", {"n": 1}).fetchall() == [(1,)]
    assert facts.frame("decisions").fetchnumpy()["source_seq"].tolist() == [0, 1, 2, 3]
    with pytest.raises(Problem, match="no table"):
        facts.frame("decision")


def test_a_folder_with_wildcards_in_its_name(tmp_path: Path) -> None:
    log = MemoryLog()
    log.add(decision())
    with Facts.open(tmp_path / "bank's [1] *?", log) as facts:
        facts.update()
        assert len(rows(facts, "decisions")) == 1


def test_text_of_every_kind_comes_through(tmp_path: Path) -> None:
    log = MemoryLog()
    texts = ["橫瀾", 'quote " and \\ backslash', "line\nbreak", "\u2028", "😀", "a\tb", "'; DROP TABLE x; --", "{}"]
    for text in texts:
        log.add(decision(source=text))
    with Facts.open(tmp_path, log) as facts:
        facts.update()
        assert [r[0] for r in facts.query("SELECT source FROM decisions ORDER BY log_index").fetchall()] == texts
