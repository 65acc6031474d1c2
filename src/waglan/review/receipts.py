"""A customer's receipt: an address nobody can guess, and behind it what that customer may see of the decision.

References
----------
RFC 2104 (HMAC): the address carries the decision's id and a keyed hash of it. None is stored, none can be made up.
"""

from __future__ import annotations

import base64
import hmac
import sqlite3
from typing import Any

import msgspec

from waglan.core.case import LANGUAGES, Language
from waglan.core.ids import from_bytes, to_bytes
from waglan.core.problem import Problem
from waglan.ledger import receipt as proof
from waglan.ledger.receipt import Receipt
from waglan.review.asking import What, opened
from waglan.review.explain import Explanation, Left, explain
from waglan.review.judging import manifest_of, outcome_of
from waglan.review.room import Room, Told

_MAC_BYTES = 16
_ID_BYTES = 16


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's own question: what, when (milliseconds since 1970 UTC), and the answer's text once there is one."""

    id: str
    what: str
    asked_ms: int
    answered_ms: int | None = None
    text: str = ""


class CustomerView(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer may see of a decision about them.

    Attributes
    ----------
    explanation
        Disclosure and contact; outcome and reasons once an answer has left.
    asked
        Their questions and the answers.
    proofs
        That the decision, and what a person made of it, stand unchanged in the log; none before an answer has left.
    """

    explanation: Explanation
    asked: tuple[Asked, ...]
    proofs: tuple[Receipt, ...]


class Receipts:
    """Receipts of one workspace."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._key = room.key.derive("receipt")

    def token(self, decision_id: str) -> str:
        """The unguessable part of the receipt's address, 43 characters."""
        raw = to_bytes(decision_id)
        return base64.urlsafe_b64encode(raw + self._mac(raw)).rstrip(b"=").decode()

    def decision(self, token: str) -> str | None:
        """The decision of a token; None when it isn't one that `token` gave."""
        try:
            raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=")
        except (ValueError, UnicodeEncodeError):
            return None
        if len(raw) != _ID_BYTES + _MAC_BYTES or not hmac.compare_digest(self._mac(raw[:_ID_BYTES]), raw[_ID_BYTES:]):
            return None
        decision_id = from_bytes(raw[:_ID_BYTES])
        return decision_id if self.token(decision_id) == token else None

    def url(self, decision_id: str) -> str:
        """The receipt's address, empty without ``[review] public_url`` or where customers don't meet the use case."""
        base = self._room.settings.public_url.rstrip("/")
        manifest = manifest_of(self._room, self._room.decision(decision_id).facts.use_case)
        if not base or manifest is None or not manifest.customer_facing:
            return ""
        return f"{base}/console/receipts/{self.token(decision_id)}"

    def show(self, token: str, language: Language | None = None) -> CustomerView:
        """What the customer may see, in their language or the one asked for.

        Raises
        ------
        Problem
            ``receipt.missing`` (404) for an address that isn't one, an exercise, or a use case that no customer meets:
            a receipt must not tell somebody that they were looked at. The vault's once the person was erased.
        """
        decision_id = self.decision(token)
        leaf = self._room.decision(decision_id) if decision_id else None
        if leaf is None or leaf.facts.drill or leaf.facts.replay:
            raise _missing()
        manifest = manifest_of(self._room, leaf.facts.use_case)
        if manifest is None or not manifest.customer_facing:
            raise _missing()
        shown: Any = language or leaf.facts.language or "en"
        with self._room.fresh() as connection:
            explanation = self.explanation(connection, leaf.id, shown if shown in LANGUAGES else "en")
            events = self._events(connection, leaf.id)
        asked = {e.leaf["id"]: _asked(e) for e in events if e.leaf["kind"] == "request"}
        for each in events:
            if each.leaf["kind"] == "answer" and (question := asked.get(each.leaf["refs"][1])):
                text = msgspec.json.decode(each.private["text"]) if "text" in each.private else ""
                asked[question.id] = msgspec.structs.replace(question, answered_ms=each.leaf["at_ms"], text=text)
        proofs = [leaf.id, *(e.leaf["id"] for e in events if e.leaf["kind"] in ("release", "override"))]
        ledger = self._room.workspace.ledger
        return CustomerView(
            explanation=explanation,
            asked=tuple(asked.values()),
            proofs=tuple(proof.make(ledger, each) for each in proofs) if explanation.left else (),
        )

    def ask(self, token: str, what: What, *, language: Language, note: str = "") -> str:
        """The customer asks on the receipt's page; gives the request's id. Problems of `show` and `Desk.request`."""
        self.show(token)
        decision_id = self.decision(token)
        assert decision_id is not None
        return opened(self._room, "customer", decision_id, what, channel="receipt", language=language, note=note)

    def explanation(self, connection: sqlite3.Connection, decision_id: str, language: Language) -> Explanation:
        """What a customer may be told of a decision as it stands."""
        told = self._room.told_by_id(decision_id)
        facts = told.leaf.get("facts", {})
        manifest = manifest_of(self._room, facts.get("use_case", ""))
        left = _left(told, self._events(connection, decision_id))
        return explain(decision_id, told.leaf["at_ms"], left, manifest, language)

    def _events(self, connection: sqlite3.Connection, decision_id: str) -> list[Told]:
        query = "SELECT log_index FROM review_event WHERE decision = ? ORDER BY log_index"
        return [self._room.told(index) for (index,) in connection.execute(query, (decision_id,)).fetchall()]

    def _mac(self, raw: bytes) -> bytes:
        return hmac.digest(self._key, b"waglan/receipt/v1\0" + raw, "sha256")[:_MAC_BYTES]


def _left(decision: Told, events: list[Told]) -> Left | None:
    """The answer that has left: what a person let out last, else the use case's own where it was automatic."""
    sealed = decision.private.get("out")
    outcome = outcome_of(msgspec.json.decode(sealed)) if sealed else None
    for each in reversed(events):
        kind, facts = each.leaf["kind"], each.leaf.get("facts", {})
        if kind == "override":
            return Left(facts.get("effect", ""), None)
        if kind == "release" and facts["outcome"] == "refused":
            return Left("refused", None)
        if kind == "release":
            return Left(facts.get("effect", ""), outcome if facts["outcome"] == "as_decided" else None)
    automatic = decision.leaf.get("facts", {}).get("route") == "auto"
    return Left(outcome.effect, outcome) if automatic and outcome else None


def _asked(found: Told) -> Asked:
    return Asked(id=found.leaf["id"], what=found.leaf["facts"]["what"], asked_ms=found.leaf["at_ms"])


def _missing() -> Problem:
    return Problem(
        "There is no such receipt.",
        "The address was mistyped, or it never was one.",
        "Take the address from our letter or scan its code again.",
        code="receipt.missing",
        status=404,
    )
