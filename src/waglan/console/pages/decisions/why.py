"""Codes of the route in words: why a decision went where it went.

A code is ``control:<name>``, ``outcome:<fault>``, ``suspended:use_case``, ``tier:<what>``, ``floor:<clause>`` or
``review:<what>``; see `waglan.runtime.route`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from waglan.console.marked import _


class Cause(NamedTuple):
    """A code and its sentence; ``name`` stands in the sentence as ``%(name)s``."""

    code: str
    text: str
    name: str = ""


_EXACT: Mapping[str, str] = MappingProxyType({
    "outcome:no-reasons": _("The answer came without reasons, and no answer leaves without one."),
    "outcome:no-model": _("No model answered in time."),
    "outcome:timeout": _("The use case didn't answer in time."),
    "outcome:no-value": _("The use case gave no answer."),
    "outcome:blocked": _("A control stopped the case before any model saw it."),
    "outcome:not-json": _("The answer couldn't be written down, so it isn't used."),
    "outcome:code-too-long": _("The answer isn't of the form that an answer must have."),
    "outcome:wrong-type": _("The answer isn't of the form that an answer must have."),
    "suspended:use_case": _("Somebody suspended the use case, so nobody was asked and a person decides."),
    "tier:critical": _("The use case is in tier critical: a person decides every case."),
    "tier:adverse": _("The answer is to the customer's disadvantage, and in tier high a person decides those."),
    "tier:adverse-unknown": _(
        "It isn't known whether the answer is to the customer's disadvantage; in tier high a person decides."
    ),
    "review:always": _("The use case's own rule sends every case to a person."),
    "review:adverse": _(
        "The use case's own rule: a person decides whenever the answer is to the customer's disadvantage."
    ),
    "outcome:flag:recourse.none": _(
        "Nothing the customer could change would turn the answer, so a person looks at it."
    ),
})  # fmt: skip
_BEGIN: tuple[tuple[str, str], ...] = (
    ("control:rule.", _("The rule “%(name)s” isn't kept, or it isn't known whether it is.")),
    ("control:", _("The control “%(name)s” asked for it.")),
    ("outcome:flag:unseen.", _("“%(name)s” has a value that training never saw.")),
    ("outcome:flag:", _("The use case itself doubts its answer: %(name)s.")),
    ("outcome:raised:", _("The use case failed (%(name)s).")),
    ("outcome:", _("The answer isn't of the form that an answer must have (%(name)s).")),
    ("floor:", _("The obligation %(name)s asks that a person agrees first, whatever the tier.")),
    ("review:effect:", _("The use case's own rule sends every “%(name)s” to a person.")),
)


def explained(code: str) -> Cause:
    """A code with its sentence; a code of a later release stands for itself."""
    if code in _EXACT:
        return Cause(code, _EXACT[code])
    for begin, text in _BEGIN:
        if code.startswith(begin):
            return Cause(code, text, code.removeprefix(begin))
    return Cause(code, "%(name)s", code)
