"""Reading the catalogue from its files; an error names the file and the line."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from waglan.core.manifest import parse_toml
from waglan.core.problem import Problem
from waglan.evidence.catalogue.catalogue import Catalogue
from waglan.evidence.catalogue.clause import Clause, Source

HEAD, RETIRED = "catalogue.toml", "retired.toml"
_ID = re.compile(r'^id\s*=\s*"([^"]+)"', re.MULTILINE)


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which catalogue a folder holds."""

    id: str
    version: str
    as_of: dt.date


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    catalogue: Head | None = None
    sources: dict[str, Source] = {}
    clauses: tuple[Clause, ...] = ()


class Retired(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ids of clauses and tests that were in use once; they never come back for anything else."""

    ids: tuple[str, ...] = ()


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A catalogue together with what only its files say.

    Attributes
    ----------
    catalogue
        The value.
    places
        File and line by id of a clause or test, for findings.
    retired
        Ids that mustn't be used any more.
    """

    catalogue: Catalogue
    places: Mapping[str, str]
    retired: tuple[str, ...]


def load(folder: Path | None = None) -> Catalogue:
    """The catalogue of a folder, by default the one that ships with Waglan. Raises as `open_folder`."""
    return open_folder(folder).catalogue


def open_folder(folder: Path | None = None) -> Opened:
    """Read every TOML file of a folder as one catalogue.

    Raises
    ------
    Problem
        ``manifest.*`` of `waglan.core.manifest.parse_toml` with file and line; ``catalogue.head`` where no file says
        which catalogue this is; ``catalogue.source`` where two files state one source.
    """
    where: Traversable = folder or files("waglan.evidence.catalogue") / "data"
    texts = {each.name: each.read_text(encoding="utf-8") for each in where.iterdir() if each.name.endswith(".toml")}
    retired = parse_toml(texts.pop(RETIRED), Retired, RETIRED) if RETIRED in texts else Retired()
    head: Head | None = None
    sources: dict[str, Source] = {}
    clauses: list[Clause] = []
    places: dict[str, str] = {}
    for name in sorted(texts, key=lambda name: (name != HEAD, name)):
        file = parse_toml(texts[name], _File, name)
        head = head or file.catalogue
        for source in sources.keys() & file.sources.keys():
            raise _twice(source, name)
        sources |= file.sources
        clauses += file.clauses
        places |= _places(name, texts[name])
    if head is None:
        raise Problem(
            "The folder doesn't say which catalogue it holds.",
            f"No file has a [catalogue] table; {HEAD} should.",
            "Add [catalogue] with id, version and as_of.",
            code="catalogue.head",
            where=str(where),
        )
    value = Catalogue(id=head.id, version=head.version, as_of=head.as_of, sources=sources, clauses=tuple(clauses))
    places.pop(head.id, None)
    return Opened(catalogue=value, places=places, retired=retired.ids)


def _places(name: str, text: str) -> dict[str, str]:
    return {match[1]: f"{name}:{text.count(chr(10), 0, match.start()) + 1}" for match in _ID.finditer(text)}


def _twice(source: str, file: str) -> Problem:
    return Problem(
        f"The source {source!r} is stated twice.",
        "Clauses couldn't tell which one is meant.",
        "Remove one, or give it another id.",
        code="catalogue.source",
        where=file,
    )
