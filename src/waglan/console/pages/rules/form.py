"""A draft as it comes from the form, and as it goes back there."""

from __future__ import annotations

from typing import Any

from waglan.console.marked import _
from waglan.console.visit import Visit
from waglan.facts.schema import DECISIONS
from waglan.rulebook import Draft, tables
from waglan.rulebook.rule import GATES
from waglan.rules import Type

EMPTY = Draft(id="", holds="", gate="human")
EXAMPLES = (
    ("stakes_hkd <= 1000000 or route == \"human\"", _("Large sums go to a person.")),
    ("not (adverse and customer_facing) or explanation_id is not None", _("Whoever is refused is told why.")),
    ("reviewed_at is not None and reviewer != author", _("A person has looked before it leaves.")),
)  # fmt: skip


def draft(visit: Visit, rule_id: str = "") -> Draft:
    """What was typed; nothing but the tables is checked here."""
    form = visit.form
    clauses = form.text("clauses").replace(",", " ").split()
    return Draft(
        id=rule_id or form.text("id"),
        title=form.text("title"),
        scope=form.text("scope") or "True",
        holds=form.text("holds"),
        gate=form.text("gate"),  # type: ignore[arg-type] # the rulebook refuses what isn't one
        clauses=tuple(dict.fromkeys(clauses)),
        incident=form.text("incident") == "yes",
        tables=tables.read(form.fields.get("tables", "")),
    )


def values(given: Draft) -> dict[str, str]:
    """A draft as the form shows it."""
    return {
        "id": given.id,
        "title": given.title,
        "scope": "" if given.scope == "True" else given.scope,
        "holds": given.holds,
        "gate": given.gate,
        "clauses": " ".join(given.clauses),
        "incident": "yes" if given.incident else "",
        "tables": tables.write(given.tables),
    }


def help_() -> dict[str, Any]:
    """What may be written: every field with its type and meaning, and examples."""
    known = {each.name for each in Type}
    return {
        "fields": [(f.name, f.type.name.lower(), f.meaning) for f in DECISIONS if f.type.name in known],
        "examples": EXAMPLES,
        "gates": GATES,
    }
