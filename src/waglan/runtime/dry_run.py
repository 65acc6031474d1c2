"""One control on one case, now, without a decision: nothing is asked of a model and nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import closing
from typing import Any, NamedTuple

import msgspec

from waglan.core.case import Case
from waglan.core.control import controls
from waglan.core.finding import Finding
from waglan.core.outcome import ModelUse, Outcome
from waglan.core.usecase import ControlPlan, UseCase
from waglan.runtime.apart import Apart
from waglan.runtime.checks import Checks
from waglan.runtime.workspace import Workspace


class Tried(NamedTuple):
    """What a control saw, what it leaves, and what that cost.

    Attributes
    ----------
    finding
        As it would stand on the record.
    case
        The case as a model would see it; before-controls may have less of it than was given.
    outcome
        The outcome as it would leave; None where none was given.
    cost_us
        Microseconds.
    """

    finding: Finding
    case: Case
    outcome: Outcome | None
    cost_us: int


class Given(NamedTuple):
    """What a control is tried on; ``models`` is who answered, for controls that look at it."""

    case: Case
    outcome: Outcome | None = None
    models: tuple[ModelUse, ...] = ()


def try_control(workspace: Workspace, manifest: UseCase, name: str, given: Given) -> Tried:
    """Run one control with its settings in a manifest, enforced even where the manifest has it in dry run.

    Raises
    ------
    Problem
        ``registry.unknown`` for a control that isn't installed, ``manifest.settings`` for settings it can't take.
    """
    spec = controls.get(name)
    settings = {name: found} if (found := manifest.controls.settings.get(name)) else {}
    plan = ControlPlan(**{spec.stage: (name,)}, settings=settings)
    alone = msgspec.structs.replace(manifest, controls=plan)
    workspace.runtime.refresh()
    now_ms = workspace.clock.now_ms()
    with closing(Apart()) as apart:
        checks = Checks(alone, workspace.registers, workspace.clock, apart)
        if spec.stage == "before":
            (found_,) = asyncio.run(checks.before((given.case,), now_ms))
            case, outcome = found_.rest, given.outcome
        else:
            (found_,) = asyncio.run(checks.after((given.case,), (given.outcome,), now_ms, given.models))
            case, outcome = given.case, found_.rest
    return Tried(found_.findings[0], case, outcome, found_.cost_us[0])


def case_of(workspace: Workspace, manifest: UseCase, row: Mapping[str, Any]) -> Case:
    """A case to try controls on: declared inputs by their roles; undeclared ones stay, as controls may look at them.

    A subject that the vault knows has its pseudonym; for one that it doesn't know none is made.
    """
    roles = {name: manifest.inputs[name].role if name in manifest.inputs else "feature" for name in row}
    subject = next((str(row[n]) for n, role in roles.items() if role == "subject" and row[n] is not None), "")
    return Case(
        use_case=manifest.name,
        subject=workspace.vault.known(subject) or "",
        inputs={n: v for n, v in row.items() if roles[n] == "feature"},
        aside={n: v for n, v in row.items() if roles[n] in ("protected", "identifier")},
        purpose=manifest.purposes[0],
        channel="console",
        received_at=workspace.clock.now_ms(),
    )
