"""``waglan doctor``: what is wrong with this machine and this workspace, and what to do about it.

Exit codes: 0 nothing found, 1 findings.
"""

from __future__ import annotations

import importlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import click
import msgspec

from waglan.cli.looked import Check, of_problem
from waglan.cli.upkeep import upkeep
from waglan.core.clock import Clock, SystemClock, iso
from waglan.core.problem import Problem
from waglan.core.usecase import UseCase
from waglan.ledger import erasure, note
from waglan.ledger.soundness import check_head
from waglan.runtime import Settings, Workspace, read_settings

OLDEST_PYTHON = (3, 11, 0)
LEAST_DISK = 1 << 30
"""Bytes that should be free: a million decisions take about as much."""
SLOW_SYNC_MS = 50.0
FAST_SYNC_MS = 0.02
CLOCK_MS = 2_000
LIBRARIES = ("msgspec", "cryptography", "duckdb", "numpy", "click", "rich", "starlette", "granian")
OPTIONAL = MappingProxyType(
    {
        "lightgbm": "Install the system's OpenMP library (Debian: apt install libgomp1), then try again.",
        "psycopg": "Reinstall it with its binary part: pip install 'psycopg[binary]'.",
    }
)


@click.command()
@click.option("--workspace", type=click.Path(path_type=Path), default=Path(), help="The workspace folder.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def doctor(*, workspace: Path, as_json: bool) -> None:
    """Look for what is wrong with this workspace and machine."""
    checks = examine(workspace.resolve(), SystemClock())
    findings = [check for check in checks if check.state == "finding"]
    if as_json:
        body = {"workspace": str(workspace), "findings": len(findings), "checks": msgspec.to_builtins(checks)}
        click.echo(msgspec.json.encode(body).decode())
    else:
        _show(checks)
    if findings:
        sys.exit(1)


def examine(folder: Path, clock: Clock) -> list[Check]:
    """Everything that can be checked, in order; what one check meets never keeps the others from running."""
    checks = [_python(), *_libraries()]
    try:
        settings = read_settings(folder, os.environ)
    except Problem as problem:
        return [*checks, of_problem("workspace", problem)]
    checks.append(Check(name="workspace", state="ok", told=f"{folder}, tenant {settings.workspace.tenant}"))
    checks += [_disk(folder), *_modes(folder, settings), _sync(folder), *_clock(folder, clock)]
    lost = _lost_keys(folder)
    if lost is not None:
        return [*checks, lost]
    try:
        with Workspace.open(folder, clock=clock) as workspace:
            checks += [*_ledger(workspace), *_erasures(workspace), *_use_cases(workspace), *upkeep(workspace)]
    except Problem as problem:
        checks.append(of_problem("workspace opens", problem))
    return checks


def _python() -> Check:
    found = tuple(sys.version_info[:3])
    version = ".".join(map(str, found))
    if found >= OLDEST_PYTHON:
        return Check(name="python", state="ok", told=version)
    return Check(name="python", state="finding", told=f"{version} is too old.", next="Use Python 3.11 or newer.")


def _libraries() -> Iterator[Check]:
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            yield Check(name=name, state="finding", told=str(error), next="Reinstall: delete .venv and run ./waglan.")
    for name, advice in OPTIONAL.items():
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name == name:
                yield Check(name=name, state="note", told="not installed; needed only where it is used")
            else:
                yield Check(name=name, state="finding", told=str(error), next=advice)
        except (ImportError, OSError) as error:
            yield Check(name=name, state="finding", told=f"It is installed but can't be loaded: {error}", next=advice)
        else:
            yield Check(name=name, state="ok", told="loads")


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    told = f"{free / 2**30:.1f} GiB free"
    if free >= LEAST_DISK:
        return Check(name="disk", state="ok", told=told)
    advice = "Make room: when the disk is full, no decision can be recorded and none is made."
    return Check(name="disk", state="finding", told=told, next=advice)


def _modes(folder: Path, settings: Settings) -> Iterator[Check]:
    keys = folder / "keys"
    secret = [path for path in (keys, *sorted(keys.glob("*")), folder / "vault.db") if path.exists()]
    if settings.ledger.dsn and "password" in settings.ledger.dsn:
        secret.append(folder / "waglan.toml")
    open_ones = [path for path in secret if path.stat().st_mode & 0o077]
    if not open_ones:
        yield Check(name="key files", state="ok", told=f"{len(secret)} files and folders are their owner's alone")
    for path in open_ones:
        mode = path.stat().st_mode & 0o777
        yield Check(
            name="key files",
            state="finding",
            told=f"{path.relative_to(folder)} has mode {mode:o}: others on this machine can get at it.",
            next=f"chmod {'700' if path.is_dir() else '600'} '{path}'",
        )


def _sync(folder: Path) -> Check:
    """Whether a sync to this disk works and what it costs, milliseconds."""
    costs = []
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            for _ in range(20):
                os.write(file.fileno(), b"\0" * 4_096)
                begun = time.perf_counter()
                os.fsync(file.fileno())
                costs.append((time.perf_counter() - begun) * 1000)
    except OSError as error:
        advice = "Correct the disk or its permissions: nothing can be recorded here."
        return Check(name="sync", state="finding", told=f"{error.strerror or error}", next=advice)
    median = statistics.median(costs)
    told = f"{median:.2f} ms per sync (median of {len(costs)})"
    if median > SLOW_SYNC_MS:
        advice = "Put the workspace on a local disk: every commit waits for one sync."
        return Check(name="sync", state="finding", told=told, next=advice)
    if median < FAST_SYNC_MS:
        return Check(name="sync", state="note", told=f"{told}: memory or a disk that doesn't wait for its platters")
    return Check(name="sync", state="ok", told=told)


def _clock(folder: Path, clock: Clock) -> Iterator[Check]:
    """Whether this machine's clock and the file system's agree."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        written = int(Path(file.name).stat().st_mtime * 1000)
    now = clock.now_ms()
    if abs(now - written) <= CLOCK_MS:
        yield Check(name="clock", state="ok", told=iso(now))
        return
    advice = "Set both machines' clocks by NTP: times on the record come from this one."
    told = f"The file system's clock is {(written - now) / 1000:+.1f} s off this machine's."
    yield Check(name="clock", state="finding", told=told, next=advice)


def _lost_keys(folder: Path) -> Check | None:
    """Data without their keys; opening them would make new ones beside the old data."""
    keys = folder / "keys"
    pairs = (("ledger.db", "signing.json"), ("vault.db", "tenant.key"), ("access.db", "access.pepper"))
    for data, key in [(folder / data, keys / key) for data, key in pairs]:
        if data.exists() and not key.exists():
            return Check(
                name="keys",
                state="finding",
                told=f"{data.name} is there, but {key.relative_to(folder)} isn't.",
                next="Restore the keys folder from your backup before anything else opens this workspace.",
            )
    return None


def _ledger(workspace: Workspace) -> Iterator[Check]:
    ledger = workspace.ledger
    if ledger.problem is not None:
        yield of_problem("ledger", ledger.problem)
        return
    head = ledger.head()
    try:
        check_head(ledger.store, head)
        if head.size:
            note.check(head.note, ledger.signer.vkeys)
    except Problem as problem:
        yield of_problem("ledger", problem)
        return
    yield Check(
        name="ledger", state="ok", told=f"{head.size:,} entries; head, tiles, last entries and signatures fit together"
    )
    if head.size:
        last, now = int(ledger.leaf(head.size - 1)["at_ms"]), workspace.clock.now_ms()
        if last > now + CLOCK_MS:
            told = f"The newest entry is of {iso(last)}, and now it is {iso(now)}."
            yield Check(name="clock", state="finding", told=told, next="Set the clock by NTP before deciding anything.")


def _erasures(workspace: Workspace) -> Iterator[Check]:
    """Whether keys whose erasure is on the log are in the vault; they are shredded again."""
    if workspace.ledger.problem is not None:
        return
    try:
        kids = erasure.reconcile(workspace.ledger)
    except Problem as problem:
        yield of_problem("erasures", problem)
        return
    if not kids:
        yield Check(name="erasures", state="ok", told="what was erased is not in the vault")
        return
    yield Check(
        name="erasures",
        state="finding",
        told=f"Keys whose erasure is on the log were in the vault ({len(kids)}): it was restored from an older backup."
        " They were shredded again just now.",
        next="Set anew what else changed since that backup (holds, restrictions, retention), then make a new backup.",
    )


def _use_cases(workspace: Workspace) -> Iterator[Check]:
    """Every use case loads, and so do its models."""
    names = list(workspace.catalogue)
    if not names:
        yield Check(name="use cases", state="note", told="none is installed or named in waglan.toml")
    for name in names:
        try:
            loaded = workspace.catalogue.get(name)
            for model in {model for slot in loaded.manifest.models.values() for model in slot.use}:
                workspace.shelf.seat(model)
        except Problem as problem:
            if problem.code == "use_case.phase" or not _decided(workspace, name):
                yield Check(name=f"use case {name}", state="note", told=f"not ready: {problem.what}", next=problem.next)
            else:
                yield of_problem(f"use case {name}", problem)
        else:
            yield _standing(workspace, loaded.manifest)


def _standing(workspace: Workspace, manifest: UseCase) -> Check:
    """How high a use case stands, where that isn't what it declares; and whether somebody stopped it."""
    name, told = f"use case {manifest.name}", f"version {manifest.version}"
    stance = workspace.registers.effective_tier(manifest, workspace.clock.now_ms())
    if workspace.registers.use_case_suspended(manifest.name):
        return Check(name=name, state="note", told=f"{told}; suspended", next=f"waglan resume use_case {manifest.name}")
    if stance.why == "declared":
        return Check(name=name, state="ok", told=told)
    told = f"{told}; tier {stance.tier} ({stance.why}) instead of {manifest.tier}"
    return Check(name=name, state="note", told=told, next=f"See why: waglan tier {manifest.name}")


def _decided(workspace: Workspace, name: str) -> bool:
    """Whether this workspace has put the use case to work, so that its lack matters."""
    try:
        return workspace.registers.use_case(workspace.catalogue.get(name).digest) is not None
    except Problem:
        return True


def _show(checks: list[Check]) -> None:
    colours = {"ok": "green", "note": "yellow", "finding": "red"}
    for check in checks:
        click.echo(f"{click.style(f'{check.state:8}', fg=colours[check.state])} {check.name}: {check.told}")
        if check.next:
            click.echo(f"{'':9}{check.next}")
