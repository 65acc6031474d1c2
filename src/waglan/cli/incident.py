"""``waglan incident``: open one, list them with their clocks, show one, take a step."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from waglan.cli.acting import common
from waglan.cli.registry import HONG_KONG, plain, registering, when
from waglan.core.events import Incident, IncidentStep
from waglan.core.events.incidents import Cause
from waglan.core.problem import Problem

if TYPE_CHECKING:
    from waglan.registers import Clock, IncidentRecord

SEVERITIES = ("low", "medium", "high", "critical")
STEPS = ("assessed", "contained", "notified", "root_cause", "fixed", "closed", "reopened")
_YES_NO = {"yes": True, "no": False, "": None}
_HOUR_MS = 3_600_000
_AT = click.option("--at", default="", metavar="TIME", help="When, YYYY-MM-DDTHH:MM in Hong Kong; now when left out.")
_NOTE = click.option("--note", default="", help="What happened, in your words; sealed, never in the entry.")
_AFFECTED = click.option("--affected", type=int, help="How many people it touched, as far as is known.")
_PERSONAL = click.option("--personal-data", type=click.Choice(["yes", "no"]), help="Whether personal data got out.")
_CORE = click.option(
    "--core-function", is_flag=True, help="A core function of a designated operator was hit (Cap. 653)."
)


@click.group()
def incident() -> None:
    """Incidents: opened by people or by themselves, with the clocks of whoever must be told."""


@incident.command("open")
@click.option(
    "--cause", type=click.Choice(get_args(Cause)), default="other", show_default=True, help="What kind it is."
)
@click.option("--severity", type=click.Choice(SEVERITIES), default="medium", show_default=True, help="How bad it is.")
@click.option("--detail", default="", help="A code or an id, such as the control.")
@click.option("--use-case", default="", help="The use case it is about.")
@click.option("--model", default="", help="The model.")
@click.option("--vendor", default="", help="The vendor.")
@click.option("--clause", "clauses", multiple=True, help="An obligation that it concerns; repeat for more.")
@_AFFECTED
@_PERSONAL
@_CORE
@_AT
@click.option("--occurred", default="", metavar="TIME", help="When it began, as far as is known.")
@click.option("--route", default="", help="It was seen in the decisions of this route: auto, human or blocked.")
@click.option("--day", default="", help="It was seen in the decisions of this day, YYYY-MM-DD.")
@click.option("--drill", is_flag=True, help="An exercise.")
@_NOTE
@common
def open_(
    *, at: str, occurred: str, route: str, day: str, note: str, folder: Path, as_json: bool, **facts: Any
) -> None:
    """Open an incident; its id is printed. With --route or --day the decisions it was seen in are held fast."""
    from waglan.access import Action
    from waglan.index.decisions import Filter

    with registering(folder, Action.INCIDENT_OPEN, clauses=bool(facts["clauses"])) as opened:
        now_ms = opened.registrar.office.now_ms()
        facts["personal_data"] = _YES_NO[facts["personal_data"] or ""]
        said = Incident(detected_at=_time(at, now_ms), occurred_at=_time(occurred, None), **facts)
        wanted = Filter(route=route, day=day, use_case=said.use_case) if route or day else None
        made = opened.registrar.open_incident(opened.who, said, note=note, decisions=wanted)
        record = opened.registrar.book().incident(made)
        assert record is not None
        told = _told(record, opened.registrar.clocks(record))
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(made)
    _say_clocks(told)


@incident.command("list")
@click.option("--all", "every", is_flag=True, help="Closed ones and exercises, too.")
@common
def list_(*, every: bool, folder: Path, as_json: bool) -> None:
    """Incidents, newest first, with the clock that ends soonest. Exit code 1: a clock was missed."""
    from waglan.access import Action

    with registering(folder, Action.INCIDENT_READ) as at:
        book = at.registrar.book()
        found = [each for each in reversed(book.incidents) if every or not (each.closed or each.drill)]
        told = [_told(each, at.registrar.clocks(each, book)) for each in found]
    if as_json:
        click.echo(json.dumps({"incidents": told}, ensure_ascii=False))
    else:
        for each in told:
            facts = each["facts"]
            what = " ".join(filter(None, (facts["cause"], facts.get("detail", ""), facts.get("use_case", ""))))
            urgent = next((_clock_line(clock) for clock in each["clocks"]), "no clock")
            click.echo(f"{each['id']}  {each['opened']}  {each['state']:<9} {facts['severity']:<8} {what}; {urgent}")
        if not told:
            click.echo("No incident is open.")
    if any(clock["state"] == "missed" and clock["applies"] for each in told for clock in each["clocks"]):
        raise SystemExit(1)


@incident.command()
@click.argument("incident_id", metavar="ID")
@common
def show(*, incident_id: str, folder: Path, as_json: bool) -> None:
    """One incident: what is known, its clocks, and what was done."""
    from waglan.access import Action
    from waglan.registers.handling import no_incident

    with registering(folder, Action.INCIDENT_READ) as at:
        record = at.registrar.book().incident(incident_id)
        if record is None:
            raise no_incident(incident_id)
        told = _told(record, at.registrar.clocks(record))
        told["note"] = _note(at.registrar.private(at.who, incident_id))
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"{told['id']}: {told['state']}, opened {told['opened']} by {told['actor']}")
    for name, value in told["facts"].items():
        click.echo(f"  {name:<16}{when(value) if name.endswith('_at') else value}")
    if told["note"]:
        click.echo(f"  {told['note']}")
    _say_clocks(told)
    for each in told["steps"]:
        more = " ".join(filter(None, (each.get("clock", ""), each.get("reference", ""))))
        click.echo(f"  {when(each['done_at'])}  {each['step']}  {each['actor']}  {more}".rstrip())


@incident.command()
@click.argument("incident_id", metavar="ID")
@click.argument("what", metavar="STEP", type=click.Choice(STEPS))
@click.option("--clock", default="", help="The clock that a notification stops; 'waglan incident show ID' lists them.")
@click.option("--reference", default="", help="The authority's reference.")
@click.option("--severity", type=click.Choice(SEVERITIES), help="How bad it turned out to be.")
@_AFFECTED
@_PERSONAL
@_CORE
@_AT
@_NOTE
@common
def step(
    *, incident_id: str, what: Any, at: str, note: str, severity: Any, personal_data: str | None, core_function: bool,
    folder: Path, as_json: bool, **facts: Any,
) -> None:  # fmt: skip
    """Take a step: assessed, contained, notified, root_cause, fixed, closed or reopened."""
    from waglan.access import Action

    with registering(folder, Action.INCIDENT_ACT) as opened:
        said = IncidentStep(
            step=what, done_at=_time(at, opened.registrar.office.now_ms()), severity=severity or "",
            personal_data=_YES_NO[personal_data or ""], core_function=core_function or None, **facts,
        )  # fmt: skip
        recorded = opened.registrar.step(opened.who, incident_id, said, note=note)
        record = opened.registrar.book().incident(incident_id)
        assert record is not None
        told = _told(record, opened.registrar.clocks(record))
    if as_json:
        click.echo(json.dumps({**told, "entry": recorded.id}, ensure_ascii=False))
        return
    click.echo(f"{incident_id}: {told['state']}; entry {recorded.index} of the log.")
    _say_clocks(told)


def _told(record: IncidentRecord, clocks: tuple[Clock, ...]) -> dict[str, Any]:
    return {
        "id": record.id,
        "state": record.state,
        "opened": when(record.opened.at_ms),
        "actor": record.opened.actor,
        "facts": {"severity": record.facts.severity, "cause": record.facts.cause, **plain(record.facts)},
        "decisions": list(record.opened.refs),
        "steps": [{"entry": s.id, "actor": s.actor, **plain(s.facts)} for s in record.steps],
        "clocks": [plain(clock) for clock in clocks],
    }


def _say_clocks(told: dict[str, Any]) -> None:
    for clock in told["clocks"]:
        click.echo(f"  {_clock_line(clock)}")
        click.echo(f"      {clock['title']['en']} ({clock['source']}, wording {clock['letter']})")


def _clock_line(clock: dict[str, Any]) -> str:
    who = f" {clock['entity']}" if clock["entity"] else ""
    sure = "" if clock["applies"] is not None else " (may apply)"
    if clock["state"] == "running" and clock["due_ms"] is None:
        told = f"running for {clock['elapsed_ms'] / _HOUR_MS:.1f} h" + (
            " (holidays unknown)" if clock["unknown"] else ""
        )
    elif clock["state"] == "running":
        told = f"{clock['left_ms'] / _HOUR_MS:.1f} h left, until {when(clock['due_ms'])}"
    elif clock["state"] == "missed":
        told = f"missed by {clock['late_ms'] / _HOUR_MS:.1f} h"
    else:
        told = "doesn't apply any more" if clock["state"] == "none" else f"told {when(clock['stopped_ms'])}"
    return f"{clock['id']}{who}: {told}{sure}"


def _note(private: Any) -> str:
    return str(json.loads(private["note"])) if "note" in private else ""


def _time(text: str, otherwise: int | None) -> Any:
    if not text:
        return otherwise
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise Problem(
            f"{text!r} is not a time.", "A day and an hour are expected.", "Write it as 2026-11-21T14:30.",
            code="usage.time", where="--at",
        ) from None  # fmt: skip
    return round((at if at.tzinfo else at.replace(tzinfo=HONG_KONG)).timestamp() * 1000)
