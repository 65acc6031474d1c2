"""``privacy.identifiers``: identifiers of Hong Kong people in free text never reach a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from waglan.controls.identifiers import TITLES, Kind, Redactor, find
from waglan.core import Case, Context, Finding, Redacted, UseCase, Verdict, control

NAME = "privacy.identifiers"
_FREE = frozenset(("text", "list", "object"))
_TEXTUAL = frozenset((str, list, dict))
_PASS = Finding(control=NAME, verdict=Verdict.PASS)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``keep``: kinds that stay, because the use case needs them (an address to value a flat)."""

    keep: tuple[Kind, ...] = ()


_DEFAULT = Settings()


def redaction(name: str, redactor: Redactor) -> Finding:
    """The finding about what a redactor replaced: how many, where and of which kinds; never a value."""
    return Finding(
        control=name,
        verdict=Verdict.REDACT,
        code="identifiers",
        params=tuple(sorted(redactor.kinds)),
        where=tuple(dict.fromkeys(redactor.where)),
        score=float(redactor.count),
    )


def _suspect(name: str, value: Any) -> bool:
    """Whether a value may have something to replace: free JSON, or text in which something is found."""
    kind = value.__class__
    return kind is list or kind is dict or (kind is str and bool(find(value, name)))


def _scanned(case: Case, use_case: UseCase) -> list[str]:
    """The inputs to redact among text and free JSON, declared so or not declared at all."""
    declared = use_case.inputs
    return [
        name
        for name, value in case.inputs.items()
        if value.__class__ in _TEXTUAL
        and ((spec := declared.get(name)) is None or spec.type in _FREE)
        and _suspect(name, value)
    ]


def _redacted(case: Case, names: Iterable[str], settings: Settings) -> Finding | Redacted:
    redactor = Redactor(settings.keep)
    changed: dict[str, Any] = {}
    for name in names:
        redactor.reserve(case.inputs[name])
    for name in names:
        old = case.inputs[name]
        new = redactor.value(old, f"inputs.{name}", name)
        if new is not old:
            changed[name] = new
    if not changed:
        return _PASS
    return Redacted(redaction(NAME, redactor), msgspec.structs.replace(case, inputs=case.inputs | changed))


def _many(cases: Sequence[Case], context: Context) -> list[Finding | Redacted]:
    settings = context.settings or _DEFAULT
    fixed = {name for name, spec in context.use_case.inputs.items() if spec.type not in _FREE}
    results: list[Finding | Redacted] = []
    for case in cases:
        names = [n for n, v in case.inputs.items() if v.__class__ in _TEXTUAL and n not in fixed and _suspect(n, v)]
        results.append(_redacted(case, names, settings) if names else _PASS)
    return results


@control(
    name=NAME,
    stage="before",
    clauses=("FSTB.12a.1", "AI19.10", "BD19.D1", "SFC.3b", "PEMP.2", "DPP.4"),
    summary={
        "en": "Replaces identifiers of people in free text by typed tokens before a model sees it.",
        "zh-Hant": "在模型接觸資料前，把自由文字內的個人識別資料換成分類代號。",
        "zh-Hans": "在模型接触资料前，把自由文本内的个人识别资料换成分类代号。",
    },
    messages={
        "identifiers": {
            "en": "{count} personal identifiers were masked: {all}.",
            "zh-Hant": "已遮蔽 {count} 項個人識別資料：{all}。",
            "zh-Hans": "已遮蔽 {count} 项个人识别资料：{all}。",
        },
        **TITLES,
    },
    on_error=Verdict.BLOCK,
    budget_us=2_000,
    settings=Settings,
    many=_many,
    inline=True,
)
def check(case: Case, context: Context) -> Finding | Redacted:
    """Scan the free text of a case; the rest of it comes back untouched."""
    names = _scanned(case, context.use_case)
    return _redacted(case, names, context.settings or _DEFAULT) if names else _PASS
