"""The addresses of this server: one table that the router, the OpenAPI document and the documents' test read."""

from __future__ import annotations

from typing import NamedTuple

from waglan.access import Action

QUERY_FEED = (
    ("after", "Only entries with a larger index; -1 for all.", -1),
    ("limit", "At most so many entries, 1 to 1,000.", 100),
)


class Door(NamedTuple):
    """One address.

    Attributes
    ----------
    method, path
        As in the router; ``{name:path}`` takes slashes.
    operation
        Its id in the OpenAPI document.
    summary
        One sentence.
    action
        What a caller must be allowed to do; None opens it to everybody.
    media
        What a good answer is.
    answer
        The name of the answer's schema in the OpenAPI document, or empty for text and bytes.
    refusals
        Statuses of Problems that are its own (400, 421 and 500 are everywhere; 401, 403 and 429 where there is an
        action).
    """

    method: str
    path: str
    operation: str
    summary: str
    action: Action | None
    media: str = "application/json"
    answer: str = ""
    refusals: tuple[int, ...] = ()


DECIDE = Door(
    "POST", "/decide/{use_case}", "decide", "Decide one case, an array of cases, or a stream of them.",
    Action.DECISION_MAKE, answer="Reply", refusals=(403, 404, 409, 410, 413, 415, 422, 503),
)  # fmt: skip
DECISION = Door(
    "GET", "/decisions/{id}", "decision", "The public part of a decision and where it stands on the log.",
    Action.DECISION_READ, answer="Entry", refusals=(404, 503),
)  # fmt: skip
PROOF = Door(
    "GET", "/decisions/{id}/proof", "proof", "The receipt: leaf, index, path, signed checkpoint.",
    Action.DECISION_READ, answer="Receipt", refusals=(404, 503),
)  # fmt: skip
FEED = Door(
    "GET", "/decisions", "feed", "Decisions in the log's order, as a page or as server-sent events.",
    Action.DECISION_READ, answer="Page", refusals=(503,),
)  # fmt: skip
USE_CASES = Door(
    "GET", "/use-cases", "use_cases", "What may be asked here.", Action.USE_CASE_READ, answer="UseCases"
)  # fmt: skip
USE_CASE = Door(
    "GET", "/use-cases/{name}", "use_case", "One use case: its manifest's public part and the schema of its inputs.",
    Action.USE_CASE_READ, answer="UseCase", refusals=(404, 409),
)  # fmt: skip
CHECKPOINT = Door(
    "GET", "/ledger/{log:path}/checkpoint", "checkpoint", "The newest signed head of the log, a C2SP checkpoint.",
    Action.LEDGER_READ, "text/plain", refusals=(404, 503),
)  # fmt: skip
TILE = Door(
    "GET", "/ledger/{log:path}/tile/{path:path}", "tile", "A hash tile or entry bundle, as C2SP tlog-tiles has them.",
    Action.LEDGER_READ, "application/octet-stream", refusals=(404, 503),
)  # fmt: skip
HEALTH = Door("GET", "/health", "health", "Whether the process is alive.", None, answer="Health")
READY = Door("GET", "/ready", "ready", "Whether decisions can be recorded now.", None, answer="Ready", refusals=(503,))
OPENAPI = Door("GET", "/openapi.json", "openapi", "This document.", None, answer="Document")

DOORS: tuple[Door, ...] = (
    DECIDE, DECISION, PROOF, FEED, USE_CASES, USE_CASE, CHECKPOINT, TILE, HEALTH, READY, OPENAPI,
)  # fmt: skip
