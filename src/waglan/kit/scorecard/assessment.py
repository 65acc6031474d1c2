"""What a credit model answers, whichever kind it is."""

from __future__ import annotations

from typing import Literal

import msgspec

from waglan.core import Alternative, Reason


class Assessment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One applicant as a model sees them.

    Attributes
    ----------
    approve
        Whether the score reaches the cut-off.
    probability
        Calibrated probability of default.
    score, cut_off
        In points; more is safer.
    reasons
        For a decline what costs most points, for an approval what brings most; at most four.
    alternatives
        For a decline: the smallest allowed set of changes that turns it, at most one.
    recourse
        ``found``, ``none`` (no allowed change turns the decline), ``not_needed`` or ``not_offered``
        (the model can't search exactly).
    unseen
        Inputs whose value (or whose absence) never occurred in training.
    stakes_hkd
        The amount asked for, where the model knows the input.
    explanation_id
        How the reasons were made.
    """

    approve: bool
    probability: float
    score: float
    cut_off: float
    reasons: tuple[Reason, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    recourse: Literal["found", "none", "not_needed", "not_offered"] = "not_needed"
    unseen: tuple[str, ...] = ()
    stakes_hkd: float | None = None
    explanation_id: str = ""
