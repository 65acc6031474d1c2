"""Scorecards: binning, points, reasons, recourse, and a boosted challenger."""

from waglan.kit.scorecard.assessment import Assessment
from waglan.kit.scorecard.binning import Band, Binning, BinningRule, Locator, bin_column
from waglan.kit.scorecard.fit import Dropped, Fitted, Plan, fit_scorecard
from waglan.kit.scorecard.model import ScorecardModel, read
from waglan.kit.scorecard.scorecard import Calibration, Characteristic, Scaling, Scorecard, Training, digest, dump, load
from waglan.kit.scorecard.table import Column, from_cells, rows_of

__all__ = [
    "Assessment",
    "Band",
    "Binning",
    "BinningRule",
    "Calibration",
    "Characteristic",
    "Column",
    "Dropped",
    "Fitted",
    "Locator",
    "Plan",
    "Scaling",
    "Scorecard",
    "ScorecardModel",
    "Training",
    "bin_column",
    "digest",
    "dump",
    "fit_scorecard",
    "from_cells",
    "load",
    "read",
    "rows_of",
]
