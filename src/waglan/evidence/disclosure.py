"""What customers may know of a use case: what AI does, with which data, who looks, how to reach a person.

Made from the manifest in force and the register of models, so that it can't say anything else than what runs. No trade
secrets: neither versions, digests nor weights; no names of people.

References
----------
HKMA, *Consumer Protection in respect of Use of Big Data Analytics and AI* (2019), transparency and disclosure; PCPD,
*AI: Model Personal Data Protection Framework* (2024), communication with stakeholders.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from waglan.core.decision import OPT_OUT_CONTROL
from waglan.core.events import ModelRegistration
from waglan.core.usecase import Input, Texts, UseCase
from waglan.runtime.stance import Stance

CLASSES = ("sensitive", "personal", "financial", "internal", "public")
HOME = "HK"
People = Literal["every", "adverse", "doubts"]
Origin = Literal["", "own", "group", "vendor", "open"]


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """Data of one class: what reaches a model, and what is kept aside and never does."""

    data_class: str
    used: tuple[Texts, ...]
    aside: tuple[Texts, ...]


class ModelNote(msgspec.Struct, frozen=True, kw_only=True):
    """Where a model comes from, whether it runs outside Hong Kong, and when somebody last validated it."""

    origin: Origin
    abroad: bool
    validated_ms: int | None
    valid_until_ms: int | None


class Disclosed(msgspec.Struct, frozen=True, kw_only=True):
    """What may be known of one use case.

    Attributes
    ----------
    people
        ``every``: a person decides each case; ``adverse``: each that is to the customer's disadvantage, and doubts;
        ``doubts``: where a check or a doubt asks for one.
    opt_out
        Whether a customer's refusal of automated decisions is honoured by a control.
    text, contact
        What customers are told in the case itself, and how to reach a person; empty where the manifest says nothing.
    purposes
        Codes, as the manifest names them.
    """

    name: str
    title: Texts
    summary: Texts
    phase: str
    purposes: tuple[str, ...]
    data: tuple[Data, ...]
    people: People
    sampled: bool
    opt_out: bool
    text: Texts
    contact: str
    fallback: Texts
    models: tuple[ModelNote, ...]
    suspended: bool


def offered(manifest: UseCase, registered: Iterable[str]) -> bool:
    """Whether customers meet it here: it faces them, is in use, and stands on the register."""
    return manifest.customer_facing and manifest.phase in ("pilot", "production") and manifest.name in set(registered)


def disclosed(
    manifest: UseCase,
    current: Mapping[str, ModelRegistration],
    stance: Stance,
    *,
    suspended: bool = False,
) -> Disclosed:
    """What customers may know.

    Parameters
    ----------
    current
        The version of each model in use, by id.
    stance
        How high it stands: what is acted on, and which cases an obligation wants a person to see.
    suspended
        Whether its answers are stopped just now.
    """
    told = manifest.disclosure
    return Disclosed(
        name=manifest.name,
        title=manifest.title,
        summary=manifest.summary,
        phase=manifest.phase,
        purposes=manifest.purposes,
        data=_data(manifest.inputs),
        people=_people(manifest, stance),
        sampled=manifest.review.sample > 0,
        opt_out=OPT_OUT_CONTROL in (*manifest.controls.before, *manifest.controls.after)
        and OPT_OUT_CONTROL not in manifest.controls.dry_run,
        text=told.text if told else {},
        contact=told.contact if told else "",
        fallback=manifest.fallback,
        models=tuple(
            [_model(current[name]) for slot in manifest.models.values() for name in slot.use if name in current]
        ),
        suspended=suspended,
    )


def _people(manifest: UseCase, stance: Stance) -> People:
    """How `waglan.runtime.route` treats it."""
    if stance.tier == "critical" or manifest.review.always or stance.cases == "all":
        return "every"
    return "adverse" if stance.tier == "high" or manifest.review.adverse or stance.cases == "adverse" else "doubts"


def _data(inputs: Mapping[str, Input]) -> tuple[Data, ...]:
    found = []
    for data_class in CLASSES:
        of = [(name, each) for name, each in inputs.items() if each.data_class == data_class and each.role != "unused"]
        if of:
            used = tuple([_title(name, each) for name, each in of if each.role == "feature"])
            aside = tuple([_title(name, each) for name, each in of if each.role != "feature"])
            found.append(Data(data_class=data_class, used=used, aside=aside))
    return tuple(found)


def _title(name: str, spec: Input) -> Texts:
    return spec.title or {"en": name.replace("_", " ")}


def _model(found: ModelRegistration) -> ModelNote:
    return ModelNote(
        origin=found.origin or ("vendor" if found.vendor else ""),
        abroad=bool(found.region) and found.region != HOME,
        validated_ms=found.validated_at,
        valid_until_ms=found.validation_expires_at,
    )
