"""A member of a register's event as a field of a form: how it is typed, read and shown again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from waglan.console import language
from waglan.console.forms import Form
from waglan.console.marked import _
from waglan.core.problem import Problem

Sort = Literal[
    "text", "id", "code", "long", "list", "day", "until", "moment", "truth", "flag", "choice", "choices", "whole",
    "decimal", "digest",
]  # fmt: skip
MOST_LETTERS = 300
MOST_ITEMS = 60
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
_WHOLE = re.compile(r"\d{1,15}")
_DECIMAL = re.compile(r"-?\d{1,12}(\.\d{1,9})?")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Field(NamedTuple):
    """One member of an event and how a person gives it.

    Attributes
    ----------
    name
        The member of the event; also the name of the input.
    label, hint
        Msgids.
    sort
        ``day`` is the day's start in Hong Kong and ``until`` its end, ``moment`` a time to the minute, ``truth`` yes,
        no or not known.
    group
        Of `words`, for the codes of a choice.
    codes
        What may be chosen; empty where `source` says.
    source
        What there is to choose from now: ``documents``, ``vendors``, ``models``, ``people``, ``use_cases`` …
    """

    name: str
    label: str
    sort: Sort = "text"
    hint: str = ""
    required: bool = False
    group: str = ""
    codes: tuple[str, ...] = ()
    source: str = ""


def read(form: Form, fields: Iterable[Field]) -> dict[str, Any]:
    """The members that a form gives, those left empty left out.

    Raises
    ------
    Problem
        ``form.fields`` with one error for each field that can't be read.
    """
    found: dict[str, Any] = {}
    wrong: list[Problem] = []
    for each in fields:
        try:
            value = _read(form, each)
            if value is None and each.required:
                raise _refused(each, _("This field is empty, and it is needed."), _("Fill it in."))
        except Problem as problem:
            wrong.append(problem)
        else:
            if value is not None:
                found[each.name] = value
    if wrong:
        raise Problem(
            _("The form can't be recorded as it is."), _("What is on the log stays there, so it is checked first."),
            _("Correct what is named here and send it again."), code="form.fields", errors=wrong,
        )  # fmt: skip
    return found


def read_one(field: Field, text: str) -> Any:
    """The value of one field, from an address for instance; a Problem that names it otherwise."""
    return _value(field, text)


def written(found: Mapping[str, Any], fields: Iterable[Field]) -> dict[str, str]:
    """What the inputs of a form hold for the members of an event."""
    shown: dict[str, str] = {}
    for each in fields:
        value = found.get(each.name)
        if each.sort == "choices":
            shown |= {f"{each.name}-{code}": "yes" for code in value or ()}
        else:
            shown[each.name] = _written(each, value)
    return shown


def day(ms: int | None) -> str:
    """``2026-11-21`` as an input of type date holds it; empty for None."""
    return "" if ms is None else f"{language.local(ms):%Y-%m-%d}"


def moment(ms: int | None) -> str:
    """``2026-11-21T18:05`` as an input of type datetime-local holds it; empty for None."""
    return "" if ms is None else f"{language.local(ms):%Y-%m-%dT%H:%M}"


def _read(form: Form, field: Field) -> Any:
    if field.sort == "choices":
        chosen = tuple(name.partition("-")[2] for name in form.fields if name.startswith(f"{field.name}-"))
        return tuple(code for code in chosen if not field.codes or code in field.codes) or None
    text = form.text(field.name)
    if field.sort == "flag":
        return True if text else None
    if not text:
        return None
    if len(text) > MOST_LETTERS * (10 if field.sort in ("long", "list") else 1):
        raise _refused(field, _("This is too long."), _("Write it shorter, or register a document that says it."))
    return _value(field, text)


def _value(field: Field, text: str) -> Any:
    if field.sort in ("day", "until", "moment"):
        return _time(field, text)
    if field.sort == "list":
        return _items(field, text)
    if field.sort == "truth":
        return {"yes": True, "no": False}.get(text)
    if field.sort == "choice" and field.codes and text not in field.codes:
        raise _refused(field, _("This can't be chosen."), _("Choose one of the list."))
    if field.sort == "id" and not _ID.fullmatch(text):
        raise _refused(
            field, _("This can't be an id."), _("Use small letters, digits, dots, dashes and underscores, 64 at most.")
        )
    if field.sort == "code" and not _CODE.fullmatch(text):
        raise _refused(field, _("This isn't a short code."), _("Use letters, digits, dots and dashes, no spaces."))
    if field.sort == "whole":
        if not _WHOLE.fullmatch(text.replace(",", "")):
            raise _refused(field, _("This isn't a whole number."), _("Write digits only."))
        return int(text.replace(",", ""))
    if field.sort == "decimal" and not _DECIMAL.fullmatch(text):
        raise _refused(field, _("This isn't a number."), _("Write it like 0.85."))
    if field.sort == "digest":
        text = text.lower()
        if not _DIGEST.fullmatch(text):
            raise _refused(field, _("This isn't a SHA-256 digest."), _("It has 64 characters, 0 to 9 and a to f."))
    return text


def _items(field: Field, text: str) -> tuple[str, ...] | None:
    items = tuple(dict.fromkeys(item.strip() for item in re.split(r"[\n,;、，；]", text) if item.strip()))
    if len(items) > MOST_ITEMS or any(len(item) > MOST_LETTERS for item in items):
        raise _refused(field, _("This is too long."), _("Write it shorter, or register a document that says it."))
    return items or None


def _time(field: Field, text: str) -> int:
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=language.HONG_KONG)
        if field.sort == "until":
            at = at.replace(hour=23, minute=59, second=59)
        ms = int(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        ms = -1
    if not 0 <= ms < 4_102_444_800_000:
        raise _refused(field, _("This isn't a day that can be recorded."), _("Write it like 2027-03-31."))
    return ms


def _written(field: Field, value: Any) -> str:
    if value is None or value == ():
        return ""
    if field.sort in ("day", "until"):
        return day(value)
    if field.sort == "moment":
        return moment(value)
    if field.sort == "list":
        return "\n".join(value)
    if isinstance(value, bool):
        return "yes" if value else "" if field.sort == "flag" else "no"
    return str(value)


def _refused(field: Field, what: str, next: str) -> Problem:
    return Problem(what, field.label, next, code="form.field", where=field.name)
