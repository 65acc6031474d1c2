"""Codes of the record in people's words; translated like any other text.

Every group is a kind of code, every code its English; the catalogues hold the Chinese. Codes that aren't here (a firm's
own effects and reasons) are shown as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "route": {"auto": "Automatic", "human": "To a person", "blocked": "Blocked"},
    "verdict": {
        "pass": "Passed", "note": "Noted", "redact": "Masked", "review": "Sent to a person",
        "block": "Blocked", "error": "Failed",
    },
    "judgement": {"agree": "Agreed", "change": "Changed", "reject": "Rejected"},
    "outcome": {"as_decided": "Released as decided", "as_changed": "Released as changed", "refused": "Refused"},
    "tier": {"low": "Low", "medium": "Medium", "high": "High", "critical": "Critical"},
    "oversight": {
        "out_of_the_loop": "Out of the loop", "in_command": "In command", "in_the_loop": "In the loop",
    },
    "phase": {"design": "Design", "pilot": "Pilot", "production": "Production", "retired": "Retired"},
    "cause": {"route": "Routed to a person", "sample": "Quality sample", "seeded": "Attention check",
              "request": "Customer's request"},
    "state": {
        "open": "Waiting", "leased": "Being looked at", "judged": "Waiting for release", "released": "Released",
        "returned": "Returned", "refused": "Refused", "done": "Done", "void": "Void",
        "in_use": "In use", "withdrawn": "Withdrawn", "active": "Active", "disabled": "Disabled",
        "revoked": "Revoked", "expired": "Expired", "invited": "Invited",
    },
    "effect": {
        "approve": "Approve", "decline": "Decline", "alert": "Alert", "refer": "Refer",
    },
    "adverse": {"true": "To the customer's disadvantage", "false": "Not to the customer's disadvantage"},
    "role": {
        "admin": "Administrator", "developer": "Developer", "provider": "Provider", "user": "User",
        "reviewer": "Reviewer", "approver": "Approver", "auditor": "Auditor", "examiner": "Examiner",
        "machine": "Machine",
    },
    "kind": {
        "decision": "Decision", "model": "Model registered", "use_case": "Use case registered",
        "opt_out": "Opt-out", "label": "Outcome known", "hold": "Legal hold", "erasure": "Erasure",
        "restriction": "Restriction", "retention": "Retention", "read": "Private data read", "review": "Review",
        "release": "Release", "override": "Override", "correction": "Correction", "request": "Customer's request",
        "answer": "Answer to a customer", "escalation": "Escalation", "void": "Review voided",
        "attention": "Attention check", "person": "Person", "api_key": "Key for machines", "key": "Signing key",
        "clock_step": "Clock step", "import": "Import", "review_policy": "Rules of reviews",
    },
    "request": {"explanation": "Explanation", "human_review": "Human review", "correction": "Correction"},
    "answer": {"explained": "Explained", "upheld": "Upheld", "changed": "Changed", "declined": "Declined"},
    "role_of_input": {"feature": "Reaches models", "protected": "Protected, kept aside",
                      "identifier": "Identifier, kept aside", "subject": "Names the person",
                      "unused": "Dropped", "undeclared": "Not declared, dropped"},
    "data_class": {"public": "Public", "internal": "Internal", "financial": "Financial", "personal": "Personal",
                   "sensitive": "Sensitive"},
    "mode": {"live": "Live", "drill": "Drill", "replay": "Replay", "imported": "Imported"},
    "channel": {"http": "HTTP", "cli": "Command line", "python": "Python", "import": "Import", "console": "Console",
                "branch": "Branch", "phone": "Telephone", "web": "Web", "staff": "Staff", "receipt": "Receipt",
                "letter": "Letter"},
    "escalation": {"overdue": "Overdue", "handed_up": "Handed up"},
    "why": {},
    "type": {"number": "Decimal number", "integer": "Whole number", "boolean": "Yes or no", "text": "Text",
             "category": "One of a list", "date": "Date", "list": "List", "object": "Object"},
    "statement": {"careful": "Careful", "unclear": "Can't say yet", "unknown": "Can't say yet", "careless": "Careless"},
})  # fmt: skip

NOTICES: Mapping[str, str] = MappingProxyType({
    "signed_out": "You are signed out.",
    "saved": "Saved.",
    "tried": "Decided and recorded. This is its record.",
    "file_deleted": "The files were deleted; their decisions stay on the log.",
    "model_validated": "The validation is on the log.",
    "model_withdrawn": "The version is withdrawn. Its answers go to a person from now on.",
    "review_none": "There is no case for you to take here now.",
    "review_back": "The case is back in the queue.",
    "review_up": "The case is handed up: somebody else decides it.",
    "review_undone": "Your verdict is taken back. The case is in your hands again.",
    "review_judged": "Your verdict is recorded.",
    "review_released": "The answer has left.",
    "review_refused": "Refused: no answer leaves.",
    "review_returned": "The case is back in the queue for another verdict.",
    "request_answered": "The answer is sent and on the log.",
    "language": "The language was changed.",
    "recorded": "Done, and recorded on the log.",
})  # fmt: skip
"""What a page says at its top after an action."""


def english(group: str, code: object) -> str:
    """The English of a code; the code itself where the group doesn't know it."""
    name = str(code).lower() if isinstance(code, bool) else str(code)
    return WORDS.get(group, {}).get(name, name)
