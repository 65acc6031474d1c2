"""The workspace's models: files read by the format they name, and models that packages bring along."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from waglan.core.clock import Clock
from waglan.core.model import Model, formats, models
from waglan.core.problem import Problem, nearest
from waglan.runtime.apart import Apart
from waglan.runtime.breaker import Breaker
from waglan.runtime.catalogue import Loaded
from waglan.runtime.kit import Seat, Slots
from waglan.runtime.registers import LogRegisters


class _Header(msgspec.Struct):
    """What every model file says of itself."""

    format: str
    id: str
    version: str = ""


class Shelf:
    """Models by id.

    Parameters
    ----------
    folder
        ``models/`` of the workspace.
    registers
        Say which version of an id is in use, where there are several files.
    clock
        For the breakers.
    """

    def __init__(self, folder: Path, registers: LogRegisters, clock: Clock) -> None:
        self._folder = folder
        self._registers = registers
        self._clock = clock
        self._seats: dict[tuple[str, str], Seat] = {}

    def slots(self, loaded: Loaded, apart: Apart) -> Slots:
        """The slots of a use case, every model loaded; a Problem names the first that can't be."""
        wanted = {name for slot in loaded.manifest.models.values() for name in slot.use}
        seats = {name: self.seat(name) for name in wanted}
        return Slots(loaded.manifest.models, seats, self._clock, apart, self._registers.model_suspended)

    def seat(self, model_id: str) -> Seat:
        """The model of an id (its version in use) with its breaker, which all use cases share."""
        model = self._find(model_id)
        key = (model.card.id, model.card.digest)
        if key not in self._seats:
            self._seats[key] = Seat(model, Breaker(self._clock.monotonic_ns))
        return self._seats[key]

    def _find(self, model_id: str) -> Model:
        files = [path for path in sorted(self._folder.glob("*.json")) if _header(path).id == model_id]
        current = self._registers.current(model_id)
        if current is not None and files:
            files = [path for path in files if _digest(path) == current.digest]
            if not files:
                raise Problem(
                    f"The file of the model {model_id} {current.version} isn't there unchanged.",
                    f"The log registers digest {current.digest[:16]}…; no file in {self._folder} has it.",
                    "Restore the file, or register the new one: waglan model register FILE.",
                    code="model.digest",
                    where=model_id,
                )
        if len(files) > 1:
            raise Problem(
                f"There are {len(files)} files for the model {model_id!r} and none is registered.",
                ", ".join(path.name for path in files),
                "Register the one to be used: waglan model register FILE.",
                code="model.ambiguous",
                where=model_id,
            )
        if files:
            return read_model(files[0])
        if model_id in models:
            return models.get(model_id)
        known = [*models, *(_header(path).id for path in self._folder.glob("*.json"))]
        raise Problem(
            f"There is no model {model_id!r}.",
            nearest(model_id, known),
            f"Train it, put its file into {self._folder}, or correct the manifest's [models].",
            code="model.unknown",
            where=model_id,
        )


def read_model(path: Path) -> Model:
    """Read a model file by the format it names.

    Raises
    ------
    Problem
        When it isn't JSON, names an unknown format, or the reader's card doesn't carry the file's digest.
    """
    header, data = _header(path), path.read_bytes()
    model = formats.get(header.format)(data)
    digest = hashlib.sha256(data).hexdigest()
    if model.card.digest != digest or model.card.id != header.id:
        raise Problem(
            f"The reader of {header.format!r} gives {path.name} another identity.",
            "A model's card must carry the file's id and its SHA-256.",
            "Correct the reader's card.",
            code="model.card",
            where=path.name,
        )
    return model


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _header(path: Path) -> _Header:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Header)
    except (msgspec.MsgspecError, OSError) as error:
        raise Problem(
            f"{path.name} isn't a model file.",
            f"{error}.",
            "A model file is JSON with format and id; remove what isn't from models/.",
            code="model.file",
            where=str(path),
        ) from None
