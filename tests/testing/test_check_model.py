"""Each promise of the model suite is broken once, and found."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest

from waglan.core import ModelCard
from waglan.testing import check_model

CARD = ModelCard(id="tests.sum", version="1", digest="ab" * 32)
ROWS = ({"a": 1.0, "b": 2.0}, {"a": 3.0})
_serial = itertools.count()


class Sums:
    def __init__(self, card: Any = CARD, predict: Callable[[Any], Any] = lambda row: sum(row.values())) -> None:
        self.card = card
        self._predict = predict

    def predict(self, inputs: Any) -> Any:
        return self._predict(inputs)

    def predict_many(self, rows: Any) -> Any:
        return [sum(row.values()) for row in rows]


class Coroutine(Sums):
    async def predict(self, inputs: Any) -> Any:
        return sum(inputs.values())


@pytest.mark.parametrize("model", [Sums(), Coroutine()])
def test_what_keeps_every_promise_has_no_findings(model: Any) -> None:
    report = check_model(model, ROWS)
    assert report.flaws == ()
    assert {"model.card", "model.many", "model.deterministic", "model.mutates"} <= set(report.checks)


def _raise(row: Any) -> Any:
    raise ValueError("no")


class Shifty(Sums):
    @property
    def card(self) -> ModelCard:
        return ModelCard(id="tests.sum", version=str(next(_serial)), digest="ab" * 32)

    @card.setter
    def card(self, card: ModelCard) -> None: ...


@pytest.mark.parametrize(
    ("promise", "model"),
    [
        ("model.card", Sums(card="a card")),
        ("model.card", Sums(card=ModelCard(id="tests.sum", version="1", digest="short"))),
        ("model.card", Sums(card=ModelCard(id="tests.sum", version="", digest="ab" * 32))),
        ("model.card", Shifty()),
        ("model.raises", Sums(predict=_raise)),
        ("model.deadline", Sums(predict=lambda row: time.sleep(0.3))),
        ("model.deterministic", Sums(predict=lambda row: next(_serial))),
        ("model.many", Sums(predict=lambda row: -1.0)),
        ("model.mutates", Sums(predict=lambda row: row.pop("a"))),
    ],
)
def test_a_model_that_falls_short(promise: str, model: Any) -> None:
    report = check_model(model, tuple(dict(row) for row in ROWS), deadline_ms=100)
    assert promise in {flaw.check for flaw in report.flaws}


def test_a_model_may_vary_when_it_says_so() -> None:
    card = ModelCard(id="tests.dice", version="1", digest="ab" * 32, deterministic=False)
    assert check_model(Sums(card, lambda row: next(_serial)), ROWS).flaws == ()


def test_without_samples_nothing_is_known() -> None:
    assert [flaw.check for flaw in check_model(Sums(), ()).flaws] == ["model.samples"]
