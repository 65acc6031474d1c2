"""``waglan suspend`` and ``waglan resume``: the kill switch of use cases, models and suppliers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from waglan.cli.acting import common
from waglan.core.problem import Problem, nearest

if TYPE_CHECKING:
    from waglan.core.events.incidents import Target
    from waglan.runtime import Workspace

TARGETS = ("use_case", "model", "vendor")


@click.command()
@click.argument("target", default="")
@click.argument("name", metavar="ID", default="")
@click.option("--reason", default="", help="Why, as a code; needed to suspend.")
@common
def suspend(*, target: str, name: str, reason: str, folder: Path, as_json: bool) -> None:
    """Stop a use case, a model or a vendor's models from answering; without a target, tell what is stopped.

    Every process stops within a second. Cases of a suspended use case are recorded and go to a person; for a suspended
    model the next in line answers.
    """
    if target:
        _turn(folder, target, name, reason, as_json, active=True)
        return
    from waglan.runtime import Workspace

    with Workspace.open(folder) as workspace:
        rows = [{"target": s.target, "id": s.id, "reason": s.reason} for s in workspace.registers.suspensions()]
    if as_json:
        click.echo(json.dumps({"suspended": rows}, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['target']:<10}{row['id']}  ({row['reason']})")
    if not rows:
        click.echo("Nothing is suspended.")


@click.command()
@click.argument("target", metavar="TARGET")
@click.argument("name", metavar="ID")
@click.option("--reason", required=True, help="Why it may answer again, as a code.")
@common
def resume(*, target: str, name: str, reason: str, folder: Path, as_json: bool) -> None:
    """Let a suspended use case, model or vendor answer again."""
    _turn(folder, target, name, reason, as_json, active=False)


def _turn(folder: Path, target: str, name: str, reason: str, as_json: bool, *, active: bool) -> None:
    """Turn the switch, once: turning it again changes nothing and isn't recorded."""
    from waglan.access import Action
    from waglan.cli.acting import acting
    from waglan.core.events import Suspension
    from waglan.registers.checks import check_code

    of = _target(target)
    check_code(reason, "--reason")
    with acting(folder, Action.SUSPENSION_BEGIN if active else Action.SUSPENSION_END) as act:
        on = {(s.target, s.id) for s in act.workspace.registers.suspensions()}
        if active:
            _known(act.workspace, of, name)
        changed = ((of, name) in on) is not active
        if not active and not changed:
            _known(act.workspace, of, name, also=[each for kind, each in on if kind == of])
        if changed:
            act.record(Suspension(target=of, id=name, reason=reason, active=active))
    _say(of, name, as_json, active=active, changed=changed)


def _target(target: str) -> Target:
    for each in TARGETS:
        if target.replace("-", "_") == each:
            return each  # type: ignore[return-value] # it is one of the three
    raise Problem(
        f"{target!r} can't be suspended.", nearest(target, TARGETS), "Name use_case, model or vendor, then its id.",
        code="usage.target", where="TARGET",
    )  # fmt: skip


def _known(workspace: Workspace, target: Target, name: str, also: list[str] | None = None) -> None:
    """Refuse what isn't there, with the nearest name: a mistyped kill switch stops nothing."""
    known: set[str] = set(also or ())
    manifests = [m for each in workspace.catalogue if (m := workspace.catalogue.manifest(each)) is not None]
    models = workspace.registers.models()
    if target == "use_case":
        known |= {*workspace.catalogue, *workspace.registers.use_cases()}
    elif target == "model":
        known |= {m.id for m in models} | {use for m in manifests for slot in m.models.values() for use in slot.use}
    else:
        known |= {each for m in models for each in (m.vendor, m.provider) if each}
    if name not in known:
        raise Problem(
            f"There is no {target.replace('_', ' ')} {name!r}.", nearest(name, known), "Correct the name.",
            code="suspension.unknown", where="ID", status=404,
        )  # fmt: skip


def _say(target: str, name: str, as_json: bool, *, active: bool, changed: bool) -> None:
    if as_json:
        body: dict[str, Any] = {"target": target, "id": name, "suspended": active, "changed": changed}
        click.echo(json.dumps(body, ensure_ascii=False))
        return
    state = "suspended" if active else "answering"
    if not changed:
        click.echo(f"{name} is {state} already; nothing was recorded.")
    else:
        click.echo(
            f"{name} is {state} again." if not active else f"{name} is {state}, in every process within a second."
        )
