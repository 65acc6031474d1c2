"""Evidence: what obligations ask, what decisions and registers answer, and a pack that proves it."""

from waglan.evidence.evidence import FILE, Evidence, last_days
from waglan.evidence.result import (
    Capture,
    ClauseResult,
    Counts,
    Example,
    Headlines,
    Report,
    Status,
    TestResult,
    Window,
)
from waglan.evidence.watch import watch

__all__ = [
    "FILE",
    "Capture",
    "ClauseResult",
    "Counts",
    "Evidence",
    "Example",
    "Headlines",
    "Report",
    "Status",
    "TestResult",
    "Window",
    "last_days",
    "watch",
]
