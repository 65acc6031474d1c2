"""One case: what is known of it, the verdict, and what can be done with it instead."""

from __future__ import annotations

from typing import Any

import msgspec

from waglan.access import Action
from waglan.console.page import Goto, Shown
from waglan.console.pages.decisions.actors import Actors
from waglan.console.pages.decisions.record import GONE, manifest_of
from waglan.console.pages.reviews.before import before
from waglan.console.pages.reviews.done import done, told, where
from waglan.console.pages.reviews.evidence import evidence
from waglan.console.pages.reviews.names import use_case_title
from waglan.console.pages.reviews.reasons import OTHER, reasons
from waglan.console.pages.reviews.scope import address, scope
from waglan.console.visit import Visit
from waglan.core.outcome import Outcome
from waglan.core.problem import Problem
from waglan.review import Item, Judgement, State
from waglan.review.judging import outcome_of
from waglan.review.shape import known_effects
from waglan.review.shown import Shown as Desked

_VERDICTS = ("agree", "change", "reject")
_TO_TAKE = (State.OPEN, State.RETURNED)


def case(visit: Visit) -> Shown:
    """One case: in hand with everything, else what it is and who has it."""
    item = visit.house.desk.item(visit.me, visit.path["id"])
    actors = Actors(visit)
    wanted = scope(visit.query)
    mine = item.state is State.LEASED and item.holder == visit.me.id
    found = {
        **header(visit, item, actors),
        "scope": wanted.fields,
        "mine": mine,
        "may_take": item.state in _TO_TAKE and visit.may(Action.REVIEW_TAKE, "review"),
        "may_release": item.state is State.JUDGED and item.judged_by != visit.me.id
        and visit.may(Action.REVIEW_RELEASE, "review", reviewer=item.judged_by),
        "done": done(visit, visit.query.get("done", "")),
        "told": told(visit, item),
        "closed": "",
        "evidence": None,
        "before": None,
        "form": None,
    }  # fmt: skip
    shown = looked(visit, item) if mine else None
    if isinstance(shown, str):
        found["closed"] = shown
    elif shown is not None:
        found["evidence"] = evidence(visit, item, shown, actors)
        found["before"] = before(visit, item)
        found["form"] = _form(visit, item, outcome_of(shown.outcome))
    return found


def looked(visit: Visit, item: Item) -> Desked | str:
    """What the desk shows of a case, or what became of the person's data: ``erased``, ``restricted``, ``unknown``."""
    try:
        return visit.house.desk.show(visit.me, item.id)
    except Problem as problem:
        if problem.code not in GONE:
            raise
        return GONE[problem.code]


def take(visit: Visit) -> Goto:
    """Take this case, or have it longer."""
    item = visit.house.desk.take(visit.me, visit.path["id"])
    return Goto(address(f"/reviews/{item.id}", scope(visit.form.fields)))


def hand_back(visit: Visit) -> Goto:
    """Put it back for somebody else."""
    visit.house.desk.hand_back(visit.me, visit.path["id"])
    return Goto(address("/reviews", scope(visit.form.fields)), "review_back")


def hand_up(visit: Visit) -> Goto:
    """Leave it to somebody who may decide more."""
    visit.house.desk.hand_up(visit.me, visit.path["id"])
    return Goto(address("/reviews", scope(visit.form.fields)), "review_up")


def judge(visit: Visit) -> Goto:
    """Record the verdict, and on to the next case."""
    desk, form, me = visit.house.desk, visit.form, visit.me
    item = desk.item(me, visit.path["id"])
    item = desk.judge(me, item.id, _judgement(visit, item), shown=form.text("shown"))
    wanted = scope(form.fields)
    if item.cause == "request" and item.state is State.RELEASED:
        return Goto(address(f"/reviews/requests/{item.id}", wanted), "review_judged")
    if form.text("then") == "stay":
        return Goto(address(f"/reviews/{item.id}", wanted))
    following = desk.next(me, wanted.filter)
    if following is None:
        return Goto(address("/reviews", wanted, done=item.id))
    return Goto(address(where(following), wanted, done=item.id))


def undo(visit: Visit) -> Goto:
    """Take one's own verdict back, and have the case in hand again."""
    item = visit.house.desk.undo(visit.me, visit.path["id"])
    wanted = scope(visit.form.fields)
    visit.house.desk.take(visit.me, item.id)
    return Goto(address(f"/reviews/{item.id}", wanted), "review_undone")


def header(visit: Visit, item: Item, actors: Actors) -> dict[str, Any]:
    """What every page about one review says of it."""
    return {
        "item": msgspec.to_builtins(item),
        "title": use_case_title(visit, item.use_case),
        "stakes": None if item.stakes_hkd is None else float(item.stakes_hkd),
        "holder": actors.of(item.holder),
        "judge": actors.of(item.judged_by),
        "releaser": actors.of(item.released_by),
        "open": item.state in (*_TO_TAKE, State.LEASED),
    }


def _form(visit: Visit, item: Item, answered: Outcome | None) -> dict[str, Any]:
    """What the verdict's form offers."""
    with visit.house.index.reading() as connection:
        known = known_effects(connection, item.use_case, manifest_of(visit, item.use_case)[0], answered)
    value = answered.value if answered else None
    plain = value is None or value == item.effect
    return {
        "effects": [{"code": effect, "adverse": adverse} for effect, adverse in sorted(known.items())
                    if effect != item.effect or not plain],
        "value": "" if plain else msgspec.json.format(msgspec.json.encode(value), indent=2).decode(),
        "reasons": {verdict: [r._asdict() for r in found] for verdict, found in reasons(item.use_case).items()},
        "may_agree": answered is not None or item.cause == "request",
    }  # fmt: skip


def _judgement(visit: Visit, item: Item) -> Judgement:
    """The verdict that the form holds."""
    form = visit.form
    verdict = form.text("verdict")
    if verdict not in _VERDICTS:
        raise Problem(
            "No verdict was chosen.", "Agreeing is a choice like the others; nothing is chosen beforehand.",
            "Choose one: agree, change or reject.", code="review.verdict", where="verdict",
        )  # fmt: skip
    reason, note = form.text(f"reason_{verdict}"), form.text("note")
    if not reason:
        raise Problem(
            "A reason is needed.", "It stands beside the verdict, so that others can learn from it.",
            "Choose one of the listed reasons.", code="review.reason", where="reason",
        )  # fmt: skip
    if reason == OTHER and not note:
        raise Problem(
            "Another reason needs a note.", "Nobody could tell later what it was.",
            "Write it in a few words.", code="review.note", where="note",
        )  # fmt: skip
    if verdict != "change":
        return Judgement(verdict=verdict, reason=reason, note=note)  # type: ignore[arg-type] # checked above
    return Judgement(
        verdict="change", reason=reason, note=note, effect=form.text("effect"), value=_value(form.text("value"))
    )


def _value(text: str) -> Any:
    """The changed value as it was typed: JSON; left out where nothing was."""
    if not text:
        return msgspec.UNSET
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise Problem(
            "The value can't be read.", f"{error}.", "Write it as JSON: text in quotes, numbers plain.",
            code="review.value", where="value",
        ) from None  # fmt: skip
