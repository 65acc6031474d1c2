"""What commands about people and keys share: the open rooms, who acts, how times are read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from waglan.core.problem import Problem

if TYPE_CHECKING:
    from waglan.access import Access, Action
    from waglan.core.events import Event
    from waglan.runtime import Workspace

F = TypeVar("F", bound=Callable[..., Any])
HONG_KONG = dt.timezone(dt.timedelta(hours=8))


class Acting(NamedTuple):
    """A workspace and its access, open, and the command line's identity."""

    workspace: Workspace
    access: Access

    def record(self, facts: Event) -> None:
        """Put what was done on the log, under the command line's name."""
        self.workspace.record(facts, actor=self.access.local().id)


@contextmanager
def acting(folder: Path, action: Action) -> Iterator[Acting]:
    """Open both rooms for an action of whoever has the files; nothing is done that the log couldn't take in.

    Raises
    ------
    Problem
        ``access.denied``, or why the log can't be written.
    """
    from waglan.access import Access, Resource, require
    from waglan.runtime import Workspace

    with Workspace.open(folder) as workspace:
        tenant = workspace.settings.workspace.tenant
        with Access.open(workspace.folder, tenant=tenant, clock=workspace.clock, ids=workspace.ids) as access:
            require(access.local(), action, Resource(action.partition(".")[0], tenant))
            if workspace.ledger.problem is not None:
                raise workspace.ledger.problem
            yield Acting(workspace, access)


def common(command: F) -> F:
    """The options that every command here has."""
    options = (
        click.option("--workspace", "folder", type=click.Path(path_type=Path), default=Path(), help="Its folder."),
        click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def last_day(text: str) -> int:
    """The end of a day in Hong Kong, milliseconds since 1970 UTC; a Problem (``usage.date``) for no date."""
    try:
        day = dt.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=HONG_KONG)
    except ValueError:
        raise Problem(
            f"{text!r} is not a date.", "A day is expected.", "Write it as 2031-12-31.", code="usage.date",
            where="--until",
        ) from None  # fmt: skip
    return int((day + dt.timedelta(days=1)).timestamp() * 1000)
