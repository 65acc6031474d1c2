"""What acts on a case before a model sees it and on an answer before anybody else does. Importing registers all."""

from waglan.controls import (
    data_minimisation,
    model_validated,
    output_disclosure,
    output_explanation,
    output_thresholds,
    people_opt_out,
    privacy_identifiers,
    privacy_identifiers_out,
    purpose_consent,
)
from waglan.controls.text import render

__all__ = [
    "data_minimisation",
    "model_validated",
    "output_disclosure",
    "output_explanation",
    "output_thresholds",
    "people_opt_out",
    "privacy_identifiers",
    "privacy_identifiers_out",
    "purpose_consent",
    "render",
]
