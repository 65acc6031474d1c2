"""A decision as a pack shows it: everything that was recorded, and nothing that says who or what a customer is.

What the leaf holds is public by construction (`waglan.core.decision.DecisionFacts`). Of the private parts, an input is
shown when its manifest says that it is a feature of a public or internal kind and its value is a number, a truth value
or one of a declared list; anything else, and all free text, is replaced by its data class. Of the answer, codes and
figures are shown; the value itself, texts and recourse are not, because they repeat inputs.

References
----------
PCPD, *AI: Model Personal Data Protection Framework* (2024), data minimisation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from waglan.controls.identifiers import Redactor
from waglan.core.decision import Private
from waglan.core.usecase import Input, UseCase

_OPEN = ("public", "internal")
_PLAIN = ("number", "integer", "boolean")
_decode_in = msgspec.json.Decoder(dict[str, dict[str, Any]]).decode
_decode_out = msgspec.json.Decoder(Private).decode


def redacted(parts: Mapping[str, bytes], manifest: UseCase | None) -> dict[str, Any]:
    """The private parts of a decision, masked; ``manifest`` is None where it isn't the one that was in force."""
    shown: dict[str, Any] = {}
    if "in" in parts:
        given = _decode_in(parts["in"])
        declared = manifest.inputs if manifest else {}
        shown["inputs"] = {name: _input(declared.get(name), value) for name, value in given.get("inputs", {}).items()}
        shown["aside"] = {name: _masked(declared.get(name)) for name in given.get("aside", {})}
    if "out" in parts:
        shown |= _answer(_decode_out(parts["out"]))
    return shown


def prose(text: str) -> str:
    """Text of a register without identifiers of people; codes, ids and digests, which hold no space, stay."""
    plain = text.isascii() and " " not in text.strip()
    return text if plain else Redactor().text(text, "register")


def _input(spec: Input | None, value: Any) -> Any:
    if spec is None or spec.role != "feature" or spec.data_class not in _OPEN:
        return _masked(spec)
    if value is None or spec.type in _PLAIN or (spec.type == "category" and value in spec.values):
        return value
    return _masked(spec)


def _masked(spec: Input | None) -> dict[str, str]:
    return {"masked": spec.data_class if spec else "undeclared"}


def _answer(out: Private) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "control_us": out.control_us,
        "findings": [
            {"control": f.control, "verdict": f.verdict, "code": f.code, "score": f.score, "enforced": f.enforced}
            for f in out.findings
        ],
        "models": [msgspec.to_builtins(each) for each in out.models],
    }
    answer = out.outcome
    if answer is not None:
        shown["outcome"] = {
            "adverse": answer.adverse,
            "alternatives": len(answer.alternatives),
            "citations": len(answer.citations),
            "confidence": answer.confidence,
            "effect": answer.effect,
            "explanation_id": answer.explanation_id,
            "flags": answer.flags,
            "reasons": [{"code": each.code, "weight": each.weight} for each in answer.reasons],
            "score": answer.score,
            "value": {"masked": "answer"},
        }
    return shown
