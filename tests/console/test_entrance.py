"""Coming in: the first set-up, invitations, passkeys and the firm's own provider, through the real site."""

from __future__ import annotations

import contextlib
import html
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from tests.access.authenticator import Authenticator
from tests.access.provider import running
from tests.console.conftest import ORIGIN, PASSWORD, Answer, Bank
from tests.console.test_attacks import cookie_of
from waglan.runtime import Workspace

PHRASE = "seven grey herons over Tolo"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Bank]:
    Workspace.create(tmp_path / "new", tenant="newbank").close()
    with contextlib.closing(Bank(tmp_path / "new")) as bank:
        yield bank


def options_of(page: str, kind: str) -> dict:
    """What a page hands to the browser's authenticator."""
    (found,) = re.findall(rf'data-passkey="{kind}" data-options="([^"]*)"', page)
    return json.loads(html.unescape(found))


def with_cookie(answer: Answer) -> dict[str, str]:
    return {"cookie": f"__Host-waglan={cookie_of(answer)}"}


def test_the_first_link_makes_the_administrator_and_counts_once(empty: Bank):
    token = empty.house.access.people.first_run()
    assert empty.get(f"/welcome/{token}").status == 200
    form = {"name": "Chan Tai Man 陳大文", "email": "chan@bank.example", "new": PHRASE, "again": PHRASE}
    assert empty.post(f"/welcome/{token}", {**form, "again": "else"}).status == 422
    assert empty.post(f"/welcome/{token}", {**form, "new": "short", "again": "short"}).status == 422
    done = empty.post(f"/welcome/{token}", form)
    assert done.status == 303 and done.headers["location"] == "/console/overview"
    assert "Chan Tai Man" in empty.get("/me", headers=with_cookie(done)).text
    assert empty.post(f"/welcome/{token}", {**form, "email": "other@bank.example"}).status == 401
    assert empty.house.access.people.first_run() is None
    (person,) = empty.house.access.people.all()
    leaf = empty.workspace.ledger.leaf(empty.workspace.ledger.head().size - 1)
    assert leaf["kind"] == "person" and leaf["facts"]["roles"] == ["admin"] and leaf["actor"] == person.id
    assert "Chan" not in json.dumps(leaf)


def test_an_invited_colleague_comes_in_by_their_link(bank: Bank):
    fields = {"name": "Lee 李", "email": "lee@bank.example", "role-reviewer": "1", "language": "zh-Hant"}
    made = bank.post("/settings/people", fields, as_="admin")
    (link,) = re.findall(r'value="http://localhost:8420(/console/join/[^"]+)"', made.text)
    come = bank.post(link, {"new": PHRASE, "again": PHRASE})
    page = bank.get("/me", headers=with_cookie(come))
    assert 'lang="zh-Hant-HK"' in page.text and "覆核人員" in page.text


def test_a_passkey_is_added_after_a_fresh_sign_in_and_signs_in(bank: Bank):
    done = bank.post("/sign-in", {"email": "auditor@bank.example", "password": PASSWORD})
    key = Authenticator(ORIGIN)
    mine = with_cookie(done)
    made = key.create(options_of(bank.get("/me", headers=mine).text, "create"))
    added = bank.post("/me/passkeys", {"response": json.dumps(made), "name": "key ring"}, headers=mine)
    assert added.status == 303 and "key ring" in bank.get("/me", headers=mine).text
    answer = key.get(options_of(bank.get("/sign-in").text, "get"))
    signed = bank.post("/sign-in/passkey", {"response": json.dumps(answer)})
    assert signed.status == 303 and "passkey" in bank.get("/me.json", headers=with_cookie(signed)).body["authenticator"]
    again = bank.post("/sign-in/passkey", {"response": json.dumps(answer)})
    assert again.status == 401 and not cookie_of(again)


def test_adding_a_passkey_needs_a_fresh_proof(bank: Bank):
    session = bank.house.access.sessions.start(bank.people["developer"], "password")
    with bank.house.access.sessions._database.writing() as connection:
        connection.execute("UPDATE session SET authenticated_ms = authenticated_ms - 3600000 WHERE person = ?",
                           (bank.people["developer"].id,))  # fmt: skip
    mine = {"cookie": f"__Host-waglan={session.cookie}"}
    assert "/console/confirm" in bank.get("/me", headers=mine).text
    assert bank.post("/me/passkeys", {"response": "{}"}, headers=mine).status == 403
    confirmed = bank.post("/confirm", {"password": PASSWORD, "next": "/console/me"}, headers=mine)
    assert confirmed.headers["location"] == "/console/me" and cookie_of(confirmed) != session.cookie
    assert 'data-passkey="create"' in bank.get("/me", headers=with_cookie(confirmed)).text


def test_changing_the_password_ends_other_sessions(bank: Bank):
    other = bank.house.access.sessions.start(bank.people["provider"], "password").cookie
    mine = with_cookie(bank.post("/sign-in", {"email": "provider@bank.example", "password": PASSWORD}))
    changed = bank.post("/me/password", {"password": PASSWORD, "new": PHRASE, "again": PHRASE}, headers=mine)
    assert changed.status == 303 and bank.house.access.sessions.resume(other) is None
    assert bank.get("/me", headers=with_cookie(changed)).status == 200
    assert bank.post("/sign-in", {"email": "provider@bank.example", "password": PASSWORD}).status == 401


def test_the_firms_own_sign_in_from_the_button_to_the_page(bank_folder: Path, tmp_path: Path):
    folder = tmp_path / "bank"
    shutil.copytree(bank_folder, folder)
    with running(lambda: int(time.time())) as provider:
        section = msgspec.to_builtins(provider.section())
        lines = "\n".join(
            f"{key} = {json.dumps(value)}" for key, value in section.items() if not isinstance(value, dict)
        )
        with (folder / "waglan.toml").open("a") as file:
            file.write(f"\n[oidc]\n{lines}\n")
        provider.claims = {"email": "user@bank.example", "email_verified": True}
        with contextlib.closing(Bank(folder)) as bank:
            assert "/console/sign-in/oidc" in bank.get("/sign-in").text
            left = bank.get("/sign-in/oidc?next=/console/decisions")
            (binding,) = [c.partition(";")[0] for c in left.cookies]
            brought = provider.consent(left.headers["location"])
            query = "&".join(f"{k}={v}" for k, v in brought.items())
            stolen = bank.get(f"/sign-in/oidc/back?{query}")
            assert not cookie_of(stolen)
            left = bank.get("/sign-in/oidc?next=/console/decisions")
            (binding,) = [c.partition(";")[0] for c in left.cookies]
            brought = provider.consent(left.headers["location"])
            query = "&".join(f"{k}={v}" for k, v in brought.items())
            back = bank.get(f"/sign-in/oidc/back?{query}", headers={"cookie": binding})
            assert back.status == 303 and back.headers["location"] == "/console/decisions", back.text
            assert bank.get("/me.json", headers=with_cookie(back)).body["authenticator"] == "oidc"
        assert dict(parse_qsl(urlsplit(left.headers["location"]).query))["code_challenge_method"] == "S256"


def test_a_language_is_remembered_here_and_with_the_person(bank: Bank):
    done = bank.post("/language", {"language": "zh-Hans", "next": "/console/use-cases?a=1"}, as_="user")
    assert done.headers["location"] == "/console/use-cases?a=1"
    assert any(c.startswith("waglan-language=zh-Hans") for c in done.cookies)
    assert bank.house.access.people.get(bank.people["user"].id).language == "zh-Hans"
    assert bank.post("/language", {"language": "fr"}, as_="user").status == 422


@pytest.mark.parametrize(
    ("accept", "lang"),
    [("zh-HK,zh;q=0.9,en;q=0.8", "zh-Hant-HK"), ("zh-CN", "zh-Hans-CN"), ("fr, en;q=0.5", "en"), ("", "en"),
     ("en;q=0.1, zh-TW;q=0.7", "zh-Hant-HK"), ("*", "en"), ("en;q=nonsense,zh-SG", "zh-Hans-CN")],
)  # fmt: skip
def test_the_browsers_language_is_taken_when_nothing_else_is_known(bank: Bank, accept: str, lang: str):
    assert f'<html lang="{lang}"' in bank.get("/sign-in", headers={"accept-language": accept}).text
