"""A page: its address, what it shows, and what one must be allowed to see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from waglan.access import Action
    from waglan.console.visit import Visit


class Goto(NamedTuple):
    """Where the browser goes after an action (303).

    Attributes
    ----------
    address
        Below ``/console``, made by us: never a value that a request brought.
    notice
        A code of `words.NOTICES` that the next page says at its top; empty for none.
    cookie
        A session cookie to set, ``"-"`` to delete it, empty to leave it.
    language
        A language that this browser is to remember; empty to leave it.
    """

    address: str
    notice: str = ""
    cookie: str = ""
    language: str = ""


class Leave(NamedTuple):
    """Off to another site whose address stands in the settings: the firm's identity provider.

    ``binding`` is left in this browser until it comes back, so that nobody else's answer is taken for it.
    """

    url: str
    binding: str


class Download(NamedTuple):
    """A file for the browser to keep."""

    name: str
    media: str
    body: bytes
    inline: bool = False


Shown = Mapping[str, Any]
"""What a page shows: plain JSON-able data, given to its template and to its ``.json`` twin alike."""
Answer = Shown | Goto | Leave | Download


class Page(NamedTuple):
    """One address of the console.

    Attributes
    ----------
    address
        Below ``/console``, as Starlette writes it: ``/decisions/{id}``.
    show
        Gives what is to be seen, or acts and says where to go. It runs in a thread; it may raise a Problem.
    template
        Below ``templates/``; empty for actions and downloads.
    action, kind
        What the policy is asked before ``show`` is called; no action means that everybody may come, signed in or
        not. A page about one decision or review asks again with what it knows: `Visit.require`.
    method
        GET pages have a ``.json`` twin where they have a template.
    nav
        Which entry of the navigation is lit.
    upload_bytes
        How much the body of a POST may hold.
    again
        The page with the form that a POST comes from: when ``show`` raises a Problem, it is shown again with the
        Problem at its top (``fault``) and what was typed (``typed``), so that nothing is lost.
    """

    address: str
    show: Callable[[Visit], Answer]
    template: str = ""
    action: Action | None = None
    kind: str = ""
    method: str = "GET"
    nav: str = ""
    upload_bytes: int = 64 * 1024
    again: Page | None = None
