"""``GET /use-cases``: what may be asked here, as far as everybody may know."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from waglan.api import schema
from waglan.api.respond import encode
from waglan.core import Problem
from waglan.runtime import Workspace

_PUBLIC = (
    "name", "version", "title", "summary", "purposes", "sector", "opportunity", "use_type", "audience",
    "regulated_activity", "customer_facing", "tier", "phase", "languages", "disclosure", "fallback",
)  # fmt: skip
"""Members of the manifest that are shown; owner, models and controls are the firm's own business."""


class Offered:
    """Shows a workspace's use cases.

    Parameters
    ----------
    workspace
        Whose catalogue.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._catalogue = workspace.catalogue
        self._runtime = workspace.runtime

    async def all(self, request: Request) -> Response:
        """``GET /use-cases``: every name; for one that can't be asked now, the Problem that says why."""
        found = []
        for name in self._catalogue:
            try:
                manifest = (await self._runtime.prepare(name)).manifest
            except Problem as problem:
                found.append({"name": name, "open": False, "problem": problem.as_dict()})
                continue
            found.append({"name": name, "open": True, "version": manifest.version, "title": manifest.title,
                          "tier": manifest.tier, "phase": manifest.phase})  # fmt: skip
        return Response(encode({"use_cases": found}), media_type="application/json")

    def one(self, request: Request) -> Response:
        """``GET /use-cases/{name}``: the manifest's public part and the JSON Schema of its inputs."""
        return Response(encode(self.shown(request.path_params["name"])), media_type="application/json")

    def shown(self, name: str) -> dict[str, Any]:
        """The public part of one use case; a Problem 404 for an unknown name."""
        loaded = self._catalogue.get(name)
        manifest = msgspec.to_builtins(loaded.manifest)
        public = {key: manifest[key] for key in _PUBLIC if key in manifest}
        return {
            **public,
            "policy_digest": loaded.digest,
            "inputs": schema.of_inputs(loaded.manifest.inputs),
            "examples": list(loaded.plugin.samples[:1]),
        }
