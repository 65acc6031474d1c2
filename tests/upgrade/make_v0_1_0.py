"""Makes the filled workspace of release v0.1.0 that the upgrade is tried on. Run by that release's own code:

    git worktree add --detach /tmp/w010 v0.1.0
    PYTHONPATH=/tmp/w010/src python tests/upgrade/make_v0_1_0.py tests/upgrade/v0_1_0.tar.xz
    git worktree remove /tmp/w010

In the archive: ``bank/`` (the workspace), ``kept/`` (a checkpoint from the middle, one from the end, receipts, one of
them opened, the verifier keys of both times), ``told.json`` (what the tests expect).
"""

from __future__ import annotations

import json
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

import waglan
from waglan.core.events import ModelRegistration
from waglan.ledger import erasure
from waglan.runtime import Ask, Workspace

RELEASE = Path(waglan.__file__).parents[2]
CASES = 290


def main(target: Path) -> None:
    if '\nversion = "0.1.0"\n' not in (RELEASE / "pyproject.toml").read_text():
        sys.exit(f"{RELEASE} isn't release 0.1.0; see the first lines of this file")
    with tempfile.TemporaryDirectory() as name:
        folder, kept = Path(name) / "bank", Path(name) / "kept"
        folder.mkdir()
        kept.mkdir()
        for file in ("triage.py", "triage.toml"):
            shutil.copy(RELEASE / "tests" / "api" / "firm" / file, folder)
        told = fill(folder, kept)
        (Path(name) / "told.json").write_text(json.dumps(told, indent=1))
        for part in ("facts", "models", "usecases"):
            (folder / part / ".gitkeep").touch()
        with tarfile.open(target, "w:xz") as archive:
            for part in ("bank", "kept", "told.json"):
                archive.add(Path(name) / part, part)


def fill(folder: Path, kept: Path) -> dict:
    with Workspace.create(folder, tenant="bank-v010", modules=("./triage.py",)) as workspace:
        log = workspace.ledger
        for version in ("1", "2"):
            workspace.register_model(
                ModelRegistration(id="card", version=version, digest=version * 64, use_case="triage"), "risk"
            )
        rows = [
            {"customer": f"SYN-{n % 40:04d}", "amount_hkd": 100 + n, "kind": "fraud" if n % 29 == 0 else "fee"}
            for n in range(CASES)
        ]
        replies = workspace.runtime.decide_many("triage", rows, Ask(channel="cli"))
        workspace.opt_out("SYN-0001", actor="desk")
        erasure.hold(log, "SYN-0002", "case 7", "legal")
        erasure.retain(log, "SYN-0003", 1_900_000_000_000, "Cap. 615", "legal")
        (kept / "middle.checkpoint").write_text(log.signed().note)
        vkeys = list(log.signer.vkeys)
        erased = workspace.vault.known("SYN-0004")
        erasure.erase(log, "SYN-0004", "request", "dpo")
        rotation = log.signer.rotate("yearly", workspace.clock.now_ms() // 1000)
        workspace.record(rotation.change, actor="security")
        log.signer.settle()
        human = [r.decision.id for r in replies if r.decision.route == "human"]
        auto = [r.decision.id for r in replies if r.decision.route == "auto"]
        for which, entry_id, opened in (
            ("auto", auto[0], False),
            ("human", human[0], False),
            ("opened", auto[7], True),
        ):
            (kept / f"{which}.receipt").write_bytes(log.receipt(entry_id, opened=opened).json())
        head = log.signed()
        (kept / "end.checkpoint").write_text(head.note)
        (kept / "vkeys").write_text("\n".join(vkeys))
        (kept / "vkeys.new").write_text("\n".join(log.signer.vkeys))
        return {
            "auto": auto,
            "erased": erased,
            "human": human,
            "known": workspace.vault.known("SYN-0005"),
            "size": head.size,
        }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
