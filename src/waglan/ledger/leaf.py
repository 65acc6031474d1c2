"""The leaf: the public part of an entry as canonical JSON, whose bytes the Merkle tree hashes.

Canonical means: members sorted by their ASCII keys, no floats, integers below 2**53, text in NFC, no space.
Under these rules the bytes equal those of RFC 8785 (JCS), which any language can produce again.

References
----------
RFC 8785, *JSON Canonicalization Scheme*; RFC 7493, *I-JSON*, section 2.2 (numbers); UAX #15 (NFC).
"""

from __future__ import annotations

import functools
import types
import unicodedata
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from waglan.core.entry import Entry
from waglan.core.problem import Problem

MAX_BYTES = 16 * 1024
MAX_INT = 2**53 - 1

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_INT)]


class Leaf(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the log holds in the open about one entry. Members that are empty are left out.

    Attributes
    ----------
    actor
        Who or what caused it.
    at_ms
        When it happened, milliseconds since 1970 UTC.
    commit
        Private field to its commitment, 64 hexadecimal digits.
    facts
        The public part of the event.
    id
        The entry's ULID.
    kid
        The key under which the private part is sealed.
    kind
        ``decision``, ``erasure`` …
    n
        The running number within ``source``: 0, 1, 2 … without a gap.
    refs
        Ids of earlier entries.
    source
        The writing process: ``<name>.<ULID of its start>``.
    subject
        The pseudonym of the person concerned.
    tenant
        The institution.
    v
        The version of this format.
    """

    actor: str = ""
    at_ms: Count
    commit: dict[str, str] = {}
    facts: dict[str, Any] = {}
    id: str
    kid: str = ""
    kind: str
    n: Count
    refs: tuple[str, ...] = ()
    source: str
    subject: str = ""
    tenant: str
    v: Literal[1]


_encode = msgspec.json.Encoder(order="deterministic").encode
_decoder = msgspec.json.Decoder(Leaf)
_EMPTY: dict[str, Any] = {}


def build(
    entry: Entry, *, tenant: str, source: str, n: int, kid: str, commit: Mapping[str, str], subject: str
) -> bytes:
    """The leaf's bytes.

    Parameters
    ----------
    entry
        The event; its private part doesn't enter.
    tenant, source, n
        Whose log it is, which process writes, and that process's running number.
    kid, commit, subject
        As the vault sealed it; the vault's pseudonym counts, not the entry's.

    Raises
    ------
    Problem
        ``leaf.value`` for what has no canonical form (floats, integers from 2**53, keys beyond ASCII, lone
        surrogates), ``leaf.size`` above 16 KiB.
    """
    facts = entry.facts
    raw: Any = _facts(facts)
    if not (0 <= entry.at_ms <= MAX_INT and 0 <= n <= MAX_INT):
        raise _refused("at_ms" if 0 <= n <= MAX_INT else "n", "a whole number from 0 to 2**53 - 1 is needed")
    leaf = Leaf(
        actor=entry.actor,
        at_ms=entry.at_ms,
        commit=commit,  # type: ignore[arg-type] # encoding takes any mapping
        facts=raw,
        id=entry.id,
        kid=kid,
        kind=entry.kind,
        n=n,
        refs=entry.refs,
        source=source,
        subject=subject,
        tenant=tenant,
        v=1,
    )
    try:
        data = _encode(leaf)
    except UnicodeEncodeError as error:
        raise _surrogate(error) from None
    if not data.isascii():
        _ascii_keys(commit, "commit")
        data = _normal(data)
    if len(data) > MAX_BYTES:
        raise Problem(
            f"The public part of entry {entry.id} has {len(data):,} bytes.",
            f"A leaf holds at most {MAX_BYTES:,}: it is read by every verifier, for ever.",
            "Move what is long or personal to the entry's private part; the leaf keeps a commitment to it.",
            code="leaf.size",
            where=entry.kind,
        )
    return data


def parse(data: bytes) -> Leaf:
    """Read a leaf, refusing whatever `build` would not have written (`Problem` code ``leaf.parse``)."""
    try:
        leaf = _decoder.decode(data)
        _plain(leaf.facts, "facts")
        again = _normal(_encode(leaf))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _unreadable(str(error)) from None
    except Problem as problem:
        raise _unreadable(f"{problem.where}: {problem.why}") from None
    if again != data or len(data) > MAX_BYTES:
        raise _unreadable("its bytes are not the canonical form of what they say, or too many")
    return leaf


def canonical(obj: object) -> bytes:
    """Canonical JSON of mappings, sequences, text, whole numbers, booleans, None and Structs of these.

    Raises `Problem` code ``leaf.value`` for anything that has no canonical form.
    """
    try:
        return _normal(_encode(_plain(obj, "")))
    except UnicodeEncodeError as error:
        raise _surrogate(error) from None


def _facts(facts: object) -> Any:
    """What to encode as the leaf's facts; a trusted Struct is taken as it is."""
    kind: Any = type(facts)
    ints = _trusted(kind)
    if ints is None:
        if not isinstance(facts, (Mapping, msgspec.Struct)):
            raise _refused("facts", f"facts are an object of named values, not {type(facts).__name__}")
        return _plain(facts, "facts")
    for name in ints:
        value = getattr(facts, name)
        if value is not None and not -MAX_INT <= value <= MAX_INT:
            raise _refused(f"facts.{name}", "a whole number of 2**53 or more loses digits in other readers")
    try:
        encoded = _encode(facts)
    except UnicodeEncodeError as error:
        raise _surrogate(error) from None
    return _EMPTY if encoded == b"{}" else msgspec.Raw(encoded)


@functools.lru_cache(maxsize=256)
def _trusted(kind: type) -> tuple[str, ...] | None:
    """The integer fields of a Struct type whose plain encoding is canonical; None where values must be looked at."""
    if not issubclass(kind, msgspec.Struct):
        return None
    config = kind.__struct_config__
    fields = msgspec.structs.fields(kind)
    names = [field.encode_name for field in fields]
    if config.tag is not None or config.array_like or names != sorted(names) or not all(n.isascii() for n in names):
        return None
    if not all(_exact(field.type) or _whole(field.type) for field in fields):
        return None
    return tuple(field.name for field in fields if _whole(field.type))


def _whole(kind: Any) -> bool:
    members = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    return int in members and all(m is int or m is type(None) for m in members)


def _exact(kind: Any) -> bool:
    """Whether every value of a type is text, a boolean, None, or a tuple of such."""
    if isinstance(kind, type) and issubclass(kind, (str, bool, type(None))):
        return True
    origin, members = get_origin(kind), get_args(kind)
    if origin is Literal:
        return all(isinstance(m, (str, bool)) for m in members)
    if origin in (Union, types.UnionType):
        return all(_exact(m) for m in members)
    return origin is tuple and all(m is Ellipsis or _exact(m) for m in members)


def _plain(value: Any, where: str) -> Any:
    """Dicts, lists, text, numbers, booleans and None of a value; what has no canonical form is refused by its place."""
    if value is None or isinstance(value, (bool, str)):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, int):
        if not -MAX_INT <= value <= MAX_INT:
            raise _refused(where, "a whole number of 2**53 or more loses digits in other readers")
        return int(value)
    if isinstance(value, Mapping):
        _ascii_keys(value, where)
        return {key: _plain(item, f"{where}.{key}" if where else key) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Enum):
        return _plain(value.value, where)
    if isinstance(value, msgspec.Struct):
        return _plain(_members(value), where)
    if isinstance(value, float):
        raise _refused(where, "a float is written differently by different programs")
    raise _refused(where, f"{type(value).__name__} is not a JSON value")


def _members(struct: msgspec.Struct) -> dict[str, Any]:
    """What msgspec would encode of a Struct: its own names, defaults left out where it says so."""
    config = struct.__struct_config__
    members: dict[str, Any] = {config.tag_field: config.tag} if config.tag_field else {}
    for field in msgspec.structs.fields(struct):
        value = getattr(struct, field.name)
        default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        if value is not msgspec.UNSET and not (config.omit_defaults and value == default):
            members[field.encode_name] = value
    return members


def _ascii_keys(mapping: Mapping[Any, object], where: str) -> None:
    for key in mapping:
        if not isinstance(key, str) or not key.isascii():
            raise _refused(where, f"the key {key!r} isn't ASCII text, and programs sort other keys differently")


def _normal(data: bytes) -> bytes:
    """The same JSON with its text in NFC."""
    if data.isascii() or unicodedata.is_normalized("NFC", data.decode()):
        return data
    # Not on the JSON text as a whole: "\n" followed by a combining tilde would become one letter.
    return _encode(_normal_text(msgspec.json.decode(data)))


def _normal_text(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_normal_text(item) for item in value]
    if isinstance(value, dict):
        return {key: _normal_text(item) for key, item in value.items()}
    return value


def _refused(where: str, why: str) -> Problem:
    return Problem(
        "A value can't be written to the log.",
        why[:1].upper() + why[1:] + ".",
        "Write decimals as text with a fixed number of digits, and name fields in ASCII.",
        code="leaf.value",
        where=where,
    )


def _surrogate(error: UnicodeEncodeError) -> Problem:
    return _refused("text", f"half of a surrogate pair can't be written as UTF-8: {error}")


def _unreadable(why: str) -> Problem:
    return Problem(
        "This is not a leaf of the log.",
        why[:1].upper() + why[1:] + ".",
        "Compare the export with another copy: either it is damaged or it was written by something else.",
        code="leaf.parse",
    )
