"""The nouns. Standard library and msgspec, no I/O."""

from waglan.core.case import LANGUAGES, Case, Language
from waglan.core.clock import Clock, SystemClock
from waglan.core.control import Context, Control, Redacted, Registers, control, controls
from waglan.core.decision import Decision, DecisionFacts, Route
from waglan.core.entry import Entry
from waglan.core.finding import Finding, Verdict
from waglan.core.ids import Ids
from waglan.core.inputs import InputSchema
from waglan.core.model import Kit, Model, ModelCard, formats, models
from waglan.core.outcome import Alternative, Change, ModelUse, Outcome, Reason
from waglan.core.problem import Problem
from waglan.core.registry import Registry
from waglan.core.usecase import Decider, Plugin, UseCase, use_cases

__all__ = [
    "LANGUAGES",
    "Alternative",
    "Case",
    "Change",
    "Clock",
    "Context",
    "Control",
    "Decider",
    "Decision",
    "DecisionFacts",
    "Entry",
    "Finding",
    "Ids",
    "InputSchema",
    "Kit",
    "Language",
    "Model",
    "ModelCard",
    "ModelUse",
    "Outcome",
    "Plugin",
    "Problem",
    "Reason",
    "Redacted",
    "Registers",
    "Registry",
    "Route",
    "SystemClock",
    "UseCase",
    "Verdict",
    "control",
    "controls",
    "formats",
    "models",
    "use_cases",
]
