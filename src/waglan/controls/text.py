"""A finding in words: the one place that renders it, for every control through its own messages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from waglan.core import Finding, Language, Verdict, controls

_LISTED: Mapping[Language, str] = MappingProxyType({"en": ", ", "zh-Hant": "、", "zh-Hans": "、"})
_PLAIN: Mapping[Verdict, Mapping[Language, str]] = MappingProxyType(
    {
        Verdict.PASS: {"en": "Nothing to object to.", "zh-Hant": "沒有異議。", "zh-Hans": "没有异议。"},
        Verdict.NOTE: {"en": "Noted.", "zh-Hant": "已記錄。", "zh-Hans": "已记录。"},
        Verdict.REDACT: {"en": "Parts were removed.", "zh-Hant": "部分內容已移除。", "zh-Hans": "部分内容已移除。"},
        Verdict.REVIEW: {"en": "A person decides.", "zh-Hant": "須由職員決定。", "zh-Hans": "须由职员决定。"},
        Verdict.BLOCK: {"en": "Blocked.", "zh-Hant": "已攔截。", "zh-Hans": "已拦截。"},
        Verdict.ERROR: {"en": "The control failed.", "zh-Hant": "管控措施未能執行。", "zh-Hans": "管控措施未能执行。"},
    }
)


def render(finding: Finding, language: Language) -> str:
    """The sentence of a finding.

    ``{0}``, ``{1}`` take its params, ``{all}`` lists them, ``{where}`` lists the fields and ``{count}`` is its score.
    A param that is the code of another message of the control is said in that message's words. A finding whose
    control or code has no message is told by its verdict.
    """
    messages = controls.get(finding.control).messages if finding.control in controls else {}
    message = messages.get(finding.code)
    if message is None:
        return _PLAIN[finding.verdict][language]
    params = [messages[p][language] if p in messages else p for p in finding.params]
    return message[language].format(
        *params,
        all=_LISTED[language].join(params),
        where=_LISTED[language].join(finding.where),
        count="" if finding.score is None else f"{finding.score:g}",
    )
