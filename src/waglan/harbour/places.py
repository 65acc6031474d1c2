"""The eighteen districts and what people do for a living, in three languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from waglan.harbour.applicants import DISTRICTS, EMPLOYMENT


class Occupation(NamedTuple):
    """What somebody does: a code, and the words for it."""

    code: str
    en: str
    zh_hant: str
    zh_hans: str


DISTRICTS_ZH: Mapping[str, str] = MappingProxyType(
    dict(
        zip(
            DISTRICTS,
            ("中西區", "東區", "南區", "灣仔", "九龍城", "觀塘", "深水埗", "黃大仙", "油尖旺", "離島", "葵青",
             "北區", "西貢", "沙田", "大埔", "荃灣", "屯門", "元朗"),
            strict=True,
        )
    )
)  # fmt: skip

OCCUPATIONS: tuple[tuple[Occupation, ...], ...] = (
    (
        Occupation("catering", "Restaurant worker", "餐飲業員工", "餐饮业员工"),
        Occupation("retail", "Shop assistant", "售貨員", "售货员"),
        Occupation("clerk", "Clerk", "文員", "文员"),
        Occupation("technician", "Technician", "技術員", "技术员"),
        Occupation("it", "Software engineer", "軟件工程師", "软件工程师"),
        Occupation("accountant", "Accountant", "會計師", "会计师"),
        Occupation("manager", "Manager", "經理", "经理"),
    ),
    (
        Occupation("clerical_officer", "Clerical officer", "文書主任", "文书主任"),
        Occupation("disciplined", "Disciplined services officer", "紀律部隊人員", "纪律部队人员"),
        Occupation("teacher", "Teacher", "教師", "教师"),
        Occupation("nurse", "Nurse", "護士", "护士"),
        Occupation("executive_officer", "Executive officer", "行政主任", "行政主任"),
        Occupation("doctor", "Doctor", "醫生", "医生"),
    ),
    (
        Occupation("stall", "Stall keeper", "攤檔經營者", "摊档经营者"),
        Occupation("taxi", "Taxi driver", "的士司機", "出租车司机"),
        Occupation("designer", "Designer", "設計師", "设计师"),
        Occupation("property_agent", "Property agent", "地產代理", "地产代理"),
        Occupation("contractor", "Contractor", "承辦商", "承包商"),
        Occupation("trader", "Trader", "貿易商", "贸易商"),
    ),
    (
        Occupation("domestic_helper", "Domestic helper", "家庭傭工", "家庭佣工"),
        Occupation("child_minder", "Child minder", "幼兒照顧員", "幼儿照顾员"),
        Occupation("carer", "Care worker", "護理員", "护理员"),
    ),
    (Occupation("retired", "Retired", "退休人士", "退休人士"),),
    (Occupation("student", "Student", "學生", "学生"),),
)
"""Per employment, in the order of `EMPLOYMENT`; within one, from the worst paid to the best."""

assert len(OCCUPATIONS) == len(EMPLOYMENT)
