"""What a door knows beside the row, and what it gets back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from waglan.core.case import LANGUAGES, Language
from waglan.core.decision import Decision, Route
from waglan.core.problem import Problem, nearest
from waglan.core.usecase import UseCase

LONGEST_REFERENCE = 256
REFERENCES = ("purpose", "consent_ref", "notice_id", "source", "actor", "channel")
HELD: dict[Language, str] = {
    "en": "A person will decide this. You will hear from us; nothing has been decided by a machine alone.",
    "zh-Hant": "本個案將由專人決定，我們會另行通知；並非單由電腦作出決定。",
    "zh-Hans": "本个案将由专人决定，我们会另行通知；并非仅由计算机作出决定。",
}
REFUSED: dict[Language, str] = {
    "en": "This can't be processed automatically. Please contact us.",
    "zh-Hant": "此項要求未能自動處理，請與我們聯絡。",
    "zh-Hans": "此项请求无法自动处理，请与我们联系。",
}


class Ask(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How a case reached us; the fields mean what they mean on `waglan.core.Case`.

    ``drop_unknown`` lets undeclared fields come in so that data minimisation drops them on the record;
    otherwise they are a Problem. ``drill`` marks an exercise, ``replay`` a repetition: neither counts as live.
    """

    channel: str = "python"
    language: Language = "en"
    purpose: str = ""
    consent_ref: str = ""
    notice_id: str = ""
    source: str = ""
    source_seq: int | None = None
    drop_unknown: bool = False
    drill: bool = False
    replay: bool = False
    actor: str = ""

    def check(self) -> None:
        """Raise a Problem for a language that isn't served or a reference that is a text."""
        if self.language not in LANGUAGES:
            raise Problem(
                f"The language {self.language!r} isn't served.",
                nearest(self.language, LANGUAGES),
                "Ask in one of them.",
                code="ask.language",
                where="language",
            )
        given = (self.purpose, self.consent_ref, self.notice_id, self.source, self.actor, self.channel)
        for name, value in zip(REFERENCES, given, strict=True):
            if type(value) is not str or len(value) > LONGEST_REFERENCE:
                raise Problem(
                    f"{name} is not a reference: {str(value)[:40]!r}.",
                    f"It takes text of at most {LONGEST_REFERENCE} characters.",
                    "Give a reference, not a text.",
                    code="ask.too_long",
                    where=name,
                )


class Question(NamedTuple):
    """A row and how it came; ``text`` where its values are text cells to be converted."""

    row: Mapping[str, Any]
    ask: Ask
    text: bool = False


class Reply(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A decision that is on the log.

    Attributes
    ----------
    decision
        The whole decision, for callers inside the firm.
    index
        Where its leaf stands in the log.
    manifest
        The manifest in force, for texts.
    """

    decision: Decision
    index: int
    manifest: UseCase

    def body(self) -> dict[str, Any]:
        """What a door sends. The outcome is there only when the route is ``auto``."""
        decision = self.decision
        language = decision.case.language
        body: dict[str, Any] = {
            "id": decision.id,
            "use_case": decision.case.use_case,
            "route": decision.route.value,
            "index": self.index,
            "decided_at": decision.decided_at,
        }
        outcome = decision.outcome
        if decision.route is Route.AUTO and outcome is not None:
            body["effect"] = outcome.effect
            body["outcome"] = outcome.value
            body["score"] = outcome.score
            body["confidence"] = outcome.confidence
            body["reasons"] = [
                {"code": r.code, "text": r.text.get(language) or r.text.get("en", "")} for r in outcome.reasons
            ]
            body["alternatives"] = msgspec.to_builtins(outcome.alternatives)
        else:
            body["message"] = self._message(language)
        disclosure = self.manifest.disclosure
        if disclosure is not None and decision.disclosure_lang is not None:
            body["disclosure"] = {
                "id": disclosure.id,
                "text": disclosure.text[decision.disclosure_lang],
                "contact": disclosure.contact,
            }
        return body

    def _message(self, language: Language) -> str:
        if self.decision.route is Route.BLOCKED:
            return REFUSED[language]
        if self.decision.outcome is None and language in self.manifest.fallback:
            return self.manifest.fallback[language]
        return HELD[language]
