"""``waglan evidence``: counts what was recorded, judges it, and writes the pack for an examiner."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from waglan.core.problem import Problem

if TYPE_CHECKING:
    from waglan.evidence.pack import Pack
    from waglan.evidence.result import Window
    from waglan.runtime import Workspace

MOST_DAYS = 1_100
_DAYS = re.compile(r"([0-9]{1,4})d")
_BETWEEN = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})")
_SAID = {
    "counting": "Counting what was recorded",
    "gathering": "Reading the registers",
    "drawing": "Drawing the sample",
    "writing": "Writing report and tables",
    "signing": "Signing",
}


@click.command()
@click.option("--window", default="30d", show_default=True, help="Days up to today, or 2026-01-01..2026-03-31.")
@click.option("--entity", default="", help="An institution of the register; the first one when left out.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write the pack into this new folder.")
@click.option(
    "--language", type=click.Choice(["both", "en", "zh-Hant"]), default="both", show_default=True, help="Of the report."
)
@click.option("--sample", type=click.IntRange(0, 1_000), default=50, show_default=True, help="Decisions shown whole.")
@click.option("--seed", default="", help="The examiner's own seed of the sample; the log's root when left out.")
@click.option("--open", "opened", is_flag=True, help="Private parts unmasked: personal data leaves the house.")
@click.option("--zip", "packed", is_flag=True, help="Also as one file, OUT.zip.")
@click.option("--workspace", "folder", type=click.Path(path_type=Path), default=Path(), help="The workspace's folder.")
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
def evidence(
    *,
    window: str,
    entity: str,
    out: Path | None,
    language: str,
    sample: int,
    seed: str,
    opened: bool,
    packed: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Say how obligations stand, and write the pack that proves it. Exit code 1: an obligation is breached."""
    from waglan.access import Action
    from waglan.cli.acting import acting

    with acting(folder, Action.EVIDENCE_EXPORT) as at:
        from waglan.evidence.pack import TONGUES, Wanted

        actor = at.access.local().id
        tongues = tuple([each for each in TONGUES if language in ("both", each)])
        wanted = Wanted(
            window=_window(window, at.workspace.clock.now_ms()),
            entity=entity,
            tongues=tongues,
            sample=sample,
            seed=seed,
            opened=opened,
            actor=actor,
        )
        told = _evidence(at.workspace, wanted, out, packed, _quiet if as_json else _progress)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        _say(told)
    if told["breached"]:
        raise SystemExit(1)


def _evidence(
    workspace: Workspace, wanted: Any, out: Path | None, packed: bool, step: Callable[[str], None]
) -> dict[str, Any]:
    import msgspec

    from waglan.evidence import Evidence
    from waglan.evidence.catalogue import force
    from waglan.evidence.pack import board, earlier, gather, write_pack
    from waglan.evidence.pack.gathering import FOR_BOARD, judging

    with _index(workspace) as index:
        first = force.adopt(workspace, index, actor=wanted.actor)
        index.follow()
        with Evidence.open(workspace, index) as evidence:
            step("counting")
            evidence.update()
            if out is not None:
                pack = write_pack(workspace, index, evidence, out, wanted, step=step)
                report, page = pack.report, pack.board
            else:
                pack, report = None, evidence.report(wanted.entity, wanted.window)
                before = evidence.report(wanted.entity, earlier(wanted.window))
                catalogue = judging(workspace, report.catalogue_digest)
                page = board(gather(workspace, index, report, before, catalogue, names=FOR_BOARD))
    told: dict[str, Any] = {
        "entity": report.entity,
        "window": msgspec.to_builtins(report.window),
        "catalogue": report.catalogue,
        "put_in_force": first,
        "recorded": report.recorded,
        "of_recorded": report.of_recorded,
        "headlines": msgspec.to_builtins(report.headlines),
        "statuses": dict(page.statuses),
        "breached": [
            {"clause": c.id, "letter": c.letter, "tests": [_failed(t) for t in c.tests if t.status == "breached"]}
            for c in report.clauses
            if c.duty and c.status == "breached"
        ],
        "size": report.size,
        "root": report.root,
        "pack": _packed(pack, packed),
    }
    return told


def _index(workspace: Workspace) -> Any:
    """The index with what registers read; the same file as the console's."""
    from contextlib import closing

    from waglan.index import FILE, Decisions, Index

    return closing(Index.open(workspace.folder / FILE, workspace.ledger, (Decisions(),)))


def _failed(test: Any) -> dict[str, Any]:
    return {
        "test": test.id,
        "failed": test.counts.failed,
        "of": test.counts.total,
        "example": test.examples[0].id if test.examples else "",
    }


def _packed(pack: Pack | None, packed: bool) -> dict[str, Any] | None:
    from waglan.evidence.pack import archive

    if pack is None:
        return None
    return {
        "folder": str(pack.folder),
        "files": pack.files,
        "bytes": pack.size,
        "digest": pack.digest,
        "shown": pack.shown,
        "zip": str(archive(pack.folder)) if packed else "",
    }


def _window(text: str, now_ms: int) -> Window:
    """``30d``: so many days up to today; ``2026-01-01..2026-03-31``: from day to day."""
    from waglan.evidence import Window, last_days

    found = _DAYS.fullmatch(text)
    if found and 1 <= int(found[1]) <= MOST_DAYS:
        return last_days(now_ms, int(found[1]))
    between = _BETWEEN.fullmatch(text)
    if between:
        return Window(since=between[1], until=between[2])
    raise Problem(
        f"{text[:40]!r} is no window.",
        "It is a number of days, or a first and a last day.",
        f"Write it like 30d, {MOST_DAYS}d at most, or like 2026-01-01..2026-03-31.",
        code="evidence.window",
        where="--window",
    )


def _progress(step: str) -> None:
    click.echo(f"{_SAID[step]} …", err=True)


def _quiet(step: str) -> None:
    """Nothing is said when the answer is for a machine."""


def _say(told: dict[str, Any]) -> None:
    h, of = told["headlines"], ", of recorded decisions" if told["of_recorded"] else ""
    if told["put_in_force"]:
        click.echo(f"No catalogue was in force: {told['catalogue']} is from now on.")
    who = told["entity"] or "Everything on this log"
    click.echo(f"{who}, {told['window']['since']} to {told['window']['until']}: {told['recorded']:,} live decisions.")
    click.echo(f"Live evidence   {h['live_met']} of {h['live_applicable']} met; {h['live_answered']} answered{of}")
    click.echo(f"Attested        {h['attested']} of {h['attestable']} in force")
    click.echo(f"Wording         V {h['v']}, S {h['s']}, U {h['u']}")
    for clause in told["breached"]:
        for test in clause["tests"]:
            example = f", newest {test['example']}" if test["example"] else ""
            click.echo(
                f"Breached        {clause['clause']} [{clause['letter']}] {test['test']}: "
                f"{test['failed']:,} of {test['of']:,} failed{example}"
            )
    pack = told["pack"]
    if pack:
        click.echo(f"{pack['files']} files in {pack['folder']}; check them with: python3 {pack['folder']}/verify.py")
    click.echo("Recorded by ourselves; not legal advice.")
