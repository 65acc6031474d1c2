"""The tests that the sample bank really runs on its models and controls before the month, and what came of them.

Nothing is made up: performance and fairness are the training's own figures on rows it hadn't seen, the others are
computed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from waglan.controls.identifiers import find
from waglan.core.events import TestRun
from waglan.core.events.registers import RunOf
from waglan.harbour import hosted
from waglan.harbour.applications import USE_CASE, batches
from waglan.harbour.plan import Plan
from waglan.harbour.remarks import TELLING
from waglan.usecases.credit.training import Trained

AUC, IMPACT, STABLE, FOUND, KNOWN = 0.65, 0.80, 1.0, 0.995, 0.995
"""What each must reach: discrimination, the four-fifths ratio, equal answers to equal questions, identifiers found,
inputs whose value the training knew."""
ASKED = 400
REPORT = "validation-credit"
REPORTS = MappingProxyType(dict.fromkeys(("stability", "red_team", "security"), "robustness-report"))
_STREAM = 211


def runs(plan: Plan, trained: Trained) -> tuple[TestRun, ...]:
    """All tests of the first model; values as they came out."""
    told = trained.report.scorecard
    model = hosted.read(trained.files[0].raw)
    rows = _some_rows(plan)
    ratios = [group.ratio for group in told.groups if group.ratio is not None]

    def run(of: RunOf, metric: str, value: float, limit: float, n: int) -> TestRun:
        return TestRun(
            of=of, metric=metric, value=f"{value:.4f}", limit=f"{limit:.4f}", n=n, passed=value >= limit,
            model=model.card.id, model_version=model.card.version, report=REPORTS.get(of, REPORT), use_case=USE_CASE,
        )  # fmt: skip

    tests = [
        run("validation", "auc", told.holdout.auc, AUC, told.holdout.rows),
        run("performance", "auc", told.holdout.auc, AUC, told.holdout.rows),
        run("stability", "equal_answers", _equal(model, rows), STABLE, len(rows)),
        run("data_quality", "known_values", _known(model, rows), KNOWN, len(rows)),
    ]
    if ratios:
        tests.append(run("fairness", "impact_ratio", min(ratios), IMPACT, told.holdout.rows))
    share, n = _found(plan)
    kinds: tuple[RunOf, ...] = ("red_team", "security")
    return (*tests, *(run(of, "identifiers_found", share, FOUND, n) for of in kinds))


def _some_rows(plan: Plan) -> list[dict[str, Any]]:
    rows = [row for batch in batches(plan.bank, plan.applications) for row in batch.rows]
    chosen = np.random.default_rng((plan.bank.seed, _STREAM)).permutation(len(rows))[:ASKED].tolist()
    return [rows[at] for at in chosen]


def _equal(model: hosted.HostedScorecard, rows: Sequence[dict[str, Any]]) -> float:
    """The share of questions that get the same answer alone, again, and in a batch in another order."""
    alone = [model.predict(row) for row in rows]
    again = model.predict_many(rows[::-1])[::-1]
    return sum(a == b == model.predict(row) for a, b, row in zip(alone, again, rows, strict=True)) / len(rows)


def _known(model: hosted.HostedScorecard, rows: Sequence[dict[str, Any]]) -> float:
    """The share of inputs whose value occurred in training."""
    inputs = len(model.scorecard.characteristics)
    return 1 - sum(len(model.predict(row).unseen) for row in rows) / (inputs * len(rows))


def _found(plan: Plan) -> tuple[float, int]:
    """The share of sentences with an identifier in which one was found, in three languages, and how many there were."""
    people = plan.bank.people[:ASKED]
    texts = [
        forms[at % len(forms)].format(hkid=person.hkid, email=person.email)
        for forms in TELLING.values()
        for at, person in enumerate(people)
    ]
    return sum(bool(find(text)) for text in texts) / len(texts), len(texts)
