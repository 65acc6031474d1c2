"""What an attacker tries on the console: each attempt fails, and says no more than it must."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

import pytest

from tests.console.conftest import ORIGIN, PASSWORD, Bank
from waglan.console.headers import SECURITY
from waglan.console.page import Page
from waglan.console.pages import PAGES
from waglan.console.pages.entrance import onward

EVIL = "https://evil.example"
ULID = "01JD7Z5K3V8X9Y2W4T6R0Q1P2N"


def cookie_of(answer) -> str:
    found = [c for c in answer.cookies if c.startswith("__Host-waglan=")]
    return found[0].partition("=")[2].partition(";")[0] if found else ""


def sign_in(bank: Bank, email: str = "user@bank.example", password: str = PASSWORD, **more):
    return bank.post("/sign-in", {"email": email, "password": password, **more.pop("fields", {})}, **more)


def filled(address: str) -> str:
    return "/console" + re.sub(r"\{[^}]+\}", ULID, address)


SIGNED_IN = [p for p in PAGES if p.action is not None]
ACTIONS = [p for p in PAGES if p.method == "POST"]


@pytest.mark.parametrize("page", SIGNED_IN, ids=lambda p: f"{p.method} {p.address}")
def test_nobody_sees_anything_without_signing_in(bank: Bank, page: Page):
    answer = bank.get(filled(page.address)) if page.method == "GET" else bank.post(filled(page.address))
    if page.method == "GET":
        assert answer.status == 303 and answer.headers["location"].startswith("/console/sign-in?next=")
    else:
        assert answer.status == 401
    assert b"SYN-" not in answer.raw


@pytest.mark.parametrize("page", ACTIONS, ids=lambda p: p.address)
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": EVIL, "sec-fetch-site": "cross-site"},
        {"origin": EVIL, "sec-fetch-site": ""},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"origin": "", "sec-fetch-site": "same-site"},
        {"origin": "", "sec-fetch-site": ""},
    ],
    ids=["other-site", "no-metadata", "sandboxed", "sibling", "says-nothing"],
)
def test_a_page_of_another_site_can_do_nothing(bank: Bank, page: Page, headers: dict[str, str]):
    before = bank.workspace.ledger.head().size
    answer = bank.post(filled(page.address), {"email": "user@bank.example"}, as_="admin", headers=headers)
    assert answer.status == 403 and not cookie_of(answer)
    assert bank.workspace.ledger.head().size == before


def test_a_session_chosen_by_an_attacker_is_never_taken_up(bank: Bank):
    planted = "A" * 43
    answer = sign_in(bank, headers={"cookie": f"__Host-waglan={planted}"})
    assert answer.status == 303 and cookie_of(answer) not in ("", planted)
    assert bank.house.access.sessions.resume(planted) is None


def test_the_old_cookie_is_worthless_after_signing_in_again_and_after_signing_out(bank: Bank):
    first = cookie_of(sign_in(bank))
    second = cookie_of(sign_in(bank, headers={"cookie": f"__Host-waglan={first}"}))
    assert bank.house.access.sessions.resume(first) is None
    bank.post("/sign-out", headers={"cookie": f"__Host-waglan={second}"})
    stolen = bank.get("/me", headers={"cookie": f"__Host-waglan={second}"})
    assert stolen.status == 303 and "/sign-in" in stolen.headers["location"]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(bank: Bank):
    (cookie,) = [c for c in sign_in(bank).cookies if c.startswith("__Host-waglan=")]
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; ")) and "Domain" not in cookie


@pytest.mark.parametrize(
    "target",
    [
        EVIL, "//evil.example", "/\\evil.example", "\\\\evil.example", "/console//evil.example", "javascript:alert(1)",
        "/console/../../evil", "http:evil.example", "/console@evil.example", "\t//evil.example", "/console\\evil",
        "https://localhost:8420/console/me", "/console/sign-in?next=/console/sign-in", "/etc/passwd", "",
    ],
)  # fmt: skip
def test_nobody_is_sent_to_another_site_after_signing_in(bank: Bank, target: str):
    assert sign_in(bank, fields={"next": target}).headers["location"] == "/console/overview"


def test_one_comes_back_to_the_page_one_asked_for():
    assert onward("/console/decisions?route=human&x=%E4%B8%AD") == "/decisions?route=human&x=%E4%B8%AD"


@pytest.mark.parametrize(
    "value", ["/console/me\r\nset-cookie: a=b", "/console/me%0d%0aset-cookie:%20a=b", "/console/\x00me"]
)
def test_nothing_typed_becomes_a_header(bank: Bank, value: str):
    answer = sign_in(bank, fields={"next": value})
    assert all("\r" not in v and "\n" not in v and "\x00" not in v for v in answer.headers.values())
    assert not [c for c in answer.cookies if c.startswith("a=b")]


@pytest.mark.parametrize(
    "word", ["{{ 7*7 }}", "{% import 'os' as o %}", "${7*7}", "<script>alert(1)</script>", '"><img src=x>']
)
def test_what_is_typed_is_only_ever_text(bank: Bank, word: str):
    answer = bank.post("/settings/people", {"name": word, "email": "x"}, as_="admin")
    assert answer.status == 422 and "49" not in re.findall(r'value="(\d+)"', answer.text)
    assert "<script>alert" not in answer.text and '"><img' not in answer.text
    shown = bank.get(f"/search?q={'%3Cscript%3Ealert(1)%3C/script%3E'}", as_="admin")
    assert "<script>alert" not in shown.text


@pytest.mark.parametrize(
    "name", ["../visit.py", "..%2fvisit.py", "....//visit.py", "%2e%2e/access.db", "/etc/passwd", "nothing.css"]
)
def test_only_the_style_sheets_folder_is_served(bank: Bank, name: str):
    answer = bank.get(f"/console/static/{name}")
    assert answer.status == 404 and b"import" not in answer.raw and b"root:" not in answer.raw


def test_what_is_too_large_is_refused_before_it_is_read(bank: Bank):
    answer = bank.post("/settings/people", {"name": "x" * 200_000}, as_="admin")
    assert answer.status == 413 and "413" in answer.text


@pytest.mark.parametrize(
    "media", ["application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary="]
)
def test_what_is_no_form_is_refused(bank: Bank, media: str):
    answer = bank.post("/language", {"language": "en"}, headers={"content-type": media})
    assert answer.status in (400, 415)


def test_a_bomb_in_an_upload_is_refused(bank: Bank):
    body = BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("cases.csv", b"a,b\n" + b"1,2\n" * 2_000_000)
    answer = bank.post("/try/credit/file", as_="user", files={"file": ("../../cases.csv.zip", body.getvalue())})
    assert 400 <= answer.status < 500
    assert not list(bank.folder.parent.glob("cases*")) and not list(bank.folder.parent.parent.glob("cases*"))


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "localhost:8420,evil"]
)
def test_a_foreign_name_that_points_here_is_refused(bank: Bank, host: str):
    assert bank.get("/sign-in", headers={"host": host}).status == 421


def test_every_page_forbids_what_pages_of_ours_never_need(bank: Bank):
    for path in ("/sign-in", "/overview", "/nothing-here", "/static/console.css"):
        answer = bank.get(path, as_="auditor")
        for name in ("content-security-policy", "x-content-type-options", "referrer-policy"):
            assert answer.headers[name] == SECURITY[name], path
    policy = SECURITY["content-security-policy"]
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy and "require-trusted-types-for" in policy


def _bare(page: str) -> str:
    """A page without what differs each time: the passkey's challenge, the time."""
    return re.sub(r'data-options="[^"]*"|<time.*?</time>', "", page)


def test_guessing_a_password_gets_slower_and_says_nothing(bank: Bank):
    known = [sign_in(bank, "developer@bank.example", f"wrong password {n}") for n in range(12)]
    unknown = [sign_in(bank, "nobody@bank.example", f"wrong password {n}") for n in range(12)]
    assert {a.status for a in known} == {a.status for a in unknown} == {401, 429}
    assert "retry-after" in known[-1].headers or known[-1].status == 429
    assert _bare(known[0].text.replace("developer", "nobody")) == _bare(unknown[0].text)


def test_an_invitation_counts_once(bank: Bank):
    person = bank.house.access.people.add("New 新人", "new@bank.example", ("user",))
    token = bank.house.access.people.invite(person.id)
    fields = {"new": "another long phrase of mine 7", "again": "another long phrase of mine 7"}
    assert cookie_of(bank.post(f"/join/{token}", fields))
    assert bank.post(f"/join/{token}", fields).status == 401


def test_an_examiners_every_look_is_on_the_log(bank: Bank):
    before = bank.workspace.ledger.head().size
    assert bank.get("/decisions", as_="examiner").status == 200
    leaf = bank.workspace.ledger.leaf(before)
    assert leaf["kind"] == "read" and leaf["actor"] == bank.people["examiner"].id
    assert leaf["facts"]["what"] == "GET /decisions"


def test_the_origin_of_the_tests_is_the_servers_own():
    assert ORIGIN == "http://localhost:8420"
