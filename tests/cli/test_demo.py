import csv
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from waglan.access import Access
from waglan.cli.demo import demo
from waglan.cli.demo_data import TAIWAN
from waglan.console.pages import PAGES
from waglan.core import Problem
from waglan.harbour.bank import read_planted
from waglan.harbour.staff import VISITOR_EMAIL
from waglan.runtime import Workspace


def ran(*options):
    done = CliRunner().invoke(demo, [*map(str, options), "--json"], catch_exceptions=False)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = tmp_path_factory.mktemp("demo") / "bank"
    return place, ran("--folder", place, "--applicants", 300, "--no-serve")


def test_the_sample_bank_is_made_decided_reviewed_and_verified(made):
    place, figures = made
    assert figures["made"] and figures["verified"] and figures["decided"] == 300 and figures["auc"] > 0.65
    assert figures["auto"] + figures["human"] + figures["blocked"] == 300
    assert figures["failover"] > 0 and figures["reviewed"] > 0
    assert [each.name for each in place.parent.iterdir()] == ["bank"], "nothing half made is left beside it"

    proof = place / "proof"
    tile = next((proof / "tile" / "entries").rglob("000*"))
    data = bytearray(tile.read_bytes())
    data[100] ^= 1
    tile.write_bytes(bytes(data))
    keys = [part for key in (proof / "vkeys").read_text().split() if "+" in key for part in ("--vkey", key)]
    command = [sys.executable, "-I", str(proof / "verify.py"), str(proof), *keys]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1, "one flipped bit is found"


def test_its_link_lets_the_visitor_in_once(made):
    place, _ = made
    figures = ran("--folder", place, "--no-serve", "--port", 8499)
    base, token = figures["sign_in"].rsplit("/", 1)
    assert base == "http://localhost:8499/console/join"
    with Workspace.open(place) as workspace, Access.open(place, tenant=workspace.settings.workspace.tenant) as access:
        person = access.people.accept(token, "lighthouse over green water")
        assert person.email == VISITOR_EMAIL and {"admin", "reviewer", "approver"} <= set(person.roles)
        with pytest.raises(Problem, match="link"):
            access.people.accept(token, "lighthouse over green water")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_it_opens_the_console_which_says_that_all_is_made_up(made):
    place, _ = made
    port = free_port()
    command = [sys.executable, "-m", "waglan", "demo", "--folder", str(place), "--port", str(port), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            figures, up = json.loads(server.stdout.readline()), json.loads(server.stdout.readline())
            assert figures["sign_in"].startswith(f"http://localhost:{port}/console/join/")
            assert str(port) in up["url"]
            with urllib.request.urlopen(figures["sign_in"], timeout=30) as page:
                assert page.status == 200 and "synthetic" in page.read().decode()
            with pytest.raises(Problem, match=f"Port {port} is taken"):
                ran("--folder", place, "--port", port)
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(timeout=60) == 0


def addresses():
    """The pages that there are, as patterns."""
    return [re.sub(r"\{\w+(:path)?\}", "[^/]+", page.address) for page in PAGES if page.method == "GET"]


def test_what_is_worth_a_look_is_there_to_be_looked_at(made):
    place, figures = made
    looks = [look["where"].removeprefix("http://localhost:8420/console") for look in figures["look"]]
    assert [look["scenario"] for look in figures["look"]] == ["gaps", "careless", "outage", "bias"]
    for look in [*looks, *(planted.look for planted in read_planted(place))]:
        path = look.partition("?")[0]
        assert any(re.fullmatch(pattern, path) for pattern in addresses()), look


def test_a_second_run_opens_the_same_bank_and_fresh_makes_another(made, tmp_path):
    place, first = made
    second = ran("--folder", place, "--no-serve")
    assert not second["made"] and second["entries"] == first["entries"]
    other = tmp_path / "bank"
    shutil.copytree(place, other)
    (other / "mine.txt").write_text("x")
    again = ran("--folder", other, "--applicants", 120, "--no-serve", "--fresh")
    assert again["made"] and again["decided"] == 120 and not (other / "mine.txt").exists()


def test_what_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    def fails(*_):
        raise Problem("The disk is full.", "No space is left.", "Make room.", code="environment.disk")

    monkeypatch.setattr("waglan.harbour.building.build", fails)
    with pytest.raises(Problem, match="disk is full"):
        ran("--folder", tmp_path / "deep" / "bank", "--no-serve")
    assert list((tmp_path / "deep").iterdir()) == []


@pytest.mark.parametrize("fresh", [(), ("--fresh",)])
def test_a_folder_with_something_else_is_left_alone(tmp_path, fresh):
    Workspace.create(tmp_path / "real", tenant="bank").close()
    (tmp_path / "real" / "letter.txt").write_text("keep me")
    with pytest.raises(Problem, match="not a sample bank"):
        ran("--folder", tmp_path / "real", "--no-serve", *fresh)
    assert (tmp_path / "real" / "letter.txt").read_text() == "keep me"


def test_the_text_names_what_is_worth_a_look_and_the_way_in(made):
    place, _ = made
    done = CliRunner().invoke(demo, ["--folder", str(place), "--no-serve"], catch_exceptions=False)
    assert "Nobody in it exists." in done.stdout and "/console/join/" in done.stdout
    assert [line[:4] for line in done.stdout.splitlines() if line.startswith("  ") and line[2].isdigit()] == [
        "  1.",
        "  2.",
        "  3.",
        "  4.",
    ]


@pytest.fixture
def some_data(tmp_path, data):
    """The first rows of the real set, so that two trainings take seconds."""
    rows = (data / TAIWAN).read_text(encoding="utf-8").splitlines(keepends=True)
    path = tmp_path / "data" / TAIWAN
    path.parent.mkdir(parents=True)
    path.write_text("".join(rows[:4_001]), encoding="utf-8")
    return tmp_path / "data"


def test_real_applicants_twice_in_one_folder(tmp_path, some_data):
    options = ("--folder", tmp_path / "w", "--data", some_data, "--applicants", 600)
    first = ran(*options)
    assert "Taiwan" in first["data"] and first["decided"] == first["facts"] == 600 and first["auc"] > 0.7
    assert first["verified"] and first["rejected"] == 0
    assert first["auto"] + first["human"] + first["blocked"] == 600 and first["auto"] > 0 < first["human"]
    with Path(first["results"]).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["id"] for row in rows}) == 600
    assert all((row["effect"] == "approve") == (row["route"] == "auto") for row in rows), "declines go to a person"
    second = ran(*options)
    assert second["facts"] == 1200 and second["entries"] > first["entries"] + 600


def test_a_folder_without_the_data_is_named(tmp_path):
    with pytest.raises(Problem, match="UCI_Credit_Card"):
        ran("--data", tmp_path, "--folder", tmp_path / "w")
    assert not (tmp_path / "w").exists()
