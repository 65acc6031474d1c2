"""What isn't in the documents doesn't exist: every route, header, limit and problem code is there."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT
from waglan.api import Limits, ask, guard, problems, routes

TEXT = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
SOURCES = sorted((ROOT / "src" / "waglan").rglob("*.py"))
REACHABLE = (
    "api", "core/inputs.py", "runtime/engine.py", "runtime/catalogue.py", "runtime/checks.py", "runtime/kit.py",
    "runtime/shelf.py", "ledger/log.py", "ledger/writer.py", "ledger/leaf.py", "ledger/sealing.py",
    "ledger/soundness.py", "ledger/store.py", "ledger/vault.py", "ledger/vault_keys.py", "ledger/custody.py",
)  # fmt: skip
ELSEWHERE = {
    "leaf.parse",  # reading foreign leaves
    "manifest.file", "plugin.import", "plugin.type",  # while a workspace opens
    "vault.hold", "vault.held", "vault.retained", "vault.state", "vault.unknown",  # the rights of subjects
}  # fmt: skip
SCOPE_KEYS = {"waglan.actor", "waglan.caller", "waglan.request"}
"""Of the ASGI scope, which look like codes and aren't."""
CODE = re.compile(r'(?:code=|^[A-Z]+ = )"([a-z_]+\.[a-z_]+)"', re.MULTILINE)


@pytest.mark.parametrize("door", routes.DOORS, ids=lambda door: door.operation)
def test_every_route(door: routes.Door) -> None:
    assert f"`{door.method} {door.path.replace(':path}', '}')}`" in TEXT


@pytest.mark.parametrize("code", problems.CODES, ids=lambda code: code.code)
def test_every_code_of_the_door_with_its_status(code: problems.Code) -> None:
    assert f"| `{code.code}` | {code.status} |" in TEXT


def test_every_code_that_can_come_out_of_it() -> None:
    inside = "\n".join(
        path.read_text(encoding="utf-8")
        for path in SOURCES
        if str(path.relative_to(ROOT / "src" / "waglan")).startswith(REACHABLE)
    )
    codes = set(CODE.findall(inside))
    assert codes >= ELSEWHERE and len(codes) > 30
    assert not [code for code in sorted(codes - ELSEWHERE - SCOPE_KEYS) if f"`{code}`" not in TEXT]


def test_nothing_is_documented_that_isnt_there() -> None:
    for method, path in re.findall(r"`(GET|POST) (/[^`]*)`", TEXT):
        assert (method, path) in {(d.method, d.path.replace(":path}", "}")) for d in routes.DOORS}


def test_every_header_and_limit() -> None:
    for name in (*ask.HEADERS, "Accept-Language", "Idempotency-Key", "Last-Event-ID", "Retry-After"):
        assert f"`{name}`" in TEXT
    for name, _ in guard.SECURITY:
        assert name.decode() in TEXT.lower()
    for figure in (Limits().items, Limits().page):
        assert f"{figure:,}" in TEXT
    assert "4 MiB" in TEXT and Limits().body_bytes == 4 << 20
    assert "1 MiB" in TEXT and Limits().line_bytes == 1 << 20
    assert f"{Limits().depth} levels" in TEXT and f"{Limits().streams} event streams" in TEXT
