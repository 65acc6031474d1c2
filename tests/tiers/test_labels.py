from __future__ import annotations

import itertools

import pytest

from waglan.core.case import LANGUAGES
from waglan.core.problem import Problem
from waglan.core.profile import AXES, PROHIBITED, Profile
from waglan.tiers import labels, lattice, read_profile


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_has_a_label_that_means_it_alone(language):
    words = labels()
    for axis, possible in AXES.items():
        for answer in possible:
            given = {words.axis(axis, language): words.answer(axis, answer, language)}
            assert read_profile(given) == Profile(**{axis: answer})
        said = [words.answer(axis, answer, language) for answer in possible]
        assert len(set(said)) == len(said)
    for practice in lattice().practices:
        said = {words.axis(PROHIBITED, language): [words.answer(PROHIBITED, practice, language)]}
        assert read_profile(said).prohibited == (practice,)


def test_labels_of_axes_are_told_apart():
    words = labels().axes
    for one, other in itertools.combinations(words, 2):
        assert not set(words[one].values()) & set(words[other].values())


def test_a_wrong_word_gets_the_nearest():
    with pytest.raises(Problem) as found:
        read_profile({"結果作": "作出決定"})
    assert found.value.code == "tier.axis" and "結果作用" in found.value.why
    with pytest.raises(Problem) as found:
        read_profile({"effect": "decide"}, "p.toml")
    assert found.value.code == "tier.answer" and "decides" in found.value.why and found.value.where == "p.toml: effect"
    with pytest.raises(Problem) as found:
        read_profile({"prohibited": ["social scorin"]})
    assert found.value.code == "tier.answer"
    with pytest.raises(Problem):
        read_profile({"genai": 1})


def test_ids_and_booleans_are_answers_too():
    assert read_profile({"genai": True, "remedy": "no", "EFFECT": " decides "}) == Profile(
        genai=True, remedy=False, effect="decides"
    )
    assert read_profile({"prohibited": "crime"}).prohibited == ("crime",)


def test_null_leaves_an_axis_open():
    assert read_profile({"genai": None, "effect": "decides"}) == Profile(effect="decides")
