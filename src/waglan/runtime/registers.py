"""What the log says is in force: models registered, subjects who opted out. Folded from leaves, never written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from waglan.core.events import ModelRegistration, OptOut, UseCaseRegistration

_DECISION = b'"kind":"decision"'
_decode = msgspec.json.Decoder().decode


class LogRegisters:
    """Registers as of a place in the log; see `waglan.core.Registers`.

    Attributes
    ----------
    size
        How many entries have been folded in.
    """

    def __init__(self) -> None:
        self.size = 0
        self._models: dict[tuple[str, str], ModelRegistration] = {}
        self._current: dict[str, ModelRegistration] = {}
        self._use_cases: dict[str, UseCaseRegistration] = {}
        self._opt_outs: set[tuple[str, str]] = set()

    def fold(self, leaves: Iterable[tuple[int, bytes]]) -> None:
        """Take in leaves in log order, each with its index."""
        for index, leaf in leaves:
            self.size = index + 1
            if _DECISION not in leaf:
                self._take(_decode(leaf))

    def passed(self, index: int) -> None:
        """Step over a decision of our own when it is the next entry: it changes no register, so needn't be read."""
        if index == self.size:
            self.size += 1

    def _take(self, leaf: Mapping[str, Any]) -> None:
        kind, facts = leaf["kind"], leaf.get("facts", {})
        if kind == ModelRegistration.kind:
            model = msgspec.convert(facts, ModelRegistration)
            self._models[model.id, model.version] = model
            if model.state == "in_use":
                self._current[model.id] = model
            elif self._current.get(model.id, model).version == model.version:
                self._current.pop(model.id, None)
        elif kind == UseCaseRegistration.kind:
            use_case = msgspec.convert(facts, UseCaseRegistration)
            self._use_cases[use_case.policy_digest] = use_case
        elif kind == OptOut.kind:
            opt_out = msgspec.convert(facts, OptOut)
            key = (leaf["subject"], opt_out.use_case)
            self._opt_outs.add(key) if opt_out.active else self._opt_outs.discard(key)

    def model(self, model_id: str, version: str) -> ModelRegistration | None:
        return self._models.get((model_id, version))

    def current(self, model_id: str) -> ModelRegistration | None:
        """The version of a model last put in use and not withdrawn."""
        return self._current.get(model_id)

    def models(self) -> tuple[ModelRegistration, ...]:
        """Every version ever registered, in the state last recorded."""
        return tuple(self._models.values())

    def use_case(self, policy_digest: str) -> UseCaseRegistration | None:
        """The registration of a manifest by its digest."""
        return self._use_cases.get(policy_digest)

    def opted_out(self, subject: str, use_case: str) -> bool:
        return bool(self._opt_outs) and ((subject, "") in self._opt_outs or (subject, use_case) in self._opt_outs)
