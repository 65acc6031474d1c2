"""A small OpenID provider on this machine's loopback: it checks what providers check, and lies where a test says so."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from waglan.access import OidcSection

CLIENT, SECRET = "waglan", "s3cret:with/colon"


class Provider:
    """The provider's side. What a test may turn: ``claims`` (of the next tokens), ``sign`` and ``answer``."""

    def __init__(self, url: str, now_s: Callable[[], int]) -> None:
        self.url = url
        self.now_s = now_s
        self.keys = [RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})]
        self.extra_keys: list[dict[str, Any]] = []
        self.claims: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any]], str] = self.honest
        self.answer: Callable[[BaseHTTPRequestHandler], bool] = lambda handler: False
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    def section(self, **changes: Any) -> OidcSection:
        base = {
            "issuer": self.url,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
        }
        return OidcSection(**{**base, **changes})

    def consent(self, url: str) -> dict[str, str]:
        """What the browser brings back after the user has signed in at the provider."""
        assert url.startswith(f"{self.url}/authorize?")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code" and asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split()
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.url}

    def token(self, form: dict[str, str], authorization: str) -> str | None:
        """The ID token for a code, or None when the client didn't do what RFC 6749 and 7636 ask."""
        name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or (unquote(name), unquote(secret)) != (CLIENT, SECRET):
            return None
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        proven = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
        if not proven or form["redirect_uri"] != asked["redirect_uri"] or form["grant_type"] != "authorization_code":
            return None
        now_s = self.now_s()
        claims = {
            "iss": self.url, "aud": CLIENT, "sub": "u-1", "iat": now_s, "exp": now_s + 300, "nonce": asked["nonce"],
            "email": "bo@bank.example", "email_verified": True, **self.claims,
        }  # fmt: skip
        return self.sign({name: value for name, value in claims.items() if value is not None})

    def honest(self, claims: dict[str, Any]) -> str:
        key = self.keys[-1]
        algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
        return jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, [algorithm])

    def unsigned(self, claims: dict[str, Any]) -> str:
        """The token of RFC 7519 § 6: algorithm none, no signature."""
        return f"{_b64({'alg': 'none', 'typ': 'JWT'})}.{_b64(claims)}."

    def confused(self, claims: dict[str, Any]) -> str:
        """Signed by HMAC, with the provider's public key as the secret."""
        signed = f"{_b64({'alg': 'HS256', 'kid': self.keys[0].kid})}.{_b64(claims)}"
        mac = hmac.digest(self.keys[0].as_pem(private=False), signed.encode(), "sha256")
        return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    def forged(self, claims: dict[str, Any]) -> str:
        """Signed by a key of somebody else who calls it the same."""
        return jwt.encode({"alg": "RS256", "kid": "rsa-1"}, claims, RSAKey.generate_key(2048), ["RS256"])

    def brought_along(self, claims: dict[str, Any]) -> str:
        """Signed by a key that the token itself brings along (RFC 7515 § 4.1.3)."""
        key = RSAKey.generate_key(2048)
        header = {"alg": "RS256", "jwk": key.as_dict(private=False)}
        return jwt.encode(header, claims, key, ["RS256"])

    def changed(self, claims: dict[str, Any]) -> str:
        """Signed, and then another subject put in."""
        head, _, signature = self.honest(claims).split(".")
        return f"{head}.{_b64({**claims, 'sub': 'u-admin'})}.{signature}"

    def rotate(self) -> None:
        """A new signing key; the old one is no longer published."""
        self.keys = [ECKey.generate_key("P-256", {"kid": f"ec-{len(self.asked)}", "use": "sig"})]

    def jwks(self) -> dict[str, Any]:
        found = KeySet(list(self.keys)).as_dict(private=False)
        return {"keys": [*self.extra_keys, *found["keys"]]}


def _b64(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@contextmanager
def running(now_s: Callable[[], int]) -> Iterator[Provider]:
    """A provider that answers until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None: ...

        def do_GET(self) -> None:
            provider.asked.append(self.path)
            if not provider.answer(self):
                self.say(200 if self.path == "/jwks" else 404, provider.jwks() if self.path == "/jwks" else {})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(raw).items()}
            if provider.answer(self):
                return
            token = provider.token(form, self.headers.get("Authorization", "Basic Og=="))
            self.say(400, {"error": "invalid_grant"}) if token is None else self.say(200, {"id_token": token})

        def say(self, status: int, body: Any) -> None:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_address[1]}", now_s)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
