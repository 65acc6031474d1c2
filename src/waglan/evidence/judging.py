"""Which catalogue judges which stretch of the log, and what its tests of decisions ask."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from waglan.evidence.catalogue import Catalogue, Test
from waglan.rules import Expression, parse


class Judge(NamedTuple):
    """What a test asks of decisions; ``digest`` stands for its meaning, whoever asks the same."""

    digest: str
    scope: Expression
    holds: Expression


class Period(NamedTuple):
    """A catalogue judges decisions from a place in the log on, up to the next period."""

    catalogue: Catalogue
    start: int


class Stretch(NamedTuple):
    """A part of the log that one catalogue judges: ``start <= log_index < stop``."""

    catalogue: Catalogue
    start: int
    stop: int


@cache
def recorded() -> Judge:
    """The test that every decision passes: its counts are the live decisions themselves."""
    always = parse("True", {})
    return Judge(hashlib.sha256(f"{always.digest}\n{always.digest}".encode()).hexdigest(), always, always)


def asks_decisions(test: Test) -> bool:
    """Whether a test is answered by counting decisions."""
    return test.kind == "decision" and test.over == "decisions"


def judge(catalogue: Catalogue, test: Test) -> Judge:
    """What a test of decisions asks."""
    found = catalogue.compiled(test)
    return Judge(found.digest, found.scope, found.holds)


def judges(catalogue: Catalogue) -> dict[str, Judge]:
    """All that a catalogue asks of decisions, by digest: tests that ask the same are one."""
    made = [recorded(), *(judge(catalogue, each.test) for each in catalogue.tests() if asks_decisions(each.test))]
    return {each.digest: each for each in made}


def stretches(periods: Sequence[Period], start: int, stop: int) -> tuple[Stretch, ...]:
    """The periods between two places of the log; what lies before the first period belongs to it."""
    ends = [period.start for period in periods[1:]] + [stop]
    begins = [0] + [period.start for period in periods[1:]]
    found = [
        Stretch(period.catalogue, max(begin, start), min(end, stop))
        for period, begin, end in zip(periods, begins, ends, strict=True)
    ]
    return tuple([each for each in found if each.start < each.stop])
