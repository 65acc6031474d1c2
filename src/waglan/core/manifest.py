"""Reading manifests and settings: TOML text to a checked Struct, errors with the line and the nearest name."""

from __future__ import annotations

import hashlib
import re
import tomllib
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from waglan.core.problem import Problem, nearest
from waglan.core.profile import AXES
from waglan.core.usecase import UseCase

S = TypeVar("S", bound=msgspec.Struct)

_PATH = re.compile(r" - at (`key` in )?`\$?(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(
    r"Object contains unknown field `(?P<name>[^`]*)`|Invalid enum value '(?P<key>[^']*)' - at `key` in "
)
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`")


def parse_toml(text: str, kind: type[S], origin: str) -> S:
    """Read TOML as a Struct.

    Parameters
    ----------
    text
        The document.
    kind
        The Struct it must satisfy; give it ``forbid_unknown_fields``.
    origin
        What to call the document in messages, usually its path.

    Raises
    ------
    Problem
        ``manifest.invalid``: names line, key and the nearest valid name.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise Problem(
            f"{origin} is not valid TOML.",
            str(error),
            "Correct the line; strings need quotes, tables need [brackets].",
            code="manifest.syntax",
            where=f"{origin}:{line[1]}" if line else origin,
        ) from None
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise _explain(text, document, kind, origin, str(error)) from None


def parse_manifest(text: str, origin: str) -> UseCase:
    """Read a use case's manifest and check what its types can't say. Raises as `parse_toml`."""
    manifest = parse_toml(text, UseCase, origin)
    for where, what, why, advice in _inconsistencies(manifest):
        raise Problem(what, why, advice, code="manifest.invalid", where=f"{origin}:{_line(text, where)}")
    return manifest


def digest(manifest: UseCase) -> str:
    """SHA-256, hexadecimal, of the manifest's canonical JSON: the ``policy_digest`` of its decisions."""
    return hashlib.sha256(msgspec.json.encode(manifest, order="sorted")).hexdigest()


def _inconsistencies(m: UseCase) -> list[tuple[list[str], str, str, str]]:
    found: list[tuple[list[str], str, str, str]] = []
    if not re.fullmatch(r"[a-z][a-z0-9_.-]{0,63}", m.name):
        found.append((["name"], f"A use case can't be called {m.name!r}.", "The name stands in addresses and records.",
                      "Use a-z, 0-9, '_', '-' or '.', starting with a letter."))  # fmt: skip
    if not m.purposes:
        found.append((["purposes"], "No purpose is declared.", "Personal data may be used for a stated purpose only.",
                      'Name at least one: purposes = ["credit_assessment"].'))  # fmt: skip
    if m.customer_facing and m.disclosure is None:
        found.append((["customer_facing"], "Customers meet this use case but no [disclosure] is given.",
                      "They must be told that AI is used and how to reach a person.",
                      "Add [disclosure] with id and text per language."))  # fmt: skip
    subjects = [name for name, spec in m.inputs.items() if spec.role == "subject"]
    if len(subjects) > 1:
        found.append((["inputs", subjects[1]], "Two inputs have the role 'subject'.", "A case concerns one subject.",
                      "Give one of them another role, such as 'identifier'."))  # fmt: skip
    for name in (*m.controls.dry_run, *m.controls.settings):
        if name not in (*m.controls.before, *m.controls.after):
            found.append((["controls", name], f"{name!r} has settings or dry run but isn't in before or after.",
                          nearest(name, (*m.controls.before, *m.controls.after)),
                          "Add it to controls.before or controls.after, or remove it here."))  # fmt: skip
    for slot, spec in m.models.items():
        if not spec.use:
            found.append((["models", slot, "use"], f"Model slot {slot!r} names no model.", "There is nobody to ask.",
                          'Name at least one: use = ["my.model"].'))  # fmt: skip
    return [*found, *_contradictions(m)]


def _contradictions(m: UseCase) -> list[tuple[list[str], str, str, str]]:
    """Where the profile says less of the risk than the rest of the manifest does."""
    profile, found = m.profile, []
    if profile is None:
        return []
    if profile.customer_facing is not None and profile.customer_facing is not m.customer_facing:
        found.append((["profile", "customer_facing"], "The profile contradicts the manifest on customer_facing.",
                      f"The manifest says {str(m.customer_facing).lower()}.", "Correct the wrong one."))  # fmt: skip
    if profile.adverse is False and m.adverse_effects:
        found.append((["profile", "adverse"], "The profile says that no answer is to anybody's disadvantage.",
                      f"adverse_effects names {', '.join(m.adverse_effects)}.", "Say adverse = true."))  # fmt: skip
    classes = {i.data_class for i in m.inputs.values() if i.role != "unused"}
    least = next((each for each in ("sensitive", "personal") if each in classes), "none")
    severity = AXES["personal_data"].index
    if profile.personal_data is not None and severity(profile.personal_data) < severity(least):
        found.append((["profile", "personal_data"], f"The profile says personal_data = {profile.personal_data!r}.",
                      f"An input is of the class {least!r}.", f'Say personal_data = "{least}".'))  # fmt: skip
    return found


def _explain(text: str, document: Any, kind: type, origin: str, message: str) -> Problem:
    match = _PATH.search(message)
    path = _named(document, kind, re.findall(r"\.\.\.|[^.\[\]]+", match["path"]) if match else [])
    reason = _PATH.sub("", message)
    if unknown := _UNKNOWN.search(message):
        name = unknown["name"] or unknown["key"]
        valid = _keys_at(kind, path)
        return Problem(
            f"Unknown key {name!r}.",
            nearest(name, valid),
            "Correct or remove the line.",
            code="manifest.unknown",
            where=f"{origin}:{_line(text, [*path, name])}",
        )
    if missing := _MISSING.search(message):
        return Problem(
            f"The key {missing['name']!r} is missing{' in [' + '.'.join(path) + ']' if path else ''}.",
            "It has no default.",
            f"Add {missing['name']} = …",
            code="manifest.missing",
            where=f"{origin}:{_line(text, path)}",
        )
    value = re.search(r"Invalid enum value '([^']*)'", reason)
    advice = "Correct the value."
    if value:
        advice = nearest(value[1], _choices_at(kind, path))
    return Problem(
        f"{'.'.join(path) or 'The document'} can't be read.",
        reason + ".",
        advice,
        code="manifest.invalid",
        where=f"{origin}:{_line(text, path)}",
    )


def _named(document: Any, kind: Any, path: list[str]) -> list[str]:
    """A path with each ``...`` (any key of a mapping, as msgspec writes it) replaced by the key at fault."""
    named: list[str] = []
    for step in path:
        expected = _type_at(kind, [*named, step])
        table = document if isinstance(document, dict) else {}
        key = next((k for k, value in table.items() if not _fits(value, expected)), step) if step == "..." else step
        named.append(key)
        document = table.get(key)
    return named


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _type_at(kind: Any, path: list[str]) -> Any:
    """The annotation reached by a path of keys."""
    for step in path:
        kind = next((a for a in get_args(kind) if a is not type(None)), kind) if _optional(kind) else kind
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            kind = get_type_hints(kind).get(step, Any)
        else:
            kind = get_args(kind)[-1 if get_origin(kind) is dict else 0]
    return next((a for a in get_args(kind) if a is not type(None)), kind) if _optional(kind) else kind


def _optional(kind: Any) -> bool:
    return type(None) in get_args(kind)


def _keys_at(kind: Any, path: list[str]) -> tuple[str, ...]:
    found = _type_at(kind, path)
    if get_origin(found) is dict:
        return get_args(get_args(found)[0])
    return tuple(f.encode_name for f in msgspec.structs.fields(found))


def _choices_at(kind: Any, path: list[str]) -> tuple[str, ...]:
    return tuple(str(a) for a in get_args(_type_at(kind, path)))


def _line(text: str, path: list[str]) -> int:
    """The line (from 1) where a path of keys leads, each word looked for from the line of the one before it."""
    lines = text.splitlines()
    found = 0
    for word in path:
        key = rf'["\']?{re.escape(word)}["\']?'
        pattern = re.compile(rf"^\s*(\[+([^\]]*\.)?)?{key}\s*[\].=]|[{{,]\s*{key}\s*=")
        found = next((at for at in range(found, len(lines)) if pattern.search(lines[at])), found)
    return found + 1
