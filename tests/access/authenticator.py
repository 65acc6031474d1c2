"""An authenticator in software: what a security key does, with ES256 keys, and what a thief of one would try."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
from typing import Any
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

UP, UV, AT = 0x01, 0x04, 0x40


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """One passkey. It answers the options that `waglan.access.Access.passkeys` gives, as a browser's ``toJSON`` would.

    Parameters
    ----------
    origin
        The page that asks, as the browser sees it.
    counts
        Whether its signature counter moves; synchronised passkeys leave it at 0.
    """

    def __init__(self, origin: str, *, counts: bool = True) -> None:
        self.origin = origin
        self.count = 0
        self.counts = counts
        self.flags = UP | UV
        self.credential = os.urandom(32)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.user_handle = b""

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """``navigator.credentials.create``: a registration response without attestation."""
        self.user_handle = unb64(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(self.credential)) + self.credential + cbor2.dumps(cose)
        data = self._data(options["rp"]["id"], AT) + attested
        return self._answer(
            {
                "clientDataJSON": b64(self._client("webauthn.create", options["challenge"])),
                "attestationObject": b64(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            }
        )

    def get(self, options: dict[str, Any], **client: Any) -> dict[str, Any]:
        """``navigator.credentials.get``: an assertion; ``client`` puts other members into the client data."""
        self.count += self.counts
        host = urlsplit(self.origin).hostname or ""
        data = self._data(options.get("rpId", host), 0)
        signed = self._client("webauthn.get", options["challenge"], **client)
        signature = self.key.sign(data + hashlib.sha256(signed).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": b64(signed),
                "authenticatorData": b64(data),
                "signature": b64(signature),
                "userHandle": b64(self.user_handle),
            }
        )

    def _data(self, rp_id: str, flags: int) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest() + bytes([self.flags | flags]) + struct.pack(">I", self.count)

    def _client(self, kind: str, challenge: str, **more: Any) -> bytes:
        found = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False, **more}
        return json.dumps(found).encode()

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        ident = b64(self.credential)
        return {"id": ident, "rawId": ident, "type": "public-key", "response": response, "clientExtensionResults": {}}
