"""``waglan doctor``: what is wrong is found, told and has a next step."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys

import pytest

from waglan.core.entry import event
from waglan.core.events import OptOut, UseCaseRegistration
from waglan.ledger import erasure
from waglan.runtime import Workspace


def findings(ran) -> dict[str, dict]:
    return {c["name"]: c for c in ran.json["checks"] if c["state"] == "finding"}


@pytest.fixture
def ask(run, folder):
    return lambda: run("doctor", "--workspace", folder, "--json")


def test_a_healthy_workspace(run, folder, ask, tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("customer,amount,kind\n" + "".join(f"A{i},{i},card\n" for i in range(300)))
    run("decide", "triage", path, "--workspace", folder)
    ran = ask()
    assert ran.code == 0 and findings(ran) == {}
    told = {c["name"]: c["told"] for c in ran.json["checks"]}
    assert "301 entries" in told["ledger"]
    assert "ms per sync" in told["sync"]
    assert "version 1" in told["use case triage"]
    assert "ok" in run("doctor", "--workspace", folder).out


def test_key_files_that_others_can_read(folder, ask):
    (folder / "keys" / "tenant.key").chmod(0o644)
    ran = ask()
    assert ran.code == 1
    assert "chmod 600" in findings(ran)["key files"]["next"]


def test_lost_keys_are_told_before_anything_makes_new_ones(folder, ask):
    (folder / "keys" / "signing.json").unlink()
    ran = ask()
    assert ran.code == 1 and "signing.json" in findings(ran)["keys"]["told"]
    assert not (folder / "keys" / "signing.json").exists()
    (folder / "access.db").touch()
    (folder / "ledger.db").unlink()
    assert "access.pepper" in findings(ask())["keys"]["told"]


def test_a_vault_restored_from_before_an_erasure(folder, ask, tmp_path):
    with Workspace.open(folder) as workspace:
        workspace.ledger.submit([_opt_out(workspace)]).result()
        workspace.vault.close()
        shutil.copy(folder / "vault.db", tmp_path / "older.db")
        erasure.erase(workspace.ledger, "A123456(3)", "request", "dpo")
    shutil.copy(tmp_path / "older.db", folder / "vault.db")
    ran = ask()
    assert ran.code == 1 and "restored from an older backup" in findings(ran)["erasures"]["told"]
    assert "holds" in findings(ran)["erasures"]["next"]
    assert ask().code == 0
    with Workspace.open(folder) as workspace:
        assert workspace.vault.known("A123456(3)") is None


def _opt_out(workspace):
    now = workspace.clock.now_ms()
    facts = OptOut(active=True, use_case="triage")
    return event(workspace.ids.new(now), now, facts, actor="desk", subject=workspace.vault.subject("A123456(3)"))


def test_a_log_that_was_touched(run, folder, ask, tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("customer,amount,kind\nA,1,card\n")
    run("decide", "triage", path, "--workspace", folder)
    with sqlite3.connect(folder / "ledger.db") as database:
        (leaves,) = database.execute("SELECT leaves FROM chunk ORDER BY first DESC LIMIT 1").fetchone()
        touched = leaves.replace(b"triage", b"triagf")
        assert touched != leaves
        database.execute("UPDATE chunk SET leaves = ? WHERE leaves = ?", (touched, leaves))
    database.close()
    ran = ask()
    assert ran.code == 1 and "ledger" in findings(ran)


def test_a_clock_that_went_back(run, folder, tmp_path):
    from waglan.cli.doctor import examine
    from waglan.core.clock import SystemClock

    path = tmp_path / "c.csv"
    path.write_text("customer,amount,kind\nA,1,card\n")
    run("decide", "triage", path, "--workspace", folder)

    class Behind(SystemClock):
        def now_ms(self) -> int:
            return super().now_ms() - 3_600_000

    told = [c.told for c in examine(folder, Behind()) if c.name == "clock" and c.state == "finding"]
    assert any("newest entry" in t for t in told) and any("file system" in t for t in told)


def test_settings_and_use_cases_that_dont_load(folder, ask, run, tmp_path):
    settings = folder / "waglan.toml"
    text = settings.read_text()
    settings.write_text(text.replace("[ledger]", "[leger]"))
    assert "leger" in findings(ask())["workspace"]["told"]
    settings.write_text(text.replace("./triage.py", "./gone.py"))
    assert "gone.py" in findings(ask())["workspace opens"]["told"]
    assert run("doctor", "--workspace", tmp_path / "none").code == 1


def test_a_use_case_that_lost_its_code_matters_once_it_has_decided(run, folder, ask, tmp_path):
    manifest = (folder / "triage.toml").read_text().replace('name = "triage"', 'name = "other"\nplugin = "triage"')
    (folder / "usecases" / "other.toml").write_text(manifest + '\n[models.main]\nuse = ["gone"]\n')
    ran = ask()
    told = next(c for c in ran.json["checks"] if c["name"] == "use case other")
    assert told["state"] == "note" and "gone" in told["told"]
    with Workspace.open(folder) as workspace:
        loaded = workspace.catalogue.get("other")
        workspace.record(UseCaseRegistration(name="other", policy_digest=loaded.digest, version="1"))
    assert "gone" in findings(ask())["use case other"]["told"]


def test_a_disk_that_takes_nothing_is_found(folder):
    def nothing_fits():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    command = [sys.executable, "-m", "waglan", "doctor", "--workspace", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=nothing_fits)
    checks = {check["name"]: check["state"] for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 1 and checks["sync"] == "finding"
