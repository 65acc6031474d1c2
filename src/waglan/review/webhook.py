"""Telling another system by HTTPS, without being led to a machine that isn't meant.

References
----------
OWASP, *Server-Side Request Forgery Prevention Cheat Sheet*; RFC 6890 and the IANA registries of special addresses;
RFC 6052 (IPv4 inside IPv6). The signature is over the time and the body, so a recorded call can't be sent again later.
"""

from __future__ import annotations

import hmac
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from waglan.core.problem import Problem
from waglan.review.settings import ReviewSection

TIMEOUT_S = 5
MOST_BYTES = 65_536
SIGNATURE, ID = "Waglan-Signature", "Waglan-Id"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]


class Place(NamedTuple):
    """Where a webhook goes: its address as written, and the one machine address that was checked."""

    url: SplitResult
    host: str
    port: int
    address: str


def signature(secret: str, at_s: int, body: bytes) -> str:
    """``t=<seconds since 1970>,v1=<HMAC-SHA256 of "t.body", hexadecimal>``."""
    mac = hmac.new(secret.encode(), b"%d." % at_s + body, "sha256")
    return f"t={at_s},v1={mac.hexdigest()}"


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def place(url: str, settings: ReviewSection, look_up: Resolve = resolve) -> Place:
    """Where a webhook goes, every address of its host checked and one of them taken.

    Raises
    ------
    Problem
        ``review.webhook`` when it isn't plain HTTPS, or when an address of it lies where it mustn't.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.fragment:
        raise _refused(url, "It must be https://host/path, without a name and password in it.")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise _refused(url, "Its port isn't a number below 65,536.") from None
    found = [ipaddress.ip_address(each.partition("%")[0]) for each in look_up(parts.hostname, port)]
    if not found:
        raise _refused(url, "Its host has no address.")
    for address in found:
        why = _forbidden(address, settings)
        if why:
            raise _refused(url, why)
    if parts.scheme == "http" and not all(_inner(address).is_loopback for address in found):
        raise _refused(url, "Without TLS only this machine itself can be told.")
    return Place(parts, parts.hostname, port, str(found[0]))


def _inner(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that carries it, so that it can't be hidden there."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if carried is None and address in _NAT64:
            carried = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return carried or address
    return address


def _forbidden(address: Address, settings: ReviewSection) -> str:
    inner = _inner(address)
    if inner.is_loopback:
        return "" if settings.webhook_loopback else "It leads to this machine itself."
    if inner.is_link_local or inner.is_multicast or inner.is_unspecified or inner.is_reserved:
        return "It leads to an address that no server has."
    if not inner.is_global and not settings.webhook_private:
        return "It leads into a private network."
    return ""


def post(
    url: str, body: bytes, *, message_id: str, at_s: int, settings: ReviewSection,
    context: ssl.SSLContext | None = None, look_up: Resolve = resolve,
) -> None:  # fmt: skip
    """Send a signed message; no redirect is followed and little of the answer is read.

    Raises
    ------
    Problem
        ``review.webhook`` when it may not go there, or the answer isn't a success.
    OSError, http.client.HTTPException
        When it doesn't arrive.
    """
    where = place(url, settings, look_up)
    headers: Mapping[str, str] = {
        "Content-Type": "application/json",
        "User-Agent": "Waglan",
        ID: message_id,
        SIGNATURE: signature(settings.webhook_secret, at_s, body),
    }
    connection = _connection(where, context)
    try:
        target = (where.url.path or "/") + (f"?{where.url.query}" if where.url.query else "")
        connection.request("POST", target, body, dict(headers))
        answer = connection.getresponse()
        answer.read(MOST_BYTES)
        if not 200 <= answer.status < 300:
            raise Problem(
                "A webhook wasn't accepted.",
                f"{where.host} answered {answer.status}.",
                "See to the receiver; the message is sent again.",
                code="review.webhook",
                where=where.host,
            )
    finally:
        connection.close()


def _connection(where: Place, context: ssl.SSLContext | None) -> http.client.HTTPConnection:
    """A connection to the address that was checked; the certificate must still be the host's."""
    plain = http.client.HTTPConnection(where.host, where.port, timeout=TIMEOUT_S)
    pinned = socket.create_connection((where.address, where.port), timeout=TIMEOUT_S)
    if where.url.scheme == "https":
        try:
            tls = context or ssl.create_default_context()
            plain.sock = tls.wrap_socket(pinned, server_hostname=where.host)
        except BaseException:
            pinned.close()
            raise
    else:
        plain.sock = pinned
    return plain


def _refused(url: str, why: str) -> Problem:
    host = urlsplit(url).hostname or ""
    return Problem(
        "A webhook may not go there.",
        why,
        "Correct [review] webhooks in waglan.toml; webhook_private and webhook_loopback allow more.",
        code="review.webhook",
        where=host,
    )
