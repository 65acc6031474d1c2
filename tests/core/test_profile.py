"""What a manifest's profile may say: known answers, and nothing that the rest of the manifest contradicts."""

from __future__ import annotations

import msgspec
import pytest

from waglan.core.manifest import digest, parse_manifest
from waglan.core.problem import Problem
from waglan.core.profile import AXES, Profile, answers, from_answers, word

BASE = """name = "x"
version = "1"
owner = "o"
purposes = ["p"]
{top}
[title]
en = "X"
[profile]
{profile}
"""


def read(profile, top="", rest=""):
    return parse_manifest(BASE.format(top=top, profile=profile) + rest, "m.toml")


def test_a_profile_is_read_and_an_absent_one_leaves_the_digest_alone():
    made = read('effect = "informs"\nremedy = true')
    assert made.profile == Profile(effect="informs", remedy=True)
    plain = msgspec.structs.replace(made, profile=None)
    assert digest(plain) != digest(made) and b"profile" not in msgspec.json.encode(plain)


@pytest.mark.parametrize(
    ("profile", "top", "rest", "code", "line", "says"),
    [
        ('effect = "decide"', "", "", "manifest.invalid", 9, "decides"),
        ('efect = "decides"', "", "", "manifest.unknown", 9, "effect"),
        ("genai = 1", "", "", "manifest.invalid", 9, "bool"),
        ('prohibited = ["crimes"]', "", "", "manifest.invalid", 9, "crime"),
        ("customer_facing = true", "", "", "manifest.invalid", 9, "false"),
        ("adverse = false", 'adverse_effects = ["refuse"]', "", "manifest.invalid", 9, "refuse"),
        ('personal_data = "none"', "", '[inputs.a]\ntype = "text"\ndata_class = "personal"', "manifest.invalid", 9,
         "personal"),
        ('personal_data = "personal"', "", '[inputs.a]\ntype = "text"\ndata_class = "sensitive"', "manifest.invalid", 9,
         "sensitive"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_line(profile, top, rest, code, line, says):
    with pytest.raises(Problem) as found:
        read(profile, top, rest)
    assert found.value.code == code and found.value.where == f"m.toml:{line}" and says in str(found.value)


def test_more_than_the_manifest_shows_may_be_said():
    rest = '[inputs.a]\ntype = "text"\ndata_class = "personal"\n[inputs.b]\ntype = "text"\nrole = "unused"\n'
    assert read('personal_data = "sensitive"\nadverse = true\ncustomer_facing = false', rest=rest).profile
    assert read('adverse = true\neffect = "none"', 'adverse_effects = ["refuse"]').profile


def test_answers_stand_on_the_log_in_one_way():
    profile = Profile(effect="decides", adverse=False, prohibited=("crime", "manipulation"))
    said = ("adverse=no", "effect=decides", "prohibited=crime", "prohibited=manipulation")
    assert answers(profile) == said and from_answers(said) == profile and answers(Profile()) == ()
    for wrong in ("effect=yes", "nothing=yes", "prohibited=smoking", "adverse"):
        with pytest.raises(msgspec.ValidationError):
            from_answers((wrong,))


def test_every_axis_is_a_field_and_every_answer_is_admissible():
    for axis, possible in AXES.items():
        for answer in possible:
            assert msgspec.convert({axis: answer}, Profile) == Profile(**{axis: answer})
    assert [word(each) for each in (True, False, "none")] == ["yes", "no", "none"]
