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
        "revoked": "Revoked", "expired": "Expired", "invited": "Invited", "proposed": "Proposed",
        "developed": "Developed", "validated": "Validated", "approved": "Approved", "contained": "Contained",
        "fixed": "Fixed", "closed": "Closed",
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
        "entity": "Institution", "vendor": "Vendor", "data_source": "Data source", "document": "Document",
        "competence": "Training", "test_run": "Test run", "count": "Count made elsewhere", "incident": "Incident",
        "incident_step": "Step in an incident", "suspension": "Stopped, or answering again", "drill": "Drill",
        "catalogue": "Catalogue in force", "rule": "Rule in force", "rule_proposal": "Rule proposed",
        "attestation": "Attestation", "inapplicable": "Clause doesn't apply", "wording": "Wording seen",
        "tier_proposal": "Lower tier proposed", "tier_ruling": "Tier ruled", "observed_tier": "Tier observed",
    },
    "request": {
        "explanation": "Explanation", "human_review": "Human review", "correction": "Correction",
        "complaint": "Complaint",
    },
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
    "severity": {"low": "Low", "medium": "Medium", "high": "High", "critical": "Critical"},
    "incident": {
        "observed_tier": "Riskier than declared", "ledger": "Trouble with the log",
        "control_failed": "A control failed",
        "unvalidated_model": "Unvalidated model answered", "disclosure_missing": "Disclosure missing",
        "alarm": "A monitor's alarm", "gate": "A rule failed", "breach": "Breach of a rule or law",
        "outage": "Outage", "data_breach": "Data breach", "cyber": "Cyber attack", "complaint": "Complaint",
        "vendor": "Trouble at a vendor", "other": "Something else",
    },
    "incident_state": {"open": "Open", "contained": "Contained", "fixed": "Fixed", "closed": "Closed"},
    "thing": {
        "use_case": "Use case", "model": "Model", "vendor": "Vendor", "vendor_or_model": "Vendor or model",
        "supplier": "Vendor", "document": "Document", "data_source": "Data source", "person": "Person",
        "entity": "Institution", "clause": "Clause",
    },
    "target": {"use_case": "Use case", "model": "Model", "vendor": "Vendor"},
    "stop": {
        "incident": "An incident", "harm": "Harm to people", "drift": "It drifted", "validation": "Not validated",
        "vendor": "Trouble at the vendor", "regulator": "A regulator asks", "maintenance": "Maintenance",
        "drill": "A drill", "fixed": "The cause is fixed", "tested": "Tested again", "false_alarm": "False alarm",
        "over": "It is over", "other": "Another reason",
    },
    "drill": {
        "failover": "Failover", "kill_switch": "Kill switch", "restore": "Restore", "scenario": "Scenario",
        "incident_response": "Incident response",
    },
    "document": {
        "strategy": "Strategy", "policy": "Policy", "board_minute": "Board minute", "plan": "Plan",
        "contract": "Contract", "notice": "Notice", "assessment": "Assessment", "procedure": "Procedure",
        "report": "Report", "notification": "Notification to an authority", "public_statement": "Public statement",
        "other": "Something else",
    },
    "licence": {
        "bank": "Bank", "licensed_corporation": "Licensed corporation (SFC)", "insurer": "Insurer",
        "insurance_intermediary": "Insurance intermediary", "mpf": "MPF trustee or intermediary",
        "svf": "Stored value facility", "audit_firm": "Audit firm",
    },
    "test": {
        "drift": "Drift", "fairness": "Fairness", "performance": "Performance", "stability": "Stability",
        "red_team": "Red team", "paraphrase": "Paraphrases", "data_quality": "Data quality",
        "end_to_end": "End to end", "validation": "Validation", "retention": "Retention", "security": "Security",
    },
    "origin": {"own": "Made here", "group": "By the group", "vendor": "By a vendor", "open": "Open model"},
    "ruling": {
        "new_risk": "A new risk", "incident": "An incident", "regulator": "A regulator asks", "scale": "It grew",
        "evidence": "What decisions show", "mitigated": "The risk is mitigated", "review": "After a review",
        "other": "Another reason",
    },
    "dpo": {"unacceptable": "Unacceptable", "high": "High risk", "limited": "Limited risk", "low": "Low risk"},
    "standing": {
        "breached": "Breached", "no_evidence": "No evidence", "unknown": "Unknown", "expired": "Expired",
        "thin": "Too few", "stale": "Too old", "attested": "Attested", "met": "Met", "not_applicable": "Doesn't apply",
        "given": "In force", "withdrawn": "Withdrawn",
    },
    "standing_why": {
        "failed": "At least one failed, and none may.", "below": "Fewer passed than must.",
        "no_rows": "Nothing that it asks about was recorded.", "unknown_share": "More than 1 % can't be told.",
        "few": "Fewer were tested than it takes.", "old": "The newest is older than it may be.",
        "ended": "What was said of it has ended.", "excused": "Declared not to apply, with a reason and until a day.",
        "unlicensed": "It doesn't bind an institution with these licences.", "superseded": "It isn't in force.",
        "unused": "No use case here is of the kind that the paper speaks of; other AI is counted by the same measure.",
    },
    "letter": {
        "V": "Verified: somebody read the source", "S": "Secondary: others tell of it",
        "U": "Unverified: a single text, or none",
    },
    "wording_seen": {"primary": "The source itself", "secondary": "Another text", "unverified": "Nothing"},
    "gate": {"block": "Blocks", "human": "To a person", "warn": "Warns", "none": "None"},
    "test_kind": {
        "decision": "Decisions", "register": "Register", "document": "Document", "drill": "Drill",
        "attestation": "Attestation",
    },
    "clause_class": {"A": "From decisions", "R": "From registers and people", "D": "From documents"},
    "rows_of": {
        "decisions": "decisions", "use_cases": "use cases", "models": "models", "vendors": "vendors",
        "data_sources": "data sources", "documents": "documents", "competences": "trainings", "people": "people",
        "incidents": "incidents", "drills": "drills", "attestations": "attestations", "requests": "customers' requests",
        "test_runs": "test runs", "rules": "rules", "counts": "counts made elsewhere",
        "subject_events": "wishes about personal data", "reads": "looks at private data", "suspensions": "suspensions",
    },
    "rule_gate": {
        "block": "is blocked", "human": "goes to a person", "warn": "is noted", "none": "is only counted",
    },
    "rule_state": {"in_force": "In force", "withdrawn": "Withdrawn"},
    "proposal_state": {
        "open": "Waiting for a second person", "released": "Released", "dropped": "Dropped", "outdated": "Outdated",
    },
    "rule_part": {
        "state": "State", "title": "Title", "scope": "About which decisions", "holds": "Must be true",
        "gate": "A decision that breaks it", "clauses": "Obligations", "incident": "Opens an incident",
        "tables": "Decision tables",
    },
    "rule_group": {
        "use_case": "By use case", "route": "By where they went", "effect": "By answer", "adverse": "By disadvantage",
        "language": "By language", "channel": "By channel", "tier": "By tier",
    },
    "rule_type": {
        "text": "text", "boolean": "true or false", "integer": "whole number", "number": "number", "money": "money",
        "time": "moment", "date": "day", "duration": "duration", "texts": "list of texts",
        "verdicts": "verdict by control",
    },
    "owner_role": {
        "board": "Board", "senior_management": "Senior management", "chief_data_officer": "Chief data officer",
        "chief_risk_officer": "Chief risk officer", "compliance": "Head of compliance",
        "data_protection_officer": "Data protection officer", "general_counsel": "General counsel",
        "head_of_advice": "Head of advice", "head_of_audit": "Head of audit practice",
        "head_of_business": "Head of the business line", "head_of_conduct": "Head of conduct",
        "head_of_data": "Head of data", "head_of_financial_crime": "Head of financial crime",
        "head_of_human_resources": "Head of human resources",
        "head_of_information_security": "Head of information security", "head_of_innovation": "Head of innovation",
        "head_of_internal_audit": "Head of internal audit",
        "head_of_model_development": "Head of model development",
        "head_of_model_validation": "Head of model validation", "head_of_operations": "Head of operations",
        "head_of_procurement": "Head of procurement", "use_case_owner": "Owner of the use case",
    },
    "source_kind": {
        "law": "Law", "code": "Code", "circular": "Circular", "guidance": "Guidance", "statement": "Statement",
        "alert": "Alert", "plan": "Plan",
    },
    "force": {
        "law": "Law", "expectation": "Supervisor's expectation", "guidance": "Guidance", "policy": "Policy statement",
    },
    "framework": {
        "mas_airg": "MAS AIRG (proposed)", "eu_ai_act": "EU AI Act", "nist_ai_rmf": "NIST AI RMF",
        "iso_42001": "ISO/IEC 42001",
    },
    "excuse": {
        "no_such_use": "We have no use of that kind", "not_offered": "We don't offer that service",
        "elsewhere": "Another institution answers for it", "advice": "On legal advice", "other": "Another reason",
        "applies": "It applies again",
    },
    "catalogue_change": {
        "added": "New clause", "retired": "Clause gone", "wording": "Wording checked", "text": "Text",
        "source": "Source", "addressee": "Whom it binds", "duty": "Whether it counts", "test_added": "New test",
        "test_retired": "Test gone", "test": "Test changed",
    },
    "pack_step": {
        "counting": "Counting what was recorded", "gathering": "Reading the registers",
        "drawing": "Drawing the sample", "writing": "Writing report and tables", "signing": "Signing",
    },
    "purpose": {"credit_assessment": "Credit assessment"},
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
    "register_kept": "It is on the register. What stood there before stays on the log.",
    "incident_open": "The incident is open, and its reporting clocks run.",
    "incident_step": "The step is on the log.",
    "suspended": "It is stopped: within a second it answers no more, anywhere.",
    "resumed": "It answers again.",
    "tier_ruled": "It is on the log, and counts from the next decision on.",
    "rule_proposed": "It is proposed. Another person releases it.",
    "rule_released": "The rule is in force from the next decision on.",
    "rule_ended": "The rule is out of force.",
    "rule_dropped": "The proposal is dropped.",
    "wording_seen": "What you saw is on the log.",
    "attested": "You stand for it. Your name's id and the day it ends are on the log.",
    "attestation_withdrawn": "Nobody stands for it any more.",
    "inapplicable": "It is declared not to apply, until the day you gave.",
    "applicable": "It applies again.",
})  # fmt: skip
"""What a page says at its top after an action."""


def english(group: str, code: object) -> str:
    """The English of a code; the code itself where the group doesn't know it."""
    name = str(code).lower() if isinstance(code, bool) else str(code)
    return WORDS.get(group, {}).get(name, name)
