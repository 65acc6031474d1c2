"""E-mail addresses and international bank account numbers."""

from __future__ import annotations

import re

from waglan.controls.identifiers import checks
from waglan.controls.identifiers.kinds import Span

_LOCAL_BACKWARDS = re.compile(r"[A-Za-z0-9_%+'-][A-Za-z0-9._%+'-]{0,63}")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![0-9A-Za-z])")
_IBAN = re.compile(
    r"[A-Z][A-Z][0-9]{2}(?<![0-9A-Za-z].{4})(?:[0-9A-Z]{11,30}|(?: [0-9A-Z]{4}){2,7}(?: [0-9A-Z]{1,3})?)"
    r"(?![0-9A-Za-z])"
)


def find_emails(text: str) -> list[Span]:
    """RFC 5322 addresses of the usual unquoted form with a domain name."""
    found: list[Span] = []
    at = text.find("@")
    while at >= 0:
        local = _LOCAL_BACKWARDS.match(text[max(0, at - 64) : at][::-1])
        domain = _DOMAIN.match(text, at + 1)
        if local and domain:
            start = at - len(local[0].rstrip("."))
            if not found or start >= found[-1].end:
                found.append(Span("EMAIL", start, domain.end()))
        at = text.find("@", at + 1)
    return found


def find_ibans(text: str) -> list[Span]:
    """ISO 13616 numbers, compact or in groups of four, with valid check digits."""
    return [
        Span("IBAN", match.start(), match.end())
        for match in _IBAN.finditer(text)
        if checks.iban(match[0].replace(" ", ""))
    ]
