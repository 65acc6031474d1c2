"""The scorecard as a value: bands with whole points per input, and what a score means.

Points are whole, so a score is an exact sum whichever way it is added up, and each score's probability is computed
once. A file is one JSON document; its digest is the SHA-256 of its bytes.

References
----------
Siddiqi (2017), *Intelligent Credit Scoring*, ch. 10: score = offset + factor · ln(odds good:bad),
factor = PDO / ln 2.
"""

from __future__ import annotations

import hashlib
import math
from typing import Literal

import msgspec

from waglan.core import Problem
from waglan.core.usecase import Texts
from waglan.kit.scorecard.binning import Binning

FORMAT = "waglan.scorecard/1"
Direction = Literal["any", "increase", "decrease", "fixed"]


class Scaling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``base_score`` points mean odds of ``base_odds`` good to one bad; ``pdo`` points more double them."""

    pdo: float = 20.0
    base_score: float = 600.0
    base_odds: float = 30.0

    @property
    def factor(self) -> float:
        """Points per unit of ln(odds)."""
        return self.pdo / math.log(2.0)

    @property
    def offset(self) -> float:
        """The score at even odds."""
        return self.base_score - self.factor * math.log(self.base_odds)


class Calibration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """True ln(odds good:bad) = intercept + slope · stated; the identity unless unseen rows said otherwise."""

    method: Literal["identity", "platt"] = "identity"
    intercept: float = 0.0
    slope: float = 1.0

    def probability_of_bad(self, log_odds_good: float) -> float:
        """Calibrated probability of the event."""
        z = self.intercept + self.slope * log_odds_good
        return 1.0 / (1.0 + math.exp(z)) if z < 700.0 else 0.0


class Characteristic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An input in the scorecard.

    Attributes
    ----------
    binning
        Its bands.
    coefficient
        Of its weight of evidence on ln(odds good:bad); positive.
    points
        Whole points per band, at least 0.
    change
        What recourse may propose.
    family
        Inputs of one family give one reason at most; empty stands for itself.
    title
        Name per language.
    """

    binning: Binning
    coefficient: float
    points: tuple[int, ...]
    change: Direction = "any"
    family: str = ""
    title: Texts = {}

    @property
    def name(self) -> str:
        """The input's name."""
        return self.binning.name


class Training(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a model comes from: target, rows, events, the data's SHA-256, when (milliseconds since 1970 UTC)."""

    target: str
    bad: str
    rows: int
    events: int
    data_sha256: str = ""
    trained_at: int = 0


class Scorecard(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="format",
    tag=FORMAT,
):
    """A trained scorecard.

    Attributes
    ----------
    id
        The model's id in manifests and on the log.
    base
        Points that everybody has.
    cut_off
        The least score that is approved.
    protected
        Attributes kept out of it; a scorecard that uses one is refused.
    stakes
        The input that holds the amount asked for, in Hong Kong dollars; empty when there is none.
    """

    id: str
    training: Training
    scaling: Scaling
    calibration: Calibration
    base: int
    cut_off: int
    characteristics: tuple[Characteristic, ...]
    protected: tuple[str, ...] = ()
    stakes: str = ""

    @property
    def lowest(self) -> int:
        """The least possible score."""
        return self.base + sum(min(c.points) for c in self.characteristics)

    @property
    def highest(self) -> int:
        """The largest possible score."""
        return self.base + sum(max(c.points) for c in self.characteristics)

    def probability(self, score: int) -> float:
        """Calibrated probability of default at a score."""
        return self.calibration.probability_of_bad((score - self.scaling.offset) / self.scaling.factor)


def dump(scorecard: Scorecard) -> bytes:
    """The file: JSON, members in the order of the Struct, one line."""
    return msgspec.json.encode(scorecard) + b"\n"


def load(raw: bytes) -> Scorecard:
    """Read a file and check what its types can't say.

    Raises
    ------
    Problem
        ``model.invalid``.
    """
    try:
        found = msgspec.json.decode(raw, type=Scorecard)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise invalid(str(error)) from None
    for c in found.characteristics:
        if c.name in found.protected:
            raise invalid(f"it scores the protected attribute {c.name!r}")
        if len(c.points) != len(c.binning.bands):
            raise invalid(f"{c.name!r} has {len(c.binning.bands)} bands and {len(c.points)} points")
        if not c.binning.bands or c.binning.bands[-1].role != "missing":
            raise invalid(f"the last band of {c.name!r} isn't the missing one")
        if list(c.binning.edges) != sorted(set(c.binning.edges)):
            raise invalid(f"the ranges of {c.name!r} aren't in order")
    return found


def digest(raw: bytes) -> str:
    """SHA-256 of a model file, hexadecimal."""
    return hashlib.sha256(raw).hexdigest()


def invalid(why: str) -> Problem:
    """The Problem of a credit model's file that can't be used."""
    return Problem(
        "The file is no usable credit model.",
        f"{why[:1].upper()}{why[1:]}.",
        "Train it again with 'waglan credit train', or restore the file.",
        code="model.invalid",
    )
