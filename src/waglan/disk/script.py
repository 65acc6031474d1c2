"""SQL scripts that lie beside the code, statement by statement: migrations and the tables of projections."""

from __future__ import annotations

from importlib.resources import files


def statements(package: str, name: str) -> list[str]:
    """The statements of a script, without comments; none of ours holds a semicolon or two hyphens inside a text."""
    script = files(package).joinpath(name).read_text(encoding="utf-8")
    lines = [line.partition("--")[0].rstrip() for line in script.splitlines() if not line.startswith("--")]
    return [each for each in "\n".join(lines).split(";") if each.strip()]
