"""The report as OSCAL assessment results, for tools that read nothing else. It loses much, and says so.

OSCAL's finding knows two states. So only ``met`` becomes ``satisfied``; everything else, also what doesn't apply, is
attested or has no evidence, becomes ``not-satisfied`` with our own status as reason. ``clauses.json`` has all of it.

References
----------
NIST OSCAL 1.1.2, assessment results model. Identifiers are UUIDs of version 5 (RFC 9562) over the log's root.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid5

import msgspec

from waglan.evidence.pack.material import Material
from waglan.evidence.result import ClauseResult, TestResult
from waglan.index import days

VERSION = "1.1.2"
NAMESPACE = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 9562 § 6.6, URLs
PROPS = "urn:waglan:evidence"
LOSSY = (
    "Lossy export. OSCAL has two states: only what Waglan calls met is satisfied here; breached, no_evidence, unknown, "
    "thin, stale, attested, expired and not_applicable all become not-satisfied, with the status as reason. Read "
    "clauses.json for the evidence itself. Recorded by the institution; not legal advice."
)
_METHOD = {"register": "EXAMINE", "document": "EXAMINE", "attestation": "INTERVIEW"}
"""How it was looked at; everything else was tested."""
_NATURE = {"met": "pass", "breached": "fail"}


def oscal(material: Material) -> bytes:
    """``oscal-ar.json``."""
    report = material.report
    now = _time(report.made_ms)
    plan = _id(material, "plan")
    result = {
        "uuid": _id(material, "result"),
        "title": f"Evidence of {report.name or report.entity or report.log}",
        "description": f"{report.recorded} live decisions recorded in the period were judged by {report.catalogue}.",
        "start": _time(days.number(report.window.since) * days.DAY_MS - days.AHEAD_MS),
        "end": _time((days.number(report.window.until) + 1) * days.DAY_MS - days.AHEAD_MS - 1000),
        "props": [
            _prop("log", report.log), _prop("size", str(report.size)), _prop("root", report.root),
            _prop("catalogue-digest", report.catalogue_digest),
            _prop("of-recorded", "yes" if report.of_recorded else "no"),
        ],
        "reviewed-controls": {
            "control-selections": [{"include-controls": [{"control-id": _token(c.id)} for c in report.clauses]}]
        },
        "observations": [_observation(material, test, now) for c in report.clauses for test in c.tests],
        "findings": [_finding(material, clause) for clause in report.clauses],
    }  # fmt: skip
    if not result["observations"]:
        del result["observations"]
    document = {
        "assessment-results": {
            "uuid": _id(material, "document"),
            "metadata": {
                "title": "Evidence for obligations on AI",
                "last-modified": now,
                "version": material.version,
                "oscal-version": VERSION,
                "remarks": LOSSY,
            },
            "import-ap": {"href": f"#{plan}", "remarks": "There is no plan apart from the catalogue's own tests."},
            "results": [result],
            "back-matter": {
                "resources": [
                    {
                        "uuid": plan,
                        "title": f"Catalogue {report.catalogue}",
                        "description": "The obligations and the tests that judged, catalogue.json in the same pack.",
                        "rlinks": [{"href": "catalogue.json"}],
                    }
                ]
            },
        }
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _observation(material: Material, test: TestResult, now: str) -> dict[str, Any]:
    c = test.counts
    told = [
        _prop("status", test.status), _prop("passed", str(c.passed)), _prop("failed", str(c.failed)),
        _prop("unknown", str(c.unknown)), _prop("scope-unknown", str(c.scope_unknown)),
        *[_prop("judged-by", digest) for digest in test.digests],
    ]  # fmt: skip
    made: dict[str, Any] = {
        "uuid": _id(material, f"test {test.id}"),
        "title": test.id,
        "description": f"Test {test.id} over {test.over}: {c.passed} passed, {c.failed} failed, {c.unknown} unknown, "
        f"{c.scope_unknown} of unknown scope.",
        "props": told,
        "methods": [_METHOD.get(test.kind, "TEST")],
        "collected": now,
    }
    if test.examples:
        made["relevant-evidence"] = [
            {"href": "sample.jsonl", "description": f"Counter-example {example.id}"}
            if test.over == "decisions"
            else {"description": f"Counter-example in the register {test.over}"}
            for example in test.examples
        ]
    return made


def _finding(material: Material, clause: ClauseResult) -> dict[str, Any]:
    known = {each.id: each for each in material.catalogue.clauses}.get(clause.id)
    met = clause.status == "met"
    why = f"Waglan's status: {clause.status}{f', {clause.why}' if clause.why else ''}. Wording {clause.letter}."
    made: dict[str, Any] = {
        "uuid": _id(material, f"clause {clause.id}"),
        "title": clause.id,
        "description": known.text.get("en", clause.id) if known else clause.id,
        "props": [_prop("status", clause.status), _prop("wording", clause.letter), _prop("source", clause.source)],
        "target": {
            "type": "objective-id",
            "target-id": _token(clause.id),
            "status": {
                "state": "satisfied" if met else "not-satisfied",
                "reason": _NATURE.get(clause.status, "other"),
                "remarks": why,
            },
        },
    }
    if clause.tests:
        related = [{"observation-uuid": _id(material, f"test {test.id}")} for test in clause.tests]
        made["related-observations"] = related
    return made


def _prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": PROPS, "value": value.strip() or "none"}


def _id(material: Material, what: str) -> str:
    report = material.report
    where = f"{report.log}/{report.root}/{report.entity}/{report.window.since}/{report.window.until}/{what}"
    return str(uuid5(NAMESPACE, f"urn:waglan:{where}"))


def _token(text: str) -> str:
    """An OSCAL token: a letter or underscore, then letters, digits, dots, hyphens and underscores."""
    safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in text)
    return safe if safe[:1].isalpha() or safe[:1] == "_" else f"_{safe}"


def _time(ms: int) -> str:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).isoformat(timespec="seconds")
