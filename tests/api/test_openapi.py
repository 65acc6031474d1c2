"""The OpenAPI document is whole, and its schemas take exactly what the door takes."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.conftest import CASE, FIRM, JSON, Direct, Server, new_workspace
from waglan.api import problems, routes, schema
from waglan.core import InputSchema, Problem
from waglan.core.usecase import Input
from waglan.runtime import Workspace

TYPES: dict[str, Any] = {
    "number": (int, float), "integer": int, "boolean": bool, "string": str, "array": list, "object": dict,
    "null": type(None),
}  # fmt: skip


def valid(value: Any, rule: dict[str, Any]) -> bool:
    """JSON Schema 2020-12, the words that our schemas use."""
    kinds = rule.get("type")
    if kinds is not None:
        wanted = [kinds] if isinstance(kinds, str) else kinds
        if not any(isinstance(value, TYPES[k]) and (k == "boolean" or type(value) is not bool) for k in wanted):
            return False
    if "enum" in rule and value not in rule["enum"]:
        return False
    if isinstance(value, (int, float)) and not rule.get("minimum", value) <= value <= rule.get("maximum", value):
        return False
    if isinstance(value, str) and len(value) > rule.get("maxLength", len(value)):
        return False
    if rule.get("format") == "date" and isinstance(value, str) and not _is_date(value):
        return False
    if isinstance(value, dict) and "properties" in rule:
        if any(name not in value for name in rule["required"]):
            return False
        return all(n in rule["properties"] and valid(v, rule["properties"][n]) for n, v in value.items())
    return True


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) and dt.date.fromisoformat(text))
    except ValueError:
        return False


@pytest.fixture(scope="module")
def document(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = server.call("GET", "/openapi.json").body
    return found


def test_structure(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["info"]["title"] and document["info"]["version"]
    operations = [(path, verb, op) for path, item in document["paths"].items() for verb, op in item.items()]
    ids = [op["operationId"] for _, _, op in operations]
    assert len(ids) == len(set(ids))
    for path, verb, op in operations:
        assert path.startswith("/") and verb in ("get", "post") and op["summary"]
        named = {p["name"] for p in op["parameters"] if p["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", path))
        assert all(p["required"] is True for p in op["parameters"] if p["in"] == "path")
        assert "200" in op["responses"]
        for status, response in op["responses"].items():
            assert re.fullmatch("[2-5][0-9][0-9]", status) and response["description"] and response["content"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    raw = msgspec.json.encode(document).decode()
    for reference in set(re.findall(r'"\$ref":"([^"]+)"', raw)):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert isinstance(found, dict)


def test_every_route_is_in_it(document: dict[str, Any]) -> None:
    for door in routes.DOORS[1:]:
        assert door.method.lower() in document["paths"][door.path.replace(":path}", "}")]
    assert "post" in document["paths"]["/decide/triage"]


def test_every_status_of_our_codes_is_some_routes(document: dict[str, Any]) -> None:
    statuses = {s for item in document["paths"].values() for op in item.values() for s in op["responses"]}
    any_other_method = 405
    assert {str(code.status) for code in problems.CODES if code.status != any_other_method} <= statuses


def test_samples_fit_their_schema_and_are_decided(server: Server, document: dict[str, Any]) -> None:
    content = document["paths"]["/decide/triage"]["post"]["requestBody"]["content"]["application/json"]
    samples = [each["value"] for each in content["examples"].values()]
    assert samples
    for sample in samples:
        assert valid(sample, document["components"]["schemas"]["Inputs.triage"])
        assert server.decide(sample).status == 200


def test_answers_fit_their_schemas(server: Server, document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    reply = server.decide(CASE).body
    assert valid(reply, schemas["Reply"])
    assert reply.keys() <= schemas["Reply"]["properties"].keys()
    problem = server.decide({}).body
    assert valid(problem, schemas["Problem"]) and problem.keys() <= schemas["Problem"]["properties"].keys()
    for path, name in (
        (f"/decisions/{reply['id']}", "Entry"),
        (f"/decisions/{reply['id']}/proof", "Receipt"),
        ("/decisions", "Page"),
        ("/use-cases", "UseCases"),
        ("/use-cases/triage", "UseCase"),
        ("/health", "Health"),
        ("/ready", "Ready"),
    ):
        assert valid(server.call("GET", path).body, schemas[name])


words = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
loose = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    words,
    st.sampled_from(["fee", "2026-01-31", "2026-02-30", "12"]),
    st.dates().map(str),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(words, st.integers(), max_size=2),
)
inputs = st.builds(
    Input,
    type=st.sampled_from(["number", "integer", "boolean", "text", "category", "date", "list", "object"]),
    role=st.sampled_from(["feature", "protected", "unused"]),
    required=st.booleans(),
    values=st.sampled_from([(), ("fee", "a")]),
    minimum=st.none() | st.integers(-5, 5).map(float),
    maximum=st.none() | st.integers(6, 20).map(float),
    max_length=st.integers(0, 4),
)


@given(st.dictionaries(st.sampled_from("abc"), inputs), st.dictionaries(st.sampled_from("abcd"), loose))
def test_the_schema_says_what_the_door_takes(declared: dict[str, Input], row: dict[str, Any]) -> None:
    try:
        InputSchema(declared).clean(row)
        taken = True
    except Problem:
        taken = False
    assert valid(row, schema.of_inputs(declared)) == taken


def test_a_use_case_that_cant_be_asked_is_shown_with_the_reason(tmp_path: Path) -> None:
    folder = new_workspace(tmp_path / "bank")
    manifest = FIRM.with_suffix(".toml").read_text(encoding="utf-8")
    retired = manifest.replace('name = "triage"', 'name = "old.triage"\nplugin = "triage"').replace("pilot", "retired")
    (folder / "usecases" / "old.toml").write_text(retired, encoding="utf-8")
    with Workspace.open(folder) as workspace:
        app = Direct(workspace)
        listed = {each["name"]: each for each in app.call("GET", "/use-cases").body["use_cases"]}
        assert listed["triage"]["open"] is True
        assert listed["old.triage"]["open"] is False
        assert listed["old.triage"]["problem"]["type"] == "urn:waglan:problem:use_case.phase"
        paths = app.call("GET", "/openapi.json").body["paths"]
        assert "/decide/triage" in paths and "/decide/old.triage" not in paths
        for method, path in (("POST", "/decide/old.triage"), ("GET", "/use-cases/old.triage")):
            answer = app.call(method, path, [b"{}"], JSON)
            assert (answer.status, answer.code) == (409, "use_case.phase")
