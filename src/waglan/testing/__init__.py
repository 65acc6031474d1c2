"""The conformance suites: what every implementation of a seam must keep, ours and a firm's alike."""

from waglan.testing.control import check_control
from waglan.testing.model import check_model
from waglan.testing.report import Flaw, Report
from waglan.testing.usecase import Stage, check_use_case, sample_cases, signature

__all__ = ["Flaw", "Report", "Stage", "check_control", "check_model", "check_use_case", "sample_cases", "signature"]
