"""Check digits: what separates an identifier from any other string of its form. All take folded ASCII."""

from __future__ import annotations

import datetime as dt

_LETTERS = {c: i for i, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_PROVINCES = frozenset(
    map(
        str,
        (
            *range(11, 16),
            *range(21, 24),
            *range(31, 38),
            *range(41, 47),
            *range(50, 55),
            *range(61, 66),
            71,
            81,
            82,
            83,
        ),
    )
)
_MAINLAND_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def hkid(letters: str, digits: str, check: str) -> bool:
    """Whether one or two letters and six digits of a Hong Kong identity card carry this check character.

    Letters count A = 10 … Z = 35, a missing first letter 36; weights 9 to 2; the weighted sum plus the check
    character (A for 10) is a multiple of 11. One random string in eleven passes.
    """
    letters = letters.upper()
    total = 9 * (36 if len(letters) == 1 else _LETTERS[letters[0]]) + 8 * _LETTERS[letters[-1]]
    for weight, digit in zip(range(7, 1, -1), digits, strict=True):
        total += weight * int(digit)
    return (total + _LETTERS[check.upper()]) % 11 == 0


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B."""
    total = sum(map(int, digits[-1::-2])) + sum(_DOUBLED[int(d)] for d in digits[-2::-2])
    return total % 10 == 0


def card(digits: str) -> bool:
    """Whether digits are a payment card number: an issuer range of the length it is issued in, and Luhn."""
    return len(digits) in _lengths(digits) and luhn(digits)


def _lengths(digits: str) -> tuple[int, ...]:
    two, four = int(digits[:2]), int(digits[:4])
    if digits[0] == "4":
        return (13, 16, 19)
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return (16,)
    if two in (34, 37):
        return (15,)
    if two in (62, 81):
        return (16, 17, 18, 19)
    if 3528 <= four <= 3589:
        return (16, 17, 18, 19)
    if two in (36, 38, 39) or 3000 <= four <= 3059:
        return (14, 16)
    if two == 65 or four == 6011 or 6440 <= four <= 6499:
        return (16, 19)
    return ()


def mainland(number: str) -> bool:
    """Whether 18 characters are a Mainland resident identity number: province, birth date, check character.

    References
    ----------
    GB 11643-1999; ISO 7064, MOD 11-2.
    """
    if number[:2] not in _PROVINCES or not calendar_date(number[6:14]):
        return False
    total = sum(w * int(d) for w, d in zip(_MAINLAND_WEIGHTS, number, strict=False))
    return "10X98765432"[total % 11] == number[17].upper()


def calendar_date(digits: str) -> bool:
    """Whether eight digits read as YYYYMMDD name a day that somebody alive may have to do with (1880 to 2100)."""
    if not "1880" <= digits[:4] <= "2100":
        return False
    try:
        dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return True


_IBAN_LENGTHS = {
    **dict.fromkeys(("NO",), 15),
    **dict.fromkeys(("BE",), 16),
    **dict.fromkeys(("DK", "FI", "FO", "GL", "NL"), 18),
    **dict.fromkeys(("MK", "SI"), 19),
    **dict.fromkeys(("AT", "BA", "EE", "KZ", "LT", "LU", "XK"), 20),
    **dict.fromkeys(("CH", "CR", "HR", "LI", "LV"), 21),
    **dict.fromkeys(("BG", "BH", "DE", "GB", "GE", "IE", "ME", "RS", "VA"), 22),
    **dict.fromkeys(("AE", "GI", "IL", "IQ", "TL"), 23),
    **dict.fromkeys(("AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN", "VG"), 24),
    **dict.fromkeys(("PT", "ST"), 25),
    **dict.fromkeys(("IS", "TR"), 26),
    **dict.fromkeys(("FR", "GR", "IT", "MC", "MR", "SM"), 27),
    **dict.fromkeys(("AL", "AZ", "BY", "CY", "DO", "GT", "HU", "LB", "PL", "SV"), 28),
    **dict.fromkeys(("BR", "EG", "PS", "QA", "UA"), 29),
    **dict.fromkeys(("JO", "KW", "MU"), 30),
    **dict.fromkeys(("MT", "SC"), 31),
    **dict.fromkeys(("LC",), 32),
}


def iban(compact: str) -> bool:
    """Whether an IBAN without spaces has its country's length and valid check digits.

    References
    ----------
    ISO 13616-1; ISO 7064, MOD 97-10.
    """
    if len(compact) != _IBAN_LENGTHS.get(compact[:2]):
        return False
    moved = compact[4:] + compact[:4]
    return int("".join(str(_LETTERS[c]) for c in moved)) % 97 == 1
