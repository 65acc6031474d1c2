from __future__ import annotations

import time

import numpy as np
import pytest

from waglan.controls.identifiers import find
from waglan.harbour.applicants import DISTRICT_WEIGHTS, DISTRICTS, EMPLOYMENT, check_digit
from waglan.harbour.names import (
    MAINLAND_MEN,
    MAINLAND_SURNAMES,
    MAINLAND_WOMEN,
    MEN_FIRST,
    MEN_LAST,
    SURNAMES,
    WOMEN_FIRST,
    WOMEN_LAST,
    syllables,
)
from waglan.harbour.places import DISTRICTS_ZH, OCCUPATIONS
from waglan.harbour.sample import draw_bank
from waglan.harbour.staff import REVIEWERS, STAFF


@pytest.fixture(scope="module")
def bank():
    return draw_bank(10_000, seed=3)


def test_equal_seeds_give_equal_banks():
    one, same, other = draw_bank(400, seed=5), draw_bank(400, seed=5), draw_bank(400, seed=6)
    assert (one.people, one.firms, one.accounts) == (same.people, same.firms, same.accounts)
    assert one.people != other.people


def test_ten_thousand_people_take_less_than_a_second():
    fastest = []
    for _ in range(3):
        begun = time.process_time()
        draw_bank(10_000)
        fastest.append(time.process_time() - begun)
    assert min(fastest) < 1.0


def test_what_names_one_person_names_no_other(bank):
    for field in ("reference", "hkid", "phone", "email"):
        assert len({getattr(person, field) for person in bank.people}) == len(bank.people), field
    assert len({firm.registration for firm in bank.firms} | {firm.name_en for firm in bank.firms}) == 2 * len(
        bank.firms
    )
    assert len({account.number for account in bank.accounts}) == len(bank.accounts)


def test_nobody_in_it_can_exist_or_be_reached(bank):
    for person in bank.people:
        assert person.reference.startswith("SYN-")
        assert person.hkid.startswith("QQ") and person.hkid[9] == check_digit("QQ", person.hkid[2:8])
        assert person.phone.startswith("+852 01") and len(person.phone) == 14
        assert person.email.startswith("syn.") and person.email.endswith("@example.com") and person.email.isascii()
    assert all(f.registration.startswith("SYN") and "SYN" in f.name_en and "樣本" in f.name_zh for f in bank.firms)
    assert all(a.number.startswith("SYN-000-") for a in bank.accounts)
    assert all("SYN" in e.name and e.email.endswith("example.com") for e in bank.staff)


CANTONESE = {s.zh: s.en for table in (SURNAMES, WOMEN_FIRST, WOMEN_LAST, MEN_FIRST, MEN_LAST) for s in syllables(table)}
PINYIN = {s.zh: s.en for table in (MAINLAND_SURNAMES, MAINLAND_WOMEN, MAINLAND_MEN) for s in syllables(table)}


def spelt(name: str, table: dict[str, str]) -> list[str]:
    """The readings of a Chinese name's parts, double surnames first."""
    family = name[:2] if name[:2] in table else name[0]
    return [table[family], *(table[character] for character in name[len(family) :])]


def test_english_names_are_the_chinese_ones_spelt_out(bank):
    for person in bank.people:
        if person.origin == "hong_kong":
            assert person.name_en == " ".join(spelt(person.name_zh, CANTONESE))
        elif person.origin == "mainland":
            family, *given = spelt(person.name_zh, PINYIN)
            assert person.name_en == f"{family} {''.join(given).capitalize()}"
        else:
            assert person.name_zh == "" and person.name_en.isascii()


@pytest.mark.parametrize(
    ("table", "zh", "en"),
    [(SURNAMES, "陳", "Chan"), (SURNAMES, "歐陽", "Au Yeung"), (SURNAMES, "吳", "Ng"), (SURNAMES, "徐", "Tsui"),
     (MEN_LAST, "輝", "Fai"), (WOMEN_LAST, "玲", "Ling"), (MAINLAND_SURNAMES, "许", "Xu")],
)  # fmt: skip
def test_readings_are_those_people_use(table, zh, en):
    assert next(s.en for s in syllables(table) if s.zh == zh) == en


def test_a_character_has_one_reading():
    for tables in ((SURNAMES, WOMEN_FIRST, WOMEN_LAST, MEN_FIRST, MEN_LAST), (MAINLAND_SURNAMES, MAINLAND_MEN)):
        readings: dict[str, set[str]] = {}
        for table in tables:
            for syllable in syllables(table):
                readings.setdefault(syllable.zh, set()).add(syllable.en)
        assert [zh for zh, known in readings.items() if len(known) > 1] == []


def test_mainland_names_are_simplified_and_local_ones_traditional(bank):
    local = "".join(p.name_zh for p in bank.people if p.origin == "hong_kong")
    mainland = "".join(p.name_zh for p in bank.people if p.origin == "mainland")
    assert "張" in local and "张" not in local
    assert "张" in mainland and "張" not in mainland


def test_shares_are_plausible(bank):
    n = len(bank.people)
    for district, weight in zip(DISTRICTS, DISTRICT_WEIGHTS, strict=True):
        found = sum(p.district == district for p in bank.people) / n
        assert found == pytest.approx(weight / sum(DISTRICT_WEIGHTS), abs=0.012), district
    assert 0.84 < sum(p.origin == "hong_kong" for p in bank.people) / n < 0.88
    assert 0.70 < sum(p.language == "zh-Hant" for p in bank.people) / n < 0.80
    assert 0.06 < sum(p.language == "zh-Hans" for p in bank.people) / n < 0.12
    chan = sum(p.name_en.startswith("Chan ") for p in bank.people) / n
    assert 0.06 < chan < 0.13
    assert set(DISTRICTS_ZH) == set(DISTRICTS)


def test_the_better_paid_an_occupation_the_higher_its_incomes(bank):
    income = bank.figures.income
    job = np.array([p.occupation for p in bank.people])
    for at, known in enumerate(OCCUPATIONS):
        medians = [float(np.median(income[job == each.code])) for each in known]
        assert medians == sorted(medians), EMPLOYMENT[at]
        assert all(bank.people[i].employment == EMPLOYMENT[at] for i in np.flatnonzero(job == known[0].code))


def test_accounts_agree_with_the_figures(bank):
    payroll = {a.holder for a in bank.accounts if a.kind == "payroll"}
    assert payroll == {p.reference for p, has in zip(bank.people, bank.figures.payroll, strict=True) if has}
    years = dict(zip((p.reference for p in bank.people), bank.figures.years_with_bank.tolist(), strict=True))
    assert all(a.years <= years[a.holder] for a in bank.accounts if a.kind != "business")
    assert {a.holder for a in bank.accounts if a.kind == "business"} == {f.reference for f in bank.firms}
    assert all(a.balance_hkd <= 0 for a in bank.accounts if a.kind == "credit_card")
    assert {a.holder for a in bank.accounts} >= set(years), "everybody holds one"


def test_the_staff_fill_every_role_that_people_hold():
    held = {role for employee in STAFF for role in employee.roles}
    assert held >= {"admin", "developer", "reviewer", "approver", "auditor", "examiner"}
    assert all(employee.days for employee in STAFF if "examiner" in employee.roles), "an examiner's access ends"
    assert len(REVIEWERS) >= 3 and len({e.key for e in STAFF}) == len({e.email for e in STAFF}) == len(STAFF)


def test_the_privacy_control_knows_the_identifiers(bank):
    for person in bank.people[:50]:
        assert [span.kind for span in find(f"HKID {person.hkid}", "remark")] == ["HKID"]
        assert [span.kind for span in find(f"電郵 {person.email}", "remark")] == ["EMAIL"]
