"""Every status is right on seeded datasets whose truth is known, and nothing is met that isn't."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.evidence.datasets import CLAUSES, RIGHT, fill
from tests.evidence.scene import START_MS, Bank, a_bank, bank, check, clause, decision, decisions, result
from waglan.evidence import Counts, Report, Window
from waglan.index import days
from waglan.index.days import DAY_MS


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bank, Mapping[str, Report]]]:
    with bank(tmp_path_factory.mktemp("firms") / "workspace") as made:
        made.clock.at_ms = START_MS + 60 * DAY_MS
        made.judged_by(*CLAUSES)
        made.put(*[a_bank(name, id=name) for name in RIGHT])
        fill(made)
        made.index.follow()
        yield made, {name: made.evidence.report(name) for name in RIGHT}


@pytest.mark.parametrize("name", RIGHT)
def test_status(told: tuple[Bank, Mapping[str, Report]], name: str) -> None:
    report = told[1][name]
    found = {each: result(report, each) for each in RIGHT[name].tests}
    assert {each: f"{test.status} {test.why}" for each, test in found.items()} == dict(RIGHT[name].tests)
    assert {key: getattr(report, key) for key in RIGHT[name].report} == dict(RIGHT[name].report)


def test_there_are_more_than_thirty_and_none_is_falsely_met(told: tuple[Bank, Mapping[str, Report]]) -> None:
    assert len(RIGHT) >= 30
    for name, report in told[1].items():
        for clause_result in report.clauses:
            for test in clause_result.tests:
                assert test.status != "met" or (test.counts.failed == 0 or test.required < 1.0), (name, test)
                assert test.status != "met" or test.counts.passed >= test.min_n, (name, test)
                assert test.status != "met" or test.unknown_share <= 0.01, (name, test)


def test_a_breach_is_shown_beside_what_is_unknown(told: tuple[Bank, Mapping[str, Report]]) -> None:
    test = result(told[1]["breach_beside_unknown"], "WHY.1")
    assert test.counts == Counts(passed=59, failed=1, unknown=40)
    assert (test.unknown_share, test.counts.floor, test.counts.ceiling) == (0.4, 0.59, 0.99)
    assert len(test.examples) == 1
    drawn = result(told[1]["shuffled"], "WHY.1")
    assert drawn.counts == Counts(passed=70, failed=3, unknown=20, scope_unknown=7)
    assert [e.log_index for e in drawn.examples] == sorted((e.log_index or 0 for e in drawn.examples), reverse=True)


def test_counts_of_days_are_sums(told: tuple[Bank, Mapping[str, Report]]) -> None:
    made, reports = told
    since, until = reports["shuffled"].window.since, reports["shuffled"].window.until
    total = Counts()
    for day, counts in made.evidence.days("WHY.1", "shuffled", Window(since=since, until=until)):
        assert since <= day <= until
        total += counts
    assert total == result(reports["shuffled"], "WHY.1").counts


def test_a_clause_is_as_good_as_its_worst_test(told: tuple[Bank, Mapping[str, Report]]) -> None:
    clauses = {each.id: each for each in told[1]["gone_quiet"].clauses}
    assert clauses["NOTICE"].status == "stale" and clauses["NOTICE"].live == "stale"
    assert clauses["NOTICE"].attested is None and clauses["SIGN"].live is None
    assert clauses["BARE"].status == "no_evidence" and clauses["BARE"].tests == ()


def test_headlines_count_what_applies(told: tuple[Bank, Mapping[str, Report]]) -> None:
    found = told[1]["all_pass"].headlines
    live = ("NOTICE", "WHY", "SURE", "LOOK", "MEND", "KEEP", "VALID", "GUARD", "EYES", "BANK")
    assert found.live_applicable == len(live)
    assert found.live_met == 6 and found.live_answered == 8  # VALID and GUARD unknown, LOOK and EYES without rows
    assert found.attestable == 8 and found.attested == 1  # the document of another firm's is the house's
    assert (found.v, found.s, found.u) == (0, len(CLAUSES), 0)


def test_an_older_window_is_judged_as_of_its_end(told: tuple[Bank, Mapping[str, Report]]) -> None:
    made, _ = told
    old = Window(since=days.iso(days.day_of(START_MS) + 15), until=days.iso(days.day_of(START_MS) + 25))
    report = made.evidence.report("before_the_window", old)
    assert result(report, "NOTICE.1").status == "breached" and report.recorded == 50
    assert result(made.evidence.report("signed", old), "SIGN.1").status == "no_evidence"
    assert result(made.evidence.report("signed_long_ago", old), "SIGN.1").status == "attested"


def test_a_changed_catalogue_judges_from_its_place_on(tmp_path_factory: pytest.TempPathFactory) -> None:
    strict = clause("A", check("A.1", 'notice_id == "notice-1"'), check("A.2"))
    with bank(tmp_path_factory.mktemp("changed") / "workspace") as made:
        made.judged_by(clause("A", check("A.1"), check("A.2")), version="1")
        made.put(*decisions(10, notice_id="notice-0"))
        report = made.report()
        assert (report.catalogue, result(report, "A.1").counts) == ("tests 1", Counts(passed=10))
        old = result(report, "A.1").digests
        made.judged_by(strict, version="2")
        made.put(*decisions(3), decision(notice_id="notice-0"))
        report = made.report()
        test = result(report, "A.1")
        assert (report.catalogue, test.counts, test.status) == ("tests 2", Counts(passed=13, failed=1), "breached")
        assert len(test.digests) == 2 and test.digests[1:] == old
        assert result(report, "A.2").counts == Counts(passed=14) and len(result(report, "A.2").digests) == 1
        made.again()
        assert made.report() == report


def test_without_an_institution_the_firm_answers_without_licences(tmp_path_factory: pytest.TempPathFactory) -> None:
    with bank(tmp_path_factory.mktemp("none") / "workspace") as made:
        made.judged_by(clause("A", check("A.1")), clause("B", check("B.1"), source="BANKS"))
        made.put(*decisions(3))
        report = made.report()
        assert (report.entity, report.licences) == ("bank", ())
        assert result(report, "A.1").status == "met"
        assert (result(report, "B.1").status, result(report, "B.1").why) == ("not_applicable", "unlicensed")
        made.put(a_bank())
        assert result(made.report(), "B.1").status == "met"
        assert made.report().entity == "bank-a"
