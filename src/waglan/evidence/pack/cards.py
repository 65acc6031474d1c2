"""Model cards from the record: what the register and the decisions say of each version, and nothing else.

References
----------
Mitchell et al. (2019), *Model Cards for Model Reporting*; the sections are theirs where the record has an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from waglan.evidence.pack.material import Material, ModelRecord
from waglan.evidence.pack.redact import prose
from waglan.evidence.pack.say import Saying

_SAFE = re.compile(r"[^A-Za-z0-9._-]")
_DETAILS = (
    ("Owner", "owner"), ("Builder", "builder"), ("Origin", "origin"), ("Licence", "licence"), ("Vendor", "vendor"),
    ("Provider", "provider"), ("Region", "region"), ("Artefact, SHA-256", "digest"),
    ("Prompt, SHA-256", "prompt_digest"), ("Index, SHA-256", "index_digest"), ("State", "state"),
    ("Use case", "use_case"), ("Stands in for it", "fallback"),
)  # fmt: skip


def cards(material: Material) -> dict[str, bytes]:
    """``models/<id>@<version>.md`` and ``.json`` for every version."""
    made = {}
    for record in material.models:
        m = record.registration
        name = f"models/{_SAFE.sub('_', m.id)}@{_SAFE.sub('_', m.version)}"
        card = msgspec.json.encode(_json(material, record), enc_hook=str)
        made[f"{name}.json"] = msgspec.json.format(card, indent=1) + b"\n"
        made[f"{name}.md"] = _markdown(material, record).encode()
    return made


def _json(material: Material, record: ModelRecord) -> dict[str, Any]:
    window = material.report.window
    told: dict[str, Any] = msgspec.to_builtins(record.registration)
    for name in ("intended_use", "limits", "licence"):
        if name in told:
            told[name] = prose(told[name])
    return {
        "registration": told,
        "stages": msgspec.to_builtins(record.stages),
        "period": msgspec.to_builtins(window),
        "decisions": record.decisions,
        "failures": record.failures,
        "share": record.share,
        "tests": [dict(run) for run in record.runs],
    }


def _markdown(material: Material, record: ModelRecord) -> str:
    say, m, window = Saying("en"), record.registration, material.report.window
    lines = [
        f"# {_plain(m.id)} {_plain(m.version)}",
        "",
        f"From the record of {_plain(material.report.log)}, {window.since} to {window.until}. A field without a line "
        "isn't registered.",
        "",
        "## Details",
        "",
        *_pairs({label: getattr(m, name) for label, name in _DETAILS}),
        "",
        "## Intended use",
        "",
        _plain(prose(m.intended_use)) or "Not registered.",
        "",
        "## Limits",
        "",
        _plain(prose(m.limits)) or "Not registered.",
        "",
        "## Data",
        "",
        *([f"- {_plain(each)}" for each in m.data_sources] or ["Not registered."]),
        "",
        "## Validation",
        "",
        *_pairs({
            "Validator": m.validator, "Approver": m.approver, "Reference": m.validation_id,
            "Validated": say.moment(m.validated_at), "Ends": say.moment(m.validation_expires_at),
        }),
        "",
        "## Tests",
        "",
        *(
            [
                f"- {_plain(str(run.get('of')))} {_plain(str(run.get('metric') or ''))}: "
                f"{'passed' if run.get('passed') else 'failed' if run.get('passed') is False else 'no limit'}, "
                f"value {run.get('value')}, limit {run.get('limit')}, n {run.get('n')}, {say.moment(run.get('run_at'))}"
                for run in record.runs
            ]
            or ["None recorded."]
        ),
        "",
        "## Decisions",
        "",
        f"{record.decisions:,} answers and {record.failures:,} failures in the period; {say.percent(record.share)} of "
        "all recorded answers.",
        "",
        "## Life",
        "",
        *[
            f"- {say.moment(s.at_ms)} HKT: {s.state}, by {_plain(s.actor) or 'nobody named'} (entry {s.entry})"
            for s in record.stages
        ],
        "",
        "Not legal advice.",
        "",
    ]  # fmt: skip
    return "\n".join(lines)


def _pairs(told: Mapping[str, object]) -> Iterable[str]:
    known = {label: _plain(str(value)) for label, value in told.items() if value and value != "–"}
    return [f"- {label}: {value}" for label, value in known.items()] or ["Not registered."]


def _plain(text: str) -> str:
    """Text in which Markdown finds nothing to mark."""
    return re.sub(r"([\\`*_<>\[\]#|])", r"\\\1", " ".join(text.split()))
