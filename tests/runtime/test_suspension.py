"""The kill switch: use case, model, vendor; alone, in batches, meanwhile, and in another process within a second."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import textwrap
import time

import msgspec
import pytest

from tests import postgres
from tests.runtime.parts import Adds, AddsMany, Small, SmallMany, case, judge, now
from tests.runtime.test_workspace import MODULE, made
from waglan.core import Outcome, Problem, Reason, Route
from waglan.core.entry import event
from waglan.core.events import ModelRegistration, Suspension
from waglan.runtime import Workspace
from waglan.runtime.ask import Ask
from waglan.runtime.registers import LogRegisters
from waglan.runtime.route import SUSPENDED

ASK = Ask()


def put(registers, facts, at=None, actor="p-1"):
    """Fold an event as the log would hold it."""
    entry = event("01J", 1, facts, actor=actor)
    leaf = {"kind": entry.kind, "facts": msgspec.to_builtins(facts), "actor": actor}
    registers.fold([(registers.size if at is None else at, json.dumps(leaf, separators=(",", ":")).encode())])


def stop(registers, target, name, *, active=True):
    put(registers, Suspension(target=target, id=name, reason="test", active=active))


def over(decider, *models, registers=None, **changes):
    """A judge whose registers can be written to, and who asks them about models too."""
    registers = registers or LogRegisters()
    found = judge(decider, *models, **changes)
    found._registers = registers
    found._stopped = lambda: registers.use_case_suspended("small")
    found._slots.suspended = registers.model_suspended
    return found, registers


def many(made, rows):
    cases = [case(**row) for row in rows]
    return [j.decision for j in now(made.many(cases, [ASK] * len(cases), [()] * len(cases)))]


@pytest.mark.parametrize("decider", [Small(), SmallMany()])
@pytest.mark.parametrize("n", [1, 3])
def test_a_suspended_use_case_records_each_case_and_asks_nobody(decider, n):
    model = AddsMany("m1")
    found, registers = over(decider, model)
    stop(registers, "use_case", "small")
    for decision in many(found, [{"a": 3}] * n):
        assert decision.route is Route.HUMAN and decision.outcome is None and decision.why == (SUSPENDED,)
        assert decision.models == () and decision.disclosure_id == "d1"
    assert model.calls == 0
    stop(registers, "use_case", "small", active=False)
    assert all(d.route is Route.AUTO for d in many(found, [{"a": 3}] * n))


def test_a_plain_decider_is_stopped_as_well():
    class Plain:
        inline = True
        calls = 0

        def decide(self, case, kit):
            self.calls += 1
            return Outcome(value=1, effect="x", adverse=False, reasons=(Reason(code="r"),))

    decider = Plain()
    found, registers = over(decider)
    stop(registers, "use_case", "small")
    assert now(found.one(case(), ASK)).decision.why == (SUSPENDED,) and decider.calls == 0


def test_another_use_case_goes_on():
    found, registers = over(Small(), Adds("m1"))
    stop(registers, "use_case", "large")
    stop(registers, "model", "small")
    assert now(found.one(case(a=3), ASK)).decision.route is Route.AUTO


@pytest.mark.parametrize("decider", [Small(), SmallMany()])
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("target", ["model", "vendor", "registered vendor"])
def test_the_next_in_line_answers_for_a_suspended_model_or_vendor(decider, n, target):
    first = AddsMany("m1")
    first.card = msgspec.structs.replace(first.card, provider="acme-host")
    found, registers = over(decider, first, AddsMany("m2"))
    put(registers, ModelRegistration(id="m1", version="1", digest="d" * 64, vendor="acme"))
    stop(registers, *{"model": ("model", "m1"), "vendor": ("vendor", "acme-host")}.get(target, ("vendor", "acme")))
    for decision in many(found, [{"a": 3}] * n):
        assert decision.route is Route.AUTO and decision.failover
        assert [(m.id, m.answered) for m in decision.models] == [("m1", False), ("m2", True)]
        assert [(f.control, f.code, f.params[1]) for f in decision.findings] == [("model.failover", "suspended", "m1")]
    assert first.calls == 0


def test_without_another_model_a_person_decides():
    found, registers = over(Small(), Adds("m1"))
    stop(registers, "model", "m1")
    decision = now(found.one(case(a=3), ASK)).decision
    assert decision.why == ("outcome:no-model",) and decision.findings[0].code == "suspended"


def test_an_answer_that_comes_after_the_switch_is_not_used():
    registers = LogRegisters()

    async def slow():
        stop(registers, "use_case", "small")
        await asyncio.sleep(0)
        return 3

    found, _ = over(Small(), Adds("m1", fault=slow), registers=registers)
    decision = now(found.one(case(a=3), ASK)).decision
    assert decision.outcome is None and decision.why == (SUSPENDED,)
    assert [(m.id, m.answered) for m in decision.models] == [("m1", True)]


@pytest.mark.parametrize("decider", [Small(), SmallMany()])
def test_a_model_that_is_suspended_while_it_thinks_is_passed_over(decider):
    registers = LogRegisters()

    def thinking():
        stop(registers, "model", "m1")
        return [3, 3] if isinstance(decider, SmallMany) else 3

    found, _ = over(decider, AddsMany("m1", fault=thinking), AddsMany("m2"), registers=registers)
    for decision in many(found, [{"a": 3}] * 2):
        assert decision.models[-1].id == "m2" and decision.route is Route.AUTO


def test_a_control_still_blocks_what_nobody_is_asked():
    from tests.runtime.parts import registered
    from waglan.core import Finding, Verdict

    name = registered("stops.all", "before", lambda *_: Finding(control="stops.all", verdict=Verdict.BLOCK))
    found, registers = over(Small(), Adds("m1"), before=(name,))
    stop(registers, "use_case", "small")
    assert now(found.one(case(), ASK)).decision.route is Route.BLOCKED


def test_the_log_says_what_is_suspended(tmp_path):
    with made(tmp_path / "w") as workspace:
        workspace.record(Suspension(target="use_case", id="triage", reason="fault"), actor="p-1")
        workspace.record(Suspension(target="model", id="m", reason="fault"), actor="p-1")
        assert [s.id for s in workspace.registers.suspensions()] == ["triage", "m"]
        reply = workspace.runtime.decide_sync("triage", {"days": 1})
        assert reply.decision.why == (SUSPENDED,) and reply.body()["route"] == "human" and "outcome" not in reply.body()
        workspace.record(Suspension(target="use_case", id="triage", reason="mended", active=False), actor="p-2")
        assert workspace.runtime.decide_sync("triage", {"days": 1}).decision.route is Route.AUTO
        assert [s.id for s in workspace.registers.suspensions()] == ["m"]
    with Workspace.open(tmp_path / "w") as again:
        assert [s.id for s in again.registers.suspensions()] == ["m"]


def test_a_long_batch_stops_in_its_middle(tmp_path):
    module = MODULE.replace("late = ", "time.sleep(0.0004); late = ").replace(
        "from pathlib", "import time\nfrom pathlib"
    )
    with made(tmp_path / "w", module=module) as workspace, Workspace.open(tmp_path / "w") as other:
        workspace.runtime.decide_sync("triage", {"days": 1})

        async def both():
            loop = asyncio.get_running_loop()
            batch = loop.run_in_executor(None, workspace.runtime.decide_many, "triage", [{"days": 1}] * 4_000)
            while other.ledger.head().size < 1_000:
                await asyncio.sleep(0.01)
            suspension = Suspension(target="use_case", id="triage", reason="fault")
            await loop.run_in_executor(None, lambda: other.record(suspension))
            return await batch

        whys = [reply.decision.why for reply in asyncio.run(both())]
    assert whys[0] == () and whys[-1] == (SUSPENDED,)


def test_while_the_log_cannot_be_read_nobody_is_answered(tmp_path):
    with made(tmp_path / "w") as workspace:
        workspace.runtime.decide_sync("triage", {"days": 1})
        size, times = workspace.ledger.head().size, iter(range(99))

        def unreadable():
            if next(times):
                raise Problem("The ledger can't be read.", "w", "n", code="ledger.unavailable", status=503)

        workspace.registers.fresh = unreadable
        first, second = workspace.runtime.decide_many("triage", [{"days": 1}, {"days": -1}])
        assert first.code == "ledger.unavailable" and second.where == "days"
        with pytest.raises(Problem, match="can't be read"):
            workspace.runtime.decide_sync("triage", {"days": 1})
        assert workspace.ledger.head().size == size


_ASKS = """
import sys, time
from pathlib import Path
from waglan.runtime import Workspace

with Workspace.open(Path(sys.argv[1])) as workspace:
    print("ready", flush=True)
    until = time.time() + 20
    while time.time() < until:
        at = time.time()
        reply = workspace.runtime.decide_sync("triage", {"days": 1})
        if reply.decision.outcome is None:
            print(at, *reply.decision.why, flush=True)
            break
        time.sleep(0.005)
"""


def _stops_in_time(folder, **options):
    with made(folder, **options) as workspace:
        workspace.runtime.decide_sync("triage", {"days": 1})
        asking = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(_ASKS), str(folder)], stdout=subprocess.PIPE, text=True
        )
        try:
            assert asking.stdout.readline() == "ready\n"
            time.sleep(0.5)
            workspace.record(Suspension(target="use_case", id="triage", reason="fault"), actor="p-1")
            done = time.time()
            at, why = asking.stdout.readline().split()
        finally:
            asking.kill()
            asking.wait()
            asking.stdout.close()
    assert why == SUSPENDED
    return float(at) - done


def test_another_process_stops_within_a_second(tmp_path):
    assert _stops_in_time(tmp_path / "w") < 1.0


def test_another_process_stops_within_a_second_on_postgresql(tmp_path):
    with postgres.server() as server:
        assert _stops_in_time(tmp_path / "w", store="postgresql", dsn=server.database()) < 1.0
