"""The console: pages for reviewers, owners, risk officers and examiners, in three languages."""

from waglan.console.house import House
from waglan.console.site import create_site

__all__ = ["House", "create_site"]
