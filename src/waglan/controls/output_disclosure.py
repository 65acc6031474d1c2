"""``output.disclosure``: customers are told in their language that AI is used."""

from __future__ import annotations

from typing import Literal

import msgspec

from waglan.core import Case, Context, Finding, Outcome, Verdict, control

NAME = "output.disclosure"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens with the text ``missing``."""

    missing: Literal["review", "block"] = "review"


_DEFAULT = Settings()
_PASS = Finding(control=NAME, verdict=Verdict.PASS)
_MISSING = {
    (code, missing): Finding(control=NAME, verdict=Verdict(missing), code=code, where=("disclosure",))
    for code in ("none", "language")
    for missing in ("review", "block")
}


@control(
    name=NAME,
    stage="after",
    clauses=("FSTB.12c.3", "GEN24.T1", "BD19.T1", "SFC.5d", "PMF.9"),
    summary={
        "en": "Checks that customers are told in their language that AI is used.",
        "zh-Hant": "核實已以客戶所用語言披露使用人工智能。",
        "zh-Hans": "核实已以客户所用语言披露使用人工智能。",
    },
    messages={
        "none": {
            "en": "Customers meet this use case, but it has no disclosure.",
            "zh-Hant": "此用例面向客戶，但未有披露聲明。",
            "zh-Hans": "此用例面向客户，但未有披露声明。",
        },
        "language": {
            "en": "The disclosure is not worded in the customer's language.",
            "zh-Hant": "披露聲明未有客戶所用語言的版本。",
            "zh-Hans": "披露声明未有客户所用语言的版本。",
        },
    },
    on_error=Verdict.REVIEW,
    budget_us=50,
    settings=Settings,
    inline=True,
)
def check(case: Case, outcome: Outcome | None, context: Context) -> Finding:
    """Look up the disclosure's text in the case's language."""
    use_case = context.use_case
    if not use_case.customer_facing:
        return _PASS
    missing = (context.settings or _DEFAULT).missing
    if use_case.disclosure is None:
        return _MISSING["none", missing]
    if not use_case.disclosure.text.get(case.language, "").strip():
        return _MISSING["language", missing]
    return _PASS
