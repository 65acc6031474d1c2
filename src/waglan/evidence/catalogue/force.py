"""Which catalogue judged when: each version in force stands on the log, its text beside it in the workspace."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from typing import NamedTuple

import msgspec

from waglan.core.events import CatalogueInForce
from waglan.core.problem import Problem
from waglan.disk import durable
from waglan.evidence.catalogue.catalogue import Catalogue
from waglan.evidence.catalogue.read import load
from waglan.index import Index, events
from waglan.ledger.log import Ledger, Recorded
from waglan.runtime.workspace import Workspace

FOLDER = "catalogues"
_MARK = f'"kind":"{CatalogueInForce.kind}"'.encode()


class InForce(NamedTuple):
    """A catalogue judges from a place in the log on, until the next one does."""

    digest: str
    from_index: int


def put_in_force(
    workspace: Workspace, catalogue: Catalogue, *, index: Index | None = None, actor: str = ""
) -> Recorded | None:
    """Let a catalogue judge decisions from here on; None when it is the one in force already.

    Parameters
    ----------
    index
        Where to look for what is in force. Without one the whole log is read, so pass it once the log is long.

    Raises
    ------
    Problem
        ``catalogue.digest`` when what is kept under its digest is something else; what the ledger says.
    """
    _keep(workspace.folder, catalogue)
    newest = _newest(workspace.ledger) if index is None else _indexed(index)
    if newest == catalogue.digest:
        return None
    facts = CatalogueInForce(
        as_of=catalogue.as_of.isoformat(),
        clauses=len(catalogue.clauses),
        digest=catalogue.digest,
        id=catalogue.id,
        tests=len(catalogue.tests()),
        version=catalogue.version,
    )
    return workspace.record(facts, actor=actor)


def adopt(workspace: Workspace, index: Index, actor: str = "evidence") -> bool:
    """Put the catalogue that ships with this release in force where none ever was: an upgrade alone changes nothing."""
    index.follow()
    with index.reading() as connection:
        if _all(connection):
            return False
    return put_in_force(workspace, load(), index=index, actor=actor) is not None


def periods(connection: sqlite3.Connection) -> tuple[InForce, ...]:
    """Every catalogue that was in force, oldest first, with the place in the log from which it judged.

    The first one also judges what was decided before it, so its period begins at 0. One that came into force again
    while it was, is one period.
    """
    found: list[InForce] = []
    for each in _all(connection):
        digest = str(each.facts["digest"])
        if not found or found[-1].digest != digest:
            found.append(InForce(digest, each.index if found else 0))
    return tuple(found)


def of(workspace: Workspace | Path, digest: str) -> Catalogue:
    """The catalogue of a digest, as it was when it came into force here.

    Raises
    ------
    Problem
        ``catalogue.missing`` when its file isn't there, ``catalogue.digest`` when the file was changed,
        ``catalogue.newer`` when it was written by a later release.
    """
    folder = workspace if isinstance(workspace, Path) else workspace.folder
    path = _path(folder, digest)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise Problem(
            f"The catalogue {digest[:12]}… isn't in this workspace.",
            f"{path} is missing, and the log holds its digest only.",
            "Take the file from a backup; its name is its digest.",
            code="catalogue.missing",
            where=str(path),
        ) from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise _changed(path)
    try:
        return msgspec.json.decode(data, type=Catalogue)
    except msgspec.ValidationError as error:
        raise Problem(
            f"The catalogue {digest[:12]}… can't be read by this release.",
            str(error),
            "Install the release of Waglan that put it in force, or a later one.",
            code="catalogue.newer",
            where=str(path),
        ) from None


def _keep(folder: Path, catalogue: Catalogue) -> None:
    path = _path(folder, catalogue.digest)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    durable.write_once(path, catalogue.canonical())
    if hashlib.sha256(path.read_bytes()).hexdigest() != catalogue.digest:
        raise _changed(path)


def _path(folder: Path, digest: str) -> Path:
    return folder / FOLDER / f"{digest}.json"


def _changed(path: Path) -> Problem:
    return Problem(
        "A catalogue that judged decisions was changed.",
        f"{path} doesn't have the digest that is its name.",
        "Take the file from a backup; what it judged can't be shown without it.",
        code="catalogue.digest",
        where=str(path),
    )


def _newest(ledger: Ledger) -> str:
    digest = ""
    for index, row in ledger.rows(0, ledger.head().size):
        if _MARK in row.leaf:
            leaf = ledger.leaf(index)
            digest = leaf["facts"]["digest"] if leaf["kind"] == CatalogueInForce.kind else digest
    return digest


def _indexed(index: Index) -> str:
    index.follow()
    with index.reading() as connection:
        rows = events.latest(connection, (CatalogueInForce.kind,), limit=1).rows
    return str(rows[0].facts["digest"]) if rows else ""


def _all(connection: sqlite3.Connection) -> list[events.Happened]:
    found: list[events.Happened] = []
    before: int | None = None
    while True:
        pieces = events.latest(connection, (CatalogueInForce.kind,), before=before, limit=events.LARGEST)
        found += pieces.rows
        if pieces.older is None:
            return found[::-1]
        before = pieces.older
