"""Mail and webhooks: to whom, in which language, signed, again until they arrive, and never led astray."""

from __future__ import annotations

import email
import hashlib
import hmac
import json
import smtplib
import ssl
from email.policy import default
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.review.parts import REVIEWER, START_MS, TENANT, House, house
from tests.review.receivers import MailServer, certificate, mail_server, receiver
from tests.runtime.parts import Steady
from waglan.access import Access
from waglan.core import Problem
from waglan.review import Notify, ReviewSection, rounds
from waglan.review.mail import compose, send
from waglan.review.outbox import Message, Outbox, Told
from waglan.review.webhook import place, post, signature

SECRET = "a secret of webhooks"


def access(folder: Path, clock: Any) -> Access:
    return Access.open(folder, tenant=TENANT, clock=clock)


def mailing(server: MailServer, **more: Any) -> ReviewSection:
    given: dict[str, Any] = {
        "smtp_host": "localhost", "smtp_port": server.port, "smtp_tls": "none", "mail_from": "waglan@bank.example",
        "public_url": "https://waglan.bank.example/", **more,
    }  # fmt: skip
    return ReviewSection(**given)


def text_of(raw: bytes) -> tuple[Any, str]:
    found = email.message_from_bytes(raw, policy=default)
    return found, found.get_content()


def test_reviewers_and_approvers_get_mail_in_their_language_about_what_concerns_them(tmp_path: Path) -> None:
    with mail_server() as server:
        clock = Steady(START_MS)
        people = access(tmp_path, clock)
        rita = people.people.add("Rita Chan", "rita@bank.example", ("reviewer",), language="zh-Hant")
        people.people.add("Ann Lee", "ann@bank.example", ("approver",))
        people.people.add("Dev", "dev@bank.example", ("developer",))
        with house(tmp_path / "w", settings=mailing(server), access=people) as made:
            made.decide(31)
            assert rounds(made.desk).told == 0  # the first time there is nothing new
            held = [made.decide(31 + at, customer="C-1") for at in range(25)]
            assert rounds(made.desk).told == 0  # not more often than every quarter of an hour
            made.clock.ms += 15 * 60_000
            assert rounds(made.desk).told == 1 and rounds(made.desk).told == 0
            made.judged(REVIEWER, held[0])
            made.clock.ms += 15 * 60_000
            assert rounds(made.desk).told == 1
        people.close()
    (sender, to, first), (_, second_to, second) = server.mails
    assert "waglan@bank.example" in sender and "rita@bank.example" in to and "ann@bank.example" in second_to
    mail, text = text_of(first)
    assert mail["Subject"] == "Waglan：25 宗覆核" and mail["Content-Language"] == "zh-Hant"
    assert mail["Auto-Submitted"] == "auto-generated" and rita.id in mail["Message-ID"]
    assert f"https://waglan.bank.example/console/reviews/{held[0]}" in text and "……及另外 5 宗" in text
    assert "C-1" not in text and "hold" not in text and "Rita" not in text
    assert "Waiting for a second person: 1" in text_of(second)[1]


def test_mail_goes_by_tls_with_a_name_and_a_checked_certificate(tmp_path: Path) -> None:
    serving, trusting = certificate(tmp_path)
    with mail_server(serving) as server:
        settings = mailing(server, smtp_tls="starttls", smtp_user="waglan", smtp_password="secret")
        made = compose("m-1", {"opened": ["X"]}, to="a@b.example", language="en", settings=settings)
        send(made, settings, trusting)
        assert server.secured == [True] and len(server.signed_in) == 1
        with pytest.raises(ssl.SSLCertVerificationError):
            send(made, settings)
    with mail_server(None) as plain:
        with pytest.raises(smtplib.SMTPNotSupportedError):
            send(made, mailing(plain, smtp_tls="starttls"), trusting)
        assert plain.mails == []


@pytest.mark.parametrize("bad", ["a@b.example\r\nBcc: x@y.example", "a@b.example\nX: y", "a\x00@b.example"])
def test_nothing_breaks_out_of_a_header(bad: str) -> None:
    settings = ReviewSection(mail_from="waglan@bank.example")
    with pytest.raises(Problem) as raised:
        compose("m-1", {"opened": ["X"]}, to=bad, language="en", settings=settings)
    assert raised.value.code == "review.mail"
    evil = msgspec.structs.replace(settings, mail_from=bad)
    with pytest.raises(Problem):
        compose("m-1", {"opened": ["X"]}, to="a@b.example", language="en", settings=evil)


def test_what_does_not_arrive_is_tried_again_with_the_same_id(tmp_path: Path) -> None:
    with mail_server() as server:
        clock = Steady(START_MS)
        people = access(tmp_path, clock)
        people.people.add("Rita", "rita@bank.example", ("reviewer",))
        with house(tmp_path / "w", settings=mailing(server, mail_minutes=0), access=people) as made:
            rounds(made.desk)
            made.decide(31)
            made.index.follow()
            server.refuse["data"] = 451
            found = rounds(made.desk)
            assert (found.told, found.undelivered) == (0, 1) and server.mails == []
            server.refuse.clear()
            assert rounds(made.desk).told == 0  # not yet
            made.clock.ms += 31_000
            assert rounds(made.desk).told == 1 and len(server.mails) == 1
            server.refuse["rcpt"] = 550
            made.decide(32)
            made.index.follow()
            assert rounds(made.desk).undelivered == 1
            assert made.desk.notify is not None and made.desk.notify.outbox.counts() == {"sent": 1, "failed": 1}
            made.clock.ms += 600_000
            assert rounds(made.desk).undelivered == 0  # refused for good
        people.close()


def hook(made: House, port: int, scheme: str = "https", **more: Any) -> ReviewSection:
    return ReviewSection(
        webhooks=(f"{scheme}://localhost:{port}/hook?x=1",), webhook_secret=SECRET,
        webhook_loopback=True, **more,
    )  # fmt: skip


def test_a_webhook_is_signed_with_its_time_and_holds_ids_and_codes_alone(tmp_path: Path) -> None:
    serving, trusting = certificate(tmp_path)
    with receiver(serving) as got, house(tmp_path / "w", "low") as made:
        made.desk.room.settings = hook(made, got.port, public_url="https://w.example")
        made.desk.notify = Notify(made.desk.room, context=trusting)
        rounds(made.desk)
        held = made.decide(31, doubt=True, customer="C-1")
        made.judged(REVIEWER, held)
        assert rounds(made.desk).told == 3
    kinds = []
    for path, headers, body in got.calls:
        found = json.loads(body)
        kinds.append(found["kind"])
        assert path == "/hook?x=1" and found["item"] == found["decision"] == held and found["tenant"] == TENANT
        assert found["url"] == f"https://w.example/console/reviews/{held}"
        assert set(found) == {"decision", "id", "item", "kind", "log_index", "tenant", "url"}
        assert headers["Waglan-Id"] == found["id"] and headers["Content-Type"] == "application/json"
        at, _, mac = headers["Waglan-Signature"].partition(",")
        signed = at.removeprefix("t=").encode() + b"." + body
        assert mac == "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert kinds == ["review.opened", "review.judged", "review.released"]
    assert len({json.loads(body)["id"] for _, _, body in got.calls}) == 3


def test_a_webhook_follows_no_redirect_and_trusts_no_strange_certificate(tmp_path: Path) -> None:
    serving, trusting = certificate(tmp_path)
    with receiver(serving) as got, house(tmp_path / "w") as made:
        made.desk.room.settings = hook(made, got.port)
        made.desk.notify = Notify(made.desk.room, context=trusting)
        rounds(made.desk)
        made.decide(31)
        got.status, got.location = 302, f"https://localhost:{got.port}/elsewhere"
        made.index.follow()
        assert rounds(made.desk).undelivered == 1 and [path for path, _, _ in got.calls] == ["/hook?x=1"]
        got.status = 204
        made.desk.notify = Notify(made.desk.room)
        made.clock.ms += 40_000
        assert rounds(made.desk).undelivered == 1 and len(got.calls) == 1
        made.desk.notify = Notify(made.desk.room, context=trusting)
        made.clock.ms += 80_000
        assert rounds(made.desk).told == 1 and len(got.calls) == 2
        assert got.calls[0][2] == got.calls[1][2]


@pytest.mark.parametrize(
    ("url", "addresses", "more"),
    [
        ("https://hook.example/x", ["10.0.0.5"], {}),
        ("https://hook.example/x", ["192.168.1.1"], {}),
        ("https://hook.example/x", ["100.64.0.1"], {}),
        ("https://hook.example/x", ["93.184.215.14", "10.0.0.5"], {}),
        ("https://hook.example/x", ["127.0.0.1"], {}),
        ("https://hook.example/x", ["127.8.8.8"], {"webhook_private": True}),
        ("https://hook.example/x", ["::1"], {}),
        ("https://hook.example/x", ["::ffff:10.0.0.5"], {}),
        ("https://hook.example/x", ["::ffff:127.0.0.1"], {}),
        ("https://hook.example/x", ["::ffff:127.0.0.1"], {"webhook_private": True}),
        ("https://hook.example/x", ["::ffff:169.254.169.254"], {"webhook_private": True, "webhook_loopback": True}),
        ("https://hook.example/x", ["64:ff9b::a9fe:a9fe"], {"webhook_private": True, "webhook_loopback": True}),
        ("https://hook.example/x", ["64:ff9b::a00:5"], {}),
        ("https://hook.example/x", ["2002:a00:5::1"], {}),
        ("https://hook.example/x", ["fd00::1"], {}),
        ("https://hook.example/x", ["fe80::1%eth0"], {"webhook_private": True}),
        ("https://hook.example/x", ["169.254.169.254"], {"webhook_private": True, "webhook_loopback": True}),
        ("https://hook.example/x", ["0.0.0.0"], {"webhook_private": True, "webhook_loopback": True}),
        ("https://hook.example/x", ["224.0.0.1"], {"webhook_private": True}),
        ("https://hook.example/x", [], {}),
        ("http://hook.example/x", ["93.184.215.14"], {}),
        ("http://hook.example/x", ["10.0.0.5"], {"webhook_private": True}),
        ("ftp://hook.example/x", ["93.184.215.14"], {}),
        ("https://user:pw@hook.example/x", ["93.184.215.14"], {}),
        ("https://hook.example:99999/x", ["93.184.215.14"], {}),
        ("https:///x", ["93.184.215.14"], {}),
    ],
)
def test_a_webhook_does_not_go_where_it_must_not(url: str, addresses: list[str], more: dict[str, Any]) -> None:
    with pytest.raises(Problem) as raised:
        place(url, ReviewSection(**more), lambda _host, _port: addresses)
    assert raised.value.code == "review.webhook" and "pw" not in str(raised.value)


def test_a_webhook_goes_where_it_may() -> None:
    found = place("https://hook.example:8443/x?y=1", ReviewSection(), lambda _h, _p: ["93.184.215.14"])
    assert (found.host, found.port, found.address) == ("hook.example", 8443, "93.184.215.14")
    inner = ReviewSection(webhook_private=True)
    assert place("https://hook.example/x", inner, lambda _h, _p: ["10.0.0.5"]).address == "10.0.0.5"


def test_the_address_that_was_checked_is_the_one_that_is_called(tmp_path: Path) -> None:
    """A name that changes between the check and the call (DNS rebinding) leads nowhere else: it is looked up once."""
    asked: list[str] = []

    def look_up(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with receiver() as got:
        settings = ReviewSection(webhook_loopback=True, webhook_secret=SECRET)
        url = f"http://no-such-host.invalid:{got.port}/hook"
        post(url, b"{}", message_id="w-1", at_s=5, settings=settings, look_up=look_up)
    assert asked == ["no-such-host.invalid"] and len(got.calls) == 1
    assert got.calls[0][1]["Host"] == f"no-such-host.invalid:{got.port}"


def test_the_signature_is_of_time_and_body() -> None:
    assert signature("k", 5, b"x").startswith("t=5,v1=") and len(signature("k", 5, b"x")) == 7 + 64
    assert (
        len({signature("k", 5, b"x"), signature("k", 6, b"x"), signature("k", 5, b"y"), signature("j", 5, b"x")}) == 4
    )


def test_the_outbox_gives_a_message_to_one_and_again_after_a_while(tmp_path: Path) -> None:
    clock = Steady(START_MS)
    first, second = Outbox(tmp_path / "o.db", clock), Outbox(tmp_path / "o.db", clock)
    message = Message("w-1-x", "webhook", "https://x.example", "{}")
    assert first.put("webhook", None, Told(5, clock.ms), [message])
    assert not second.put("webhook", None, Told(6, clock.ms), [message])  # somebody was first
    assert second.put("webhook", Told(5, clock.ms), Told(6, clock.ms), [message])  # put twice, there once
    assert first.claim() == [message] and second.claim() == []
    clock.ms += 120_000
    assert second.claim() == [message]  # who had it went away
    for _ in range(12):
        clock.ms += 7 * 3_600_000
        assert first.claim() == [message]
        first.failed(message.id, "TimeoutError")
    clock.ms += 7 * 3_600_000
    assert first.claim() == [] and first.counts() == {"failed": 1}
    assert (tmp_path / "o.db").stat().st_mode & 0o777 == 0o600


def test_settings_that_cannot_work_are_refused() -> None:
    from waglan.review.settings import read

    for given, key in (
        ({"smtp_host": "mail"}, "mail_from"),
        ({"smtp_tls": "yes"}, "smtp_tls"),
        ({"webhooks": ["https://x.example"], "webhook_secret": "short"}, "webhook_secret"),
        ({"deadline_hours": {"lowest": 1}}, "deadline_hours"),
        ({"deadline_hours": {"low": 0}}, "deadline_hours"),
        ({"sample": {"low": 2.0}}, "sample"),
        ({"lease_minutes": 0}, "lease_minutes"),
    ):
        with pytest.raises(Problem) as raised:
            read(given)
        assert key in str(raised.value) or "sample" in str(raised.value), key
