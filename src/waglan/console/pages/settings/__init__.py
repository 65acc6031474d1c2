"""Settings: people, keys, retention, erasure and legal hold, and what this workspace was told."""

from waglan.console.page import Page
from waglan.console.pages.settings import about, keys, people, subjects

PAGES: tuple[Page, ...] = (*about.PAGES, *people.PAGES, *keys.PAGES, *subjects.PAGES)
