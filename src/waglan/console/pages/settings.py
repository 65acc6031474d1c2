"""Settings: people, keys, language, retention, erasure and legal hold."""

from __future__ import annotations

from waglan.console.page import Page

PAGES: tuple[Page, ...] = ()
