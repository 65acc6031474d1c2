"""The use-case seam: a manifest that says what the firm uses AI for, and an object that decides."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Protocol

import msgspec

from waglan.core.case import LANGUAGES, Case, Language
from waglan.core.model import Kit
from waglan.core.outcome import Outcome
from waglan.core.profile import Profile
from waglan.core.registry import Registry

Tier = Literal["low", "medium", "high", "critical"]
Oversight = Literal["out_of_the_loop", "in_command", "in_the_loop"]
Role = Literal["feature", "protected", "identifier", "subject", "unused"]
Texts = dict[Language, str]


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One declared input.

    Attributes
    ----------
    type
        ``date`` is ``YYYY-MM-DD``; ``category`` is text from ``values``; ``list`` and ``object`` are free JSON.
    role
        ``feature`` reaches models; ``protected`` and ``identifier`` are recorded aside; ``subject`` names the
        person for the vault and is never stored elsewhere; ``unused`` may come and is dropped.
    data_class
        For the record and for residency rules.
    required
        Whether it must be there and not null.
    change
        What recourse may propose: any change, only up, only down, or none.
    """

    type: Literal["number", "integer", "boolean", "text", "category", "date", "list", "object"]
    role: Role = "feature"
    data_class: Literal["public", "internal", "financial", "personal", "sensitive"] = "internal"
    required: bool = True
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    max_length: int = 20_000
    change: Literal["any", "increase", "decrease", "fixed"] = "any"
    title: Texts = {}


class ModelSlot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question the use case puts to a model: who is asked in which order, and how long each may take."""

    use: tuple[str, ...]
    deadline_ms: int = 2_000


class ControlPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Controls by name in the order they act, with their settings; those in ``dry_run`` only record."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    dry_run: tuple[str, ...] = ()
    settings: dict[str, dict[str, Any]] = {}


class ReviewRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """When a person decides beyond what the tier asks; it can only add.

    ``sample`` is the share of automatic decisions, 0 to 1, that a person looks at afterwards for quality; 0 leaves it
    to the tier.
    """

    always: bool = False
    adverse: bool = False
    effects: tuple[str, ...] = ()
    sample: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.0


class Disclosure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the customer is told: that AI is used, how to reach a person, how to refuse."""

    id: str
    text: Texts
    contact: str = ""


class UseCase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The manifest.

    Attributes
    ----------
    name, version
        The name is in the address ``/decide/{name}`` and in every record.
    title, summary
        Text per language.
    owner
        The person who answers for it.
    plugin
        The installed use case whose object decides, where a firm's own manifest has another name.
    purposes
        What personal data may be used for here; the first is the default.
    sector, opportunity, use_type, audience, regulated_activity
        Classification that clauses refer to.
    customer_facing
        Whether customers meet its answers; then a disclosure is needed.
    tier
        Declared risk; the floor of oversight.
    profile
        What the use case says of its risk, axis by axis; the tier assessed from it counts where it is higher than the
        declared one (`waglan.tiers`). Without it, the declared tier stands alone.
    phase
        ``pilot`` and ``production`` decide; ``design`` and ``retired`` are refused.
    adverse_effects
        Effects that are to the subject's disadvantage even where the plug-in doesn't say so.
    deadline_ms
        How long the whole ``decide`` of the use case may take.
    fallback
        What people are told when no model answers.
    """

    name: str
    version: str
    title: Texts
    owner: str
    plugin: str = ""
    purposes: tuple[str, ...]
    summary: Texts = {}
    sector: str = ""
    opportunity: str = ""
    use_type: str = ""
    audience: str = ""
    regulated_activity: str = ""
    customer_facing: bool = False
    tier: Tier = "high"
    profile: Profile | None = None
    phase: Literal["design", "pilot", "production", "retired"] = "pilot"
    languages: tuple[Language, ...] = LANGUAGES
    adverse_effects: tuple[str, ...] = ()
    deadline_ms: int = 10_000
    inputs: dict[str, Input] = {}
    models: dict[str, ModelSlot] = {}
    controls: ControlPlan = ControlPlan()
    review: ReviewRule = ReviewRule()
    disclosure: Disclosure | None = None
    fallback: Texts = {}
    metrics: tuple[str, ...] = ()


class Decider(Protocol):
    """The object beside the manifest.

    ``decide`` may be a coroutine function and must be one to ask models. Optional: ``decide_many(cases, kit)``
    with identical meaning, and ``inline = True``, which promises bounded work without I/O of its own.
    """

    def decide(self, case: Case, kit: Kit) -> Outcome | Awaitable[Outcome]: ...


class DeciderMany(Decider, Protocol):
    """A decider that also answers many cases at once."""

    def decide_many(self, cases: Sequence[Case], kit: Kit) -> Awaitable[Sequence[Outcome]]: ...


class Plugin(NamedTuple):
    """A use case as installed: manifest, decider, and sample cases that ``waglan check`` runs."""

    manifest: UseCase
    decider: Decider
    samples: tuple[dict[str, Any], ...] = ()


use_cases: Registry[Plugin] = Registry("use case", "waglan.usecases")
