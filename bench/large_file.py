"""`waglan decide` on a large CSV: rows per second, peak memory, and every row accounted for.

    python bench/large_file.py --megabytes 1024 --json

Builds a file of rows of about 1 KB, one in fifty bad in one of seven ways, decides it in a process of its own and
compares the counts in the summary, the results, the rejects and the log. Ends with one JSON object; exit 1 when
the process took more memory than allowed or a row is unaccounted for.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from waglan.runtime import Workspace

LIMIT_MB = 600
BAD_EVERY = 50
NOTE_BYTES = 940

MANIFEST = """\
name = "triage"
version = "1"
title = {en = "Triage"}
owner = "Operations"
purposes = ["service"]
tier = "low"

[inputs.customer]
type = "text"
role = "subject"
data_class = "personal"

[inputs.amount]
type = "number"
minimum = 0
maximum = 1000000

[inputs.note]
type = "text"
"""

CODE = """\
from pathlib import Path

from waglan import Outcome, Reason, load_plugin


class Triage:
    inline = True

    def decide(self, case, kit):
        ok = case.inputs["amount"] < 500_000
        return Outcome(value=ok, effect="accept" if ok else "refer", confidence=0.9, reasons=(Reason(code="amount"),))


plugin = load_plugin(Path(__file__).with_name("triage.toml"), Triage())
"""

SPOILT = (
    b"C%d,lots,%s\n",
    b"C%d,NaN,%s\n",
    b"C%d,1e300,%s\n",
    b"C%d,5,%s,one too many\n",
    b'C%d,5,"%s\n',
    b"C%d,5,\xff%s\n",
    b"C%d,,%s\n",
)


def build(path: Path, megabytes: float, subjects: int) -> tuple[int, int]:
    """Write the file; the number of its rows and of its bad rows."""
    note = ("a case of service, told at some length; " * 40).encode()[:NOTE_BYTES]
    wanted, written, rows, bad = int(megabytes * 1e6), 0, 0, 0
    with path.open("wb") as out:
        out.write(b"customer,amount,note\n")
        while written < wanted:
            rows += 1
            if rows % BAD_EVERY == 0:
                line = SPOILT[bad % len(SPOILT)] % (rows % subjects, note[: NOTE_BYTES - rows % 90].replace(b",", b"."))
                bad += 1
            else:
                line = b'C%d,%d,"%s %d"\n' % (rows % subjects, rows % 999_983, note, rows)
            out.write(line)
            written += len(line)
    return rows, bad


def decide(path: Path, folder: Path) -> tuple[dict, float]:
    """Run the command; its summary and the most memory it held, MB."""
    command = [sys.executable, "-m", "waglan", "decide", "triage", str(path), "--workspace", str(folder), "--json"]
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        told = out.read().decode()
    if process.returncode not in (0, 1):
        raise SystemExit(f"waglan decide ended with {process.returncode}: {told}")
    return json.loads(told), usage.ru_maxrss / 1024


def lines(path: Path) -> int:
    csv.field_size_limit(1 << 21)
    with path.open(encoding="utf-8", newline="") as stream:
        return sum(1 for _ in csv.reader(stream)) - 1


def on_log(folder: Path) -> int:
    with Workspace.open(folder) as workspace:
        rows = workspace.ledger.rows(0, workspace.ledger.head().size)
        return sum(b'"kind":"decision"' in row.leaf for _, row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=10.0, help="size of the file, 10^6 bytes")
    parser.add_argument("--subjects", type=int, default=10_000, help="how many different people it speaks of")
    parser.add_argument("--limit-mb", type=float, default=LIMIT_MB, help="the most memory the process may hold")
    parser.add_argument("--folder", type=Path, default=None, help="where to work [a temporary folder]")
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder, path = Path(name) / "workspace", Path(name) / "cases.csv"
        folder.mkdir()
        (folder / "triage.py").write_text(CODE)
        (folder / "triage.toml").write_text(MANIFEST)
        Workspace.create(folder, tenant="bench", modules=("./triage.py",)).close()
        rows, bad = build(path, options.megabytes, options.subjects)
        size = path.stat().st_size
        if not options.json:
            print(f"{path.name}: {size / 1e6:.0f} MB, {rows:,} rows, {bad:,} of them bad")
        begun = time.perf_counter()
        summary, peak = decide(path, folder)
        seconds = time.perf_counter() - begun
        counted = {
            "summary": [summary["rows"], summary["decided"], summary["rejected"]] == [rows, rows - bad, bad],
            "results": lines(Path(summary["results"])) == rows - bad,
            "rejects": lines(Path(summary["rejects"])) == bad,
            "log": on_log(folder) == rows - bad,
        }
    figures = {
        "megabytes": round(size / 1e6, 1),
        "rows": rows,
        "bad": bad,
        "decided": summary["decided"],
        "rejected": summary["rejected"],
        "seconds": round(seconds, 2),
        "rows_per_s": round(rows / seconds, 1),
        "megabytes_per_s": round(size / 1e6 / seconds, 2),
        "peak_rss_mb": round(peak, 1),
        "limit_mb": options.limit_mb,
        "counts_equal": all(counted.values()),
    }
    print(json.dumps(figures))
    if peak >= options.limit_mb or not all(counted.values()):
        print(f"Not as it should be: {counted}, {peak:.0f} MB.", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
