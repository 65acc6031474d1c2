"""What a person had before them when they judged, to the byte.

The verdict's leaf commits to it, and a passkey's approval signs its hash: nobody can say afterwards that they were
shown something else, and an approval counts for nothing but what was on the page.

References
----------
RFC 8785 (the ledger's canonical JSON; decimals stand in it as the text that was sealed). The transaction that a person
approves and the one that is carried out are tied together as in PSD2's dynamic linking (Delegated Regulation (EU)
2018/389, article 5).
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec

from waglan.core.problem import Problem
from waglan.ledger.leaf import canonical
from waglan.review import leases
from waglan.review.item import Item
from waglan.review.leases import Look
from waglan.review.room import Room, Told

NONCE_BYTES = 16
_HIDDEN_FACTS = ("drill",)
_HIDDEN_PRIVATE = frozenset({"shown", "signature"})


class Shown(msgspec.Struct, frozen=True):
    """A case as it was shown to one person at one time.

    Attributes
    ----------
    content
        ``v``, ``item``, ``decision`` (id, time, pseudonym, facts), ``case`` and ``outcome`` (the sealed JSON as text),
        ``events`` (what the log says of it since, private parts opened), ``manifest`` (digest), ``person``,
        ``shown_ms``, ``basis`` and ``nonce``.
    json
        The content as canonical JSON.
    sha256
        Its hash, 64 hexadecimal digits: what a verdict names, and what a passkey signs.
    """

    content: dict[str, Any]
    json: bytes
    sha256: str

    @property
    def case(self) -> dict[str, Any]:
        """``inputs`` and ``aside`` as they were recorded."""
        found: dict[str, Any] = msgspec.json.decode(self.content["case"])
        return found

    @property
    def outcome(self) -> dict[str, Any]:
        """``outcome``, ``findings``, ``models`` and ``control_us`` as they were recorded."""
        found: dict[str, Any] = msgspec.json.decode(self.content["outcome"])
        return found


def show(room: Room, connection: sqlite3.Connection, item: Item, person: str, until_ms: int) -> Shown:
    """Show a case to somebody from now on."""
    found = Look(room.urandom(NONCE_BYTES).hex(), item.basis, room.now_ms())
    leases.look(connection, item, person, found, until_ms)
    return _made(room, connection, item, person, found)


def again(room: Room, connection: sqlite3.Connection, item: Item, person: str, sha256: str) -> Shown:
    """What a verdict's ``shown`` stands for, made again from the log.

    Raises
    ------
    Problem
        ``review.stale`` (409) when it isn't what there is to see now, or was never shown to this person.
    """
    for found in leases.looks(connection, item.id, person):
        if found.basis == item.basis:
            made = _made(room, connection, item, person, found)
            if hmac.compare_digest(made.sha256.encode(), sha256.encode("utf-8", "replace")):
                return made
    raise Problem(
        "Look at this case again.",
        "Something about it changed since it was shown to you, or it wasn't shown to you.",
        "Open it again and judge what you see then.",
        code="review.stale",
        where=item.id,
        status=409,
    )


def _made(room: Room, connection: sqlite3.Connection, item: Item, person: str, found: Look) -> Shown:
    content = _content(room, connection, item)
    content |= {"basis": found.basis, "nonce": found.nonce, "person": person, "shown_ms": found.shown_ms, "v": 1}
    data = canonical(content)
    return Shown(content, data, hashlib.sha256(data).hexdigest())


def _content(room: Room, connection: sqlite3.Connection, item: Item) -> dict[str, Any]:
    decision = room.told_by_id(item.decision)
    facts = {k: v for k, v in decision.leaf.get("facts", {}).items() if k not in _HIDDEN_FACTS}
    events = connection.execute(
        "SELECT log_index FROM review_event WHERE decision = ? AND log_index <= ? ORDER BY log_index",
        (item.decision, item.basis),
    ).fetchall()
    return {
        "case": _text(decision.private, "in"),
        "decision": {
            "at_ms": decision.leaf["at_ms"],
            "facts": facts,
            "id": item.decision,
            "subject": decision.leaf.get("subject", ""),
        },
        "events": [_event(room.told(index)) for (index,) in events],
        "item": {
            "cause": item.cause,
            "eyes": item.eyes,
            "id": item.id,
            "language": item.language,
            "what": item.what,
        },
        "manifest": item.policy_digest,
        "outcome": _text(decision.private, "out"),
    }


def _event(found: Told) -> dict[str, Any]:
    leaf = found.leaf
    return {
        "actor": leaf.get("actor", ""),
        "at_ms": leaf["at_ms"],
        "facts": leaf.get("facts", {}),
        "id": leaf["id"],
        "kind": leaf["kind"],
        "private": {k: v.decode() for k, v in sorted(found.private.items()) if k not in _HIDDEN_PRIVATE},
    }


def _text(private: Mapping[str, bytes], name: str) -> str:
    return private[name].decode() if name in private else "null"
