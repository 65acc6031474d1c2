"""What went wrong, what was stopped, and what was practised. Times are milliseconds since 1970 UTC."""

from __future__ import annotations

from typing import ClassVar, Literal

from waglan.core.events.base import Event

Cause = Literal[
    "observed_tier", "ledger", "control_failed", "unvalidated_model", "disclosure_missing", "alarm", "gate", "breach",
    "outage", "data_breach", "cyber", "complaint", "vendor", "other",
]  # fmt: skip
Target = Literal["use_case", "model", "vendor"]


class Incident(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An incident is opened; its id is the entry's, ``refs`` the decisions it was seen in. Its description is private.

    Attributes
    ----------
    affected
        How many people it touched, as far as is known.
    cause, detail
        What kind it is; ``detail`` is a code or an id, such as the control or the clause's test.
    clauses
        Obligations that it concerns.
    core_function
        Whether a core function of a designated critical infrastructure was hit (Cap. 653).
    decisions, query_sha256
        How many decisions the query named at the time, and the digest of their ids, one per line, sorted.
    detected_at, occurred_at
        When it was noticed, and when it began as far as is known.
    drill
        An exercise.
    personal_data
        Whether personal data got out or was lost.
    """

    kind: ClassVar[str] = "incident"

    affected: int | None = None
    cause: Cause = "other"
    clauses: tuple[str, ...] = ()
    core_function: bool = False
    decisions: int = 0
    detail: str = ""
    detected_at: int
    drill: bool = False
    model: str = ""
    occurred_at: int | None = None
    personal_data: bool | None = None
    query_sha256: str = ""
    severity: Literal["low", "medium", "high", "critical"] = "medium"
    use_case: str = ""
    vendor: str = ""


class IncidentStep(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Something was done about an incident, which is the first of ``refs``; a note is private.

    ``done_at`` may lie before the entry; ``clock`` names the reporting clock that a notification stops.
    ``affected``, ``cause``, ``core_function``, ``personal_data`` and ``severity`` are what turned out since it was
    opened; what is left out stays as it was.
    """

    kind: ClassVar[str] = "incident_step"

    affected: int | None = None
    cause: Cause | Literal[""] = ""
    clock: str = ""
    core_function: bool | None = None
    done_at: int
    personal_data: bool | None = None
    reference: str = ""
    severity: Literal["", "low", "medium", "high", "critical"] = ""
    step: Literal["assessed", "contained", "notified", "root_cause", "fixed", "closed", "reopened"]


class Suspension(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The kill switch: a use case, a model or a vendor's models answer no more (``active``), or again.

    A suspended use case still records each case and sends it to a person.
    """

    kind: ClassVar[str] = "suspension"

    active: bool = True
    id: str
    reason: str
    target: Target


class Drill(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An exercise ran; its decisions are marked ``drill`` and carry its ``id`` as their ``source``.

    Attributes
    ----------
    asked, fallback, queued, uncontrolled
        How many cases were put, were answered by the model next in line, went to a person, and left unguarded.
    passed
        Every case answered by the fallback or queued for a person, none uncontrolled, recovered within the target.
    recovery_ms, target_ms
        From the end of the fault until the first answer as before, and how long that may take.
    seed
        The seed of its faults.
    """

    kind: ClassVar[str] = "drill"

    asked: int = 0
    began_at: int
    ended_at: int
    fallback: int = 0
    id: str
    passed: bool
    queued: int = 0
    recovery_ms: int | None = None
    seed: int = 0
    target: str = ""
    target_ms: int = 0
    uncontrolled: int = 0
    use_case: str = ""
    what: Literal["failover", "kill_switch", "restore", "incident_response", "scenario"]
