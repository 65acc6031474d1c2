"""``model.validated``: only a registered, validated version of a model may answer."""

from __future__ import annotations

from typing import Literal

import msgspec

from waglan.core import Case, Context, Finding, ModelUse, Outcome, Verdict, control
from waglan.core.events import ModelRegistration

NAME = "model.validated"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an answer of a model that is not validated leads to: ``unvalidated``."""

    unvalidated: Literal["review", "block"] = "review"


_DEFAULT = Settings()
_PASS = Finding(control=NAME, verdict=Verdict.PASS)


def _fault(use: ModelUse, registered: ModelRegistration | None, now_ms: int) -> str:
    """Why this model may not answer, as a finding's code; empty when it may."""
    if registered is None:
        return "unregistered"
    if registered.digest != use.digest:
        return "changed"
    if registered.state != "in_use":
        return "withdrawn"
    if registered.validated_at is None or registered.validated_at > now_ms:
        return "not_validated"
    if registered.validation_expires_at is not None and registered.validation_expires_at <= now_ms:
        return "expired"
    return ""


@control(
    name=NAME,
    stage="after",
    clauses=("AI19.5", "BD19.G3", "GEN24.G2", "SFC.2a", "PMF.7"),
    summary={
        "en": "Checks that each model that answered is registered, in use and validated, exactly as it is.",
        "zh-Hant": "核實每個作答的模型版本均已登記、使用中及已通過驗證，且未經更改。",
        "zh-Hans": "核实每个作答的模型版本均已登记、使用中及已通过验证，且未经更改。",
    },
    messages={
        "unregistered": {
            "en": "Model {0}, version {1}, is not registered.",
            "zh-Hant": "模型 {0}（版本 {1}）未有登記。",
            "zh-Hans": "模型 {0}（版本 {1}）未有登记。",
        },
        "changed": {
            "en": "Model {0}, version {1}, is not the one that was registered: its digest differs.",
            "zh-Hant": "模型 {0}（版本 {1}）與登記的不同：摘要值不符。",
            "zh-Hans": "模型 {0}（版本 {1}）与登记的不同：摘要值不符。",
        },
        "withdrawn": {
            "en": "Model {0}, version {1}, has been withdrawn.",
            "zh-Hant": "模型 {0}（版本 {1}）已停用。",
            "zh-Hans": "模型 {0}（版本 {1}）已停用。",
        },
        "not_validated": {
            "en": "Model {0}, version {1}, has not been validated.",
            "zh-Hant": "模型 {0}（版本 {1}）尚未通過驗證。",
            "zh-Hans": "模型 {0}（版本 {1}）尚未通过验证。",
        },
        "expired": {
            "en": "The validation of model {0}, version {1}, has expired.",
            "zh-Hant": "模型 {0}（版本 {1}）的驗證已過期。",
            "zh-Hans": "模型 {0}（版本 {1}）的验证已过期。",
        },
    },
    on_error=Verdict.REVIEW,
    budget_us=100,
    settings=Settings,
    inline=True,
)
def check(case: Case, outcome: Outcome | None, context: Context) -> Finding:
    """Compare each model that answered with its newest registration; the first fault names the finding."""
    for use in context.models:
        if not use.answered:
            continue
        code = _fault(use, context.registers.model(use.id, use.version), context.now_ms)
        if code:
            verdict = Verdict((context.settings or _DEFAULT).unvalidated)
            return Finding(control=NAME, verdict=verdict, code=code, params=(use.id, use.version), where=("models",))
    return _PASS
