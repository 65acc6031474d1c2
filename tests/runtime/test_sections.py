"""Sections of the settings that belong to rooms above."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from waglan.core import Problem
from waglan.runtime.settings import FILE, read_settings, section


class Post(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    host: str = ""
    port: int = 25
    tls: bool = True
    hooks: tuple[str, ...] = ()


def read(folder: Path, text: str, environ: dict[str, str] | None = None) -> Post:
    (folder / FILE).write_text(text)
    return section(read_settings(folder, environ or {}).review, "review", Post)


def test_a_room_reads_its_own_section_and_defaults_fill_it(tmp_path: Path) -> None:
    assert read(tmp_path, '[review]\nhost = "mail"\nhooks = ["a", "b"]\n') == Post(host="mail", hooks=("a", "b"))
    assert read(tmp_path, "") == Post()


def test_the_environment_overrides_as_text(tmp_path: Path) -> None:
    environ = {"WAGLAN_REVIEW__PORT": "587", "WAGLAN_REVIEW__TLS": "false", "WAGLAN_REVIEW__HOOKS": "a,b"}
    assert read(tmp_path, '[review]\nhost = "mail"\n', environ) == Post(
        host="mail", port=587, tls=False, hooks=("a", "b")
    )


@pytest.mark.parametrize(
    ("text", "environ", "code", "said"),
    [
        ("[review]\nhots = 'x'\n", {}, "settings.unknown", "host"),
        ("", {"WAGLAN_REVIEW__PROT": "1"}, "settings.unknown", "port"),
        ("[review]\nport = 'x'\n", {}, "settings.invalid", "port"),
    ],
)
def test_what_a_room_does_not_know_is_refused_with_the_nearest(
    tmp_path: Path, text: str, environ: dict[str, str], code: str, said: str
) -> None:
    with pytest.raises(Problem) as raised:
        read(tmp_path, text, environ)
    assert raised.value.code == code and said in raised.value.why and "[review]" in raised.value.where


def test_a_section_of_nobody_is_still_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="revue"):
        read(tmp_path, "[revue]\nhost = 'x'\n")
    with pytest.raises(Problem, match="ledgr"):
        read(tmp_path, "", {"WAGLAN_LEDGR__DSN": "x"})
