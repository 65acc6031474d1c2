"""What a manifest says of a use case, as its card shows it."""

from __future__ import annotations

from typing import Any

import msgspec

from waglan.console.visit import Visit
from waglan.core.control import Control, controls
from waglan.core.events import ModelRegistration
from waglan.core.problem import Problem
from waglan.core.usecase import Input, UseCase
from waglan.runtime import Loaded
from waglan.runtime.registers import LogRegisters

DAY_MS = 86_400_000
WARN_MS = 30 * DAY_MS
"""A validation that ends within this time is pointed out."""


def validation(found: ModelRegistration | None, now_ms: int) -> str:
    """Where a version's validation stands: ``none``, ``expired``, ``soon`` or ``valid``."""
    if found is None or found.validated_at is None:
        return "none"
    until_ms = found.validation_expires_at
    if until_ms is None:
        return "valid"
    return "expired" if until_ms <= now_ms else "soon" if until_ms - now_ms <= WARN_MS else "valid"


def declared(loaded: Loaded) -> dict[str, Any]:
    """The manifest's own words: purpose, classification, review rule, disclosure, inputs."""
    m = loaded.manifest
    return {
        "name": m.name,
        "title": m.title,
        "summary": m.summary,
        "version": m.version,
        "digest": loaded.digest,
        "owner": m.owner,
        "purposes": m.purposes,
        "sector": m.sector,
        "opportunity": m.opportunity,
        "use_type": m.use_type,
        "audience": m.audience,
        "regulated_activity": m.regulated_activity,
        "customer_facing": m.customer_facing,
        "tier": m.tier,
        "oversight": oversight(m.tier),
        "phase": m.phase,
        "adverse_effects": m.adverse_effects,
        "deadline_ms": m.deadline_ms,
        "review": msgspec.structs.asdict(m.review),
        "disclosure": msgspec.structs.asdict(m.disclosure) if m.disclosure else None,
        "fallback": m.fallback,
        "inputs": [_input(name, spec) for name, spec in m.inputs.items()],
        "samples": len(loaded.plugin.samples),
    }


def oversight(tier: str, cases: str = "none") -> dict[str, str]:
    """How closely a person watches: of what is decided automatically, and of what goes to a person.

    ``cases`` are those that an obligation wants a person to agree to first, whatever the tier.

    References
    ----------
    PCPD, *Model Personal Data Protection Framework* (2024): the levels; `waglan.runtime.route` applies them.
    """
    if tier == "critical" or cases == "all":
        return {"automatic": "in_the_loop", "human": "in_the_loop"}
    level = "in_command" if tier in ("high", "medium") else "out_of_the_loop"
    return {"automatic": level, "human": "in_the_loop" if tier == "high" or cases == "adverse" else level}


def _input(name: str, spec: Input) -> dict[str, Any]:
    return {
        "name": name,
        "title": spec.title or {"en": name},
        "type": spec.type,
        "role": spec.role,
        "data_class": spec.data_class,
        "required": spec.required,
        "minimum": spec.minimum,
        "maximum": spec.maximum,
    }


def slots(visit: Visit, manifest: UseCase) -> list[dict[str, Any]]:
    """Who is asked in which order, and whether each may answer by the log."""
    registers, now_ms = visit.house.workspace.registers, visit.house.workspace.clock.now_ms()
    return [
        {
            "slot": slot,
            "deadline_ms": spec.deadline_ms,
            "models": [_model(registers, model_id, now_ms) for model_id in spec.use],
        }
        for slot, spec in manifest.models.items()
    ]


def _model(registers: LogRegisters, model_id: str, now_ms: int) -> dict[str, Any]:
    found = registers.current(model_id)
    return {
        "id": model_id,
        "version": found.version if found else "",
        "state": found.state if found else "",
        "validation": validation(found, now_ms),
        "until_ms": found.validation_expires_at if found else None,
    }


def plan(manifest: UseCase) -> dict[str, list[dict[str, Any]]]:
    """The controls in the order they act, with what the manifest sets and whether each is in dry run."""
    return {
        "before": [_control(manifest, name) for name in manifest.controls.before],
        "after": [_control(manifest, name) for name in manifest.controls.after],
    }


def _control(manifest: UseCase, name: str) -> dict[str, Any]:
    spec = known_control(name)
    return {
        "name": name,
        "summary": dict(spec.summary) if spec else {},
        "dry_run": name in manifest.controls.dry_run,
        "settings": manifest.controls.settings.get(name, {}),
        "installed": spec is not None,
    }


def known_control(name: str) -> Control | None:
    """A control by name, None where it isn't installed."""
    try:
        return controls.get(name)
    except Problem as problem:
        if problem.code != "registry.unknown":
            raise
        return None
