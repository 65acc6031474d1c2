"""What the language has stands in its documents."""

from __future__ import annotations

import re
from random import Random

import pytest

from tests.conftest import ROOT
from tests.rules import grammar
from waglan.facts.schema import DECISIONS
from waglan.rules import DIALECTS, Type, parse, tables
from waglan.rules.functions import FUNCTIONS

GUIDE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
NOTE = (ROOT / "design" / "rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function(name: str) -> None:
    assert f"`{name}(" in GUIDE


@pytest.mark.parametrize("kind", Type)
def test_every_type(kind: Type) -> None:
    assert f"| `{kind}` |" in GUIDE


@pytest.mark.parametrize("name", DIALECTS)
def test_every_engine(name: str) -> None:
    assert name in GUIDE.lower() and name in NOTE.lower()


def test_the_examples_are_rules() -> None:
    fields = {field.name: field.type for field in DECISIONS}
    example = re.search(r"```toml\n(.*?)```", GUIDE, re.S)
    assert example is not None
    limits = tables(example[1])
    block = GUIDE.split("```")[1].strip().splitlines()
    assert len(block) == 6
    for line in block:
        parse(line, fields, tables=limits)


def test_every_code() -> None:
    source = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "src/waglan/rules").rglob("*.py"))
    codes = set(re.findall(r'"rule\.(\w+)"', source)) | {
        "syntax",
        "field",
        "function",
        "table",
        "type",
        "literal",
        "limit",
    }
    assert all(f"rule.{code}" in GUIDE for code in codes)


def test_a_random_rule_uses_what_the_guide_names() -> None:
    random = Random(11)
    writer = grammar.Writer(random)
    used = {
        word for _ in range(300) for word in re.findall(r"\b([a-z]+)\(", writer.rule(random.choice(grammar.KINDS), 3))
    }
    assert used >= set(FUNCTIONS) - {"time"} and used <= {*FUNCTIONS, "and", "or", "not", "in", "if", "else", "is"}
