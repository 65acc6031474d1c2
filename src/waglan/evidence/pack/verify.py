#!/usr/bin/env python3
# fmt: off
"""Check an evidence pack without Waglan: this file, Python 3.11 and the pack, nothing else.
python3 verify.py [PACK] [--vkey KEY ...]     PACK is the folder that this file lies in, when left out
Exit code 0: nothing is wrong; 1: tampering was found; 2: wrong usage. Take the KEYs from paper, never from the pack."""
# ruff: noqa: D103, D205, D209, E401, E501, E701, E702, I001
from __future__ import annotations; import sys
if __name__ == "__main__" and not sys.flags.safe_path: sys.path.pop(0)  # no module of the folder it lies in
import argparse, csv, hashlib, io, json, os
from pathlib import Path; from typing import Any
LEDGER = "@SHA-256 OF ledger/verify.py@"  # filled in when a pack is made; only that program is run
SHA256 = hashlib.sha256
HEAD = ("pack", "log", "size", "root", "checkpoint", "catalogue", "catalogue_digest", "queries", "entity", "from", "until",
        "made", "tool", "sample", "seed", "opened", "files")
ERRORS = (AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError, SyntaxError)
def need(holds: object, otherwise: str) -> Any:
    if not holds: raise ValueError(otherwise)
# ---- The list of files, and the files.
def read_manifest(raw: bytes) -> tuple[dict[str, str], dict[str, tuple[str, int]]]:
    head, _, rest = raw.decode().partition("\n\n")
    facts = dict(line.split(": ", 1) for line in head.split("\n"))
    need(tuple(facts) == HEAD and rest.endswith("\n"), "MANIFEST isn't one of an evidence pack")
    files = dict[str, tuple[str, int]]()
    for line in rest[:-1].split("\n"):
        digest, size, name = line.split(" ", 2)
        parts = name.split("/")
        need(len(digest) == 64 and name not in files and not {"", ".", ".."} & set(parts) and "\\" not in name and "\0" not in name,
             f"MANIFEST has a line that can't be: {line[:80]}")
        files[name] = (digest, int(size))
    need(len(files) == int(facts["files"]), f"MANIFEST counts {facts['files']} files and lists {len(files)}")
    return facts, files
def check_files(pack: Path, files: dict[str, tuple[str, int]]) -> None:
    there, own = set[str](), {"MANIFEST", "MANIFEST.sig"}
    folders = {"/".join(name.split("/")[:n]) for name in files for n in range(1, name.count("/") + 1)}
    for base, names, plain in os.walk(pack):
        for name in (*names, *plain):
            path = (Path(base) / name).relative_to(pack).as_posix()
            need(not (pack / path).is_symlink(), f"{path} is a link")
            if name in names: need(path in folders, f"{path}/ isn't part of this pack")
            else: there.add(path)
    need(not (extra := sorted(there - set(files) - own)), f"{extra[:1]} isn't part of this pack")
    need(not (gone := sorted({*files, *own} - there)), f"{gone[:1]} is missing")
    for name, (digest, size) in files.items():
        with (pack / name).open("rb") as file: found = hashlib.file_digest(file, "sha256").hexdigest()
        need((found, (pack / name).stat().st_size) == (digest, size), f"{name} was changed")
# ---- The log: the program that checks it comes along, and is run only if it is the one that was meant.
def ledger(pack: Path) -> dict[str, Any]:
    source = (pack / "ledger/verify.py").read_bytes()
    need(SHA256(source).hexdigest() == LEDGER, "ledger/verify.py isn't the program that this one knows")
    tools: dict[str, Any] = {"__name__": "waglan_ledger_verify", "__file__": "ledger/verify.py"}
    exec(compile(source, "ledger/verify.py", "exec"), tools)
    return tools
def signed(tools: dict[str, Any], text: str, keys: Any, origin: str) -> tuple[int, bytes]:
    name, size, root, signers = tools["read_head"](text, keys)
    need(name == origin, f"a note of {name}, where one of {origin} is due")
    need(not tools["unsigned"](keys, signers) - {4}, f"the note of {origin} lacks the signature of one of the keys")
    return size, root
def node(a: bytes, b: bytes) -> bytes: return SHA256(b"\1" + a + b).digest()
def extends(old: int, new: int, before: bytes, after: bytes, path: list[bytes]) -> bool:  # RFC 9162 § 2.1.4.2
    if not 0 < old <= new or old == new: return old == new > 0 and not path and before == after
    steps, at, last = [before, *path] if not old & (old - 1) else path, old - 1, new - 1
    while at & 1: at, last = at >> 1, last >> 1
    if not steps: return False
    first = second = steps[0]
    for step in steps[1:]:
        if not last: return False
        if at & 1 or at == last:
            first, second = node(step, first), node(step, second)
            while at and not at & 1: at, last = at >> 1, last >> 1
        else: second = node(second, step)
        at, last = at >> 1, last >> 1
    return last == 0 and first == before and second == after
def check_log(pack: Path, tools: dict[str, Any], keys: Any, facts: dict[str, str]) -> int:
    text = (pack / "ledger/checkpoint").read_bytes().decode()
    size, root = signed(tools, text, keys, facts["log"])
    need(f"{size} {root.hex()}" == facts["checkpoint"], "the checkpoint isn't the one that MANIFEST names")
    counted = json.loads((pack / "ledger/consistency.json").read_bytes())
    need((str(counted["size"]), counted["root"]) == (facts["size"], facts["root"]), "the report was counted at another place of the log")
    need(extends(counted["size"], size, bytes.fromhex(counted["root"]), root, [*map(tools["b64"], counted["path"])]),
         f"what was counted, {counted['size']} entries, isn't the beginning of the log that was signed")
    kept = tools["read_head"]
    tools["read_head"] = lambda note, known: (facts["log"], size, root, set()) if note == text else kept(note, known)
    paths = {line["index"]: line["path"] for line in map(json.loads, (pack / "ledger/proofs.jsonl").read_bytes().splitlines())}
    seen = set[int]()
    for line in map(json.loads, (pack / "sample.jsonl").read_bytes().splitlines()):
        need(line["index"] not in seen, f"entry {line['index']} is shown twice")
        seen.add(line["index"])
        proof = {"checkpoint": text, "index": line["index"], "leaf": line["leaf"], "path": paths[line["index"]]}
        said = tools["check_receipt"](json.dumps(proof | ({"opened": line["opened"]} if "opened" in line else {})), keys, {})
        need(said["leaf"]["id"] == line["id"] and (facts["opened"] == "yes" or "opened" not in line), f"{line['id']} isn't entry {line['index']}")
    need(seen == set(paths), "there are proofs of other decisions than those shown")
    return len(seen)
# ---- That the parts of the pack are of one report.
def check_report(pack: Path, facts: dict[str, str]) -> None:
    report, shown = json.loads((pack / "clauses.json").read_bytes()), dict[str, str]()
    said = {k: str(report[k]) for k in ("log", "size", "root", "catalogue", "catalogue_digest", "entity")}
    need(all(facts[k] == v for k, v in said.items()) and [facts["from"], facts["until"]] == [report["window"]["since"], report["window"]["until"]],
         "clauses.json is another report than MANIFEST names")
    need(SHA256((pack / "queries.csv").read_bytes()).hexdigest() == facts["queries"], "queries.csv isn't what MANIFEST names")
    need(SHA256((pack / "catalogue.json").read_bytes()).hexdigest() == facts["catalogue_digest"], "catalogue.json isn't what was in force")
    for line in map(json.loads, (pack / "sample.jsonl").read_bytes().splitlines()): shown[line["id"]] = line["why"]
    failed = {e["id"] for c in report["clauses"] for t in c.get("tests", []) if t["over"] == "decisions" for e in t.get("examples", [])}
    need(failed == {k for k, why in shown.items() if "counter_example" in why}, "sample.jsonl doesn't show the counter-examples of the report")
    for name in sorted(p.name for p in (pack / "clauses").glob("*.csv")):
        rows = list(csv.DictReader(io.StringIO((pack / "clauses" / name).read_bytes().decode("utf-8-sig"), newline="")))
        need(all(row["over"] != "decisions" or row["id"] in failed for row in rows), f"clauses/{name} names a decision that the report doesn't")
def check(pack: Path, vkeys: list[str]) -> dict[str, Any]:
    raw = (pack / "MANIFEST").read_bytes()
    facts, files = read_manifest(raw)
    check_files(pack, files)
    tools = ledger(pack)
    listed = (pack / "ledger/vkeys").read_bytes().decode().split("\n")[:-1]
    keys = tools["read_keys"](vkeys or listed)
    note, own = (pack / "MANIFEST.sig").read_bytes().decode(), f"{facts['log']}/pack"
    need(signed(tools, note, keys, own) == (1, SHA256(b"\0" + raw).digest()), "MANIFEST isn't the one that was signed")
    need(note.count("\n— ") == len(listed), "MANIFEST.sig has other signatures than those of the log's keys")
    proven = check_log(pack, tools, keys, facts)
    check_report(pack, facts)
    return dict(facts, proven=proven, keys=["+".join(key) for key in keys], trusted="given" if vkeys else "from the pack itself")
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--vkey", nargs="+", action="extend", default=[])
    args = parser.parse_args()
    if not args.pack.is_dir(): parser.error("name the folder of a pack")
    try: said = check(args.pack, args.vkey)
    except ERRORS as error: sys.exit(f"TAMPERED: {error}")
    print(json.dumps(said, indent=1, ensure_ascii=False))
    if not args.vkey: print("The keys came with the pack. Compare them with those that the firm publishes or gave you on paper, or give them with --vkey.")
    print("Nothing is wrong.")
if __name__ == "__main__": main()
