"""Waglan: use AI in a Hong Kong financial institution, and answer for it."""

from __future__ import annotations

import importlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from waglan.core import (
        Alternative,
        Case,
        Change,
        Finding,
        Kit,
        Model,
        ModelCard,
        Outcome,
        Plugin,
        Problem,
        Reason,
        Redacted,
        Verdict,
        control,
    )
    from waglan.runtime import Ask, Reply, Workspace, load_plugin
    from waglan.runtime.recorded import decide, recorded

_CORE = ("Alternative", "Case", "Change", "Finding", "Kit", "Model", "ModelCard", "Outcome", "Plugin", "Problem")
_SEAM = ("Reason", "Redacted", "Verdict", "control")
_HOME = MappingProxyType(
    {
        **dict.fromkeys((*_CORE, *_SEAM), "waglan.core"),
        **dict.fromkeys(("Ask", "Reply", "Workspace", "load_plugin"), "waglan.runtime"),
        **dict.fromkeys(("decide", "recorded"), "waglan.runtime.recorded"),
    }
)

__all__ = [
    "Alternative",
    "Ask",
    "Case",
    "Change",
    "Finding",
    "Kit",
    "Model",
    "ModelCard",
    "Outcome",
    "Plugin",
    "Problem",
    "Reason",
    "Redacted",
    "Reply",
    "Verdict",
    "Workspace",
    "control",
    "decide",
    "load_plugin",
    "recorded",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that importing waglan stays cheap."""
    if name not in _HOME:
        raise AttributeError(f"module 'waglan' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
