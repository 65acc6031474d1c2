"""The entrance: set-up, sign-in by password, passkey or the firm's own, sign-out, one's own page."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import msgspec

from waglan.access import Person, fresh, registrations
from waglan.access.sessions import Started
from waglan.console import language
from waglan.console.page import Goto, Leave, Page, Shown
from waglan.console.visit import Visit
from waglan.core.problem import Problem

HOME = "/overview"
_ENTRANCE = ("/console/sign-", "/console/join", "/console/welcome", "/console/confirm")


def sign_in(visit: Visit) -> Shown | Goto:
    """The door: password, passkey, and the firm's own sign-in where there is one."""
    if visit.identity is not None:
        return Goto(onward(visit.query.get("next", "")))
    return {
        "next": visit.query.get("next", ""),
        "options": _sign_in_options(visit),
        "oidc": visit.house.access.oidc is not None,
        "nobody": not visit.house.access.people.all(),
    }


def sign_in_with_password(visit: Visit) -> Goto:
    """Begin a session for whoever knows a password."""
    access = visit.house.access
    person = access.passwords.verify(
        visit.form.text("email"), visit.form.fields.get("password", ""), where=visit.client
    )
    return _entered(visit, person, "password", visit.form.text("next"))


def sign_in_with_passkey(visit: Visit) -> Goto:
    """Begin a session for whoever holds a registered authenticator."""
    person, authenticator = visit.house.access.passkeys.authenticate(visit.form.required("response"), visit.origin)
    return _entered(visit, person, authenticator, visit.form.text("next"))


def to_oidc(visit: Visit) -> Leave:
    """Off to the firm's identity provider, whose address stands in the settings."""
    oidc = visit.house.access.oidc
    if oidc is None:
        raise _no_oidc()
    begun = oidc.begin(onward(visit.query.get("next", "")), _back(visit))
    return Leave(begun.url, begun.binding)


def from_oidc(visit: Visit) -> Goto:
    """Back from the identity provider."""
    oidc = visit.house.access.oidc
    if oidc is None:
        raise _no_oidc()
    done = oidc.finish(visit.query, _back(visit), visit.binding)
    if done.changed:
        visit.house.workspace.record(registrations.of_person(done.person), actor=done.person.id)
    return _entered(visit, done.person, done.authenticator, f"/console{done.forward}")


def welcome(visit: Visit) -> Shown:
    """The first set-up, by the link that the terminal printed."""
    return {"token": visit.path["token"]}


def set_up(visit: Visit) -> Goto:
    """Make the first administrator and sign them in."""
    form = visit.form
    person = visit.house.access.people.set_up(
        visit.path["token"], form.required("name"), form.required("email"), _new_password(visit)
    )
    visit.house.workspace.record(registrations.of_person(person), actor=person.id)
    return _entered(visit, person, "password", "")


def join(visit: Visit) -> Shown:
    """An invitation: choose a password."""
    return {"token": visit.path["token"]}


def accept(visit: Visit) -> Goto:
    """Set the password of an invitation and sign its owner in."""
    person = visit.house.access.people.accept(visit.path["token"], _new_password(visit))
    return _entered(visit, person, "password", "")


def sign_out(visit: Visit) -> Goto:
    """End the session, here and in the browser."""
    visit.house.access.sessions.end(visit.cookie)
    return Goto("/sign-in", "signed_out", "-")


def confirm(visit: Visit) -> Shown:
    """Prove again who one is, before what needs it."""
    return {"next": visit.query.get("next", ""), "options": _sign_in_options(visit) if _passkeys(visit) else None}


def confirmed(visit: Visit) -> Goto:
    """A password or passkey was given again: a new cookie, and on."""
    access, me = visit.house.access, visit.me
    if visit.form.text("response"):
        person, authenticator = access.passkeys.authenticate(visit.form.required("response"), visit.origin)
    else:
        email = access.people.get(me.id).email
        person = access.passwords.verify(email, visit.form.fields.get("password", ""), where=visit.client)
        authenticator = "password"
    if person.id != me.id:
        raise Problem(
            "This passkey belongs to somebody else.", "Only the person who is signed in can confirm.",
            "Use your own passkey or password.", code="access.denied", status=403,
        )  # fmt: skip
    started = access.sessions.step_up(visit.cookie, authenticator)
    return Goto(onward(visit.form.text("next")), cookie=started.cookie)


def me(visit: Visit) -> Shown:
    """One's own page: roles, language, how one signs in."""
    access, me = visit.house.access, visit.me
    person = access.people.get(me.id)
    return {
        "person": msgspec.to_builtins(person),
        "authenticator": me.authenticator.partition(":")[0],
        "authenticated_ms": me.authenticated_ms,
        "until_ms": me.until_ms,
        "passkeys": _passkeys(visit),
        "options": access.passkeys.registration_options(person, visit.origin) if passkeys_work(visit.origin) else None,
        "fresh": fresh(me),
    }


def add_passkey(visit: Visit) -> Goto:
    """Register an authenticator; it needs a recent proof of who one is."""
    _needs_fresh(visit)
    access = visit.house.access
    person = access.people.get(visit.me.id)
    access.passkeys.register(person, visit.form.required("response"), visit.origin, visit.form.text("name"))
    return Goto("/me", "saved")


def remove_passkey(visit: Visit) -> Goto:
    """Forget one of one's own authenticators."""
    _needs_fresh(visit)
    visit.house.access.passkeys.remove(visit.me.id, visit.form.required("passkey"))
    return Goto("/me", "saved")


def change_password(visit: Visit) -> Goto:
    """Set a new password; every session ends, this one goes on under a new cookie."""
    access, me = visit.house.access, visit.me
    person = access.people.get(me.id)
    access.passwords.verify(person.email, visit.form.fields.get("password", ""), where=visit.client)
    access.passwords.set(me.id, _new_password(visit))
    return Goto("/me", "saved", access.sessions.start(person, "password").cookie)


def sign_out_everywhere(visit: Visit) -> Goto:
    """End all of one's sessions."""
    visit.house.access.sessions.end_all(visit.me.id)
    return Goto("/sign-in", "signed_out", "-")


def choose_language(visit: Visit) -> Goto:
    """Remember a language: with the person who is signed in, and in this browser."""
    chosen = language.known(visit.form.text("language"))
    if chosen is None:
        raise Problem(
            "This language isn't one of ours.", "The console speaks English, Traditional and Simplified Chinese.",
            "Choose one of the three.", code="form.language",
        )  # fmt: skip
    if visit.identity is not None and visit.identity.kind == "person":
        visit.house.access.people.change(visit.identity.id, language=chosen)
    return Goto(onward(visit.form.text("next"), entrance=True), language=chosen)


def onward(address: str, *, entrance: bool = False) -> str:
    """Where to go next: an address of the console, never another site.

    Only path and query are taken, and only below ``/console/``; anything else goes to the overview. Pages of the
    entrance itself are left out unless asked for, so that nobody is sent in a circle.

    References
    ----------
    OWASP *Unvalidated Redirects and Forwards Cheat Sheet*.
    """
    if "\\" in address or not address.isprintable():
        return HOME
    parts = urlsplit(address)
    path = parts.path
    if parts.scheme or parts.netloc or not path.startswith("/console/") or "//" in path or ".." in path:
        return HOME
    if path.startswith(_ENTRANCE) and not entrance:
        return HOME
    query = urlencode(parse_qsl(parts.query))
    return quote(path.removeprefix("/console")) + (f"?{query}" if query else "")


def _back(visit: Visit) -> str:
    """Where the identity provider sends the browser: an address of ours, as it is registered there."""
    return f"{visit.origin}/console/sign-in/oidc/back"


def _entered(visit: Visit, person: Person, authenticator: str, forward: str) -> Goto:
    started: Started = visit.house.access.sessions.start(person, authenticator, old=visit.cookie)
    return Goto(onward(forward), cookie=started.cookie)


def _new_password(visit: Visit) -> str:
    password = visit.form.fields.get("new", "")
    if password != visit.form.fields.get("again", ""):
        raise Problem(
            "The two passwords differ.", "It is asked for twice so that a slip doesn't lock you out.",
            "Type the same password in both fields.", code="access.password", where="again",
        )  # fmt: skip
    return password


def passkeys_work(origin: str) -> bool:
    """Whether browsers make passkeys for this address: https, or this very machine by its name."""
    parts = urlsplit(origin)
    return parts.scheme == "https" or parts.hostname == "localhost"


def _sign_in_options(visit: Visit) -> Mapping[str, object] | None:
    return visit.house.access.passkeys.authentication_options(visit.origin) if passkeys_work(visit.origin) else None


def _passkeys(visit: Visit) -> list[dict[str, object]]:
    return [msgspec.to_builtins(each) for each in visit.house.access.passkeys.all(visit.me.id)]


def _needs_fresh(visit: Visit) -> None:
    if not fresh(visit.me):
        raise Problem(
            "Please confirm that it is you.", "You signed in a while ago, and this changes how you sign in.",
            "Confirm with your password or passkey, then do it again.", code="access.stale", status=403,
        )  # fmt: skip


def _no_oidc() -> Problem:
    return Problem(
        "There is no sign-in by the firm's own identity provider.", "The section [oidc] of waglan.toml is empty.",
        "Sign in with a password or passkey.", code="access.oidc", status=404,
    )  # fmt: skip


_SIGN_IN = Page("/sign-in", sign_in, "entrance/sign_in.html")
_WELCOME = Page("/welcome/{token}", welcome, "entrance/welcome.html")
_JOIN = Page("/join/{token}", join, "entrance/join.html")
_CONFIRM = Page("/confirm", confirm, "entrance/confirm.html")
_ME = Page("/me", me, "entrance/me.html")

PAGES: tuple[Page, ...] = (
    _SIGN_IN,
    Page("/sign-in", sign_in_with_password, method="POST", again=_SIGN_IN),
    Page("/sign-in/passkey", sign_in_with_passkey, method="POST", again=_SIGN_IN),
    Page("/sign-in/oidc", to_oidc),
    Page("/sign-in/oidc/back", from_oidc),
    _WELCOME,
    Page("/welcome/{token}", set_up, method="POST", again=_WELCOME),
    _JOIN,
    Page("/join/{token}", accept, method="POST", again=_JOIN),
    Page("/sign-out", sign_out, method="POST"),
    Page("/language", choose_language, method="POST"),
    _CONFIRM,
    Page("/confirm", confirmed, method="POST", again=_CONFIRM),
    _ME,
    Page("/me/passkeys", add_passkey, method="POST", again=_ME),
    Page("/me/passkeys/remove", remove_passkey, method="POST", again=_ME),
    Page("/me/password", change_password, method="POST", again=_ME),
    Page("/me/sign-out-everywhere", sign_out_everywhere, method="POST"),
)
