"""``waglan clauses``: the obligations that evidence is read for, what is wrong with them, and what changed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from waglan.core.problem import Problem

if TYPE_CHECKING:
    from waglan.evidence.catalogue import Catalogue, Clause, Test
    from waglan.evidence.catalogue.lint import Fault

SHIPPED = "shipped"
LONG = 12
"""So many characters of a digest are shown."""


@click.command()
@click.argument("clause_id", metavar="ID", required=False, default="")
@click.option("--lint", "linting", is_flag=True, help="Look for what is wrong with the catalogue.")
@click.option("--changed", nargs=2, metavar="OLD NEW", help="What differs: digests, folders, files, or 'shipped'.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Read a catalogue from this folder.")
@click.option("--put-in-force", "adopting", is_flag=True, help="Let it judge decisions of the workspace from here on.")
@click.option("--workspace", type=click.Path(path_type=Path), default=Path(), help="Its folder.")
@click.option("--lang", type=click.Choice(["en", "zh-Hant"]), default="en", help="Language of the texts.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def clauses(
    *,
    clause_id: str,
    linting: bool,
    changed: tuple[str, str] | None,
    adopting: bool,
    folder: Path | None,
    workspace: Path,
    lang: str,
    as_json: bool,
) -> None:
    """Show the obligations in our own words, with how far their wording was checked; one of them by its ID."""
    if changed:
        _changed(changed, workspace, as_json)
    elif linting:
        _lint(folder, as_json)
    elif adopting:
        _adopt(folder, workspace, as_json)
    else:
        from waglan.evidence.catalogue import load

        catalogue = load(folder)
        found = [catalogue.clause(clause_id)] if clause_id else list(catalogue.clauses)
        if as_json:
            _say({**_head(catalogue), "clauses": [_told(catalogue, each) for each in found]})
        elif clause_id:
            _show(catalogue, found[0], lang)
        else:
            _table(catalogue, lang)


def _adopt(folder: Path | None, workspace: Path, as_json: bool) -> None:
    from waglan.access import Action
    from waglan.cli.acting import acting
    from waglan.evidence.catalogue import load
    from waglan.evidence.catalogue.force import put_in_force
    from waglan.evidence.catalogue.lint import lint

    catalogue = load(folder)
    if faults := lint(catalogue):
        raise Problem(
            f"This catalogue has {len(faults)} faults, so it can't judge decisions.",
            f"The first: {faults[0].what}",
            "See them all with --lint and correct them.",
            code="catalogue.faults",
            where=faults[0].subject,
        )
    with acting(workspace, Action.SETTINGS_MANAGE) as at:
        recorded = put_in_force(at.workspace, catalogue, actor=at.access.local().id)
    if as_json:
        return _say({**_head(catalogue), "put_in_force": recorded is not None})
    what = "judges decisions from here on" if recorded else "is in force already"
    click.echo(f"{catalogue.id} {catalogue.version} ({catalogue.digest[:LONG]}) {what}.")


def _say(told: dict[str, Any]) -> None:
    import msgspec

    click.echo(msgspec.json.encode(told).decode())


def _head(catalogue: Catalogue) -> dict[str, Any]:
    letters = Counter(clause.letter for clause in catalogue.clauses)
    classes = Counter(each for clause in catalogue.clauses for each in clause.classes)
    return {
        "catalogue": catalogue.id,
        "version": catalogue.version,
        "as_of": catalogue.as_of,
        "digest": catalogue.digest,
        "wording": {letter: letters[letter] for letter in "VSU"},
        "with_tests": {name: classes[name] for name in "ARD"},
        "duties": sum(clause.duty for clause in catalogue.clauses),
        "gates": sum(stated.test.gate != "none" for stated in catalogue.tests()),
    }


def _told(catalogue: Catalogue, clause: Clause) -> dict[str, Any]:
    """A clause with every key, also those at their defaults."""
    from msgspec.structs import asdict

    tests = [
        {**asdict(test), "require": asdict(test.require), "digest": catalogue.compiled(test).digest}
        for test in clause.tests
    ]
    return {**asdict(clause), "letter": clause.letter, "classes": sorted(clause.classes), "tests": tests}


def _table(catalogue: Catalogue, lang: str) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None)
    for name, style in (("id", "bold"), ("", ""), ("by", ""), ("gate", ""), ("obligation", "")):
        table.add_column(name, style=style, no_wrap=name != "obligation")
    for clause in catalogue.clauses:
        gates = {test.gate for test in clause.tests} - {"none"}
        shown = "".join(sorted(clause.classes)) if clause.duty else "-"
        table.add_row(clause.id, clause.letter, shown, ", ".join(sorted(gates)), escape(clause.text[lang]))
    Console(highlight=False).print(table)
    told = _head(catalogue)
    wording = ", ".join(f"{n} {letter}" for letter, n in told["wording"].items())
    click.echo(
        f"{len(catalogue.clauses)} obligations of {catalogue.id} {catalogue.version}, as of {catalogue.as_of}. "
        f"Wording: {wording}; V seen in the paper itself, S told by others, U unverified. "
        f"Shown by: A decisions ({told['with_tests']['A']}), R registers and people ({told['with_tests']['R']}), "
        f"D documents ({told['with_tests']['D']}), - not counted. Not legal advice."
    )


def _show(catalogue: Catalogue, clause: Clause, lang: str) -> None:
    source = catalogue.source_of(clause)
    place = f", {clause.locator}" if clause.locator else ""
    lines = [
        f"{clause.id}  {clause.text[lang]}",
        "",
        f"Source     {source.issuer}: {source.title} ({source.date}){place}",
        f"Wording    {clause.letter}: {clause.wording}; {_seen(clause)}",
        f"Binds      {', '.join(clause.applies_to or source.applies_to) or 'everybody'}"
        f"{'' if clause.duty else '; not counted'}",
        f"Answers    {clause.owner_role}",
        f"Controls   {', '.join(clause.controls) or 'none'}",
        *[f"Also in    {name}: {', '.join(where)}" for name, where in sorted(clause.maps.items())],
    ]
    for test in clause.tests:
        lines += ["", *_lines(catalogue, test, lang)]
    click.echo("\n".join(lines))


def _seen(clause: Clause) -> str:
    return "; ".join(f"{each.where} ({each.by}, {each.on})" for each in clause.seen) or "seen by nobody"


def _lines(catalogue: Catalogue, test: Test, lang: str) -> list[str]:
    wanted = f"at least {test.require.rate:.0%} of {test.require.min_n} or more"
    if test.require.rate == 1.0:
        wanted = f"all, of {test.require.min_n} or more"
    fresh = f"; newest no older than {test.freshness}" if test.freshness else ""
    parts = [("scope", test.scope), ("holds", test.holds), ("current", test.current)]
    return [
        f"{test.id}  {test.title[lang]}",
        f"  {test.kind} over {test.over}; {wanted}{fresh}; gate {test.gate}{'; opens an incident' * test.incident}",
        *[f"  {name:8} {text}" for name, text in parts if text != "True"],
        f"  digest   {catalogue.compiled(test).digest[:LONG]}…",
    ]


def _lint(folder: Path | None, as_json: bool) -> None:
    from waglan.evidence.catalogue import open_folder
    from waglan.evidence.catalogue.lint import lint

    opened = open_folder(folder)
    faults = lint(opened.catalogue, places=opened.places, retired=opened.retired)
    if as_json:
        _say({**_head(opened.catalogue), "findings": [each._asdict() for each in faults]})
    else:
        _show_faults(opened.catalogue, faults)
    if faults:
        raise SystemExit(1)


def _show_faults(catalogue: Catalogue, faults: Sequence[Fault]) -> None:
    for fault in faults:
        click.echo(f"{fault.where or '-'}: {fault.subject}: {fault.what} [{fault.code}]")
    tests = len(catalogue.tests())
    click.echo(f"{len(catalogue.clauses)} obligations, {tests} tests, {len(faults)} findings.")


def _changed(names: tuple[str, str], workspace: Path, as_json: bool) -> None:
    import msgspec

    from waglan.evidence.catalogue import differences

    old, new = (_named(name, workspace) for name in names)
    found = differences(old, new)
    if as_json:
        _say({"old": _head(old), "new": _head(new), "changes": msgspec.to_builtins(found)})
        return
    click.echo(f"{old.id} {old.version} ({old.digest[:LONG]}…) to {new.version} ({new.digest[:LONG]}…)")
    for each in found:
        place = " ".join(part for part in (each.test or each.clause, each.part) if part)
        click.echo(f"{each.what.replace('_', ' '):13}{place}: {json.dumps([each.old, each.new], ensure_ascii=False)}")
    click.echo(f"{len(found)} differences.")


def _named(name: str, workspace: Path) -> Catalogue:
    """A catalogue by digest (or how it starts), folder, file, or the word for the one that ships."""
    from waglan.evidence.catalogue import load
    from waglan.evidence.catalogue.force import FOLDER, of

    if name == SHIPPED:
        return load()
    path = Path(name)
    if path.is_dir():
        return load(path)
    if path.is_file() and path.parent.name == FOLDER:
        return of(path.parent.parent, path.stem)
    kept = sorted((workspace / FOLDER).glob(f"{name}*.json")) if name.isalnum() else []
    if len(kept) == 1:
        return of(workspace, kept[0].stem)
    raise Problem(
        f"There is no catalogue {name!r}.",
        f"{len(kept)} of those in force in this workspace start so." if kept else "No digest, folder or file fits.",
        f"Give a digest from {workspace / FOLDER}, a folder of TOML files, or '{SHIPPED}'.",
        code="usage.catalogue",
    )
