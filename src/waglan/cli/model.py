"""``waglan model``: which models are in use, who validated them and until when."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args

import click
import msgspec

from waglan.core.clock import iso
from waglan.core.events import ModelRegistration
from waglan.core.events.uses import ModelState
from waglan.core.model import ModelCard
from waglan.core.problem import Problem, nearest
from waglan.disk import durable
from waglan.runtime import Workspace, read_model

HONG_KONG = dt.timezone(dt.timedelta(hours=8))
WORKSPACE = click.option("--workspace", type=click.Path(path_type=Path), default=Path(), help="The workspace folder.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
F = TypeVar("F", bound=Callable[..., Any])
_SAID = (
    ("use_case", "The use case it serves."),
    ("owner", "Who answers for it."),
    ("builder", "Who made it."),
    ("approver", "Who let it into use."),
    ("vendor", "The registered vendor that supplied it, where the firm didn't make it."),
    ("licence", "Under which terms."),
    ("intended_use", "What it is for, in one line."),
    ("limits", "What it can't do, in one line."),
    ("fallback", "The model or the way that stands in for it."),
    ("prompt_digest", "SHA-256 of the template of its prompt."),
    ("index_digest", "SHA-256 of the index it retrieves from."),
)
"""What people say of a model beside its file: members of the registration, and what each is."""


def described(command: F) -> F:
    """The options by which people describe a model; what isn't given is None."""
    for name, meaning in reversed(_SAID):
        command = click.option(f"--{name.replace('_', '-')}", default=None, help=meaning)(command)
    for option in (
        click.option("--origin", type=click.Choice(["own", "group", "vendor", "open"]), help="Where it comes from."),
        click.option(
            "--data-source", "data_sources", multiple=True, help="Registered data it was made from; repeat it."
        ),
        click.option("--state", type=click.Choice(get_args(ModelState)), help="How far it is in its life."),
    ):
        command = option(command)
    return command


@click.group()
def model() -> None:
    """Register, validate and withdraw models."""


@model.command("list")
@WORKSPACE
@AS_JSON
def list_(*, workspace: Path, as_json: bool) -> None:
    """Every version ever registered, in the state last recorded."""
    with Workspace.open(workspace) as opened:
        rows = [_told(each, opened.clock.now_ms()) for each in opened.registers.models()]
    if as_json:
        click.echo(json.dumps({"models": rows}, ensure_ascii=False))
        return
    if not rows:
        click.echo("No model is registered. Next: waglan model register FILE")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None)
    shown = ("id", "version", "state", "validation", "validated_by", "valid_until")
    for name in shown:
        table.add_column(name.replace("_", " "), overflow="fold", no_wrap=name == "id")
    for row in rows:
        table.add_row(*(str(row[name]) for name in shown))
    Console(soft_wrap=True, highlight=False).print(table)


def _told(registration: ModelRegistration, now_ms: int) -> dict[str, Any]:
    until = registration.validation_expires_at
    if registration.validated_at is None:
        validation = "not validated"
    else:
        validation = "expired" if until is not None and until <= now_ms else "valid"
    return {
        "id": registration.id,
        "version": registration.version,
        "state": registration.state,
        "use_case": registration.use_case,
        "validation": validation,
        "validated_by": registration.validator,
        "valid_until": "" if until is None else iso(until),
        "digest": registration.digest,
    }


@model.command("register")
@click.argument("file", type=click.Path(path_type=Path))
@described
@click.option("--by", "actor", default="", help="Who registers it.")
@WORKSPACE
@AS_JSON
def register(*, file: Path, actor: str, workspace: Path, as_json: bool, **said: Any) -> None:
    """Put the model FILE in use, or in an earlier state: it is copied here, and its digest goes on the log."""
    with Workspace.open(workspace) as opened:
        card = read_model(file).card  # in an open workspace, whose plug-ins may have brought the format
        earlier = opened.registers.model(card.id, card.version)
        if earlier is not None and earlier.digest != card.digest:
            raise Problem(
                f"{card.id} {card.version} is registered with other contents.",
                f"The log has SHA-256 {earlier.digest[:16]}…, this file {card.digest[:16]}….",
                "Give the changed model a version of its own.",
                code="model.changed",
            )
        _keep(file, opened.folder / "models", card)
        registration = ModelRegistration(
            id=card.id, version=card.version, digest=card.digest, provider=card.provider, region=card.region,
            **_given(said),
        )  # fmt: skip
        _record(opened, registration, actor, as_json)


@model.command("change")
@click.argument("model_id")
@click.argument("version")
@described
@click.option("--by", "actor", default="", help="Who changes it.")
@WORKSPACE
@AS_JSON
def change(*, model_id: str, version: str, actor: str, workspace: Path, as_json: bool, **said: Any) -> None:
    """Change what is said of VERSION of MODEL_ID, or take it to another state of its life; the rest stays."""
    with Workspace.open(workspace) as opened:
        before = _registered(opened, model_id, version)
        registration = msgspec.structs.replace(before, **_given(said))
        if registration == before:
            raise Problem(
                "Nothing would change.", "The log says exactly this already.", "Give what is to change.",
                code="model.same",
            )  # fmt: skip
        _record(opened, registration, actor, as_json)


def _given(said: dict[str, Any]) -> dict[str, Any]:
    """What was given, checked as registers check it; a Problem (``register.value``) names the option."""
    from waglan.registers.checks import check_digest, check_plain

    given = {name: value for name, value in said.items() if value not in (None, ())}
    for name, value in given.items():
        for text in value if isinstance(value, tuple) else (value,):
            (check_digest if name.endswith("_digest") else check_plain)(text, f"--{name.replace('_', '-')}")
    return given


def _keep(file: Path, folder: Path, card: ModelCard) -> None:
    """Copy a model file into the workspace, whole or not at all, unless it lies there already."""
    data = file.read_bytes()
    if any(path.read_bytes() == data for path in folder.glob("*.json")):
        return
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", f"{card.id}-{card.version}-{card.digest[:8]}")
    folder.mkdir(exist_ok=True)
    durable.replace(folder / f"{safe}.json", data, 0o644)


@model.command("validate")
@click.argument("model_id")
@click.argument("version")
@click.option("--by", "validator", required=True, help="The person or body that validated it.")
@click.option(
    "--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Last day on which it holds (Hong Kong)."
)
@click.option("--reference", default="", help="The validation report, by your own reference.")
@WORKSPACE
@AS_JSON
def validate(
    *, model_id: str, version: str, validator: str, until: dt.datetime, reference: str, workspace: Path, as_json: bool
) -> None:
    """Record that VERSION of MODEL_ID was validated, by whom and until when."""
    expires = until.replace(tzinfo=HONG_KONG) + dt.timedelta(days=1)
    with Workspace.open(workspace) as opened:
        now_ms = opened.clock.now_ms()
        expires_ms = int(expires.timestamp() * 1000)
        if expires_ms <= now_ms:
            raise Problem(
                f"A validation until {until:%Y-%m-%d} is over already.",
                "Its last day lies in the past.",
                "Give a day to come.",
                code="model.validation",
                where="--until",
            )
        registration = msgspec.structs.replace(
            _registered(opened, model_id, version),
            validated_at=now_ms,
            validation_expires_at=expires_ms,
            validation_id=reference,
            validator=validator,
        )
        _record(opened, registration, validator, as_json)


@model.command("withdraw")
@click.argument("model_id")
@click.argument("version")
@click.option("--by", "actor", required=True, help="Who withdraws it.")
@WORKSPACE
@AS_JSON
def withdraw(*, model_id: str, version: str, actor: str, workspace: Path, as_json: bool) -> None:
    """Take VERSION of MODEL_ID out of use; its record stays."""
    with Workspace.open(workspace) as opened:
        registration = msgspec.structs.replace(_registered(opened, model_id, version), state="withdrawn")
        _record(opened, registration, actor, as_json)


def _registered(workspace: Workspace, model_id: str, version: str) -> ModelRegistration:
    found = workspace.registers.model(model_id, version)
    if found is not None:
        return found
    known = [f"{each.id} {each.version}" for each in workspace.registers.models()]
    raise Problem(
        f"{model_id} {version} isn't registered.",
        nearest(f"{model_id} {version}", known),
        "Register it first: waglan model register FILE.",
        code="model.unknown",
    )


def _record(workspace: Workspace, registration: ModelRegistration, actor: str, as_json: bool) -> None:
    recorded = workspace.register_model(registration, actor or "cli")
    told = {**_told(registration, workspace.clock.now_ms()), "index": recorded.index}
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    until = f" until {told['valid_until']}" if told["valid_until"] else ""
    click.echo(
        f"{told['id']} {told['version']}: {told['state']}, {told['validation']}{until};"
        f" entry {recorded.index} of the log."
    )
