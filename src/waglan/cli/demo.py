"""``waglan demo``: a bank that doesn't exist, a month old, with the console open on it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from waglan.core.problem import Problem

if TYPE_CHECKING:
    from waglan.harbour.scenario import Planted
    from waglan.runtime.workspace import Workspace

APPLICANTS = 10_000
FOLDER, DATA_FOLDER = Path("waglan-demo"), Path("waglan-demo-data")
ADDRESS = "127.0.0.1"
WORKSHOP_BYTES = 512 * 1024 * 1024
"""So much memory must be free for the bank to be made in it; it takes a tenth of that."""
WORTH = ("gaps", "careless", "outage", "bias")
"""Those of what is planted that the demo points at."""


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=None, help="Where to make it. [waglan-demo]")
@click.option("--applicants", type=click.IntRange(100, 20_000), default=APPLICANTS, help="How many to decide.")
@click.option("--fresh", is_flag=True, help="Make the sample bank anew, in the place of the one in the folder.")
@click.option("--no-serve", is_flag=True, help="Don't open the console.")
@click.option("--port", type=click.IntRange(1, 65535), default=8420, show_default=True, help="The console's.")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Decide real data in this folder instead.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def demo(
    *, folder: Path | None, applicants: int, fresh: bool, no_serve: bool, port: int, data: Path | None, as_json: bool
) -> None:
    """Open the console on a sample bank: people, a month of decisions and reviews, all made up.

    Run again, it opens the bank that is there.
    """
    if data is not None:
        from waglan.cli import demo_data

        figures = demo_data.decide_data(folder or DATA_FOLDER, data, applicants)
        click.echo(json.dumps(figures, ensure_ascii=False) if as_json else demo_data.told(figures))
        return
    place = folder or FOLDER
    if not no_serve:
        from waglan.cli.serve import free

        free(ADDRESS, port)
    figures = sample_bank(place, applicants, fresh=fresh, home=f"http://localhost:{port}")
    click.echo(json.dumps(figures, ensure_ascii=False) if as_json else _told(figures))
    if not no_serve:
        from waglan.cli.serve import run

        run(place, ADDRESS, port, 1, as_json)


def sample_bank(place: Path, applicants: int, *, fresh: bool, home: str) -> dict[str, Any]:
    """Make the sample bank in a folder, or take the one that is there; gives figures and addresses.

    It is made beside the folder and put in its place when it is complete, so a folder never holds half a bank.

    Raises
    ------
    Problem
        ``demo.folder`` when something else is in the folder.
    """
    started = time.monotonic()
    there = _there(place)
    figures: dict[str, Any] = {"folder": str(place), "made": fresh or not there}
    if figures["made"]:
        place.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f"{place.name}.", suffix=".part", dir=place.parent))
        try:
            with _workshop() as workshop:
                figures |= _made(workshop / "bank", applicants)
                shutil.copytree(workshop / "bank", part, dirs_exist_ok=True)
            os.sync()
            if place.exists():
                shutil.rmtree(place)
            part.rename(place)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    figures |= _opened(place, home, prove=bool(figures["made"]))
    return figures | {"seconds": round(time.monotonic() - started, 1)}


@contextmanager
def _workshop() -> Iterator[Path]:
    """Where a month of small commits is made, before it goes to the disk in one: in memory where there is some."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > WORKSHOP_BYTES
    with tempfile.TemporaryDirectory(prefix="waglan-", dir=memory if roomy else None) as folder:
        yield Path(folder)


def _there(place: Path) -> bool:
    """Whether a sample bank of ours is in a folder; a Problem when it is something else."""
    from waglan.harbour.bank import read_planted

    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        return False
    if place.is_dir() and read_planted(place):
        return True
    raise Problem(
        f"{place} is not a sample bank.",
        "There is something else in it, which the demo neither opens nor replaces.",
        "Name another folder with --folder.",
        code="demo.folder",
        where=str(place),
    )


def _made(part: Path, applicants: int) -> dict[str, Any]:
    from waglan.core.clock import SystemClock
    from waglan.harbour.building import build, sample_plan
    from waglan.runtime.collector import calm

    calm()
    click.echo(f"Making a sample bank: training, deciding {applicants:,} applications, reviewing …", err=True)
    plan, planted = sample_plan(applicants, SystemClock().now_ms())
    built = build(part, plan, planted)
    filled = built.filled
    return {
        "model": filled.model,
        "auc": round(filled.auc, 4),
        "decided": filled.decided,
        **{route: filled.routes.get(route, 0) for route in ("auto", "human", "blocked")},
        "failover": filled.failover,
        "reviewed": built.judged,
        "released": built.released,
    }


def _opened(place: Path, home: str, *, prove: bool) -> dict[str, Any]:
    """What is the same for a bank that was just made and one that was there: proof, sign-in, what to look at."""
    from waglan.cli.demo_data import prove as proven
    from waglan.console.house import House
    from waglan.harbour.bank import read_planted
    from waglan.runtime.workspace import Workspace

    with Workspace.open(place) as workspace, ThreadPoolExecutor(1) as beside:
        proof = beside.submit(proven, workspace) if prove else None
        house = House.open(workspace)
        try:
            house.index.follow()
        finally:
            house.close()
        import waglan.console.worker  # noqa: F401 - while the proof is checked: the server needs it next

        link = _link(workspace, home)
        figures = proof.result() if proof else {"entries": workspace.ledger.head().size}
    looks = {p.scenario: p for p in read_planted(place)}
    return {**figures, "sign_in": link, "look": [_look(looks[name], home) for name in WORTH if name in looks]}


def _link(workspace: Workspace, home: str) -> str:
    """A one-time link by which the visitor chooses a password; earlier ones are void."""
    from waglan.access import Access
    from waglan.harbour.staff import VISITOR_EMAIL

    tenant = workspace.settings.workspace.tenant
    with Access.open(workspace.folder, tenant=tenant, clock=workspace.clock, ids=workspace.ids) as access:
        visitor = access.people.find(VISITOR_EMAIL)
        return "" if visitor is None else f"{home}/console/join/{access.people.invite(visitor.id)}"


def _look(planted: Planted, home: str) -> dict[str, str]:
    return {"scenario": planted.scenario, "what": planted.title["en"], "where": f"{home}/console{planted.look}"}


def _told(figures: dict[str, Any]) -> str:
    lines = ["Harbour Sample Bank 港灣樣本銀行. Nobody in it exists.", ""]
    if figures["made"]:
        lines += [
            f"Trained    {figures['model']}: AUC {figures['auc']} on rows it hadn't seen; a second model stands by.",
            f"Decided    {figures['decided']:,} applications over 30 days: {figures['auto']:,} automatic, "
            f"{figures['human']:,} to a person, {figures['blocked']:,} blocked.",
            f"Reviewed   {figures['reviewed']:,} verdicts; a second person released {figures['released']:,} answers.",
            f"Verified   all {figures['entries']:,} entries, by {figures['proof']}/verify.py alone.",
        ]
    lines += [f"Took       {figures['seconds']} s.", ""]
    if figures["sign_in"]:
        lines += ["Come in (once, within a day; you choose a password):", f"  {figures['sign_in']}", ""]
    lines.append("Worth a look:")
    for number, look in enumerate(figures["look"], 1):
        lines += [f"  {number}. {look['what']}", f"     {look['where']}"]
    return "\n".join([*lines, ""])
