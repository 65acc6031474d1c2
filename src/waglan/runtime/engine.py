"""The runtime: rows in, recorded decisions out. The only path from a door to a reply."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from waglan.core.case import LANGUAGES, Case
from waglan.core.clock import Clock
from waglan.core.entry import event
from waglan.core.events import Import, UseCaseRegistration
from waglan.core.ids import Ids
from waglan.core.inputs import Clean
from waglan.core.problem import Problem, nearest
from waglan.ledger.log import Ledger, Recorded
from waglan.runtime.apart import Apart
from waglan.runtime.ask import Ask, Reply
from waglan.runtime.catalogue import Catalogue, Loaded
from waglan.runtime.judge import Judge, Judged
from waglan.runtime.kit import Slots
from waglan.runtime.past import CHANNEL, past_entries
from waglan.runtime.registers import LogRegisters
from waglan.runtime.rows.mapping import PastDecision
from waglan.runtime.together import Together

T = TypeVar("T")
CHUNK = 1_024
"""So many decisions of a batch share a commit."""
REFRESH_NS = 1_000_000_000
"""What another process wrote (an opt-out, a withdrawn model) counts here after at most this long."""
LONGEST_REFERENCE = 256
REFERENCES = ("purpose", "consent_ref", "notice_id", "source", "actor", "channel")
ENTRY_PROBLEMS = ("leaf.", "vault.erased", "vault.entry")
"""Problems of one entry, not of the ledger."""
PLAIN = Ask()


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
        self._together = Together(self._decide_together)
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
        judge = await self._judge(use_case)
        self._check(ask)
        clean = self._clean(judge, row, ask, text)
        if judge.inline:
            return await self._together.ask(judge, clean, ask)
        subject = self._ledger.vault.subject(clean.subject)
        judged = await judge.one(self._case(judge, clean, ask, subject), ask, clean.dropped)
        (recorded,) = await self._ledger.append((judged.entry,))
        return self._reply(judge, judged, recorded)

    async def _decide_together(self, judge: Judge, asked: Sequence[tuple[Clean, Ask]]) -> Sequence[Reply | Problem]:
        """Decide what came at the same moment in one go and one commit; the answers in order."""
        subjects = self._ledger.vault.subjects([clean.subject for clean, _ in asked])
        cases = [self._case(judge, c, a, s) for (c, a), s in zip(asked, subjects, strict=True)]
        judged = await judge.many(cases, [a for _, a in asked], [c.dropped for c, _ in asked])
        try:
            recorded = await self._ledger.append([each.entry for each in judged])
        except Problem as problem:
            if len(judged) == 1 or not problem.code.startswith(ENTRY_PROBLEMS):
                return [problem.again() for _ in judged]
            return [await self._append_alone(judge, each) for each in judged]
        return [self._reply(judge, j, r) for j, r in zip(judged, recorded, strict=True)]

    async def _append_alone(self, judge: Judge, judged: Judged) -> Reply | Problem:
        """Record one decision whose company held an entry that can't be recorded."""
        try:
            (recorded,) = await self._ledger.append((judged.entry,))
        except Problem as problem:
            return problem
        return self._reply(judge, judged, recorded)

    def _reply(self, judge: Judge, judged: Judged, recorded: Recorded) -> Reply:
        self._registers.passed(recorded.index)
        return Reply(decision=judged.decision, index=recorded.index, manifest=judge.loaded.manifest)

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
        return self._drive(self._decide_many(use_case, rows, ask, asks, text))

    async def _decide_many(
        self, use_case: str, rows: Sequence[Mapping[str, Any]], ask: Ask, asks: Sequence[Ask] | None, text: bool
    ) -> list[Reply | Problem]:
        judge = await self._judge(use_case)
        results: list[Reply | Problem] = []
        pending: list[tuple[list[int], list[Judged], Future[tuple[Recorded, ...]]]] = []
        for start in range(0, len(rows), CHUNK):
            stop = min(start + CHUNK, len(rows))
            good: list[tuple[int, Clean, Ask]] = []
            for at in range(start, stop):
                each = ask if asks is None else asks[at]
                try:
                    self._check(each)
                    good.append((at, self._clean(judge, rows[at], each, text), each))
                    results.append(_PENDING)
                except Problem as problem:
                    results.append(problem)
            subjects = self._ledger.vault.subjects([clean.subject for _, clean, _ in good])
            cases = [self._case(judge, c, a, s) for (_, c, a), s in zip(good, subjects, strict=True)]
            dropped = [clean.dropped for _, clean, _ in good]
            judged = await judge.many(cases, [a for _, _, a in good], dropped) if cases else []
            if judged:
                pending.append(([at for at, _, _ in good], judged, self._ledger.submit([j.entry for j in judged])))
        for places, judged, future in pending:
            outcome = await _settled(future)
            for at, each_judged, recorded in zip(places, judged, outcome or [None] * len(places), strict=True):
                if recorded is None:
                    results[at] = _failed(future)
                else:
                    results[at] = self._reply(judge, each_judged, recorded)
        return results

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
            ``import.outcome`` for a row that can't be recorded (then none of ``past`` is), or the ledger's.
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
        return (await self._judge(use_case)).loaded

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

    async def _judge(self, use_case: str) -> Judge:
        if not self._ledger.available:
            raise self._ledger.problem or Problem(
                "The ledger is unavailable.", "No decision can be recorded.", "Try again shortly.",
                code="ledger.unavailable", status=503,
            )  # fmt: skip
        if self._clock.monotonic_ns() - self._refreshed_ns > REFRESH_NS:
            self.refresh()
        judge = self._judges.get(use_case)
        if judge is None:
            loaded = self._catalogue.get(use_case)
            slots = self._slots(loaded, self._apart)
            judge = Judge(loaded, slots, self._registers, clock=self._clock, ids=self._ids, apart=self._apart)
            await self._register(loaded)
            self._judges[use_case] = judge
        return judge

    async def _register(self, loaded: Loaded) -> None:
        """Put the manifest on the log before its first decision, unless this very one is there."""
        if self._registers.use_case(loaded.digest) is not None:
            return
        m = loaded.manifest
        now_ms = self._clock.now_ms()
        facts = UseCaseRegistration(
            audience=m.audience,
            customer_facing=m.customer_facing,
            name=m.name,
            opportunity=m.opportunity,
            owner=m.owner,
            phase=m.phase,
            policy_digest=loaded.digest,
            purposes=m.purposes,
            regulated_activity=m.regulated_activity,
            sector=m.sector,
            tier=m.tier,
            use_type=m.use_type,
            version=m.version,
        )
        await self._ledger.append((event(self._ids.new(now_ms), now_ms, facts, actor="runtime"),))
        self.refresh()

    @staticmethod
    def _check(ask: Ask) -> None:
        if ask.language not in LANGUAGES:
            raise Problem(
                f"The language {ask.language!r} isn't served.",
                nearest(ask.language, LANGUAGES),
                "Ask in one of them.",
                code="ask.language",
                where="language",
            )
        given = (ask.purpose, ask.consent_ref, ask.notice_id, ask.source, ask.actor, ask.channel)
        if len("".join(given)) <= LONGEST_REFERENCE:
            return
        for name, value in zip(REFERENCES, given, strict=True):
            if len(value) > LONGEST_REFERENCE:
                raise Problem(
                    f"{name} has {len(value)} characters.",
                    f"At most {LONGEST_REFERENCE} fit the record.",
                    "Give a reference, not a text.",
                    code="ask.too_long",
                    where=name,
                )

    @staticmethod
    def _clean(judge: Judge, row: Mapping[str, Any], ask: Ask, text: bool) -> Clean:
        schema = judge.loaded.schema
        clean = schema.clean_text if text else schema.clean
        return clean(row, drop_unknown=ask.drop_unknown)

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


_PENDING = Problem("Not yet recorded.", "The batch is under way.", "Wait for it.", code="batch.pending")


async def _settled(future: Future[tuple[Recorded, ...]]) -> tuple[Recorded, ...] | None:
    try:
        return await asyncio.wrap_future(future)
    except Problem:
        return None


def _failed(future: Future[tuple[Recorded, ...]]) -> Problem:
    error = future.exception()
    assert isinstance(error, Problem)
    return error
