"""The papers that the sample bank has approved: strategy, policies, plans, notices, reports.

Their texts ship beside this module. Some papers that a bank should have are missing on purpose, and one has expired:
evidence must show it.
"""

from __future__ import annotations

from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from waglan.core.events import Document
from waglan.core.events.registers import DocumentType
from waglan.harbour.period import DAY_MS

TEXTS = "documents"
RENEWED_DAYS = 20


class Paper(NamedTuple):
    """A paper.

    Attributes
    ----------
    id, type, title
        As in the register.
    approver
        Key of the employee who approved it.
    before_days, valid_days
        How long before the month it was approved, and how long it counts from then; 0 without end.
    clauses
        Obligations that it is for.
    """

    id: str
    type: DocumentType
    title: str
    approver: str
    before_days: int
    valid_days: int
    clauses: tuple[str, ...]


PAPERS: tuple[Paper, ...] = (
    Paper("ai-strategy", "strategy", "AI strategy 2026–2028", "sharma", 150, 365, ("FSTB.12.1", "PMF.1")),
    Paper("ai-policy", "policy", "Policy on AI", "sharma", 150, 365, ("GEN24.G2", "SFC.1a", "PMF.1", "DPO.3")),
    Paper("board-minute", "board_minute", "Minute of the board: AI", "sharma", 60, 365, ("AI19.1", "SFC.1a", "PMF.1")),
    Paper("privacy-assessment", "assessment", "Privacy impact", "poon", 120, 365, ("PMF.4", "FSTB.11", "FSTB.12a.3")),
    Paper("incident-plan", "plan", "Response plan for AI incidents", "sharma", 120, 365, ("PMF.8",)),
    Paper("continuity-plan", "plan", "Continuity plan: credit assessment", "sharma", 120, 365, ("OR2.1", "AI19.12")),
    Paper("exit-plan-scoring", "plan", "Exit plan: SYN Scoring", "sharma", 90, 365, ("SA2.1", "SFC.4a")),
    Paper("contract-scoring", "contract", "Contract: SYN Scoring", "sharma", 90, 730, ("SA2.1", "PMF.2")),
    Paper("public-statement", "public_statement", "How we use AI", "poon", 120, 365, ("DPP.5", "PMF.9")),
    Paper("notice-pn7", "notice", "Privacy notice PN-7", "poon", 200, 0, ("DPP.1",)),
    Paper("staff-ai-rules", "policy", "Rules for staff on generative AI", "poon", 400, 365, ("PEMP.5",)),
    Paper("validation-credit", "report", "Validation report: credit", "sharma", 3, 180, ("AI19.5", "BD19.G3")),
    Paper("robustness-report", "report", "Security and robustness tests", "yip", 3, 180, ("AI19.11", "SFC.3a")),
)  # fmt: skip


def text(paper: Paper) -> bytes:
    """What it says, as the bytes whose digest stands in the register."""
    return resources.files("waglan.harbour").joinpath(TEXTS, f"{paper.id}.md").read_bytes()


def lay_out(folder: Path) -> None:
    """Put the papers into a folder, so that digests can be compared with them."""
    place = folder / "papers"
    place.mkdir(parents=True, exist_ok=True)
    for paper in PAPERS:
        (place / f"{paper.id}.md").write_bytes(text(paper))


def registered(paper: Paper, approver: str, first_ms: int, *, gaps: bool) -> Document:
    """The paper as the register holds it.

    Parameters
    ----------
    approver
        A person's id.
    first_ms
        When the month begins, milliseconds since 1970 UTC.
    gaps
        Whether a paper may have lapsed; if not, it was approved again in time.
    """
    lapsed = 0 < paper.valid_days < paper.before_days
    approved_ms = first_ms - (RENEWED_DAYS if lapsed and not gaps else paper.before_days) * DAY_MS
    return Document(
        approved_at=approved_ms,
        approver=approver,
        clauses=paper.clauses,
        digest=sha256(text(paper)).hexdigest(),
        expires_at=approved_ms + paper.valid_days * DAY_MS if paper.valid_days else None,
        id=paper.id,
        title=paper.title,
        type=paper.type,
    )
