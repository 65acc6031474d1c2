"""Asking the identity provider: small answers, no redirects, a deadline, encrypted or on this machine."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from waglan.access.oidc_settings import OidcSection, safe
from waglan.core.problem import Problem

DEADLINE_S = 10.0
_MOST_BYTES = 1 << 20


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What the settings name is asked, and nobody that it points to."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def keys(section: OidcSection) -> dict[str, Any]:
    """The provider's public keys, a JSON Web Key Set (RFC 7517)."""
    return _json(urllib.request.Request(section.jwks_uri, headers={"Accept": "application/json"}))


def exchange(section: OidcSection, code: str, verifier: str, redirect_uri: str) -> str:
    """The ID token for an authorisation code (RFC 6749 § 4.1.3, RFC 7636 § 4.5)."""
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    if section.client_secret:
        headers["Authorization"] = f"Basic {_basic(section)}"
    else:
        fields["client_id"] = section.client_id
    request = urllib.request.Request(section.token_endpoint, urlencode(fields).encode(), headers, method="POST")
    token = _json(request).get("id_token")
    if not isinstance(token, str):
        raise _failed(section.token_endpoint, "Its answer holds no ID token.")
    return token


def _basic(section: OidcSection) -> str:
    from base64 import b64encode

    pair = f"{quote(section.client_id, safe='')}:{quote(section.client_secret, safe='')}"
    return b64encode(pair.encode()).decode()


def _json(request: urllib.request.Request) -> dict[str, Any]:
    address = request.full_url
    if not safe(address):
        raise ValueError(f"{address!r} isn't encrypted")
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if urlsplit(address).scheme == "http":
        handlers.append(urllib.request.ProxyHandler({}))  # the loopback isn't reached through a proxy
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=DEADLINE_S) as answer:
            raw = answer.read(_MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise _failed(address, f"It answered with status {error.code}.") from error
    except OSError as error:
        raise _failed(address, f"{error}.") from error
    if len(raw) > _MOST_BYTES:
        raise _failed(address, "Its answer is longer than 1 MiB.")
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise _failed(address, "Its answer isn't JSON.") from error
    if not isinstance(found, dict):
        raise _failed(address, "Its answer is no JSON object.")
    return found


def _failed(address: str, why: str) -> Problem:
    return Problem("The identity provider can't be asked.", why,
                   "Try again; when it goes on, sign in with a password or passkey and tell an administrator.",
                   code="access.provider", where=urlsplit(address).hostname or "", status=502)  # fmt: skip
