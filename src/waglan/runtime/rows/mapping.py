"""The mapping file of an import: which column of a firm's past decisions is what, and how its text is read."""

from __future__ import annotations

import datetime as dt
import math
import re
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from waglan.core.decision import Route
from waglan.core.inputs import Clean, InputSchema
from waglan.core.manifest import parse_toml
from waglan.core.outcome import Outcome, Reason, fault
from waglan.core.problem import Problem, nearest
from waglan.core.usecase import UseCase

_CODE = re.compile(r"[^\W_][\w.:-]{0,95}", re.ASCII)
_TRUE = frozenset({"true", "yes", "y", "1"})
_FALSE = frozenset({"false", "no", "n", "0"})


class PastDecision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision that was made elsewhere, checked.

    Attributes
    ----------
    row
        Which row of the file it was, from 1.
    decided_at, label_at
        Milliseconds since 1970 UTC.
    inputs, aside
        As `waglan.core.Case` keeps them.
    subject
        The firm's own reference of the person; the vault makes a pseudonym of it.
    effect, value, adverse, score, confidence, reasons
        As in `waglan.core.Outcome`; ``reasons`` are codes.
    route
        Who decided then, where the file says so.
    model_id, model_version
        Which model answered then; empty when none is named.
    label
        What turned out to be true later, where it is known.
    """

    row: int
    decided_at: int
    effect: str
    inputs: dict[str, Any] = {}
    aside: dict[str, Any] = {}
    subject: str = ""
    value: Any = None
    adverse: bool | None = None
    score: float | None = None
    confidence: float | None = None
    route: Route | None = None
    reasons: tuple[str, ...] = ()
    model_id: str = ""
    model_version: str = ""
    label: str | None = None
    label_at: int | None = None


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column, or one value for all rows; ``values`` translates what stands in it, and then nothing else may."""

    column: str = ""
    constant: str = ""
    values: dict[str, str] = {}


class Time(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column of times.

    ``format`` is ``iso``, ``unix`` (seconds), ``unix_ms`` or a strptime pattern; ``time_zone`` (an IANA name or
    ``+08:00``) holds for times that name none.
    """

    column: str
    format: str = "iso"
    time_zone: str = ""


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which model answered: the same for all rows, or named by columns."""

    id: str = ""
    version: str = ""
    id_column: str = ""
    version_column: str = ""


class Codes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column of reason codes, parted by ``separator``."""

    column: str
    separator: str = ";"


class MappingFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The mapping file; ``inputs`` maps a declared input to the column that holds it."""

    decided_at: Time
    effect: Column
    value: Column | None = None
    adverse: Column | None = None
    score: Column | None = None
    confidence: Column | None = None
    route: Column | None = None
    reasons: Codes | None = None
    subject: Column | None = None
    model: Model = Model()
    label: Column | None = None
    label_at: Time | None = None
    inputs: dict[str, str] = {}


class Mapper:
    """Rows to past decisions.

    Parameters
    ----------
    text
        The mapping file (TOML).
    origin
        What to call it in messages.
    manifest
        The use case the decisions belong to.

    Raises
    ------
    Problem
        ``manifest.*`` with the line; ``mapping.invalid`` for an input that isn't declared or a time zone that
        isn't known.
    """

    def __init__(self, text: str, origin: str, manifest: UseCase) -> None:
        self._map = parse_toml(text, MappingFile, origin)
        self._manifest = manifest
        for name in self._map.inputs:
            if name not in manifest.inputs:
                raise _invalid(
                    f"{name!r} isn't an input of {manifest.name}.", nearest(name, manifest.inputs), origin, "inputs"
                )
        self._schema = InputSchema({name: manifest.inputs[name] for name in self._map.inputs})
        self._decided_at = _clock(self._map.decided_at, origin, "decided_at")
        self._label_at = _clock(self._map.label_at, origin, "label_at") if self._map.label_at else None
        for name in ("effect", "value", "adverse", "score", "confidence", "route", "subject", "label"):
            spec = getattr(self._map, name)
            if spec is not None and bool(spec.column) == bool(spec.constant):
                raise _invalid(f"[{name}] needs a column or a constant.", "It has both or neither.", origin, name)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns a file must have."""
        m = self._map
        named = [m.decided_at.column, m.label_at.column if m.label_at else "", m.reasons.column if m.reasons else ""]
        for spec in (m.effect, m.value, m.adverse, m.score, m.confidence, m.route, m.subject, m.label):
            named.append(spec.column if spec is not None else "")
        named += [m.model.id_column, m.model.version_column, *m.inputs.values()]
        return tuple(dict.fromkeys(name for name in named if name))

    def check(self, columns: Iterable[str]) -> None:
        """Refuse a file that lacks a mapped column; a Problem names each and its nearest."""
        present = tuple(columns)
        lacking = [name for name in self.columns if name not in present]
        if lacking:
            raise Problem(
                f"The file lacks {', '.join(repr(name) for name in lacking)}.",
                "The mapping reads " + ("it. " if len(lacking) == 1 else "them. ") + nearest(lacking[0], present),
                "Correct the mapping or the file's header.",
                code="file.columns",
            )

    def read(self, row: Mapping[str, Any], number: int, *, text: bool) -> PastDecision:
        """One row.

        Parameters
        ----------
        row
            Column name to text (``text``) or to JSON value.

        Raises
        ------
        Problem
            ``import.*`` or ``input.*``; its ``where`` names the column or the input.
        """
        m = self._map
        cells = {name: _cell(row.get(name)) for name in self.columns}
        effect = self._required(m.effect, cells, "effect")
        clean = self._inputs(row, text)
        adverse = _flag(self._text(m.adverse, cells), m.adverse)
        past = PastDecision(
            row=number,
            decided_at=self._decided_at(cells[m.decided_at.column]),
            effect=_code(effect, m.effect.column, "effect"),
            inputs=clean.inputs,
            aside=clean.aside,
            subject=self._text(m.subject, cells) or clean.subject,
            value=self._text(m.value, cells) or None,
            adverse=adverse if adverse is not None else effect in self._manifest.adverse_effects,
            score=_number(self._text(m.score, cells), m.score),
            confidence=_number(self._text(m.confidence, cells), m.confidence),
            route=_route(self._text(m.route, cells), m.route),
            reasons=self._reasons(cells),
            model_id=cells.get(m.model.id_column, "") or m.model.id,
            model_version=cells.get(m.model.version_column, "") or m.model.version,
            label=self._text(m.label, cells) or None,
            label_at=self._label_time(cells),
        )
        return _whole(past)

    def _inputs(self, row: Mapping[str, Any], text: bool) -> Clean:
        mapped = {name: row[column] for name, column in self._map.inputs.items() if column in row}
        return self._schema.clean_text(mapped) if text else self._schema.clean(mapped)

    def _label_time(self, cells: Mapping[str, str]) -> int | None:
        spec = self._map.label_at
        if spec is None or self._label_at is None or not cells[spec.column]:
            return None
        return self._label_at(cells[spec.column])

    def _reasons(self, cells: Mapping[str, str]) -> tuple[str, ...]:
        spec = self._map.reasons
        if spec is None:
            return ()
        codes = (part.strip() for part in cells[spec.column].split(spec.separator))
        return tuple(_code(code, spec.column, "reason") for code in codes if code)

    @staticmethod
    def _text(spec: Column | None, cells: Mapping[str, str]) -> str:
        if spec is None:
            return ""
        found = cells[spec.column] if spec.column else spec.constant
        if not found or not spec.values:
            return found
        if found not in spec.values:
            raise _wrong(spec.column, found, f"The mapping translates only {', '.join(map(repr, spec.values))}.")
        return spec.values[found]

    def _required(self, spec: Column, cells: Mapping[str, str], name: str) -> str:
        found = self._text(spec, cells)
        if not found:
            raise Problem(
                f"The {name} is missing.",
                "A past decision without one says nothing.",
                f"Give {spec.column!r} a value.",
                code="import.missing",
                where=spec.column,
            )
        return found


def _whole(past: PastDecision) -> PastDecision:
    """The same, or a Problem where the log couldn't take it."""
    outcome = Outcome(
        value=past.value if past.value is not None else past.effect,
        effect=past.effect,
        adverse=past.adverse,
        confidence=past.confidence,
        score=past.score,
        reasons=tuple(Reason(code=code) for code in past.reasons),
    )
    if why := fault(outcome):
        raise _wrong("", why, "The record takes a confidence from 0 to 1 and finite scores.")
    for name in ("model_id", "model_version", "label"):
        if getattr(past, name):
            _code(getattr(past, name), name, name)
    return past


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else msgspec.json.encode(value).decode().strip('"')


def _code(text: str, column: str, noun: str) -> str:
    if not _CODE.fullmatch(text):
        raise _wrong(
            column,
            text[:40],
            f"A {noun} stands in the open part of the record: a short code of ASCII letters and digits.",
        )
    return text


def _flag(text: str, spec: Column | None) -> bool | None:
    if not text:
        return None
    if text.lower() in _TRUE or text.lower() in _FALSE:
        return text.lower() in _TRUE
    raise _wrong(spec.column if spec else "", text, "It must be true or false.")


def _number(text: str, spec: Column | None) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise _wrong(spec.column if spec else "", text, "It must be a finite number.")
    return value


def _route(text: str, spec: Column | None) -> Route | None:
    if not text:
        return None
    if text not in tuple(Route):
        raise _wrong(
            spec.column if spec else "", text, f"It must be {', '.join(Route)}; translate with values = {{…}}."
        )
    return Route(text)


def _clock(spec: Time, origin: str, section: str) -> Callable[[str], int]:
    """Reads one column's times as milliseconds since 1970 UTC."""
    zone = _zone(spec.time_zone, origin, section) if spec.time_zone else None

    def moment(text: str) -> dt.datetime:
        if spec.format in ("unix", "unix_ms"):
            return dt.datetime.fromtimestamp(float(text) / (1000 if spec.format == "unix_ms" else 1), dt.UTC)
        read = dt.datetime.fromisoformat(text) if spec.format == "iso" else dt.datetime.strptime(text, spec.format)
        return read.replace(tzinfo=zone) if read.tzinfo is None else read

    def read(text: str) -> int:
        try:
            found = moment(text)
        except (ValueError, OverflowError, OSError):
            raise _wrong(spec.column, text, f"It must be a time in the format {spec.format!r}.") from None
        if found.tzinfo is None:
            raise _wrong(spec.column, text, f"It names no time zone; set time_zone under [{section}].")
        at_ms = round(found.timestamp() * 1000)
        if not 0 <= at_ms < 1 << 47:
            raise _wrong(spec.column, text, "Times before 1970 can't be recorded.")
        return at_ms

    return read


def _zone(name: str, origin: str, section: str) -> dt.tzinfo:
    if fixed := re.fullmatch(r"([+-])(\d\d):(\d\d)", name):
        offset = dt.timedelta(hours=int(fixed[2]), minutes=int(fixed[3]))
        if offset < dt.timedelta(hours=24):
            return dt.timezone(offset if fixed[1] == "+" else -offset)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        advice = "Use an IANA name such as Asia/Hong_Kong (needs the system's tzdata) or an offset such as +08:00."
        raise _invalid(f"There is no time zone {name!r}.", advice, origin, section) from None


def _wrong(column: str, shown: str, why: str) -> Problem:
    return Problem(
        f"{column or 'The outcome'} can't be {shown[:60]!r}.",
        why,
        "Correct the row or the mapping.",
        code="import.wrong",
        where=column,
    )


def _invalid(what: str, why: str, origin: str, section: str) -> Problem:
    return Problem(what, why, "Correct the mapping file.", code="mapping.invalid", where=f"{origin}, [{section}]")
