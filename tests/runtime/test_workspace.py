import asyncio
import hashlib
import json
import sqlite3
import textwrap
import time

import msgspec
import pytest

from tests import postgres
from tests.runtime.parts import Adds, Steady, registered
from waglan.core import Finding, Problem, Reason, Route, Verdict
from waglan.core.events import ModelRegistration, OutcomeLabel
from waglan.core.model import formats, models
from waglan.runtime import Ask, Reply, Workspace
from waglan.runtime.catalogue import Catalogue
from waglan.runtime.settings import read_settings
from waglan.runtime.shelf import Shelf

MODULE = """
from pathlib import Path
from waglan import Outcome, Reason, load_plugin

class Triage:
    inline = True
    async def decide(self, case, kit):
        late = case.inputs["days"] > 30
        return Outcome(value={"late": late}, effect="hold" if late else "release", adverse=late,
                       confidence=0.9, reasons=(Reason(code="DAYS", text={"en": "Days since payment."}),))

plugin = load_plugin(Path(__file__).with_name("triage.toml"), Triage())
"""
MANIFEST = """
name = "triage"
version = "1"
owner = "Ada"
purposes = ["triage"]
tier = "medium"
phase = "production"
[title]
en = "Triage"
[inputs.customer]
type = "text"
role = "subject"
required = false
[inputs.days]
type = "integer"
minimum = 0
[disclosure]
id = "d1"
contact = "2345 0000"
[disclosure.text]
en = "AI helps."
zh-Hant = "由人工智能協助。"
"""


def made(folder, module=MODULE, manifest=MANIFEST, **options):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "triage.py").write_text(textwrap.dedent(module))
    (folder / "triage.toml").write_text(manifest)
    return Workspace.create(folder, tenant="bank", modules=("./triage.py",), **options)


@pytest.fixture
def workspace(tmp_path):
    with made(tmp_path / "w") as opened:
        yield opened


def leaves(workspace):
    return [json.loads(row.leaf) for _, row in workspace.ledger.rows(0, workspace.ledger.head().size)]


def test_a_decision_is_on_the_log_before_the_reply(workspace):
    reply = workspace.runtime.decide_sync(
        "triage", {"days": 3, "customer": "C-1"}, Ask(channel="http", source="core", source_seq=7)
    )
    leaf = json.loads(next(workspace.ledger.rows(reply.index, reply.index + 1))[1].leaf)
    facts = leaf["facts"]
    assert leaf["id"] == reply.decision.id and leaf["kind"] == "decision" and leaf["subject"] and leaf["kid"]
    assert facts["route"] == "auto" and facts["effect"] == "release" and facts["source_seq"] == 7
    assert facts["policy_digest"] == workspace.catalogue.get("triage").digest
    opened = workspace.ledger.opened(reply.index)
    assert json.loads(opened["in"]) == {"aside": {}, "inputs": {"days": 3}}
    assert json.loads(opened["out"])["outcome"]["value"] == {"late": False}
    assert "C-1" not in json.dumps(leaf)


def test_the_manifest_is_registered_once_before_its_first_decision(workspace):
    for _ in range(3):
        workspace.runtime.decide_sync("triage", {"days": 3})
    kinds = [leaf["kind"] for leaf in leaves(workspace)]
    assert kinds.count("use_case") == 1 and kinds.index("use_case") < kinds.index("decision")


def test_the_reply_holds_back_what_a_person_decides(tmp_path):
    with made(tmp_path / "w", manifest=MANIFEST.replace('tier = "medium"', 'tier = "high"')) as workspace:
        body = workspace.runtime.decide_sync("triage", {"days": 31}, Ask(language="zh-Hant")).body()
    assert body["route"] == "human" and "outcome" not in body and "專人" in body["message"]
    assert body["disclosure"]["text"] == "由人工智能協助。"


def test_the_reply_of_an_automatic_decision(workspace):
    body = workspace.runtime.decide_sync("triage", {"days": 1}, Ask(language="zh-Hans")).body()
    assert body["outcome"] == {"late": False} and body["reasons"] == [{"code": "DAYS", "text": "Days since payment."}]
    assert body["disclosure"]["text"] == "AI helps."


def test_a_batch_has_good_rows_recorded_and_bad_rows_named(workspace):
    rows = [{"days": 1}, {"days": -1}, {"dayz": 1}, {"days": 40}] * 400
    results = workspace.runtime.decide_many("triage", rows, Ask(channel="cli"))
    assert [isinstance(r, Reply) for r in results] == [True, False, False, True] * 400
    assert [r.index for r in results if isinstance(r, Reply)] == sorted(
        r.index for r in results if isinstance(r, Reply)
    )
    assert len({r.decision.id for r in results if isinstance(r, Reply)}) == 800
    assert results[1].where == "days" and "'days'" in results[2].errors[0].next
    decisions = [leaf for leaf in leaves(workspace) if leaf["kind"] == "decision"]
    assert len(decisions) == 800 and {leaf["id"] for leaf in decisions} == {
        r.decision.id for r in results if isinstance(r, Reply)
    }


def test_rows_of_text_and_their_own_asks(workspace):
    asks = [Ask(source_seq=n, consent_ref=f"c{n}") for n in range(3)]
    results = workspace.runtime.decide_many(
        "triage", [{"days": "1"}, {"days": "x"}, {"days": "3"}], text=True, asks=asks
    )
    assert results[0].decision.case.consent_ref == "c0" and results[2].decision.case.source_seq == 2
    assert isinstance(results[1], Problem)


def test_many_callers_at_once(workspace):
    async def all_of_them():
        return await asyncio.gather(*[workspace.runtime.decide("triage", {"days": n % 60}) for n in range(300)])

    replies = asyncio.run(all_of_them())
    assert len({r.index for r in replies}) == 300
    by_index = {i: row.id for i, row in workspace.ledger.rows(0, workspace.ledger.head().size)}
    assert all(by_index[r.index] == r.decision.id for r in replies)


def test_subjects_keep_their_pseudonym_across_processes(tmp_path):
    with made(tmp_path / "w") as one:
        first = one.runtime.decide_sync("triage", {"days": 1, "customer": "C-9"})
    with Workspace.open(tmp_path / "w") as two:
        second = two.runtime.decide_sync("triage", {"days": 1, "customer": "C-9"})
        other = two.runtime.decide_sync("triage", {"days": 1, "customer": "C-8"})
        subjects = {leaf["id"]: leaf.get("subject") for leaf in leaves(two)}
    assert subjects[first.decision.id] == subjects[second.decision.id] != subjects[other.decision.id]


def test_models_registered_opted_out_and_withdrawn_count_at_once(workspace):
    registered = ModelRegistration(id="m", version="1", digest="d", validated_at=1)
    workspace.register_model(registered)
    assert workspace.registers.model("m", "1") == registered and workspace.registers.current("m") == registered
    workspace.register_model(ModelRegistration(id="m", version="1", digest="d", state="withdrawn"))
    assert workspace.registers.current("m") is None and workspace.registers.models()[0].state == "withdrawn"
    workspace.opt_out("C-1", "triage")
    subject = workspace.vault.subject("C-1")
    assert workspace.registers.opted_out(subject, "triage") and not workspace.registers.opted_out(subject, "other")
    workspace.opt_out("C-1", "triage", active=False)
    assert not workspace.registers.opted_out(subject, "triage")


def test_what_another_process_writes_counts_here(tmp_path):
    with made(tmp_path / "w") as one, Workspace.open(tmp_path / "w") as two:
        two.opt_out("C-1")
        one.runtime.refresh()
        assert one.registers.opted_out(one.vault.subject("C-1"), "anything")


def test_registers_are_rebuilt_from_the_log(tmp_path):
    with made(tmp_path / "w") as one:
        one.register_model(ModelRegistration(id="m", version="1", digest="d"))
        one.opt_out("C-1")
    with Workspace.open(tmp_path / "w") as two:
        assert two.registers.current("m") is not None and two.registers.opted_out(two.vault.subject("C-1"), "x")


@pytest.mark.parametrize(
    ("row", "ask", "code"),
    [
        ({"days": "3"}, Ask(), "input.wrong"),
        ({}, Ask(), "input.missing"),
        ({"days": 3, "x": 1}, Ask(), "input.unknown"),
        ({"days": 3}, Ask(language="fr"), "ask.language"),
        ({"days": 3}, Ask(purpose="x" * 300), "ask.too_long"),
        ({"days": 3}, Ask(purpose="x" * 200, consent_ref="y" * 300), "ask.too_long"),
    ],
)
def test_what_cannot_be_used_is_refused_and_not_recorded(workspace, row, ask, code):
    workspace.prepare("triage")
    size = workspace.ledger.head().size
    with pytest.raises(Problem) as caught:
        workspace.runtime.decide_sync("triage", row, ask)
    assert caught.value.code == code and workspace.ledger.head().size == size


def test_dropped_fields_are_on_the_record(workspace):
    reply = workspace.runtime.decide_sync("triage", {"days": 3, "shoe": 42}, Ask(drop_unknown=True))
    assert reply.decision.findings[-1].where == ("shoe",) and reply.decision.route is Route.AUTO


def test_unknown_use_cases_and_phases(workspace, tmp_path):
    with pytest.raises(Problem, match="triag") as caught:
        workspace.runtime.decide_sync("triag", {})
    assert "'triage'" in caught.value.why
    retired = MANIFEST.replace('"production"', '"retired"')
    with made(tmp_path / "x", manifest=retired) as other, pytest.raises(Problem, match="retired"):
        other.runtime.decide_sync("triage", {"days": 1})


def test_a_workspace_is_made_once_and_says_what_is_missing(tmp_path):
    made(tmp_path / "w").close()
    with pytest.raises(Problem, match="already"):
        Workspace.create(tmp_path / "w")
    with pytest.raises(Problem, match="not a Waglan workspace"):
        Workspace.open(tmp_path)


def test_a_plug_in_that_cannot_be_imported_is_named(tmp_path):
    with pytest.raises(Problem, match=r"triage\.py") as caught:
        made(tmp_path / "w", module="import nothing_of_that_name")
    assert "nothing_of_that_name" in caught.value.why
    with pytest.raises(Problem, match="plugin"):
        made(tmp_path / "v", module="plugin = 3")


def test_a_manifest_in_the_workspace_stands_before_the_plug_ins_own(tmp_path):
    with made(tmp_path / "w") as one:
        text = MANIFEST.replace('name = "triage"', 'name = "triage.cards"\nplugin = "triage"')
        (one.folder / "usecases" / "cards.toml").write_text(text)
    with Workspace.open(tmp_path / "w") as two:
        assert list(two.catalogue)[-2:] == ["triage", "triage.cards"]
        assert two.runtime.decide_sync("triage.cards", {"days": 3}).decision.case.use_case == "triage.cards"


def test_settings_from_file_and_environment(tmp_path):
    made(tmp_path / "w").close()
    settings = read_settings(tmp_path / "w", {"WAGLAN_WORKSPACE__TENANT": "other", "WAGLAN_DATA": "/x", "HOME": "/"})
    assert settings.workspace.tenant == "other" and settings.plugins.modules == ("./triage.py",)
    with pytest.raises(Problem, match="tenat"):
        read_settings(tmp_path / "w", {"WAGLAN_WORKSPACE__TENAT": "x"})
    with pytest.raises(Problem, match="legder"):
        read_settings(tmp_path / "w", {"WAGLAN_LEGDER__STORE": "x"})
    with pytest.raises(Problem, match="environment"):
        read_settings(tmp_path / "w", {"WAGLAN_LEDGER__STORE": "oracle"})
    (tmp_path / "w" / "waglan.toml").write_text('[workspace]\ntenat = "x"\n')
    with pytest.raises(Problem) as caught:
        read_settings(tmp_path / "w", {})
    assert caught.value.where.endswith("waglan.toml:2") and "'tenant'" in caught.value.why


def test_a_recorded_function_behaves_as_before_and_is_on_the_log(tmp_path):
    import waglan
    from waglan.runtime import recorded as door

    made(tmp_path / "w").close()

    @waglan.recorded(
        "limit",
        owner="Ada",
        purpose="limits",
        tier="low",
        folder=tmp_path / "w",
        reasons=lambda v: (Reason(code="RULE"),),
    )
    def limit(income: float, months: int = 12, remark: str | None = None) -> float:
        return income * months / 4

    try:
        assert limit(1000.0) == 3000.0 and limit(1000.0, months=4) == 1000.0
        with pytest.raises(Problem, match="income"):
            limit("much")
        assert [
            leaf["facts"]["use_case"] for leaf in leaves(door.workspace(tmp_path / "w")) if leaf["kind"] == "decision"
        ] == ["limit"] * 2

        @waglan.recorded("unexplained", owner="Ada", purpose="limits", folder=tmp_path / "w")
        def unexplained(income: float) -> str:
            return "yes"

        with pytest.raises(Problem) as caught:
            unexplained(1.0)
        assert caught.value.code == "decision.held" and len(caught.value.where) == 26
        with pytest.raises(TypeError, match="annotate"):
            waglan.recorded("odd", owner="a", purpose="p")(_odd)
    finally:
        door.workspace(tmp_path / "w").close()


def _odd(x: complex) -> int:
    return 1


def test_a_module_by_its_dotted_name_and_one_without_a_plug_in(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "firm_only_controls.py").write_text("plugin = None\n")
    folder = tmp_path / "w"
    Workspace.create(folder, modules=("firm_only_controls",)).close()
    with Workspace.open(folder) as workspace:
        assert "credit" in list(workspace.catalogue)


def test_a_plug_in_whose_manifest_is_missing_names_the_file(tmp_path):
    folder = tmp_path / "w"
    folder.mkdir()
    (folder / "triage.py").write_text(textwrap.dedent(MODULE))
    for _ in range(2):  # what failed to load isn't taken for loaded the next time
        with pytest.raises(Problem) as caught:
            Catalogue(folder, ("./triage.py",))
        assert caught.value.code == "manifest.file" and "triage.toml" in caught.value.what


def test_postgresql_needs_a_database(tmp_path):
    with pytest.raises(Problem) as caught:
        Workspace.create(tmp_path / "w", store="postgresql")
    assert caught.value.code == "settings.dsn" and "WAGLAN_LEDGER__DSN" in caught.value.next


class _Stored(Adds):
    """A model read from a file; ``id`` may lie about which."""

    def __init__(self, data):
        said = json.loads(data)
        super().__init__(said.get("lies", said["id"]))
        self.card = msgspec.structs.replace(self.card, digest=hashlib.sha256(data).hexdigest())


def shelf_of(workspace, **files):
    if "test.stored" not in formats:
        formats.add("test.stored", _Stored)
    for name, said in files.items():
        (workspace.folder / "models" / f"{name}.json").write_text(json.dumps({"format": "test.stored", **said}))
    return Shelf(workspace.folder / "models", workspace.registers, workspace.clock)


def test_of_several_files_the_registered_one_counts_and_only_unchanged(workspace):
    shelf = shelf_of(workspace, old={"id": "m", "version": "1"}, new={"id": "m", "version": "2"})
    with pytest.raises(Problem) as caught:
        shelf.seat("m")
    assert caught.value.code == "model.ambiguous" and "new.json" in caught.value.why
    path = workspace.folder / "models" / "new.json"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    workspace.register_model(ModelRegistration(id="m", version="2", digest=digest))
    assert shelf.seat("m").card.digest == digest
    path.write_text(path.read_text() + " ")
    with pytest.raises(Problem) as caught:
        shelf.seat("m")
    assert caught.value.code == "model.digest" and digest[:16] in caught.value.why


def test_a_reader_that_gives_a_file_another_identity_is_refused(workspace):
    with pytest.raises(Problem) as caught:
        shelf_of(workspace, m={"id": "m", "lies": "other"}).seat("m")
    assert caught.value.code == "model.card"


def test_events_that_change_no_register_are_passed_over(workspace):
    reply = workspace.runtime.decide_sync("triage", {"days": 3})
    workspace.record(OutcomeLabel(label="repaid", label_at=1), refs=(reply.decision.id,))
    assert workspace.registers.size == workspace.ledger.head().size
    assert not workspace.registers.models()


def test_a_recorded_function_may_give_a_whole_outcome_and_takes_named_parameters_only(tmp_path):
    import waglan
    from waglan.runtime import recorded as door

    Workspace.create(tmp_path / "w").close()

    @waglan.recorded("whole", owner="Ada", purpose="limits", tier="low", folder=tmp_path / "w")
    def whole(income: float) -> waglan.Outcome:
        return waglan.Outcome(value=income, effect="set", adverse=False, reasons=(Reason(code="INCOME"),))

    try:
        assert whole(5.0) == 5.0
    finally:
        door.workspace(tmp_path / "w").close()
    with pytest.raises(TypeError, match=r"\*incomes"):
        waglan.recorded("many", owner="a", purpose="p")(_many)


def _many(*incomes: float) -> float:
    return sum(incomes)


def test_withdrawing_an_older_version_leaves_the_newer_in_use(workspace):
    for version in ("1", "2"):
        workspace.register_model(ModelRegistration(id="m", version=version, digest=version))
    workspace.register_model(ModelRegistration(id="m", version="1", digest="1", state="withdrawn"))
    assert workspace.registers.current("m").version == "2"


def test_references_that_fit_one_by_one_are_taken(workspace):
    ask = Ask(purpose="x" * 200, consent_ref="y" * 200)
    assert workspace.runtime.decide_sync("triage", {"days": 3}, ask).decision.case.consent_ref == "y" * 200


def test_what_people_are_told_when_nothing_is_decided(tmp_path):
    failing = MODULE.replace('late = case.inputs["days"] > 30', "late = 1 / 0")
    fallback = '[fallback]\nen = "We will call you."\n'
    with made(tmp_path / "w", module=failing, manifest=MANIFEST + fallback) as workspace:
        told = [workspace.runtime.decide_sync("triage", {"days": 3}, Ask(language=each)) for each in ("en", "zh-Hant")]
        assert told[0].body()["message"] == "We will call you." and "專人" in told[1].body()["message"]
    registered("nobody", "before", lambda *_: Finding(control="nobody", verdict=Verdict.BLOCK), inline=True)
    blocked = MANIFEST + '[controls]\nbefore = ["nobody"]\n'
    with made(tmp_path / "b", manifest=blocked) as workspace:
        body = workspace.runtime.decide_sync("triage", {"days": 3}, Ask(language="zh-Hans")).body()
    assert body["route"] == "blocked" and "请与我们联系" in body["message"] and "outcome" not in body


def test_a_decision_the_log_refuses_keeps_no_other_from_it(workspace):
    asks = [Ask(source="core"), Ask(source="\ud800"), Ask(source="core")]
    one, bad, other = workspace.runtime.decide_many("triage", [{"days": n} for n in range(3)], asks=asks)
    assert bad.code == "leaf.value" and [one.decision.case.inputs["days"], other.decision.case.inputs["days"]] == [0, 2]
    assert sum(leaf["kind"] == "decision" for leaf in leaves(workspace)) == 2


def test_while_the_ledger_cannot_record_nothing_is_decided(workspace):
    workspace.prepare("triage")
    workspace.ledger.store._busy_s = 0.05
    holder = sqlite3.connect(workspace.folder / "ledger.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    codes = []
    for _ in range(2):  # the first finds out, the second is told at once
        with pytest.raises(Problem) as caught:
            workspace.runtime.decide_sync("triage", {"days": 3})
        codes.append(caught.value.code)
    assert codes == ["ledger.unavailable"] * 2 and not workspace.ledger.available
    holder.execute("ROLLBACK")
    holder.close()
    until = time.monotonic() + 10
    while not workspace.ledger.available and time.monotonic() < until:
        time.sleep(0.01)
    assert workspace.runtime.decide_sync("triage", {"days": 3}).index >= 0


def test_a_failure_is_told_to_everybody_who_came_together(workspace, monkeypatch):
    errors = [Problem("v", "v", "v", code="vault.unavailable"), OSError("no vault")]
    asked = workspace.vault.subjects

    def subjects(references):
        if errors:
            raise errors.pop(0)
        return asked(references)

    workspace.prepare("triage")
    monkeypatch.setattr(workspace.vault, "subjects", subjects)

    async def three(give_up=False):
        callers = [asyncio.ensure_future(workspace.runtime.decide("triage", {"days": n})) for n in range(3)]
        if give_up:
            await asyncio.sleep(0)
            callers[0].cancel()
        return await asyncio.gather(*callers, return_exceptions=True)

    problems = asyncio.run(three())
    assert [each.code for each in problems] == ["vault.unavailable"] * 3 and len({id(each) for each in problems}) == 3
    first, *others = asyncio.run(three(give_up=True))
    assert isinstance(first, asyncio.CancelledError) and [type(each) for each in others] == [OSError] * 2
    first, *others = asyncio.run(three(give_up=True))
    assert isinstance(first, asyncio.CancelledError) and [each.decision.route for each in others] == [Route.AUTO] * 2
    errors.append(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(three())


def test_a_model_without_a_file_comes_from_its_package_and_keeps_its_seat(workspace):
    if "test.packaged" not in models:
        models.add("test.packaged", Adds("test.packaged"))
    shelf = shelf_of(workspace)
    assert shelf.seat("test.packaged") is shelf.seat("test.packaged")
    with pytest.raises(Problem) as caught:
        shelf.seat("test.packagd")
    assert caught.value.code == "model.unknown" and "'test.packaged'" in caught.value.why


def test_what_another_process_writes_counts_here_within_a_second(tmp_path):
    clock = Steady()
    with made(tmp_path / "w", clock=clock) as one, Workspace.open(tmp_path / "w", clock=clock) as two:
        one.runtime.decide_sync("triage", {"days": 3})
        two.opt_out("C-1")
        subject = two.vault.subject("C-1")
        one.runtime.decide_sync("triage", {"days": 3})
        assert not one.registers.opted_out(subject, "triage")
        clock.ms += 1_001
        one.runtime.decide_sync("triage", {"days": 3})
        assert one.registers.opted_out(subject, "triage")


def test_a_workspace_on_postgresql(tmp_path):
    with postgres.server() as server, made(tmp_path / "w", store="postgresql", dsn=server.database()) as workspace:
        reply = workspace.runtime.decide_sync("triage", {"days": 3})
        assert leaves(workspace)[reply.index]["id"] == reply.decision.id
