"""What benchmark scripts share: arguments, the machine's state, and the closing JSON object."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any


def parser(description: str) -> argparse.ArgumentParser:
    """An argument parser with ``--json``."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--json", action="store_true", help="print only the closing JSON object")
    return made


def machine() -> dict[str, Any]:
    """Cores, load and Python: without them no figure means anything."""
    return {
        "cores": os.cpu_count(),
        "load_1m": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d"),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def median(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def say(arguments: argparse.Namespace, text: str) -> None:
    """Progress for people."""
    if not arguments.json:
        print(text, file=sys.stderr, flush=True)


def finish(figures: dict[str, Any]) -> None:
    """The closing JSON object."""
    print(json.dumps({**figures, "machine": machine()}, ensure_ascii=False))
