"""``python -m tests.evidence.lint_catalogue [FILE…]``: what the linter finds, for who writes clauses."""

from __future__ import annotations

import sys

from waglan.evidence.catalogue import open_folder
from waglan.evidence.catalogue.lint import lint


def main() -> int:
    """Print findings and counts; 1 with findings."""
    opened = open_folder()
    faults = lint(opened.catalogue, places=opened.places, retired=opened.retired)
    wanted = tuple(sys.argv[1:])
    for fault in [each for each in faults if not wanted or each.where.startswith(wanted)]:
        print(f"{fault.where or '-'}: {fault.subject}: {fault.code}: {fault.what}")
    tests = len(opened.catalogue.tests())
    print(f"{len(opened.catalogue.clauses)} clauses, {tests} tests, {len(faults)} findings")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
