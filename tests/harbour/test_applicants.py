from __future__ import annotations

import csv

import numpy as np
import pytest

from waglan.harbour import applicants as harbour


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("harbour") / "applicants.csv"
    harbour.write_applicants(path, 2000, seed=7)
    return path


@pytest.fixture(scope="module")
def rows(written):
    with written.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_equal_seeds_give_equal_bytes(written, tmp_path):
    again, other = tmp_path / "again.csv", tmp_path / "other.csv"
    harbour.write_applicants(again, 2000, seed=7)
    harbour.write_applicants(other, 2000, seed=8)
    assert again.read_bytes() == written.read_bytes() != other.read_bytes()


def test_rows_have_the_columns_and_unique_subjects(rows):
    assert tuple(rows[0]) == harbour.COLUMNS
    assert len({r["applicant_id"] for r in rows}) == len(rows) == 2000
    assert all(r["applicant_id"].startswith("SYN-") for r in rows)


def test_gaps_are_where_they_are_planted(rows):
    assert any(r["monthly_income_hkd"] == "" for r in rows)
    assert all(r["employment"] == "self_employed" for r in rows if r["monthly_income_hkd"] == "")
    assert all((r["years_employed"] == "") == (r["employment"] in ("retired", "student")) for r in rows)
    assert all((r["months_since_late"] == "") == (r["late_payments_12m"] == "0") for r in rows)


def test_the_check_digit_is_the_published_one():
    # The Immigration Department's specimen card: A123456(3) in the usual worked example of the algorithm.
    assert harbour.check_digit("A", "123456") == "3"
    assert harbour.check_digit("AB", "987654") == "3"


def test_planted_identifiers_stand_in_remarks(rows):
    planted = [r["remark"] for r in rows if harbour.PREFIX in r["remark"]]
    assert 10 < len(planted) < 400
    for remark in planted:
        at = remark.index(harbour.PREFIX) + 2
        assert remark[at + 6] == "("
        assert remark[at + 7] == harbour.check_digit(harbour.PREFIX, remark[at : at + 6])


def test_the_planted_relation_and_the_planted_bias():
    people = harbour.draw_applicants(60_000, np.random.default_rng(1))
    woman = people.woman
    assert people.defaulted[woman].mean() == pytest.approx(people.defaulted[~woman].mean(), abs=0.01)
    assert people.recorded[woman].mean() > people.recorded[~woman].mean() + 0.05
    assert (people.recorded[~woman] == people.defaulted[~woman]).all()
    odds = harbour.true_log_odds(people)
    risky, safe = odds > np.quantile(odds, 0.9), odds < np.quantile(odds, 0.1)
    assert people.defaulted[risky].mean() > 5 * people.defaulted[safe].mean()
