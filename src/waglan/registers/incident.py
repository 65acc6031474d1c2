"""An incident as its events tell it: what happened, what is known of it now, and what was done."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from waglan.core.events import Incident, IncidentStep
from waglan.registers.history import Step

ITSELF = "waglan"
"""The actor of what happens by itself: nobody pressed a button."""
State = Literal["open", "contained", "fixed", "closed"]
_TOLD = ("affected", "cause", "core_function", "personal_data", "severity")


class IncidentRecord(msgspec.Struct, frozen=True, gc=False):
    """An incident with its timeline.

    Attributes
    ----------
    opened
        The event that opened it; its id is the incident's, its ``refs`` the decisions it was seen in.
    steps
        What was done, in the order in which it came onto the log.
    """

    opened: Step[Incident]
    steps: tuple[Step[IncidentStep], ...] = ()

    @property
    def id(self) -> str:
        return self.opened.id

    @property
    def facts(self) -> Incident:
        """What is known of it now: as it was opened, with what turned out since."""
        told: dict[str, Any] = {}
        for step in self.steps:
            for name in _TOLD:
                value = getattr(step.facts, name)
                if value is not None and value != "":
                    told[name] = value
        return msgspec.structs.replace(self.opened.facts, **told) if told else self.opened.facts

    @property
    def automatic(self) -> bool:
        """Whether it opened by itself."""
        return self.opened.actor == ITSELF

    @property
    def drill(self) -> bool:
        return self.opened.facts.drill

    @property
    def state(self) -> State:
        """How far it is; ``reopened`` makes it open again."""
        state: State = "open"
        for step in self.steps:
            if step.facts.step == "reopened":
                state = "open"
            elif step.facts.step in ("contained", "fixed", "closed"):
                state = step.facts.step
        return state

    @property
    def closed(self) -> bool:
        return self.state == "closed"

    @property
    def closing(self) -> Step[IncidentStep] | None:
        """The step that closed it, None while it is open."""
        return next((s for s in reversed(self.steps) if s.facts.step == "closed"), None) if self.closed else None

    def done_at(self, what: str) -> int | None:
        """When a step was last done, milliseconds since 1970 UTC; what a reopening undid counts no more."""
        found: int | None = None
        for step in self.steps:
            if step.facts.step == "reopened" and what in ("contained", "fixed", "closed"):
                found = None
            if step.facts.step == what:
                found = step.facts.done_at
        return found

    def notified_at(self, clock: str) -> int | None:
        """When the authority of a reporting clock was first told, milliseconds since 1970 UTC."""
        told = [
            each.facts.done_at for each in self.steps if each.facts.step == "notified" and each.facts.clock == clock
        ]
        return min(told, default=None)

    @property
    def last(self) -> Step[Incident] | Step[IncidentStep]:
        """The newest event about it."""
        return self.steps[-1] if self.steps else self.opened


def gather(opened: list[Step[Incident]], done: list[Step[IncidentStep]]) -> tuple[IncidentRecord, ...]:
    """Incidents in the order they were opened, each with its steps."""
    of: dict[str, list[Step[IncidentStep]]] = {each.id: [] for each in opened}
    for step in done:
        if step.refs and step.refs[0] in of:
            of[step.refs[0]].append(step)
    return tuple([IncidentRecord(each, tuple(of[each.id])) for each in opened])
