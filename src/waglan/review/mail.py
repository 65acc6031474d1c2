"""Mail to reviewers and approvers: how many cases wait, and links to them. Nothing about anybody.

References
----------
RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 5322 (messages; no header takes a line break), RFC 3834 (automatic mail).
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from types import MappingProxyType

from waglan.core.case import Language
from waglan.core.problem import Problem
from waglan.review.settings import ReviewSection

TIMEOUT_S = 5
MOST_LINKS = 20
KINDS = ("opened", "reopened", "handed_up", "overdue", "judged")
WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "subject": "Waglan: {count} reviews",
            "opened": "New in the queue: {count}",
            "reopened": "Open again: {count}",
            "handed_up": "Handed up by a colleague: {count}",
            "overdue": "Past their deadline: {count}",
            "judged": "Waiting for a second person: {count}",
            "more": "… and {count} more",
            "foot": "This mail was sent automatically. It names no customers; sign in to see the cases.",
        },
        "zh-Hant": {
            "subject": "Waglan：{count} 宗覆核",
            "opened": "新增待覆核：{count}",
            "reopened": "重新待覆核：{count}",
            "handed_up": "同事上報：{count}",
            "overdue": "已逾期：{count}",
            "judged": "待第二人核准：{count}",
            "more": "……及另外 {count} 宗",
            "foot": "本郵件由系統自動發出，不載有任何客戶資料；請登入查看個案。",
        },
        "zh-Hans": {
            "subject": "Waglan：{count} 宗复核",
            "opened": "新增待复核：{count}",
            "reopened": "重新待复核：{count}",
            "handed_up": "同事上报：{count}",
            "overdue": "已逾期：{count}",
            "judged": "待第二人核准：{count}",
            "more": "……及另外 {count} 宗",
            "foot": "本邮件由系统自动发出，不载有任何客户资料；请登录查看个案。",
        },
    }
)


def compose(
    message_id: str, items: Mapping[str, Sequence[str]], *, to: str, language: Language, settings: ReviewSection
) -> EmailMessage:
    """The mail about some reviews.

    Parameters
    ----------
    message_id
        Of the outbox; the same at every attempt, so that a mail that comes twice is seen to be one.
    items
        Kind of news to ids of reviews.
    to
        An address.

    Raises
    ------
    Problem
        ``review.mail`` when an address would break out of its header.
    """
    words = WORDS[language]
    lines: list[str] = []
    for kind in KINDS:
        found = items.get(kind, ())
        if found:
            lines.append(words[kind].format(count=len(found)))
            lines += [_link(item, settings) for item in found[:MOST_LINKS]]
            if len(found) > MOST_LINKS:
                lines.append(words["more"].format(count=len(found) - MOST_LINKS))
            lines.append("")
    lines.append(words["foot"])
    mail = EmailMessage(policy=SMTP)
    domain = settings.mail_from.rpartition("@")[2]
    for name, value in (
        ("From", settings.mail_from),
        ("To", to),
        ("Subject", words["subject"].format(count=sum(len(each) for each in items.values()))),
        ("Message-ID", f"<{message_id}@{domain}>"),
        ("Auto-Submitted", "auto-generated"),
    ):
        if any(ord(character) < 32 for character in value):
            raise Problem(
                "A mail can't be written.",
                f"Its {name} holds a control character.",
                "Correct the person's address, or [review] mail_from.",
                code="review.mail",
                where=name,
            )
        mail[name] = value
    mail.set_content("\n".join(lines))
    mail["Content-Language"] = language
    return mail


def _link(item: str, settings: ReviewSection) -> str:
    base = settings.public_url.rstrip("/")
    return f"{base}/console/reviews/{item}" if base else item


def send(mail: EmailMessage, settings: ReviewSection, context: ssl.SSLContext | None = None) -> None:
    """Hand a mail to the server; raises what `smtplib` raises, and ``ssl.SSLError`` for a certificate that is wrong."""
    tls = context or ssl.create_default_context()
    server: smtplib.SMTP
    if settings.smtp_tls == "tls":
        server = smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_S, context=tls)
    else:
        server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_S)
    with server:
        if settings.smtp_tls == "starttls":
            server.starttls(context=tls)
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password)
        server.send_message(mail)
