"""From a firm's file to a scorecard, a manifest for its own columns, and a report on rows it didn't see."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from waglan.core import Problem, UseCase
from waglan.core.events import ModelRegistration
from waglan.core.manifest import parse_manifest
from waglan.core.problem import nearest
from waglan.core.usecase import Input, ModelSlot
from waglan.kit.scorecard import BinningRule, Column, Dropped, Plan, ScorecardModel, Training, digest, dump
from waglan.kit.scorecard.fit import fit_scorecard
from waglan.kit.scorecard.metrics import Bools
from waglan.kit.scorecard.table import Floats, Ints
from waglan.usecases.credit import dataset as data
from waglan.usecases.credit import report as show
from waglan.usecases.credit.decider import SLOT
from waglan.usecases.credit.declare import Declared, Wishes, declare
from waglan.usecases.credit.plugin import plugin
from waglan.usecases.credit.toml import dump_manifest

VALID_MS = 365 * 24 * 3600 * 1000
FEWEST = 50
"""Good and bad rows that a training needs at least."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the firm says about its file.

    Attributes
    ----------
    target, bad, good
        The outcome's column, and the value that means bad (or the one that means good).
    wishes
        Roles, types and directions of columns.
    use_case
        The manifest's and the models' name.
    monotone, specials, families
        Trends asked for, numbers that are codes, families of inputs; by column.
    holdout, seed
        Share of rows kept out of training, and the seed of the split.
    approve_rate, cut_off
        Share of applicants to approve, or the least score.
    challenger
        Whether to train a boosted one too.
    stakes
        The column with the amount asked for, in Hong Kong dollars.
    owner
        Who answers for the use case; empty keeps what the manifest says.
    """

    target: str
    bad: str = ""
    good: str = ""
    wishes: Wishes = Wishes()
    use_case: str = "credit"
    monotone: Mapping[str, Literal["increasing", "decreasing", "none"]] = {}
    specials: Mapping[str, tuple[float, ...]] = {}
    families: Mapping[str, str] = {}
    holdout: float = 0.3
    seed: int = 7
    approve_rate: float = 0.8
    cut_off: int | None = None
    challenger: bool = False
    stakes: str = ""
    owner: str = ""


class File(NamedTuple):
    """A model file to be: its id, name and bytes."""

    id: str
    name: str
    raw: bytes

    @property
    def digest(self) -> str:
        """SHA-256, hexadecimal."""
        return digest(self.raw)


class Trained(NamedTuple):
    """What training gives; nothing is written yet."""

    manifest: UseCase
    files: tuple[File, ...]
    report: show.TrainingReport


class _Sample(NamedTuple):
    features: tuple[Column, ...]
    protected: tuple[Column, ...]
    bad: Bools
    inside: Ints
    outside: Ints


def train(path: Path, options: Options, now_ms: int, base: UseCase | None = None) -> Trained:
    """Read a file and train on it.

    Parameters
    ----------
    path
        CSV, JSON lines or Parquet, one applicant per row, with the outcome.
    options
        What the firm says about it.
    now_ms
        The time of training, milliseconds since 1970 UTC.
    base
        The manifest whose texts, controls and directions are kept; the shipped one when None.

    Raises
    ------
    Problem
        ``file.…`` or ``training.…``: what is wrong with the file or with what was said about it.
    """
    started = time.perf_counter()
    table = data.read_dataset(path)
    outcome = data.target(data.texts(table, options.target), bad=options.bad, good=options.good)
    base = base or plugin.manifest
    declared = declare(table, options.target, options.wishes, base.inputs)
    _check(options, declared, outcome)
    read_seconds = time.perf_counter() - started
    sample = _split(declared, outcome, options)
    origin = Training(
        target=options.target, bad=outcome.value, rows=sample.inside.size, events=int(sample.bad[sample.inside].sum()),
        data_sha256=table.sha256, trained_at=now_ms,
    )  # fmt: skip
    plan = _plan(options, declared)
    file, model, dropped = _scorecard(sample, plan, options, origin)
    files, challenger = [file], None
    if options.challenger:
        other, challenger = _challenger(sample, plan, options, origin)
        files.append(other)
    train_features = [c.take(sample.inside) for c in sample.features]
    known_bad = sample.bad[sample.inside]
    warnings = (
        *declared.warnings,
        *show.leaks(train_features, known_bad),
        *show.proxies(train_features, [c.take(sample.inside) for c in sample.protected]),
        *_disparities(model),
    )
    report = show.TrainingReport(
        use_case=options.use_case, data_sha256=table.sha256, rows=table.rows, rejected=table.rejected_count,
        unlabelled=int((~outcome.known).sum()), bad=int(outcome.bad.sum()), target=options.target,
        bad_value=outcome.value, holdout_share=options.holdout, seed=options.seed, read_seconds=read_seconds,
        columns=declared.lines, scorecard=model.report, challenger=challenger, inputs=model.inputs, dropped=dropped,
        warnings=warnings,
    )  # fmt: skip
    return Trained(_manifest(base, options, declared, files), tuple(files), report)


def _check(options: Options, declared: Declared, outcome: data.Target) -> None:
    known = {c.name for c in declared.features}
    said = (*options.monotone, *options.specials, *options.families, *([options.stakes] if options.stakes else []))
    for name in said:
        if name not in known:
            raise Problem(
                f"{name!r} is no input of the scorecard.",
                nearest(name, known),
                "Name an input, or give the column another role.",
                code="training.column",
                where=name,
            )
    if not (0.05 <= options.holdout <= 0.9 and 0.0 < options.approve_rate < 1.0):
        raise Problem(
            f"A hold-out of {options.holdout:g} and an approval rate of {options.approve_rate:g} can't both be used.",
            "The hold-out lies between 0.05 and 0.9, the approval rate between 0 and 1.",
            "Give shares such as --holdout 0.3 --approve-rate 0.8.",
            code="training.option",
        )
    bad = int((outcome.bad & outcome.known).sum())
    good = int(outcome.known.sum()) - bad
    if min(bad, good) < FEWEST:
        raise Problem(
            f"There are {good} good and {bad} bad rows.",
            f"At least {FEWEST} of each are needed to train and to test.",
            "Bring more past applicants, or check which value is bad (--bad).",
            code="training.few",
            where=options.target,
        )


def _split(declared: Declared, outcome: data.Target, options: Options) -> _Sample:
    """Good and bad are split apart, so that both parts hold the same share of bad."""
    rng = np.random.default_rng(options.seed)
    outside = np.zeros(outcome.bad.size, dtype=np.bool_)
    for group in (np.flatnonzero(outcome.known & outcome.bad), np.flatnonzero(outcome.known & ~outcome.bad)):
        outside[rng.permutation(group)[: round(options.holdout * group.size)]] = True
    inside = outcome.known & ~outside
    return _Sample(declared.features, declared.protected, outcome.bad, np.flatnonzero(inside), np.flatnonzero(outside))


def _plan(options: Options, declared: Declared) -> Plan:
    rules = {
        c.name: BinningRule(
            monotone=options.monotone.get(c.name, "auto"), specials=tuple(options.specials.get(c.name, ()))
        )
        for c in declared.features
    }
    return Plan(
        rules=rules,
        changes={name: spec.change for name, spec in declared.inputs.items()},
        families=options.families,
        titles={name: spec.title for name, spec in declared.inputs.items() if spec.title},
        protected=tuple(c.name for c in declared.protected),
        approve_rate=options.approve_rate,
        cut_off=options.cut_off,
        stakes=options.stakes,
        seed=options.seed,
    )


class _Result(NamedTuple):
    report: show.ModelReport
    inputs: tuple[show.InputLine, ...]


def _scorecard(
    sample: _Sample, plan: Plan, options: Options, origin: Training
) -> tuple[File, _Result, tuple[Dropped, ...]]:
    started = time.perf_counter()
    inside = [c.take(sample.inside) for c in sample.features]
    fitted = fit_scorecard(f"{options.use_case}.scorecard", inside, sample.bad[sample.inside], plan, origin)
    seconds = time.perf_counter() - started
    raw = dump(fitted.scorecard)
    model = ScorecardModel(fitted.scorecard, digest(raw))
    file = File(fitted.scorecard.id, f"{fitted.scorecard.id}-{digest(raw)[:12]}.json", raw)

    def measure(rows: Ints) -> tuple[Floats, Floats]:
        scores = model.score_columns([c.take(rows) for c in sample.features])
        return scores.astype(np.float64), model.probabilities(scores)

    fit = _Fit(fitted.scorecard.cut_off, seconds, fitted.scorecard.calibration.method, fitted.unseen.slope)
    report = _report(file, sample, measure, fit)  # fmt: skip
    return file, _Result(report, show.input_lines(fitted.scorecard)), fitted.dropped


def _challenger(sample: _Sample, plan: Plan, options: Options, origin: Training) -> tuple[File, show.ModelReport]:
    from waglan.kit.scorecard.challenger import ChallengerModel, dump_challenger, fit_challenger

    started = time.perf_counter()
    inside = [c.take(sample.inside) for c in sample.features]
    trends = {name: trend for name, trend in options.monotone.items() if trend != "none"}
    fitted = fit_challenger(
        f"{options.use_case}.challenger", inside, sample.bad[sample.inside], plan, origin, monotone=trends
    )
    seconds = time.perf_counter() - started
    raw = dump_challenger(fitted)
    model = ChallengerModel(fitted, digest(raw))
    file = File(fitted.id, f"{fitted.id}-{digest(raw)[:12]}.json", raw)

    def measure(rows: Ints) -> tuple[Floats, Floats]:
        scores = model.score_columns([c.take(rows) for c in sample.features])
        return scores, model.probabilities(scores)

    fit = _Fit(fitted.cut_off, seconds, fitted.calibration.method, fitted.calibration.slope)
    return file, _report(file, sample, measure, fit)


class _Fit(NamedTuple):
    cut_off: int
    seconds: float
    calibration: str
    slope: float


def _report(
    file: File,
    sample: _Sample,
    measure: Callable[[Ints], tuple[Floats, Floats]],
    fit: _Fit,
) -> show.ModelReport:
    inside, outside = measure(sample.inside), measure(sample.outside)
    bad = sample.bad[sample.outside]
    approved = outside[0] >= fit.cut_off
    protected = [c.take(sample.outside) for c in sample.protected]
    return show.ModelReport(
        id=file.id,
        version=file.digest[:12],
        file=file.name,
        fit_seconds=fit.seconds,
        training=show.figures(sample.bad[sample.inside], *inside),
        holdout=show.figures(bad, *outside),
        cut_off=fit.cut_off,
        approval_rate=float(approved.mean()),
        approved_bad_rate=float(bad[approved].mean()) if approved.any() else 0.0,
        calibration=fit.calibration,
        recalibration_slope=fit.slope,
        deciles=show.deciles(bad, outside[1]),
        groups=show.group_lines(protected, approved, bad),
    )


def _disparities(result: _Result) -> tuple[str, ...]:
    return tuple(
        f"{g.attribute} = {g.group} is approved {g.approved:.1%} of the time, {g.ratio:.2f} of the best-off group "
        f"(below 0.80)."
        for g in result.report.groups
        if g.ratio is not None and g.ratio < 0.8
    )


def _manifest(base: UseCase, options: Options, declared: Declared, files: Sequence[File]) -> UseCase:
    slot = base.models.get(SLOT, ModelSlot(use=()))
    inputs: dict[str, Input] = dict(declared.inputs)
    manifest = msgspec.structs.replace(
        base,
        name=options.use_case,
        plugin="" if options.use_case == plugin.manifest.name else plugin.manifest.name,
        version=files[0].digest[:12],
        owner=options.owner or base.owner,
        inputs=inputs,
        models={**base.models, SLOT: msgspec.structs.replace(slot, use=tuple(f.id for f in files))},
    )
    text = dump_manifest(manifest)
    if parse_manifest(text, "the new manifest") != manifest:
        raise Problem(
            "The manifest can't be written so that it reads back the same.",
            "A column name or title holds characters that TOML can't keep.",
            "Rename the column, or give it a plain title.",
            code="training.manifest",
        )
    return manifest


def save(trained: Trained, folder: Path) -> tuple[Path, ...]:
    """Write models, manifest and report into a workspace; returns the paths, the manifest's first."""
    heading = (
        f"Written by 'waglan credit train' from data {trained.report.data_sha256[:12]}.\n"
        "Yours to edit: training again keeps texts, controls, directions and limits, and renews columns and models."
    )
    report = f"{trained.report.use_case}-{trained.files[0].digest[:12]}.json"
    contents = {
        Path("usecases") / f"{trained.manifest.name}.toml": dump_manifest(trained.manifest, heading).encode(),
        **{Path("models") / file.name: file.raw for file in trained.files},
        Path("reports") / report: msgspec.json.format(msgspec.json.encode(trained.report), indent=1) + b"\n",
    }
    for name, raw in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_bytes(raw)
        part.replace(path)
    return tuple(folder / name for name in contents)


def registrations(
    trained: Trained, now_ms: int, *, validator: str = "", owner: str = ""
) -> tuple[ModelRegistration, ...]:
    """What to put on the log. Without a validator the models are in use but unvalidated, and people decide."""
    validation = {
        "validated_at": now_ms,
        "validation_expires_at": now_ms + VALID_MS,
        "validation_id": f"{trained.report.use_case}-{trained.files[0].digest[:12]}",
        "validator": validator,
    }
    return tuple(
        ModelRegistration(
            digest=file.digest,
            id=file.id,
            owner=owner or trained.manifest.owner,
            provider="self",
            region="HK",
            use_case=trained.manifest.name,
            version=file.digest[:12],
            **(validation if validator else {}),  # type: ignore[arg-type]
        )
        for file in trained.files
    )
