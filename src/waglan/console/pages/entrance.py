"""The entrance: set-up, sign-in by password, passkey or the firm's own, sign-out, one's own page."""

from __future__ import annotations

from waglan.console.page import Page

PAGES: tuple[Page, ...] = ()
