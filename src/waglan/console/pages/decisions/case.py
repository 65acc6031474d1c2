"""What was asked: the inputs with their titles, what became of each, and what was masked in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from waglan.console.pages.decisions.record import Opened, Record
from waglan.controls.identifiers import TITLES
from waglan.core.case import Language
from waglan.core.finding import Finding, Verdict
from waglan.core.usecase import Input

_TOKEN = re.compile(r"⟦([A-Z_]+)_([0-9]{1,9})⟧")
_DOOR, _MINIMISATION = "door.inputs", "data.minimisation"
_ORDER = ("feature", "protected", "identifier", "subject", "unused", "undeclared")


class Part(NamedTuple):
    """A stretch of a text; ``masked`` names in each language what stood there, empty where it is as it was."""

    text: str
    masked: Mapping[Language, str] = {}


class Field(NamedTuple):
    """An input as it is shown.

    Attributes
    ----------
    name, title
        As the manifest has them.
    role
        ``feature``, ``protected``, ``identifier``, ``subject``, ``unused`` or ``undeclared``.
    data_class
        Of the manifest, empty when it isn't declared.
    given
        Whether a value is there to be seen.
    value
        The value when it isn't a text.
    parts
        The value when it is one.
    removed
        Whether it came and was dropped or kept away.
    """

    name: str
    title: Mapping[Language, str]
    role: str
    data_class: str
    given: bool = False
    value: Any = None
    parts: tuple[Part, ...] = ()
    removed: bool = False


def inputs(record: Record, opened: Opened) -> tuple[Field, ...]:
    """Every declared input and every other that came, in the manifest's order, what reaches models first."""
    declared: Mapping[str, Input] = record.manifest.inputs if record.manifest else {}
    findings = opened.out.findings if opened.out else ()
    removed = set(_named(findings, _DOOR)) | set(_named(findings, _MINIMISATION))
    names = dict.fromkeys((*declared, *opened.inputs, *opened.aside, *sorted(removed)))
    found = [_field(name, declared.get(name), opened, name in removed) for name in names]
    return tuple(sorted(found, key=lambda field: _ORDER.index(field.role)))


def title(declared: Mapping[str, Input], name: str) -> Mapping[Language, str]:
    """An input's title in every language that the manifest has, else its name in words."""
    spec = declared.get(name)
    return spec.title if spec and spec.title else {"en": name.replace("_", " ")}


def parts(text: str) -> tuple[Part, ...]:
    """A text cut at the tokens that stand for masked identifiers."""
    found: list[Part] = []
    at = 0
    for match in _TOKEN.finditer(text):
        if match.start() > at:
            found.append(Part(text[at : match.start()]))
        titles: Mapping[str, Mapping[Language, str]] = TITLES  # type: ignore[assignment] # a kind is a text
        found.append(Part(match[0], dict(titles.get(match[1], {"en": match[1]}))))
        at = match.end()
    if at < len(text) or not found:
        found.append(Part(text[at:]))
    return tuple(found)


def plain(field: Field) -> dict[str, Any]:
    """A field as pages and their twins have it."""
    return {**field._asdict(), "title": dict(field.title), "parts": [part._asdict() for part in field.parts]}


def _named(findings: Iterable[Finding], control: str) -> list[str]:
    """Inputs that a finding says were taken out."""
    return [
        place.removeprefix("inputs.")
        for finding in findings
        if finding.control == control and finding.verdict in (Verdict.NOTE, Verdict.REDACT) and finding.enforced
        for place in finding.where
    ]


def _field(name: str, spec: Input | None, opened: Opened, removed: bool) -> Field:
    role = spec.role if spec else "undeclared"
    made = Field(
        name=name,
        title=title({name: spec} if spec else {}, name),
        role=role,
        data_class=spec.data_class if spec else "",
        removed=removed,
    )
    for values in (opened.inputs, opened.aside):
        if values.get(name) is not None:
            value = values[name]
            text = isinstance(value, str)
            return made._replace(given=True, value=None if text else value, parts=parts(value) if text else ())
    return made
