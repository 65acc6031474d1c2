"""Which catalogue judged when, what changed between two, and what people saw of the wording."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from waglan.console.house import open_index
from waglan.core.events import WordingSeen
from waglan.core.problem import Problem
from waglan.evidence.catalogue import Catalogue, Clause, differences, load
from waglan.evidence.catalogue.force import FOLDER, InForce, of, periods, put_in_force
from waglan.evidence.catalogue.wording import sightings, with_wording
from waglan.index import Index
from waglan.runtime import Workspace

replace = msgspec.structs.replace


class Rooms(NamedTuple):
    workspace: Workspace
    index: Index  # type: ignore[assignment] # the room's own word

    def periods(self) -> tuple[InForce, ...]:
        self.index.follow()
        with self.index.reading() as connection:
            return periods(connection)


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    with Workspace.create(tmp_path / "w", tenant="bank") as workspace:
        index = open_index(workspace)
        yield Rooms(workspace, index)
        index.close()


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return load()


def newer(catalogue: Catalogue, version: str = "2026.12") -> Catalogue:
    return replace(catalogue, version=version)


def test_a_catalogue_comes_into_force_once_and_is_read_back_as_it_was(rooms: Rooms, shipped: Catalogue) -> None:
    workspace = rooms.workspace
    assert rooms.periods() == ()
    first = put_in_force(workspace, shipped, actor="p-1")
    assert first is not None
    assert put_in_force(workspace, shipped) is None
    assert put_in_force(workspace, shipped, index=rooms.index) is None
    leaf = workspace.ledger.leaf(first.index)
    assert (leaf["kind"], leaf["actor"], leaf["facts"]["clauses"]) == ("catalogue", "p-1", 123)
    assert of(workspace, shipped.digest) == shipped
    assert of(workspace.folder, shipped.digest).digest == shipped.digest
    assert rooms.periods() == (InForce(shipped.digest, 0),)


def test_periods_follow_the_log_and_the_first_reaches_back_to_its_beginning(rooms: Rooms, shipped: Catalogue) -> None:
    workspace, later = rooms.workspace, newer(shipped)
    workspace.opt_out("somebody")
    put_in_force(workspace, shipped)
    second = put_in_force(workspace, later, index=rooms.index)
    back = put_in_force(workspace, shipped)
    assert second is not None
    assert back is not None
    assert rooms.periods() == (
        InForce(shipped.digest, 0),
        InForce(later.digest, second.index),
        InForce(shipped.digest, back.index),
    )


def test_a_kept_catalogue_that_was_changed_or_lost_is_refused(rooms: Rooms, shipped: Catalogue) -> None:
    workspace = rooms.workspace
    put_in_force(workspace, shipped)
    path = workspace.folder / FOLDER / f"{shipped.digest}.json"
    path.write_bytes(path.read_bytes().replace(b'"version":"2026.11"', b'"version":"2026.10"'))
    for act in (lambda: of(workspace, shipped.digest), lambda: put_in_force(workspace, shipped)):
        with pytest.raises(Problem) as caught:
            act()
        assert caught.value.code == "catalogue.digest"
    path.unlink()
    with pytest.raises(Problem) as caught:
        of(workspace, shipped.digest)
    assert caught.value.code == "catalogue.missing"


def test_a_catalogue_of_a_later_release_says_so(rooms: Rooms) -> None:
    import hashlib

    data = b'{"id":"hk-fi-ai","moons":2}'
    digest = hashlib.sha256(data).hexdigest()
    folder = rooms.workspace.folder / FOLDER
    folder.mkdir()
    (folder / f"{digest}.json").write_bytes(data)
    with pytest.raises(Problem) as caught:
        of(rooms.workspace, digest)
    assert caught.value.code == "catalogue.newer"


def changed(catalogue: Catalogue, clause: Clause) -> Catalogue:
    return replace(catalogue, clauses=tuple([clause if c.id == clause.id else c for c in catalogue.clauses]))


def test_differences_name_what_came_went_and_changed(shipped: Catalogue) -> None:
    assert differences(shipped, shipped) == ()
    gone = replace(shipped, clauses=shipped.clauses[1:])
    first = shipped.clauses[0]
    assert [(c.what, c.clause) for c in differences(shipped, gone)] == [("retired", first.id)]
    assert [(c.what, c.clause) for c in differences(gone, shipped)] == [("added", first.id)]

    old = shipped.clause("AI19.5")
    test = replace(old.tests[0], holds="validation_id is not None", gate="block")
    new = replace(
        old,
        text={**old.text, "en": "Other words."},
        wording="primary",
        locator="5",
        applies_to=("bank",),
        until=dt.date(2027, 1, 1),
        source="HKMA-BDAI-2019",
        tests=(test, replace(old.tests[1], id="AI19.5.3")),
    )
    found = {(c.what, c.test, c.part): c for c in differences(shipped, changed(shipped, new))}
    assert found.keys() == {
        ("wording", "", ""), ("text", "", "en"), ("source", "", "source"), ("addressee", "", "applies_to"),
        ("duty", "", "until"), ("test", "AI19.5.1", "holds"), ("test", "AI19.5.1", "gate"),
        ("test_added", "AI19.5.3", ""), ("test_retired", "AI19.5.2", ""),
    }  # fmt: skip
    wording = found["wording", "", ""]
    assert (wording.old, wording.new, wording.raised) == ("S", "V 5", True)
    assert found["test", "AI19.5.1", "holds"].old == old.tests[0].holds
    assert found["test", "AI19.5.1", "holds"].new == "validation_id is not None"


def test_a_person_raises_a_wording_and_another_sighting_takes_it_back(rooms: Rooms, shipped: Catalogue) -> None:
    def seen() -> Catalogue:
        rooms.index.follow()
        with rooms.index.reading() as connection:
            return with_wording(shipped, sightings(connection))

    assert shipped.clause("AI19.5").letter == "S"
    rooms.workspace.record(WordingSeen(clause="AI19.5", wording="primary", where="the letter"), actor="p-1")
    rooms.workspace.record(WordingSeen(clause="AI19.6", wording="unverified"), actor="p-1")
    rooms.workspace.record(WordingSeen(clause="GONE.1", wording="primary", locator="1"), actor="p-1")
    assert seen() == shipped
    rooms.workspace.record(
        WordingSeen(clause="AI19.5", wording="primary", where="the letter", locator="principle 5"), actor="p-2"
    )
    raised = seen()
    clause = raised.clause("AI19.5")
    assert (clause.letter, clause.locator) == ("V", "principle 5")
    assert (clause.seen[-1].by, clause.seen[-1].where, clause.seen[-1].primary) == ("p-2", "the letter", True)
    assert len(clause.seen) == len(shipped.clause("AI19.5").seen) + 1
    assert raised.digest != shipped.digest
    assert [c.what for c in differences(shipped, raised)] == ["wording"]
    rooms.workspace.record(WordingSeen(clause="AI19.5", wording="secondary"), actor="p-3")
    assert seen() == shipped


def test_mere_existence_and_single_sources_become_v_too(rooms: Rooms, shipped: Catalogue) -> None:
    single = next(c for c in shipped.clauses if c.single)
    existing = next(c for c in shipped.clauses if c.existence)
    assert (single.letter, existing.letter) == ("U", "S")
    for clause in (single, existing):
        rooms.workspace.record(WordingSeen(clause=clause.id, wording="primary", locator="1", document="D-1"))
    rooms.index.follow()
    with rooms.index.reading() as connection:
        raised = with_wording(shipped, sightings(connection))
    assert [raised.clause(c.id).letter for c in (single, existing)] == ["V", "V"]
    assert raised.clause(single.id).seen[-1].where == "D-1"


def test_a_backup_holds_the_catalogues_that_judged(rooms: Rooms, shipped: Catalogue, tmp_path: Path) -> None:
    from waglan.runtime.backup.making import _plain

    put_in_force(rooms.workspace, shipped)
    kept = {path.relative_to(rooms.workspace.folder).as_posix() for path in _plain(rooms.workspace, [])}
    assert f"{FOLDER}/{shipped.digest}.json" in kept
