"""What the log says is in force: models registered, subjects who opted out. Folded from leaves, never written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from waglan.core.events import (
    ModelRegistration,
    ObservedTier,
    OptOut,
    RuleInForce,
    Suspension,
    TierRuling,
    UseCaseRegistration,
)
from waglan.core.model import ModelCard
from waglan.core.usecase import UseCase
from waglan.runtime.gates import NO_RULES, RuleSet
from waglan.runtime.stance import Stance, Standings, alone, assessed

_KIND = b'"kind":"'
_KINDS = frozenset(
    kind.kind.encode()
    for kind in (ModelRegistration, UseCaseRegistration, OptOut, RuleInForce, Suspension, TierRuling, ObservedTier)
)
_decode = msgspec.json.Decoder().decode


def _as_it_is() -> None:
    """Nobody reads the log for these registers."""


class LogRegisters:
    """Registers as of a place in the log; see `waglan.core.Registers`.

    Attributes
    ----------
    size
        How many entries have been folded in.
    fresh
        Brings them up to the log when they are older than what holds everywhere; set by who reads the log.
    standings
        How high use cases stand.
    """

    def __init__(self) -> None:
        self.size = 0
        self.fresh: Callable[[], None] = _as_it_is
        self.standings = Standings()
        self._suspended: dict[tuple[str, str], Suspension] = {}
        self._models: dict[tuple[str, str], ModelRegistration] = {}
        self._current: dict[str, ModelRegistration] = {}
        self._use_cases: dict[str, UseCaseRegistration] = {}
        self._opt_outs: set[tuple[str, str]] = set()
        self._rules: dict[str, RuleInForce] = {}
        self._rule_set: RuleSet | None = NO_RULES
        self._history: dict[tuple[str, ...], list[tuple[int, Any]]] = {}

    def fold(self, leaves: Iterable[tuple[int, bytes]]) -> None:
        """Take in leaves in log order, each with its index."""
        for index, leaf in leaves:
            self.size = index + 1
            at = leaf.rfind(_KIND) + len(_KIND)  # the last one is the leaf's own: quotes within texts are escaped
            if leaf[at : leaf.index(b'"', at)] in _KINDS:
                self._take(_decode(leaf), index)

    def passed(self, index: int) -> None:
        """Step over a decision of our own when it is the next entry: it changes no register, so needn't be read."""
        if index == self.size:
            self.size += 1

    def _take(self, leaf: Mapping[str, Any], index: int) -> None:
        kind, facts = leaf["kind"], leaf.get("facts", {})
        if kind == ModelRegistration.kind:
            model = msgspec.convert(facts, ModelRegistration)
            self._models[model.id, model.version] = model
            self._history.setdefault((model.id, model.version), []).append((index, model))
            if model.state == "in_use":
                self._current[model.id] = model
            elif self._current.get(model.id, model).version == model.version:
                self._current.pop(model.id, None)
        elif kind == UseCaseRegistration.kind:
            use_case = msgspec.convert(facts, UseCaseRegistration)
            self._use_cases[use_case.policy_digest] = use_case
            self._history.setdefault((use_case.policy_digest,), []).append((index, use_case))
        elif kind == OptOut.kind:
            opt_out = msgspec.convert(facts, OptOut)
            key = (leaf["subject"], opt_out.use_case)
            self._opt_outs.add(key) if opt_out.active else self._opt_outs.discard(key)
        elif kind == RuleInForce.kind:
            rule = msgspec.convert(facts, RuleInForce)
            self._rules[rule.id] = rule
            self._rule_set = None
        elif kind == Suspension.kind:
            suspension = msgspec.convert(facts, Suspension)
            changed = dict(self._suspended)  # readers of other threads keep the one they have
            changed.pop((suspension.target, suspension.id), None)
            if suspension.active:
                changed[suspension.target, suspension.id] = suspension
            self._suspended = changed
        elif kind == TierRuling.kind:
            self.standings.rule(msgspec.convert(facts, TierRuling), index, leaf.get("actor", ""))
        elif kind == ObservedTier.kind:
            self.standings.observe(msgspec.convert(facts, ObservedTier), index)

    @property
    def rules(self) -> RuleSet:
        """The rules in force, compiled when first asked of."""
        found = self._rule_set
        if found is None:
            self._rule_set = found = RuleSet(list(self._rules.values()))
        return found

    def model_before(self, model_id: str, version: str, index: int) -> ModelRegistration | None:
        """The registration of a model's version that was the newest at a place in the log."""
        found: ModelRegistration | None = self._before((model_id, version), index)
        return found

    def use_case_before(self, policy_digest: str, index: int) -> UseCaseRegistration | None:
        """The registration of a manifest that was the newest at a place in the log."""
        found: UseCaseRegistration | None = self._before((policy_digest,), index)
        return found

    def _before(self, key: tuple[str, ...], index: int) -> Any:
        return next((found for at, found in reversed(self._history.get(key, ())) if at < index), None)

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

    def use_cases(self) -> frozenset[str]:
        """The names of the manifests ever registered."""
        return frozenset(each.name for each in self._use_cases.values())

    def suspensions(self) -> tuple[Suspension, ...]:
        """The kill switches that are on, in the order in which they were turned."""
        self.fresh()
        return tuple(self._suspended.values())

    def use_case_suspended(self, name: str) -> bool:
        """Whether a use case answers no more, as fresh as the log is read here."""
        self.fresh()
        return bool(self._suspended) and ("use_case", name) in self._suspended

    def model_suspended(self, card: ModelCard) -> bool:
        """Whether a model answers no more: itself, its vendor by the register, or who runs it."""
        self.fresh()
        found = self._suspended
        if not found:
            return False
        registered = self._models.get((card.id, card.version)) or self._current.get(card.id)
        vendors = {card.provider, registered.vendor if registered else ""}
        return ("model", card.id) in found or any(("vendor", each) in found for each in vendors if each)

    def effective_tier(self, manifest: UseCase, now_ms: int) -> Stance:
        """How high a use case stands by its manifest, its profile, rulings and observations."""
        found = assessed(manifest)
        return self.standings.stance(manifest.name, alone(manifest, found), found, manifest.tier, now_ms)

    def opted_out(self, subject: str, use_case: str) -> bool:
        return bool(self._opt_outs) and ((subject, "") in self._opt_outs or (subject, use_case) in self._opt_outs)
