"""A scorecard on a host that can be unavailable: how the sample bank's outages come onto the record truly.

A workspace names this module under ``[plugins] modules``, which is how any firm brings a model format of its own. The
file holds a whole scorecard and the name of its host. While the host is stopped, every call fails as one over the
network would; what the runtime then does (failures, breaker, next model in line) is its own doing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from waglan.core import ModelCard, Problem, formats
from waglan.kit.scorecard import ScorecardModel
from waglan.kit.scorecard.assessment import Assessment
from waglan.kit.scorecard.scorecard import Scorecard, digest, dump, load

FORMAT = "waglan.harbour.hosted/1"
MODULE = "waglan.harbour.hosted"
HOST = "syn-scoring-1.example.com"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    id: str
    host: str
    scorecard: msgspec.Raw


class HostedScorecard(ScorecardModel):
    """A scorecard that answers while its host does.

    Attributes
    ----------
    host
        Its name.
    running
        Whether it answers.
    """

    def __init__(self, scorecard: Scorecard, host: str, digest: str) -> None:
        super().__init__(scorecard, digest)
        self.host = host
        self.running = True
        self._hosted = msgspec.structs.replace(super().card, provider=host)

    @property
    def card(self) -> ModelCard:
        """The scorecard's, with the host as its provider."""
        return self._hosted

    def stop(self) -> None:
        """Take the host down."""
        self.running = False

    def start(self) -> None:
        """Bring it back."""
        self.running = True

    def predict(self, inputs: Mapping[str, Any]) -> Assessment:
        """One applicant; ``ConnectionRefusedError`` while the host is down."""
        self._reach()
        return super().predict(inputs)

    def predict_many(self, rows: Sequence[Mapping[str, Any]]) -> list[Assessment]:
        """Many applicants, each exactly as `predict` answers."""
        self._reach()
        return super().predict_many(rows)

    def _reach(self) -> None:
        if not self.running:
            raise ConnectionRefusedError(f"{self.host} doesn't answer")


def host(raw: bytes, name: str = HOST) -> bytes:
    """The file of a scorecard as the file of a hosted one; the id stays."""
    scorecard = load(raw)
    file = _File(FORMAT, scorecard.id, name, msgspec.Raw(dump(scorecard).strip()))
    return msgspec.json.encode(file) + b"\n"


def read(raw: bytes) -> HostedScorecard:
    """A hosted scorecard from its file; Problem ``model.invalid`` when it is none."""
    try:
        file = msgspec.json.decode(raw, type=_File)
    except msgspec.MsgspecError as error:
        raise Problem(
            "The file is no hosted scorecard.",
            f"{error}.",
            "Make the sample bank again: waglan demo --fresh.",
            code="model.invalid",
        ) from None
    return HostedScorecard(load(bytes(file.scorecard)), file.host, digest(raw))


formats.add(FORMAT, read)
