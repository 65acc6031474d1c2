"""``purpose.consent``: data is used for a declared purpose, with the consent and the notice that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from waglan.core import Case, Context, Finding, Verdict, control

NAME = "purpose.consent"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must be on file: a consent, a privacy notice; and what happens ``missing`` them."""

    consent: bool = False
    notice: bool = False
    missing: Literal["review", "block"] = "review"


_DEFAULT = Settings()
_PASS = Finding(control=NAME, verdict=Verdict.PASS)
_OTHER_PURPOSE = Finding(control=NAME, verdict=Verdict.BLOCK, code="other_purpose", where=("purpose",))
_MISSING = {
    (code, missing): Finding(control=NAME, verdict=Verdict(missing), code=code, where=where)
    for code, where in (
        ("no_consent", ("consent_ref",)),
        ("no_notice", ("notice_id",)),
        ("no_consent_no_notice", ("consent_ref", "notice_id")),
    )
    for missing in ("review", "block")
}


def _judge(case: Case, purposes: tuple[str, ...], settings: Settings) -> Finding:
    if case.purpose not in purposes:
        return _OTHER_PURPOSE
    consent = settings.consent and not case.consent_ref
    notice = settings.notice and not case.notice_id
    if not (consent or notice):
        return _PASS
    code = "no_consent_no_notice" if consent and notice else "no_consent" if consent else "no_notice"
    return _MISSING[code, settings.missing]


def _many(cases: Sequence[Case], context: Context) -> list[Finding]:
    settings, purposes = context.settings or _DEFAULT, context.use_case.purposes
    return [_judge(case, purposes, settings) for case in cases]


@control(
    name=NAME,
    stage="before",
    clauses=("DPP.3", "DPP.1", "FSTB.12a.3", "BD19.D1"),
    summary={
        "en": "Checks that personal data is used for a declared purpose, with consent and notice where required.",
        "zh-Hant": "核實個人資料只用於已聲明的目的，並在有需要時已取得同意及給予收集個人資料聲明。",
        "zh-Hans": "核实个人资料只用于已声明的目的，并在有需要时已取得同意及给予收集个人资料声明。",
    },
    messages={
        "other_purpose": {
            "en": "The purpose is not one of those that the use case declares.",
            "zh-Hant": "使用目的不在此用例已聲明的目的之內。",
            "zh-Hans": "使用目的不在此用例已声明的目的之内。",
        },
        "no_consent": {
            "en": "No consent is on record.",
            "zh-Hant": "未有資料當事人同意的紀錄。",
            "zh-Hans": "未有资料当事人同意的记录。",
        },
        "no_notice": {
            "en": "No privacy notice is on record.",
            "zh-Hant": "未有給予收集個人資料聲明的紀錄。",
            "zh-Hans": "未有给予收集个人资料声明的记录。",
        },
        "no_consent_no_notice": {
            "en": "Neither a consent nor a privacy notice is on record.",
            "zh-Hant": "未有資料當事人同意的紀錄，亦未有給予收集個人資料聲明的紀錄。",
            "zh-Hans": "未有资料当事人同意的记录，亦未有给予收集个人资料声明的记录。",
        },
    },
    on_error=Verdict.BLOCK,
    budget_us=50,
    settings=Settings,
    many=_many,
    inline=True,
)
def check(case: Case, context: Context) -> Finding:
    """Compare the case's purpose and references with what the manifest and the settings ask."""
    return _judge(case, context.use_case.purposes, context.settings or _DEFAULT)
