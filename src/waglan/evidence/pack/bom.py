"""The models as a CycloneDX bill of materials with a model card each, written from the register.

References
----------
CycloneDX 1.6 (ECMA-424), *Machine Learning Bill of Materials*. The serial number is a UUID of version 5 over the log's
root, so the same report gives the same file.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid5

import msgspec

from waglan.evidence.pack.material import Material, ModelRecord, Row
from waglan.evidence.pack.oscal import NAMESPACE
from waglan.evidence.pack.redact import prose

SPEC = "1.6"


def bom(material: Material) -> bytes:
    """``bom.json``."""
    report = material.report
    sources = {str(row["source_id"]): row for row in material.registers.get("data_sources", ())}
    named = f"urn:waglan:{report.log}/{report.root}/{report.entity}/{report.window.since}/{report.window.until}/bom"
    at = dt.datetime.fromtimestamp(report.made_ms / 1000, dt.UTC).isoformat(timespec="seconds")
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE, named)}",
        "version": 1,
        "metadata": {
            "timestamp": at.replace("+00:00", "Z"),
            "tools": {"components": [{"type": "application", "name": "Waglan", "version": material.version}]},
            "component": {
                "type": "application",
                "bom-ref": "institution",
                "name": report.name or report.entity or report.log,
                "description": f"AI in use, as recorded from {report.window.since} to {report.window.until}",
            },
        },
        "components": [
            *[_model(record, sources) for record in material.models],
            *[_source(name, row) for name, row in sources.items()],
        ],
        "dependencies": [
            {"ref": "institution", "dependsOn": [_ref(record) for record in material.models]},
            *[{"ref": _ref(record), "dependsOn": _data(record, sources)} for record in material.models],
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _model(record: ModelRecord, sources: dict[str, Row]) -> dict[str, Any]:
    m = record.registration
    made: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": _ref(record),
        "name": m.id,
        "version": m.version,
        "hashes": [{"alg": "SHA-256", "content": m.digest}] if _sha256(m.digest) else [],
        "modelCard": _card(record, sources),
        "properties": _properties(record),
    }
    if m.intended_use:
        made["description"] = prose(m.intended_use)
    if m.vendor or m.provider:
        made["supplier"] = {"name": m.vendor or m.provider}
    if m.licence:
        made["licenses"] = [{"license": {"name": prose(m.licence)}}]
    return made


def _card(record: ModelRecord, sources: dict[str, Row]) -> dict[str, Any]:
    m = record.registration
    card: dict[str, Any] = {"bom-ref": f"card:{m.id}@{m.version}"}
    datasets = [{"ref": each} for each in _data(record, sources)]
    if datasets:
        card["modelParameters"] = {"datasets": datasets}
    metrics = [
        {
            "type": str(run.get("metric") or run.get("of") or "test"),
            **({"value": str(run["value"])} if run.get("value") is not None else {}),
            **({"slice": str(run["group"])} if run.get("group") else {}),
        }
        for run in record.runs
    ]
    if metrics:
        card["quantitativeAnalysis"] = {"performanceMetrics": metrics}
    considered: dict[str, Any] = {}
    if m.use_case or m.intended_use:
        considered["useCases"] = [each for each in (m.use_case, prose(m.intended_use)) if each]
    if m.limits:
        considered["technicalLimitations"] = [prose(m.limits)]
    if considered:
        card["considerations"] = considered
    return card


def _properties(record: ModelRecord) -> list[dict[str, str]]:
    m = record.registration
    told = {
        "state": m.state, "origin": m.origin, "owner": m.owner, "builder": m.builder, "validator": m.validator,
        "approver": m.approver, "provider": m.provider, "region": m.region, "fallback": m.fallback,
        "prompt_digest": m.prompt_digest, "index_digest": m.index_digest, "validation_id": m.validation_id,
        "validated_at": _time(m.validated_at), "validation_expires_at": _time(m.validation_expires_at),
        "decisions_in_period": str(record.decisions), "failures_in_period": str(record.failures),
    }  # fmt: skip
    return [{"name": f"waglan:{name}", "value": value} for name, value in told.items() if value]


def _source(name: str, row: Row) -> dict[str, Any]:
    kind = "personal" if row.get("personal") else "internal"
    made: dict[str, Any] = {
        "type": "data",
        "bom-ref": f"data:{name}",
        "name": prose(str(row.get("title") or name)),
        "data": [{"type": "dataset", "name": name, "classification": kind}],
    }
    if row.get("licence"):
        made["licenses"] = [{"license": {"name": prose(str(row["licence"]))}}]
    if _sha256(str(row.get("card_digest") or "")):
        made["hashes"] = [{"alg": "SHA-256", "content": row["card_digest"]}]
    return made


def _data(record: ModelRecord, sources: dict[str, Row]) -> list[str]:
    return [f"data:{each}" for each in record.registration.data_sources if each in sources]


def _ref(record: ModelRecord) -> str:
    return f"model:{record.registration.id}@{record.registration.version}"


def _sha256(text: str) -> bool:
    return len(text) == 64 and all(c in "0123456789abcdef" for c in text)


def _time(ms: int | None) -> str:
    return "" if ms is None else dt.datetime.fromtimestamp(ms / 1000, dt.UTC).isoformat(timespec="seconds")
