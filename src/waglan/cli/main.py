"""The command table and the one place where a Problem becomes three lines on the terminal.

Exit codes: 0 fine, 1 findings, 2 usage or input, 3 environment (ledger, disk, missing library).
"""

from __future__ import annotations

import importlib
import json
import sys
from types import MappingProxyType

import click

from waglan.core.problem import Problem, nearest

COMMANDS = MappingProxyType(
    {
        "init": ("waglan.cli.init:init", "Make a workspace in a folder."),
        "demo": ("waglan.cli.demo:demo", "Open the console on a sample bank: a month of decisions and reviews."),
        "decide": ("waglan.cli.decide:decide", "Decide a file of cases: results, rejects, summary."),
        "import": ("waglan.cli.imports:import_", "Take in past decisions from a file, marked as imported."),
        "serve": ("waglan.cli.serve:serve", "Open the console and the HTTP doors on this machine."),
        "credit": ("waglan.cli.credit:credit", "Train and inspect credit scorecards."),
        "clauses": ("waglan.cli.clauses:clauses", "The obligations: list, one by its id, what is wrong, what changed."),
        "facts": ("waglan.cli.facts:facts", "Bring the typed fact tables up to date with the log."),
        "ledger": ("waglan.cli.ledger:ledger", "State, export, verification, receipts and witnesses of the log."),
        "subject": ("waglan.cli.subject:subject", "A person's data: find, opt out, hold, erase."),
        "model": ("waglan.cli.model:model", "Register, validate and withdraw models."),
        "register": ("waglan.cli.register:register", "Vendors, data, documents, training, tests, institutions."),
        "incident": ("waglan.cli.incident:incident", "Incidents and the clocks of whoever must be told."),
        "tier": ("waglan.cli.tier:tier", "How high a use case stands, why, and what would lower it."),
        "suspend": ("waglan.cli.suspend:suspend", "The kill switch: stop a use case, a model or a vendor."),
        "resume": ("waglan.cli.suspend:resume", "Let what was suspended answer again."),
        "drill": ("waglan.cli.drill:drill", "Failover and kill-switch drills: run, due, list."),
        "rule": ("waglan.cli.rule:rule", "Rules that gate: list, show, propose, replay, drop."),
        "user": ("waglan.cli.user:user", "People who may act here: add, invite, change, disable."),
        "key": ("waglan.cli.key:key", "Keys for machines: create, list, revoke."),
        "backup": ("waglan.cli.backup:backup", "Back the workspace up while it works."),
        "restore": ("waglan.cli.restore:restore", "Make a workspace of a backup, after checking all of it."),
        "export": ("waglan.cli.export:export", "The log, receipts and the verifier for an outsider."),
        "evidence": ("waglan.cli.evidence:evidence", "How obligations stand, and the pack that proves it."),
        "check": ("waglan.cli.check:check", "Run the conformance suite on a plug-in."),
        "doctor": ("waglan.cli.doctor:doctor", "Look for what is wrong with this workspace and machine."),
    }
)

ENVIRONMENT_CODES = ("ledger.", "environment.", "vault.")


class Commands(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise Problem(
                f"There is no command {args[0]!r}.",
                nearest(args[0], COMMANDS),
                "Run 'waglan --help' for the list.",
                code="usage.command",
            )
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="waglan", message="waglan %(version)s")
def waglan() -> None:
    """Use AI in a financial institution, and answer for it."""


def main() -> None:
    """Run the command line; a Problem ends in three lines, with ``--json`` anywhere in one object."""
    try:
        waglan.main(standalone_mode=False)
    except Problem as problem:
        _report(problem)
        sys.exit(3 if problem.code.startswith(ENVIRONMENT_CODES) else 2)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. What was acknowledged is recorded.", err=True)
        sys.exit(130)


def _report(problem: Problem) -> None:
    if "--json" in sys.argv:
        click.echo(json.dumps(problem.as_dict(), ensure_ascii=False))
        return
    click.echo(click.style(problem.what, bold=True) + (f" [{problem.where}]" if problem.where else ""), err=True)
    click.echo(problem.why, err=True)
    click.echo(problem.next, err=True)
    for each in problem.errors[1:] if len(problem.errors) > 1 else ():
        click.echo(f"  - {each.where}: {each.what} {each.next}", err=True)
