"""A breach of any test of decisions that ships turns its status, and the decision that broke it is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest

from tests.evidence.breaching import Made, found, made, write
from tests.evidence.scene import START_MS, Bank, bank, result
from waglan.core.events import Entity
from waglan.evidence import TestResult
from waglan.evidence.catalogue import Catalogue, Test, load
from waglan.evidence.judging import asks_decisions, judge
from waglan.index.days import DAY_MS

LICENCES = ("bank", "licensed_corporation", "insurer", "insurance_intermediary", "mpf", "svf", "audit_firm")
SHIPPED: Catalogue = load()
TESTS: Mapping[str, Test] = {each.test.id: each.test for each in SHIPPED.tests() if asks_decisions(each.test)}


class Turned(NamedTuple):
    """What a test said after it was broken, of one in nine also before, and the decision that broke it last."""

    before: TestResult | None
    after: TestResult
    broken: str


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Turned]]:
    with bank(tmp_path_factory.mktemp("breaches") / "workspace") as on:
        on.clock.at_ms = START_MS + 40 * DAY_MS
        firms = {name: f"firm-{at:03d}" for at, name in enumerate(TESTS)}
        on.put(*[Entity(id=each, licences=LICENCES, critical=True, use_cases=(each,)) for each in firms.values()])
        write(on, [each for name in TESTS for each in _made(on, name, firms[name], "pass", 3)])
        on.evidence.update()
        before = {name: result(on.evidence.report(firms[name]), name) for name in [*firms][::9]}
        on.clock.at_ms += 60_000
        broken = {name: _made(on, name, firm, "fail", 1 if bears_none(name) else 60) for name, firm in firms.items()}
        write(on, [each for every in broken.values() for each in every])
        on.evidence.update()
        yield {
            name: Turned(
                before.get(name),
                result(on.evidence.report(firm), name),
                broken[name][-1].decision if broken[name] else "",
            )
            for name, firm in firms.items()
        }


def bears_none(name: str) -> bool:
    """Whether one failure breaches a test; others are broken as often as even a sample shows."""
    return TESTS[name].require.rate == 1.0


def _made(on: Bank, name: str, firm: str, wanted: str, count: int) -> list[Made]:
    values = found(judge(SHIPPED, TESTS[name]), wanted)
    if values is None:
        return []
    person = on.workspace.vault.subject(f"{firm}-{wanted}" if values.get("erased") else "anybody")
    return [made(on, values, firm, wanted, person, first=not at) for at in range(count)]


@pytest.mark.parametrize("name", TESTS)
def test_a_breach_turns_the_status(turned: Mapping[str, Turned], name: str) -> None:
    before, after, broken = turned[name]
    assert broken, "no values of its fields break it"
    assert after.counts.passed == 3, "no values of its fields pass it"
    assert before is None or (before.counts.passed == before.counts.total == 3 and before.status in {"met", "thin"})
    assert after.status == "breached"
    assert after.examples[0].id == broken
    assert after.counts.failed == (1 if after.required == 1.0 else 60)
