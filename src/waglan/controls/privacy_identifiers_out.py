"""``privacy.identifiers_out``: identifiers of Hong Kong people never leave in an answer."""

from __future__ import annotations

import msgspec

from waglan.controls.identifiers import TITLES, Redactor, find
from waglan.controls.privacy_identifiers import Settings, redaction
from waglan.core import Context, Finding, Outcome, Reason, Redacted, Verdict, control
from waglan.core.case import Case

NAME = "privacy.identifiers_out"
_PASS = Finding(control=NAME, verdict=Verdict.PASS)
_DEFAULT = Settings()


def _reason(reason: Reason, where: str, redactor: Redactor) -> Reason:
    text = {language: redactor.text(said, f"{where}.text.{language}") for language, said in reason.text.items()}
    return msgspec.structs.replace(reason, text=text)


@control(
    name=NAME,
    stage="after",
    clauses=("FSTB.12a.1", "BD19.D1", "SFC.3b", "DPP.4"),
    summary={
        "en": "Replaces identifiers of people in the answer and in its reasons by typed tokens.",
        "zh-Hant": "把答案及理由內的個人識別資料換成分類代號。",
        "zh-Hans": "把答案及理由内的个人识别资料换成分类代号。",
    },
    messages={
        "identifiers": {
            "en": "{count} personal identifiers were masked in the answer: {all}.",
            "zh-Hant": "已遮蔽答案內 {count} 項個人識別資料：{all}。",
            "zh-Hans": "已遮蔽答案内 {count} 项个人识别资料：{all}。",
        },
        **TITLES,
    },
    on_error=Verdict.BLOCK,
    budget_us=2_000,
    settings=Settings,
    inline=True,
)
def check(case: Case, outcome: Outcome | None, context: Context) -> Finding | Redacted:
    """Scan the value and the texts of the reasons."""
    if outcome is None:
        return _PASS
    redactor = Redactor((context.settings or _DEFAULT).keep)
    value = outcome.value
    if isinstance(value, (str, list, tuple, dict)):
        redactor.reserve(value)
        redactor.reserve([reason.text for reason in outcome.reasons])
        value = redactor.value(value, "outcome.value")
    reasons = outcome.reasons
    for at, reason in enumerate(outcome.reasons):
        if any(find(said) for said in reason.text.values()):
            new = _reason(reason, f"outcome.reasons[{at}]", redactor)
            reasons = (*reasons[:at], new, *reasons[at + 1 :])
    if not redactor.count:
        return _PASS
    return Redacted(redaction(NAME, redactor), msgspec.structs.replace(outcome, value=value, reasons=reasons))
