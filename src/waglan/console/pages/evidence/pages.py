"""The addresses of evidence."""

from __future__ import annotations

from waglan.access import Action
from waglan.console.page import Page
from waglan.console.pages.evidence import about, board, packs

_K = "evidence"
_FORM = Page("/evidence/pack", packs.form, "evidence/pack.html", Action.EVIDENCE_EXPORT, _K, nav="evidence")
PAGES: tuple[Page, ...] = (
    Page("/evidence", board.show, "evidence/board.html", Action.EVIDENCE_READ, _K, nav="evidence"),
    _FORM,
    Page("/evidence/pack", packs.make, "", Action.EVIDENCE_EXPORT, _K, "POST", again=_FORM),
    Page("/evidence/pack/{id}", packs.progress, "evidence/making.html", Action.EVIDENCE_EXPORT, _K, nav="evidence"),
    Page("/evidence/pack/{id}/evidence.zip", packs.download, "", Action.EVIDENCE_EXPORT, _K),
    Page("/about-ai", about.use_cases, "evidence/about_list.html"),
    Page("/about-ai/{use_case}", about.use_case, "evidence/about.html"),
)
