"""The pages of controls."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import Any

from waglan.access import Action
from waglan.console.page import Page, Shown
from waglan.console.pages import figures
from waglan.console.pages.controls import bench, hits
from waglan.console.pages.use_cases.card import known_control
from waglan.console.visit import Visit
from waglan.core.control import Control, controls
from waglan.core.problem import Problem
from waglan.core.usecase import UseCase
from waglan.index import counts
from waglan.index.counts import ControlCount
from waglan.runtime.dry_run import Given, case_of, try_control
from waglan.runtime.gates import PREFIX

DAYS = 30
TONES = {"pass": "auto", "note": "plain", "redact": "warm", "review": "human", "block": "blocked", "error": "blocked"}
EXAMPLE = '{"remark": "Please call Chan Tai Man, HKID A123456(3), on 9123 4567."}'
EXAMPLE_OUTCOME = """{
  "value": "decline", "effect": "decline", "adverse": true, "confidence": 0.62, "score": 541.0,
  "stakes_hkd": 180000, "reasons": [{"code": "high_utilisation"}]
}"""


def all_controls(visit: Visit) -> Shown:
    """Every control that is installed or that a manifest names, with its hits."""
    manifests = _manifests(visit)
    wanted = figures.span(visit.house.workspace.clock.now_ms(), DAYS)
    with visit.house.index.reading() as connection:
        found = counts.controls(connection, *wanted.ends, by_day=False)
    named = {name for m in manifests for name in (*m.controls.before, *m.controls.after)}
    names = sorted({*controls, *named}, key=lambda name: (_stage(name) != "before", name))
    spoke = [each for each in found if each.verdict in hits.HITS and not each.control.startswith(PREFIX)]
    pairs = sorted({(each.use_case, each.control) for each in spoke})
    return {
        "verdicts": hits.HITS,
        "controls": [_listed(name, manifests, found) for name in names],
        "by_use_case": [_pair(found, use_case, control, manifests) for use_case, control in pairs],
    }


def _listed(name: str, manifests: list[UseCase], found: Sequence[ControlCount]) -> dict[str, Any]:
    spec = known_control(name)
    added = _counts(each for each in found if each.control == name)
    return {
        "name": name,
        "installed": spec is not None,
        "stage": spec.stage if spec else "",
        "summary": dict(spec.summary) if spec else {},
        "budget_us": spec.budget_us if spec else None,
        "uses": _uses(name, manifests),
        "counts": added,
        "ran": sum(added.values()),
    }


def _pair(found: Sequence[ControlCount], use_case: str, control: str, manifests: list[UseCase]) -> dict[str, Any]:
    added = _counts(each for each in found if (each.use_case, each.control) == (use_case, control))
    return {
        "use_case": use_case,
        "title": next((m.title for m in manifests if m.name == use_case), {"en": use_case}),
        "control": control,
        "installed": known_control(control) is not None,
        "counts": {verdict: added[verdict] for verdict in hits.HITS},
    }


def _counts(found: Iterable[ControlCount]) -> dict[str, int]:
    added = dict.fromkeys(hits.VERDICTS, 0)
    for each in found:
        added[each.verdict] = added.get(each.verdict, 0) + each.n
    return added


def control(visit: Visit) -> Shown:
    """One control: what it does, where, how often it hit, and the bench."""
    name = visit.path["name"]
    spec = controls.get(name)
    manifests = _manifests(visit)
    wanted = figures.span(visit.house.workspace.clock.now_ms(), DAYS)
    with visit.house.index.reading() as connection:
        found = counts.controls(connection, *wanted.ends, control=name)
        acted = hits.acted(connection, wanted, name)
        shown = {
            "by_day": hits.by_day(found, wanted),
            "alarms": hits.alarms(connection, name),
            "last": hits.latest(connection, name),
        }
    added = _counts(found)
    return {
        **_described(spec),
        **shown,
        **_bench(visit, manifests),
        "uses": _uses(name, manifests),
        "measured_us": _measured(visit, name, manifests),
        "days": wanted.ticks,
        "counts": added,
        "ran": sum(added.values()),
        "all_verdicts": hits.VERDICTS,
        "tones": TONES,
        "dry": [_dry(name, m, found, acted[m.name]) for m in manifests if name in m.controls.dry_run],
        "test": None,
    }


def _described(spec: Control) -> dict[str, Any]:
    return {
        "name": spec.name,
        "stage": spec.stage,
        "summary": dict(spec.summary),
        "description": inspect.cleandoc(spec.check.__doc__ or ""),
        "clauses": spec.clauses,
        "on_error": spec.on_error.value,
        "budget_us": spec.budget_us,
        "messages": [{"code": code, "text": dict(text)} for code, text in spec.messages.items()],
    }


def _uses(name: str, manifests: list[UseCase]) -> list[dict[str, Any]]:
    return [
        {
            "use_case": m.name,
            "title": m.title,
            "dry_run": name in m.controls.dry_run,
            "settings": m.controls.settings.get(name, {}),
        }
        for m in manifests
        if name in (*m.controls.before, *m.controls.after)
    ]


def _dry(name: str, manifest: UseCase, found: Sequence[ControlCount], acted: int) -> dict[str, Any]:
    """What a dry run would have done by its verdicts; ``acted``: what it did while it was enforced earlier."""
    added = _counts(each for each in found if each.use_case == manifest.name)
    spec = known_control(name)
    if spec is not None:
        added[spec.on_error.value] += added["error"]
    return {
        "title": manifest.title,
        "ran": sum(added[verdict] for verdict in hits.VERDICTS) - (added["error"] if spec else 0),
        "redact": added["redact"],
        "review": added["review"],
        "block": added["block"],
        "acted": acted,
    }


def _measured(visit: Visit, name: str, manifests: list[UseCase]) -> int | None:
    """What the control costs on a sample case, now; None without a sample, or where it may take long."""
    if not controls.get(name).inline:
        return None
    for manifest in manifests:
        loaded = visit.house.workspace.catalogue.get(manifest.name)
        if loaded.plugin.samples and name in (*manifest.controls.before, *manifest.controls.after):
            case = case_of(visit.house.workspace, manifest, loaded.plugin.samples[0])
            return try_control(visit.house.workspace, manifest, name, Given(case)).cost_us
    return None


def _bench(visit: Visit, manifests: list[UseCase]) -> dict[str, Any]:
    return {
        "may_test": bool(manifests) and visit.may(Action.CONTROL_TEST, "control"),
        "may_private": visit.may(Action.DECISION_READ_PRIVATE, "decision"),
        "testable": [{"name": m.name, "title": m.title} for m in manifests],
        "example": EXAMPLE,
        "example_outcome": EXAMPLE_OUTCOME,
    }


def test(visit: Visit) -> Shown:
    """The same page with what the control says to the case that was pasted."""
    return {**control(visit), "test": bench.tried(visit, visit.path["name"])}


def _manifests(visit: Visit) -> list[UseCase]:
    """The use cases that can be used."""
    found = []
    for name in visit.house.workspace.catalogue:
        try:
            found.append(visit.house.workspace.catalogue.get(name).manifest)
        except Problem:
            continue  # a broken one runs no control; its own page says what is wrong
    return found


def _stage(name: str) -> str:
    spec = known_control(name)
    return spec.stage if spec else ""


_CARD = Page("/controls/{name}", control, "controls/card.html", Action.CONTROL_READ, "control", nav="controls")
PAGES: tuple[Page, ...] = (
    Page("/controls", all_controls, "controls/list.html", Action.CONTROL_READ, "control", nav="controls"),
    _CARD,
    Page("/controls/{name}", test, "controls/card.html", Action.CONTROL_TEST, "control", "POST", nav="controls",
         upload_bytes=256 * 1024, again=_CARD),
)  # fmt: skip
