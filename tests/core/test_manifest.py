import pytest

from waglan.core import Problem
from waglan.core.manifest import digest, parse_manifest

GOOD = """
name = "triage"
version = "1"
owner = "Ada Chan"
purposes = ["triage"]
tier = "low"

[title]
en = "Triage"

[inputs.age]
type = "integer"

[models.score]
use = ["triage.rules"]

[controls]
before = ["purpose.consent"]
[controls.settings."purpose.consent"]
consent = true
"""


def refused(text):
    with pytest.raises(Problem) as caught:
        parse_manifest(text, "m.toml")
    return caught.value


def test_a_good_manifest_and_its_digest():
    manifest = parse_manifest(GOOD, "m.toml")
    assert manifest.tier == "low" and manifest.inputs["age"].type == "integer"
    assert digest(manifest) == digest(parse_manifest("# a comment\n" + GOOD, "n.toml"))
    assert digest(manifest) != digest(parse_manifest(GOOD.replace("low", "high"), "m.toml"))


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('tier = "low"', 'teir = "low"', 6, "tier"),
        ('tier = "low"', 'tier = "hihg"', 6, "high"),
        ('type = "integer"', 'tipe = "integer"', 12, "type"),
        ('type = "integer"', 'type = "interger"', 12, "integer"),
        ('type = "integer"', 'type = "integer"\nrole = "protectd"', 13, "protected"),
        ('owner = "Ada Chan"\n', "", 1, "owner"),
        ('use = ["triage.rules"]', 'use = "triage.rules"', 15, "array"),
        ('use = ["triage.rules"]', "use = []", 15, "use ="),
        ('name = "triage"', 'name = "Triage!"', 2, "a-z"),
        ('purposes = ["triage"]', "purposes = []", 5, "purpose"),
        ('tier = "low"', 'tier = "low"\ncustomer_facing = true', 7, "disclosure"),
        ('[controls.settings."purpose.consent"]', '[controls.settings."purpose.consnt"]', 19, "purpose.consent"),
        (
            'type = "integer"',
            'type = "text"\nrole = "subject"\n[inputs.b]\ntype = "text"\nrole = "subject"',
            14,
            "identifier",
        ),
        ('version = "1"', "version = ", 3, "TOML"),
        ('version = "1"', "version = 1", 3, "str"),
        ('en = "Triage"', 'en = "Triage"\nzh-hant = "分流"', 10, "Did you mean 'zh-Hant'"),
        ('type = "integer"', 'type = "integer"\ntitle = { fr = "âge" }', 13, "en, zh-Hans, zh-Hant"),
        ('type = "integer"', 'type = "integer"\ndisclosures = 1', 13, "Unknown"),
        ("consent = true", '[disclosure]\nid = 1\ntext = { en = "AI" }', 21, "disclosure.id"),
        ('type = "integer"', 'type = "integer"\n[inputs.income]\ntype = "numbr"', 14, "number"),
        ('type = "integer"', 'type = "integer"\n[inputs]\nincome = { type = "numbr" }', 14, "number"),
    ],
)
def test_a_bad_manifest_names_line_and_remedy(old, new, line, says):
    assert old in GOOD
    problem = refused(GOOD.replace(old, new))
    assert problem.where == f"m.toml:{line}"
    assert says in f"{problem.what} {problem.why} {problem.next}"
