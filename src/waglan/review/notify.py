"""Telling people and systems that reviews wait: gathered from the queue, sent from the outbox until it arrives."""

from __future__ import annotations

import http.client
import smtplib
import ssl
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from waglan.core.problem import Problem
from waglan.review import mail, webhook
from waglan.review.outbox import Message, Outbox, Told
from waglan.review.room import MINUTE_MS, Room

MOST = 1_000
BUDGET_NS = 5_000_000_000
TOLD_BY_MAIL = {
    "opened": ("reviewer",),
    "reopened": ("reviewer",),
    "handed_up": ("reviewer", "approver"),
    "overdue": ("reviewer", "approver"),
    "judged": ("approver",),
}
"""Kind of news to the roles that get mail of it; webhooks get all kinds."""


class News(NamedTuple):
    """One thing that happened to a review."""

    log_index: int
    kind: str
    item: str
    decision: str


class Delivered(NamedTuple):
    """How many messages were sent, and how many attempts failed."""

    sent: int
    failed: int


class Notify:
    """Messages of one workspace; ``outbox.db`` lies in its folder."""

    def __init__(self, room: Room, *, context: ssl.SSLContext | None = None) -> None:
        self._room = room
        self._context = context
        self.outbox = Outbox(room.workspace.folder / "outbox.db", room.workspace.clock)

    def gather(self) -> int:
        """Put into the outbox what happened since the last time; gives how many messages.

        The first time nothing is told: what lies behind a new installation of mail or webhooks is no news.
        """
        settings = self._room.settings
        made = 0
        if settings.webhooks:
            made += self._gather_webhooks()
        if settings.smtp_host and self._room.access is not None:
            made += self._gather_mail()
        return made

    def deliver(self) -> Delivered:
        """Send what is due, for a few seconds at most; what doesn't arrive is tried again later."""
        sent = failed = 0
        clock = self._room.workspace.clock
        until_ns = clock.monotonic_ns() + BUDGET_NS
        while clock.monotonic_ns() < until_ns and (claimed := self.outbox.claim(1)):
            (message,) = claimed
            try:
                self._send(message)
            except (Problem, OSError, smtplib.SMTPException, http.client.HTTPException) as error:
                self.outbox.failed(message.id, _code(error), for_good=_hopeless(error))
                failed += 1
            else:
                self.outbox.sent(message.id)
                sent += 1
        return Delivered(sent, failed)

    # ---- gathering

    def _news(self, since: int) -> list[News]:
        query = (
            "SELECT n.log_index, n.kind, n.item, i.decision FROM review_notice n JOIN review_item i ON i.id = n.item "
            "WHERE n.log_index > ? ORDER BY n.log_index LIMIT ?"
        )
        with self._room.index.reading() as connection:
            return [News(*row) for row in connection.execute(query, (since, MOST))]

    def _newest(self) -> int:
        with self._room.index.reading() as connection:
            row = connection.execute("SELECT coalesce(max(log_index), -1) FROM review_notice").fetchone()
        return int(row[0])

    def _gather_webhooks(self) -> int:
        now_ms = self._room.now_ms()
        before = self.outbox.told("webhook")
        if before is None:
            self.outbox.put("webhook", None, Told(self._newest(), now_ms), ())
            return 0
        news = self._news(before.log_index)
        if not news:
            return 0
        messages = [self._webhook(each, url) for each in news for url in self._room.settings.webhooks]
        return len(messages) if self.outbox.put("webhook", before, Told(news[-1].log_index, now_ms), messages) else 0

    def _webhook(self, news: News, url: str) -> Message:
        settings = self._room.settings
        message_id = f"w-{news.log_index}-{sha256(url.encode()).hexdigest()[:8]}"
        base = settings.public_url.rstrip("/")
        body: dict[str, Any] = {
            "decision": news.decision,
            "id": message_id,
            "item": news.item,
            "kind": f"review.{news.kind}",
            "log_index": news.log_index,
            "tenant": self._room.workspace.settings.workspace.tenant,
            "url": f"{base}/console/reviews/{news.item}" if base else "",
        }
        return Message(message_id, "webhook", url, msgspec.json.encode(body).decode())

    def _gather_mail(self) -> int:
        now_ms = self._room.now_ms()
        before = self.outbox.told("mail")
        if before is None:
            self.outbox.put("mail", None, Told(self._newest(), now_ms), ())
            return 0
        if now_ms - before.at_ms < self._room.settings.mail_minutes * MINUTE_MS:
            return 0
        news = self._news(before.log_index)
        if not news:
            return 0
        messages = self._mails(news, now_ms)
        return len(messages) if self.outbox.put("mail", before, Told(news[-1].log_index, now_ms), messages) else 0

    def _mails(self, news: list[News], now_ms: int) -> list[Message]:
        """One for each person, about all that concerns them."""
        assert self._room.access is not None
        messages: list[Message] = []
        for person in self._room.access.people.all():
            items: dict[str, list[str]] = {}
            for each in news:
                if set(TOLD_BY_MAIL.get(each.kind, ())) & set(person.roles):
                    items.setdefault(each.kind, []).append(each.item)
            if items and person.open(now_ms):
                body = msgspec.json.encode(items).decode()
                messages.append(Message(f"m-{news[-1].log_index}-{person.id}", "mail", person.id, body))
        return messages

    # ---- sending

    def _send(self, message: Message) -> None:
        settings = self._room.settings
        if message.channel == "webhook":
            webhook.post(
                message.target,
                message.body.encode(),
                message_id=message.id,
                at_s=self._room.now_ms() // 1_000,
                settings=settings,
                context=self._context,
            )
            return
        assert self._room.access is not None
        person = self._room.access.people.get(message.target)
        if not person.open(self._room.now_ms()):
            return
        items = msgspec.json.decode(message.body, type=dict[str, list[str]])
        made = mail.compose(message.id, items, to=person.email, language=person.language, settings=settings)
        mail.send(made, settings, self._context)


def _code(error: Exception) -> str:
    """What went wrong, without an address or a text of the other side's."""
    if isinstance(error, Problem):
        return f"{error.code}: {error.why}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} {error.smtp_code}"
    return type(error).__name__


def _hopeless(error: Exception) -> bool:
    """Whether trying again can't help: the server refuses this sender or receiver for good, or the person is gone."""
    if isinstance(error, Problem):
        return error.code in ("access.missing", "review.mail")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 550
