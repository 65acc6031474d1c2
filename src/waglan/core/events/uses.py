"""What is used: models and use cases."""

from __future__ import annotations

from typing import ClassVar, Literal

from waglan.core.events.base import Event

ModelState = Literal["proposed", "developed", "validated", "approved", "in_use", "withdrawn"]


class ModelRegistration(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A step in the life of a model version; the newest for a version counts, all of them are its history.

    Times are milliseconds since 1970 UTC; digests are SHA-256 in hexadecimal.

    Attributes
    ----------
    approver, builder, owner, validator
        Who let it into use, made it, answers for it, and validated it: ids of people, or the firm's own words.
    data_sources
        Ids of the registered data sources that it was made from.
    digest, index_digest, prompt_digest
        Of the artefact, of the index it retrieves from, and of the template of its prompt.
    fallback
        The model or the way that stands in for it.
    intended_use, limits
        One line each, in the owner's words.
    origin
        Where it comes from: made here, by the group, by a vendor, or open.
    """

    kind: ClassVar[str] = "model"

    approver: str = ""
    builder: str = ""
    data_sources: tuple[str, ...] = ()
    digest: str
    fallback: str = ""
    id: str
    index_digest: str = ""
    intended_use: str = ""
    licence: str = ""
    limits: str = ""
    origin: Literal["", "own", "group", "vendor", "open"] = ""
    owner: str = ""
    prompt_digest: str = ""
    provider: str = ""
    region: str = ""
    state: ModelState = "in_use"
    use_case: str = ""
    validated_at: int | None = None
    validation_expires_at: int | None = None
    validation_id: str = ""
    validator: str = ""
    vendor: str = ""
    version: str


class UseCaseRegistration(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A manifest comes into force; decisions point at it by ``policy_digest``.

    ``data_classes`` are the classes of its inputs; ``sample_ppm`` is its ``review.sample`` in millionths; ``profile``
    holds what it says of its risk as ``axis=answer``, sorted (see `waglan.tiers`).
    """

    kind: ClassVar[str] = "use_case"

    audience: str = ""
    customer_facing: bool = False
    data_classes: tuple[str, ...] = ()
    name: str
    opportunity: str = ""
    owner: str = ""
    phase: str = ""
    policy_digest: str
    profile: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    regulated_activity: str = ""
    sample_ppm: int = 0
    sector: str = ""
    tier: str = ""
    use_type: str = ""
    version: str
