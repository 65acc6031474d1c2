"""A whole workspace with a year of a sample bank's decisions, a million by default, for timing pages and tables.

    python bench/million.py /tmp/million --json

Trains two scorecards for the credit use case on generated applicants, registers them, and writes a year onto a real
log, signed and sealed as always: people's roles, decisions, reviews and releases of what went to a person, overrides,
requests, outcome labels, a day's outage of the model, drills. Most decisions are copies of a few thousand real ones
with other people, times, channels and figures, and have no private part; `complete` of them, among them the newest,
went through the runtime and can be opened. Where the folder holds a workspace already, it is used as it is.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

sys.path.sort(key=lambda each: Path(each).resolve() == Path(__file__).resolve().parent)
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.common import finish, parser, say

from waglan.core import DecisionFacts, Entry, Ids, Language, Problem, Verdict
from waglan.core.decision import Route, data_classes, facts
from waglan.core.events import (
    Answer,
    ApiKey,
    Correction,
    Event,
    OptOut,
    OutcomeLabel,
    Override,
    Person,
    Release,
    Request,
    Review,
)
from waglan.harbour.applicants import write_applicants
from waglan.index import Decisions, Index
from waglan.runtime import Ask, Workspace
from waglan.runtime.settings import FILE
from waglan.usecases.credit.declare import Wishes
from waglan.usecases.credit.training import Options, registrations, save, train

DAY_MS = 86_400_000
WORKING_MS = DAY_MS * 9 // 10
DAYS = 365
PEOPLE = 100_000
SEED = 20_261_121
AT_ONCE = 2_000
WAITING = 4
TEMPLATES = 1_500
NEWEST = 2_000
CHANNELS, CHANNEL_WEIGHTS = ("http", "cli", "import-file", "branch"), (70, 8, 4, 18)
LANGUAGES: tuple[Language, ...] = ("en", "zh-Hant", "zh-Hans")
REVIEWERS = tuple(f"p-01K0REV{at:019d}" for at in range(12))
KEYS = ("k-01K0KEY0000000000000000001", "k-01K0KEY0000000000000000002")


class Past:
    """The machine's clock, set back; both hands move together when it is set, so no step is recorded."""

    def __init__(self, back_ms: int) -> None:
        self._shift_ms = -back_ms

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._shift_ms

    def monotonic_ns(self) -> int:
        return time.perf_counter_ns() + self._shift_ms * 1_000_000

    def at(self, now_ms: int) -> None:
        """Set it; never back."""
        self._shift_ms += max(0, now_ms - self.now_ms())


class Made(NamedTuple):
    """What a workspace holds."""

    folder: Path
    decisions: int
    entries: int
    complete: int
    seconds: float


class Year:
    """A year being written."""

    def __init__(self, workspace: Workspace, clock: Past, decisions: int) -> None:
        self.workspace, self.clock = workspace, clock
        self.random = random.Random(SEED)
        self.left = decisions
        self.ids = Ids()
        self.applicants: Iterator[dict[str, str]] = iter(())
        self.classes: tuple[str, ...] = ()
        self.templates: deque[tuple[DecisionFacts, ...]] = deque(maxlen=64)
        self.subjects: list[str] = []
        self.waiting: deque[Future[Any]] = deque()
        self.undone: deque[tuple[int, str, str, str]] = deque()
        self.old: deque[tuple[str, str]] = deque(maxlen=50_000)

    # ---- registrations

    def staff(self) -> None:
        """People and keys, by id: names stand in no leaf."""
        for at, person in enumerate(REVIEWERS):
            roles = ("reviewer", "approver") if at % 4 == 0 else ("reviewer",)
            self.workspace.record(Person(person=person, roles=roles), actor="cli")
        for key in KEYS:
            self.workspace.record(ApiKey(key=key, name="core-banking", scopes=("decision.make",)), actor="cli")

    def model(self, seed: int) -> None:
        """Train a scorecard, put its manifest in force, register it."""
        past = self.workspace.folder / "sample" / f"past-{seed}.csv"
        past.parent.mkdir(exist_ok=True)
        write_applicants(past, 6_000, seed)
        wishes = Wishes(protected=("sex", "age"), subject="applicant_id")
        now_ms = self.clock.now_ms()
        trained = train(past, Options(target="default", wishes=wishes), now_ms)
        save(trained, self.workspace.folder)
        for registration in registrations(trained, now_ms, validator="model-risk"):
            self.workspace.register_model(registration, actor="cli")

    # ---- decisions

    def decide(self, count: int) -> None:
        """Decide new applicants for real; the facts of these decisions are the patterns of those to come."""
        found: list[tuple[DecisionFacts, str, str]] = []
        rows = [row for row, _ in zip(self.applicants, range(count), strict=False)]
        asks = [self._ask() for _ in rows]
        for answer in self.workspace.runtime.decide_many("credit", rows, text=True, asks=asks):
            if isinstance(answer, Problem):
                raise answer
            made = answer.decision
            found.append((facts(made, self.classes), made.case.subject, made.id))
        for public, subject, entry_id in found:
            self.subjects.append(subject)
            self._follow_up(self.clock.now_ms(), public, subject, entry_id)
        self.templates.append(tuple(public for public, *_ in found if not public.drill))
        self.left -= len(rows)

    def _ask(self) -> Ask:
        draw = self.random.random()
        return Ask(
            channel=self.random.choices(CHANNELS, CHANNEL_WEIGHTS)[0],
            language=self.random.choice(LANGUAGES),
            purpose="marketing" if draw < 0.01 else "credit_assessment",
            drill=0.01 <= draw < 0.015,
            notice_id="notice-7",
            source="core-banking",
            actor=KEYS[0],
        )

    def day(self, start_ms: int, count: int, *, outage: bool) -> None:
        """A day's decisions and what people did on it, in the order of time."""
        patterns = [each for group in self.templates for each in group][-TEMPLATES:]
        entries: list[Entry] = []
        for at in range(count):
            at_ms = start_ms + at * WORKING_MS // count
            entries.extend(self._due(at_ms))
            entries.append(self._copy(self.random.choice(patterns), at_ms, outage))
            if len(entries) >= AT_ONCE:
                self._submit(entries, at_ms)
                entries = []
        self._submit(entries, start_ms + WORKING_MS)
        self.left -= count

    def _copy(self, pattern: DecisionFacts, at_ms: int, outage: bool) -> Entry:
        draw = self.random
        changes: dict[str, Any] = {
            "channel": draw.choices(CHANNELS, CHANNEL_WEIGHTS)[0],
            "language": draw.choice(LANGUAGES),
            "latency_us": int(draw.lognormvariate(5.2, 0.5)),
        }
        if pattern.score is not None:
            changes["score"] = f"{float(pattern.score) + draw.randint(-3, 3):.6f}"
        if outage and draw.random() < 0.4:
            failed = tuple((*each[:5], False) for each in pattern.models)
            changes |= {"models": failed, "route": Route.HUMAN, "why": ("model.unavailable",), "effect": "",
                        "adverse": None, "score": None, "confidence": None, "reasons": ()}  # fmt: skip
        elif draw.random() < 0.002:
            stopped = tuple((n, Verdict.BLOCK if n == "privacy.identifiers" else v) for n, v in pattern.controls)
            changes |= {"route": Route.BLOCKED, "controls": stopped, "why": ("privacy.identifiers",)}
        public = msgspec.structs.replace(pattern, **changes)
        subject = draw.choice(self.subjects)
        entry_id = self.ids.new(at_ms)
        self._follow_up(at_ms, public, subject, entry_id)
        return Entry(id=entry_id, kind="decision", at_ms=at_ms, facts=public, subject=subject, actor=KEYS[0])

    # ---- what comes later

    def _follow_up(self, at_ms: int, public: DecisionFacts, subject: str, entry_id: str) -> None:
        if public.route is Route.HUMAN and not public.drill:
            self.undone.append((at_ms + self.random.randrange(WORKING_MS // 24, WORKING_MS), entry_id, subject,
                                public.effect))  # fmt: skip
        elif public.route is Route.AUTO:
            self.old.append((entry_id, subject))

    def _due(self, now_ms: int) -> list[Entry]:
        """Reviews and releases whose time has come, and now and then another event."""
        made: list[Entry] = []
        while self.undone and self.undone[0][0] <= now_ms:
            _, decision, subject, effect = self.undone.popleft()
            made += self._reviewed(now_ms, decision, subject, effect)
        if self.old and self.random.random() < 0.02:
            made += self._said(now_ms)
        return made

    def _said(self, now_ms: int) -> list[Entry]:
        """How an old decision turned out, or what somebody says of a recent one."""
        if self.random.random() < 0.75:
            decision, subject = self.old.popleft()
            label = OutcomeLabel(label=self.random.choices(("repaid", "default"), (93, 7))[0], label_at=now_ms)
            return [self._event(now_ms, label, subject, (decision,), "cli")]
        decision, subject = self.old[-self.random.randint(1, min(2_000, len(self.old)))]
        event = self.random.choices(
            (Override(reason="policy", effect="decline"), Correction(fields=("term_months",), reason="typing"),
             Request(what="explanation", channel="branch"), OptOut(use_case="credit")), (40, 12, 40, 8),
        )[0]  # fmt: skip
        said = self._event(now_ms, event, subject, (decision,), REVIEWERS[0])
        if not isinstance(event, Request):
            return [said]
        answer = Answer(outcome="explained")
        return [said, self._event(now_ms, answer, subject, (decision, said.id), REVIEWERS[1])]

    def _reviewed(self, now_ms: int, decision: str, subject: str, effect: str) -> list[Entry]:
        person = self.random.choice(REVIEWERS)
        verdict = self.random.choices(("agree", "change", "reject"), (86, 11, 3))[0]
        after = effect if verdict == "agree" else ("approve" if effect == "decline" else "decline")
        review = Review(
            authenticator="passkey:1", effect="" if verdict == "agree" else after, reason="checked",
            review_seconds=self.random.randint(8, 400), verdict=verdict,
        )  # fmt: skip
        first = self._event(now_ms, review, subject, (decision,), person)
        if verdict == "reject":
            return [first]
        second = REVIEWERS[0] if person != REVIEWERS[0] else REVIEWERS[4]
        outcome = "as_decided" if verdict == "agree" else "as_changed"
        release = Release(authenticator="passkey:2", effect=after, outcome=outcome)  # type: ignore[arg-type]
        return [first, self._event(now_ms, release, subject, (decision, first.id), second)]

    def _event(self, at_ms: int, event: Event, subject: str, refs: tuple[str, ...], actor: str) -> Entry:
        return Entry(
            id=self.ids.new(at_ms), kind=event.kind, at_ms=at_ms, facts=event, subject=subject, refs=refs, actor=actor
        )

    def _submit(self, entries: list[Entry], at_ms: int) -> None:
        self.clock.at(at_ms)
        if entries:
            self.waiting.append(self.workspace.ledger.submit(entries))
        while len(self.waiting) > WAITING:
            self.waiting.popleft().result()

    def settle(self) -> None:
        """Wait for all that was handed over."""
        while self.waiting:
            self.waiting.popleft().result()


def shares(total: int, days: int) -> list[int]:
    """How many decisions on each day: growing by a half over the year, fewer at weekends; all of ``total``."""
    weights = [(1 + at / days / 2) * (0.45 if at % 7 >= 5 else 1.0) for at in range(days)]
    made = [int(total * w / sum(weights)) for w in weights]
    made[-1] += total - sum(made)
    return made


def make(folder: Path, decisions: int = 1_000_000, complete: int = 5_000, days: int = DAYS) -> Made:
    """Make a workspace, or say what is in the one that is there.

    Parameters
    ----------
    folder
        Where; made when absent.
    decisions
        How many, at least ten times ``days`` for all of it to be there.
    complete
        How many of them have their private parts; at most half.
    days
        Over how many days up to now.
    """
    started = time.perf_counter()
    if not (folder / FILE).exists():
        _write(folder, decisions, min(complete, decisions // 2), days)
    with Workspace.open(folder) as workspace:
        entries = workspace.ledger.head().size
        with Index.open(folder / "index.db", workspace.ledger, (Decisions(),)) as index:
            index.follow()
            with index.reading() as connection:
                held = int(connection.execute("SELECT count(*) FROM decision").fetchone()[0])
    return Made(folder, held, entries, min(complete, decisions // 2), time.perf_counter() - started)


def _write(folder: Path, decisions: int, complete: int, days: int) -> None:
    end_ms = time.time_ns() // 1_000_000
    clock = Past(days * DAY_MS)
    newest = min(NEWEST, complete // 2, shares(decisions, days)[-1] // 2)
    Workspace.create(folder, tenant="sample-bank", clock=clock).close()
    settings = folder / FILE
    told = settings.read_text(encoding="utf-8").replace("[workspace]\n", "[workspace]\nsynthetic = true\n", 1)
    settings.write_text(told, encoding="utf-8")
    left = decisions
    for stretch in (range(days // 2), range(days // 2, days)):
        with Workspace.open(folder, clock=clock) as workspace:
            Year(workspace, clock, 0).model(SEED + stretch.start)
        with Workspace.open(folder, clock=clock) as workspace:  # anew: the new manifest is read
            year = Year(workspace, clock, left)
            year.random.seed(stretch.start)
            if not stretch.start:
                year.staff()
            _applicants(year, folder, complete, stretch.start)
            real = shares(complete - newest, days)
            _days(year, stretch, real=real, counts=shares(decisions, days), end_ms=end_ms, newest=newest)
            if stretch.stop == days:
                _today(year, newest, end_ms)
            year.settle()
            left = year.left


def _applicants(year: Year, folder: Path, count: int, seed: int) -> None:
    path = folder / "sample" / f"new-{seed}.csv"
    write_applicants(path, count + 100, SEED + 2 + seed)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row.pop("default")
        row["applicant_id"] = f"SYN-{seed}-{row['applicant_id'][4:]}"
    year.applicants = iter(rows)
    year.workspace.prepare("credit")
    year.classes = data_classes(year.workspace.catalogue.get("credit").manifest)


def _days(year: Year, stretch: range, *, real: list[int], counts: list[int], end_ms: int, newest: int) -> None:
    """A stretch of days: some decisions for real each morning, then the day's copies of such."""
    days = len(counts)
    for day in stretch:
        start_ms = end_ms - (days - day) * DAY_MS
        year.clock.at(start_ms)
        year.decide(real[day] if day > stretch.start else max(50, real[day]))
        if len(year.subjects) < PEOPLE:
            year.subjects += year.workspace.vault.subjects([f"SYN-P{day}-{at}" for at in range(PEOPLE // 100)])
        bulk = year.left - sum(counts[day + 1 :]) - (newest if day == days - 1 else 0)
        if bulk > 0:
            year.day(start_ms + 60_000, bulk, outage=day == days - 40)


def _today(year: Year, count: int, end_ms: int) -> None:
    """The newest decisions, all complete, over the last hours."""
    step = 100
    for at in range(0, count, step):
        year.clock.at(end_ms - DAY_MS // 12 + at * (DAY_MS // 12) // max(count, 1))
        year.decide(min(step, count - at))


def main() -> None:
    made = parser(__doc__ or "")
    made.add_argument("folder", type=Path)
    made.add_argument("--decisions", type=int, default=1_000_000)
    made.add_argument("--complete", type=int, default=5_000, help="decisions with their private parts")
    made.add_argument("--days", type=int, default=DAYS)
    arguments: argparse.Namespace = made.parse_args()
    say(arguments, f"{arguments.folder}: {arguments.decisions:,} decisions …")
    result = make(arguments.folder, arguments.decisions, arguments.complete, arguments.days)
    finish({"bench": "million", **result._asdict(), "folder": str(result.folder), "seconds": round(result.seconds, 1)})


if __name__ == "__main__":
    main()
