"""What the reviews' tests share: a small institution whose clock moves when told, and forms as a browser sends them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tests.console.conftest import CHEAP, PASSWORD, Answer, Bank, _nothing
from tests.review.parts import START_MS, TENANT, create
from tests.runtime.parts import Steady
from waglan.access import Access
from waglan.console import House, create_site
from waglan.runtime import Ask

STAFF = {
    "reviewer": ("reviewer",), "reviewer2": ("reviewer",), "approver": ("approver",), "approver2": ("approver",),
    "both": ("reviewer", "approver"), "user": ("user",), "auditor": ("auditor",), "examiner": ("examiner",),
    "admin": ("admin",), "developer": ("developer",), "provider": ("provider",),
}  # fmt: skip


class Small(Bank):
    """A use case of any tier, somebody in every role, and a clock that moves when told."""

    def __init__(self, folder: Path, tier: str, sample: float) -> None:
        self.folder = folder
        self.clock = Steady(START_MS)
        self.workspace = create(folder, tier, sample, self.clock)
        with Access.open(folder, tenant=TENANT, clock=self.clock, ids=self.workspace.ids, cost=CHEAP) as access:
            for name, roles in STAFF.items():
                until_ms = START_MS + 90 * 86_400_000 if name == "examiner" else None
                vendor = "Acme" if name == "provider" else ""
                mail = f"{name}@bank.example"
                person = access.people.add(f"{name} 李小明", mail, roles, until_ms=until_ms, vendor=vendor)
                access.people.accept(access.people.invite(person.id), PASSWORD)
        self.house = House.open(self.workspace)
        self.site = create_site(self.house, _nothing, errors=sys.stderr)
        self.people = {p.name.partition(" ")[0]: p for p in self.house.access.people.all()}
        self._cookies: dict[str, str] = {}

    def decide(self, days: int, *, doubt: bool = False, customer: str = "", **ask: Any) -> str:
        row: dict[str, Any] = {"days": days, "doubt": doubt} | ({"customer": customer} if customer else {})
        return self.workspace.runtime.decide_sync("triage", row, Ask(**ask)).decision.id

    def later(self, seconds: float) -> None:
        """Time passes; whoever was signed in for too long signs in again."""
        self.clock.ms += int(seconds * 1_000)
        if seconds >= 600:
            self._cookies.clear()

    def signed_in_with(self, who: str, authenticator: str) -> None:
        """Somebody signs in with a certain authenticator."""
        self._cookies[who] = self.house.access.sessions.start(self.people[who], authenticator).cookie

    def kinds(self) -> list[str]:
        ledger = self.workspace.ledger
        return [str(ledger.leaf(at)["kind"]) for at in range(ledger.head().size)]

    def facts(self, kind: str) -> list[dict[str, Any]]:
        ledger = self.workspace.ledger
        leaves = [ledger.leaf(at) for at in range(ledger.head().size)]
        return [leaf.get("facts", {}) for leaf in leaves if leaf["kind"] == kind]

    # ---- what a browser without JavaScript does

    def send(
        self, page: Answer, action: str, as_: str, fields: dict[str, str] | None = None, button: str = ""
    ) -> Answer:
        """Send one of a page's forms with what stands in it, what somebody chose, and the button they pressed."""
        form = next((f for f in forms(page.text) if f.action.endswith(action) and f.method == "post"), None)
        assert form is not None, f"no form {action} among {[f.action for f in forms(page.text)]}"
        chosen = {**form.fields, **(fields or {})}
        if button:
            name, _, value = button.partition("=")
            chosen[name] = value
        return self.post(form.action, chosen, as_=as_)

    def followed(self, answer: Answer, as_: str, lang: str = "") -> Answer:
        """Where a 303 leads."""
        assert answer.status == 303, answer.text
        return self.get(answer.headers["location"], as_=as_, lang=lang)

    def taken(self, who: str = "reviewer", item: str = "") -> Answer:
        """A case in hand, by the queue's own button or by the case's."""
        if item:
            page = self.get(f"/reviews/{item}", as_=who)
            return self.followed(self.send(page, f"/{item}/take", who), who)
        return self.followed(self.send(self.get("/reviews", as_=who), "/reviews/next", who), who)

    def judged(self, item: str, who: str = "reviewer", verdict: str = "agree", **more: str) -> Answer:
        page = self.taken(who, item)
        fields = {"verdict": verdict, f"reason_{verdict}": WHY[verdict], **more}
        return self.send(page, "/verdict", who, fields, "then=stay")


WHY = {"agree": "evidence_supports", "change": "input_wrong", "reject": "not_for_ai"}


@contextmanager
def small(folder: Path, tier: str = "high", sample: float = 0.0) -> Iterator[Small]:
    found = Small(folder / "small", tier, sample)
    try:
        yield found
    finally:
        found.close()


class Form:
    def __init__(self, action: str, method: str) -> None:
        self.action = action
        self.method = method
        self.fields: dict[str, str] = {}
        self.choices: dict[str, list[str]] = {}
        self.buttons: list[tuple[str, str]] = []


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.open: Form | None = None
        self.select = ""
        self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.open = Form(given.get("action", ""), given.get("method", "get"))
            self.found.append(self.open)
        if self.open is None:
            return
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "input" and given.get("type") in ("radio", "checkbox"):
            self.open.choices.setdefault(name, []).append(value)
            if "checked" in given:
                self.open.fields[name] = value
        elif tag == "input" and name:
            self.open.fields[name] = value
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select:
            self.open.choices.setdefault(self.select, []).append(value)
            if "selected" in given or self.select not in self.open.fields:
                self.open.fields[self.select] = value
        elif tag == "textarea":
            self.area = name
            self.open.fields[name] = ""
        elif tag == "button":
            self.open.buttons.append((name, value))

    def handle_data(self, data: str) -> None:
        if self.area and self.open is not None:
            self.open.fields[self.area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None
        elif tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.area = ""


def forms(html: str) -> list[Form]:
    reader = _Forms()
    reader.feed(html)
    return reader.found


def item_of(answer: Answer) -> str:
    """The case that an answer leads to."""
    found = re.search(r"/reviews/(?:requests/)?([0-9A-Z]{26})", answer.headers["location"])
    assert found, answer.headers["location"]
    return found[1]


def words(html: str) -> str:
    """What stands on the page, without its marks."""
    main = html[html.index("<main") : html.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))
