"""What a use case is given: models with failover. Every model asked is on the record, answered or not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from waglan.core.clock import Clock
from waglan.core.finding import Finding, Verdict
from waglan.core.model import Model, ModelCard
from waglan.core.outcome import ModelUse
from waglan.core.problem import Problem
from waglan.core.usecase import ModelSlot
from waglan.runtime.apart import MISBEHAVIOUR, Apart, Overdue, Stuck
from waglan.runtime.breaker import Breaker, State

FAILOVER_CONTROL = "model.failover"
BATCH_DEADLINE_S = 60.0


class NoAnswer(Exception):  # noqa: N818 - a use case may catch it and answer by other means
    """No model of a slot answered."""


def _never(card: ModelCard) -> bool:
    """Nobody stops models here."""
    return False


class Seat:
    """A model in a slot, with its breaker."""

    __slots__ = ("breaker", "card", "model", "predict_many")

    def __init__(self, model: Model, breaker: Breaker) -> None:
        self.model = model
        self.card = model.card
        self.breaker = breaker
        self.predict_many: Callable[..., Any] | None = getattr(model, "predict_many", None)


class Slots:
    """The slots of one use case with their seats, shared by all its decisions.

    ``suspended`` says of a model whether somebody stopped it.
    """

    def __init__(
        self,
        slots: Mapping[str, ModelSlot],
        seats: Mapping[str, Seat],
        clock: Clock,
        apart: Apart,
        suspended: Callable[[ModelCard], bool] = _never,
    ) -> None:
        self.clock = clock
        self.apart = apart
        self.suspended = suspended
        self._order = {
            name: (tuple(seats[model] for model in slot.use), slot.deadline_ms / 1000) for name, slot in slots.items()
        }

    def seats(self, slot: str) -> tuple[tuple[Seat, ...], float]:
        """Who is asked in which order, and the deadline in seconds."""
        try:
            return self._order[slot]
        except KeyError:
            raise Problem(
                f"The use case asks for a model slot {slot!r} that its manifest doesn't have.",
                f"Declared slots: {', '.join(self._order) or 'none'}.",
                f"Add [models.{slot}] with use = [...] to the manifest.",
                code="manifest.slot",
            ) from None


class RuntimeKit:
    """The kit of one decision (or of one batch); see `waglan.core.Kit`.

    Attributes
    ----------
    uses, findings
        What was asked so far and what failed, in order.
    failover
        Whether a model other than the first of its slot answered.
    """

    __slots__ = ("_slots", "failover", "findings", "now_ms", "uses")

    def __init__(self, slots: Slots, now_ms: int) -> None:
        self._slots = slots
        self.now_ms = now_ms
        self.uses: tuple[ModelUse, ...] = ()
        self.findings: tuple[Finding, ...] = ()
        self.failover = False

    async def model(self, slot: str, inputs: Mapping[str, Any]) -> Any:
        """The first answer in time; raises `NoAnswer` when no model of the slot gives one."""
        return await self._ask(slot, lambda seat: seat.model.predict(inputs))

    async def model_many(self, slot: str, rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        """One answer per row from the slot's first model, while all goes well; else `NoAnswer`.

        A batch has no failover of its own: the runtime then asks row by row, so that a batch means what one by
        one means, and a model's failures are counted once.
        """
        seats, deadline_s = self._slots.seats(slot)
        seat, clock = seats[0], self._slots.clock
        if seat.breaker.state is not State.CLOSED or self._slots.suspended(seat.card):
            raise NoAnswer(f"the first model of slot {slot!r} is resting or suspended")

        def ask(seat: Seat) -> Any:
            if seat.predict_many is not None:
                return seat.predict_many(rows)
            return [seat.model.predict(row) for row in rows]

        started = clock.monotonic_ns()
        try:
            answers = await self._call(seat, ask, max(deadline_s, min(deadline_s * len(rows), BATCH_DEADLINE_S)))
            answers = [await a if isinstance(a, Awaitable) else a for a in answers]
        except MISBEHAVIOUR as error:
            raise NoAnswer(f"{seat.card.id}: {type(error).__name__}") from error
        if len(answers) != len(rows) or any(answer is None for answer in answers):
            raise NoAnswer(f"{seat.card.id} didn't answer every row")
        if self._slots.suspended(seat.card):
            raise NoAnswer(f"{seat.card.id} was suspended meanwhile")
        seat.breaker.succeeded()
        self._used(slot, seat, answered=True, latency_us=(clock.monotonic_ns() - started) // 1000 // len(rows))
        return answers

    async def _ask(self, slot: str, call: Callable[[Seat], Any]) -> Any:
        seats, deadline_s = self._slots.seats(slot)
        clock = self._slots.clock
        suspended = self._slots.suspended
        for rank, seat in enumerate(seats):
            if suspended(seat.card):
                self._failed(slot, seat, "suspended", "")
                continue
            if not seat.breaker.allow():
                self._failed(slot, seat, "breaker-open", "")
                continue
            started = clock.monotonic_ns()
            try:
                answer = await self._call(seat, call, deadline_s)
                if answer is None:
                    raise ValueError("the model answered nothing")
            except MISBEHAVIOUR as error:
                seat.breaker.failed()
                code = "timeout" if isinstance(error, (TimeoutError, Overdue)) else "raised"
                self._failed(slot, seat, "stuck" if isinstance(error, Stuck) else code, type(error).__name__)
                continue
            seat.breaker.succeeded()
            if suspended(seat.card):  # while it was thinking
                self._failed(slot, seat, "suspended", "")
                continue
            self.failover = self.failover or rank > 0
            self._used(slot, seat, answered=True, latency_us=(clock.monotonic_ns() - started) // 1000)
            return answer
        raise NoAnswer(f"no model of slot {slot!r} answered")

    async def _call(self, seat: Seat, call: Callable[[Seat], Any], deadline_s: float) -> Any:
        if not seat.card.inline:
            return await self._slots.apart.run(lambda: call(seat), deadline_s)
        answer = call(seat)
        if isinstance(answer, Awaitable):
            async with asyncio.timeout(deadline_s):
                answer = await answer
        return answer

    def _failed(self, slot: str, seat: Seat, code: str, error: str) -> None:
        self._used(slot, seat, answered=False, latency_us=0)
        params = (slot, seat.card.id, error)
        self.findings += (Finding(control=FAILOVER_CONTROL, verdict=Verdict.NOTE, code=code, params=params),)

    def _used(self, slot: str, seat: Seat, *, answered: bool, latency_us: int) -> None:
        card = seat.card
        self.uses += (
            ModelUse(
                slot=slot,
                id=card.id,
                version=card.version,
                digest=card.digest,
                provider=card.provider,
                region=card.region,
                answered=answered,
                latency_us=latency_us,
            ),
        )
