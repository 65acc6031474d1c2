"""The peers' side of ``rules_live.py``, run by the Python of an environment of their own.

Reads ``{"amounts": […], "limit": …}`` from standard input, then a number of calls per line; answers each line with one
JSON object of nanoseconds per call by peer. What isn't installed is named with why.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

POLICY = """
apiVersion: governance.toolkit/v1
version: "1.0"
name: limit
agents: ["*"]
default_action: allow
rules:
  - name: limit
    condition: "stakes_hkd > {limit}"
    action: deny
"""
Call = Callable[[float], Any]


def evaluator(limit: float) -> Call:
    """agent-governance-toolkit: the bare evaluator of declarative policies."""
    from agent_os.policies import PolicyEvaluator
    from agent_os.policies.schema import PolicyAction, PolicyCondition, PolicyDocument, PolicyOperator, PolicyRule

    condition = PolicyCondition(field="stakes_hkd", operator=PolicyOperator.GT, value=limit)
    rule = PolicyRule(name="limit", condition=condition, action=PolicyAction.BLOCK)
    engine = PolicyEvaluator([PolicyDocument(name="limit", rules=[rule])])
    return lambda amount: engine.evaluate({"stakes_hkd": amount}).allowed


def engine(limit: float) -> Call:
    """agent-governance-toolkit: the policy engine behind its ``govern()``."""
    from agentmesh.governance.policy import PolicyEngine

    made = PolicyEngine()
    made.load_yaml(POLICY.format(limit=int(limit)))
    return lambda amount: made.evaluate("*", {"stakes_hkd": amount}).allowed


def governed(limit: float) -> Call:
    """agent-governance-toolkit: one governed call as its two-line quick start has it, with its log in memory."""
    from agentmesh.governance.govern import GovernanceDenied, govern

    call = govern(lambda **_: True, policy=POLICY.format(limit=int(limit)))

    def ask(amount: float) -> bool:
        try:
            return bool(call(stakes_hkd=amount))
        except GovernanceDenied:
            return False

    return ask


def celpy(limit: float) -> Call:
    """cel-python, its program made once and its values already in its own types."""
    import celpy as cel

    environment = cel.Environment()
    program = environment.program(environment.compile(f"stakes_hkd <= {limit:.1f}"))
    return lambda amount: bool(program.evaluate({"stakes_hkd": cel.celtypes.DoubleType(amount)}))


PEERS: dict[str, Callable[[float], Call]] = {
    "agt_evaluator": evaluator, "agt_engine": engine, "agt_governed": governed, "celpy": celpy,
}  # fmt: skip


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    given = json.loads(sys.stdin.readline())
    amounts, limit = given["amounts"], given["limit"]
    calls: dict[str, Call] = {}
    ready: dict[str, Any] = {}
    for name, make in PEERS.items():
        try:
            call = make(limit)
            ready[name] = [call(amount) for amount in amounts]
            calls[name] = call
        except Exception as error:  # whatever keeps a peer from running is told, not hidden
            ready[name] = f"{type(error).__name__}: {error}"
    print(json.dumps(ready), flush=True)
    for line in sys.stdin:
        print(json.dumps({name: timed(call, amounts, int(line)) for name, call in calls.items()}), flush=True)


def timed(call: Call, amounts: list[float], count: int) -> float:
    """Nanoseconds per call, of the processor's time."""
    began = time.process_time_ns()
    for at in range(count):
        call(amounts[at % len(amounts)])
    return (time.process_time_ns() - began) / count


if __name__ == "__main__":
    main()
