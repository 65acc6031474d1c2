"""The HTTP door: one ASGI application over a workspace."""

from waglan.api.app import create_app
from waglan.api.limits import Limits

__all__ = ["Limits", "create_app"]
