"""``/metrics``: counts for monitoring, in the Prometheus text format.

What is counted of decisions and reviews comes from the index, which is the same for all workers; what is of one
worker carries its ``worker`` label. Labels are names that the firm gave (use cases, controls) and words of ours,
never anything of a case.

References
----------
prometheus.io/docs/practices/naming: base units, ``_total`` for counters.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import version
from math import inf, sqrt
from os import sysconf
from pathlib import Path

from starlette.responses import Response

from waglan.access import Action, Identity, Resource, local, require
from waglan.api.access_log import Traffic
from waglan.api.exposition import MEDIA, Family, Sample, family, histogram, text
from waglan.core import Problem
from waglan.index import Index
from waglan.index.buckets import latency_bar
from waglan.review import Desk
from waglan.runtime import Workspace

FOLLOW = 4_000
"""So many entries are taken into the index before it is asked."""
BOUNDS_US = tuple(step * 10**power for power in range(2, 8) for step in (1, 2, 5))
"""Upper bounds of the latency histogram, microseconds: 100 µs to 50 s. Each is a bound of the index's own buckets."""
_PROC = Path("/proc/self")


class Metrics:
    """Tells the figures of one workspace and one worker.

    Parameters
    ----------
    workspace, index, desk
        Open rooms of the same workspace.
    traffic
        What this worker has answered; None where nobody counts.
    """

    def __init__(self, workspace: Workspace, index: Index, desk: Desk, traffic: Traffic | None = None) -> None:
        self._workspace = workspace
        self._index = index
        self._desk = desk
        self._traffic = traffic
        self._tenant = workspace.settings.workspace.tenant

    def answer(self, identity: Identity | None) -> Response:
        """The page, for who may read it (``metrics.read``); reads files, so call it in a thread.

        Raises
        ------
        Problem
            ``access.sign_in``, ``access.denied``.
        """
        require(identity, Action.METRICS_READ, Resource("metrics", self._tenant))
        return Response(self.page(), media_type=MEDIA)

    def page(self) -> str:
        """The page for whoever may see it. What can't be read now is left out; what says so never is."""
        return text([*self._ledger(), *self._indexed(), *self._kept(), *self._worker()])

    def _ledger(self) -> Iterator[Family]:
        ledger = self._workspace.ledger
        available = float(ledger.available)
        yield family("waglan_build_info", "gauge", "The version that runs.", [((("version", version("waglan")),), 1)])
        yield family("waglan_ledger_available", "gauge", "1 while entries are accepted.", [((), available)])
        try:
            size = ledger.head().size
        except Problem:
            return
        yield family("waglan_ledger_entries", "gauge", "Entries on the log.", [((), size)])

    def _indexed(self) -> Iterator[Family]:
        try:
            behind = self._index.follow(FOLLOW) if self._workspace.ledger.available else self._index.missing()
            with self._index.reading() as connection:
                found = [*_decided(connection), _latency(connection)]
            found += self._reviews()
        except Problem:
            yield family("waglan_index_available", "gauge", "1 while the index can be read.", [((), 0)])
            return
        yield family("waglan_index_available", "gauge", "1 while the index can be read.", [((), 1)])
        yield family("waglan_index_behind_entries", "gauge", "Entries the index hasn't taken in.", [((), behind)])
        yield from found

    def _reviews(self) -> Iterator[Family]:
        counts = self._desk.counts(local(self._tenant))
        states = {"open": counts.open, "leased": counts.leased, "judged": counts.judged, "answer": counts.answer}
        yield family("waglan_reviews", "gauge", "Reviews that wait, by what for.",
                     [((("state", state),), n) for state, n in states.items()])  # fmt: skip
        yield family("waglan_reviews_overdue", "gauge", "Reviews past their time.", [((), counts.overdue)])
        yield family("waglan_reviews_waiting", "gauge", "Reviews that wait, by use case.",
                     [((("use_case", name),), n) for name, n in counts.by_use_case.items()])  # fmt: skip

    def _kept(self) -> Iterator[Family]:
        try:
            backups = self._workspace.vault.backups
            newest, owed = backups.newest(), backups.owed()
        except Problem:
            return
        ages = [] if newest is None else [((), max(0.0, (self._workspace.clock.now_ms() - newest) / 1000))]
        yield family("waglan_backup_age_seconds", "gauge", "Since the newest backup.", ages)
        told = "1 while a backup that can't be reached holds keys of erased people."
        yield family("waglan_backup_owed", "gauge", told, [((), float(owed))])

    def _worker(self) -> Iterator[Family]:
        if self._traffic is None:
            return
        worker = ("worker", str(self._traffic.worker))
        answers = [
            ((worker, ("route", route), ("method", method), ("status", str(status))), n)
            for (route, method, status), n in list(self._traffic.answers.items())
        ]
        yield family("waglan_http_requests_total", "counter", "Answers of this worker.", answers)
        started = self._traffic.started_ms / 1000
        yield family("waglan_process_start_time_seconds", "gauge", "When it started.", [((worker,), started)])
        memory, files = _process()
        yield family("waglan_process_resident_memory_bytes", "gauge", "Its memory.", [((worker,), memory)])
        yield family("waglan_process_open_fds", "gauge", "Its open files.", [((worker,), files)])


def _decided(connection: sqlite3.Connection) -> Iterator[Family]:
    query = "SELECT use_case, route, sum(n) FROM shape WHERE mode = 'live' GROUP BY 1, 2"
    rows = connection.execute(query).fetchall()
    routes = [((("use_case", name), ("route", route)), n) for name, route, n in rows]
    yield family("waglan_decisions_total", "counter", "Live decisions.", routes)
    query = "SELECT control, verdict, sum(n) FROM count_control WHERE mode = 'live' GROUP BY 1, 2"
    rows = connection.execute(query).fetchall()
    verdicts = [((("control", name), ("verdict", said)), n) for name, said, n in rows]
    yield family("waglan_findings_total", "counter", "What controls said of live decisions.", verdicts)


def _latency(connection: sqlite3.Connection) -> Family:
    """Counts are exact; the sum is made of the buckets' middles, a decade in ten steps, so within 12 per cent."""
    query = "SELECT use_case, low, sum(n) FROM count_bucket WHERE measure = 'latency' AND mode = 'live' GROUP BY 1, 2"
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS_US) + 1))
    sums: dict[str, float] = defaultdict(float)
    for use_case, low, n in connection.execute(query):
        bar = latency_bar(low, n)
        high = inf if bar.high is None else bar.high
        counts[use_case][sum(bound < high for bound in BOUNDS_US)] += n
        sums[use_case] += n * (low if high == inf else sqrt(max(low, 1) * high)) / 1e6
    bounds = [bound / 1e6 for bound in BOUNDS_US]
    samples: list[Sample] = []
    for name in sorted(counts):
        samples += histogram((("use_case", name),), bounds, counts[name], sums[name])
    told = "From receipt to route, seconds; the sum is estimated from finer buckets."
    return Family("waglan_decide_seconds", "histogram", told, tuple(samples))


def _process() -> tuple[int, int]:
    """Resident memory in bytes, and open files; zero where the system has no ``/proc``."""
    try:
        pages = int((_PROC / "statm").read_text().split()[1])
        return pages * sysconf("SC_PAGE_SIZE"), sum(1 for _ in (_PROC / "fd").iterdir())
    except OSError:
        return 0, 0
