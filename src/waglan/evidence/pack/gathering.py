"""Reading what a pack is made of: evidence, registers, models, clocks. Nothing here scans decisions."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from waglan.core.problem import Problem
from waglan.core.usecase import Texts
from waglan.evidence.applicable import answering
from waglan.evidence.catalogue import Catalogue, force, load
from waglan.evidence.pack.material import Due, Material, ModelRecord, Row, Stage
from waglan.evidence.result import Report, Window
from waglan.index import Index, counts, days
from waglan.registers import concentration, settings
from waglan.registers.book import Book, read_book
from waglan.registers.clocks import load_clocks
from waglan.registers.schema import SCHEMAS
from waglan.runtime import Workspace

FOR_BOARD = ("use_cases", "vendors", "incidents", "drills", "test_runs")
"""The registers that the one page reads."""


def gather(
    workspace: Workspace,
    index: Index,
    report: Report,
    before: Report | None,
    catalogue: Catalogue,
    *,
    names: Sequence[str] = tuple(SCHEMAS),
) -> Material:
    """What is known beside a report.

    Parameters
    ----------
    index
        Brought up to date by the caller.
    before
        The report of the window before, where one is to be compared.
    catalogue
        The one that judged.
    names
        The registers wanted.
    """
    kept = settings.read(workspace.settings.registers)
    with index.reading() as connection:
        book = read_book(connection, report.made_ms, clocks=load_clocks(kept.tighten))
        asked = counts.models(connection, report.window.since, report.window.until, by_day=False)
    own = answering((book,), report.entity, workspace.settings.workspace.tenant).use_cases
    registers = {name: tuple(_own(book.rows(name), own)) for name in names}
    return Material(
        report=report,
        before=before,
        catalogue=catalogue,
        registers=registers,
        models=_models(book, asked, own, registers.get("test_runs", ())),
        dues=_dues(book, own),
        hhi=_hhi(book),
        hhi_limit=kept.concentration,
        own=own,
        titles={str(row["use_case"]): title(workspace, str(row["use_case"])) for row in registers.get("use_cases", ())},
        version=version("waglan"),
        synthetic=workspace.settings.workspace.synthetic,
    )


def judging(workspace: Workspace, digest: str) -> Catalogue:
    """The catalogue of a digest: the one that ships, or one that was in force here."""
    shipped = load()
    return shipped if shipped.digest == digest else force.of(workspace, digest)


def earlier(wanted: Window) -> Window:
    """The window of the same length right before."""
    since, until = days.number(wanted.since), days.number(wanted.until)
    return Window(days.iso(since - (until - since) - 1), days.iso(since - 1))


def title(workspace: Workspace, name: str) -> Texts:
    """What a use case is called; its name where it isn't installed any more."""
    try:
        return workspace.catalogue.get(name).manifest.title
    except Problem:
        return {"en": name}


def _hhi(book: Book) -> float | None:
    """How much hangs on few suppliers; None where nothing is answered by a supplier's model."""
    found = concentration(book)
    return found.hhi if any(name for name, _, _ in found.shares) else None


def _own(rows: Sequence[Row], own: Sequence[str]) -> list[Row]:
    """Rows of the institution's use cases, and those that are of none."""
    return [row for row in rows if not own or row.get("use_case") is None or row["use_case"] in own]


def _models(
    book: Book, asked: Sequence[counts.ModelCount], own: Sequence[str], runs: Sequence[Row]
) -> tuple[ModelRecord, ...]:
    answered: dict[tuple[str, str], list[int]] = {}
    for each in asked:
        if not own or each.use_case in own:
            tally = answered.setdefault((each.model, each.version), [0, 0])
            tally[0] += each.answered
            tally[1] += each.failed
    total = sum(good for good, _ in answered.values())
    found = []
    for kept in book.models:
        m = kept.facts
        good, bad = answered.get((m.id, m.version), (0, 0))
        if own and m.use_case and m.use_case not in own and not good + bad:
            continue
        found.append(
            ModelRecord(
                registration=m,
                stages=tuple(
                    [
                        Stage(at_ms=s.at_ms, actor=s.actor, state=s.facts.state, entry=s.id, log_index=s.index)
                        for s in kept.steps
                    ]
                ),
                decisions=good,
                failures=bad,
                share=good / total if total else None,
                runs=tuple([r for r in runs if r.get("model") == m.id and r.get("model_version") in (None, m.version)]),
            )
        )
    return tuple(sorted(found, key=lambda r: (-r.decisions, r.registration.id, r.registration.version)))


def _dues(book: Book, own: Sequence[str]) -> tuple[Due, ...]:
    """The clocks of incidents that aren't closed; exercises have theirs apart."""
    found = []
    for incident in book.incidents:
        concerned = not own or not incident.facts.use_case or incident.facts.use_case in own
        if concerned and not incident.closed and not incident.drill:
            answering = book.answering(incident.facts.use_case)
            for clock in book.clocks.of(incident, answering, book.now_ms):
                found.append(
                    Due(
                        incident=incident.id,
                        clock=clock.id,
                        addressee=dict(clock.addressee),
                        source=clock.source,
                        letter=clock.letter,
                        state=clock.state,
                        due_ms=clock.due_ms,
                        left_ms=clock.left_ms,
                    )
                )
    return tuple(found)
