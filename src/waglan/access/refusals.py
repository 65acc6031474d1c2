"""The Problems of this room, so that one refusal reads the same on every face."""

from __future__ import annotations

from pathlib import Path

from waglan.core.problem import Problem

CREDENTIALS = "access.credentials"
SLOW_DOWN = "access.slow_down"


class SlowDown(Problem):
    """Too many attempts or requests.

    Attributes
    ----------
    retry_s
        After how many whole seconds to try again.
    """

    def __init__(self, what: str, retry_s: int) -> None:
        super().__init__(
            what,
            "Too many came in too short a time.",
            f"Wait {retry_s} second{'' if retry_s == 1 else 's'} and try again.",
            code=SLOW_DOWN,
            status=429,
        )
        self.retry_s = retry_s

    def again(self) -> Problem:
        """The same refusal as another exception."""
        made = SlowDown(self.what, self.retry_s)
        made.__cause__ = self.__cause__
        return made


def sign_in(why: str = "Nobody has signed in, or the session has ended.") -> Problem:
    """401: nobody is known."""
    return Problem("Sign in first.", why, "Sign in, or send a valid key.", code="access.sign_in", status=401)


def denied(action: str, why: str, rule: str) -> Problem:
    """403: somebody is known and may not."""
    return Problem(
        f"You may not do this ({action}).", why,
        "Ask somebody whose role allows it; docs/access.md shows who may do what.",
        code="access.denied", where=rule, status=403,
    )  # fmt: skip


def missing(kind: str) -> Problem:
    """404: not there, or another institution's, which is the same to the asker."""
    return Problem(f"There is no such {kind.replace('_', ' ')} here.", "It isn't there, or it isn't yours to see.",
                   "Check the id.", code="access.missing", status=404)  # fmt: skip


def credentials() -> Problem:
    """401: whatever was wrong, it isn't said which part."""
    return Problem("That didn't match.", "The e-mail address or the password is wrong, or the access has ended.",
                   "Try again, or ask an administrator for a new link.", code=CREDENTIALS, status=401)  # fmt: skip


def token() -> Problem:
    """401: a one-time link that doesn't count."""
    return Problem("This link doesn't count any more.", "It was used, replaced or is older than a day.",
                   "Ask an administrator for a new one.", code="access.token", status=401)  # fmt: skip


def passkey(why: str) -> Problem:
    """401: a passkey's answer that isn't right."""
    return Problem("The passkey's answer can't be accepted.", why, "Try again on a fresh page.",
                   code="access.passkey", status=401)  # fmt: skip


def provider(why: str) -> Problem:
    """401: the identity provider's answer isn't right."""
    return Problem("The sign-in by the identity provider can't be accepted.", why,
                   "Begin the sign-in again; when it goes on, tell an administrator.",
                   code="access.provider", status=401)  # fmt: skip


def person(what: str, why: str, advice: str, where: str) -> Problem:
    """422: a person can't be added or changed like that."""
    return Problem(what, why, advice, code="access.person", where=where)


def no_person(person_id: str) -> Problem:
    """404: nobody of that id."""
    return Problem(f"There is nobody with the id {person_id!r}.", "No person of this institution has it.",
                   "Look for the e-mail address.", code="access.missing", where="person", status=404)  # fmt: skip


def password(why: str) -> Problem:
    """422: a new password that is too weak."""
    return Problem("This password can't be used.", why, "Take four or more random words, or let a manager make one.",
                   code="access.password", where="password")  # fmt: skip


def key(what: str, why: str, where: str) -> Problem:
    """422: a key can't be made like that."""
    return Problem(what, why, "Correct it and make the key again.", code="access.key", where=where)


def unavailable(path: Path, error: Exception) -> Problem:
    """503: the storage refuses."""
    return Problem(
        "Who may do what can't be looked up now.",
        f"The storage of {path.name} answered: {error}.",
        "Free disk space, correct the rights or repair the disk; Waglan goes on by itself.",
        code="access.unavailable", where=str(path), status=503,
    )  # fmt: skip


def newer(path: Path, version: int, known: int) -> Problem:
    """503: written by a later release."""
    return Problem(f"{path.name} was written by a newer Waglan.",
                   f"It has tables of version {version}; this program knows up to {known}.",
                   "Install that newer version.", code="access.unavailable", where=str(path), status=503)  # fmt: skip
