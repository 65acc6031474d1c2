"""What an interrupted run already did: by its files, and by the log where a reply was acknowledged but not written."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from waglan.core.decision import Route
from waglan.core.problem import Problem
from waglan.runtime.batch.sheet import RESULT, mend, reject_header

if TYPE_CHECKING:
    from waglan.ledger.log import Ledger

BACK = 4_096
"""So many of the last results' places in the log are looked at: rows of one chunk may have come in any order."""

NOTE = "found on the log"


def file_source(path: Path, name: str) -> str:
    """What decisions about this file carry as their source: the firm's name for it and the SHA-256 of its bytes."""
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise Problem(
            f"{path} can't be read.",
            f"{error.strerror or error}.",
            "Check the name and whether this user may read it.",
            code="file.unreadable",
        ) from None
    return f"{name}/sha256:{digest}" if name else f"sha256:{digest}"


class Done:
    """Rows that need no deciding.

    Attributes
    ----------
    decided, rejected
        How many stand in the files already.
    routes
        How often each route stands in the results.
    first_index, last_index
        The smallest and largest place in the log among the results, or None.
    """

    def __init__(self) -> None:
        self._rows = bytearray()
        self._on_log: dict[int, Mapping[str, Any]] = {}
        self.decided = self.rejected = 0
        self.routes: dict[str, int] = dict.fromkeys(Route, 0)
        self.first_index: int | None = None
        self.last_index: int | None = None

    @classmethod
    def read(cls, results: Path, rejects: Path, columns: Sequence[str], ledger: Ledger, source: str) -> Done:
        """Look at what is there.

        Raises
        ------
        Problem
            ``resume.other-file`` when the results are of another file or another workspace.
        """
        done = cls()
        last: deque[int] = deque(maxlen=BACK)
        for row in mend(results, "row", RESULT):
            if not row["index"].isdigit():
                continue
            done._add(int(row["row"]))
            done.count(row["route"], int(row["index"]))
            last.append(int(row["index"]))
        for row in mend(rejects, "_row", reject_header(columns)):
            done._add(int(row["_row"]))
            done.rejected += 1
        if last:
            _same_file(ledger, last[-1], source, results)
        done._search(ledger, min(last, default=0), source)
        return done

    def __contains__(self, number: int) -> bool:
        return number < len(self._rows) and self._rows[number] == 1

    def count(self, route: str, index: int) -> None:
        """Count one recorded decision."""
        self.decided += 1
        self.routes[route] += 1
        self.first_index = index if self.first_index is None else min(self.first_index, index)
        self.last_index = index if self.last_index is None else max(self.last_index, index)

    def on_log(self, number: int) -> Mapping[str, Any] | None:
        """What a reply would have said of a row that was acknowledged without reaching the results."""
        return self._on_log.pop(number, None)

    def _add(self, number: int) -> None:
        if number >= len(self._rows):
            self._rows.extend(bytes(number + 1 - len(self._rows)))
        self._rows[number] = 1

    def _search(self, ledger: Ledger, start: int, source: str) -> None:
        wanted = msgspec.json.encode(source)
        for index, row in ledger.rows(start, ledger.head().size):
            if wanted not in row.leaf:
                continue
            leaf = msgspec.json.decode(row.leaf)
            facts = leaf.get("facts", {})
            number = facts.get("source_seq")
            if leaf["kind"] == "decision" and facts.get("source") == source and number not in self:
                self._on_log[number] = _body(ledger, leaf["id"], index, facts)


def _same_file(ledger: Ledger, index: int, source: str, results: Path) -> None:
    found = [row for _, row in ledger.rows(index, index + 1)]
    if found and msgspec.json.decode(found[0].leaf).get("facts", {}).get("source") == source:
        return
    raise Problem(
        f"{results} doesn't belong to this file.",
        f"Its last line speaks of entry {index} of the log, which was made from another file, source or workspace.",
        "Give the file, --source and --workspace of the first run, or name another --out.",
        code="resume.other-file",
    )


def _body(ledger: Ledger, decision_id: str, index: int, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the lost reply's body said, as far as results show it; the value is opened from the vault."""
    body: dict[str, Any] = {"id": decision_id, "index": index, "route": facts.get("route", Route.HUMAN)}
    if body["route"] != Route.AUTO:
        return body
    body["effect"] = facts.get("effect", "")
    body["score"] = facts.get("score")
    body["confidence"] = facts.get("confidence")
    body["reasons"] = [{"code": code} for code in facts.get("reasons", ())]
    try:
        private = ledger.opened(index)
    except Problem as problem:
        if problem.code != "vault.erased":
            raise
        return body
    body["outcome"] = msgspec.json.decode(private["out"])["outcome"]["value"]
    return body
