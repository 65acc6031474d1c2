"""The OpenAPI 3.1 document, made from the route table and from every manifest's inputs.

References
----------
spec.openapis.org/oas/v3.1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

from waglan.access import COOKIE
from waglan.api import problems, routes, schema
from waglan.api.ask import HEADERS
from waglan.api.limits import DEFAULTS
from waglan.core import LANGUAGES, Problem
from waglan.core.usecase import UseCase
from waglan.runtime.catalogue import Catalogue, Loaded

Json = dict[str, Any]

_SECURITY: MappingProxyType[str, Json] = MappingProxyType(
    {
        "key": {"type": "http", "scheme": "bearer", "description": "A key that 'waglan key create' made: wgl_…"},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Of somebody who has signed in."},
    }
)
_TEXT: Json = {"type": "string"}
_WHOLE: Json = {"type": "integer", "minimum": 0}
_FREE: Json = {"type": "object"}


def _object(
    required: str, optional: MappingProxyType[str, Json] | Json = MappingProxyType({}), **members: Json
) -> Json:
    return {"type": "object", "properties": {**members, **optional}, "required": required.split()}


_REPLY = _object(
    "id use_case route index decided_at",
    id={"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{26}$"},
    use_case=_TEXT,
    route={"enum": ["auto", "human", "blocked"]},
    index=_WHOLE,
    decided_at={"type": "integer", "description": "Milliseconds since 1970 UTC."},
    effect=_TEXT,
    outcome={"description": "The use case's answer; only when route is auto."},
    score={"type": ["number", "null"]},
    confidence={"type": ["number", "null"]},
    reasons={"type": "array", "items": _object("code text", code=_TEXT, text=_TEXT)},
    alternatives={"type": "array", "items": _FREE},
    message={"type": "string", "description": "What to tell the customer when the route isn't auto."},
    disclosure=_object("id text contact", id=_TEXT, text=_TEXT, contact=_TEXT),
)
_PROBLEM = _object(
    "type title status detail next",
    type={"type": "string", "description": "urn:waglan:problem: and the code."},
    title=_TEXT,
    status=_WHOLE,
    detail=_TEXT,
    next={"type": "string", "description": "What to do about it."},
    where=_TEXT,
    errors={"type": "array", "items": _FREE},
)
_ENTRY = _object("index leaf", index=_WHOLE, leaf=_FREE)
_SCHEMAS: MappingProxyType[str, Json] = MappingProxyType(
    {
        "Reply": _REPLY,
        "Problem": _PROBLEM,
        "Entry": _object("id index size leaf proof", id=_TEXT, index=_WHOLE, size=_WHOLE, leaf=_FREE, proof=_TEXT),
        "Page": _object(
            "entries next size", entries={"type": "array", "items": _ENTRY}, next={"type": "integer"}, size=_WHOLE
        ),
        "Receipt": _object(
            "checkpoint index leaf path",
            checkpoint={"type": "string", "description": "The signed note."},
            index=_WHOLE,
            leaf={"type": "string", "description": "Its UTF-8 bytes are what the tree hashes."},
            path={"type": "array", "items": {"type": "string", "contentEncoding": "base64"}},
            v={"const": 1},
        ),
        "UseCases": _object("use_cases", use_cases={"type": "array", "items": _FREE}),
        "UseCase": _FREE,
        "Health": _object("status", status={"const": "live"}),
        "Ready": _object("status size", status={"const": "ready"}, size=_WHOLE),
        "Document": _FREE,
    }
)


def document(catalogue: Catalogue) -> Json:
    """The whole document; a use case that can't be asked now is left out."""
    loaded = list(_loaded(catalogue))
    paths: Json = {}
    for use_case in loaded:
        name = use_case.manifest.name
        paths[f"/decide/{name}"] = {"post": _decide(use_case)}
    for door in routes.DOORS:
        if door is not routes.DECIDE:
            paths[re.sub(r":path\}", "}", door.path)] = {door.method.lower(): _operation(door)}
    inputs = {_inputs(u.manifest): schema.of_inputs(u.manifest.inputs) for u in loaded}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Waglan",
            "version": version("waglan"),
            "summary": "Ask a use case, get a decision that is on the log, prove it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": {**_SCHEMAS, **inputs}, "securitySchemes": {**_SECURITY}},
    }


def _loaded(catalogue: Catalogue) -> Iterator[Loaded]:
    for name in catalogue:
        try:
            yield catalogue.get(name)
        except Problem:
            continue  # /use-cases shows it with this Problem


def _inputs(manifest: UseCase) -> str:
    return f"Inputs.{manifest.name}"


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _decide(use_case: Loaded) -> Json:
    manifest = use_case.manifest
    one, reply, problem = _ref(_inputs(manifest)), _ref("Reply"), _ref("Problem")
    json_body: Json = {"schema": {"oneOf": [one, {"type": "array", "items": one, "maxItems": DEFAULTS.items}]}}
    if use_case.plugin.samples:
        json_body["examples"] = {
            f"sample_{at}": {"value": sample} for at, sample in enumerate(use_case.plugin.samples, 1)
        }
    mixed: Json = {"type": "array", "items": {"anyOf": [reply, problem]}}
    lines: Json = {"application/x-ndjson": {"schema": {"anyOf": [reply, problem]}}}
    return {
        "operationId": f"decide_{re.sub('[^a-z0-9]', '_', manifest.name)}",
        "summary": manifest.title.get("en") or next(iter(manifest.title.values())),
        "description": manifest.summary.get("en", ""),
        "security": _security(routes.DECIDE),
        "parameters": _decide_headers(),
        "requestBody": {
            "required": True,
            "content": {"application/json": json_body, "application/x-ndjson": {"schema": one}},
        },
        "responses": {
            "200": {
                "description": "Decided and recorded.",
                "content": {
                    "application/json": {"schema": {"oneOf": [reply, {"type": "array", "items": reply}]}},
                    **lines,
                },
            },
            "207": {
                "description": "An array of which some cases are Problems.",
                "content": {"application/json": {"schema": mixed}},
            },
            **_refusals(routes.DECIDE),
        },
    }


def _decide_headers() -> list[Json]:
    found: list[Json] = [
        {"name": "Accept-Language", "in": "header", "schema": _TEXT,
         "description": f"The customer's language: {', '.join(LANGUAGES)}."},
        {"name": "Idempotency-Key", "in": "header",
         "schema": {"type": "string", "minLength": 16, "maxLength": 128},
         "description": "A random UUID; the same request again within a day gets the same decision."},
    ]  # fmt: skip
    for name, field in HEADERS.items():
        kind = _WHOLE if field == "source_seq" else {"type": "string", "minLength": 1, "maxLength": 200}
        found.append({"name": name, "in": "header", "schema": kind, "description": f"Fills {field} of the record."})
    return found


def _operation(door: routes.Door) -> Json:
    content: Json = {door.media: {"schema": _ref(door.answer) if door.answer else _TEXT}}
    if door is routes.FEED:
        content["text/event-stream"] = {"schema": _TEXT}
    names = re.findall(r"\{(\w+)", door.path)
    parameters: list[Json] = [{"name": n, "in": "path", "required": True, "schema": _TEXT} for n in names]
    if door is routes.FEED:
        for name, about, default in routes.QUERY_FEED:
            kind = {"type": "integer", "default": default}
            parameters.append({"name": name, "in": "query", "description": about, "schema": kind})
    return {
        "operationId": door.operation,
        "summary": door.summary,
        "security": _security(door),
        "parameters": parameters,
        "responses": {"200": {"description": door.summary, "content": content}, **_refusals(door)},
    }


def _security(door: routes.Door) -> list[Json]:
    """A key with the door's action among its scopes, or a session; nothing for an open door."""
    return [] if door.action is None else [{"key": [door.action.value]}, {"session": []}]


def _refusals(door: routes.Door) -> Json:
    content = {"application/problem+json": {"schema": _ref("Problem")}}
    found: Json = {}
    closed = () if door.action is None else (401, 403, 429, 503)
    for status in sorted({400, 421, 500, *closed, *door.refusals}):
        own = [f"{c.code}: {c.when}" for c in problems.CODES if c.status == status]
        found[str(status)] = {"description": "; ".join(own) or "See detail and next.", "content": content}
    return found
