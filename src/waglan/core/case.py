"""One question to a use case."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Language = Literal["en", "zh-Hant", "zh-Hans"]
LANGUAGES: tuple[Language, ...] = ("en", "zh-Hant", "zh-Hans")


class Case(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What is asked, of whom, for which purpose.

    Attributes
    ----------
    use_case
        The name of the use case asked.
    inputs
        What the use case and its models may see: declared name to JSON value.
    subject
        The person or firm concerned, as a random pseudonym; the vault keeps the mapping. Empty when none is.
    aside
        Declared inputs that are recorded under the subject's key but never reach a model
        (protected attributes, identifiers).
    purpose
        Why the data is used; must be one of the manifest's purposes.
    channel
        The door: ``http``, ``cli``, ``python``, ``import``.
    language
        The customer's language.
    consent_ref, notice_id
        The consent and the privacy notice that cover this use, by the firm's own reference.
    source, source_seq
        The system that asked and its own running number, for reconciliation.
    received_at
        Milliseconds since 1970 UTC.
    """

    use_case: str
    inputs: dict[str, Any]
    subject: str = ""
    aside: dict[str, Any] = {}
    purpose: str = ""
    channel: str = "python"
    language: Language = "en"
    consent_ref: str = ""
    notice_id: str = ""
    source: str = ""
    source_seq: int | None = None
    received_at: int = 0
