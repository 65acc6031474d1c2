"""The console: pages for reviewers, owners, risk officers and examiners, in three languages."""

from waglan.console.site import create_site
from waglan.console.visit import House

__all__ = ["House", "create_site"]
