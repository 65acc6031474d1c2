"""The Prometheus text format: families of samples, written one way.

References
----------
prometheus.io/docs/instrumenting/exposition_formats, *Text-based format*, version 0.0.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
Labels = tuple[tuple[str, str], ...]


class Sample(NamedTuple):
    """One value; ``suffix`` is ``_bucket``, ``_sum`` or ``_count`` in a histogram, empty elsewhere."""

    labels: Labels
    value: float
    suffix: str = ""


class Family(NamedTuple):
    """A metric: its name, what it is, what it says, and its samples."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    samples: tuple[Sample, ...]


def family(name: str, kind: Literal["counter", "gauge"], told: str, values: Iterable[tuple[Labels, float]]) -> Family:
    """A metric with a value for each set of labels, in a fixed order."""
    return Family(name, kind, told, tuple(sorted(Sample(labels, value) for labels, value in values)))


def histogram(labels: Labels, bounds: Sequence[float], counts: Sequence[int], total: float) -> tuple[Sample, ...]:
    """The samples of one histogram.

    Parameters
    ----------
    bounds
        Upper bounds, growing, without the infinite one.
    counts
        How many lie in each bucket, one more than bounds.
    total
        The sum of all values.
    """
    samples, below = [], 0
    for bound, count in zip((*bounds, float("inf")), counts, strict=True):
        below += count
        samples.append(Sample((*labels, ("le", _number(bound))), below, "_bucket"))
    return (*samples, Sample(labels, total, "_sum"), Sample(labels, below, "_count"))


def text(families: Iterable[Family]) -> str:
    """All families as one page, those without samples left out."""
    lines: list[str] = []
    for each in families:
        if not each.samples:
            continue
        lines.append(f"# HELP {each.name} {_escaped(each.help)}")
        lines.append(f"# TYPE {each.name} {each.kind}")
        for labels, value, suffix in each.samples:
            shown = ",".join(f'{name}="{_escaped(said, quote=True)}"' for name, said in labels)
            lines.append(f"{each.name}{suffix}{{{shown}}} {_number(value)}" if shown else
                         f"{each.name}{suffix} {_number(value)}")  # fmt: skip
    return "\n".join([*lines, ""])


def _number(value: float) -> str:
    if value == float("inf"):
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(float(value))


def _escaped(said: str, *, quote: bool = False) -> str:
    escaped = said.replace("\\", "\\\\").replace("\n", "\\n")
    return escaped.replace('"', '\\"') if quote else escaped
