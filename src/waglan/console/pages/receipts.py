"""The customer's receipt: what was decided, why, and how to check it. Public by its token, about nobody else.

References
----------
HKMA, *Consumer Protection in respect of Use of Big Data Analytics and AI* (2019): explanation, recourse to a person.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

from waglan.console.page import Download, Goto, Page
from waglan.console.qr import qr
from waglan.console.visit import Visit
from waglan.core.problem import Problem
from waglan.ledger import note
from waglan.ledger.export import VERIFIER
from waglan.ledger.receipt import Receipt
from waglan.review import CustomerView
from waglan.review.asking import What

MOST_A_DAY = 3
DAY_MS = 86_400_000
LONGEST_NOTE = 2_000
By = Literal["model", "person", "nobody_yet"]


def show(visit: Visit) -> dict[str, Any]:
    """What the customer may see of the decision about them."""
    view = _view(visit)
    token = visit.path["token"]
    found = view.explanation
    address = f"{visit.origin}/console/receipts/{token}"
    vkeys = visit.house.workspace.ledger.signer.vkeys
    return {
        "token": token,
        "address": address,
        "qr": qr(address) if found.left else "",
        "by": _by(view),
        "explanation": msgspec.to_builtins(found),
        "asked": msgspec.to_builtins(view.asked),
        "can_ask": [each for each in get_args(What) if not _open(view, each)],
        "tenant_name": visit.house.tenant,
        "proofs": [_proof(each) for each in view.proofs],
        "vkey": vkeys[0] if vkeys else "",
        "thanks": visit.query.get("asked", "") == "1",
        "longest": LONGEST_NOTE,
    }


def ask(visit: Visit) -> Goto:
    """The customer asks for an explanation, a person, or a correction."""
    view = _view(visit)
    what: Any = visit.form.required("what")
    if what not in get_args(What):
        raise Problem(
            "What you ask for isn't clear.", "One of the choices is needed.", "Choose one and send it again.",
            code="form.choice", where="what",
        )  # fmt: skip
    words = visit.form.text("note")
    if len(words) > LONGEST_NOTE:
        raise Problem(
            "Your message is too long.", f"It has {len(words):,} characters; {LONGEST_NOTE:,} can be sent.",
            "Shorten it, or contact us as shown on this page.", code="form.too_long", where="note",
        )  # fmt: skip
    now_ms = visit.house.workspace.clock.now_ms()
    if sum(each.asked_ms > now_ms - DAY_MS for each in view.asked) >= MOST_A_DAY:
        raise Problem(
            "You asked several times today already.", "Each question is answered by a person.",
            "Wait for the answers, or contact us as shown on this page.", code="receipt.slow_down", status=429,
        )  # fmt: skip
    visit.house.desk.receipts.ask(visit.path["token"], what, language=visit.language, note=words)
    return Goto(f"/receipts/{_token(visit, view)}?asked=1&lang={visit.language}#asked")


def proof(visit: Visit) -> Download:
    """A receipt as a file: the record's place in the log and the way to the signed head; nothing private in it."""
    view, number = _view(visit), visit.path["number"]
    if not (number.isascii() and number.isdigit() and 1 <= int(number) <= len(view.proofs)):
        raise _missing()
    made = view.proofs[int(number) - 1]
    return Download(f"receipt-{number}.json", "application/json", made.json())


def verifier(visit: Visit) -> Download:
    """The program that checks a receipt."""
    _view(visit)
    return Download("verify.py", "text/x-python; charset=utf-8", VERIFIER.read_bytes())


def _view(visit: Visit) -> CustomerView:
    """The receipt of the address; one Problem for everything that isn't one, or no longer."""
    try:
        return visit.house.desk.receipts.show(visit.path["token"], visit.language)
    except Problem as problem:
        if problem.status >= 500:
            raise
        raise _missing() from None


def _proof(made: Receipt) -> dict[str, Any]:
    head = note.parse(made.checkpoint)
    kind = msgspec.json.decode(made.leaf)["kind"]
    return {"kind": kind, "index": made.index, "size": head.size, "root": head.root.hex()}


def _token(visit: Visit, view: CustomerView) -> str:
    """The token as we make it, not as the request brought it."""
    return visit.house.desk.receipts.token(view.explanation.decision)


def _by(view: CustomerView) -> By:
    """Who decided: a person where a release or an override is proven beside the decision."""
    if not view.explanation.left:
        return "nobody_yet"
    return "person" if len(view.proofs) > 1 else "model"


def _open(view: CustomerView, what: str) -> bool:
    return any(each.what == what and each.answered_ms is None for each in view.asked)


def _missing() -> Problem:
    return Problem(
        "There is no such receipt.",
        "The address was mistyped, or it no longer counts.",
        "Take the address from our letter or scan its code again.",
        code="receipt.missing",
        status=404,
    )


_RECEIPT = Page("/receipts/{token}", show, "receipts/receipt.html")
PAGES: tuple[Page, ...] = (
    _RECEIPT,
    Page("/receipts/{token}", ask, method="POST", again=_RECEIPT),
    Page("/receipts/{token}/proof/{number}", proof),
    Page("/receipts/{token}/verify.py", verifier),
)
