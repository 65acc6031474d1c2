"""The test bench: one control on one case, now; nothing is recorded but that private data was read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from waglan.access import Action
from waglan.console.marked import _
from waglan.console.visit import Visit
from waglan.controls.text import render
from waglan.core.case import Case
from waglan.core.decision import DecisionFacts, Private
from waglan.core.outcome import Outcome, fault
from waglan.core.problem import Problem
from waglan.core.usecase import UseCase
from waglan.runtime.dry_run import Given, Tried, case_of, try_control

LONGEST = 32_000
"""Characters that may be pasted."""
_TOKEN = re.compile("\u27e6[A-Z_]+_[0-9]{1,9}\u27e7")


class Piece(NamedTuple):
    """A stretch of a text, and the token that stands in its place when it is masked."""

    text: str
    token: str = ""


def tried(visit: Visit, name: str) -> dict[str, Any]:
    """What the control says to what was pasted, or to a recorded decision."""
    workspace = visit.house.workspace
    manifest = workspace.catalogue.get(visit.form.required("use_case")).manifest
    decision_id = visit.form.text("decision")
    given = _recorded(visit, decision_id) if decision_id else _pasted(visit, manifest)
    found = try_control(workspace, manifest, name, given)
    return {
        "finding": {
            **msgspec.structs.asdict(found.finding),
            "text": {each: render(found.finding, each) for each in ("en", "zh-Hant", "zh-Hans")},
        },
        "cost_us": found.cost_us,
        "changes": changes(given, found),
        "decision": decision_id,
        "use_case": manifest.name,
    }


def _pasted(visit: Visit, manifest: UseCase) -> Given:
    text = visit.form.required("case")
    if len(text) > LONGEST:
        raise Problem(
            _("That is too long to test."), _("The bench takes 32,000 characters."), _("Paste a part of it."),
            code="form.too_large", where="case",
        )  # fmt: skip
    outcome = visit.form.text("outcome")
    return Given(case_of(visit.house.workspace, manifest, _row(text)), _outcome(outcome) if outcome else None)


def _row(text: str) -> Mapping[str, Any]:
    """The case that a text stands for: an object of inputs, or plain text as an input of its own."""
    if not text.lstrip().startswith("{"):
        return {"text": text}
    try:
        row: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        raise _not_json("case") from None
    return row


def _outcome(text: str) -> Outcome:
    try:
        outcome = msgspec.json.decode(text, type=Outcome)
    except msgspec.DecodeError:
        raise _not_json("outcome") from None
    if fault(outcome):
        raise Problem(
            _("The answer can't be used as one."), fault(outcome), _("Correct it, or leave it out."),
            code="input.wrong", where="outcome",
        )  # fmt: skip
    return outcome


def _not_json(where: str) -> Problem:
    return Problem(
        _("That isn't JSON that can be read."), _("A bracket, quote or comma is missing, or a key is unknown."),
        _('Write it like {"remark": "text"}; anything that doesn\'t begin with { is taken as plain text.'),
        code="input.wrong", where=where,
    )  # fmt: skip


def _recorded(visit: Visit, decision_id: str) -> Given:
    """A decision of the log; opening it is reading private data, which needs that right and is put on the log."""
    ledger = visit.house.workspace.ledger
    index = ledger.find(decision_id)
    leaf = ledger.leaf(index) if index is not None else {}
    if index is None or leaf.get("kind") != DecisionFacts.kind:
        raise Problem(
            _("There is no such decision."), _("Its id has 26 characters and stands on its page."),
            _("Copy it from the list of decisions."), code="decision.missing", where="decision", status=404,
        )  # fmt: skip
    visit.require(Action.DECISION_READ_PRIVATE, "decision", leaf.get("actor", ""))
    visit.read("decision", (decision_id,), leaf.get("subject", ""), "control test")
    try:
        parts = ledger.opened(index)
    except Problem as problem:
        if problem.code != "vault.erased":
            raise
        raise Problem(
            _("What was asked and answered has been erased."), _("The person's key was shredded, as the law asks."),
            _("Take another decision."), code="vault.erased", where="decision", status=410,
        ) from None  # fmt: skip
    facts = msgspec.convert(leaf["facts"], DecisionFacts)
    asked = msgspec.json.decode(parts["in"])
    private = msgspec.json.decode(parts["out"], type=Private)
    case = Case(
        use_case=facts.use_case,
        inputs=asked["inputs"],
        aside=asked["aside"],
        subject=leaf.get("subject", ""),
        purpose=facts.purpose,
        channel=facts.channel,
        language=facts.language or "en",
        consent_ref=facts.consent_ref,
        notice_id=facts.notice_id,
        received_at=leaf["at_ms"],
    )
    return Given(case, private.outcome, private.models)


def changes(given: Given, found: Tried) -> list[dict[str, Any]]:
    """What the control left different: per field before and after, with the masked stretches of texts."""
    before, after = _fields(given.case, given.outcome), _fields(found.case, found.outcome)
    names = [name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]
    return [
        {
            "name": name,
            "gone": name not in after,
            "pieces": [piece._asdict() for piece in pieces(_said(before.get(name)), _said(after.get(name)))],
            "after": _said(after.get(name)),
        }
        for name in names
    ]


def _fields(case: Case, outcome: Outcome | None) -> dict[str, Any]:
    found = {f"inputs.{name}": value for name, value in case.inputs.items()}
    if outcome is not None:
        found |= {f"outcome.{name}": value for name, value in msgspec.to_builtins(outcome).items()}
    return found


def _said(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def pieces(before: str, after: str) -> list[Piece]:
    """A text cut where tokens stand in its masked form; one piece when the two don't run alike.

    Masking keeps everything else as it was, so the stretches between tokens are found in order.
    """
    tokens = _TOKEN.findall(after)
    literals = _TOKEN.split(after)
    if not tokens or not before.startswith(literals[0]):
        return [Piece(before)] if before else []
    found = [Piece(literals[0])] if literals[0] else []
    at = len(literals[0])
    for number, (token, literal) in enumerate(zip(tokens, literals[1:], strict=True), 1):
        last = number == len(tokens) and not literal
        end = len(before) if last else before.find(literal, at + 1)
        if end < 0:
            return [Piece(before)]
        found.append(Piece(before[at:end], token))
        if literal:
            found.append(Piece(literal))
        at = end + len(literal)
    return found
