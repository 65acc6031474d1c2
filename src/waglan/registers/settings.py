"""``[registers]`` of ``waglan.toml``: stricter reporting clocks, and when a failed monitor is an incident."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from waglan.runtime.settings import section

Days = Annotated[int, msgspec.Meta(ge=1, le=365)]
Share = Annotated[float, msgspec.Meta(gt=0.0, le=1.0)]


class RegistersSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How registers and incidents are kept here.

    Attributes
    ----------
    tighten
        Reporting clock to the hours that the firm allows itself, fewer than the clock's own.
    alarm_days
        How long a test or monitor may stay failed before that is an incident.
    reopen_days
        What comes back within so many days after an incident was closed reopens it; later it is another one.
    concentration
        From this Herfindahl-Hirschman index on (0 to 1), pages warn that few vendors answer.
    drills
        Whether the server runs drills by itself when they are due.
    """

    tighten: dict[str, float] = {}
    alarm_days: Days = 7
    reopen_days: Days = 7
    concentration: Share = 0.25
    drills: bool = False


def read(table: Mapping[str, Any]) -> RegistersSection:
    """The section as checked; a Problem (``settings.*``) says what is wrong."""
    return section(table, "registers", RegistersSection)
