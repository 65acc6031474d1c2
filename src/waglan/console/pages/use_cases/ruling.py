"""People rule on a tier: one raises it, two let it stand lower until a day."""

from __future__ import annotations

from typing import cast
from urllib.parse import quote

from waglan.console.marked import _
from waglan.console.page import Goto
from waglan.console.pages.registers import book as books
from waglan.console.pages.registers.field import Field, read
from waglan.console.visit import Visit
from waglan.core.problem import Problem
from waglan.core.usecase import Tier
from waglan.tiers import TIERS, assess

REASONS = ("new_risk", "incident", "regulator", "scale", "evidence", "mitigated", "review", "other")


_TIER = Field("tier", _("Risk tier"), "choice", "", True, "tier", TIERS)
_REASON = Field("reason", _("Reason"), "choice", "", True, "ruling", REASONS)
_UNTIL = Field("until", _("Until the end of"), "until")


def rule(visit: Visit) -> Goto:
    """Raise a tier, ask for a lower one or for rulings to end, grant or drop what was asked, end a lowering alone."""
    name, registrar = visit.path["name"], books.registrar(visit)
    act, note = visit.form.text("act"), visit.form.text("note")
    if act in ("raise", "propose"):
        given = read(visit.form, (_TIER, _REASON, _UNTIL._replace(required=act == "propose")))
        tier, until_ms = cast(Tier, given["tier"]), given.get("until")
        if act == "raise":
            registrar.raise_tier(visit.me, name, tier, given["reason"], until_ms=until_ms, note=note)
        else:
            registrar.propose_tier(visit.me, name, tier, given["reason"], given["until"], note=note)
    elif act == "grant":
        registrar.lower_tier(visit.me, visit.form.required("proposal"), note=note)
    elif act == "drop":
        registrar.drop_proposal(visit.me, visit.form.required("proposal"), note=note)
    elif act == "end":
        registrar.propose_end(visit.me, name, before(visit, name), "review", note=note)
    elif act == "withdraw":
        registrar.withdraw_lowering(visit.me, name, "review", note=note)
    else:
        raise Problem(
            _("It isn't said what to do."), _("A tier is raised, or a lower one is asked for and granted."),
            _("Use the buttons of the page."), code="form.empty", where="act",
        )  # fmt: skip
    return Goto(f"/use-cases/{quote(name)}", "tier_ruled")


def before(visit: Visit, name: str) -> Tier:
    """Where a use case stands without anybody's ruling: the higher of what it declares and what it is assessed at."""
    manifest = visit.house.workspace.catalogue.get(name).manifest
    if manifest.profile is None:
        return manifest.tier
    return max(manifest.tier, assess(manifest.profile).tier, key=TIERS.index)
