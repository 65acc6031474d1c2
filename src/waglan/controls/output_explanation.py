"""``output.explanation``: no answer leaves without a reason, and customers can read it."""

from __future__ import annotations

from waglan.core import Case, Context, Finding, Outcome, Verdict, control

NAME = "output.explanation"
_PASS = Finding(control=NAME, verdict=Verdict.PASS)
_REVIEW = {
    code: Finding(control=NAME, verdict=Verdict.REVIEW, code=code, where=("outcome.reasons",))
    for code in ("no_outcome", "no_reason", "adverse_no_reason", "no_text")
}


@control(
    name=NAME,
    stage="after",
    clauses=("AI19.3", "BD19.G2", "PMF.9"),
    summary={
        "en": "Checks that the answer has a coded reason, in the customer's language where customers meet it.",
        "zh-Hant": "核實答案附有理由代碼；如屬面向客戶的用例，並須以客戶所用語言說明。",
        "zh-Hans": "核实答案附有理由代码；如属面向客户的用例，并须以客户所用语言说明。",
    },
    messages={
        "no_outcome": {
            "en": "There is no usable answer to explain.",
            "zh-Hant": "沒有可供解釋的有效答案。",
            "zh-Hans": "没有可供解释的有效答案。",
        },
        "no_reason": {
            "en": "The answer gives no reason.",
            "zh-Hant": "答案未有提供理由。",
            "zh-Hans": "答案未有提供理由。",
        },
        "adverse_no_reason": {
            "en": "The answer is to the customer's disadvantage and gives no reason.",
            "zh-Hant": "答案對客戶不利而未有提供理由。",
            "zh-Hans": "答案对客户不利而未有提供理由。",
        },
        "no_text": {
            "en": "No reason is worded in the customer's language.",
            "zh-Hant": "未有以客戶所用語言說明理由。",
            "zh-Hans": "未有以客户所用语言说明理由。",
        },
    },
    on_error=Verdict.REVIEW,
    budget_us=50,
    inline=True,
)
def check(case: Case, outcome: Outcome | None, context: Context) -> Finding:
    """Look for a reason with a code, and for its wording where customers are concerned."""
    if outcome is None:
        return _REVIEW["no_outcome"]
    facing, language, coded = context.use_case.customer_facing, case.language, False
    for reason in outcome.reasons:
        if reason.code:
            coded = True
            if not facing or reason.text.get(language, "").strip():
                return _PASS
    if coded:
        return _REVIEW["no_text"]
    adverse = outcome.adverse or outcome.effect in context.use_case.adverse_effects
    return _REVIEW["adverse_no_reason" if adverse else "no_reason"]
