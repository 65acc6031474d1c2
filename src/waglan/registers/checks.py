"""Whether what somebody wants to put into a register can stand on the log: shapes first, then what it points at."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from waglan.core.clock import iso
from waglan.core.events import Event
from waglan.core.problem import Problem

E = TypeVar("E", bound=Event)
FIRST_MS = 946_684_800_000
"""2000-01-01: nothing that a register of AI is kept of is older; an earlier time is a wrong unit."""
LAST_MS = 7_258_118_400_000
LONGEST_TEXT = 500
LONGEST_NOTE = 20_000
_DAY_MS = 86_400_000
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,12})?")
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DIGESTS = frozenset({"digest", "card_digest", "query_sha256"})
_CODES = frozenset({"reason", "detail", "clause", "clock", "topic", "role", "metric", "group", "source", "reference"})
_DECIMALS = frozenset({"value", "limit"})
_TIMES = frozenset(
    {
        "approved_at", "completed_at", "contract_until", "detected_at", "done_at", "expires_at", "from_ms",
        "next_review", "occurred_at", "reviewed_at", "until_ms",
    }
)  # fmt: skip
_PAST = frozenset({"approved_at", "completed_at", "detected_at", "done_at", "occurred_at", "reviewed_at"})
_SPANS = (
    ("from_ms", "until_ms"), ("approved_at", "expires_at"), ("completed_at", "expires_at"),
    ("reviewed_at", "next_review"), ("reviewed_at", "expires_at"),
)  # fmt: skip
_PLAIN = "It stands on the log for ever, where nobody can take it back."


def shaped(facts: E, now_ms: int) -> E:
    """The facts as they may be recorded.

    Raises
    ------
    Problem
        ``register.value`` that names the member: of the wrong type, not an id, a code, a digest or a decimal, a time
        before 2000 or one that can't have come yet, text that is too long or holds an e-mail address.
    """
    try:
        facts = msgspec.convert(msgspec.to_builtins(facts), type(facts))
    except msgspec.ValidationError as error:
        raise wrong(_place(str(error)), f"{error}.", "Correct it.") from None
    for field in msgspec.structs.fields(facts):
        value = getattr(facts, field.name)
        if value == "" and field.required:
            raise wrong(field.name, "It is needed.", "Give it.")
        _check(field.name, value, now_ms)
    for earlier, later in _SPANS:
        start, end = getattr(facts, earlier, None), getattr(facts, later, None)
        if start is not None and end is not None and end <= start:
            raise wrong(later, f"{iso(end)} isn't after {earlier}, {iso(start)}.", "Correct one of them.")
    return facts


def _check(member: str, value: Any, now_ms: int) -> None:
    if isinstance(value, tuple):
        for each in value:
            _check("clause" if member == "clauses" else member, each, now_ms)
    elif isinstance(value, str) and value:
        _check_text(member, value)
    elif isinstance(value, int) and not isinstance(value, bool):
        if member in _TIMES:
            _check_time(member, value, now_ms)
        elif value < 0:
            raise wrong(member, f"{value} is less than nothing.", "Give 0 or more.")


def _check_text(member: str, value: str) -> None:
    if member in _DIGESTS:
        check_digest(value, member)
    elif member in _DECIMALS:
        if not _DECIMAL.fullmatch(value):
            raise wrong(member, f"{value[:40]!r} isn't a decimal.", "Write it like 0.125.")
    elif member == "id":
        check_id(value)
    elif member in _CODES:
        if not _CODE.fullmatch(value):
            raise wrong(member, f"{value[:40]!r} isn't a code. {_PLAIN}", "Give a code; write the rest as a note.")
    else:
        check_plain(value, member)


def _check_time(member: str, value: int, now_ms: int) -> None:
    if not FIRST_MS <= value < LAST_MS:
        raise wrong(member, "It lies before 2000 or after 2199.", "Give a date within; milliseconds since 1970 UTC.")
    if member in _PAST and value > now_ms + _DAY_MS:
        raise wrong(member, f"{iso(value)} hasn't come yet.", "Give a time that has passed.")


def check_id(value: str, where: str = "id") -> None:
    """Refuse an id that isn't one (``register.value``)."""
    if not _ID.fullmatch(value):
        why = f"{value[:40]!r} isn't one: a to z, 0 to 9, dot, dash, underscore, 64 at most."
        raise wrong(where, why, "Give a short name such as 'cloud-vendor-2'.")


def check_digest(value: str, where: str) -> None:
    """Refuse what is no SHA-256 in hexadecimal (``register.value``)."""
    if not _DIGEST.fullmatch(value):
        raise wrong(where, "A SHA-256 has 64 characters, 0 to 9 and a to f.", "Take it from sha256sum.")


def check_plain(value: str, where: str) -> None:
    """Refuse a text that is too long, or holds an e-mail address or a control character (``register.value``)."""
    if len(value) > LONGEST_TEXT:
        raise wrong(where, f"It takes {LONGEST_TEXT} characters.", "Say it shorter.")
    if _CONTROL.search(value) or _MAIL.search(value):
        raise wrong(where, f"It holds an e-mail address or a control character. {_PLAIN}", "Leave it out.")


def check_code(value: str, where: str) -> None:
    """Refuse a reason that is missing or isn't a code (``register.value``)."""
    if not _CODE.fullmatch(value):
        why = f"{value[:40]!r} isn't a code. {_PLAIN}" if value else "One is needed, as a code."
        raise wrong(where, why, "Give a code; write the rest as a note.")


def check_note(note: str) -> None:
    """Refuse a note that is a document (``register.value``)."""
    if len(note) > LONGEST_NOTE:
        raise wrong("note", f"It takes {LONGEST_NOTE:,} characters.", "Say it shorter, or register a document.")


def check_until(until_ms: int | None, now_ms: int, where: str = "until_ms") -> None:
    """Refuse an end that has passed already (``register.value``)."""
    if until_ms is not None and until_ms <= now_ms:
        raise wrong(where, f"{iso(max(0, until_ms))} is over already.", "Give a time to come.")


def wrong(member: str, why: str, then: str) -> Problem:
    """The refusal of a value."""
    return Problem(f"{member} can't be recorded so.", why, then, code="register.value", where=member)


def _place(said: str) -> str:
    found = re.search(r"at `\$\.?([^`]*)`", said)
    return found[1] if found and found[1] else "value"
