"""Documentation is tested: what a user can see and isn't documented fails."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest

from waglan.access.oidc_settings import OidcSection
from waglan.cli.main import COMMANDS
from waglan.core import controls
from waglan.core.profile import Profile
from waglan.core.usecase import ControlPlan, Disclosure, Input, ModelSlot, ReviewRule, UseCase
from waglan.facts import TABLES
from waglan.facts.frame import FRAMES
from waglan.facts.schema import FactType
from waglan.registers.settings import RegistersSection
from waglan.review.settings import ReviewSection
from waglan.runtime.settings import Settings
from waglan.testing import check_control, check_model
from waglan.testing.control import cases

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def sections(document: str) -> dict[str, str]:
    """Heading of the second level to what follows it."""
    parts = re.split(r"^## (.+)$", document, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(section: str) -> dict[str, list[str]]:
    """First cell of a table (without back ticks) to the other cells."""
    found = re.findall(r"^\| `([^`]+)` \| (.*) \|$", section, re.M)
    return {name: [cell.strip() for cell in re.split(r"(?<!\\)\|", rest)] for name, rest in found}


def leaves(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for each, inner in command.commands.items():
            yield from leaves(f"{name} {each}", inner)
    else:
        yield name, command


def commands(name: str) -> list[tuple[str, click.Command]]:
    module, _, attribute = COMMANDS[name][0].partition(":")
    return list(leaves(name, getattr(importlib.import_module(module), attribute)))


@pytest.mark.parametrize("top", COMMANDS)
def test_every_option_of_a_command_has_its_line(top: str) -> None:
    documented = sections(text("commands.md"))
    for name, command in commands(top):
        section = documented.get(f"waglan {name}", "")
        assert section, f"docs/commands.md has no section '## waglan {name}'"
        lines = {key.split()[0] for key in rows(section)}
        options = {p.opts[-1] for p in command.params if isinstance(p, click.Option) and not p.hidden}
        assert lines == options, name
        usage = re.search(r"```\n(.*?)\n```", section, re.S)
        assert usage is not None, name
        for argument in (p for p in command.params if isinstance(p, click.Argument)):
            assert re.search(rf"\b{(argument.metavar or argument.name or '').upper()}\b", usage[1]), name


@pytest.mark.parametrize("top", COMMANDS)
def test_no_command_is_documented_that_is_not_there(top: str) -> None:
    documented = {heading for heading in sections(text("commands.md")) if heading.split()[1] == top}
    assert documented == {f"waglan {name}" for name, _ in commands(top)}
    assert all(heading.split()[1] in COMMANDS for heading in sections(text("commands.md")))


def test_every_field_has_its_line_with_type_meaning_and_source() -> None:
    documented = sections(text("fields.md"))
    assert set(documented) == set(TABLES)
    words = {
        FactType.TEXT: "text",
        FactType.TEXTS: "list of text",
        FactType.BOOLEAN: "boolean",
        FactType.INTEGER: "integer",
        FactType.NUMBER: "number",
        FactType.MONEY: "money",
        FactType.TIME: "time",
        FactType.VERDICTS: "verdicts",
        FactType.MODELS: "models",
    }
    for name, fields in TABLES.items():
        assert rows(documented[name]) == {f.name: [words[f.type], f.meaning, f.source] for f in fields}
    assert all(f"`{name}`" in text("fields.md") + text("commands.md") for name in FRAMES)


def keys(kind: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(kind)}


MANIFEST = {
    "The use case": UseCase,
    "[profile]": Profile,
    "[inputs.NAME]": Input,
    "[models.SLOT]": ModelSlot,
    "[controls]": ControlPlan,
    "[review]": ReviewRule,
    "[disclosure]": Disclosure,
}


@pytest.mark.parametrize(("section", "kind"), MANIFEST.items())
def test_every_key_of_the_manifest_has_its_line(section: str, kind: type[msgspec.Struct]) -> None:
    _same_keys(sections(text("manifest.md"))[section], kind)


ROOMS = {"oidc": OidcSection, "registers": RegistersSection, "review": ReviewSection}
"""Sections that rooms above the settings check themselves."""


def test_every_setting_has_its_line() -> None:
    documented = sections(text("settings.md"))
    assert set(documented) == {f"[{name}]" for name in keys(Settings)}
    for field in msgspec.structs.fields(Settings):
        _same_keys(documented[f"[{field.encode_name}]"], ROOMS.get(field.encode_name, field.type))


def _same_keys(section: str, kind: type[msgspec.Struct]) -> None:
    lines = rows(section)
    assert set(lines) == keys(kind)
    for field in msgspec.structs.fields(kind):
        needed = field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT
        assert (lines[field.encode_name][0] == "needed") == needed, field.encode_name
        if isinstance(field.default, (bool, int, str)):
            assert lines[field.encode_name][0] == f"`{msgspec.json.encode(field.default).decode()}`"


def test_every_promise_of_the_suites_has_its_line() -> None:
    source = "\n".join((ROOT / "src/waglan/testing" / f"{n}.py").read_text() for n in ("usecase", "model", "control"))
    used = set(re.findall(r'"((?:manifest|controls?|decide|reasons|outcome|model|store)\.[a-z_]+)"', source))
    used |= {"samples", "runs", "recourse", "decide_many", "decide.raises", "decide.deadline"}
    used |= {"model.raises", "model.deadline"}
    documented = {name for part in sections(text("plugins.md")).values() for name in rows(part)}
    assert used - {"model.unknown"} == documented


@pytest.mark.parametrize("file", sorted([*DOCS.glob("*.md"), *ROOT.glob("*.md"), *(ROOT / "design").glob("*.md")]))
def test_links_between_documents_lead_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", file.read_text(encoding="utf-8")):
        assert (file.parent / target).exists(), f"{file.name}: {target}"


def test_python_examples_of_the_plug_in_document_run() -> None:
    """The model and the control shown there are real: they are built and checked."""
    blocks = re.findall(r"```python\n(.*?)```", text("plugins.md"), re.S)
    shown: dict[str, Any] = {}
    exec(blocks[0].replace('"…"', repr("ab" * 32)), shown)
    assert check_model(shown["Late"](), [{"days": 3}, {"days": 90}]).flaws == ()
    if "claims.weekend" not in controls:
        exec(blocks[1], {})
    samples = [(msgspec.structs.replace(case, inputs={"amount_hkd": 9e4}), outcome) for case, outcome in cases()]
    assert check_control(controls.get("claims.weekend"), samples=samples).flaws == ()
