"""Every field that rules, monitors and people may ask of the log: name, type, meaning, and where it comes from.

This is the only place where a fact is declared. The SQL of the tables is generated from it, rules are
type-checked against it, and ``docs/fields.md`` must have a line for each.

A source is written ``part.member``:

=============  ====================================================================================
``leaf``       a member of the leaf itself, ``leaf.index`` being its place in the log
``facts``      a member of the leaf's public part: `waglan.core.decision.DecisionFacts` or the event's own
``use_case``   the newest `UseCaseRegistration` before the decision with the decision's ``policy_digest``
``asked``      the model that gave the answer: the last of the leaf's ``models`` that answered
``model``      the newest `ModelRegistration` before the decision of exactly that id and version
``later``      the newest later event of a kind that refers to the decision, ``later.kind.member``; ``exists``
               whether there is one, ``first_at`` when the first one came
``derived``    computed from the other fields of the same row
``reserved``   named now so that rules can use it; null until something records it
=============  ====================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class FactType(StrEnum):
    """The type of a field; the value is the DuckDB type of its column. Every field may be null."""

    TEXT = "VARCHAR"
    TEXTS = "VARCHAR[]"
    BOOLEAN = "BOOLEAN"
    INTEGER = "BIGINT"
    NUMBER = "DOUBLE"
    MONEY = "DECIMAL(18,2)"
    TIME = "TIMESTAMP"
    VERDICTS = "MAP(VARCHAR, VARCHAR)"
    MODELS = (
        'STRUCT(id VARCHAR, "version" VARCHAR, digest VARCHAR, provider VARCHAR, region VARCHAR, answered BOOLEAN)[]'
    )


class Field(NamedTuple):
    """One field of a table.

    Attributes
    ----------
    name
        The column; the same word in rules, console and documents. Times end in ``_at`` and are UTC.
    type
        What it holds.
    meaning
        One line.
    source
        Where it comes from, as the module's text explains.
    """

    name: str
    type: FactType
    meaning: str
    source: str

    @property
    def part(self) -> str:
        """The part of the source before the first dot."""
        return self.source.partition(".")[0]

    @property
    def member(self) -> str:
        """What follows the first dot."""
        return self.source.partition(".")[2]


_T = FactType

DECISIONS: tuple[Field, ...] = (
    Field("log_index", _T.INTEGER, "Place of the decision in the log, counted from 0.", "leaf.index"),
    Field("id", _T.TEXT, "The decision's ULID.", "leaf.id"),
    Field("tenant", _T.TEXT, "The firm or unit the log belongs to.", "leaf.tenant"),
    Field("actor", _T.TEXT, "Who or what caused the entry.", "leaf.actor"),
    Field("writer", _T.TEXT, "The writing process: its name and the ULID of its start.", "leaf.source"),
    Field("writer_seq", _T.INTEGER, "The writing process's own count, without gaps.", "leaf.n"),
    Field("subject", _T.TEXT, "The subject's random pseudonym.", "leaf.subject"),
    Field("subject_kid", _T.TEXT, "Id of the key that the private part is sealed with.", "leaf.kid"),
    Field("erased", _T.BOOLEAN, "Whether that key has been shredded since.", "later.erasure.exists"),
    Field("use_case", _T.TEXT, "Name of the use case.", "facts.use_case"),
    Field("use_case_version", _T.TEXT, "Version of its manifest.", "facts.use_case_version"),
    Field("policy_digest", _T.TEXT, "SHA-256 of the manifest in force.", "facts.policy_digest"),
    Field("sector", _T.TEXT, "Line of business of the use case.", "use_case.sector"),
    Field("opportunity", _T.TEXT, "What the use case is for, as the firm classifies it.", "use_case.opportunity"),
    Field("use_type", _T.TEXT, "Kind of use of AI, as the firm classifies it.", "use_case.use_type"),
    Field("audience", _T.TEXT, "Who meets the answer.", "use_case.audience"),
    Field("customer_facing", _T.BOOLEAN, "Whether customers meet the answer.", "use_case.customer_facing"),
    Field("regulated_activity", _T.TEXT, "Regulated activity that the use case serves.", "use_case.regulated_activity"),
    Field("use_case_owner", _T.TEXT, "Who answers for the use case.", "use_case.owner"),
    Field("purposes", _T.TEXTS, "All purposes that the manifest allows.", "use_case.purposes"),
    Field("purpose", _T.TEXT, "What the data was used for in this decision.", "facts.purpose"),
    Field("channel", _T.TEXT, "The door: http, cli, python or import.", "facts.channel"),
    Field("language", _T.TEXT, "The customer's language.", "facts.language"),
    Field("consent_ref", _T.TEXT, "The consent that covers the use, by the firm's reference.", "facts.consent_ref"),
    Field("notice_id", _T.TEXT, "The privacy notice that covers the use.", "facts.notice_id"),
    Field("opt_out", _T.BOOLEAN, "Whether the subject had refused automated decisions.", "facts.opt_out"),
    Field("source", _T.TEXT, "The system that asked.", "facts.source"),
    Field("source_seq", _T.INTEGER, "That system's own running number.", "facts.source_seq"),
    Field("data_classes", _T.TEXTS, "Classes of data that the manifest's inputs belong to.", "facts.data_classes"),
    Field("pii_found", _T.BOOLEAN, "Whether personal identifiers were found in free text.", "facts.pii_found"),
    Field("redacted", _T.BOOLEAN, "Whether a control masked something.", "facts.redacted"),
    Field("tier", _T.TEXT, "Risk tier acted on: low, medium, high or critical.", "facts.tier"),
    Field("declared_tier", _T.TEXT, "The tier that the manifest declares.", "use_case.tier"),
    Field("observed_tier", _T.TEXT, "The tier that recent decisions suggested.", "facts.observed_tier"),
    Field("oversight_level", _T.TEXT, "How much people are involved by design.", "facts.oversight_level"),
    Field("phase", _T.TEXT, "Phase of the use case: pilot or production.", "facts.phase"),
    Field("effect", _T.TEXT, "What the answer does, in the manifest's words.", "facts.effect"),
    Field("adverse", _T.BOOLEAN, "Whether it is to the subject's disadvantage.", "facts.adverse"),
    Field("confidence", _T.NUMBER, "Probability that the answer is right, 0 to 1.", "facts.confidence"),
    Field("score", _T.NUMBER, "The figure behind the answer.", "facts.score"),
    Field("stakes_hkd", _T.MONEY, "Money at stake, Hong Kong dollars.", "facts.stakes_hkd"),
    Field("reasons", _T.TEXTS, "Codes of the reasons, in order.", "facts.reasons"),
    Field("explanation_id", _T.TEXT, "Which form of explanation this is.", "facts.explanation_id"),
    Field("citations", _T.INTEGER, "How many passages the answer rests on.", "facts.citations"),
    Field("grounding", _T.NUMBER, "Share of the answer that its citations carry, 0 to 1.", "reserved"),
    Field("controls", _T.VERDICTS, "Verdict by control; the strictest where one spoke twice.", "facts.controls"),
    Field("route", _T.TEXT, "Where it went: auto, human or blocked.", "facts.route"),
    Field("why", _T.TEXTS, "Codes of what sent it there.", "facts.why"),
    Field("rules", _T.TEXT, "Digest of the set of rules in force.", "facts.rules"),
    Field("disclosure_id", _T.TEXT, "The disclosure that the customer was given.", "facts.disclosure_id"),
    Field("disclosure_lang", _T.TEXT, "Its language.", "facts.disclosure_lang"),
    Field("shown_at", _T.TIME, "When the disclosure was seen.", "reserved"),
    Field("models", _T.MODELS, "Every model asked, in order, and whether it answered.", "facts.models"),
    Field("model_id", _T.TEXT, "The model that gave the answer.", "asked.id"),
    Field("model_version", _T.TEXT, "Its version.", "asked.version"),
    Field("model_digest", _T.TEXT, "SHA-256 of its artefact.", "asked.digest"),
    Field("provider", _T.TEXT, "Who runs it.", "asked.provider"),
    Field("region", _T.TEXT, "Where it runs.", "asked.region"),
    Field("vendor", _T.TEXT, "Who supplied it, by its registration.", "model.vendor"),
    Field("model_state", _T.TEXT, "Its state by its registration: proposed to in_use, or withdrawn.", "model.state"),
    Field("model_origin", _T.TEXT, "Where it comes from: own, group, vendor or open.", "model.origin"),
    Field("model_owner", _T.TEXT, "Who answers for it.", "model.owner"),
    Field("builder", _T.TEXT, "Who made it.", "model.builder"),
    Field("validator", _T.TEXT, "Who validated it.", "model.validator"),
    Field("model_approver", _T.TEXT, "Who let it into use.", "model.approver"),
    Field("validated_at", _T.TIME, "When it was validated.", "model.validated_at"),
    Field("validation_id", _T.TEXT, "The validation in force for it.", "model.validation_id"),
    Field("validation_expires_at", _T.TIME, "When that validation ends.", "model.validation_expires_at"),
    Field("cross_border", _T.BOOLEAN, "Whether any model asked runs outside Hong Kong.", "derived.cross_border"),
    Field("failover", _T.BOOLEAN, "Whether a model other than the first of its slot answered.", "facts.failover"),
    Field("prompt_hash", _T.TEXT, "Digest of the prompt's template.", "reserved"),
    Field("author", _T.TEXT, "Who drafted what was sent out.", "reserved"),
    Field("reviewer", _T.TEXT, "Who reviewed it last.", "later.review.actor"),
    Field("reviewed_at", _T.TIME, "When that was.", "later.review.recorded_at"),
    Field("first_reviewed_at", _T.TIME, "When it was first reviewed.", "later.review.first_at"),
    Field("review_seconds", _T.NUMBER, "How long the review took.", "later.review.review_seconds"),
    Field("approver", _T.TEXT, "Who released it.", "later.release.actor"),
    Field("released_at", _T.TIME, "When it was released.", "later.release.recorded_at"),
    Field("override", _T.BOOLEAN, "Whether a person overrode the answer.", "later.override.exists"),
    Field("corrected", _T.BOOLEAN, "Whether the record was corrected later.", "later.correction.exists"),
    Field("label", _T.TEXT, "What turned out to be true.", "later.label.label"),
    Field("label_at", _T.TIME, "When that became known.", "later.label.label_at"),
    Field("drill", _T.BOOLEAN, "An exercise; never live evidence.", "facts.drill"),
    Field("replay", _T.BOOLEAN, "A repetition of an earlier decision; never live evidence.", "facts.replay"),
    Field("imported", _T.BOOLEAN, "Taken in from a file of past decisions; never live evidence.", "facts.imported"),
    Field("decided_at", _T.TIME, "When it was decided.", "leaf.at_ms"),
    Field("latency_us", _T.INTEGER, "Microseconds from receipt to route.", "facts.latency_us"),
    Field("cost_hkd", _T.MONEY, "What the models charged, Hong Kong dollars.", "reserved"),
)  # fmt: skip

MODELS: tuple[Field, ...] = (
    Field("log_index", _T.INTEGER, "Place of the registration in the log.", "leaf.index"),
    Field("entry_id", _T.TEXT, "The entry's ULID.", "leaf.id"),
    Field("registered_at", _T.TIME, "When it was registered.", "leaf.at_ms"),
    Field("actor", _T.TEXT, "Who registered it.", "leaf.actor"),
    Field("model_id", _T.TEXT, "The model.", "facts.id"),
    Field("model_version", _T.TEXT, "Its version.", "facts.version"),
    Field("model_digest", _T.TEXT, "SHA-256 of its artefact.", "facts.digest"),
    Field("state", _T.TEXT, "proposed, developed, validated, approved, in_use or withdrawn.", "facts.state"),
    Field("use_case", _T.TEXT, "The use case it was registered for, where one is named.", "facts.use_case"),
    Field("owner", _T.TEXT, "Who answers for it.", "facts.owner"),
    Field("vendor", _T.TEXT, "Who supplied it.", "facts.vendor"),
    Field("provider", _T.TEXT, "Who runs it.", "facts.provider"),
    Field("region", _T.TEXT, "Where it runs.", "facts.region"),
    Field("licence", _T.TEXT, "Its licence.", "facts.licence"),
    Field("origin", _T.TEXT, "Where it comes from: own, group, vendor or open.", "facts.origin"),
    Field("builder", _T.TEXT, "Who made it.", "facts.builder"),
    Field("approver", _T.TEXT, "Who let it into use.", "facts.approver"),
    Field("fallback", _T.TEXT, "What stands in for it.", "facts.fallback"),
    Field("data_sources", _T.TEXTS, "Registered data sources that it was made from.", "facts.data_sources"),
    Field("intended_use", _T.TEXT, "What it is for.", "facts.intended_use"),
    Field("limits", _T.TEXT, "What it can't do.", "facts.limits"),
    Field("index_digest", _T.TEXT, "Digest of the index it retrieves from.", "facts.index_digest"),
    Field("prompt_digest", _T.TEXT, "Digest of the template of its prompt.", "facts.prompt_digest"),
    Field("validation_id", _T.TEXT, "The validation's reference.", "facts.validation_id"),
    Field("validator", _T.TEXT, "Who validated it.", "facts.validator"),
    Field("validated_at", _T.TIME, "When it was validated.", "facts.validated_at"),
    Field("validation_expires_at", _T.TIME, "When the validation ends.", "facts.validation_expires_at"),
)  # fmt: skip

USE_CASES: tuple[Field, ...] = (
    Field("log_index", _T.INTEGER, "Place of the registration in the log.", "leaf.index"),
    Field("entry_id", _T.TEXT, "The entry's ULID.", "leaf.id"),
    Field("registered_at", _T.TIME, "When the manifest came into force.", "leaf.at_ms"),
    Field("actor", _T.TEXT, "Who registered it.", "leaf.actor"),
    Field("use_case", _T.TEXT, "Its name.", "facts.name"),
    Field("use_case_version", _T.TEXT, "Its version.", "facts.version"),
    Field("policy_digest", _T.TEXT, "SHA-256 of the manifest.", "facts.policy_digest"),
    Field("owner", _T.TEXT, "Who answers for it.", "facts.owner"),
    Field("tier", _T.TEXT, "Declared risk tier.", "facts.tier"),
    Field("phase", _T.TEXT, "Phase: design, pilot, production or retired.", "facts.phase"),
    Field("purposes", _T.TEXTS, "What data may be used for.", "facts.purposes"),
    Field("data_classes", _T.TEXTS, "Classes of data that its inputs belong to.", "facts.data_classes"),
    Field("profile", _T.TEXTS, "What it says of its risk, axis=answer.", "facts.profile"),
    Field("sector", _T.TEXT, "Line of business.", "facts.sector"),
    Field("opportunity", _T.TEXT, "What it is for.", "facts.opportunity"),
    Field("use_type", _T.TEXT, "Kind of use of AI.", "facts.use_type"),
    Field("audience", _T.TEXT, "Who meets the answer.", "facts.audience"),
    Field("customer_facing", _T.BOOLEAN, "Whether customers meet the answer.", "facts.customer_facing"),
    Field("regulated_activity", _T.TEXT, "Regulated activity that it serves.", "facts.regulated_activity"),
    Field("sample_ppm", _T.INTEGER, "Share of automatic decisions that is sampled, per million.", "facts.sample_ppm"),
)  # fmt: skip

EVENTS: tuple[Field, ...] = (
    Field("log_index", _T.INTEGER, "Place of the event in the log.", "leaf.index"),
    Field("entry_id", _T.TEXT, "The entry's ULID.", "leaf.id"),
    Field("kind", _T.TEXT, "What it is: model, use_case, label, erasure, key and so on.", "leaf.kind"),
    Field("recorded_at", _T.TIME, "When it happened.", "leaf.at_ms"),
    Field("tenant", _T.TEXT, "The firm or unit the log belongs to.", "leaf.tenant"),
    Field("actor", _T.TEXT, "Who caused it.", "leaf.actor"),
    Field("writer", _T.TEXT, "The writing process.", "leaf.source"),
    Field("writer_seq", _T.INTEGER, "The writing process's own count.", "leaf.n"),
    Field("subject", _T.TEXT, "The pseudonym of whom it concerns.", "leaf.subject"),
    Field("subject_kid", _T.TEXT, "Id of the key that its private part is sealed with.", "leaf.kid"),
    Field("refs", _T.TEXTS, "Ids of the earlier entries that it speaks of.", "leaf.refs"),
    Field("body", _T.TEXT, "Its public part as JSON.", "leaf.facts"),
)  # fmt: skip

LATER: tuple[Field, ...] = (
    Field("log_index", _T.INTEGER, "Place of the later event in the log.", "leaf.index"),
    Field("ref", _T.TEXT, "The entry it speaks of; for an erasure, the shredded key's id.", "derived.ref"),
    Field("kind", _T.TEXT, "What it is.", "leaf.kind"),
    Field("recorded_at", _T.TIME, "When it happened.", "leaf.at_ms"),
    Field("actor", _T.TEXT, "Who caused it.", "leaf.actor"),
    Field("label", _T.TEXT, "What turned out to be true, of a label.", "facts.label"),
    Field("label_at", _T.TIME, "When that became known, of a label.", "facts.label_at"),
    Field("review_seconds", _T.NUMBER, "How long it took, of a review.", "facts.review_seconds"),
)  # fmt: skip

TABLES: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {"decisions": DECISIONS, "models": MODELS, "use_cases": USE_CASES, "events": EVENTS, "later": LATER}
)
