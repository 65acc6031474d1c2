"""The sample bank's two credit models: the first on a host that can fail, the second a smaller one that stands by."""

from __future__ import annotations

from pathlib import Path

import msgspec

from waglan.core.events import ModelRegistration
from waglan.core.usecase import ControlPlan, ModelSlot, UseCase
from waglan.harbour import hosted
from waglan.harbour.applicants import write_applicants
from waglan.harbour.applications import USE_CASE
from waglan.harbour.plan import Past
from waglan.usecases.credit.decider import SLOT
from waglan.usecases.credit.declare import Wishes
from waglan.usecases.credit.plugin import plugin
from waglan.usecases.credit.training import File, Options, Trained, registrations, train

OWNER = "Head of Retail Credit (SYN)"
VALIDATOR = "SYN model validation"
SCORING, PAST_DATA = "syn-scoring", "past-applicants"
"""Ids of the vendor that hosts the first model, and of the data that both learned from."""
STANDBY = "credit.standby"
STANDBY_ROWS = 2_500
STANDBY_WITHOUT = ("card_utilisation", "months_since_late", "years_with_bank", "district")
MOST_HKD = 600_000
SETTINGS = {
    "purpose.consent": {"consent": True, "notice": True},
    "output.thresholds": {"maximum_stakes_hkd": MOST_HKD},
}
_PROTECTED = ("sex", "age")
_STAKES = "requested_amount_hkd"


def train_models(folder: Path, past: Past, seed: int, now_ms: int) -> Trained:
    """Train both on past applicants; nothing is written but those, into ``folder``.

    Returns
    -------
    Trained
        Manifest, files and report for `waglan.usecases.credit.training.save`; the first file is the hosted model's.
    """
    everybody, some = folder / "past.csv", folder / "past-standby.csv"
    write_applicants(everybody, past.rows, seed + 1, biased=past.biased)
    write_applicants(some, min(past.rows, STANDBY_ROWS), seed + 2, biased=past.biased)
    base = _base()
    first = train(
        everybody,
        Options(
            target="default",
            wishes=Wishes(protected=_PROTECTED),
            stakes=_STAKES,
            approve_rate=past.approve_rate,
            owner=OWNER,
        ),
        now_ms,
        base,
    )
    second = train(
        some,
        Options(
            target="default",
            wishes=Wishes(protected=_PROTECTED, drop=STANDBY_WITHOUT),
            use_case=STANDBY,
            stakes=_STAKES,
            approve_rate=past.approve_rate,
            owner=OWNER,
        ),
        now_ms,
        base,
    )
    return _together(first, second)


def registered(trained: Trained, now_ms: int, builder: str = "", approver: str = "") -> tuple[ModelRegistration, ...]:
    """What to put on the log: the life of both models so far, from proposal to use.

    Parameters
    ----------
    now_ms
        When they were validated.
    builder, approver
        Ids of the people who made them and who let them into use.
    """
    known = registrations(trained, now_ms, validator=VALIDATOR)
    hosted_one = msgspec.structs.replace(known[0], provider=hosted.HOST, region="HK", vendor=SCORING)
    return tuple(
        each
        for one, stand_in in ((hosted_one, known[1].id), (known[1], "people"))
        for each in _life(one, stand_in, builder, approver)
    )


def _life(used: ModelRegistration, stand_in: str, builder: str, approver: str) -> tuple[ModelRegistration, ...]:
    unchecked = {"validated_at": None, "validation_expires_at": None, "validation_id": "", "validator": ""}
    proposed = msgspec.structs.replace(
        used,
        state="proposed",
        builder=builder,
        data_sources=(PAST_DATA,),
        fallback=stand_in,
        intended_use="Applications for personal loans by people",
        licence="Apache-2.0",
        limits="Not for business loans; not without an income",
        origin="own",
        **unchecked,
    )
    checked = {name: getattr(used, name) for name in unchecked}
    validated = msgspec.structs.replace(proposed, state="validated", **checked)
    approved = msgspec.structs.replace(validated, state="approved", approver=approver)
    return (
        proposed,
        msgspec.structs.replace(proposed, state="developed"),
        validated,
        approved,
        msgspec.structs.replace(approved, state="in_use"),
    )


def _base() -> UseCase:
    """The shipped manifest in production, with consent and notice asked for and large sums kept for people."""
    manifest = plugin.manifest
    controls: ControlPlan = msgspec.structs.replace(manifest.controls, settings=SETTINGS)
    return msgspec.structs.replace(manifest, phase="production", controls=controls)


def _together(first: Trained, second: Trained) -> Trained:
    raw = hosted.host(first.files[0].raw)
    version = hosted.read(raw).card.version
    file = File(first.files[0].id, f"{first.files[0].id}-{version}.json", raw)
    slot = first.manifest.models[SLOT]
    use = (file.id, second.files[0].id)
    manifest = msgspec.structs.replace(
        first.manifest,
        name=USE_CASE,
        version=version,
        models={SLOT: ModelSlot(use=use, deadline_ms=slot.deadline_ms)},
    )
    told = msgspec.structs.replace(first.report.scorecard, version=version, file=file.name)
    report = msgspec.structs.replace(first.report, scorecard=told)
    return Trained(manifest, (file, second.files[0]), report)
