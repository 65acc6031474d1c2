"""Whether a file's columns are those that a use case declares; a file that can't fit is refused before any row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from waglan.core.problem import Problem, nearest
from waglan.core.usecase import UseCase


def check_columns(
    columns: Sequence[str], manifest: UseCase, *, drop_unknown: bool = False, also: Iterable[str] = ()
) -> None:
    """Refuse columns that the manifest doesn't declare, and the lack of those it requires.

    Parameters
    ----------
    columns
        The header.
    drop_unknown
        Let undeclared columns in; data minimisation then drops them and says so on the record.
    also
        Columns that the door itself uses, such as a consent reference. Names that begin with ``_`` are never
        inputs and always pass.

    Raises
    ------
    Problem
        ``file.columns`` with one entry of ``errors`` per column.
    """
    taken = frozenset(also)
    declared = manifest.inputs
    errors = [
        Problem(
            f"Column {name!r} isn't declared.",
            nearest(name, declared),
            nearest(name, declared),
            code="input.unknown",
            where=name,
        )
        for name in columns
        if name not in declared and name not in taken and not name.startswith("_") and not drop_unknown
    ]
    errors += [
        Problem(
            f"Column {name!r} is missing.",
            f"{manifest.name} requires it.",
            f"Add the column {name!r}.",
            code="input.missing",
            where=name,
        )
        for name, spec in declared.items()
        if spec.required and spec.role != "unused" and name not in columns
    ]
    if not errors:
        return
    unknown = [e for e in errors if e.code == "input.unknown"]
    missing = [e for e in errors if e.code == "input.missing"]
    told = []
    if missing:
        told.append(f"missing: {', '.join(e.where for e in missing)}")
    if unknown:
        told.append("not declared: " + ", ".join(f"{e.where} ({_hint(e)})" for e in unknown))
    advice = "Correct the header"
    if unknown:
        advice += ", or pass --drop-unknown to let undeclared columns be dropped and recorded as dropped"
    raise Problem(
        f"The columns don't fit {manifest.name} – {'; '.join(told)}.",
        f"A case may hold only what its manifest declares: {', '.join(declared)}.",
        f"{advice}.",
        code="file.columns",
        errors=errors,
    )


def _hint(problem: Problem) -> str:
    return problem.why.rstrip(".") if problem.why.startswith("Did you") else "nothing like it is declared"
