"""The route: a pure function of findings, outcome and manifest, and nobody else's business."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from waglan.core.decision import Route
from waglan.core.finding import Finding, Verdict
from waglan.core.outcome import Outcome
from waglan.core.usecase import Oversight, UseCase


class Routed(NamedTuple):
    """Where a decision goes, what sent it there, and how closely a person watches it.

    ``why`` holds codes: ``control:<name>``, ``outcome:<fault>``, ``tier:<what>``, ``review:<what>``.
    """

    route: Route
    why: tuple[str, ...]
    oversight: Oversight


def route(findings: Iterable[Finding], outcome: Outcome | None, fault: str, manifest: UseCase) -> Routed:
    """Decide where a decision goes.

    Parameters
    ----------
    findings
        Of every control that ran, in order.
    outcome
        The checked outcome, None when there is no usable one.
    fault
        Why there is none, as a code.
    manifest
        Tier and review rule set a floor; nothing here lowers what a control asked for.
    """
    blocked: list[str] = []
    why: list[str] = []
    for finding in findings:
        if finding.verdict is Verdict.PASS:
            continue
        effect = finding.effect
        if effect is Verdict.BLOCK:
            blocked.append(f"control:{finding.control}")
        elif effect is Verdict.REVIEW:
            why.append(f"control:{finding.control}")
    if blocked:
        return Routed(Route.BLOCKED, tuple(dict.fromkeys(blocked)), _oversight(manifest, human=False))
    why += _doubts(outcome, fault)
    why += _floor(outcome, manifest)
    if not why:
        return Routed(Route.AUTO, (), _oversight(manifest, human=False))
    return Routed(Route.HUMAN, tuple(dict.fromkeys(why)), _oversight(manifest, human=True))


def _doubts(outcome: Outcome | None, fault: str) -> list[str]:
    if outcome is None:
        return [f"outcome:{fault}"]
    doubts = [f"outcome:flag:{flag}" for flag in outcome.flags]
    for reason in outcome.reasons:
        if reason.code:
            return doubts
    return [*doubts, "outcome:no-reasons"]


def _floor(outcome: Outcome | None, manifest: UseCase) -> list[str]:
    rule, floor = manifest.review, []
    if manifest.tier == "critical":
        floor.append("tier:critical")
    if rule.always:
        floor.append("review:always")
    if outcome is None:
        return floor
    if manifest.tier == "high" and outcome.adverse is not False:
        floor.append("tier:adverse" if outcome.adverse else "tier:adverse-unknown")
    if rule.adverse and outcome.adverse is not False:
        floor.append("review:adverse")
    if outcome.effect in rule.effects:
        floor.append(f"review:effect:{outcome.effect}")
    return floor


def _oversight(manifest: UseCase, *, human: bool) -> Oversight:
    """Tier to oversight level, after the PCPD's three levels (Model Personal Data Protection Framework, 2024)."""
    if manifest.tier == "critical" or (manifest.tier == "high" and human):
        return "in_the_loop"
    if manifest.tier in ("high", "medium"):
        return "in_command"
    return "out_of_the_loop"
