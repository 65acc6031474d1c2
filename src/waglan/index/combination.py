"""What repeats from decision to decision, kept once: the shape that pages filter by, the detail that lists show."""

from __future__ import annotations

import sqlite3
from typing import Any, Literal, NamedTuple

import msgspec

from waglan.index.projection import DecisionPart

Mode = Literal["live", "drill", "replay", "imported"]
MODES: tuple[Mode, ...] = ("live", "drill", "replay", "imported")
_PASS = "pass"
_FIND_SHAPE = (
    "SELECT shape FROM shape WHERE use_case = ? AND route = ? AND effect = ? AND ifnull(adverse, -1) = ifnull(?, -1) "
    "AND model = ? AND model_version = ? AND mode = ? AND tier = ?"
)
_NEW_SHAPE = "INSERT INTO shape VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, 0, -1, -1, 0, 0)"
_controls = msgspec.json.Decoder(list[list[str]]).decode
_models = msgspec.json.Decoder(list[list[Any]]).decode
_codes = msgspec.json.Decoder(tuple[str, ...]).decode
_encode = msgspec.json.Encoder(order="deterministic").encode


class Detail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a list shows of a decision beside its shape; ``flagged`` are the controls that didn't simply pass."""

    channel: str = ""
    disclosure_id: str = ""
    failover: bool = False
    flagged: tuple[tuple[str, str], ...] = ()
    language: str = ""
    phase: str = ""
    use_case_version: str = ""
    why: tuple[str, ...] = ()


class Combination(NamedTuple):
    """A combination of repeating values, decoded once per batch."""

    use_case: str
    mode: Mode
    tier: str
    detail: Detail
    controls: tuple[tuple[str, str], ...]
    models: tuple[tuple[str, str, bool], ...]


class Book:
    """The combinations of one batch, numbered as they come; ids of new ones are given by the tables."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._numbers: dict[tuple[object, ...], tuple[int, int, int, int]] = {}
        self.combinations: list[Combination] = []
        self.groups: list[tuple[str, Mode]] = []

    def of(self, f: DecisionPart) -> tuple[int, int, int, int]:
        """A decision's combination and its group (use case and mode) by number, its shape and its detail by id."""
        key = (
            f.use_case, f.route, f.effect, f.adverse, bytes(f.models), bytes(f.controls), bytes(f.why), f.imported,
            f.replay, f.drill, f.tier, f.channel, f.language, f.failover, f.phase, f.use_case_version, f.disclosure_id,
        )  # fmt: skip
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = self._new(f)
        return found

    def _new(self, f: DecisionPart) -> tuple[int, int, int, int]:
        made = _combination(f)
        self.combinations.append(made)
        answering = [each for each in made.models if each[2]]
        model, version = answering[-1][:2] if answering else ("", "")
        shape = (made.use_case, f.route or "", f.effect, f.adverse, model, version, made.mode, made.tier)
        said = _encode(made.detail).decode()
        group = (made.use_case, made.mode)
        if group not in self.groups:
            self.groups.append(group)
        return (
            len(self.combinations) - 1,
            self.groups.index(group),
            self._id(_FIND_SHAPE, shape, _NEW_SHAPE),
            self._id("SELECT detail FROM detail WHERE said = ?", (said,), "INSERT INTO detail VALUES (NULL, ?)"),
        )

    def _id(self, find: str, values: tuple[object, ...], insert: str) -> int:
        found = self._connection.execute(find, values).fetchone()
        return int(found[0]) if found else int(self._connection.execute(insert, values).lastrowid or 0)


def _combination(f: DecisionPart) -> Combination:
    controls = tuple([(each[0], each[1]) for each in _controls(f.controls)])
    return Combination(
        use_case=f.use_case,
        mode="imported" if f.imported else "replay" if f.replay else "drill" if f.drill else "live",
        tier=f.tier or "",
        detail=Detail(
            channel=f.channel,
            disclosure_id=f.disclosure_id,
            failover=f.failover,
            flagged=tuple([each for each in controls if each[1] != _PASS]),
            language=f.language or "",
            phase=f.phase,
            use_case_version=f.use_case_version,
            why=_codes(f.why),
        ),
        controls=controls,
        models=tuple([(str(each[0]), str(each[1]), bool(each[5])) for each in _models(f.models)]),
    )
