"""Credit: approve or decline an application by a scorecard, with reasons and recourse."""

from waglan.usecases.credit.decider import Credit
from waglan.usecases.credit.plugin import plugin

__all__ = ["Credit", "plugin"]
