"""Whether a draft can become a rule: everything that would make it gate and not prove is refused here."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from waglan.core.problem import Problem, nearest
from waglan.rulebook.rule import GATES, Draft
from waglan.runtime.gates import Parsed, read_rule
from waglan.runtime.live import unknowable

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_CLAUSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.*-]{0,63}")
RESERVED = frozenset({"new", "proposals", "replays", "try"})
LONGEST_TITLE, MOST_CLAUSES, LONGEST_RULE = 120, 20, 12_000
"""Characters of a title, obligations of a rule, and bytes of all of it: a leaf of the log holds 16 KB."""


def checked(draft: Draft) -> Parsed:
    """The two expressions of a draft, typed.

    Raises
    ------
    Problem
        ``rule.id``, ``rule.title``, ``rule.gate``, ``rule.clauses``, ``rule.size``; ``rule.unknowable`` and
        ``rule.now`` for what no decision can answer while it is made; those of `waglan.rules.parse` and ``rule.table``,
        each with its place.
    """
    _words(draft)
    if len(msgspec.json.encode(draft)) > LONGEST_RULE:
        raise _refused(
            "The rule is too long.", "With its tables it must fit one entry of the log.", "Split it into rules.", "size"
        )
    parsed = read_rule(draft.scope, draft.holds, draft.tables)
    if draft.gate != "none":
        _answerable(draft, parsed)
    return parsed


def _words(draft: Draft) -> None:
    if not _ID.fullmatch(draft.id) or draft.id in RESERVED or draft.id.endswith(".json"):
        raise _refused(
            f"A rule can't be called {draft.id[:70]!r}." if draft.id else "The rule has no id.",
            "Its id stands on the log and in addresses: 1 to 64 of A-Z, a-z, 0-9, full stop, - and _, a letter first.",
            "Choose an id such as CREDIT.limit.",
            "id",
        )
    if not draft.title.strip() or len(draft.title) > LONGEST_TITLE or not draft.title.isprintable():
        raise _refused(
            "The rule needs a title." if not draft.title.strip() else "The title can't be used.",
            f"People read it on decisions and in refusals; it has 1 to {LONGEST_TITLE} characters on one line.",
            "Say in a few words what must be so.",
            "title",
        )
    if draft.gate not in GATES:
        raise _refused(
            f"There is no gate {str(draft.gate)[:40]!r}.", nearest(str(draft.gate), GATES), "Choose one.", "gate"
        )
    wrong = [c for c in draft.clauses if not _CLAUSE.fullmatch(c)]
    if wrong or len(draft.clauses) > MOST_CLAUSES:
        raise _refused(
            f"{wrong[0][:70]!r} is no id of an obligation." if wrong else "Too many obligations are named.",
            f"At most {MOST_CLAUSES} ids of the catalogue, such as SFC.5b.",
            "Correct the list.",
            "clauses",
        )


def _answerable(draft: Draft, parsed: Parsed) -> None:
    later = sorted(parsed.fields & unknowable())
    if later:
        raise _refused(
            f"{later[0]} isn't known while a decision is made.",
            "It comes into being when the decision is written to the log, so the rule would never hold live.",
            "Ask for another field, or take the gate 'none': then it only counts.",
            "unknowable",
        )
    if parsed.uses_now:
        raise _refused(
            "A rule that gates can't ask for now.",
            "Counted tomorrow it would answer otherwise than it did today.",
            "Write decided_at, which is the moment of the decision.",
            "now",
        )


def _refused(what: str, why: str, next: str, code: str, **more: Any) -> Problem:
    return Problem(what, why, next, code=f"rule.{code}", where=code, **more)
