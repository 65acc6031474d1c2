"""What the HTTP door itself refuses, and how any Problem becomes an answer.

References
----------
RFC 9457, *Problem Details for HTTP APIs*; RFC 9110 § 15 for the statuses.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from waglan.access import SlowDown
from waglan.core import Problem

RETRY_AFTER_S = 2
"""What a caller is told to wait when the log can't be written."""

_MALFORMED = "request.malformed"


class Code(NamedTuple):
    """A problem code of this door, the status it answers with, and when."""

    code: str
    status: int
    when: str


CODES: tuple[Code, ...] = (
    Code("request.malformed", 400, "the body isn't JSON as RFC 8259 has it, or is nested too deeply"),
    Code("request.duplicate", 400, "a name stands twice in one JSON object"),
    Code("request.shape", 400, "the body is neither an object nor an array of objects"),
    Code("request.header", 400, "a request header can't be used as it is"),
    Code("request.query", 400, "a query parameter is unknown or out of range"),
    Code("request.host", 421, "the Host header is neither a name of this machine's loopback nor the public address"),
    Code("request.origin", 403, "a browser sent the request from another site"),
    Code("request.not_found", 404, "there is nothing at this address"),
    Code("request.method", 405, "the address doesn't take this method"),
    Code("request.conflict", 409, "the Idempotency-Key was used for something else, or is being worked on"),
    Code("request.gone", 410, "the decision behind the Idempotency-Key was erased"),
    Code("request.too_large", 413, "body, array or line is over the limit"),
    Code("request.media_type", 415, "content type, charset or content encoding isn't one of ours"),
    Code("request.busy", 503, "too many event streams are open"),
    Code("access.sign_in", 401, "neither a valid key nor a session came along"),
    Code("access.denied", 403, "the key's scopes or the person's roles don't allow it"),
    Code("access.slow_down", 429, "more requests came than one key or person may send"),
    Code("access.unavailable", 503, "who may do what can't be looked up now"),
    Code("server.bug", 500, "a bug; the answer holds the id under which it is on standard error"),
    Code("server.stopping", 503, "the server is going down"),
)


def body(problem: Problem) -> bytes:
    """The RFC 9457 object as JSON, in one line."""
    return msgspec.json.encode(problem.as_dict())


def headers(problem: Problem) -> list[tuple[bytes, bytes]]:
    """Response headers of a Problem: how to sign in (401), when to try again (429, 503), which methods (405)."""
    found = [(b"content-type", b"application/problem+json")]
    if problem.status == 503:
        found.append((b"retry-after", b"%d" % RETRY_AFTER_S))
    elif isinstance(problem, SlowDown):
        found.append((b"retry-after", b"%d" % problem.retry_s))
    elif problem.status == 401:
        found.append((b"www-authenticate", b'Bearer realm="waglan"'))
    elif problem.status == 405:
        found.append((b"allow", problem.where.encode()))
    return found


def malformed(why: str, where: str = "") -> Problem:
    """400: not JSON; ``why`` and the place say what and where."""
    return Problem(
        "The body can't be read as JSON.",
        why,
        "Send UTF-8 JSON as RFC 8259 describes it; NaN and Infinity don't exist there.",
        code=_MALFORMED,
        where=where,
        status=400,
    )


def too_deep(limit: int) -> Problem:
    """400: nested more than ``limit`` levels deep."""
    return malformed(f"It is nested more than {limit} levels deep.")


def duplicate(name: str) -> Problem:
    """400: a name twice in one object."""
    return Problem(
        f"The name {name!r} stands twice in one object.",
        "Readers disagree about which of the two counts, so neither is taken.",
        f"Send {name!r} once.",
        code="request.duplicate",
        where=name,
        status=400,
    )


def shape(found: str, where: str = "") -> Problem:
    """400: valid JSON, but no case."""
    return Problem(
        f"A case is a JSON object, this is {found}.",
        "Its members are the inputs that the use case declares.",
        "Send {…} for one case, [{…}, …] for several, or one object per line as application/x-ndjson.",
        code="request.shape",
        where=where,
        status=400,
    )


def header(name: str, what: str, advice: str) -> Problem:
    """400: a request header that can't be used."""
    return Problem(f"The header {name} {what}.", "It goes into the record as it is.", advice,
                   code="request.header", where=name, status=400)  # fmt: skip


def query(name: str, why: str, advice: str) -> Problem:
    """400: a query parameter that can't be used."""
    return Problem(f"The query parameter {name!r} can't be used.", why, advice,
                   code="request.query", where=name, status=400)  # fmt: skip


def credentials(why: str) -> Problem:
    """401: no key or session, or none that counts."""
    return Problem("This needs a key or a session.", why,
                   "Send 'Authorization: Bearer' and a key (waglan key create makes one), or sign in at /console.",
                   code="access.sign_in", where="Authorization", status=401)  # fmt: skip


def host(found: str) -> Problem:
    """421: a Host that isn't ours."""
    return Problem(
        f"This server doesn't answer for the host {found!r}.",
        "A foreign name that points here may be an attack from a browser (DNS rebinding).",
        "Use localhost, 127.0.0.1 or [::1] in the address, or set server.public_url in waglan.toml.",
        code="request.host",
        where="Host",
        status=421,
    )


def origin(found: str) -> Problem:
    """403: sent by a page of another site."""
    return Problem(
        "A page of another site may not send requests here.",
        f"The browser says that the request comes from {found!r}.",
        "Call from the firm's own system, which sends no Origin header.",
        code="request.origin",
        where="Origin",
        status=403,
    )


def not_found(path: str) -> Problem:
    """404: no such address."""
    return Problem(f"There is nothing at {path!r}.", "No route of this server has this address.",
                   "GET /openapi.json lists all routes.", code="request.not_found", status=404)  # fmt: skip


def no_decision(entry_id: str) -> Problem:
    """404: no such decision."""
    return Problem(
        f"There is no decision {entry_id!r} on this log.",
        "Either the id is mistyped or the decision was recorded on another log.",
        "GET /decisions lists what is here.",
        code="request.not_found",
        where="id",
        status=404,
    )


def method(used: str, allowed: str) -> Problem:
    """405; ``allowed`` also becomes the Allow header."""
    return Problem(f"{used} isn't possible here.", f"The address takes {allowed}.",
                   f"Use {allowed}.", code="request.method", where=allowed, status=405)  # fmt: skip


def conflict(why: str, advice: str) -> Problem:
    """409: an Idempotency-Key in other use."""
    return Problem("The Idempotency-Key can't be used for this request.", why, advice,
                   code="request.conflict", where="Idempotency-Key", status=409)  # fmt: skip


def gone(entry_id: str) -> Problem:
    """410: an answer whose personal data was erased."""
    return Problem(
        f"The answer of decision {entry_id} can't be given again.",
        "The personal data of its subject was erased in the meantime; the record that it happened remains.",
        f"GET /decisions/{entry_id} shows what is left.",
        code="request.gone",
        where="Idempotency-Key",
        status=410,
    )


def too_large(what: str, limit: str, where: str = "") -> Problem:
    """413: over a limit."""
    return Problem(f"{what} is too large.", f"The limit is {limit}.",
                   "Send fewer at a time, or stream them as application/x-ndjson.",
                   code="request.too_large", where=where, status=413)  # fmt: skip


def media_type(found: str, where: str = "Content-Type") -> Problem:
    """415: a body of a kind that isn't ours."""
    return Problem(
        f"{where} {found!r} can't be read here.",
        "Cases come as application/json or application/x-ndjson, in UTF-8, without compression.",
        "Set Content-Type: application/json.",
        code="request.media_type",
        where=where,
        status=415,
    )


def busy(limit: int) -> Problem:
    """503: too many event streams."""
    return Problem("No further event stream can be opened.", f"This worker already serves {limit}.",
                   "Close one, or read GET /decisions in steps.", code="request.busy", status=503)  # fmt: skip


def bug(incident: str) -> Problem:
    """500: our fault; the id leads to the trace."""
    return Problem("Something went wrong inside Waglan.", f"Standard error of the server has it as {incident}.",
                   f"Tell the operator the id {incident}. Nothing that wasn't answered counts as decided for you.",
                   code="server.bug", where=incident, status=500)  # fmt: skip


def unready() -> Problem:
    """503: the log can't be written."""
    return Problem("The ledger can't record now.", "Its storage refused; no automatic decision leaves meanwhile.",
                   "Look at disk and database; it recovers by itself once they are well.",
                   code="ledger.unavailable", status=503)  # fmt: skip


def stopping(where: str = "") -> Problem:
    """503: the server is going down."""
    return Problem("The server is going down.", "What was answered is recorded; this was not decided.",
                   "Send it again in a moment.", code="server.stopping", where=where, status=503)  # fmt: skip
