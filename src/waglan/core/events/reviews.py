"""What people did about a decision."""

from __future__ import annotations

from typing import ClassVar, Literal

from waglan.core.case import Language
from waglan.core.events.base import Event


class OutcomeLabel(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What turned out to be true of an earlier decision, named in the entry's ``refs``."""

    kind: ClassVar[str] = "label"

    label: str
    label_at: int


class Review(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A person judged a decision; ``refs`` is the decision, the entry's actor is the reviewer.

    What was shown, a changed value and the reviewer's words are private parts (``shown``, ``value``, ``note``): the
    leaf holds commitments to them, so the log's signature covers what the reviewer had before them.

    Attributes
    ----------
    authenticator
        What the reviewer signed in with: ``password:…``, ``passkey:…`` or ``oidc:…``.
    cause
        Why it was looked at: the route, a quality sample, a case seeded to measure attention, or a request.
    effect
        What the answer does after a change, in the manifest's words.
    reason
        A code.
    review_seconds
        From the time it was shown until the verdict.
    """

    kind: ClassVar[str] = "review"

    authenticator: str = ""
    cause: Literal["route", "sample", "seeded", "request"] = "route"
    effect: str = ""
    reason: str = ""
    review_seconds: int = 0
    verdict: Literal["agree", "change", "reject"]


class Release(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The answer may leave the house; ``refs`` is the decision, then the reviews it rests on.

    ``effect`` and the private part ``value`` are the final answer; ``signature`` among the private parts is the
    approver's own over what was shown, where a passkey made one.
    """

    kind: ClassVar[str] = "release"

    authenticator: str = ""
    effect: str = ""
    outcome: Literal["as_decided", "as_changed", "refused"]


class Override(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A person's answer stands in the place of the use case's; ``refs`` is the decision."""

    kind: ClassVar[str] = "override"

    authenticator: str = ""
    effect: str = ""
    reason: str


class Correction(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The record of a decision was wrong in some fields; the right values are the private part ``correct``."""

    kind: ClassVar[str] = "correction"

    fields: tuple[str, ...]
    reason: str


class Request(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A customer asks about a decision: for an explanation, for a person to look again, or complains."""

    kind: ClassVar[str] = "request"

    channel: str = ""
    language: Language = "en"
    what: Literal["explanation", "human_review", "correction", "complaint"]


class Answer(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A customer's request was answered; ``refs`` is the decision, then the request. The text is private."""

    kind: ClassVar[str] = "answer"

    language: Language = "en"
    outcome: Literal["explained", "upheld", "changed", "declined"]


class Escalation(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A review wasn't done in time, or its reviewer handed it up; ``refs`` is the decision."""

    kind: ClassVar[str] = "escalation"

    reason: Literal["overdue", "handed_up"]


class Void(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A review no longer counts; ``refs`` is the decision, then the review."""

    kind: ClassVar[str] = "void"

    reason: Literal["expired", "changed", "returned", "undone"]


class Attention(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A case seeded with a known wrong answer was judged; ``refs`` is the decision, then the review."""

    kind: ClassVar[str] = "attention"

    caught: bool
    reviewer: str
