"""What stands around every page: who is signed in, where one can go, what is waiting."""

from __future__ import annotations

from itertools import groupby
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from waglan.access import Action
from waglan.access.person import VENDOR
from waglan.console.marked import _
from waglan.console.page import Page
from waglan.console.visit import Visit


class Entry(NamedTuple):
    """A line of the navigation; ``group`` and ``label`` are msgids of the frame's catalogue."""

    group: str
    key: str
    address: str
    label: str
    action: Action
    kind: str


WORK, PROOF, HOUSE = _("Work"), _("Proof"), _("House")
NAVIGATION: tuple[Entry, ...] = (
    Entry(WORK, "overview", "/overview", _("Overview"), Action.DECISION_READ, "decision"),
    Entry(WORK, "use-cases", "/use-cases", _("Use cases"), Action.USE_CASE_READ, "use_case"),
    Entry(WORK, "decisions", "/decisions", _("Decisions"), Action.DECISION_READ, "decision"),
    Entry(WORK, "reviews", "/reviews", _("Reviews"), Action.REVIEW_READ, "review"),
    Entry(WORK, "try", "/try", _("Try it"), Action.USE_CASE_TRY, "use_case"),
    Entry(PROOF, "evidence", "/evidence", _("Evidence"), Action.EVIDENCE_READ, "evidence"),
    Entry(PROOF, "clauses", "/clauses", _("Clauses"), Action.EVIDENCE_READ, "evidence"),
    Entry(PROOF, "rules", "/rules", _("Rules"), Action.RULE_READ, "rule"),
    Entry(PROOF, "incidents", "/incidents", _("Incidents and drills"), Action.INCIDENT_READ, "incident"),
    Entry(HOUSE, "controls", "/controls", _("Controls"), Action.CONTROL_READ, "control"),
    Entry(HOUSE, "models", "/models", _("Models"), Action.MODEL_READ, "model"),
    Entry(HOUSE, "vendors", "/vendors", _("Vendors"), Action.REGISTER_READ, "register"),
    Entry(HOUSE, "registers", "/registers", _("Registers"), Action.REGISTER_READ, "register"),
    Entry(HOUSE, "ledger", "/ledger", _("Ledger"), Action.LEDGER_READ, "ledger"),
    Entry(HOUSE, "settings", "/settings", _("Settings"), Action.SETTINGS_READ, "settings"),
)


_SECRET = ("password", "new", "again", "response")


def frame(visit: Visit, page: Page | None, behind: int) -> dict[str, Any]:
    """What the frame around a page shows; ``behind`` entries of the log aren't in its figures yet."""
    identity = visit.identity
    firm = next((scope for scope in identity.scopes if scope.startswith(VENDOR)), "") if identity else ""
    entries = [e for e in NAVIGATION if identity is not None and visit.may(e.action, e.kind, author=firm)]
    return {
        "navigation": [(group, list(lines)) for group, lines in groupby(entries, lambda entry: entry.group)],
        "nav": page.nav if page else "",
        "me": identity,
        "synthetic": visit.house.synthetic,
        "tenant": visit.house.tenant,
        "now_ms": visit.house.workspace.clock.now_ms(),
        "behind": behind,
        "available": visit.house.workspace.ledger.available,
        "notice": visit.query.get("notice", ""),
        "query": dict(visit.query),
        "fault": None,
        "typed": {name: text for name, text in visit.form.fields.items() if name not in _SECRET},
        "here": visit.here,
        "may": visit.may,
        "actions": Action,
        "twin": bool(page and page.template and page.method == "GET"),
        "twin_address": _twin(visit, page),
    }


def _twin(visit: Visit, page: Page | None) -> str:
    """The address of the same page as JSON, with the same query."""
    if page is None:
        return ""
    address = page.address
    for name, value in visit.path.items():
        address = address.replace(f"{{{name}}}", quote(value, safe="")).replace(f"{{{name}:path}}", quote(value))
    query = urlencode({k: v for k, v in visit.query.items() if k != "notice"})
    return f"/console{address}.json" + (f"?{query}" if query else "")
