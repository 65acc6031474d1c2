"""``waglan tier``: how high a use case stands and why, or what a profile would come to."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from waglan.core.case import LANGUAGES, Language
from waglan.core.problem import Problem
from waglan.core.profile import AXES, Profile, word
from waglan.core.usecase import Tier, UseCase

if TYPE_CHECKING:
    from waglan.runtime import Workspace
    from waglan.runtime.stance import Stance
    from waglan.tiers import Assessment

_HOW_OFTEN = {"once": "once", "each_session": "in each session", "each_answer": "with each answer"}
TIERS: tuple[Tier, ...] = ("low", "medium", "high", "critical")


@click.command()
@click.argument("use_case", default="")
@click.option("--profile", "file", type=click.Path(path_type=Path), help="A profile in TOML or JSON; - reads JSON.")
@click.option("--ask", "interactive", is_flag=True, help="Answer axis by axis.")
@click.option("--raise", "raised", type=click.Choice(TIERS), help="Let the use case stand higher.")
@click.option("--reason", default="", help="With --raise: why, as a code.")
@click.option("--until", default="", help="With --raise: the last day of it, as 2031-12-31.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", help="Of words on the screen.")
@click.option("--workspace", "folder", type=click.Path(path_type=Path), default=Path(), help="Its folder.")
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
def tier(
    *, use_case: str, file: Path | None, interactive: bool, raised: Tier | None, reason: str, until: str,
    language: Language, folder: Path, as_json: bool,
) -> None:  # fmt: skip
    """How high a use case stands, what makes it so, and what would lower it.

    Give a use case, a profile (by file, as JSON, or by answering), or nothing for a table of all use cases. Profiles
    may name axes and answers by id or by their words in any of the three languages.
    """
    if raised is not None:
        row = _raise(folder, use_case, raised, reason, until)
        if as_json:
            click.echo(json.dumps(row, ensure_ascii=False))
        else:
            click.echo(
                f"{use_case} stands at {row['tier']} ({row['why']}) from its next decision on, in every process."
            )
        return
    profile = _given(use_case, file, interactive, language)
    if profile is not None:
        _show(_told(profile, language), language, as_json)
    elif use_case:
        body, assessed = _standing(folder, use_case, language)
        _show(body, language, as_json, profiled=assessed)
    else:
        _table(folder, as_json)


def _given(use_case: str, file: Path | None, interactive: bool, language: Language) -> Profile | None:
    """The profile that was given instead of a use case."""
    from waglan.tiers import read_profile

    if interactive:
        return _asked(language)
    if file is not None:
        return read_profile(_table_of(_text(file), file), str(file))
    if use_case.lstrip().startswith("{"):
        return read_profile(_table_of(use_case, Path("-")), "the profile")
    return None


def _text(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{file} can't be read.", f"{error}.", "Name a TOML or JSON file.", code="tier.file") from None


def _table_of(text: str, file: Path) -> dict[str, Any]:
    """A profile's table: of JSON, or of TOML, where it may stand in a manifest's ``[profile]``."""
    try:
        found = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        kind = "TOML" if file.suffix == ".toml" else "JSON"
        raise Problem(f"{file} is not valid {kind}.", f"{error}.", "Correct it.", code="tier.file") from None
    if isinstance(found, dict) and isinstance(found.get("profile"), dict):
        found = found["profile"]
    if not isinstance(found, dict):
        why = "An object of axes and answers is one."
        raise Problem("That is no profile.", why, 'Write {"effect": "informs"}.', code="tier.file")
    return found


def _asked(language: Language) -> Profile:
    """Answers from the terminal; an empty one leaves the axis open."""
    from waglan.tiers import labels, read_profile

    words, given = labels(), {}
    for axis, possible in AXES.items():
        choice = ", ".join(f"{word(a)} ({words.answer(axis, a, language)})" for a in possible)
        click.echo(f"{words.axis(axis, language)}: {choice}", err=True)
        said = click.prompt(f"  {axis}", default="", show_default=False, err=True)
        if said:
            given[axis] = read_profile({axis: said}, "the answer")
    changed = {axis: getattr(found, axis) for axis, found in given.items()}
    return Profile(**changed)


def _told(profile: Profile, language: Language) -> dict[str, Any]:
    """A profile's assessment with everything that follows."""
    from waglan.tiers import assess, best_case, lattice, would_lower

    found = assess(profile)
    practices = [lattice().practices[each] for each in found.prohibited]
    return {
        "tier": found.tier,
        "dpo": found.dpo,
        "prohibited": [{"id": p.id, "cites": p.cites, "title": p.title[language]} for p in practices],
        "triggers": [
            {"id": t.id, "tier": t.tier, "dpo": t.dpo, "cites": t.cites, "title": t.title[language], "unknown": missing}
            for t, missing in found.fired
        ],
        "unknown": found.unknown,
        "would_lower": [{"axis": c.axis, "answer": word(c.answer), "tier": c.tier} for c in would_lower(profile)],
        "best_case": best_case(profile),
        **_terms(found, found.tier, language),
    }


def _terms(found: Assessment, tier: Tier, language: Language) -> dict[str, Any]:
    """What the tier in force asks, and the obligations that ask for more."""
    from waglan.tiers import lattice

    terms = lattice().terms[tier]
    return {
        "oversight": "in_the_loop" if found.cases == "all" else terms.oversight,
        "first": "all"
        if tier == "critical"
        else "adverse"
        if tier == "high" and found.cases == "none"
        else found.cases,
        "floors": [{"clause": f.id, "cases": f.cases, "title": f.title[language]} for f in found.floors],
        "sample": terms.sample,
        "disclosure": terms.disclosure,
        "retention_days": terms.retention_days,
        "drill_days": terms.drill_days,
    }


def _standing(folder: Path, name: str, language: Language) -> tuple[dict[str, Any], bool]:
    """How high a use case of a workspace stands, and whether it has a profile."""
    from waglan.runtime import Workspace
    from waglan.tiers import assess

    with Workspace.open(folder) as workspace:
        manifest = _manifest(workspace, name)
        stance = workspace.registers.effective_tier(manifest, workspace.clock.now_ms())
    body = _row(manifest, stance)
    if manifest.profile is None:
        return body, False
    told = _told(manifest.profile, language)
    return {**told, **body, **_terms(assess(manifest.profile), stance.tier, language)}, True


def _manifest(workspace: Workspace, name: str) -> UseCase:
    """A use case's manifest; one that can't be used at all is told of, too."""
    try:
        return workspace.catalogue.get(name).manifest
    except Problem as problem:
        found = workspace.catalogue.manifest(name)
        if found is None or problem.code == "use_case.unknown":
            raise
        return found


def _row(manifest: UseCase, stance: Stance) -> dict[str, Any]:
    from waglan.tiers import assess

    found = None if manifest.profile is None else assess(manifest.profile)
    return {
        "use_case": manifest.name,
        "tier": stance.tier,
        "why": stance.why,
        "declared": manifest.tier,
        "assessed": found.tier if found else "",
        "observed": stance.observed or "",
        "dpo": found.dpo if found else "",
    }


def _table(folder: Path, as_json: bool) -> None:
    """All use cases of a workspace."""
    from waglan.runtime import Workspace

    with Workspace.open(folder) as workspace:
        now_ms = workspace.clock.now_ms()
        manifests = [m for name in workspace.catalogue if (m := workspace.catalogue.manifest(name)) is not None]
        rows = [_row(m, workspace.registers.effective_tier(m, now_ms)) for m in manifests]
    if as_json:
        click.echo(json.dumps({"use_cases": rows}, ensure_ascii=False))
        return
    if not rows:
        click.echo("No use case is installed. Next: docs/tutorial-use-case.md, or waglan tier --ask.")
        return
    _print(rows, tuple(rows[0]))


def _show(body: dict[str, Any], language: Language, as_json: bool, *, profiled: bool = True) -> None:
    if as_json:
        click.echo(json.dumps(body, ensure_ascii=False))
    else:
        _say(body, language, profiled)
    if body.get("prohibited"):
        sys.exit(1)


def _say(body: dict[str, Any], language: Language, profiled: bool) -> None:
    from waglan.tiers import labels

    if "use_case" in body:
        parts = [f"{k} {body[k]}" for k in ("declared", "assessed", "observed") if body[k]]
        click.echo(
            f"{click.style(body['use_case'], bold=True)}: tier {body['tier']} ({body['why']}); {', '.join(parts)}."
        )
    else:
        click.echo(f"Tier {click.style(body['tier'], bold=True)}.")
    if not profiled:
        click.echo("Its manifest has no [profile], so the declared tier stands alone. See docs/tiers.md.")
        return
    for each in body["prohibited"]:
        click.echo(f"UNACCEPTABLE: {each['title']} ({', '.join(each['cites'])}). It can't be registered.")
    words = labels()
    click.echo(f"DPO level: {body['dpo']}. Human oversight: {body['oversight'].replace('_', ' ')}. {_asks(body)}")
    for floor in body["floors"]:
        click.echo(f"{floor['clause']}: {floor['title']}")
    if body["triggers"]:
        click.echo()
        shown = [{"tier": t["tier"], "trigger": t["title"], "serves": ", ".join(t["cites"]),
                  "because": f"unknown: {', '.join(t['unknown'])}" if t["unknown"] else "known"}
                 for t in body["triggers"]]  # fmt: skip
        _print(shown, ("tier", "trigger", "serves", "because"))
    if body["unknown"]:
        named = ", ".join(f"{axis} ({words.axis(axis, language)})" for axis in body["unknown"])
        click.echo(f"\nNot answered, so counted as the worst: {named}.")
        click.echo(f"If all of it turned out mild: {body['best_case']}.")
    if body["would_lower"]:
        named = "; ".join(f"{c['axis']} = {c['answer']} → {c['tier']}" for c in body["would_lower"])
        click.echo(f"One answer that would lower it: {named}.")


def _asks(body: dict[str, Any]) -> str:
    first = {"all": "A person agrees to every decision first.", "none": "",
             "adverse": "A person agrees first where it is, or may be, to somebody's disadvantage."}  # fmt: skip
    after = f" A person looks at {body['sample']:.1%} of automatic decisions afterwards." if body["sample"] else ""
    return (
        f"{first[body['first']]}{after} Customers are told {_HOW_OFTEN[body['disclosure']]}; decisions are kept "
        f"{body['retention_days']:,} days at least; a drill every {body['drill_days']} days."
    ).strip()


def _print(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None)
    for name in columns:
        table.add_column(name.replace("_", " "), overflow="fold", no_wrap=name in ("use_case", "tier"))
    for row in rows:
        table.add_row(*(str(row[name]) for name in columns))
    Console(soft_wrap=False, highlight=False).print(table)


def _raise(folder: Path, use_case: str, to: Tier, reason: str, until: str) -> dict[str, Any]:
    """Record that a use case stands higher; lowering is for people who signed in."""
    from waglan.access import Action
    from waglan.cli.acting import acting, last_day
    from waglan.core.events import TierRuling
    from waglan.registers.checks import check_code

    until_ms = last_day(until) if until else None
    check_code(reason, "--reason")
    with acting(folder, Action.TIER_RAISE) as act:
        workspace = act.workspace
        manifest = _manifest(workspace, use_case)
        if until_ms is not None and until_ms <= workspace.clock.now_ms():
            raise Problem(f"{until} is over.", "A ruling that has ended raises nothing.", "Give a later day.",
                          code="usage.date", where="--until")  # fmt: skip
        act.record(TierRuling(use_case=manifest.name, tier=to, reason=reason, until_ms=until_ms))
        return _row(manifest, workspace.registers.effective_tier(manifest, workspace.clock.now_ms()))
