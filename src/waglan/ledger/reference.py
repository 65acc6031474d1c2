"""A person's reference in one form, so that the same person asked about twice has one pseudonym.

References
----------
Immigration Department of Hong Kong: an identity card number is one or two letters, six digits and a check digit;
the weighted sum over nine places (a missing first letter counts 36) is divisible by 11, A meaning 10.
"""

from __future__ import annotations

import re
import unicodedata

_CARD = re.compile(r"([A-Z]{1,2})\s?([0-9]{6})\s?\(?([0-9A])\)?", re.ASCII)
_NO_LETTER = 36


def normal(reference: str) -> str:
    """Full-width forms folded, spaces trimmed; an identity card number in capitals without brackets.

    Anything else stays as it is: two of a firm's own numbers that differ in case may be two people.
    """
    text = " ".join(unicodedata.normalize("NFKC", reference).split())
    match = _CARD.fullmatch(text.upper())
    if match and check_digit(match[1] + match[2]) == match[3]:
        return match[1] + match[2] + match[3]
    return text


def check_digit(number: str) -> str:
    """The check digit (0-9 or A) of one or two capital letters and six digits."""
    values = [ord(c) - 55 if c.isalpha() else int(c) for c in number]
    values = [_NO_LETTER] * (8 - len(values)) + values
    rest = -sum(weight * value for weight, value in zip(range(9, 1, -1), values, strict=True)) % 11
    return "A" if rest == 10 else str(rest)
