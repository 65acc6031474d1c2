"""What later events do to a review: one function for each kind, each total over whatever the log holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from waglan.index.projection import DecisionLeaf
from waglan.review.opening import Opening, opening
from waglan.review.policy import HANDED_UP, OVERDUE, Rules
from waglan.review.state import Move, State, moved

OVERDUE_FLAG, HANDED_UP_FLAG = 1, 2
_WAITING = {State.OPEN: 1, State.RETURNED: 1, State.JUDGED: 2}
_CLEARED = (
    "review = '', verdict = '', reason = '', changed_effect = '', judged_by = '', judged_with = '', judged_ms = NULL, "
    "stale = 0"
)


class Fold(NamedTuple):
    """One event as it is taken in."""

    connection: sqlite3.Connection
    index: int  # type: ignore[assignment] # the log's own word
    leaf: dict[str, Any]
    rules: Rules
    find: Callable[[str], DecisionLeaf | None]

    @property
    def facts(self) -> dict[str, Any]:
        """The event's public part."""
        found: dict[str, Any] = self.leaf.get("facts", {})
        return found

    def ref(self, at: int) -> str:
        """A reference, empty when there is none."""
        refs = self.leaf.get("refs", [])
        return str(refs[at]) if at < len(refs) else ""

    def one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        """The first row."""
        row: tuple[Any, ...] | None = self.connection.execute(query, values).fetchone()
        return row

    def run(self, statement: str, *values: object) -> None:
        """Change rows."""
        self.connection.execute(statement, values)

    def notice(self, kind: str, item: str) -> None:
        """Remember that somebody may want to know."""
        self.run("INSERT OR REPLACE INTO review_notice VALUES (?, ?, ?)", self.index, kind, item)

    def item(self) -> str:
        """The review that an event with ``refs = decision[, request]`` speaks of, empty when there is none."""
        for each in (self.ref(1), self.ref(0)):
            if each and self.one("SELECT 1 FROM review_item WHERE id = ?", each):
                return each
        return ""

    def move(self, item: str, move: Move) -> State | None:
        """Move a review on, where that is possible; gives the new state."""
        row = self.one("SELECT state, cause FROM review_item WHERE id = ?", item)
        state = moved(State(row[0]), move) if row else None
        if row is None or state is None:
            return None
        waiting = 3 if state is State.RELEASED and row[1] == "request" else _WAITING.get(state, 0)
        self.run(
            "UPDATE review_item SET state = ?, waiting = ?, basis = ? WHERE id = ?", state, waiting, self.index, item
        )
        return state


def _review(fold: Fold) -> None:
    facts, decision = fold.facts, fold.ref(0)
    cause = facts.get("cause", "route")
    item = fold.item()
    if not item:
        found = fold.find(decision)
        if found is None:
            return
        opening(fold.connection, Opening(found, fold.index, cause), fold.rules)
        item = found.id
    person, effect, verdict = fold.leaf.get("actor", ""), facts.get("effect", ""), facts["verdict"]
    at_ms = fold.leaf["at_ms"]
    fold.run(
        "INSERT OR IGNORE INTO review_verdict (id, item, decision, cause, person, verdict, effect, seconds, at_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        fold.leaf["id"], item, decision, cause, person, verdict, effect, facts.get("review_seconds", 0), at_ms,
    )  # fmt: skip
    if fold.move(item, Move.JUDGE) is None:
        return
    row = fold.one("SELECT tier, adverse FROM review_item WHERE id = ?", item)
    assert row is not None
    eyes = fold.rules.eyes(row[0], None if row[1] is None else bool(row[1]), verdict)
    fold.run(
        "UPDATE review_item SET review = ?, verdict = ?, reason = ?, changed_effect = ?, judged_by = ?, "
        "judged_with = ?, judged_ms = ?, stale = 0, eyes = max(eyes, ?) WHERE id = ?",
        fold.leaf["id"], verdict, facts.get("reason", ""), effect, person, facts.get("authenticator", ""), at_ms,
        eyes, item,
    )  # fmt: skip
    fold.run("DELETE FROM review_lease WHERE item = ?", item)
    if cause == "seeded" or (cause == "sample" and verdict == "agree"):
        fold.move(item, Move.CONCLUDE)
    else:
        fold.notice("judged", item)


def _release(fold: Fold) -> None:
    row = fold.one("SELECT item FROM review_verdict WHERE id = ?", fold.ref(1))
    item = str(row[0]) if row else fold.item()
    if not item or fold.move(item, Move.RELEASE) is None:
        return
    outcome = fold.facts["outcome"]
    fold.run(
        "UPDATE review_item SET released_by = ?, released_ms = ?, outcome = ? WHERE id = ?",
        fold.leaf.get("actor", ""), fold.leaf["at_ms"], outcome, item,
    )  # fmt: skip
    fold.run("UPDATE review_verdict SET final = ? WHERE id = ?", outcome, fold.ref(1))
    fold.notice("released", item)
    _touch(fold, but=item)


def _void(fold: Fold) -> None:
    review, reason = fold.ref(1), fold.facts["reason"]
    fold.run("UPDATE review_verdict SET void = ? WHERE id = ? AND void = '' AND final = ''", reason, review)
    row = fold.one("SELECT id FROM review_item WHERE decision = ? AND review = ?", fold.ref(0), review)
    if row is None or fold.move(row[0], Move.RETURN if reason == "returned" else Move.REOPEN) is None:
        return
    fold.run(f"UPDATE review_item SET {_CLEARED} WHERE id = ?", row[0])
    fold.notice("reopened", row[0])


def _touch(fold: Fold, *, but: str = "") -> None:
    """Something about the decision changed: what was shown of it before is out of date, and so is a verdict on it."""
    fold.run(
        "UPDATE review_item SET basis = ?, stale = (waiting = 2) WHERE decision = ? AND waiting IN (1, 2) AND id <> ?",
        fold.index, fold.ref(0), but,
    )  # fmt: skip


def _correction(fold: Fold) -> None:
    fold.run("UPDATE review_item SET corrected = 1 WHERE decision = ? AND waiting > 0", fold.ref(0))
    _touch(fold)


def _opt_out(fold: Fold) -> None:
    subject, use_case = fold.leaf.get("subject", ""), fold.facts.get("use_case", "")
    if subject:
        fold.run(
            "UPDATE review_item SET basis = ?, stale = (waiting = 2) "
            "WHERE subject = ? AND waiting > 0 AND waiting IN (1, 2) AND (? = '' OR use_case = ?)",
            fold.index, subject, use_case, use_case,
        )  # fmt: skip


def _erasure(fold: Fold) -> None:
    for column, value in (("subject", fold.leaf.get("subject", "")), ("kid", fold.facts.get("erased_kid", ""))):
        if value:
            found = fold.connection.execute(
                f"SELECT id FROM review_item WHERE {column} = ? AND waiting > 0", (value,)
            ).fetchall()
            for (item,) in found:
                fold.move(item, Move.ERASE)
                fold.run("DELETE FROM review_lease WHERE item = ?", item)


def _escalation(fold: Fold) -> None:
    item = fold.item()
    if not item:
        return
    handed = fold.facts["reason"] == "handed_up"
    flag, more = (HANDED_UP_FLAG, HANDED_UP) if handed else (OVERDUE_FLAG, OVERDUE)
    fold.run(
        "UPDATE review_item SET priority = priority + ?, escalated = escalated | ? "
        "WHERE id = ? AND escalated & ? = 0 AND waiting > 0",
        more, flag, item, flag,
    )  # fmt: skip
    if handed:
        fold.run("UPDATE review_item SET handed_up_by = ? WHERE id = ?", fold.leaf.get("actor", ""), item)
    fold.notice("handed_up" if handed else "overdue", item)


def _request(fold: Fold) -> None:
    found = fold.find(fold.ref(0))
    if found is not None:
        opening(fold.connection, Opening(found, fold.index, "request", fold.leaf), fold.rules)


def _answer(fold: Fold) -> None:
    item = fold.ref(1)
    if fold.move(item, Move.ANSWER) is not None:
        fold.run("UPDATE review_item SET answer = ? WHERE id = ?", fold.facts["outcome"], item)
        fold.run("DELETE FROM review_lease WHERE item = ?", item)
        fold.notice("answered", item)


def _attention(fold: Fold) -> None:
    caught = int(fold.facts["caught"])
    fold.run("UPDATE review_verdict SET caught = ? WHERE id = ?", caught, fold.ref(1))
    fold.run("UPDATE review_item SET caught = ? WHERE id = ?", caught, fold.ref(0))


FOLDS: Mapping[str, Callable[[Fold], None]] = MappingProxyType(
    {
        "review": _review,
        "release": _release,
        "void": _void,
        "override": _touch,
        "label": _touch,
        "correction": _correction,
        "opt_out": _opt_out,
        "erasure": _erasure,
        "escalation": _escalation,
        "request": _request,
        "answer": _answer,
        "attention": _attention,
    }
)
"""Kinds of events to what they do."""

TOLD = frozenset({"review", "release", "void", "override", "label", "correction", "request", "answer"})
"""What of it those who look at a case are told; its escalations and the measure of attention aren't."""
