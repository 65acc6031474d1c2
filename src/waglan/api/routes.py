"""The addresses of this server: one table that the router, the OpenAPI document and the documents' test read."""

from __future__ import annotations

from typing import NamedTuple

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
    media
        What a good answer is.
    answer
        The name of the answer's schema in the OpenAPI document, or empty for text and bytes.
    refusals
        Statuses of Problems that are its own (400, 421 and 500 are everywhere).
    """

    method: str
    path: str
    operation: str
    summary: str
    media: str = "application/json"
    answer: str = ""
    refusals: tuple[int, ...] = ()


DECIDE = Door(
    "POST", "/decide/{use_case}", "decide", "Decide one case, an array of cases, or a stream of them.",
    answer="Reply", refusals=(403, 404, 409, 410, 413, 415, 422, 503),
)  # fmt: skip
DECISION = Door(
    "GET", "/decisions/{id}", "decision", "The public part of a decision and where it stands on the log.",
    answer="Entry", refusals=(404, 503),
)  # fmt: skip
PROOF = Door(
    "GET", "/decisions/{id}/proof", "proof", "The receipt: leaf, index, path, signed checkpoint.",
    answer="Receipt", refusals=(404, 503),
)  # fmt: skip
FEED = Door(
    "GET", "/decisions", "feed", "Decisions in the log's order, as a page or as server-sent events.",
    answer="Page", refusals=(503,),
)  # fmt: skip
USE_CASES = Door("GET", "/use-cases", "use_cases", "What may be asked here.", answer="UseCases")
USE_CASE = Door(
    "GET", "/use-cases/{name}", "use_case", "One use case: its manifest's public part and the schema of its inputs.",
    answer="UseCase", refusals=(404, 409),
)  # fmt: skip
CHECKPOINT = Door(
    "GET", "/ledger/{log:path}/checkpoint", "checkpoint", "The newest signed head of the log, a C2SP checkpoint.",
    "text/plain", refusals=(404, 503),
)  # fmt: skip
TILE = Door(
    "GET", "/ledger/{log:path}/tile/{path:path}", "tile", "A hash tile or entry bundle, as C2SP tlog-tiles has them.",
    "application/octet-stream", refusals=(404, 503),
)  # fmt: skip
HEALTH = Door("GET", "/health", "health", "Whether the process is alive.", answer="Health")
READY = Door("GET", "/ready", "ready", "Whether decisions can be recorded now.", answer="Ready", refusals=(503,))
OPENAPI = Door("GET", "/openapi.json", "openapi", "This document.", answer="Document")

DOORS: tuple[Door, ...] = (
    DECIDE, DECISION, PROOF, FEED, USE_CASES, USE_CASE, CHECKPOINT, TILE, HEALTH, READY, OPENAPI,
)  # fmt: skip
