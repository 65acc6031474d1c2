"""``people.opt_out``: whoever has refused automated decisions gets a person."""

from __future__ import annotations

from waglan.core import Case, Context, Finding, Verdict, control

NAME = "people.opt_out"
_PASS = Finding(control=NAME, verdict=Verdict.PASS)
_OPTED_OUT = Finding(control=NAME, verdict=Verdict.REVIEW, code="opted_out", where=("subject",))


@control(
    name=NAME,
    stage="before",
    clauses=("GEN24.F2", "FSTB.12c.4"),
    summary={
        "en": "Sends the case to a person when the customer has opted out of automated decisions.",
        "zh-Hant": "客戶已選擇不接受自動化決定時，個案交由職員處理。",
        "zh-Hans": "客户已选择不接受自动化决定时，个案交由职员处理。",
    },
    messages={
        "opted_out": {
            "en": "The customer has opted out of automated decisions; a person decides.",
            "zh-Hant": "客戶已選擇不接受自動化決定，須由職員決定。",
            "zh-Hans": "客户已选择不接受自动化决定，须由职员决定。",
        }
    },
    on_error=Verdict.REVIEW,
    budget_us=50,
    inline=True,
)
def check(case: Case, context: Context) -> Finding:
    """Ask the registers; a case about nobody passes."""
    if case.subject and context.registers.opted_out(case.subject, case.use_case):
        return _OPTED_OUT
    return _PASS
