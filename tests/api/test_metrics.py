"""``/metrics``: right figures in a format that a strict reader takes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.conftest import CASE, FIRM, new_workspace
from waglan.access import Access, Identity, local
from waglan.api.access_log import Traffic
from waglan.api.exposition import MEDIA, Family, Sample, family, histogram, text
from waglan.api.metrics import BOUNDS_US, Metrics
from waglan.core import Problem
from waglan.index import Decisions, Index
from waglan.index.buckets import BOUNDS_US as FINER
from waglan.review import Desk, Queue
from waglan.runtime import Ask, Workspace
from waglan.runtime.backup import make

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


# ---- a reader, written after the published description of the format (version 0.0.4), which forgives nothing


class Read(NamedTuple):
    kind: str
    help: str
    samples: dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(page: str) -> dict[str, Read]:
    assert page.endswith("\n") or not page, "the last line must end with a line feed"
    found: dict[str, Read] = {}
    current = ""
    for line in page.split("\n")[:-1]:
        if match := re.fullmatch(r"# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)", line):
            assert match[1] not in found, "one HELP line per metric"
            assert re.fullmatch(r"(?:[^\\]|\\[\\n])*", match[2])
            current = match[1]
            found[current] = Read("", match[2], {})
        elif match := re.fullmatch(
            r"# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)", line
        ):
            assert match[1] == current and not found[current].kind and not found[current].samples, "TYPE before samples"
            found[current] = found[current]._replace(kind=match[2])
        else:
            name, labels, value = sample(line)
            kind = found[current].kind
            suffixes = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
            assert name in [current + suffix for suffix in suffixes], "all lines of a metric in one group"
            assert (name, labels) not in found[current].samples, "each line unique"
            found[current].samples[name, labels] = value
    for name, each in found.items():
        assert each.kind and each.samples
        if each.kind == "histogram":
            check_histogram(name, each)
        if each.kind == "counter":
            assert name.endswith("_total") and all(value >= 0 for value in each.samples.values())
    return found


def sample(line: str) -> tuple[str, frozenset[tuple[str, str]], float]:
    label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
    match = re.fullmatch(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{{({label}(?:,{label})*)\}})? (\S+)", line)
    assert match is not None, line
    pairs = re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"', match[2] or "")
    assert len({name for name, _ in pairs}) == len(pairs), "a label name once"
    plain = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}
    labels = [(name, re.sub(r"\\.", lambda m: plain[m[0]], said)) for name, said in pairs]
    assert match[3] in ("+Inf", "-Inf", "NaN") or re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", match[3]), line
    return match[1], frozenset(labels), float(match[3].replace("Inf", "inf"))


def check_histogram(name: str, each: Read) -> None:
    groups: dict[frozenset[tuple[str, str]], list[tuple[float, float]]] = {}
    for (full, labels), value in each.samples.items():
        if full == f"{name}_bucket":
            (le,) = [said for label, said in labels if label == "le"]
            groups.setdefault(frozenset(p for p in labels if p[0] != "le"), []).append(
                (float(le.replace("Inf", "inf")), value)
            )
    for labels, buckets in groups.items():
        assert buckets == sorted(buckets) and buckets[-1][0] == float("inf"), "growing, cumulative, with +Inf"
        assert [n for _, n in buckets] == sorted(n for _, n in buckets)
        assert each.samples[f"{name}_count", labels] == buckets[-1][1] and (f"{name}_sum", labels) in each.samples


# ---- the writer


@given(st.dictionaries(st.text(), st.floats(min_value=0, allow_infinity=False)), st.text())
def test_whatever_a_label_holds_is_read_back(values: dict[str, float], told: str) -> None:
    told = told.replace("\r", "")
    page = text([family("x_total", "counter", told, [((("name", name),), value) for name, value in values.items()])])
    found = (
        {dict(labels)["name"]: value for (_, labels), value in read(page)["x_total"].samples.items()} if values else {}
    )
    assert found == values


@given(st.lists(st.integers(0, 1000), min_size=4, max_size=4))
def test_a_histogram_is_cumulative(counts: list[int]) -> None:
    page = text([Family("h", "histogram", "H.", histogram((("a", "b"),), [0.1, 1, 10], counts, 7.5))])
    found = read(page)["h"].samples
    assert found["h_bucket", frozenset({("a", "b"), ("le", "1")})] == counts[0] + counts[1]
    assert found["h_sum", frozenset({("a", "b")})] == 7.5


HEAD = "# HELP {0} X\n# TYPE {0} {1}\n"


@pytest.mark.parametrize(
    "page",
    [
        "x 1",
        "# TYPE x counter\nx 1\n",
        HEAD.format("x", "gauge") + 'x{a="1",a="2"} 1\n',
        HEAD.format("x", "gauge") + "x one\n",
        HEAD.format("x", "gauge") + "x 1\nx 1\n",
        HEAD.format("x", "gauge") + "x 1\ny 1\n",
        HEAD.format("x", "counter") + "x 1\n",
        HEAD.format("x", "gauge") + 'x{a="\\t"} 1\n',
        HEAD.format("h", "histogram") + 'h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    ],
)
def test_the_reader_is_strict(page: str) -> None:
    with pytest.raises((AssertionError, KeyError)):
        read(page)


def test_bounds_are_bounds_of_the_index() -> None:
    assert set(BOUNDS_US) <= set(FINER)
    assert text([Family("x", "gauge", "X.", ())]) == "" and text(
        [Family("x", "gauge", "X.", (Sample((), 1.5),))]
    ).endswith("x 1.5\n")


# ---- the figures


class Told(NamedTuple):
    workspace: Workspace
    access: Access
    metrics: Metrics

    def read(self) -> dict[str, Read]:
        answer = self.metrics.answer(local("testbank"))
        assert answer.media_type == MEDIA
        return read(bytes(answer.body).decode())

    def value(self, name: str, **labels: str) -> float:
        return self.read()[name.removesuffix("_count")].samples[name, frozenset(labels.items())]


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    manifest = FIRM.with_suffix(".toml").read_text() + '\n[controls]\nbefore = ["privacy.identifiers"]\n'
    (new_workspace(tmp_path / "bank") / "usecases" / "triage.toml").write_text(manifest)
    with (
        Workspace.open(tmp_path / "bank") as workspace,
        Access.open(tmp_path / "bank", tenant="testbank") as access,
    ):
        index = Index.open(tmp_path / "bank" / "index.db", workspace.ledger, (Decisions(), Queue.of(workspace)))
        try:
            yield Told(
                workspace, access, Metrics(workspace, index, Desk.open(workspace, index, access), Traffic(5_000, 7))
            )
        finally:
            index.close()


def decide(workspace: Workspace, count: int, **changed: object) -> None:
    rows = [{**CASE, "customer": f"C-{n}", **changed} for n in range(count)]
    workspace.runtime.decide_many("triage", rows, Ask(channel="http"))


def test_an_empty_workspace(told: Told) -> None:
    found = told.read()
    assert found["waglan_ledger_available"].samples["waglan_ledger_available", frozenset()] == 1
    assert "waglan_decisions_total" not in found and "waglan_backup_age_seconds" not in found


def test_what_it_tells(told: Told, tmp_path: Path) -> None:
    decide(told.workspace, 30)
    decide(told.workspace, 4, kind="fraud")
    told.workspace.runtime.decide_many("triage", [CASE] * 3, Ask(channel="http", drill=True))
    make(told.workspace, tmp_path / "sets")
    assert told.value("waglan_decisions_total", use_case="triage", route="auto") == 30
    assert told.value("waglan_decisions_total", use_case="triage", route="human") == 4
    assert told.value("waglan_decide_seconds_count", use_case="triage") == 34
    assert (
        told.value("waglan_reviews", state="open") == 4 and told.value("waglan_reviews_waiting", use_case="triage") == 4
    )
    assert told.value("waglan_reviews_overdue") == 0
    assert told.value("waglan_ledger_entries") == told.workspace.ledger.head().size
    assert told.value("waglan_index_behind_entries") == 0 and told.value("waglan_index_available") == 1
    assert 0 <= told.value("waglan_backup_age_seconds") < 60
    found = told.read()
    findings = found["waglan_findings_total"].samples
    assert sum(n for (_, labels), n in findings.items() if ("control", "privacy.identifiers") in labels) == 34
    total = found["waglan_decide_seconds"].samples["waglan_decide_seconds_sum", frozenset({("use_case", "triage")})]
    assert 0 < total < 34 * 60
    assert "C-1" not in str(found)


def test_what_is_of_one_worker(told: Told) -> None:
    told.metrics._traffic.answers["/decide/{use_case}", "POST", 200] += 3  # type: ignore[union-attr]
    asked = {"worker": "7", "route": "/decide/{use_case}", "method": "POST", "status": "200"}
    assert told.value("waglan_http_requests_total", **asked) == 3
    assert told.value("waglan_process_start_time_seconds", worker="7") == 5
    assert told.value("waglan_process_resident_memory_bytes", worker="7") > 1_000_000
    assert told.value("waglan_process_open_fds", worker="7") > 3


def test_two_workers_tell_the_same(told: Told, tmp_path: Path) -> None:
    decide(told.workspace, 10)
    with Workspace.open(tmp_path / "bank") as other:
        index = Index.open(tmp_path / "bank" / "index.db", other.ledger, (Decisions(), Queue.of(other)))
        page = read(Metrics(other, index, Desk.open(other, index, told.access)).page())
        index.close()
    ours = told.read()
    for name in (
        "waglan_decisions_total",
        "waglan_findings_total",
        "waglan_decide_seconds",
        "waglan_reviews",
        "waglan_ledger_entries",
    ):
        assert page[name] == ours[name], name
    assert not any(name.startswith(("waglan_http", "waglan_process")) for name in page)


def test_who_may_read(told: Told) -> None:
    machine = told.access.keys.create("prometheus", ["metrics.read"], 7, "cli").secret
    other = told.access.keys.create("core", ["decision.make"], 7, "cli").secret
    assert told.metrics.answer(told.access.keys.check(machine)).status_code == 200

    def person(*roles: str) -> Identity:
        return Identity(id="p-1", tenant="testbank", roles=roles, kind="person")  # type: ignore[arg-type]

    assert told.metrics.answer(person("auditor")).status_code == 200
    for who, code in ((None, 401), (told.access.keys.check(other), 403), (person("reviewer"), 403),
                      (Identity(id="p-2", tenant="other", roles=("auditor",), kind="person"), 404)):  # fmt: skip
        with pytest.raises(Problem) as caught:
            told.metrics.answer(who)
        assert caught.value.status == code


def test_what_can_not_be_read_is_said(told: Told, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refused(*_: object, **__: object) -> None:
        raise Problem("Gone.", "Away.", "Wait.", code="ledger.unavailable", status=503)

    monkeypatch.setattr(told.metrics._index, "reading", refused)
    monkeypatch.setattr(told.workspace.ledger.store, "head", refused)
    monkeypatch.setattr(told.workspace.vault.backups, "newest", refused)
    shutil.rmtree(tmp_path / "none", ignore_errors=True)
    monkeypatch.setattr("waglan.api.metrics._PROC", tmp_path / "none")
    found = told.read()
    assert found["waglan_index_available"].samples["waglan_index_available", frozenset()] == 0
    assert "waglan_ledger_entries" not in found and "waglan_backup_age_seconds" not in found
    monkeypatch.undo()


def test_every_metric_is_documented_and_every_documented_one_is_there(told: Told, tmp_path: Path) -> None:
    decide(told.workspace, 2, kind="fraud")
    make(told.workspace, tmp_path / "sets")
    told.metrics._traffic.answers["/health", "GET", 200] += 1  # type: ignore[union-attr]
    documented = set(re.findall(r"^\| `(waglan_[a-z_]+)", OPERATIONS.read_text(), re.M))
    assert set(told.read()) == documented
