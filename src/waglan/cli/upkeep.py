"""What ``waglan doctor`` finds about people, keys, backups, the index and the review queue. People are named by id."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from waglan.access import Access, Person, local
from waglan.access.access import FILE as ACCESS
from waglan.cli.looked import Check, of_problem
from waglan.console.house import open_index
from waglan.core.clock import iso
from waglan.core.problem import Problem
from waglan.index import FILE as INDEX
from waglan.index import Index, events
from waglan.review import Desk
from waglan.runtime import Workspace

DAY_MS = 86_400_000
STALE_DAYS = 2
"""So old the newest backup may be: one that failed may be made up for the next night."""
SOON_DAYS = 7
MOST_FOLLOWED = 20_000
"""So many entries are taken into the index here; a longer gap is the server's work."""
_STRONG = ("admin", "approver")


def upkeep(workspace: Workspace) -> Iterator[Check]:
    """Each of these, whatever the others meet."""
    try:
        yield from _backups(workspace)
    except Problem as problem:
        yield of_problem("backups", problem)
    if not (workspace.folder / ACCESS).exists():
        advice = "Run waglan serve and open the one-time link that it prints, or add somebody by waglan user add."
        yield Check(name="people", state="note", told="access isn't set up: nobody can use the console", next=advice)
        return
    try:
        tenant = workspace.settings.workspace.tenant
        with Access.open(workspace.folder, tenant=tenant, clock=workspace.clock) as access:
            yield from _people(workspace, access)
            yield from _keys(workspace, access)
            yield from _indexed(workspace, access)
    except Problem as problem:
        yield of_problem("people", problem)


def _backups(workspace: Workspace) -> Iterator[Check]:
    backups, now_ms = workspace.vault.backups, workspace.clock.now_ms()
    newest = backups.newest()
    if newest is None:
        advice = "waglan backup DIR, daily; docs/operations.md says how."
        yield Check(name="backups", state="note", told="none is known", next=advice)
    elif now_ms - newest > STALE_DAYS * DAY_MS:
        told = f"The newest is of {iso(newest)}, {(now_ms - newest) // DAY_MS} days ago."
        advice = "Look why the nightly backup doesn't run, and make one."
        yield Check(name="backups", state="finding", told=told, next=advice)
    else:
        yield Check(name="backups", state="ok", told=f"newest of {iso(newest)}")
    if backups.owed():
        told = "A backup that couldn't be reached still holds keys of people who were erased."
        yield Check(name="backups", state="finding", told=told, next="Mount it and run this again, or destroy it.")


def _people(workspace: Workspace, access: Access) -> Iterator[Check]:
    now_ms = workspace.clock.now_ms()
    everybody = access.people.all()
    active = [person for person in everybody if person.open(now_ms)]
    if not any("admin" in person.roles for person in active):
        advice = "Run waglan serve for a one-time link, or waglan user add NAME EMAIL --role admin."
        told = "nobody can manage people and keys"
        yield Check(name="people", state="finding" if everybody else "note", told=told, next=advice)
    else:
        yield Check(name="people", state="ok", told=f"{len(active)} of {len(everybody)} may act")
    weak = [p.id for p in active if set(_STRONG) & set(p.roles) and not access.passkeys.all(p.id)]
    if weak:
        told = f"no passkey, though they administer or approve: {_some(weak)}"
        advice = "They add one under their own name in the console."
        yield Check(name="second factor", state="note", told=told, next=advice)
    ended = [p.id for p in everybody if p.state == "active" and not p.open(now_ms)]
    if ended:
        told = f"access has ended: {_some(ended)}"
        yield Check(name="people", state="note", told=told, next="waglan user disable, or change with a later --until.")


def _keys(workspace: Workspace, access: Access) -> Iterator[Check]:
    now_ms = workspace.clock.now_ms()
    kept = [key for key in access.keys.all() if key.revoked_ms is None]
    soon = [key.id for key in kept if 0 < key.expires_ms - now_ms <= SOON_DAYS * DAY_MS and key.used_ms]
    if soon:
        told = f"in use and at an end within {SOON_DAYS} days: {_some(soon)}"
        advice = "waglan key create, switch the system over, waglan key revoke."
        yield Check(name="keys of machines", state="finding", told=told, next=advice)
    ended = [key.id for key in kept if key.expires_ms <= now_ms]
    if ended:
        told = f"expired: {_some(ended)}"
        yield Check(
            name="keys of machines", state="note", told=told, next="waglan key revoke takes them off this list."
        )
    if not soon and not ended:
        yield Check(name="keys of machines", state="ok", told=f"{len(kept)} count")


def _indexed(workspace: Workspace, access: Access) -> Iterator[Check]:
    if not (workspace.folder / INDEX).exists():
        yield Check(name="index", state="note", told="not made yet; the server makes it")
        return
    try:
        with closing(open_index(workspace)) as index:
            behind = index.missing()
            if behind > MOST_FOLLOWED:
                told = f"{behind:,} entries behind the log"
                advice = "waglan serve takes them in; look whether it runs."
                yield Check(name="index", state="finding", told=told, next=advice)
                return
            index.follow()
            yield Check(name="index", state="ok", told="has all of the log")
            yield from _reviews(workspace, access, index)
            yield from _as_recorded(access.people.all(), index)
    except Problem as problem:
        yield of_problem("index", problem)


def _reviews(workspace: Workspace, access: Access, index: Index) -> Iterator[Check]:
    counts = Desk.open(workspace, index, access).counts(local(workspace.settings.workspace.tenant))
    told = f"{counts.open} wait, {counts.judged} to be released, {counts.overdue} past their time"
    if counts.overdue:
        yield Check(name="reviews", state="finding", told=told, next="Have somebody take them: the console's Reviews.")
    else:
        yield Check(name="reviews", state="ok", told=told)


def _as_recorded(people: list[Person], index: Index) -> Iterator[Check]:
    """Whether people may do here what the log last said: an older ``access.db`` lets people in who were shut out."""
    with index.reading() as connection:
        newest = {each.facts["person"]: each.facts for each in events.registered(connection, "person")}
    recorded = {who: (f.get("state", "active"), tuple(sorted(f.get("roles", ())))) for who, f in newest.items()}
    differ = [
        person.id
        for person in people
        if person.id in recorded and recorded[person.id] != (person.state, tuple(sorted(person.roles)))
    ]
    if differ:
        told = f"what they may do isn't what the log last said: {_some(differ)}; access.db may be an older copy"
        yield Check(name="people", state="finding", told=told, next="Set it right with waglan user change or disable.")


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
