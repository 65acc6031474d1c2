"""The runtime: asks, routes, records."""

from waglan.runtime.ask import Ask, Reply
from waglan.runtime.catalogue import Catalogue, Loaded, load_plugin
from waglan.runtime.engine import Runtime
from waglan.runtime.judge import Judge
from waglan.runtime.kit import NoAnswer
from waglan.runtime.route import Routed, route
from waglan.runtime.settings import Settings, read_settings
from waglan.runtime.shelf import read_model
from waglan.runtime.workspace import Workspace

__all__ = [
    "Ask",
    "Catalogue",
    "Judge",
    "Loaded",
    "NoAnswer",
    "Reply",
    "Routed",
    "Runtime",
    "Settings",
    "Workspace",
    "load_plugin",
    "read_model",
    "read_settings",
    "route",
]
