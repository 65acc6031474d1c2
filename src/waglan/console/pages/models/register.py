"""What the log says of models: versions, validation, who registered what and when; and putting more on it."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

import msgspec

from waglan.console.language import HONG_KONG
from waglan.console.marked import _
from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.use_cases.card import validation
from waglan.console.visit import Visit
from waglan.core.events import ModelRegistration
from waglan.core.problem import Problem
from waglan.index import events

_SAID = MappingProxyType({
    "state": _("Stage"), "owner": _("Owner"), "builder": _("Built by"), "approver": _("Approved by"),
    "validator": _("Validated by"), "validated_at": _("Validated on"), "validation_expires_at": _("Validation ends"),
    "validation_id": _("Report"), "intended_use": _("Intended use"), "limits": _("Limits"),
    "data_sources": _("Data sources"), "origin": _("Origin"), "vendor": _("Made by"), "provider": _("Runs at"),
    "region": _("Region"), "licence": _("Licence"), "use_case": _("Use case"), "fallback": _("Stands in for it"),
    "digest": "SHA-256", "prompt_digest": _("Digest of its prompt"), "index_digest": _("Digest of its index"),
})  # fmt: skip
"""What a registration says, in people's words."""


def by_id(registrations: Iterable[ModelRegistration]) -> dict[str, list[ModelRegistration]]:
    """Versions by model id, sorted by id, in the order they were first registered."""
    found: dict[str, list[ModelRegistration]] = {}
    for each in registrations:
        found.setdefault(each.id, []).append(each)
    return dict(sorted(found.items()))


def told(found: ModelRegistration, now_ms: int) -> dict[str, Any]:
    """A version as pages show it."""
    fields: dict[str, Any] = msgspec.structs.asdict(found)
    return {**fields, "validation": validation(found, now_ms), "until_ms": found.validation_expires_at}


def history(visit: Visit, connection: sqlite3.Connection, model_id: str) -> list[dict[str, Any]]:
    """Every registration of a model, newest first, each with what it changed."""
    actors, known = Actors(visit), dict[str, ModelRegistration]()
    rows: list[dict[str, Any]] = []
    for each in reversed(events.registrations(connection, "model", model_id)):
        found = msgspec.convert(each.facts, ModelRegistration)
        before = known.get(found.version)
        rows.append(
            {
                "at_ms": each.at_ms,
                "actor": actors.of(each.actor),
                "version": found.version,
                "state": found.state,
                "what": _change(before, found),
                "changes": _changes(before, found) if before else [],
                "validator": found.validator,
                "until_ms": found.validation_expires_at,
                "index": each.index,
                "id": each.id,
            }
        )
        known[found.version] = found
    return rows[::-1]


def _changes(before: ModelRegistration, after: ModelRegistration) -> list[dict[str, Any]]:
    """What the owner's words say differently than before: why the entry was made."""
    return [
        {"label": label, "before": msgspec.to_builtins(getattr(before, name)),
         "after": msgspec.to_builtins(getattr(after, name)), "day": name.endswith("_at")}
        for name, label in _SAID.items()
        if getattr(before, name) != getattr(after, name)
    ]  # fmt: skip


def _change(before: ModelRegistration | None, after: ModelRegistration) -> str:
    if after.state == "withdrawn":
        return "withdrawn"
    if after.validated_at is not None and (before is None or after.validated_at != before.validated_at):
        return "validated"
    return "registered" if before is None else "changed" if before.state == after.state else "returned"


def validate(visit: Visit, model_id: str) -> None:
    """Record that a version was validated, by whom and until when."""
    workspace, form = visit.house.workspace, visit.form
    found = version_of(visit, model_id, form.required("version"))
    now_ms = workspace.clock.now_ms()
    workspace.register_model(
        msgspec.structs.replace(
            found,
            validated_at=now_ms,
            validation_expires_at=_end_of(form.required("until"), now_ms),
            validation_id=form.text("reference")[:200],
            validator=form.required("validator")[:200],
        ),
        actor=visit.me.id,
    )


def withdraw(visit: Visit, model_id: str) -> None:
    """Take a version out of use; its record stays."""
    found = version_of(visit, model_id, visit.form.required("version"))
    visit.house.workspace.register_model(msgspec.structs.replace(found, state="withdrawn"), actor=visit.me.id)


def version_of(visit: Visit, model_id: str, version: str) -> ModelRegistration:
    """A registered version; a Problem 404 otherwise."""
    visit.house.workspace.runtime.refresh()
    found = visit.house.workspace.registers.model(model_id, version)
    if found is None:
        raise missing(model_id)
    return found


def missing(model_id: str) -> Problem:
    """404: nothing of that name was ever registered."""
    return Problem(
        _("There is no such model."),
        _("No version of it is registered on the log."),
        _("Register its file: waglan model register FILE."),
        code="model.unknown",
        where=model_id,
        status=404,
    )


def _end_of(text: str, now_ms: int) -> int:
    """The end of a day in Hong Kong, milliseconds since 1970 UTC."""
    try:
        day = dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), HONG_KONG)
        end_ms = int((day + dt.timedelta(days=1)).timestamp() * 1000)
    except (ValueError, OverflowError):
        end_ms = 0
    if end_ms <= now_ms:
        raise Problem(
            _("That day can't end a validation."),
            _("It isn't a day to come."),
            _("Give the last day on which it holds."),
            code="model.validation",
            where="until",
        )
    return end_ms
