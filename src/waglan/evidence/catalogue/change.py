"""What changed from one catalogue to the next, clause by clause."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from waglan.evidence.catalogue.catalogue import Catalogue
from waglan.evidence.catalogue.clause import Clause, Test

What = Literal[
    "added", "retired", "wording", "text", "source", "addressee", "duty", "test_added", "test_retired", "test"
]
_ORDER = {"V": 2, "S": 1, "U": 0}


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One difference.

    Attributes
    ----------
    what
        ``added``, ``retired``, ``wording`` (how far it was checked), ``text`` (what it says), ``source`` (paper or
        paragraph), ``addressee`` (whom it binds), ``duty`` (whether it counts, and from when to when),
        ``test_added``, ``test_retired``, ``test``.
    clause
        Its id.
    test
        The test's, where one changed.
    part
        The member that differs, such as ``holds``, ``en`` or ``gate``.
    old, new
        As text; empty where there was or is nothing.
    raised
        Whether a wording was checked further than before.
    """

    what: What
    clause: str
    test: str = ""
    part: str = ""
    old: str = ""
    new: str = ""
    raised: bool = False


def differences(old: Catalogue, new: Catalogue) -> tuple[Change, ...]:
    """Every difference of clauses and tests, in the order of the new catalogue; what is gone comes last."""
    before = {clause.id: clause for clause in old.clauses}
    after = {clause.id for clause in new.clauses}
    found: list[Change] = []
    for clause in new.clauses:
        found += _of_clause(before[clause.id], clause) if clause.id in before else [_came(clause)]
    gone = [clause for clause in old.clauses if clause.id not in after]
    found += [Change(what="retired", clause=clause.id, old=clause.text.get("en", "")) for clause in gone]
    return tuple(found)


def _came(clause: Clause) -> Change:
    return Change(what="added", clause=clause.id, new=clause.text.get("en", ""))


def _of_clause(old: Clause, new: Clause) -> Iterator[Change]:
    if (old.letter, old.locator) != (new.letter, new.locator):
        yield Change(
            what="wording",
            clause=new.id,
            old=f"{old.letter} {old.locator}".strip(),
            new=f"{new.letter} {new.locator}".strip(),
            raised=_ORDER[new.letter] > _ORDER[old.letter],
        )
    for language in sorted(old.text.keys() | new.text.keys()):
        yield from _differ("text", new.id, language, old.text.get(language, ""), new.text.get(language, ""))
    yield from _differ("source", new.id, "source", old.source, new.source)
    yield from _differ("addressee", new.id, "applies_to", _said(old.applies_to), _said(new.applies_to))
    for part in ("duty", "since", "until"):
        yield from _differ("duty", new.id, part, _said(getattr(old, part)), _said(getattr(new, part)))
    yield from _tests(old, new)


def _tests(old: Clause, new: Clause) -> Iterator[Change]:
    before = {test.id: test for test in old.tests}
    after = {test.id for test in new.tests}
    for test in new.tests:
        if test.id in before:
            yield from _of_test(new.id, before[test.id], test)
        else:
            yield Change(what="test_added", clause=new.id, test=test.id, new=test.holds)
    for test in old.tests:
        if test.id not in after:
            yield Change(what="test_retired", clause=new.id, test=test.id, old=test.holds)


def _of_test(clause: str, old: Test, new: Test) -> Iterator[Change]:
    for part in ("kind", "over", "scope", "holds", "current", "require", "freshness", "gate", "incident", "sampled"):
        yield from _differ("test", clause, part, _said(getattr(old, part)), _said(getattr(new, part)), test=new.id)


def _differ(what: What, clause: str, part: str, old: str, new: str, *, test: str = "") -> Iterator[Change]:
    if old != new:
        yield Change(what=what, clause=clause, test=test, part=part, old=old, new=new)


def _said(value: object) -> str:
    """A member as text: lists by commas, what is absent as nothing."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value)
    if isinstance(value, msgspec.Struct):
        return " ".join(f"{name}={each}" for name, each in msgspec.structs.asdict(value).items())
    return str(value)
