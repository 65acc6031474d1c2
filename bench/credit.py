"""How good and how fast the scorecard is, and whether its reasons and recourse hold, on real data.

Taiwan (30,000 card holders) over several seeded splits, with and without the protected attributes; the published
information values of German credit; and, with ``--own``, a user's CSV. Every decline is checked: a reason must raise
the score when its input is moved to its best band, the recourse must turn the decline when re-scored, and protected
attributes must appear nowhere. ``--peer`` trains OptBinning on the same rows of the first split, in an environment of
its own.
"""

from __future__ import annotations

import csv
import os
import subprocess
import time
import venv
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

import common
from waglan.kit.scorecard import (
    Plan,
    Scorecard,
    ScorecardModel,
    Training,
    digest,
    dump,
    fit_scorecard,
    metrics,
    rows_of,
)
from waglan.kit.scorecard.reasons import is_target
from waglan.kit.scorecard.recourse import nearest_value
from waglan.usecases.credit import dataset
from waglan.usecases.credit.declare import Wishes, declare
from waglan.usecases.credit.training import Options, train

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("WAGLAN_DATA", ROOT.parent / "shared" / "data"))
TAIWAN = DATA / "credit" / "taiwan" / "UCI_Credit_Card.csv"
GERMAN = DATA / "credit" / "german" / "germancredit.csv"
ROUNDS = 3
PROTECTED = ("X2", "X4", "X5")
CHANGES = (
    {"X1": "fixed"} | {f"X{at}": "decrease" for at in range(6, 18)} | {f"X{at}": "increase" for at in range(18, 24)}
)
IVS = {
    "status_of_existing_checking_account": 0.6660, "credit_history": 0.2932, "savings_account_and_bonds": 0.1960,
    "purpose": 0.1692, "property": 0.1126,
}  # fmt: skip
PEER = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
from optbinning import BinningProcess
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
d = np.load(sys.argv[1])
names = [str(n) for n in d["names"]]
started = time.perf_counter()
process = BinningProcess(variable_names=names)
x = process.fit_transform(d["x"][d["inside"]], d["y"][d["inside"]], metric="woe")
line = LogisticRegression(max_iter=1000).fit(x, d["y"][d["inside"]])
seconds = time.perf_counter() - started
p = line.predict_proba(process.transform(d["x"][d["outside"]], metric="woe"))[:, 1]
print(json.dumps({"auc": roc_auc_score(d["y"][d["outside"]], p), "fit_s": seconds}))
"""


def split(bad: np.ndarray, seed: int, share: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """A stratified split, as training makes it."""
    rng = np.random.default_rng(seed)
    outside = np.zeros(bad.size, dtype=bool)
    for group in (np.flatnonzero(bad), np.flatnonzero(~bad)):
        outside[rng.permutation(group)[: round(share * group.size)]] = True
    return np.flatnonzero(~outside), np.flatnonzero(outside)


def fitted(columns: Any, bad: np.ndarray, plan: Plan) -> tuple[ScorecardModel, float, float]:
    """A model, and the seconds of wall and of CPU that its training took, calibration folds included."""
    origin = Training(target="Y", bad="1", rows=bad.size, events=int(bad.sum()))
    started, cpu = time.perf_counter(), time.process_time()
    card: Scorecard = fit_scorecard("credit.scorecard", columns, bad, plan, origin).scorecard
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    return ScorecardModel(card, digest(dump(card))), seconds, cpu


def quality(columns: Any, bad: np.ndarray, plan: Plan, seeds: range) -> dict[str, Any]:
    """Hold-out figures over splits."""
    found = []
    for seed in seeds:
        inside, outside = split(bad, seed)
        model, seconds, cpu = fitted([c.take(inside) for c in columns], bad[inside], plan)
        scores = model.score_columns([c.take(outside) for c in columns])
        p = model.probabilities(scores)
        found.append((metrics.auc(bad[outside], -scores), metrics.ks(bad[outside], -scores),
                      metrics.brier(bad[outside], p),
                      metrics.calibration_error(metrics.reliability(bad[outside], p)), seconds, cpu))  # fmt: skip
    table = np.array(found)
    return {
        "auc": round(table[0, 0], 5), "auc_each": [round(a, 4) for a in table[:, 0]],
        "auc_mean": round(table[:, 0].mean(), 5), "auc_min": round(table[:, 0].min(), 5),
        "gini": round(2 * table[0, 0] - 1, 5), "ks": round(table[0, 1], 5), "brier": round(table[0, 2], 5),
        "calibration_error": round(table[0, 3], 5), "fit_s": round(float(np.median(table[:, 4])), 3),
        "fit_s_max": round(table[:, 4].max(), 3), "fit_cpu_s": round(float(np.median(table[:, 5])), 3),
    }  # fmt: skip


def checks(model: ScorecardModel, rows: list[dict[str, Any]], protected: tuple[str, ...]) -> dict[str, Any]:
    """Re-score every decline's reasons and recourse."""
    by_name = {c.name: c for c in model.scorecard.characteristics}
    counts = {"declines": 0, "reasons_checked": 0, "declines_without_good_reason": 0, "recourse_found": 0,
              "recourse_none": 0, "recourse_wrong": 0, "protected_in_reasons": 0, "batch_differs": 0}  # fmt: skip
    for row, answer in zip(rows, model.predict_many(rows), strict=True):
        counts["batch_differs"] += answer != model.predict(row)
        counts["protected_in_reasons"] += any(n in protected for r in answer.reasons for n in r.where)
        if answer.approve:
            continue
        counts["declines"] += 1
        raised = 0
        for reason in answer.reasons:
            c = by_name[reason.where[0]]
            best = max((at for at, b in enumerate(c.binning.bands) if is_target(b)), key=lambda at, c=c: c.points[at])
            moved = model.score(row | {c.name: nearest_value(c.binning, best, row.get(c.name))})
            raised += moved - answer.score == reason.weight > 0
        counts["reasons_checked"] += len(answer.reasons)
        counts["declines_without_good_reason"] += raised == 0 or raised < len(answer.reasons)
        if answer.recourse == "none":
            counts["recourse_none"] += 1
            continue
        changed = row | {c.input: c.new for c in answer.alternatives[0].changes}
        again = model.predict(changed)
        counts["recourse_found"] += 1
        counts["recourse_wrong"] += not again.approve or again.score != answer.alternatives[0].score
    return counts


def costs(model: ScorecardModel, rows: list[dict[str, Any]]) -> dict[str, float]:
    """Microseconds per applicant: score alone, whole answer one by one and many; for declines apart."""

    def each(call: Any, given: list[dict[str, Any]]) -> float:
        best = float("inf")
        for _ in range(5):
            started = time.perf_counter()
            for row in given:
                call(row)
            best = min(best, time.perf_counter() - started)
        return round(best / len(given) * 1e6, 2)

    few = rows[:2000]
    declined = [row for row in rows if model.score(row) < model.scorecard.cut_off][:500]
    started = time.perf_counter()
    model.predict_many(rows)
    many = (time.perf_counter() - started) / len(rows) * 1e6
    return {"score_us": each(model.score, few), "predict_us": each(model.predict, few),
            "predict_decline_us": each(model.predict, declined), "predict_many_us": round(many, 2)}  # fmt: skip


def taiwan(arguments: Any) -> dict[str, Any]:
    """All figures of the Taiwan data."""
    table = dataset.read_dataset(TAIWAN)
    outcome = dataset.target(dataset.texts(table, "Y"))
    seeds = range(arguments.seed, arguments.seed + arguments.splits)
    figures: dict[str, Any] = {}
    for name, protected in (("taiwan", PROTECTED), ("taiwan_all_inputs", ())):
        said = declare(table, "Y", Wishes(protected=protected, subject="ID"), {})
        figures[name] = quality(said.features, outcome.bad, Plan(protected=protected), seeds)
        common.say(arguments, f"{name}: {figures[name]}")
    said = declare(table, "Y", Wishes(protected=PROTECTED, subject="ID"), {})
    inside, outside = split(outcome.bad, arguments.seed)
    plan = Plan(protected=PROTECTED, changes=CHANGES)  # type: ignore[arg-type]
    model, _, _ = fitted([c.take(inside) for c in said.features], outcome.bad[inside], plan)
    everybody = rows_of(said.features)[: arguments.rows]
    figures["taiwan"] |= {"checks": checks(model, everybody, PROTECTED), "cost": costs(model, everybody)}
    if arguments.challenger:
        figures["taiwan"]["challenger"] = challenger(said.features, outcome.bad, inside, outside)
    if arguments.peer:
        figures["taiwan"]["peer"] = peer(said.features, outcome.bad, inside, outside)
    return figures


def challenger(columns: Any, bad: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> dict[str, Any]:
    """LightGBM on the first split: figures and what an answer costs."""
    from waglan.kit.scorecard import challenger as boosted

    origin = Training(target="Y", bad="1", rows=inside.size, events=int(bad[inside].sum()))
    started = time.perf_counter()
    plan = Plan(protected=PROTECTED)
    found = boosted.fit_challenger("credit.challenger", [c.take(inside) for c in columns], bad[inside], plan, origin)
    seconds = time.perf_counter() - started
    model = boosted.read_challenger(boosted.dump_challenger(found))
    held = [c.take(outside) for c in columns]
    scores = model.score_columns(held)
    rows = rows_of([c.take(np.arange(50)) for c in held])
    started = time.perf_counter()
    for row in rows:
        model.predict(row)
    single = (time.perf_counter() - started) / len(rows) * 1e6
    return {"auc": round(metrics.auc(bad[outside], -scores), 5), "fit_s": round(seconds, 2),
            "brier": round(metrics.brier(bad[outside], model.probabilities(scores)), 5),
            "predict_us": round(single, 1)}  # fmt: skip


def peer(columns: Any, bad: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> dict[str, Any]:
    """OptBinning with logistic regression on the same rows, in its own environment under build/; rounds alternate.

    Ours calibrates on three folds too, so it trains four scorecards where the peer trains one.
    """
    place = ROOT / "build" / "peer-optbinning"
    python = place / "bin" / "python"
    if not python.exists():
        venv.create(place, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "optbinning"], check=True, capture_output=True)
    data = place / "taiwan.npz"
    np.savez(data, x=np.column_stack([c.values for c in columns]), y=bad.astype(int), inside=inside, outside=outside,
             names=np.array([c.name for c in columns]))  # fmt: skip
    origin = Training(target="Y", bad="1", rows=inside.size, events=int(bad[inside].sum()))
    given = [c.take(inside) for c in columns]
    theirs, ours = [], []
    for _ in range(ROUNDS):
        answer = subprocess.run([python, "-c", PEER, str(data)], check=True, capture_output=True, text=True)
        theirs.append(msgspec.json.decode(answer.stdout.strip().splitlines()[-1]))
        started = time.perf_counter()
        fit_scorecard("credit.scorecard", given, bad[inside], Plan(), origin)
        ours.append(time.perf_counter() - started)
    fit_s = common.median([t["fit_s"] for t in theirs])
    return {"auc": round(theirs[0]["auc"], 5), "fit_s": round(fit_s, 3),
            "ours_fit_s": round(common.median(ours), 3), "ratio": round(fit_s / common.median(ours), 2)}  # fmt: skip


def german() -> dict[str, Any]:
    """Information values as the categories stand, against the published ones."""
    with GERMAN.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    bad = np.array([r["creditability"] == "bad" for r in rows])
    found = {name: metrics.information_value([r[name] for r in rows], bad) for name in IVS}
    return {
        "iv": {name: round(value, 4) for name, value in found.items()},
        "iv_differs": [n for n, v in found.items() if round(v, 4) != IVS[n]],
    }


def own(path: Path, target: str, protected: tuple[str, ...]) -> dict[str, Any]:
    """A user's own file by the same road as `waglan credit train`."""
    trained = train(path, Options(target=target, wishes=Wishes(protected=protected)), now_ms=0)
    report = trained.report
    return {"rows": report.rows, "auc": round(report.scorecard.holdout.auc, 5),
            "fit_s": round(report.scorecard.fit_seconds, 3), "warnings": len(report.warnings)}  # fmt: skip


def main() -> None:
    made = common.parser(__doc__ or "")
    made.add_argument("--seed", type=int, default=7, help="the first split's seed")
    made.add_argument("--splits", type=int, default=5)
    made.add_argument("--rows", type=int, default=30_000, help="applicants whose answers are checked")
    made.add_argument("--challenger", action="store_true", help="LightGBM on the first split too")
    made.add_argument("--peer", action="store_true", help="OptBinning on the first split too (installs it)")
    made.add_argument("--own", type=Path, help="a CSV of your own")
    made.add_argument("--target", default="default", help="its outcome")
    made.add_argument("--protected", default="", help="its protected columns, comma-separated")
    arguments = made.parse_args()
    figures: dict[str, Any] = {"bench": "credit"}
    if TAIWAN.is_file():
        figures |= taiwan(arguments)
    if GERMAN.is_file():
        figures["german"] = german()
    if arguments.own:
        figures["own"] = own(arguments.own, arguments.target, tuple(p for p in arguments.protected.split(",") if p))
    if len(figures) == 1:
        common.say(arguments, f"no data: neither {TAIWAN} nor {GERMAN} is there, and --own names no file")
    common.finish(figures)


if __name__ == "__main__":
    main()
