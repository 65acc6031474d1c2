"""``POST /decide/{use_case}``: one case, an array of cases, or a stream of them.

A raw ASGI callable: the same door as a Starlette route cost 1.2 to 1.3 times the CPU of a whole recorded decision
(342 against 450 µs in one process, 64 callers, alternated; November 2026), so only the other routes use its router.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from waglan.api import body, problems
from waglan.api.ask import ask_of
from waglan.api.caller import Caller
from waglan.api.idempotency import Keys
from waglan.api.limits import Limits
from waglan.api.many import decide_rows, kind, rendered
from waglan.api.replay import reply_again
from waglan.api.respond import JSON, Receive, Scope, Send, answer, encode
from waglan.api.stream import Stream
from waglan.core import Problem
from waglan.ledger.store import UNKNOWN
from waglan.runtime import Ask, Reply, Workspace

PREFIX = "/decide/"


class Decide:
    """The door through which cases come.

    Parameters
    ----------
    workspace
        Where they are decided and recorded.
    limits
        What one request may bring.
    stream
        Answers ndjson requests.
    """

    def __init__(self, workspace: Workspace, limits: Limits, stream: Stream) -> None:
        self._workspace = workspace
        self._limits = limits
        self._stream = stream
        self._keys: Keys | None = None

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes], caller: Caller
    ) -> None:
        """Answer one request; what is wrong is raised as a Problem.

        Parameters
        ----------
        scope, receive, send
            As in ASGI.
        headers
            The request's headers, the last of each name.
        caller
            Who asks; stands in the record as its actor.
        """
        use_case = scope["path"][len(PREFIX) :]
        self._workspace.catalogue.get(use_case)
        media = body.media_type(headers)
        ask = ask_of(headers, caller.identity.id)
        key = headers.get(b"idempotency-key")
        if media == body.NDJSON:
            _single_only(key)
            await self._stream(use_case, ask, receive, send, caller)
            return
        raw = await body.read(receive, headers, self._limits.body_bytes)
        value = body.parse(raw, self._limits)
        extra = (JSON, (b"content-language", ask.language.encode()))
        if type(value) is dict:
            reply = await (self._once(use_case, value, ask, key, raw) if key else self._decide(use_case, value, ask))
            await answer(send, 200, encode(reply.body()), extra)
        elif type(value) is list:
            _single_only(key)
            status, payload = await self._array(use_case, value, ask)
            await answer(send, status, payload, extra)
        else:
            raise problems.shape(kind(value))

    def close(self) -> None:
        """Give back the file of keys."""
        if self._keys is not None:
            self._keys.close()

    async def _decide(self, use_case: str, row: dict[str, Any], ask: Ask) -> Reply:
        return await self._workspace.runtime.decide(use_case, row, ask)

    async def _once(self, use_case: str, row: dict[str, Any], ask: Ask, key: bytes, raw: bytes) -> Reply:
        if self._keys is None:
            self._keys = Keys(self._workspace.folder, self._workspace.clock)
        request = b"\n".join((use_case.encode(), msgspec.json.encode(ask), raw))
        earlier = self._keys.claim(key, request)
        if earlier:
            return await asyncio.to_thread(reply_again, self._workspace, earlier)
        try:
            reply = await self._decide(use_case, row, ask)
        except Problem as problem:
            if problem.code != UNKNOWN:
                self._keys.release(key)
            raise
        self._keys.finish(key, reply.decision.id)
        return reply

    async def _array(self, use_case: str, rows: list[Any], ask: Ask) -> tuple[int, bytes]:
        if len(rows) > self._limits.items:
            raise problems.too_large("The array", f"{self._limits.items} cases")
        results = await decide_rows(self._workspace, use_case, list(enumerate(rows)), ask, "item")
        wrong = [r for r in results if isinstance(r, Problem)]
        if wrong and all(r.status >= 500 for r in wrong) and len(wrong) == len(results):
            raise wrong[0]
        return 207 if wrong else 200, b"[" + b",".join(map(rendered, results)) + b"]"


def _single_only(key: bytes | None) -> None:
    if key is not None:
        raise problems.header(
            "Idempotency-Key",
            "belongs to a single case",
            "Send one object per request, or number them: Waglan-Source-Seq.",
        )
