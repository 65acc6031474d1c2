"""Conformance of a control: declared whole, pure, within its budget, worded in every language."""

from __future__ import annotations

import copy
import re
import statistics
import string
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from waglan.core.case import LANGUAGES, Case
from waglan.core.control import Context, Control, Redacted
from waglan.core.events import ModelRegistration
from waglan.core.finding import Finding, Verdict
from waglan.core.outcome import ModelUse, Outcome, Reason
from waglan.core.usecase import Disclosure, Input, UseCase
from waglan.testing.report import Notes, Report

CALLS = 15
NOW_MS = 1_763_700_000_000


class EmptyRegisters:
    """Nothing is registered and nobody has opted out."""

    def model(self, model_id: str, version: str) -> ModelRegistration | None:
        return None

    def opted_out(self, subject: str, use_case: str) -> bool:
        return False


MANIFEST = UseCase(
    name="conformance",
    version="1",
    title={"en": "Conformance"},
    owner="Nobody",
    purposes=("conformance",),
    customer_facing=True,
    inputs={
        "amount": Input(type="number"),
        "text": Input(type="text"),
        "sex": Input(type="category", role="protected"),
    },
    disclosure=Disclosure(
        id="d-1", text={"en": "AI is used.", "zh-Hant": "本行使用人工智能。", "zh-Hans": "本行使用人工智能。"}
    ),
)
TEXTS = ("", "A plain remark.", "HKID A123456(3), tel. 9123 4567", "請致電 ９１２３４５６７", "x" * 2_000)


def cases() -> tuple[tuple[Case, Outcome | None], ...]:
    """Ordinary and awkward cases with outcomes, for controls that declare nothing else."""
    reason = Reason(code="AMOUNT", weight=1.0, text={"en": "The amount.", "zh-Hant": "金額。", "zh-Hans": "金额。"})
    outcomes = (
        Outcome(value="yes", effect="approve", adverse=False, confidence=0.99, score=1.0, reasons=(reason,)),
        Outcome(value="no", effect="decline", adverse=True, confidence=0.2, stakes_hkd=5e7, flags=("doubt",)),
        Outcome(value={"text": "Call 9123 4567"}, reasons=(Reason(code="BARE"),)),
        None,
        Outcome(value=0),
    )
    return tuple(
        (
            Case(
                use_case="conformance",
                inputs={"amount": 1.5, "text": text} | ({"undeclared": text} if at % 2 else {}),
                aside={"sex": "F"},
                subject="pseudonym" if at % 2 else "",
                purpose="conformance" if at % 3 else "something else",
                consent_ref="c-1" if at % 2 else "",
                language=LANGUAGES[at % 3],
            ),
            outcome,
        )
        for at, (text, outcome) in enumerate(zip(TEXTS, outcomes, strict=True))
    )


def check_control(
    spec: Control,
    *,
    samples: Sequence[tuple[Case, Outcome | None]] = (),
    settings: Mapping[str, Any] | None = None,
    manifest: UseCase = MANIFEST,
) -> Report:
    """Check a control.

    Parameters
    ----------
    spec
        As registered.
    samples
        Cases with outcomes to run it on, instead of our own; for a control that reads the inputs of one use case.
    settings
        Settings to run it with; its defaults when None.
    manifest
        The manifest that its context shows.

    Returns
    -------
    Report
        Flaws are collected; nothing is raised.
    """
    notes = Notes(f"control {spec.name}")
    declared(spec, notes)
    usable, given = _settings(spec, settings, notes)
    if usable:
        asked = (ModelUse(slot="score", id="m", version="1", digest="aa" * 32, provider="self", region="HK"),)
        context = Context(manifest, given, EmptyRegisters(), NOW_MS, asked if spec.stage == "after" else ())
        _run(spec, context, samples or cases(), notes)
    return notes.report()


def declared(spec: Control, notes: Notes) -> None:
    """What can be seen without running it; also used for the controls that a manifest names."""
    notes.expect(
        re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", spec.name) is not None,
        "control.name", f"{spec.name!r} isn't area.noun.", "Name it like 'privacy.identifiers'.",
    )  # fmt: skip
    notes.expect(
        bool(spec.clauses), "control.clauses", f"{spec.name} serves no clause.", "Name the obligations it serves."
    )
    notes.expect(
        spec.on_error in (Verdict.REVIEW, Verdict.BLOCK),
        "control.on_error", f"Its failure would {spec.on_error}.", "Declare review or block.",
    )  # fmt: skip
    notes.expect(spec.stage in ("before", "after"), "control.stage", f"Stage {spec.stage!r}.", "Use before or after.")
    notes.expect(spec.budget_us > 0, "control.budget", "It declares no budget.", "Declare budget_us.")
    for language in LANGUAGES:
        notes.expect(
            bool(spec.summary.get(language, "").strip()),
            "control.summary", f"{spec.name} has no summary in {language}.", "Add the sentence.", language,
        )  # fmt: skip
        for code, texts in spec.messages.items():
            notes.expect(
                _worded(texts.get(language, "")),
                "control.messages", f"{spec.name}: the code {code!r} has no usable text in {language}.",
                "Add the sentence; write a brace as {{ or }}.", language,
            )  # fmt: skip


def _worded(text: str) -> bool:
    try:
        list(string.Formatter().parse(text))
    except ValueError:
        return False
    return bool(text.strip())


def _settings(spec: Control, given: Mapping[str, Any] | None, notes: Notes) -> tuple[bool, Any]:
    """Whether the settings can be used, and what they are."""
    if spec.settings is None:
        return True, None
    try:
        msgspec.convert({"no_such_setting": 1}, spec.settings)
        refused = False
    except msgspec.ValidationError:
        refused = True
    notes.expect(
        refused,
        "control.settings", "A setting that it doesn't have is accepted.",
        "Declare the Struct with forbid_unknown_fields=True.",
    )  # fmt: skip
    try:
        return True, msgspec.convert(dict(given or {}), spec.settings)
    except msgspec.ValidationError as error:
        notes.expect(False, "control.settings", f"It can't be run: {error}.", "Give defaults, or pass settings.")
        return False, None


def _run(spec: Control, context: Context, samples: Sequence[tuple[Case, Outcome | None]], notes: Notes) -> None:
    spent: list[int] = []
    answers: list[Any] = []
    for at, sample in enumerate(samples):
        call = _call(spec, sample, context)
        where = f"sample {at}"
        before = copy.deepcopy((sample, context.settings))
        try:
            first = call()
            for _ in range(CALLS):
                started = time.perf_counter_ns()
                again = call()
                spent.append(time.perf_counter_ns() - started)
        except Exception as error:
            notes.expect(False, "control.raises", f"{type(error).__name__}: {error}", "Answer with a Finding.", where)
            continue
        answers.append(first)
        notes.expect(again == first, "control.pure", "Same case, another answer.", "Use only the arguments.", where)
        notes.expect(
            before == (sample, context.settings),
            "control.mutates",
            "It changed its arguments.",
            "Give back Redacted.",
            where,
        )
        _answer(spec, first, sample, notes, where)
    if spent:
        middle = statistics.median(spent) / 1_000
        notes.expect(
            middle <= spec.budget_us,
            "control.budget", f"{middle:.0f} µs in the median, declared are {spec.budget_us}.",
            "Make it faster, or declare what it costs.",
        )  # fmt: skip
    if spec.many is not None and len(answers) == len(samples):
        _many(spec, context, samples, answers, notes)


def _call(spec: Control, sample: tuple[Case, Outcome | None], context: Context) -> Callable[[], Any]:
    case, outcome = sample
    if spec.stage == "before":
        return lambda: spec.check(case, context)
    return lambda: spec.check(case, outcome, context)


def _answer(spec: Control, answer: Any, sample: tuple[Case, Outcome | None], notes: Notes, where: str) -> None:
    finding = answer.finding if isinstance(answer, Redacted) else answer
    if not notes.expect(
        isinstance(finding, Finding),
        "control.answer", f"It gave a {type(finding).__name__}.", "Give back a Finding or a Redacted.", where,
    ):  # fmt: skip
        return
    notes.expect(
        finding.control == spec.name,
        "control.answer",
        f"Its finding is signed {finding.control!r}.",
        "Sign it by name.",
        where,
    )
    if isinstance(answer, Redacted):
        kind = Case if spec.stage == "before" else Outcome
        kept = isinstance(answer.rest, kind) and isinstance(sample[kind is Outcome], kind)
        notes.expect(kept, "control.answer", "What it leaves is of another kind.", f"Leave a {kind.__name__}.", where)
    if finding.verdict is not Verdict.PASS:
        notes.expect(
            finding.code in spec.messages,
            "control.messages", f"The code {finding.code!r} has no text.", "Declare it in messages.", where,
        )  # fmt: skip


def _many(
    spec: Control,
    context: Context,
    samples: Sequence[tuple[Case, Outcome | None]],
    answers: Sequence[Any],
    notes: Notes,
) -> None:
    assert spec.many is not None
    try:
        together = list(spec.many([case for case, _ in samples], context))
    except Exception as error:
        notes.expect(False, "control.many", f"{type(error).__name__}: {error}", "Answer with Findings.")
        return
    notes.expect(together == list(answers), "control.many", "Its batch form answers differently.", "Make them agree.")
