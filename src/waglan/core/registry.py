"""One registry for every seam: names to things, ours and a firm's through the same door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from types import ModuleType
from typing import Generic, TypeVar

from waglan.core.problem import Problem, nearest

T = TypeVar("T")


class Registry(Generic[T]):
    """Names to implementations; what an installed package offers under ``group`` is loaded when first asked for.

    Parameters
    ----------
    noun
        What it holds, for messages: ``control``, ``use case``.
    group
        The entry-point group of the seam, ``waglan.controls``.
    """

    def __init__(self, noun: str, group: str) -> None:
        self.noun = noun
        self.group = group
        self._items: dict[str, T] = {}
        self._loaded = False

    def add(self, name: str, item: T) -> T:
        """Register and give back untouched; the same name twice for different things is a Problem."""
        if self._items.setdefault(name, item) is not item:
            raise Problem(
                f"Two {self.noun}s are called {name!r}.",
                "A name is written into every record, so it can mean one thing only.",
                f"Rename one of them, or remove its entry point from the group {self.group!r}.",
                code="registry.duplicate",
            )
        return item

    def get(self, name: str) -> T:
        """The thing of that name, or a Problem that names the nearest."""
        self.load()
        if name not in self._items:
            raise Problem(
                f"There is no {self.noun} called {name!r}.",
                nearest(name, self._items),
                f"Install a package with an entry point in {self.group!r}, or correct the name.",
                code="registry.unknown",
                status=404,
            )
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        self.load()
        return iter(sorted(self._items))

    def __contains__(self, name: str) -> bool:
        self.load()
        return name in self._items

    def load(self, found: Callable[..., object] = entry_points) -> None:
        """Import what the entry points name: an item, or a module that registers its own when imported."""
        if self._loaded:
            return
        self._loaded = True
        for point in found(group=self.group):  # type: ignore[attr-defined]
            item = point.load()
            if not isinstance(item, ModuleType):
                self.add(point.name, item)
