"""A drill's own way through the runtime: the same controls, rules and log as live cases, and a fault only it meets.

The models are the live ones, with breakers of their own and threads of their own, so that nothing that fails here is
felt by a live case of this process, and nothing is written that another process could take for a fault.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from waglan.core.clock import Clock
from waglan.core.model import Model, ModelCard
from waglan.core.problem import Problem
from waglan.core.usecase import UseCase
from waglan.runtime.apart import Apart
from waglan.runtime.ask import Ask, Question, Reply
from waglan.runtime.breaker import Breaker
from waglan.runtime.kit import Seat, Slots

Exercised = Literal["failover", "kill_switch"]
_LATE_S = 0.2


class Fault:
    """What goes wrong for the cases of one drill.

    Parameters
    ----------
    what
        ``failover``: the first model of every slot fails. ``kill_switch``: the use case is suspended.
    seed
        Of the ways in which models fail.

    Attributes
    ----------
    on
        Whether it is happening now.
    """

    def __init__(self, what: Exercised, seed: int) -> None:
        self.what = what
        self.on = False
        self._random = random.Random(seed)
        self._hung = False

    @property
    def stops(self) -> bool:
        """Whether the use case counts as suspended."""
        return self.on and self.what == "kill_switch"

    @property
    def breaks(self) -> bool:
        """Whether first models fail."""
        return self.on and self.what == "failover"

    def fail(self, deadline_s: float) -> Any:
        """Fail as a model may: refuse, answer rubbish or nothing, or (once, as it takes its time) not come back."""
        way = self._random.choice(("refuses", "breaks", "silent", "hangs"))
        if way == "hangs" and not self._hung:
            self._hung = True
            return _late(deadline_s)
        if way == "silent":
            return None
        if way == "breaks":
            raise ValueError("a drill: the answer can't be read")
        raise ConnectionRefusedError("a drill: the model's host refuses")


async def _late(deadline_s: float) -> None:
    await asyncio.sleep(deadline_s + _LATE_S)


class _Failing:
    """A model that fails while the fault is on, and answers as it does when it isn't."""

    def __init__(self, model: Model, fault: Fault, deadline_s: float) -> None:
        self._model = model
        self._fault = fault
        self._deadline_s = deadline_s

    @property
    def card(self) -> ModelCard:
        return self._model.card

    def predict(self, inputs: Mapping[str, Any]) -> Any:
        return self._fault.fail(self._deadline_s) if self._fault.breaks else self._model.predict(inputs)


class Exercise:
    """One drill of one use case, under way. Close it when it is over.

    Parameters
    ----------
    fault
        What goes wrong, off at first.
    apart
        Its own threads, closed with it.
    decide
        Decides and records questions with its judge.
    """

    def __init__(
        self, fault: Fault, apart: Apart, decide: Callable[[Sequence[Question]], list[Reply | Problem]]
    ) -> None:
        self.fault = fault
        self._apart = apart
        self._decide = decide

    def ask(self, rows: Sequence[Mapping[str, Any]], drill: str, actor: str) -> list[Reply | Problem]:
        """Decide rows one by one as cases of the drill: marked so, with its id as their source."""
        ask = Ask(channel="drill", source=drill, actor=actor, drill=True, consent_ref="drill", notice_id="drill")
        return [answer for row in rows for answer in self._decide((Question(row, ask),))]

    def close(self) -> None:
        """Let its threads end."""
        self._apart.close()


def apart_from_live(
    manifest: UseCase,
    slots: Slots,
    fault: Fault,
    apart: Apart,
    *,
    clock: Clock,
    suspended: Callable[[ModelCard], bool],
) -> Slots:
    """The slots of a use case for a drill: the same models, the first of each failing, with breakers of their own."""
    seats: dict[str, Seat] = {}
    firsts: dict[str, float] = {}
    for name, slot in manifest.models.items():
        there, deadline_s = slots.seats(name)
        seats.update(zip(slot.use, there, strict=True))
        firsts.setdefault(slot.use[0], deadline_s)
    made = {
        name: Seat(_Failing(seat.model, fault, firsts[name]) if name in firsts else seat.model, _breaker(clock))
        for name, seat in seats.items()
    }
    return Slots(manifest.models, made, clock, apart, suspended)


def _breaker(clock: Clock) -> Breaker:
    return Breaker(clock.monotonic_ns)
