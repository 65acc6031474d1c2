"""Reasons for a verdict: codes that stand on the log for ever, and what they are called.

They are few, so that they can be counted and a key chooses one; what else there is to say is a note, sealed with the
case. A use case of ours has some of its own in front.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from waglan.console.marked import _

OTHER = "other"


class Reason(NamedTuple):
    """A code, what it is called, and the key that chooses it."""

    code: str
    label: str
    key: str


_COMMON: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "agree": {
        "evidence_supports": _("The evidence supports the answer"),
        "policy_asks": _("Policy asks for this answer"),
        "checked": _("I checked it against other sources"),
    },
    "change": {
        "input_wrong": _("An input is wrong or out of date"),
        "not_considered": _("Something the model can't see matters more"),
        "policy_other": _("Policy asks for another answer"),
        "unfair": _("The answer would be unfair to this customer"),
    },
    "reject": {
        "input_missing": _("Too much is missing to decide"),
        "reasons_weak": _("The reasons don't carry the answer"),
        "not_for_ai": _("This case must be decided without AI"),
        "suspicious": _("Something here needs an investigation"),
    },
})  # fmt: skip
_OF_USE_CASE: Mapping[str, Mapping[str, Mapping[str, str]]] = MappingProxyType({
    "credit": {
        "change": {
            "income_proven": _("Income is proven otherwise"),
            "lapse_explained": _("The late payments are explained"),
            "not_affordable": _("The repayment isn't affordable"),
        },
    },
})  # fmt: skip
_OTHER = _("Another reason (say it in the note)")


def reasons(use_case: str) -> dict[str, list[Reason]]:
    """The reasons of each verdict, in the order of their keys; the last is always another one."""
    own = _OF_USE_CASE.get(use_case, {})
    found = {}
    for verdict, common in _COMMON.items():
        texts = {**own.get(verdict, {}), **common, OTHER: _OTHER}
        found[verdict] = [Reason(code, label, str(at)) for at, (code, label) in enumerate(texts.items(), 1)]
    return found


def label(use_case: str, code: str) -> str:
    """What a code is called; a code of another release stands for itself."""
    for each in reasons(use_case).values():
        for reason in each:
            if reason.code == code:
                return reason.label
    return code
