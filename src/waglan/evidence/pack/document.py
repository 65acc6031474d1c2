"""The report and the one page as blocks, in one language."""

from __future__ import annotations

from collections.abc import Iterator

from waglan.evidence.pack.blocks import Block, Cell, Facts, Figure, Figures, Heading, Line, Part, Table, Tone
from waglan.evidence.pack.material import Material
from waglan.evidence.pack.onepage import Board, board, ordered, statuses
from waglan.evidence.pack.redact import prose
from waglan.evidence.pack.say import Saying, Tongue
from waglan.evidence.pack.state import more, state
from waglan.evidence.result import ClauseResult, Headlines, Status, TestResult

TONES: dict[Status, Tone] = {
    "breached": "bad", "expired": "bad", "no_evidence": "warn", "unknown": "warn", "thin": "warn", "stale": "warn",
    "attested": "good", "met": "good", "not_applicable": "quiet",
}  # fmt: skip


def report(material: Material, tongue: Tongue, *, sample: int, seed: str) -> Part:
    """The whole report; ``sample`` decisions were drawn with ``seed``."""
    say, page = Saying(tongue), board(material)
    blocks: list[Block] = [
        Heading(1, say("title")),
        *_head(say, material),
        *_headlines(say, page),
        Heading(2, say("statuses")),
        _statuses(say, material),
        Heading(2, say("breaches")),
        *_breaches(say, page),
        Heading(2, say("clauses")),
        _clauses(say, material),
        Heading(2, say("examples")),
        *_examples(say, material),
        state(say, page),
        Heading(2, say("models")),
        _models(say, material),
        Heading(2, say("changed")),
        *_changes(say, page),
        Heading(2, say("method")),
        Line(say("method_1")),
        Line(say("method_2")),
        Line(say("method_3", n=say.number(sample), seed=seed)),
        Line(say("own"), "quiet"),
    ]
    return Part(tongue, say("title"), blocks, say("advice"))


def one_page(material: Material, tongue: Tongue) -> Part:
    """The board's page."""
    say, page = Saying(tongue), board(material)
    blocks: list[Block] = [
        Heading(1, say("board")),
        *_head(say, material, short=True),
        *_headlines(say, page),
        Heading(2, say("breaches")),
        *_breaches(say, page),
        state(say, page),
        Heading(2, say("changed")),
        *_changes(say, page),
    ]
    return Part(tongue, say("board"), blocks, say("advice"))


def _head(say: Saying, material: Material, short: bool = False) -> Iterator[Block]:
    report = material.report
    name = f"{report.name} ({report.entity})" if report.name and report.name != report.entity else report.entity
    pairs = [
        (say("entity"), name or say("all")),
        (say("licences"), ", ".join(say.code("licence", each) for each in report.licences) or "–"),
        (say("window"), f"{report.window.since} – {report.window.until}"),
        (say("catalogue"), report.catalogue if short else f"{report.catalogue}, SHA-256 {report.catalogue_digest}"),
    ]
    if not short:
        pairs.append((say("log"), f"{report.log}: {say('log_at', size=say.number(report.size), root=report.root)}"))
        pairs.append((say("tool"), f"Waglan {material.version}"))
    pairs.append((say("made"), f"{say.moment(report.made_ms)} HKT"))
    yield Facts(pairs)
    if material.synthetic:
        yield Line(say("synthetic"), "warn")


def _headlines(say: Saying, page: Board) -> Iterator[Block]:
    h: Headlines = page.headlines
    yield Heading(2, say("headlines"))
    yield Figures((
        Figure(say("live"), say("live_value", met=h.live_met, of=h.live_applicable),
               say("live_note", answered=h.live_answered)),
        Figure(say("attested_head"), say("attested_value", n=h.attested, of=h.attestable), say("attested_note")),
        Figure(say("wording"), say("wording_value", v=h.v, s=h.s, u=h.u), say("wording_note")),
    ))  # fmt: skip
    text = say("recorded", n=say.number(page.recorded))
    if page.capture is None:
        text += " " + say("capture_none")
    else:
        c = page.capture
        said = say("capture_value", share=say.percent(c.ratio), recorded=say.number(c.recorded),
                   counted=say.number(c.counted), source=c.source)  # fmt: skip
        text += f" {said}"
    if page.of_recorded:
        text += " " + say("of_recorded")
    yield Line(text, "warn" if page.of_recorded else "")


def _statuses(say: Saying, material: Material) -> Table:
    rows = [
        (Cell(say.code("status", status), TONES[status]), Cell(say.number(n)))
        for status, n in statuses(material.report).items()
    ]
    return Table(say("statuses"), (say("status"), say("number")), (3, 1), rows)


def _breaches(say: Saying, page: Board) -> Iterator[Block]:
    if not page.breaches:
        yield Line(say("no_breaches"))
        return
    rows = [
        (
            Cell(b.clause, "bad", f"c-{b.clause}"),
            Cell(say.text(b.text)),
            Cell(b.letter),
            Cell(f"{say.number(b.failed)} / {say.number(b.total)}"),
            Cell(say.percent(b.unknown_share)),
            Cell(b.example or "–", code=True),
        )
        for b in page.breaches
    ]
    columns = (say("clause"), say("asks"), say("letter"), say("failed"), say("unknown"), say("newest"))
    yield Table(say("breaches"), columns, (2, 5.7, 1.4, 2, 1.6, 4.4), rows)
    yield from more(say, page.breaches_n - len(page.breaches))


def _clauses(say: Saying, material: Material) -> Table:
    texts = {each.id: each for each in material.catalogue.clauses}
    rows = []
    for clause in ordered(material.report.clauses):
        known = texts.get(clause.id)
        source = clause.source + (f" § {known.locator}" if known and known.locator else "")
        rows.append(
            (
                Cell(clause.id, link=f"t-{clause.id}", anchor=f"c-{clause.id}"),
                Cell((say.text(known.text) if known else "") + f" [{source}]"),
                Cell(clause.letter),
                Cell(say.code("status", clause.status), TONES[clause.status]),
                Cell(_counted(say, clause)),
            )
        )
    columns = (say("clause"), say("asks"), say("letter"), say("status"), say("tests"))
    return Table(say("clauses"), columns, (2.2, 7, 1.4, 2, 4.6), rows)


def _counted(say: Saying, clause: ClauseResult) -> str:
    return "; ".join(_test(say, test) for test in clause.tests) or (say.code("why", clause.why) if clause.why else "–")


def _test(say: Saying, test: TestResult) -> str:
    c, said = test.counts, [say.code("status", test.status)]
    if c.total:
        tally = {"P": c.passed, "F": c.failed, "U": c.unknown, "S": c.scope_unknown}
        said.append(" ".join(f"{name} {say.number(n)}" for name, n in tally.items()))
        said.append(f"{say.percent(c.floor)}–{say.percent(c.ceiling)}")
    if test.low is not None and test.high is not None:
        said.append(say("sampled", low=say.percent(test.low), high=say.percent(test.high)))
    if test.why:
        said.append(say.code("why", test.why))
    return f"{test.id}: {', '.join(said)}"


def _examples(say: Saying, material: Material) -> Iterator[Block]:
    yield Line(say("examples_lead"))
    rows: list[tuple[Cell, ...]] = []
    for clause in ordered(material.report.clauses):
        found = [(test, example) for test in clause.tests for example in test.examples]
        for at, (test, e) in enumerate(found):
            rows.append(
                (
                    Cell(test.id, link=f"c-{clause.id}", anchor="" if at else f"t-{clause.id}"),
                    Cell(e.id if test.over == "decisions" else prose(e.id), code=True),
                    Cell(say.moment(e.at_ms)),
                    Cell(e.use_case or "–"),
                    Cell(say.number(e.log_index)),
                )
            )
    if not rows:
        yield Line(say("no_examples"))
        return
    columns = (say("test"), say("examples"), say("when"), say("use_case"), say("place"))
    yield Table(say("examples"), columns, (2.4, 5, 3, 2.4, 2), rows)


def _models(say: Saying, material: Material) -> Table:
    rows = [
        (
            Cell(f"{m.registration.id} {m.registration.version}"),
            Cell(m.registration.state),
            Cell(say.code("origin", m.registration.origin)),
            Cell(say.moment(m.registration.validation_expires_at)),
            Cell(say.number(m.decisions)),
        )
        for m in material.models
    ]
    columns = (say("model"), say("status"), say("origin"), say("validated"), say("answers"))
    return Table(say("models"), columns, (5, 2.4, 2.4, 3, 3), rows)


def _changes(say: Saying, page: Board) -> Iterator[Block]:
    if not page.changes:
        yield Line(say("no_change" if page.compared else "no_before"))
        return
    rows = [
        (
            Cell(c.clause, link=f"c-{c.clause}"),
            Cell(f"{say.code('status', c.before)} → {say.code('status', c.now)}", "bad" if c.worse else "good"),
        )
        for c in page.changes
    ]
    yield Table(say("changed"), (say("clause"), say("status")), (3, 6), rows)
    yield from more(say, page.changes_n - len(page.changes))
