"""The runtime: rows in, recorded decisions out. The only path from a door to a reply."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from waglan.core.case import Case
from waglan.core.clock import Clock
from waglan.core.decision import data_classes
from waglan.core.entry import event
from waglan.core.events import Import, UseCaseRegistration
from waglan.core.ids import Ids
from waglan.core.inputs import Clean
from waglan.core.problem import Problem
from waglan.core.profile import answers
from waglan.ledger.erasure import reconcile
from waglan.ledger.log import Ledger, Recorded
from waglan.runtime.apart import Apart
from waglan.runtime.ask import Ask, Question, Reply
from waglan.runtime.catalogue import Catalogue, Loaded
from waglan.runtime.exercise import Exercise, Exercised, Fault, apart_from_live
from waglan.runtime.judge import Judge, Judged
from waglan.runtime.kit import Slots
from waglan.runtime.past import CHANNEL, past_entries
from waglan.runtime.registers import LogRegisters
from waglan.runtime.rows.mapping import PastDecision
from waglan.runtime.together import Together

T = TypeVar("T")
CHUNK = 1_024
"""So many decisions of a batch share a commit."""
REFRESH_NS = 300_000_000
"""What another process wrote (a suspension, an opt-out, a withdrawn model) counts here after at most this long."""
ENTRY_PROBLEMS = ("leaf.", "vault.erased", "vault.entry")
"""Problems of one entry, not of the ledger."""
PLAIN = Ask()
UNAVAILABLE = Problem(
    "The ledger is unavailable.",
    "No decision can be recorded.",
    "Try again shortly.",
    code="ledger.unavailable",
    status=503,
)


class Runtime:
    """Decides and records.

    Parameters
    ----------
    ledger, catalogue, registers
        Of one workspace.
    slots
        Makes a use case's model slots, or raises a Problem that names the missing model.
    clock, ids
        Time and names.
    """

    def __init__(
        self,
        ledger: Ledger,
        catalogue: Catalogue,
        registers: LogRegisters,
        slots: Callable[[Loaded, Apart], Slots],
        *,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._ledger = ledger
        self._catalogue = catalogue
        self._registers = registers
        self._slots = slots
        self._clock = clock
        self._ids = ids
        self._apart = Apart()
        self._judges: dict[str, Judge] = {}
        self._refresh_lock = threading.Lock()
        self._refreshed_ns = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_lock = threading.Lock()
        self._together = Together(self._decide_rows)
        registers.fresh = self._fresh
        self.refresh()

    async def decide(self, use_case: str, row: Mapping[str, Any], ask: Ask = PLAIN, *, text: bool = False) -> Reply:
        """Decide one row and record it.

        Parameters
        ----------
        use_case
            Its name.
        row
            Declared input name to JSON value (or to text cells, with ``text``).
        ask
            How it came.

        Raises
        ------
        Problem
            For a row that can't be used (nothing is recorded), an unknown use case, or a ledger that can't
            commit (nothing is replied).
        """
        judge = self._ready(use_case) or await self._load(use_case)
        if judge.inline:
            return await self._together.ask(judge, Question(row, ask, text))
        (answer,) = await self._decide_rows(judge, (Question(row, ask, text),))
        if isinstance(answer, Problem):
            raise answer
        return answer

    def decide_sync(self, use_case: str, row: Mapping[str, Any], ask: Ask = PLAIN) -> Reply:
        """`decide` for callers without an event loop."""
        return self._drive(self.decide(use_case, row, ask))

    def decide_many(
        self,
        use_case: str,
        rows: Sequence[Mapping[str, Any]],
        ask: Ask = PLAIN,
        *,
        text: bool = False,
        asks: Sequence[Ask] | None = None,
    ) -> list[Reply | Problem]:
        """Decide many rows with the meaning of `decide`, 1,024 to a commit.

        Parameters
        ----------
        text
            Whether values are text cells to be converted.
        asks
            One `Ask` per row where they differ (consent, running number); else ``ask`` holds for all.

        Returns
        -------
        list
            In the rows' order, a Reply where the row was decided and recorded, a Problem where it wasn't.
        """
        given = [ask] * len(rows) if asks is None else asks
        questions = [Question(row, each, text) for row, each in zip(rows, given, strict=True)]
        return self._drive(self._decide_many(use_case, questions))

    async def _decide_many(self, use_case: str, questions: Sequence[Question]) -> list[Reply | Problem]:
        judge = self._ready(use_case) or await self._load(use_case)
        parts = [questions[start : start + CHUNK] for start in range(0, len(questions), CHUNK)]
        answers = await asyncio.gather(*[self._decide_rows(judge, part) for part in parts])
        return [answer for part in answers for answer in part]

    async def _decide_rows(self, judge: Judge, questions: Sequence[Question]) -> list[Reply | Problem]:
        """Decide rows in one go and one commit: a Reply or a Problem for each, in order."""
        answers: list[Reply | Problem | Clean] = [self._read(judge, question) for question in questions]
        good = [at for at, answer in enumerate(answers) if type(answer) is Clean]
        if not good:
            return answers  # type: ignore[return-value] # nothing clean is left in it
        clean: list[Clean] = [answers[at] for at in good]  # type: ignore[misc]
        asks = [questions[at].ask for at in good]
        subjects = self._ledger.vault.subjects([each.subject for each in clean])
        cases = [self._case(judge, *each) for each in zip(clean, asks, subjects, strict=True)]
        try:
            judged = await judge.many(cases, asks, [each.dropped for each in clean])
            recorded = await self._record(judge, judged)
        except Problem as problem:  # the log can't be read, so nobody can say whether the use case is suspended
            recorded = [problem.again() for _ in good]
        for at, answer in zip(good, recorded, strict=True):
            answers[at] = answer
        return answers  # type: ignore[return-value]

    async def _record(self, judge: Judge, judged: Sequence[Judged]) -> Sequence[Reply | Problem]:
        """Put decisions on the log; one that can't be recorded doesn't keep the others from it."""
        try:
            recorded = await self._ledger.append([each.entry for each in judged])
        except Problem as problem:
            if len(judged) == 1 or not problem.code.startswith(ENTRY_PROBLEMS):
                return [problem.again() for _ in judged]
            return [answer for each in judged for answer in await self._record(judge, (each,))]
        for each in recorded:
            self._registers.passed(each.index)
        manifest = judge.loaded.manifest
        return [
            Reply(decision=each.decision, index=where.index, manifest=manifest)
            for each, where in zip(judged, recorded, strict=True)
        ]

    def record_import(
        self, use_case: str, past: Sequence[PastDecision], *, name: str, file_sha256: str, rejected: int = 0
    ) -> tuple[Recorded, ...]:
        """Record decisions that were made elsewhere, marked as imported, and say which file they came from.

        Parameters
        ----------
        past
            As the mapping read them.
        name, file_sha256, rejected
            Of the file: what to call it, its digest, and how many of its rows weren't usable.

        Raises
        ------
        Problem
            The ledger's, or the catalogue's.
        """
        loaded = self._drive(self._registered(use_case))
        now_ms = self._clock.now_ms()
        entries = past_entries(loaded, past, self._ids, now_ms, self._ledger.vault.subject)
        summary = Import(file_sha256=file_sha256, name=name, rejected=rejected, rows=len(past))
        entries.append(event(self._ids.new(now_ms), now_ms, summary, actor=CHANNEL))
        futures = [self._ledger.submit(entries[at : at + CHUNK]) for at in range(0, len(entries), CHUNK)]
        return tuple(recorded for future in futures for recorded in future.result())

    async def _registered(self, use_case: str) -> Loaded:
        loaded = self._catalogue.get(use_case)
        await self._register(loaded)
        return loaded

    async def prepare(self, use_case: str) -> Loaded:
        """Load a use case, its controls and models, and see that its manifest is registered on the log."""
        return (self._ready(use_case) or await self._load(use_case)).loaded

    def exercise(self, use_case: str, what: Exercised, seed: int) -> Exercise:
        """A drill's own way through this runtime, which live cases never meet; see `waglan.runtime.exercise`."""
        loaded = self._drive(self._registered(use_case))
        manifest, registers, fault, apart = loaded.manifest, self._registers, Fault(what, seed), Apart()
        live = self._slots(loaded, apart)
        slots = apart_from_live(manifest, live, fault, apart, clock=self._clock, suspended=registers.model_suspended)
        judge = self._judge(loaded, slots, apart, lambda: fault.stops or registers.use_case_suspended(manifest.name))
        return Exercise(fault, apart, lambda questions: self._drive(self._decide_rows(judge, questions)))

    def refresh(self) -> None:
        """Fold in what came onto the log since the last time."""
        with self._refresh_lock:
            head = self._ledger.head()
            if head.size > self._registers.size:
                rows = self._ledger.rows(self._registers.size, head.size)
                self._registers.fold((index, row.leaf) for index, row in rows)
            self._refreshed_ns = self._clock.monotonic_ns()

    def close(self) -> None:
        """End our threads; what was acknowledged is on the log."""
        self._apart.close()
        with self._loop_lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._loop = None

    def _ready(self, use_case: str) -> Judge | None:
        """Who decides a use case, None before its first case; raises the ledger's Problem while it can't record."""
        if not self._ledger.available:
            raise self._ledger.problem or UNAVAILABLE.again()
        self._fresh()
        return self._judges.get(use_case)

    def _fresh(self) -> None:
        """`refresh` where that was longer ago than what others wrote may take to count here."""
        if self._clock.monotonic_ns() - self._refreshed_ns > REFRESH_NS:
            self.refresh()

    async def _load(self, use_case: str) -> Judge:
        """Make a use case ready. A vault restored from an older copy is brought up to the log's erasures first."""
        loaded = self._catalogue.get(use_case)
        reconcile(self._ledger)
        slots = self._slots(loaded, self._apart)
        await self._register(loaded)
        return self._judges.setdefault(use_case, self._judge(loaded, slots, self._apart))

    def _judge(self, loaded: Loaded, slots: Slots, apart: Apart, stopped: Callable[[], bool] | None = None) -> Judge:
        return Judge(
            loaded,
            slots,
            self._registers,
            clock=self._clock,
            ids=self._ids,
            apart=apart,
            tenant=self._ledger.tenant,
            stopped=stopped,
        )

    async def _register(self, loaded: Loaded) -> None:
        """Put the manifest on the log before its first decision, unless this very one is there."""
        if self._registers.use_case(loaded.digest) is not None:
            return
        m = loaded.manifest
        now_ms = self._clock.now_ms()
        facts = UseCaseRegistration(
            audience=m.audience,
            customer_facing=m.customer_facing,
            data_classes=data_classes(m),
            name=m.name,
            opportunity=m.opportunity,
            owner=m.owner,
            phase=m.phase,
            policy_digest=loaded.digest,
            profile=answers(m.profile) if m.profile is not None else (),
            purposes=m.purposes,
            regulated_activity=m.regulated_activity,
            sample_ppm=round(m.review.sample * 1_000_000),
            sector=m.sector,
            tier=m.tier,
            use_type=m.use_type,
            version=m.version,
        )
        await self._ledger.append((event(self._ids.new(now_ms), now_ms, facts, actor="runtime"),))
        self.refresh()

    @staticmethod
    def _read(judge: Judge, question: Question) -> Clean | Problem:
        """A row at the edge: checked, or a Problem that names its fields."""
        ask, schema = question.ask, judge.loaded.schema
        try:
            ask.check()
            if question.text:
                return schema.clean_text(question.row, drop_unknown=ask.drop_unknown)
            return schema.clean(question.row, drop_unknown=ask.drop_unknown)
        except Problem as problem:
            return problem

    def _case(self, judge: Judge, clean: Clean, ask: Ask, subject: str) -> Case:
        manifest = judge.loaded.manifest
        return Case(
            use_case=manifest.name,
            inputs=clean.inputs,
            subject=subject,
            aside=clean.aside,
            purpose=ask.purpose or manifest.purposes[0],
            channel=ask.channel,
            language=ask.language,
            consent_ref=ask.consent_ref,
            notice_id=ask.notice_id,
            source=ask.source,
            source_seq=ask.source_seq,
            received_at=self._clock.now_ms(),
        )

    def _drive(self, work: Coroutine[Any, Any, T]) -> T:
        """Run on our own event loop, made when first needed, from any thread but that loop's."""
        with self._loop_lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="waglan-runtime", daemon=True).start()
            loop = self._loop
        return asyncio.run_coroutine_threadsafe(work, loop).result()
