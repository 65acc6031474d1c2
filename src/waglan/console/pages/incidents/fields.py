"""The forms of incidents: opening one, and saying what was done about it."""

from __future__ import annotations

from typing import get_args

from waglan.console.marked import _
from waglan.console.pages.registers.field import Field
from waglan.core.events.incidents import Cause

SEVERITIES = ("low", "medium", "high", "critical")

OPENING: tuple[Field, ...] = (
    Field("cause", _("What kind of incident"), "choice", "", True, "incident", get_args(Cause)),
    Field("severity", _("Severity"), "choice", "", True, "severity", SEVERITIES),
    Field(
        "detail", _("Detail"), "code", _("A code, such as a control's name; suspicion for a suspicious transaction.")
    ),
    Field("note", _("What happened"), "long", _("Encrypted beside the log, for those who may read incidents.")),
    Field(
        "detected_at",
        _("Noticed at"),
        "moment",
        _("Hong Kong time; reporting clocks start here or when it began."),
        True,
    ),
    Field("occurred_at", _("Began at, as far as is known"), "moment"),
    Field("use_case", _("Use case"), "choice", source="use_cases"),
    Field("model", _("Model"), "choice", source="models"),
    Field("vendor", _("Vendor"), "choice", source="vendors"),
    Field("affected", _("How many people it touched"), "whole"),
    Field("personal_data", _("Personal data got out or were lost"), "truth"),
    Field("core_function", _("A core function of critical infrastructure was hit (Cap. 653)"), "flag"),
    Field("clauses", _("Clauses it concerns"), "list", _("Their ids, one a line, such as GENAI24.1.")),
    Field("refs", _("Decisions it was seen in"), "list", _("Their ids, one a line.")),
    Field("drill", _("This is a drill"), "flag"),
)
"""What is asked when an incident is opened."""

STEP: tuple[Field, ...] = (
    Field("done_at", _("Done at"), "moment", _("Hong Kong time."), True),
    Field("reference", _("Reference"), "code", _("A ticket, letter or file number, without spaces.")),
    Field("note", _("Note"), "long", _("Encrypted beside the log, for those who may read incidents.")),
    Field("severity", _("Severity, as it turned out"), "choice", "", False, "severity", SEVERITIES),
    Field("affected", _("How many people it touched"), "whole"),
    Field("personal_data", _("Personal data got out or were lost"), "truth"),
    Field("core_function", _("A core function of critical infrastructure was hit (Cap. 653)"), "truth"),
)
"""What is asked when something was done."""
