"""Request headers to what a door knows beside the case.

References
----------
RFC 9110 § 12.5.4 (Accept-Language), RFC 4647 § 3.4 (lookup).
"""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType

from waglan.api import problems
from waglan.core import Language
from waglan.runtime import Ask

HEADERS = MappingProxyType(
    {
        "Waglan-Purpose": "purpose",
        "Waglan-Consent": "consent_ref",
        "Waglan-Notice": "notice_id",
        "Waglan-Source": "source",
        "Waglan-Source-Seq": "source_seq",
    }
)
"""Header to the field of `Ask` that it fills."""

_WIRE = tuple((name.lower().encode(), name, field) for name, field in HEADERS.items())
_LONGEST = 200
_LARGEST_SEQ = 2**53 - 1


def ask_of(headers: dict[bytes, bytes], actor: str) -> Ask:
    """What the headers say, and who asks; a Problem 400 names the header that can't be used."""
    found: dict[str, str | int] = {}
    for wire, name, field in _WIRE:
        raw = headers.get(wire)
        if raw is not None:
            found[field] = _number(name, raw) if field == "source_seq" else _text(name, raw)
    spoken = language(headers.get(b"accept-language", b""))
    return Ask(channel="http", language=spoken, actor=actor, **found)  # type: ignore[arg-type]


def _text(name: str, raw: bytes) -> str:
    if not raw or len(raw) > _LONGEST or not all(32 <= byte < 127 for byte in raw):
        raise problems.header(
            name, f"is not 1 to {_LONGEST} printable ASCII characters", f"Give {name} a reference, not prose."
        )
    return raw.decode("ascii")


def _number(name: str, raw: bytes) -> int:
    if not raw.isdigit() or len(raw) > 16 or int(raw) > _LARGEST_SEQ:
        raise problems.header(name, f"is not a whole number from 0 to {_LARGEST_SEQ}", f"Give {name} a running number.")
    return int(raw)


@lru_cache(maxsize=256)
def language(accepted: bytes) -> Language:
    """The best of our languages for an Accept-Language value; English when none fits.

    Chinese without a script goes by region: Mainland and Singapore read simplified, everybody else traditional.
    """
    ranked: list[tuple[float, int, Language]] = []
    for position, part in enumerate(accepted.decode("latin-1").lower().split(",")):
        tag, _, rest = part.strip().partition(";")
        quality = _quality(rest)
        ours = _ours(tag.strip())
        if ours is not None and quality > 0:
            ranked.append((-quality, position, ours))
    return min(ranked)[2] if ranked else "en"


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def _ours(tag: str) -> Language | None:
    first, *rest = tag.split("-")
    if first == "en":
        return "en"
    if first not in ("zh", "yue", "cmn"):
        return None
    if "hant" in rest:
        return "zh-Hant"
    return "zh-Hans" if {"hans", "cn", "sg"} & set(rest) else "zh-Hant"
