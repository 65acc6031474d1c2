"""What stands in deploy/ fits the command line, the settings, and each other."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import msgspec
import pytest

from waglan.cli.main import COMMANDS
from waglan.runtime import read_settings
from waglan.runtime.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("waglan*.service"))
TEXTS = [*UNITS, DEPLOY / "README.md", ROOT / "docs" / "operations.md", DEPLOY / "Containerfile"]


def directives(unit: Path) -> list[tuple[str, str]]:
    lines = [line for line in unit.read_text().splitlines() if line and line[0] not in "#;["]
    return [(name, value) for name, _, value in (line.partition("=") for line in lines)]


def parsed(words: list[str]) -> dict:
    """A command line of ours as click takes it, with what it means; fails for what the CLI hasn't."""
    module, _, name = COMMANDS[words[0]][0].partition(":")
    command = getattr(importlib.import_module(module), name)
    rest = words[1:]
    if isinstance(command, click.Group):
        command, rest = command.commands[rest[0]], rest[1:]
    paths = {p: p.type for p in command.params if isinstance(p.type, click.Path)}
    try:
        for each in paths:
            each.type = click.Path(path_type=Path)  # whether a path exists isn't the question here
        return command.make_context(command.name, list(rest)).params
    finally:
        for each, kind in paths.items():
            each.type = kind


def command_lines(text: str) -> list[str]:
    """Every line of a document that runs waglan, with continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", text)
    fenced = re.findall(r"```(?:sh)?\n(.*?)```", joined, re.S)
    inline = re.findall(r"`(waglan [^`]+)`", joined)
    lines = [line for block in fenced for line in block.splitlines()] + inline
    return [
        line
        for line in lines
        if re.search(r"(^|[ /])waglan (init|serve|backup|restore|user|key|doctor|ledger)\b", line)
    ]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_what_a_unit_runs_is_a_command_with_these_options(unit: Path) -> None:
    runs = [value for name, value in directives(unit) if name.startswith("ExecStart")]
    assert runs
    for line in runs:
        binary, *words = shlex.split(line)
        assert binary == "/opt/waglan/bin/waglan"
        params = parsed(words)
        assert params.get("folder", params.get("workspace")) == Path("/var/lib/waglan")


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_every_command_in_the_documents_is_one(text: Path) -> None:
    for line in command_lines(text.read_text()):
        after = re.split(
            r"(?:^|[ /])waglan (?=(?:init|serve|backup|restore|user|key|doctor|ledger)\b)", line, maxsplit=1
        )[1]
        words = shlex.split(re.split(r"[|>]|  #|\.\.\.", after.replace("…", ""))[0])
        if words[0] in ("user", "key", "ledger") and len(words) == 1:
            continue
        try:
            parsed([word for word in words if word])
        except click.MissingParameter:
            pass  # prose may leave out what doesn't matter there
        except click.ClickException as error:
            pytest.fail(f"{line}: {error.message}")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_gives_away_what_it_does_not_need(unit: Path) -> None:
    told = dict(directives(unit))
    assert told["User"] == told["Group"] == "waglan" and told["StateDirectory"] == "waglan"
    for name in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "MemoryDenyWriteExecute", "PrivateDevices"):
        assert told[name] == "yes", name
    assert told["ProtectSystem"] == "strict" and told["CapabilityBoundingSet"] == "" and told["UMask"] == "0077"
    assert told["IPAddressDeny"] == "any"


def test_the_paths_fit_together() -> None:
    server, backup = dict(directives(DEPLOY / "waglan.service")), dict(directives(DEPLOY / "waglan-backup.service"))
    saved = parsed(shlex.split(backup["ExecStart"])[1:])
    assert saved["dest"] == Path("/var/backups/waglan") and saved["keep_days"] <= 30
    assert str(saved["dest"]) in server["ReadWritePaths"]  # an erasure by the server reaches into the backups
    assert str(saved["dest"]) in (DEPLOY / "README.md").read_text()
    serve = parsed(shlex.split(server["ExecStart"])[1:])
    from waglan.cli import serve as module

    assert int(server["TimeoutStopSec"]) > module._STOP_S
    assert f"reverse_proxy 127.0.0.1:{serve['port']}" in (DEPLOY / "Caddyfile").read_text()
    assert f"127.0.0.1:{serve['port']}/health" in (DEPLOY / "Containerfile").read_text()
    assert "waglan-backup.timer" in (DEPLOY / "README.md").read_text()


def test_the_environment_that_is_set_is_a_setting(tmp_path: Path) -> None:
    (tmp_path / "waglan.toml").write_text("")
    text = "\n".join(each.read_text() for each in DEPLOY.iterdir())
    named = dict(re.findall(r"(WAGLAN_[A-Z]+__[A-Z_]+)=([^\s\\]+)", text))
    assert {"WAGLAN_SERVER__LOG", "WAGLAN_LEDGER__DSN"} <= set(named)
    del named["WAGLAN_SECTION__KEY"]
    settings = read_settings(tmp_path, named)
    assert settings.server.log == "json" and settings.ledger.dsn.startswith("postgresql:")
    assert "public_url" in text and any(f.name == "public_url" for f in msgspec.structs.fields(type(Settings().server)))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd isn't installed")
@pytest.mark.parametrize("unit", [*UNITS, DEPLOY / "waglan-backup.timer"], ids=lambda unit: unit.name)
def test_systemd_takes_the_unit(unit: Path, tmp_path: Path) -> None:
    for each in DEPLOY.glob("waglan*.*"):
        (tmp_path / each.name).write_text(each.read_text().replace("/opt/waglan/bin/waglan", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and done.stderr == "", done.stderr
    if unit.suffix == ".service":
        command = [
            "systemd-analyze",
            "security",
            "--offline=yes",
            "--threshold=30",
            "--json=short",
            str(tmp_path / unit.name),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr  # exposure at most 3.0 of 10


def test_the_container_file() -> None:
    text = re.sub(r"\\\n\s*", " ", (DEPLOY / "Containerfile").read_text())
    steps = [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]
    known = {
        "ARG",
        "FROM",
        "WORKDIR",
        "COPY",
        "RUN",
        "ENV",
        "USER",
        "VOLUME",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "CMD",
        "ENTRYPOINT",
    }
    assert {name for name, _ in steps} <= known
    stages = [rest for name, rest in steps if name == "FROM"]
    assert len(stages) == 2 and "latest" not in text and "ADD " not in text
    last = steps[max(i for i, (name, _) in enumerate(steps) if name == "FROM") :]
    (user,) = [rest for name, rest in last if name == "USER"]
    assert not user.startswith(("0", "root"))
    for name, rest in steps:
        if name == "COPY" and not rest.startswith("--from"):
            *sources, _ = rest.split()
            assert all((ROOT / source).exists() for source in sources), rest
    (entry,) = [json.loads(rest) for name, rest in last if name == "ENTRYPOINT"]
    (command,) = [json.loads(rest) for name, rest in last if name == "CMD"]
    assert entry == ["waglan"] and parsed(command)["folder"] == Path("/workspace")
    assert "--require-hashes" in text and "STOPSIGNAL SIGTERM" in text
    (health,) = [rest for name, rest in last if name == "HEALTHCHECK"]
    compile(json.loads(health.partition("CMD ")[2])[2], "health", "exec")


def test_the_proxys_file_is_balanced_and_hides_what_is_not_for_outside() -> None:
    text = "\n".join(line.partition("#")[0] for line in (DEPLOY / "Caddyfile").read_text().splitlines())
    depth = 0
    for each in text:
        depth += {"{": 1, "}": -1}.get(each, 0)
        assert depth >= 0
    assert depth == 0 and "flush_interval -1" in text
    assert re.search(r"@inside path ([^\n]+)\n\trespond @inside 404", text)[1].split() == [
        "/metrics",
        "/health",
        "/ready",
    ]


def test_nothing_here_names_a_package_registry() -> None:
    text = "\n".join(each.read_text() for each in DEPLOY.iterdir())
    assert not re.search(r"index-url|docker\.io|quay\.io|ghcr\.io", text)
