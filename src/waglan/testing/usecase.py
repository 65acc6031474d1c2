"""Conformance of a use case: its manifest is whole, and its samples hold through the real runtime."""

from __future__ import annotations

import asyncio
import copy
import re
import shutil
import tempfile
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from waglan.core.case import Case
from waglan.core.control import controls
from waglan.core.decision import Decision
from waglan.core.finding import Verdict
from waglan.core.inputs import InputSchema
from waglan.core.outcome import Outcome, Reason, fault
from waglan.core.problem import Problem
from waglan.core.usecase import Plugin, UseCase
from waglan.runtime.apart import Apart
from waglan.runtime.ask import Ask, Reply
from waglan.runtime.catalogue import Catalogue
from waglan.runtime.engine import Runtime
from waglan.runtime.kit import RuntimeKit, Slots
from waglan.runtime.workspace import Workspace
from waglan.testing.control import cases, declared
from waglan.testing.model import Attempts, Failed, examine
from waglan.testing.report import Notes, Report

ASK = Ask(channel="python", consent_ref="conformance", notice_id="conformance", source="conformance", source_seq=0)
_VOLATILE = ("id", "decided_at", "latency_us", "control_us")


class Stage(NamedTuple):
    """Where a plug-in is tried: a store, and the folders with the model files that it may need."""

    store: Literal["sqlite", "postgresql"] = "sqlite"
    dsn: str = ""
    models: Path | None = None


SQLITE = Stage()


class _Only(Catalogue):
    """A catalogue that holds one plug-in, as given."""

    def __init__(self, folder: Path, plugin: Plugin) -> None:
        super().__init__(folder)
        self._plugins = {plugin.manifest.name: plugin}


class _Listening(RuntimeKit):
    """A kit that remembers what each slot was asked."""

    __slots__ = ("asked",)

    def __init__(self, slots: Slots, asked: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__(slots, 0)
        self.asked = asked

    async def model(self, slot: str, inputs: Mapping[str, Any]) -> Any:
        self.asked.setdefault(slot, []).append(copy.deepcopy(dict(inputs)))
        return await super().model(slot, inputs)


class Trial(NamedTuple):
    """A workspace with the plug-in in it."""

    workspace: Workspace
    catalogue: Catalogue
    runtime: Runtime


def check_use_case(plugin: Plugin, *, stage: Stage = SQLITE, against: Stage | None = None) -> Report:
    """Check a use case.

    Parameters
    ----------
    plugin
        As installed: manifest, decider, samples.
    stage
        Where its samples are decided: a workspace in a temporary folder.
    against
        Another store to decide them in; the decisions must be the same but for id, time and latency.

    Returns
    -------
    Report
        Flaws are collected; nothing is raised.
    """
    notes = Notes(f"use case {plugin.manifest.name}")
    _manifest(plugin.manifest, notes)
    _controls(plugin.manifest, notes)
    if notes.expect(
        bool(plugin.samples),
        "samples",
        "It brings no samples.",
        "Give Plugin some rows as samples, or a file with --samples.",
    ):
        decided = _decided(plugin, stage, notes, whole=True)
        if against is not None and decided:
            _compare(decided, _decided(plugin, against, notes, whole=False), notes)
    return notes.report()


def signature(decision: Decision) -> dict[str, Any]:
    """What must be the same wherever a case is decided: all but ids, pseudonyms, times and costs."""
    plain: dict[str, Any] = msgspec.to_builtins(decision)
    for name in _VOLATILE:
        plain.pop(name, None)
    plain["case"].pop("received_at", None)
    plain["case"].pop("subject", None)
    for use in plain.get("models", ()):
        use.pop("latency_us", None)
    return plain


def sample_cases(plugin: Plugin) -> tuple[tuple[Case, Outcome | None], ...]:
    """A plug-in's samples as cases, with ordinary and awkward outcomes in turn, for the controls that it brings.

    Raises
    ------
    Problem
        When a sample doesn't fit the manifest.
    """
    manifest, schema = plugin.manifest, InputSchema(plugin.manifest.inputs)
    found: list[tuple[Case, Outcome | None]] = []
    for row in plugin.samples:
        clean = schema.clean(row)
        for _, outcome in cases():
            case = Case(
                use_case=manifest.name,
                inputs=clean.inputs,
                aside=clean.aside,
                subject="pseudonym" if clean.subject else "",
                purpose=manifest.purposes[0],
            )
            found.append((case, outcome))
    return tuple(found)


def _manifest(manifest: UseCase, notes: Notes) -> None:
    for name in ("owner", "sector", "opportunity", "use_type", "audience"):
        notes.expect(
            bool(getattr(manifest, name).strip()),
            "manifest.complete",
            f"{name} is empty.",
            f"Clauses refer to it: give {name} in the manifest.",
            name,
        )
    notes.expect(bool(manifest.inputs), "manifest.complete", "No input is declared.", "Declare [inputs.…].", "inputs")
    notes.expect(
        manifest.phase in ("pilot", "production"),
        "manifest.phase",
        f"In phase {manifest.phase!r} nothing is decided.",
        'Set phase = "pilot" to check it.',
        "phase",
    )
    texts = {"title": manifest.title, "summary": manifest.summary, "fallback": manifest.fallback}
    if manifest.disclosure is not None:
        texts["disclosure.text"] = manifest.disclosure.text
    texts |= {f"inputs.{name}.title": spec.title for name, spec in manifest.inputs.items() if spec.title}
    for where, text in texts.items():
        for language in manifest.languages:
            notes.expect(
                bool(text.get(language, "").strip()),
                "manifest.texts",
                f"{where} has no text in {language}.",
                "Add it, or take the language out of languages.",
                where,
            )


def _controls(manifest: UseCase, notes: Notes) -> None:
    for name in dict.fromkeys((*manifest.controls.before, *manifest.controls.after)):
        known = name in controls
        if notes.expect(known, "controls.known", f"There is no control {name!r}.", "Correct the name.", name):
            declared(controls.get(name), notes)


@contextmanager
def _trial(plugin: Plugin, stage: Stage) -> Iterator[Trial]:
    with tempfile.TemporaryDirectory(prefix="waglan-check-") as temporary:
        folder = Path(temporary)
        tenant = f"check-{folder.name.rpartition('-')[2].replace('_', '.').lower()}" if stage.dsn else "check"
        with Workspace.create(folder / "w", tenant=tenant, store=stage.store, dsn=stage.dsn) as workspace:
            if stage.models is not None and stage.models.is_dir():
                shutil.copytree(stage.models, workspace.folder / "models", dirs_exist_ok=True)
            catalogue = _Only(workspace.folder, plugin)
            runtime = Runtime(
                workspace.ledger,
                catalogue,
                workspace.registers,
                workspace.shelf.slots,
                clock=workspace.clock,
                ids=workspace.ids,
            )
            try:
                yield Trial(workspace, catalogue, runtime)
            finally:
                runtime.close()


def _decided(plugin: Plugin, stage: Stage, notes: Notes, *, whole: bool) -> list[Decision]:
    """The samples' decisions in a workspace of their own; with ``whole``, all else that can be seen there too."""
    name, samples = plugin.manifest.name, copy.deepcopy(list(plugin.samples))
    try:
        with _trial(plugin, stage) as trial:
            one = [_one(trial.runtime, name, row, notes, f"sample {at}") for at, row in enumerate(plugin.samples)]
            decisions = [reply.decision for reply in one if reply is not None]
            if whole and len(decisions) == len(samples):
                notes.expect(list(plugin.samples) == samples, "samples", "They were changed.", "Copy what you change.")
                for at, decision in enumerate(decisions):
                    _decision(plugin, decision, notes, f"sample {at}")
                _together(trial, name, plugin, decisions, notes)
                asyncio.run(_alone(trial, plugin, decisions, notes))
            return decisions if len(decisions) == len(samples) else []
    except Problem as problem:
        advice = (
            "Name the workspace that holds the model: --workspace." if problem.code == "model.unknown" else problem.next
        )
        notes.expect(False, "runs", f"{problem.what} {problem.why}", advice, problem.where)
        return []


def _one(runtime: Runtime, name: str, row: dict[str, Any], notes: Notes, where: str) -> Reply | None:
    """One sample through the door; a row that the manifest refuses is a flaw, anything else stops the run."""
    try:
        reply = runtime.decide_sync(name, row, ASK)
    except Problem as problem:
        if not problem.code.startswith("input."):
            raise
        notes.expect(False, "samples", f"It doesn't fit the manifest: {problem.what}", problem.next, where)
        return None
    notes.expect(True, "runs", "", "")
    return reply


def _decision(plugin: Plugin, decision: Decision, notes: Notes, where: str) -> None:
    """What one sample's decision shows."""
    for finding in decision.findings:
        notes.expect(
            finding.verdict is not Verdict.ERROR,
            "controls.error",
            f"{finding.control}: {finding.code} {' '.join(finding.params)}",
            "See that the control or model can be run on this use case.",
            where,
        )
    outcome = decision.outcome
    if not notes.expect(
        outcome is not None,
        "decide.outcome",
        f"It gave no usable outcome ({', '.join(decision.why) or decision.route}).",
        "Give back a waglan.Outcome with a value and finite numbers.",
        where,
    ):
        return
    assert outcome is not None
    notes.expect(
        bool(outcome.reasons),
        "decide.reasons",
        "It gave no reason.",
        "Give at least one Reason: a person has to ask why.",
        where,
    )
    manifest = plugin.manifest
    hidden = {name for name, spec in manifest.inputs.items() if spec.role in ("protected", "identifier", "subject")}
    for reason in outcome.reasons:
        missing = [language for language in manifest.languages if not reason.text.get(language, "").strip()]
        notes.expect(
            bool(reason.code) and not missing,
            "reasons.text",
            f"The reason {reason.code!r} has no text in {', '.join(missing)}.",
            "Give Reason a code, and text in each of the manifest's languages.",
            where,
        )
        shown = {name for name in hidden if _rests_on(reason, name)}
        notes.expect(
            not shown,
            "reasons.protected",
            f"The reason {reason.code!r} rests on {', '.join(sorted(shown))}.",
            "A protected attribute or identifier is never a reason.",
            where,
        )
    _recourse(manifest, outcome, notes, where)
    again = msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome)
    notes.expect(
        again == outcome,
        "outcome.json",
        "Read back from JSON, the outcome is another one.",
        "Use JSON values: lists, finite numbers, text.",
        where,
    )


def _rests_on(reason: Reason, name: str) -> bool:
    """Whether a reason names an input: among ``where``, or as its code or the code's beginning (``SEX``, ``sex=F``)."""
    named = re.fullmatch(rf"{re.escape(name.lower())}([^a-z0-9].*)?", reason.code.lower())
    return named is not None or name in {where.removeprefix("inputs.") for where in reason.where}


def _recourse(manifest: UseCase, outcome: Outcome, notes: Notes, where: str) -> None:
    for change in (c for alternative in outcome.alternatives for c in alternative.changes):
        spec = manifest.inputs.get(change.input)
        allowed = spec is not None and spec.role == "feature" and spec.change != "fixed"
        notes.expect(
            allowed,
            "recourse",
            f"It proposes to change {change.input!r}.",
            "Propose features whose change isn't 'fixed'.",
            where,
        )


def _together(trial: Trial, name: str, plugin: Plugin, decisions: Sequence[Decision], notes: Notes) -> None:
    """The same samples as a batch."""
    results = trial.runtime.decide_many(name, plugin.samples, ASK)
    same = _steady(trial, plugin.manifest)
    for at, (result, decision) in enumerate(zip(results, decisions, strict=True)):
        if not notes.expect(
            isinstance(result, Reply),
            "decide_many",
            f"In a batch it is a Problem: {result}",
            "Make both agree.",
            f"sample {at}",
        ):
            continue
        assert isinstance(result, Reply)
        notes.expect(
            not same or signature(result.decision) == signature(decision),
            "decide_many",
            "In a batch the decision is another one.",
            "Make decide_many agree with decide.",
            f"sample {at}",
        )


def _steady(trial: Trial, manifest: UseCase) -> bool:
    """Whether every model of the use case is declared deterministic."""
    ids = {model for slot in manifest.models.values() for model in slot.use}
    return all(trial.workspace.shelf.seat(model).card.deterministic for model in ids)


async def _alone(trial: Trial, plugin: Plugin, decisions: Sequence[Decision], notes: Notes) -> None:
    """The decider itself, with a kit of real models and the cases as the runtime showed them."""
    loaded = trial.catalogue.get(plugin.manifest.name)
    apart, decider = Apart(), plugin.decider
    slots, steady = trial.workspace.shelf.slots(loaded, apart), _steady(trial, plugin.manifest)
    asked: dict[str, list[dict[str, Any]]] = {}
    attempts = Attempts(apart, notes, "decide", plugin.manifest.deadline_ms)

    def call(case: Case) -> Outcome | Awaitable[Outcome]:
        return decider.decide(case, _Listening(slots, asked))

    try:
        outcomes = []
        for at, decision in enumerate(decisions):
            where, case = f"sample {at}", copy.deepcopy(decision.case)
            first = await attempts.run(partial(call, case), where)
            if isinstance(first, Failed) or fault(first):
                return
            outcomes.append(first)
            notes.expect(
                case == decision.case, "decide.mutates", "It changed the case.", "Copy what you change.", where
            )
            again = await attempts.run(partial(call, decision.case), where)
            notes.expect(
                not steady or again == first,
                "decide.deterministic",
                "Same case, another outcome.",
                "Take time and models from the kit, nothing from outside; declare a model that varies as such.",
                where,
            )
        if hasattr(decider, "decide_many"):
            cases = [decision.case for decision in decisions]
            batch = partial(decider.decide_many, cases, RuntimeKit(slots, 0))
            many = await attempts.run(batch, "decide_many", calls=len(cases))
            agrees = isinstance(many, Failed) or not steady or list(many) == outcomes
            notes.expect(agrees, "decide_many", "decide_many answers differently.", "Make it agree with decide.")
        for name, slot in plugin.manifest.models.items():
            for model in slot.use if name in asked else ():
                seat = trial.workspace.shelf.seat(model)
                notes.include(await examine(seat.model, asked[name], slot.deadline_ms))
    finally:
        apart.close()


def _compare(here: Sequence[Decision], there: Sequence[Decision], notes: Notes) -> None:
    for at, (one, other) in enumerate(zip(here, there, strict=False)):
        notes.expect(
            signature(one) == signature(other),
            "store.same",
            "On the other store the decision is another one.",
            "Depend on the case and the kit alone.",
            f"sample {at}",
        )
    notes.expect(
        len(here) == len(there), "store.same", "Not every sample was decided there.", "See the other findings."
    )
