"""The registers that people keep, each described once: its pages, forms and reminders are made from this."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, get_args

from waglan.console.marked import _
from waglan.console.pages.registers.field import Field
from waglan.core.events import Competence, Count, DataSource, Document, Entity, Event, TestRun, Vendor
from waglan.core.events.registers import DocumentType, Licence, RunOf


class Column(NamedTuple):
    """A member of a register's row as a list shows it.

    ``sort`` is ``text``, ``list``, ``all`` (a list of which none means all), ``day``, ``time``, ``truth``, ``share``,
    ``number``, ``word`` (of ``group``), ``person``, ``digest``, ``until`` (a day that is pointed out when it is near or
    past), ``document``, ``clauses``, ``use_case`` or ``model``; ``below`` is a further member, a text or a past day,
    that stands small under it.
    """

    name: str
    label: str
    sort: str = "text"
    group: str = ""
    below: str = ""


class Table(NamedTuple):
    """A register.

    Attributes
    ----------
    key
        Its address: ``/registers/data``; vendors have one of their own.
    register
        Its name among `waglan.registers.SCHEMAS`.
    event
        What is written on the log.
    verb
        The method of `waglan.registers.Registrar` that writes it.
    named
        The member of a row that is the entry's id; empty where every entry stands for itself.
    title, lead, empty, add
        Msgids.
    columns, fields
        Of its list and of its form.
    wanted
        Members of a row without which it is incomplete, with what that means.
    ends
        Members of a row that are days to come, with what happens then.
    upload
        Whether the form takes a file whose digest is kept.
    """

    key: str
    register: str
    event: type[Event]
    verb: str
    named: str
    title: str
    lead: str
    empty: str
    add: str
    columns: tuple[Column, ...]
    fields: tuple[Field, ...]
    wanted: Mapping[str, str] = MappingProxyType({})
    ends: Mapping[str, str] = MappingProxyType({})
    upload: bool = False

    @property
    def address(self) -> str:
        """Of its list, below ``/console``."""
        return f"/{self.key}" if self.key == "vendors" else f"/registers/{self.key}"


_NO_NAMES = _("It stands on the log for good, so no personal names.")
_TRAINED = ("admin", "developer", "user", "reviewer", "approver", "auditor")
_ID = Field("id", _("Id"), "id", _("Short and lasting, such as core-llm-2026. It can't be changed later."), True)

VENDORS = Table(
    "vendors", "vendors", Vendor, "vendor", "vendor",
    _("Vendors"),
    _("Third parties that AI is bought from or runs at: how much depends on each, what they see, and the way out."),
    _("No vendor is registered."), _("Add a vendor"),
    (
        Column("vendor", _("Vendor"), below="service"), Column("region", _("Region")),
        Column("share_30d", _("Decisions, 30 days"), "share"),
        Column("data_seen", _("Data it sees"), "words", "data_class"),
        Column("next_review_at", _("Next review"), "until", below="reviewed_at"),
        Column("exit_plan", _("Exit plan, substitute"), "document", below="substitute"),
        Column("last_drill_at", _("Last drill"), "day"), Column("incidents", _("Incidents"), "number"),
    ),
    (
        _ID,
        Field("service", _("Service"), "text", _("What is bought, in a few words."), True),
        Field("legal_entity", _("Legal entity"), "text", _("The party to the contract.")),
        Field("region", _("Region"), "text", _("Where data are processed, such as HK, SG or US-East.")),
        Field("sub_processors", _("Sub-processors"), "list", _("One a line.")),
        Field("audit_right", _("We may audit them"), "truth"),
        Field("no_training", _("Our data don't train their models"), "truth"),
        Field("exit_plan", _("Exit plan"), "choice", _("A registered document."), source="documents"),
        Field("substitute", _("Substitute"), "choice", _("Another vendor or model that can step in."), source="others"),
        Field("reviewed_at", _("Last reviewed on"), "day"),
        Field("next_review", _("Next review by"), "until"),
        Field("contract_until", _("Contract ends on"), "until"),
    ),
    MappingProxyType({
        "region": _("Region"), "exit_plan": _("Exit plan"), "substitute": _("Substitute"),
        "reviewed_at": _("Last review"), "next_review_at": _("Next review"), "audit_right": _("Right to audit"),
        "no_training": _("Clause on training"),
    }),
    MappingProxyType({"next_review_at": _("Review is due"), "contract_until_at": _("Contract ends")}),
)  # fmt: skip

DATA = Table(
    "data", "data_sources", DataSource, "data_source", "source_id",
    _("Data sources"),
    _("Data that models learn from and answers rest on: what we may use each for, and when it was last looked at."),
    _("No data source is registered."), _("Add a data source"),
    (
        Column("source_id", _("Data source"), below="title"), Column("licence", _("Licence")),
        Column("purposes", _("May be used for"), "list"), Column("personal", _("Personal data"), "truth"),
        Column("balanced", _("Balanced"), "truth"), Column("region", _("Region")),
        Column("reviewed_at", _("Reviewed"), "day"), Column("expires_at", _("Licence ends"), "until"),
    ),
    (
        _ID,
        Field("title", _("Title"), "text", "", True),
        Field("licence", _("Licence"), "text", _("Under which terms we may use it.")),
        Field("purposes", _("May be used for"), "list", _("One purpose a line, as manifests name them.")),
        Field("personal", _("Holds personal data"), "truth"),
        Field("balanced", _("Balanced over the groups it speaks of"), "truth"),
        Field("card_digest", _("Digest of its dataset card (SHA-256)"), "digest"),
        Field("region", _("Region"), "text", _("Where data are processed, such as HK, SG or US-East.")),
        Field("vendor", _("Vendor"), "choice", _("Empty when it is our own."), source="vendors"),
        Field("reviewed_at", _("Last reviewed on"), "day"),
        Field("expires_at", _("Licence ends on"), "until"),
    ),
    MappingProxyType({
        "licence": _("Licence"), "purposes": _("Purposes"), "personal": _("Whether it holds personal data"),
        "card_digest": _("Dataset card"), "reviewed_at": _("Last review"),
    }),
    MappingProxyType({"expires_at": _("Licence ends")}),
)  # fmt: skip

DOCUMENTS = Table(
    "documents", "documents", Document, "document", "document",
    _("Documents"),
    _("Strategies, policies, minutes, contracts and reports that obligations ask for. The text stays where you keep it; here stand its digest, who approved it and until when."),  # noqa: E501
    _("No document is registered."), _("Add a document"),
    (
        Column("document", _("Document"), below="title"), Column("type", _("Type"), "word", "document"),
        Column("approver", _("Approved by"), "person"), Column("approved_at", _("Approved on"), "day"),
        Column("expires_at", _("Holds until"), "until"), Column("clauses", _("Clauses it is for"), "clauses"),
        Column("digest", _("Digest"), "digest"),
    ),
    (
        _ID,
        Field("title", _("Title"), "text", _NO_NAMES, True),
        Field("type", _("Type"), "choice", "", True, "document", get_args(DocumentType)),
        Field("digest", _("Digest (SHA-256)"), "digest", _("Made from the file that you choose above; or give it yourself when the file can't leave its place."), True),  # noqa: E501
        Field("clauses", _("Clauses it is for"), "list", _("Their ids, one a line, such as GENAI24.1.")),
        Field("approver", _("Approved by"), "choice", _("Leave it empty where nobody did: somebody else then approves it here."), source="people"),  # noqa: E501
        Field("approved_at", _("Approved on"), "day"),
        Field("expires_at", _("Holds until"), "until"),
    ),
    MappingProxyType({"approved_at": _("Approval"), "expires_at": _("Day on which it expires")}),
    MappingProxyType({"expires_at": _("Document expires")}),
    upload=True,
)  # fmt: skip

COMPETENCE = Table(
    "competence", "competences", Competence, "competence", "",
    _("People and competence"),
    _("Who may act, what they were trained in, and until when it counts. On the log a person is an id."),
    _("Nobody's training is registered."), _("Add a training"),
    (
        Column("person", _("Person"), "person"), Column("topic", _("Topic")),
        Column("role", _("For the role"), "word", "role"),
        Column("completed_at", _("Completed on"), "day"), Column("expires_at", _("Holds until"), "until"),
        Column("document", _("Proof"), "document"),
    ),
    (
        Field("person", _("Person"), "choice", "", True, source="people"),
        Field("topic", _("Topic"), "code", _("A code, such as explaining-credit or fair-treatment."), True),
        Field("role", _("For the role"), "choice", "", True, "role", _TRAINED),
        Field("completed_at", _("Completed on"), "day", "", True),
        Field("expires_at", _("Holds until"), "until"),
        Field("document", _("Proof"), "choice", _("A registered document."), source="documents"),
    ),
    MappingProxyType({"document": _("Proof")}),
    MappingProxyType({"expires_at": _("Training expires")}),
)  # fmt: skip

ENTITIES = Table(
    "entities", "entities", Entity, "entity", "id",
    _("Institutions"),
    _("Who answers to regulators here. The licences decide which clauses apply."),
    _("No institution is registered, so no clause is asked of anybody."), _("Add an institution"),
    (
        Column("id", _("Institution"), below="name"),
        Column("licences", _("Licences"), "words", "licence"),
        Column("critical", _("Critical infrastructure"), "truth"), Column("use_cases", _("Use cases"), "all"),
    ),
    (
        _ID,
        Field("name", _("Name"), "text", "", True),
        Field("licences", _("Licences"), "choices", "", True, "licence", get_args(Licence)),
        Field("critical", _("Designated under the critical infrastructures ordinance (Cap. 653)"), "flag"),
        Field(
            "use_cases", _("Use cases it answers for"), "choices", _("None ticked means all of them."),
            source="use_cases",
        ),
    ),
    MappingProxyType({"licences": _("Licences")}),
)  # fmt: skip

TESTS = Table(
    "tests", "test_runs", TestRun, "test_run", "",
    _("Test runs"),
    _("Drift, fairness, red team and other tests: over what, how it came out, against which limit."),
    _("No test run is registered."), _("Add a test run"),
    (
        Column("run_at", _("When"), "time"), Column("of", _("Test of"), "word", "test"),
        Column("use_case", _("Use case"), "use_case"), Column("model", _("Model"), "model"),
        Column("metric", _("Measure")), Column("group", _("Group")), Column("value", _("Value"), "figure"),
        Column("limit", _("Limit"), "figure"), Column("n", _("Looked at"), "number"),
        Column("passed", _("Within its limit"), "verdict"), Column("report", _("Report"), "document"),
    ),
    (
        Field("of", _("Test of"), "choice", "", True, "test", get_args(RunOf)),
        Field("use_case", _("Use case"), "choice", source="use_cases"),
        Field("model", _("Model"), "choice", source="models"),
        Field("model_version", _("Version of the model")),
        Field("metric", _("Measure"), "code", _("A code, such as auc, psi or selection-rate-ratio.")),
        Field("group", _("Group of people"), "code", _("A code, such as age-60-plus, if it is about one group.")),
        Field("value", _("Value"), "decimal"),
        Field("limit", _("Limit"), "decimal"),
        Field("n", _("How many cases it looked at"), "whole", "", True),
        Field("passed", _("Within its limit"), "truth"),
        Field("report", _("Report"), "choice", _("A registered document."), source="documents"),
    ),
    MappingProxyType({"passed": _("Whether it stayed within its limit")}),
)  # fmt: skip

COUNTS = Table(
    "counts", "counts", Count, "count", "",
    _("Counted elsewhere"),
    _("How many calls somebody else counted, such as a gateway or an invoice, beside how many are on the log: what is missing was never recorded."),  # noqa: E501
    _("Nobody else's count is registered."), _("Add a count"),
    (
        Column("from_at", _("From"), "time"), Column("until_at", _("Until"), "time"), Column("source", _("Counted by")),
        Column("use_case", _("Use case"), "use_case"), Column("counted", _("Counted"), "number"),
        Column("recorded", _("On the log"), "number"), Column("ratio", _("Share recorded"), "ratio"),
    ),
    (
        Field("source", _("Counted by"), "code", _("A code, such as gateway, invoice or call-log."), True),
        Field("use_case", _("Use case"), "choice", _("Empty for all of them."), source="use_cases"),
        Field("counted", _("How many calls"), "whole", "", True),
        Field("from_ms", _("From the start of"), "day", "", True),
        Field("until_ms", _("Until the end of"), "until", "", True),
    ),
)  # fmt: skip

TABLES: tuple[Table, ...] = (VENDORS, DATA, DOCUMENTS, COMPETENCE, ENTITIES, TESTS, COUNTS)
