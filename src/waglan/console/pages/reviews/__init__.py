"""Reviews: the queue, one case with its evidence, release, requests, attention."""

from waglan.console.pages.reviews.addresses import PAGES

__all__ = ["PAGES"]
