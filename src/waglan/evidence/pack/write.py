"""Writing a pack: everything is made, listed and signed in a folder of another name, which then gets its own."""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from waglan.core.clock import iso
from waglan.core.events import Read
from waglan.core.problem import Problem
from waglan.disk import durable
from waglan.evidence.evidence import Evidence
from waglan.evidence.pack import bom, cards, document, gathering, html, oscal, proofs, sample, seal, tables
from waglan.evidence.pack.material import Material
from waglan.evidence.pack.onepage import Board, board
from waglan.evidence.pack.say import TONGUES, Tongue
from waglan.evidence.result import Report, Window
from waglan.index import Index
from waglan.runtime import Workspace

Step = Literal["counting", "gathering", "drawing", "writing", "signing"]
STEPS: tuple[Step, ...] = ("counting", "gathering", "drawing", "writing", "signing")
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a pack is to be.

    Attributes
    ----------
    entity
        The institution; empty means everything on this log.
    window
        Days in Hong Kong.
    tongues
        Languages of report and one page.
    sample, seed
        How many decisions are drawn, and with what; an empty seed takes the root of the log.
    opened
        Whether private parts come along unmasked, with what proves them: personal data leaves the house.
    actor
        Who asked, for the record.
    """

    window: Window
    entity: str = ""
    tongues: tuple[Tongue, ...] = TONGUES
    sample: int = sample.SAMPLE
    seed: str = ""
    opened: bool = False
    actor: str = ""


class Pack(NamedTuple):
    """A finished pack: its folder, files and bytes, the digest of its MANIFEST, the report and its one page."""

    folder: Path
    files: int
    size: int
    digest: str
    report: Report
    board: Board
    shown: int


def write_pack(
    workspace: Workspace,
    index: Index,
    evidence: Evidence,
    out: Path,
    wanted: Wanted,
    *,
    step: Callable[[Step], None] = lambda step: None,
) -> Pack:
    """Write the pack of a window into a new folder; that it was made is put on the log first.

    Parameters
    ----------
    evidence
        Brought up to date by the caller, the index too.
    out
        The folder; it must not be there yet.
    step
        Told what is being done.

    Raises
    ------
    Problem
        ``evidence.exists``, ``entity.unknown``, ``evidence.inconsistent``, or why the log can't be written.
    """
    out = _new(out)
    report = evidence.report(wanted.entity, wanted.window)
    past = evidence.report(wanted.entity, gathering.earlier(wanted.window))
    step("gathering")
    catalogue = gathering.judging(workspace, report.catalogue_digest)
    material = gathering.gather(workspace, index, report, past if past.recorded else None, catalogue)
    step("drawing")
    places = _places(workspace, index, material, wanted)
    what = "evidence.private" if wanted.opened else "evidence.pack"
    refs = tuple([place.id for place in places]) if wanted.opened else ()
    workspace.record(Read(what=what, why=wanted.entity or "evidence"), refs=refs[:400], actor=wanted.actor)
    shown = sample.shown(workspace, index, places, wanted.opened)
    proven = proofs.prove(workspace.ledger, report, [place.at for place in places])
    step("writing")
    lines = b"".join(msgspec.json.encode(line, order="sorted", enc_hook=str) + b"\n" for line in shown)
    files = {**contents(material, wanted), **proven.files, "sample.jsonl": lines, "verify.py": seal.verifier()}
    step("signing")
    listed = seal.manifest(_facts(material, wanted, files, proven), files)
    signature = workspace.ledger.signer.vouch("pack", listed, report.made_ms // 1000).encode()
    files |= {"MANIFEST": listed, "MANIFEST.sig": signature}
    _write(out, files)
    size = sum(map(len, files.values()))
    return Pack(out, len(files), size, hashlib.sha256(listed).hexdigest(), report, board(material), len(shown))


def contents(material: Material, wanted: Wanted) -> dict[str, bytes]:
    """The files that the material alone makes."""
    from waglan.evidence.pack import pdf  # loads reportlab, which nothing else needs

    report, seed = material.report, wanted.seed or material.report.root
    whole = [document.report(material, each, sample=wanted.sample, seed=seed) for each in wanted.tongues]
    return {
        "report.html": html.html(whole),
        "report.pdf": pdf.pdf(whole, f"{report.log} {report.size} {report.root}"),
        "board.html": html.html([document.one_page(material, each) for each in wanted.tongues], one_page=True),
        "clauses.json": msgspec.json.format(msgspec.json.encode(tables.masked(report)), indent=1) + b"\n",
        "catalogue.json": material.catalogue.canonical(),
        "queries.csv": tables.queries(material.catalogue, report),
        "oscal-ar.json": oscal.oscal(material),
        "bom.json": bom.bom(material),
        **cards.cards(material),
        **tables.registers(material.registers),
        **tables.examples(report),
    }


def archive(folder: Path) -> Path:
    """The pack as a file beside its folder; a Problem (``evidence.exists``) when there is one already."""
    path = _new(folder.with_name(f"{folder.name}.zip"))
    durable.replace(path, zipped(folder))
    return path


def zipped(folder: Path) -> bytes:
    """A pack as one file to download; the same pack gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            info = zipfile.ZipInfo(name, _ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            archive.writestr(info, path.read_bytes())
    return out.getvalue()


def _places(workspace: Workspace, index: Index, material: Material, wanted: Wanted) -> tuple[sample.Place, ...]:
    from waglan.facts import Facts  # loads DuckDB, which pages of evidence don't need

    report = material.report
    with Facts.open(workspace.folder / "facts", workspace.ledger) as facts:
        if facts.size < report.size:
            facts.update()
        drawn = sample.draw(
            facts, report.window, material.own, size=report.size, seed=wanted.seed or report.root, n=wanted.sample
        )
    return sample.places(report, drawn)


def _facts(material: Material, wanted: Wanted, files: Mapping[str, bytes], proven: proofs.Proven) -> dict[str, str]:
    report = material.report
    return {
        "pack": "waglan evidence 1",
        "log": report.log,
        "size": str(report.size),
        "root": report.root,
        "checkpoint": f"{proven.size} {proven.root}",
        "catalogue": report.catalogue,
        "catalogue_digest": report.catalogue_digest,
        "queries": hashlib.sha256(files["queries.csv"]).hexdigest(),
        "entity": report.entity,
        "from": report.window.since,
        "until": report.window.until,
        "made": iso(report.made_ms),
        "tool": f"waglan {material.version}",
        "sample": str(wanted.sample),
        "seed": wanted.seed or report.root,
        "opened": "yes" if wanted.opened else "no",
    }


def _new(out: Path) -> Path:
    """The folder's full name; a Problem when it is there already."""
    out = Path(out).resolve()
    if out.exists():
        raise Problem(
            f"{out.name} is there already.",
            "A pack is written once and never over another.",
            "Name a folder that isn't there yet.",
            code="evidence.exists",
            where=str(out),
            status=409,
        )
    return out


def _write(out: Path, files: Mapping[str, bytes]) -> None:
    """All or nothing: into a folder beside, made durable, then renamed."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        try:
            for path, data in files.items():
                (draft / path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with durable.new_file(draft / path) as file:
                    file.write(data)
            _sync(draft)
            draft.rename(out)
            durable.sync_folder(out.parent)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    except OSError as error:
        raise Problem(
            "The pack can't be written there.",
            f"{error.strerror}: {error.filename}.",
            "Make room, or choose another folder.",
            code="evidence.write",
        ) from None


def _sync(draft: Path) -> None:
    folders: Sequence[Path] = [draft, *[each for each in draft.rglob("*") if each.is_dir()]]
    for folder in folders:
        durable.sync_folder(folder)
