"""``data.minimisation``: a field that the manifest doesn't declare as a feature never reaches a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from waglan.controls.identifiers import Redactor
from waglan.core import Case, Context, Finding, Redacted, UseCase, Verdict, control

NAME = "data.minimisation"
_PASS = Finding(control=NAME, verdict=Verdict.PASS)
_ASIDE = ("protected", "identifier")
_LONGEST_NAME = 64


def _shown(name: str) -> str:
    """An undeclared name as a finding may hold it: it is somebody's text and can be an identifier itself."""
    return Redactor().text(name, "")[:_LONGEST_NAME]


def _reduced(case: Case, use_case: UseCase) -> Redacted:
    declared = use_case.inputs
    inputs: dict[str, Any] = {}
    aside = dict(case.aside)
    where: list[str] = []
    for name, value in case.inputs.items():
        spec = declared.get(name)
        if spec is not None and spec.role == "feature":
            inputs[name] = value
            continue
        where.append(f"inputs.{_shown(name) if spec is None else name}")
        if spec is not None and spec.role in _ASIDE:
            aside.setdefault(name, value)
    finding = Finding(control=NAME, verdict=Verdict.REDACT, code="removed", where=tuple(where), score=float(len(where)))
    return Redacted(finding, msgspec.structs.replace(case, inputs=inputs, aside=aside))


def _many(cases: Sequence[Case], context: Context) -> list[Finding | Redacted]:
    use_case = context.use_case
    features = {name for name, spec in use_case.inputs.items() if spec.role == "feature"}
    return [_PASS if case.inputs.keys() <= features else _reduced(case, use_case) for case in cases]


@control(
    name=NAME,
    stage="before",
    clauses=("PMF.6", "DPP.1", "FSTB.12a.1"),
    summary={
        "en": "Keeps fields from the model that the use case doesn't declare as features.",
        "zh-Hant": "未在用例中聲明為特徵的欄位，一律不會送達模型（資料最少化）。",
        "zh-Hans": "未在用例中声明为特征的字段，一律不会送达模型（数据最小化）。",
    },
    messages={
        "removed": {
            "en": "{count} fields were kept from the model: {where}.",
            "zh-Hant": "已阻止 {count} 個欄位送達模型：{where}。",
            "zh-Hans": "已阻止 {count} 个字段送达模型：{where}。",
        }
    },
    on_error=Verdict.BLOCK,
    budget_us=100,
    many=_many,
    inline=True,
)
def check(case: Case, context: Context) -> Finding | Redacted:
    """Drop what isn't a feature; protected attributes and identifiers go aside."""
    declared = context.use_case.inputs
    try:
        for name in case.inputs:
            if declared[name].role != "feature":
                return _reduced(case, context.use_case)
    except KeyError:
        return _reduced(case, context.use_case)
    return _PASS
