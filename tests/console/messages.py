"""Keeps the console's catalogues: ``python -m tests.console.messages`` finds what is new and compiles what is there.

A domain is a folder of templates together with the page module of its name: ``templates/reviews/*.html`` and
``pages/reviews.py`` (or the package ``pages/reviews/``) make ``reviews.po`` per language; ``frame`` is the templates
around every page and the modules beside them, ``words`` the codes in ``words.py``, ``problems`` what refusals of the
rooms below say: fixed sentences as they are, and those with values in them with ``%(v1)s`` where a value stands.
"""

from __future__ import annotations

import ast
import io
import re
import runpy
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HOME = Path(__file__).resolve().parents[2] / "src" / "waglan" / "console"
LANGUAGES = ("zh_Hant", "zh_Hans")
FRAME = ("navigation.py", "charts.py", "door.py", "visit.py", "forms.py")
PROBLEM_ROOMS = ("access", "review", "console", "index", "api", "ledger", "registers", "tiers", "rulebook")
REFUSERS = (
    "Problem", "SlowDown", "Ruling", "person", "password", "passkey", "provider", "sign_in", "denied", "refused",
    "_refused", "stale", "problem", "wrong", "_state", "_nothing", "_none",
)  # fmt: skip
ALWAYS = datetime(2026, 1, 1, tzinfo=UTC)
THINGS = (
    "decision", "review", "request", "subject", "use case", "model", "control", "ledger", "person", "key", "passkey",
    "settings", "metrics", "attention", "entry", "register", "incident", "drill", "suspension", "tier",
)  # fmt: skip
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}


def domains() -> list[str]:
    return [
        "frame",
        "words",
        "problems",
        *sorted(d.name for d in (HOME / "templates").iterdir() if d.is_dir() and d.name != "frame"),
    ]


def path(language: str, domain: str, suffix: str = "po") -> Path:
    return HOME / "locale" / language / "LC_MESSAGES" / f"{domain}.{suffix}"


def _from_words() -> Iterator[str]:
    words = runpy.run_path(str(HOME / "words.py"))
    for group in words["WORDS"].values():
        yield from group.values()
    yield from words["NOTICES"].values()


def _from_problems() -> Iterator[str]:
    """What every Problem that a page may show says, a placeholder for each value in it."""
    yield from (f"There is no such {thing} here." for thing in THINGS)  # their Chinese depends on the thing
    yield from _returned(HOME.parent / "core" / "problem.py", "nearest")
    for room in PROBLEM_ROOMS:
        for source in sorted((HOME.parent / room).glob("**/*.py")):
            for call in ast.walk(ast.parse(source.read_text())):
                if isinstance(call, ast.Call) and getattr(call.func, "attr", getattr(call.func, "id", "")) in REFUSERS:
                    for said in [*call.args, *(k.value for k in call.keywords if k.arg in ("what", "why", "next"))]:
                        yield from sentences(said)


def _returned(source: Path, function: str) -> Iterator[str]:
    for made in ast.walk(ast.parse(source.read_text())):
        if isinstance(made, ast.FunctionDef) and made.name == function:
            for node in ast.walk(made):
                if isinstance(node, ast.Return) and node.value is not None:
                    yield from sentences(node.value)


def sentences(node: ast.expr) -> list[str]:
    """The msgids of an expression: one per way in which its conditions may turn out."""
    return [text for parts in _ways(node) if _sentence(text := _numbered(parts))]


def _ways(node: ast.expr) -> list[tuple[str | None, ...]]:
    """Each way a text may read, as its parts; None stands for a value."""
    if isinstance(node, ast.Constant):
        return [(str(node.value),)]
    if isinstance(node, ast.FormattedValue):
        return _ways(node.value) if isinstance(node.value, (ast.IfExp, ast.BoolOp)) else [(None,)]
    if isinstance(node, ast.BoolOp):
        return [way for value in node.values for way in _ways(value)]
    if isinstance(node, ast.IfExp):
        return [*_ways(node.body), *_ways(node.orelse)]
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)):
        parts = node.values if isinstance(node, ast.JoinedStr) else (node.left, node.right)
        return [tuple(piece for way in ways for piece in way) for ways in product(*map(_ways, parts))]
    return [(None,)]


def _numbered(parts: tuple[str | None, ...]) -> str:
    if None not in parts:
        return "".join(part or "" for part in parts)
    text, values = "", 0
    for part in parts:
        if part is not None:
            text += part.replace("%", "%%")
        elif not text.endswith(f"%(v{values})s"):
            values += 1
            text += f"%(v{values})s"
    return text


def _sentence(text: str) -> bool:
    """Whether words of ours are in it; ``%(v1)s: %(v2)s.`` passes on what another program said."""
    own = re.sub(r"%\(v\d+\)s", "", text)
    whole = text[:1].isupper() or text.startswith(("%(v", "["))
    return whole and text.endswith((".", "?", ")s")) and " " in text and re.search("[A-Za-z]", own) is not None


def _sources(domain: str) -> Iterator[Path]:
    yield from sorted((HOME / "templates" / domain).glob("**/*.html"))
    if domain == "frame":
        yield from (HOME / name for name in FRAME)
    yield from sorted((HOME / "pages").glob(f"{domain}.py"))
    yield from sorted((HOME / "pages" / domain).glob("*.py"))


def messages(domain: str) -> list[str | tuple[str, str]]:
    """Every msgid of a domain, in the order met."""
    if domain in ("words", "problems"):
        return list(dict.fromkeys(_from_words() if domain == "words" else _from_problems()))
    found: dict[str | tuple[str, str], None] = {}
    for source in _sources(domain):
        method = "jinja2.ext:babel_extract" if source.suffix == ".html" else "python"
        options = {"trimmed": "true", "silent": "false", "extensions": "jinja2.ext.do"}
        body = io.BytesIO(source.read_bytes())
        for _, message, _, _ in extract(method, body, KEYWORDS, options=options):
            if message:
                found[tuple(message) if isinstance(message, (list, tuple)) else message] = None
    return list(found)


def read(language: str, domain: str) -> Catalog:
    found = path(language, domain)
    if not found.exists():
        return Catalog(locale=language)
    with found.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str, domain: str) -> Catalog:
    """The catalogue with what is new, without what is gone."""
    old, new = read(language, domain), Catalog(locale=language, fuzzy=False)
    for message in messages(domain):
        singular = message if isinstance(message, str) else message[0]
        known = old.get(singular)
        new.add(message, known.string if known else None)
    return new


def lacking(catalogue: Catalog) -> list[str]:
    """Msgids without a translation."""
    return [str(m.id) for m in catalogue if m.id and not (all(m.string) if isinstance(m.string, tuple) else m.string)]


def compiled(catalogue: Catalog) -> bytes:
    """The same bytes for the same words, whenever it is run."""
    body = io.BytesIO()
    catalogue.header_comment = ""
    catalogue.creation_date = catalogue.revision_date = ALWAYS
    write_mo(body, catalogue)
    return body.getvalue()


def main() -> int:
    missing = 0
    for language in LANGUAGES:
        for domain in sys.argv[1:] or domains():
            catalogue = update(language, domain)
            path(language, domain).parent.mkdir(parents=True, exist_ok=True)
            body = io.BytesIO()
            write_po(body, catalogue, width=120, no_location=True, omit_header=False, sort_output=False)
            stamped = (b"POT-Creation-Date", b"PO-Revision-Date", b"Generated-By", b"Report-Msgid", b"Last-Translator")
            lines = [
                x
                for x in body.getvalue().splitlines(keepends=True)
                if not x.startswith(tuple(b'"' + s for s in stamped))
            ]
            path(language, domain).write_bytes(b"".join(x for x in lines if not x.startswith(b"#")).lstrip())
            path(language, domain, "mo").write_bytes(compiled(read(language, domain)))
            for message in lacking(catalogue):
                missing += 1
                print(f"{language}/{domain}: {message!r}")
    print(f"{missing} without a translation")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
