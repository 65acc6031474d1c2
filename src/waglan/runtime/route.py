"""The route: a pure function of findings, outcome and manifest, and nobody else's business."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from waglan.core.decision import Route
from waglan.core.finding import Finding, Verdict
from waglan.core.outcome import Outcome
from waglan.core.usecase import Oversight, UseCase
from waglan.runtime.stance import Stance

SUSPENDED = "suspended:use_case"
"""In place of a fault: the use case wasn't asked, or its answer isn't used, as somebody stopped it."""


class Routed(NamedTuple):
    """Where a decision goes, what sent it there, and how closely a person watches it.

    ``why`` holds codes: ``control:<name>``, ``outcome:<fault>``, ``suspended:use_case``, ``tier:<what>``,
    ``floor:<clause>``, ``review:<what>``.
    """

    route: Route
    why: tuple[str, ...]
    oversight: Oversight


def route(
    findings: Iterable[Finding], outcome: Outcome | None, fault: str, manifest: UseCase, stance: Stance | None = None
) -> Routed:
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
        Its review rule sets a floor; nothing here lowers what a control asked for.
    stance
        How high the use case stands, which sets another floor; None takes the tier that the manifest declares.
    """
    stance = Stance(manifest.tier) if stance is None else stance
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
        return Routed(Route.BLOCKED, tuple(dict.fromkeys(blocked)), _oversight(stance, human=False))
    why += _doubts(outcome, fault)
    why += _floor(outcome, manifest, stance)
    if not why:
        return Routed(Route.AUTO, (), _oversight(stance, human=False))
    return Routed(Route.HUMAN, tuple(dict.fromkeys(why)), _oversight(stance, human=True))


def _doubts(outcome: Outcome | None, fault: str) -> list[str]:
    if outcome is None:
        return [fault if fault == SUSPENDED else f"outcome:{fault}"]
    doubts = [f"outcome:flag:{flag}" for flag in outcome.flags]
    for reason in outcome.reasons:
        if reason.code:
            return doubts
    return [*doubts, "outcome:no-reasons"]


def _floor(outcome: Outcome | None, manifest: UseCase, stance: Stance) -> list[str]:
    rule, floor = manifest.review, []
    if stance.tier == "critical":
        floor.append("tier:critical")
    floor += [f"floor:{clause}" for clause, cases in stance.floors if cases == "all"]
    if rule.always:
        floor.append("review:always")
    if outcome is None:
        return floor
    if outcome.adverse is not False:
        if stance.tier == "high":
            floor.append("tier:adverse" if outcome.adverse else "tier:adverse-unknown")
        elif stance.tier != "critical":
            floor += [f"floor:{clause}" for clause, cases in stance.floors if cases == "adverse"]
        if rule.adverse:
            floor.append("review:adverse")
    if outcome.effect in rule.effects:
        floor.append(f"review:effect:{outcome.effect}")
    return floor


def _oversight(stance: Stance, *, human: bool) -> Oversight:
    """Tier to oversight level, after the PCPD's three levels (Model Personal Data Protection Framework, 2024)."""
    tier = stance.tier
    if tier == "critical" or stance.cases == "all" or (human and (tier == "high" or stance.cases == "adverse")):
        return "in_the_loop"
    if tier in ("high", "medium"):
        return "in_command"
    return "out_of_the_loop"
