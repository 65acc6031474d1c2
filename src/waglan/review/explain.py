"""A decision told to the customer: what was decided, the main reasons, what would have changed it, whom to turn to.

References
----------
HKMA, *Consumer Protection in respect of Use of Big Data Analytics and AI* (2019), on explaining to customers; PCPD,
*Guidance on the Ethical Development and Use of AI* (2021), on reasons and human intervention.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from waglan.core.case import Language
from waglan.core.outcome import Alternative, Outcome
from waglan.core.usecase import UseCase

MOST_REASONS = 4
HONG_KONG = dt.timezone(dt.timedelta(hours=8))


class Words(msgspec.Struct, frozen=True):
    """The sentences of one language."""

    subject: str
    decided: str
    held: str
    reasons: str
    otherwise: str
    moved: str
    moves: str
    contact: str
    receipt: str
    outcomes: Mapping[str, str]
    effects: Mapping[str, str]


WORDS: Mapping[Language, Words] = MappingProxyType(
    {
        "en": Words(
            "About our decision of {date}, reference {id}.",
            "What was decided: {effect}.",
            "A person is deciding this. Nothing has been decided by a machine alone.",
            "The main reasons:",
            "What would have led to another answer:",
            "{input} {new} instead of {old}",
            ", and ",
            "To speak to a person: {contact}",
            "Your receipt, with the proof that this record has not been changed: {url}",
            {
                "explained": "You asked us to explain it.",
                "upheld": "A person has looked at it again. The decision stands.",
                "changed": "A person has looked at it again and changed it.",
                "declined": "We could not do what you asked for.",
            },
            {"approve": "approved", "decline": "declined", "hold": "held for checking", "release": "released",
             "alert": "marked for checking", "refer": "passed to a person",
             "refused": "it can't be granted in this way; please contact us"},
        ),
        "zh-Hant": Words(
            "有關本機構於{date}所作的決定，參考編號 {id}。",
            "決定結果：{effect}。",
            "本個案正由專人決定，並非單由電腦作出決定。",
            "主要原因：",
            "在下列情況下，結果會有所不同：",
            "{input}由{old}改為{new}",
            "，並且",
            "如欲與職員聯絡：{contact}",
            "閣下的收據，當中載有此紀錄未經改動的證明：{url}",
            {
                "explained": "閣下要求我們解釋此決定。",
                "upheld": "已由專人覆核，維持原有決定。",
                "changed": "已由專人覆核，並已更改決定。",
                "declined": "我們未能按閣下的要求處理。",
            },
            {"approve": "批准", "decline": "不獲批准", "hold": "暫緩以待查核", "release": "放行", "alert": "列作查核",
             "refer": "轉交職員處理", "refused": "未能以此方式辦理，請與我們聯絡"},
        ),
        "zh-Hans": Words(
            "有关本机构于{date}所作的决定，参考编号 {id}。",
            "决定结果：{effect}。",
            "本个案正由专人决定，并非仅由计算机作出决定。",
            "主要原因：",
            "在下列情况下，结果会有所不同：",
            "{input}由{old}改为{new}",
            "，并且",
            "如需与职员联系：{contact}",
            "您的收据，其中载有此记录未经改动的证明：{url}",
            {
                "explained": "您要求我们解释此决定。",
                "upheld": "已由专人复核，维持原有决定。",
                "changed": "已由专人复核，并已更改决定。",
                "declined": "我们未能按您的要求处理。",
            },
            {"approve": "批准", "decline": "不获批准", "hold": "暂缓以待查核", "release": "放行", "alert": "列作查核",
             "refer": "转交职员处理", "refused": "未能以此方式办理，请与我们联系"},
        ),
    }
)  # fmt: skip


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer may be told of a decision.

    Attributes
    ----------
    decision, decided_ms, language
        Which decision, when (milliseconds since 1970 UTC), and the customer's language.
    title
        What the use case is called.
    left
        Whether an answer has left the house. Before, nothing of it is told.
    effect, effect_text
        What the answer does: as a code, and in words.
    reasons, otherwise
        Sentences: the main reasons, and which changes would have led to another answer.
    disclosure, contact
        That AI is used, and whom to turn to.
    """

    decision: str
    decided_ms: int
    language: Language
    title: str
    left: bool
    effect: str = ""
    effect_text: str = ""
    reasons: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()
    disclosure: str = ""
    contact: str = ""


class Left(msgspec.Struct, frozen=True):
    """An answer that has left: the use case's with its reasons, or a person's own with its effect alone."""

    effect: str
    outcome: Outcome | None


def explain(
    decision_id: str, decided_ms: int, left: Left | None, manifest: UseCase | None, language: Language
) -> Explanation:
    """What a customer may be told; ``left`` is None while a person decides."""
    words = WORDS[language]
    outcome = left.outcome if left else None
    disclosure = manifest.disclosure if manifest else None
    return Explanation(
        decision=decision_id,
        decided_ms=decided_ms,
        language=language,
        title=_in(manifest.title, language) if manifest else "",
        left=left is not None,
        effect=left.effect if left else "",
        effect_text=words.effects.get(left.effect, left.effect) if left else "",
        reasons=tuple(_reasons(outcome, language)) if outcome else (),
        otherwise=tuple(_moves(each, manifest, language) for each in outcome.alternatives) if outcome else (),
        disclosure=_in(disclosure.text, language) if disclosure else "",
        contact=disclosure.contact if disclosure else "",
    )


def letter(found: Explanation, outcome: str, note: str = "", url: str = "") -> str:
    """An explanation as the text of an answer to a request."""
    words = WORDS[found.language]
    day = dt.datetime.fromtimestamp(found.decided_ms / 1_000, HONG_KONG)
    date = f"{day.year}年{day.month}月{day.day}日" if found.language != "en" else f"{day.day} {day:%B} {day.year}"
    parts = [words.subject.format(date=date, id=found.decision), words.outcomes[outcome]]
    parts.append(words.decided.format(effect=found.effect_text) if found.left else words.held)
    if found.reasons:
        parts.append("\n".join([words.reasons, *[f"– {each}" for each in found.reasons]]))
    if found.otherwise:
        parts.append("\n".join([words.otherwise, *[f"– {each}" for each in found.otherwise]]))
    parts += [note, found.disclosure]
    parts.append(words.contact.format(contact=found.contact) if found.contact else "")
    parts.append(words.receipt.format(url=url) if url else "")
    return "\n\n".join(part for part in parts if part)


def _reasons(outcome: Outcome, language: Language) -> list[str]:
    """The weightiest reasons that are worded; a code alone tells a customer nothing."""
    worded = [each for each in outcome.reasons if any(text.strip() for text in each.text.values())]
    worded.sort(key=lambda each: -each.weight)
    return [_in(each.text, language) for each in worded[:MOST_REASONS]]


def _moves(found: Alternative, manifest: UseCase | None, language: Language) -> str:
    words = WORDS[language]
    return words.moves.join(
        words.moved.format(input=_title(each.input, manifest, language), old=_plain(each.old), new=_plain(each.new))
        for each in found.changes
    )


def _title(name: str, manifest: UseCase | None, language: Language) -> str:
    spec = manifest.inputs.get(name) if manifest else None
    return _in(spec.title, language) if spec and spec.title else name


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.10g}" if value % 1 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _in(texts: Mapping[Language, str], language: Language) -> str:
    """The text in a language, else in the next one there is."""
    for each in (language, *WORDS):
        if texts.get(each, "").strip():
            return texts[each]
    return ""
