"""What a use case says of its own risk: one answer per axis, each from mild to severe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal

import msgspec

Answer = bool | str
Effect = Literal["none", "informs", "recommends", "decides"]
PersonalData = Literal["none", "personal", "sensitive"]
Autonomy = Literal["in_the_loop", "in_command", "out_of_the_loop"]
RegulatedActivity = Literal["none", "supports", "performs"]
ThirdParty = Literal["none", "substitutable", "single"]
Scale = Literal["small", "medium", "large"]
Agentic = Literal["none", "reads", "acts"]
Practice = Literal[
    "manipulation", "social_scoring", "covert_identification", "impersonation", "unlawful_discrimination", "crime"
]
PROHIBITED = "prohibited"


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The risk of a use case, axis by axis; what isn't answered counts as the worst answer.

    Attributes
    ----------
    customer_facing
        Whether customers meet its answers.
    effect
        What an answer does before anybody else acts: nothing that matters, it informs, it recommends, it decides.
    adverse
        Whether an answer can be to somebody's disadvantage.
    personal_data
        The most sensitive data about people that reach it.
    autonomy
        Where the person is: in the loop (nothing takes effect before they agree), in command (they watch and step in),
        or out of the loop.
    regulated_activity
        Whether it serves a regulated activity within the firm, or its answer is part of one towards a client: advice,
        recommendation, research, dealing, arranging insurance.
    reversible
        Whether what it does can be undone without lasting harm.
    third_party
        Whether models of third parties answer, and whether another could take over.
    cross_border
        Whether data leave Hong Kong.
    genai
        Whether a generative model writes the answer.
    scale
        Decisions a month: fewer than 5,000, fewer than 100,000, or more.
    agentic
        Whether it calls tools by itself: not at all, to read, or to act.
    remedy
        Whether whoever is concerned can have a person look again.
    prohibited
        Practices that nobody may use AI for. Named, never inferred: a use case that names one can't be registered.

    References
    ----------
    PCPD, *Artificial Intelligence: Model Personal Data Protection Framework* (2024), on risk assessment and levels of
    oversight; DPO, *Hong Kong Generative AI Technical and Application Guideline* (2025), on four levels of risk.
    """

    customer_facing: bool | None = None
    effect: Effect | None = None
    adverse: bool | None = None
    personal_data: PersonalData | None = None
    autonomy: Autonomy | None = None
    regulated_activity: RegulatedActivity | None = None
    reversible: bool | None = None
    third_party: ThirdParty | None = None
    cross_border: bool | None = None
    genai: bool | None = None
    scale: Scale | None = None
    agentic: Agentic | None = None
    remedy: bool | None = None
    prohibited: tuple[Practice, ...] = ()


AXES: Mapping[str, tuple[Answer, ...]] = MappingProxyType(
    {
        "customer_facing": (False, True),
        "effect": ("none", "informs", "recommends", "decides"),
        "adverse": (False, True),
        "personal_data": ("none", "personal", "sensitive"),
        "autonomy": ("in_the_loop", "in_command", "out_of_the_loop"),
        "regulated_activity": ("none", "supports", "performs"),
        "reversible": (True, False),
        "third_party": ("none", "substitutable", "single"),
        "cross_border": (False, True),
        "genai": (False, True),
        "scale": ("small", "medium", "large"),
        "agentic": ("none", "reads", "acts"),
        "remedy": (True, False),
    }
)
"""The admissible answers of each axis from mild to severe; the last is what an unknown one counts as."""

_WORDS: Mapping[str, bool] = MappingProxyType({"yes": True, "no": False})


def answers(profile: Profile) -> tuple[str, ...]:
    """A profile as the log writes it: ``axis=answer``, sorted, unknown axes left out."""
    said = [f"{axis}={word(value)}" for axis in AXES if (value := getattr(profile, axis)) is not None]
    return tuple(sorted([*said, *(f"{PROHIBITED}={practice}" for practice in profile.prohibited)]))


def from_answers(said: Iterable[str]) -> Profile:
    """The profile of `answers`; raises ``msgspec.ValidationError`` for an axis or an answer that there isn't."""
    found: dict[str, Any] = {}
    for each in said:
        axis, _, value = each.partition("=")
        if axis == PROHIBITED:
            found[axis] = (*found.get(axis, ()), value)
        else:
            found[axis] = _WORDS.get(value, value)
    return msgspec.convert(found, Profile)


def word(value: Answer) -> str:
    """An answer in one word: ``yes`` and ``no`` for booleans."""
    return ("yes" if value else "no") if isinstance(value, bool) else value
