"""``GET /metrics`` beside the console, because only here index and desk are open."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from waglan.access import Action
from waglan.api import guard
from waglan.api.access_log import Traffic
from waglan.api.caller import Callers
from waglan.api.limits import DEFAULTS
from waglan.api.metrics import Metrics
from waglan.api.respond import Receive, Scope, Send, answer_problem
from waglan.console.house import House
from waglan.core.problem import Problem

PATH = "/metrics"


class Monitor:
    """Admits who may read figures, and tells them.

    Parameters
    ----------
    house
        The open rooms.
    traffic
        What this worker has answered.
    """

    def __init__(self, house: House, traffic: Traffic) -> None:
        self._house = house
        self._callers = Callers(house.access, DEFAULTS, house.workspace.clock)
        self._metrics = Metrics(house.workspace, house.index, house.desk, traffic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        try:
            guard.check(scope, headers, self._house.public_url)
            caller = self._callers.admit(scope, headers, Action.METRICS_READ)
            response = await run_in_threadpool(self._metrics.answer, caller.identity)
        except Problem as problem:
            await answer_problem(send, problem)
            return
        await response(scope, receive, send)
