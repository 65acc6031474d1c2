"""Progress on standard error: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

PAUSE_S = 10.0
Step = Callable[[int, int], None]
"""Called with rows done so far and bytes (or rows) of the whole done so far."""


@contextmanager
def progress(what: str, total: int, clock: Callable[[], float] = time.monotonic) -> Iterator[Step]:
    """Show how far a file has been read.

    Parameters
    ----------
    what
        Two or three words.
    total
        What the second number of each step runs up to; 0 when it isn't known.
    """
    if sys.stderr.isatty():
        with _bar(what, total) as step:
            yield step
        return
    begun = last = clock()

    def line(rows: int, position: int) -> None:
        nonlocal last
        now = clock()
        if now - last >= PAUSE_S:
            last = now
            share = f", {100 * position // total} %" if total else ""
            click.echo(f"{what}: {rows:,} rows{share}, {now - begun:.0f} s", err=True)

    yield line


@contextmanager
def _bar(what: str, total: int) -> Iterator[Step]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total or None, rows=0)
        yield lambda rows, position: bar.update(task, completed=position, rows=rows)
