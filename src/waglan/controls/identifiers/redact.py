"""Spans replaced by typed tokens ``⟦HKID_1⟧``, numbered once for a whole case."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from waglan.controls.identifiers.find import find
from waglan.controls.identifiers.fold import fold
from waglan.controls.identifiers.kinds import Kind

_TOKEN = re.compile(r"\u27e6([A-Z_]+)_([0-9]{1,9})\u27e7")
_LAYOUT = re.compile(r"[ \-(),]+")
_DEEPEST = 60


class Redactor:
    """Replaces identifiers in the texts of one case; the same value gets the same token wherever it stands.

    Parameters
    ----------
    keep
        Kinds that stay as they are.

    Attributes
    ----------
    count
        Identifiers replaced so far.
    kinds
        Their kinds.
    where
        The fields they stood in, in order.
    """

    def __init__(self, keep: Collection[Kind] = ()) -> None:
        self._keep = keep
        self._tokens: dict[tuple[str, str], str] = {}
        self._last: dict[str, int] = {}
        self.count = 0
        self.kinds: set[Kind] = set()
        self.where: list[str] = []

    def reserve(self, value: Any) -> None:
        """Keep clear of tokens that already stand in a text, so that ours can't be mistaken for them."""
        for text in _texts(value, 0):
            for kind, number in _TOKEN.findall(text):
                self._last[kind] = max(self._last.get(kind, 0), int(number))

    def value(self, value: Any, where: str, label: str = "", depth: int = 0) -> Any:
        """A JSON value without identifiers: itself, the very object, when none is found.

        Text in objects is read with its key as label. Numbers stay: they have no words around them.
        """
        if isinstance(value, str):
            return self.text(value, where, label)
        if depth >= _DEEPEST:
            raise RecursionError(f"{where} is nested more than {_DEEPEST} deep")
        if isinstance(value, dict):
            return self._object(value, where, depth)
        if isinstance(value, (list, tuple)):
            items = [self.value(item, f"{where}[{at}]", label, depth + 1) for at, item in enumerate(value)]
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        return value

    def text(self, text: str, where: str, label: str = "") -> str:
        """A text without identifiers; the scan is repeated until a whole one finds nothing."""
        changed = self._once(text, label)
        if changed is text:
            return text
        self.where.append(where)
        while (again := self._once(changed, label)) is not changed:
            changed = again
        return changed

    def _object(self, value: dict[str, Any], where: str, depth: int) -> dict[str, Any]:
        items: dict[str, Any] = {}
        changed = False
        for key, item in value.items():
            safe = self.text(key, f"{where}.*")
            while safe is not key and safe in items:
                safe += "'"
            items[safe] = self.value(item, f"{where}.{safe}", safe, depth + 1)
            changed = changed or safe is not key or items[safe] is not item
        return items if changed else value

    def _once(self, text: str, label: str) -> str:
        spans = [span for span in find(text, label) if span.kind not in self._keep]
        if not spans:
            return text
        parts: list[str] = []
        end = 0
        for span in spans:
            parts += text[end : span.start], self._token(span.kind, text[span.start : span.end])
            end = span.end
        self.count += len(spans)
        self.kinds.update(span.kind for span in spans)
        return "".join([*parts, text[end:]])

    def _token(self, kind: Kind, written: str) -> str:
        value = _LAYOUT.sub("", fold(written).text).upper()
        if kind == "PHONE":
            value = value.removeprefix("+").removeprefix("00").removeprefix("852" if len(value) > 8 else "")
        token = self._tokens.get((kind, value))
        if token is None:
            number = self._last[kind] = self._last.get(kind, 0) + 1
            token = self._tokens[kind, value] = f"\u27e6{kind}_{number}\u27e7"
        return token


def _texts(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        if "\u27e6" in value:
            yield value
    elif isinstance(value, dict) and depth < _DEEPEST:
        for key, item in value.items():
            yield from _texts(key, depth + 1)
            yield from _texts(item, depth + 1)
    elif isinstance(value, (list, tuple)) and depth < _DEEPEST:
        for item in value:
            yield from _texts(item, depth + 1)
