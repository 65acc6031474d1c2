"""A file of cases in, recorded decisions out, for the command line and the console alike."""

from waglan.runtime.batch.file import STOPS, Plan, Progress, Step, Summary, run
from waglan.runtime.batch.resume import NOTE, Done, file_source
from waglan.runtime.batch.sheet import RESULT, Sheet, alone, chunks, mend, reject_header, reject_line, result_line

__all__ = [
    "NOTE",
    "RESULT",
    "STOPS",
    "Done",
    "Plan",
    "Progress",
    "Sheet",
    "Step",
    "Summary",
    "alone",
    "chunks",
    "file_source",
    "mend",
    "reject_header",
    "reject_line",
    "result_line",
    "run",
]
