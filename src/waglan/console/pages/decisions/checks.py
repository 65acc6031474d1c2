"""What each control saw: its verdict in words, where, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from waglan.console.pages.decisions.record import Opened, Record
from waglan.controls.text import render
from waglan.core.case import LANGUAGES, Language
from waglan.core.control import controls
from waglan.core.finding import Finding, Verdict
from waglan.runtime.gates import PREFIX

Texts = Mapping[Language, str]


def _in_three(en: str, hant: str, hans: str) -> Texts:
    return MappingProxyType({"en": en, "zh-Hant": hant, "zh-Hans": hans})


_RUNTIME: Mapping[str, Texts] = MappingProxyType(
    {
        "door.inputs": _in_three(
            "Leaves out fields that weren't asked for.", "剔除並未要求提供的欄位。", "剔除并未要求提供的字段。"
        ),
        "record.inputs": _in_three(
            "Makes sure that the case can be recorded.", "確保個案可予記錄。", "确保个案可予记录。"
        ),
        "model.failover": _in_three(
            "Notes each model that failed before another one was asked.",
            "記錄每個未能回應、因而改問其他模型的情況。",
            "记录每个未能回应、因而改问其他模型的情况。",
        ),
    }
)
_CODES: Mapping[str, Texts] = MappingProxyType(
    {
        "dropped": _in_three("Left out: {where}.", "已剔除：{where}。", "已剔除：{where}。"),
        "timeout": _in_three("{1} didn't answer in time.", "{1} 未能及時回應。", "{1} 未能及时回应。"),
        "stuck": _in_three("{1} hung and was given up.", "{1} 停滯，已放棄等候。", "{1} 停滞，已放弃等候。"),
        "raised": _in_three("It failed ({0}).", "執行時出錯（{0}）。", "执行时出错（{0}）。"),
        "breaker-open": _in_three(
            "{1} was resting after failures and wasn't asked.",
            "{1} 因多次失敗暫停使用，未被詢問。",
            "{1} 因多次失败暂停使用，未被询问。",
        ),
        "suspended": _in_three(
            "{1} is suspended and wasn't used.", "{1} 已被停用，未有採用。", "{1} 已被停用，未有采用。"
        ),
        "not-json": _in_three(
            "The case can't be written down ({0}).", "個案無法記錄（{0}）。", "个案无法记录（{0}）。"
        ),
    }
)
_RULE: Mapping[str, Texts] = MappingProxyType(
    {
        "": _in_three("A rule that is in force.", "一項生效中的規則。", "一项生效中的规则。"),
        "fails": _in_three("The decision breaks it.", "決定違反此規則。", "决定违反此规则。"),
        "unknown": _in_three(
            "It isn't known whether the decision keeps it.", "未知決定是否符合此規則。", "未知决定是否符合此规则。"
        ),
        "raised": _in_three(
            "The rule can't be asked, so a person decides ({0}).",
            "規則無法執行，故由專人決定（{0}）。",
            "规则无法执行，故由专人决定（{0}）。",
        ),
    }
)
_FAILED = _in_three("{1} failed ({2}).", "{1} 執行時出錯（{2}）。", "{1} 执行时出错（{2}）。")
_ELSE = _in_three("What it gave can't be used ({0}).", "其結果無法使用（{0}）。", "其结果无法使用（{0}）。")


class Check(NamedTuple):
    """A control's finding as it is shown.

    Attributes
    ----------
    control, stage
        Its name, and whether it acts ``before`` or ``after`` the models; empty for what the runtime notes itself.
    summary, message
        What it is for, and what it found, per language; ``message`` is empty when there is nothing to say.
    verdict, acts_as
        As recorded; ``acts_as`` is what a failure counts as.
    where
        Places in the case or answer.
    cost_us
        Microseconds; None where the private part isn't open.
    enforced
        False when it only recorded.
    """

    control: str
    stage: str
    verdict: str
    summary: Mapping[Language, str] = {}
    message: Mapping[Language, str] = {}
    where: tuple[str, ...] = ()
    cost_us: int | None = None
    acts_as: str = ""
    enforced: bool = True


def checks(record: Record, opened: Opened) -> tuple[Check, ...]:
    """Every control that ran, in order; without the private part its name and verdict alone."""
    if opened.out is None:
        return tuple([_bare(name, str(verdict)) for name, verdict in record.facts.controls])
    costs: Sequence[int] = opened.out.control_us
    return tuple([_check(f, costs[at] if at < len(costs) else None) for at, f in enumerate(opened.out.findings)])


def message(finding: Finding) -> Texts:
    """What a finding says, per language; nothing where it has nothing to say."""
    spec = controls.get(finding.control) if finding.control in controls else None
    if spec is not None and finding.code in spec.messages:
        return {language: render(finding, language) for language in LANGUAGES}
    if finding.control.startswith(PREFIX) and finding.code in _RULE:
        return _filled(_RULE[finding.code], finding)
    if finding.control == "model.failover" and finding.code == "raised":
        return _filled(_FAILED, finding)
    if finding.code in _CODES:
        return _filled(_CODES[finding.code], finding)
    if finding.verdict is Verdict.ERROR:
        return _filled(_ELSE, finding)
    return {"en": finding.code} if finding.code else {}


def _filled(texts: Texts, finding: Finding) -> Texts:
    """Our own texts with a finding's params; as they stand when they don't fit."""
    params = (*finding.params, "", "", "")
    where = ", ".join(place.removeprefix("inputs.") for place in finding.where)
    return {language: text.format(*params, where=where) for language, text in texts.items()}


def _bare(name: str, verdict: str) -> Check:
    return Check(control=name, stage=_stage(name), verdict=verdict, summary=_summary(name))


def _check(finding: Finding, cost_us: int | None) -> Check:
    return _bare(finding.control, finding.verdict.value)._replace(
        message=message(finding),
        where=() if finding.code == "dropped" else finding.where,
        cost_us=cost_us,
        acts_as=finding.acts_as.value if finding.acts_as else "",
        enforced=finding.enforced,
    )


def _stage(name: str) -> str:
    if name in controls:
        return controls.get(name).stage
    return "before" if name in ("door.inputs", "record.inputs") else ""


def _summary(name: str) -> Texts:
    if name in controls:
        return {language: text for language in LANGUAGES if (text := controls.get(name).summary.get(language))}
    return dict(_RULE[""] if name.startswith(PREFIX) else _RUNTIME.get(name, {}))
