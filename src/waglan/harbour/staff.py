"""Who works at the sample bank."""

from __future__ import annotations

import msgspec

from waglan.access import Role
from waglan.core.case import Language


class Employee(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with a sign-in.

    Attributes
    ----------
    key
        What scenarios call the person.
    roles
        Of `waglan.access`.
    days
        For how long from the bank's last day on the person may sign in; 0 without end.
    """

    key: str
    name: str
    name_zh: str
    email: str
    roles: tuple[Role, ...]
    language: Language
    days: int = 0


def _employee(
    key: str, name: str, zh: str, roles: tuple[Role, ...], *, language: Language = "zh-Hant", days: int = 0
) -> Employee:
    return Employee(
        key=key,
        name=f"{name} (SYN)",
        name_zh=zh,
        email=f"syn.{key}@harbour.example.com",
        roles=roles,
        language=language,
        days=days,
    )


EVERYTHING: tuple[Role, ...] = ("admin", "developer", "user", "reviewer", "approver", "auditor")
STAFF: tuple[Employee, ...] = (
    _employee("visitor", "Visitor", "訪客", EVERYTHING, language="en"),
    _employee("poon", "Poon Wing Yan", "潘詠欣", ("admin",), language="en"),
    _employee("leung", "Leung Wai Man", "梁慧敏", ("reviewer",)),
    _employee("tse", "Tse Chun Ho", "謝俊豪", ("reviewer",)),
    _employee("zhang", "Zhang Jing", "张静", ("reviewer",), language="zh-Hans"),
    _employee("kwok", "Kwok Tak Shing", "郭德誠", ("reviewer", "approver")),
    _employee("sharma", "Sharma Priya", "", ("approver",), language="en"),
    _employee("yip", "Yip Tsz Hin", "葉子軒", ("developer",), language="en"),
    _employee("ho", "Ho Ka Yan", "何嘉欣", ("user",)),
    _employee("fong", "Fong Sau Ling", "方秀玲", ("auditor",)),
    _employee("cheung", "Cheung Kwok Keung", "張國強", ("examiner",), days=14),
)
"""The people at work, and the one who looks around. Each name says that it is synthetic."""
VISITOR = STAFF[0].key
VISITOR_EMAIL = STAFF[0].email
REVIEWERS = ("leung", "tse", "zhang", "kwok")
"""Who judges. The visitor may, but has not been here before."""
