"""The pages of rules."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from waglan.access import Action, Identity
from waglan.console.marked import _
from waglan.console.page import Goto, Page, Shown
from waglan.console.pages import figures
from waglan.console.pages.controls import hits as control_hits
from waglan.console.pages.rules import form, shown
from waglan.console.pages.rules.replays import Job, Replays
from waglan.console.visit import Visit
from waglan.core.problem import Problem
from waglan.index import counts
from waglan.rulebook import Draft, Proposal, Tried, months
from waglan.rulebook.checking import checked
from waglan.runtime.gates import PREFIX

_K = "rule"
TONES = {"note": "plain", "review": "human", "block": "blocked", "error": "blocked"}


def all_rules(visit: Visit) -> Shown:
    """What is in force, what waits for somebody, and what was withdrawn."""
    book = visit.house.rulebook
    rules, proposals = book.rules(visit.identity), book.proposals(visit.identity)
    hit = shown.hits(visit)
    nothing = dict.fromkeys(shown.HITS, 0)
    return {
        "rules": [{**shown.rule(visit, r), "hits": hit.get(r.id, nothing)} for r in rules if r.in_force],
        "withdrawn": [shown.rule(visit, r) for r in rules if not r.in_force],
        "proposals": [_listed(visit, p) for p in proposals if p.state == "open"],
        "earlier": [_listed(visit, p) for p in proposals if p.state != "open"][:20],
        "set": visit.house.workspace.registers.rules.digest,
        "hits": shown.HITS,
        "may_propose": visit.may(Action.RULE_PROPOSE, _K),
    }


def _listed(visit: Visit, each: Proposal) -> dict[str, Any]:
    return {
        "id": each.id,
        "rule": each.draft.id,
        "title": each.draft.title,
        "gate": each.draft.gate,
        "new": not each.base,
        "ends": each.draft.state == "withdrawn",
        "at_ms": each.at_ms,
        "proposer": shown.who(visit, each.proposer),
        "replay": each.replay._asdict() if each.replay else None,
        "state": each.state,
    }


def rule(visit: Visit) -> Shown:
    """One rule: what it says, in words, whom it serves, how it came to be, and what it did."""
    rule_id = visit.path["id"]
    steps = visit.house.rulebook.history(visit.identity, rule_id)
    now = steps[-1]
    wanted = figures.span(visit.house.workspace.clock.now_ms(), shown.DAYS)
    with visit.house.index.reading() as connection:
        found = counts.controls(connection, *wanted.ends, control=PREFIX + rule_id)
        latest = control_hits.latest(connection, PREFIX + rule_id)
    days = control_hits.by_day(found, wanted)
    waiting = [p for p in visit.house.rulebook.proposals(visit.identity, open_only=True) if p.draft.id == rule_id]
    return {
        **shown.rule(visit, now),
        **_explained(now.draft),
        "steps": [shown.rule(visit, step) for step in reversed(steps)],
        "changes": [shown.changes(a.draft if a else None, b.draft) for a, b in _pairs(steps)],
        "days": wanted.ticks,
        "by_day": {verdict: days[verdict] for verdict in TONES},
        "tones": TONES,
        "total": {verdict: sum(days[verdict]) for verdict in TONES},
        "last": latest,
        "waiting": [_listed(visit, p) for p in waiting],
        "may_propose": visit.may(Action.RULE_PROPOSE, _K),
    }


def _pairs(steps: Any) -> list[tuple[Any, Any]]:
    """Each step with the one before it, the newest first."""
    return list(reversed(list(zip((None, *steps), steps, strict=False))))


def _explained(draft: Draft) -> dict[str, Any]:
    """The rule taken apart; nothing where it can't be read any more."""
    try:
        return {**shown.explained(draft), "unreadable": None}
    except Problem as problem:
        return {"scope_lines": [], "holds_lines": [], "reads": [], "unreadable": problem.as_dict()}


def edit(visit: Visit) -> Shown:
    """The form: empty, or with the rule that is changed."""
    rule_id = visit.path.get("id", "")
    given = visit.house.rulebook.rule(visit.identity, rule_id).draft if rule_id else form.EMPTY
    return {
        "rule_id": rule_id,
        "values": form.values(given),
        **form.help_(),
        "periods": _periods(visit),
        "tried": None,
        "explained": None,
        "ids": "",
    }


def edited(visit: Visit) -> Shown | Goto:
    """What was typed: tried on decisions, or replayed over a period."""
    rule_id = visit.path.get("id", "")
    draft = form.draft(visit, rule_id)
    checked(draft)
    if visit.form.text("do") == "replay":
        visit.require(Action.RULE_PROPOSE, _K)
        return _begin(visit, draft, visit.form.text("period"))
    ids = re.findall(r"[0-9A-Za-z]+", visit.form.text("decisions"))
    tried = visit.house.rulebook.try_(visit.identity, draft, ids)
    return {
        **edit(visit),
        "values": form.values(draft) | {"tables": visit.form.fields.get("tables", "")},
        "tried": [_tried(each) for each in tried],
        "explained": shown.explained(draft),
        "ids": visit.form.text("decisions"),
    }


def _tried(each: Tried) -> dict[str, Any]:
    parts = {"scope": [p._asdict() for p in each.scope], "holds": [p._asdict() for p in each.holds]}
    return {**each._asdict(), **parts}


def _periods(visit: Visit) -> tuple[str, ...]:
    return (months.LAST, *months.latest(visit.house.workspace.clock.now_ms()))


def _begin(visit: Visit, draft: Draft, period: str, proposal: str = "") -> Goto:
    workspace = visit.house.workspace
    now_ms = workspace.clock.now_ms()
    wanted = months.period(period or months.LAST, now_ms)
    job = Job(
        id=workspace.ids.new(now_ms),
        actor=visit.me.id,
        created_ms=now_ms,
        draft=draft,
        period=period or months.LAST,
        since_ms=wanted.since_ms,
        until_ms=wanted.until_ms,
        proposal=proposal,
    )
    Replays(visit.house).begin(visit.me, job)
    return Goto(f"/rules/replays/{job.id}")


def replay(visit: Visit) -> Shown:
    """How far a replay is; while it runs, the page comes again by itself."""
    replays = Replays(visit.house)
    job = replays.get(visit.path["id"])
    return {
        "id": job.id,
        "draft": shown.draft(job.draft),
        "period": job.period,
        "since_ms": job.since_ms,
        "until_ms": job.until_ms,
        "created_ms": job.created_ms,
        "by": shown.who(visit, job.actor),
        "alive": job.state == "running" and replays.alive(job.id),
        "state": job.state,
        "problem": job.problem,
        "proposal": job.proposal,
        "result": shown.replay(job.result) if job.result else None,
        "may_propose": job.state == "done" and visit.may(Action.RULE_PROPOSE, _K),
    }


def propose(visit: Visit) -> Goto:
    """Propose the draft of a replay with it; or keep it on the proposal that it was made for."""
    replays = Replays(visit.house)
    job = replays.get(visit.path["id"])
    if job.result is None:
        raise Problem(
            _("The replay isn't finished."), _("A proposal is made with what it shows."), _("Wait until it is done."),
            code="rule.state", status=409,
        )  # fmt: skip
    book = visit.house.rulebook
    if job.proposal:
        made = book.keep_replay(visit.identity, job.proposal, job.result)
    else:
        made = book.propose(visit.identity, job.draft, job.result)
    replays.keep(job, made)
    return Goto(f"/rules/proposals/{made.id}", "rule_proposed")


def proposal(visit: Visit) -> Shown:
    """What would change, what the replay showed, and who may do what now."""
    book = visit.house.rulebook
    found = book.proposal(visit.identity, visit.path["id"])
    before = _base(visit, found)
    job = Replays(visit.house).kept_on(found)
    me = visit.identity
    return {
        **_listed(visit, found),
        "draft": shown.draft(found.draft),
        "digest": found.digest,
        "hands": [shown.who(visit, hand) for hand in found.hands],
        "changes": shown.changes(before, found.draft),
        **_explained(found.draft),
        "job": job.id if job else "",
        "period": {"since_ms": job.since_ms, "until_ms": job.until_ms} if job else None,
        "result": shown.replay(job.result) if job and job.result else None,
        "periods": _periods(visit),
        "mine": me is not None and me.id in found.hands,
        "may_release": found.state == "open" and found.replay is not None and _may_release(visit, me, found),
        "may_drop": found.state in ("open", "outdated") and _may_drop(visit),
        "may_replay": found.state == "open" and visit.may(Action.RULE_PROPOSE, _K),
    }


def _base(visit: Visit, found: Proposal) -> Draft | None:
    """What the proposal changes, as it stood then."""
    if not found.base:
        return None
    steps = visit.house.rulebook.history(visit.identity, found.draft.id)
    return next((step.draft for step in steps if step.entry == found.base), None)


def _may_release(visit: Visit, me: Identity | None, found: Proposal) -> bool:
    return me is not None and all(visit.may(Action.RULE_RELEASE, _K, author=hand) for hand in found.hands)


def _may_drop(visit: Visit) -> bool:
    return visit.may(Action.RULE_PROPOSE, _K) or visit.may(Action.RULE_RELEASE, _K)


def release(visit: Visit) -> Goto:
    """The second pair of eyes."""
    made = visit.house.rulebook.release(visit.identity, visit.path["id"])
    return Goto(f"/rules/{made.id}", "rule_released" if made.in_force else "rule_ended")


def drop(visit: Visit) -> Goto:
    """Take it off the table."""
    visit.house.rulebook.drop(visit.identity, visit.path["id"])
    return Goto("/rules", "rule_dropped")


def replay_again(visit: Visit) -> Goto:
    """Replay a proposal over another period."""
    found = visit.house.rulebook.proposal(visit.identity, visit.path["id"])
    return _begin(visit, found.draft, visit.form.text("period"), found.id)


def withdraw(visit: Visit) -> Goto:
    """Begin a rule's end: what would have happened without it is replayed first."""
    now = visit.house.rulebook.rule(visit.identity, visit.path["id"])
    return _begin(visit, msgspec.structs.replace(now.draft, state="withdrawn"), months.LAST)


_READ, _PROPOSE, _RELEASE = Action.RULE_READ, Action.RULE_PROPOSE, Action.RULE_RELEASE
_RULE = Page("/rules/{id}", rule, "rules/rule.html", _READ, _K, nav="rules")
_NEW = Page("/rules/new", edit, "rules/edit.html", _READ, _K, nav="rules")
_EDIT = Page("/rules/{id}/edit", edit, "rules/edit.html", _READ, _K, nav="rules")
_REPLAY = Page("/rules/replays/{id}", replay, "rules/replay.html", _READ, _K, nav="rules")
_PROPOSAL = Page("/rules/proposals/{id}", proposal, "rules/proposal.html", _READ, _K, nav="rules")
PAGES: tuple[Page, ...] = (
    Page("/rules", all_rules, "rules/list.html", _READ, _K, nav="rules"),
    _NEW,
    Page("/rules/new", edited, "rules/edit.html", _READ, _K, "POST", nav="rules", again=_NEW),
    _REPLAY,
    Page("/rules/replays/{id}/propose", propose, "", _PROPOSE, _K, "POST", again=_REPLAY),
    _PROPOSAL,
    Page("/rules/proposals/{id}/release", release, "", _READ, _K, "POST", again=_PROPOSAL),
    Page("/rules/proposals/{id}/drop", drop, "", _READ, _K, "POST", again=_PROPOSAL),
    Page("/rules/proposals/{id}/replay", replay_again, "", _PROPOSE, _K, "POST", again=_PROPOSAL),
    _RULE,
    _EDIT,
    Page("/rules/{id}/edit", edited, "rules/edit.html", _READ, _K, "POST", nav="rules", again=_EDIT),
    Page("/rules/{id}/withdraw", withdraw, "", _PROPOSE, _K, "POST", again=_RULE),
)
