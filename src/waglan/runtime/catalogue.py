"""The use cases of a workspace: installed plug-ins, the firm's own modules, and manifests that training wrote."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import msgspec

from waglan.core.inputs import InputSchema
from waglan.core.manifest import digest, parse_manifest
from waglan.core.problem import Problem, nearest
from waglan.core.usecase import Plugin, UseCase, use_cases


class Loaded(msgspec.Struct, frozen=True):
    """A use case ready to be asked: its manifest, compiled inputs, the manifest's digest, and who decides."""

    manifest: UseCase
    schema: InputSchema
    digest: str
    plugin: Plugin


def load_plugin(manifest: Path, decider: object, samples: tuple[dict[str, object], ...] = ()) -> Plugin:
    """A plug-in from the manifest file beside its code.

    Raises
    ------
    Problem
        When the manifest can't be read, with file and line.
    """
    try:
        text = manifest.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(
            f"The manifest {manifest} can't be read.", f"{error}.", "Put it beside the module.", code="manifest.file"
        ) from None
    return Plugin(parse_manifest(text, str(manifest)), decider, samples)  # type: ignore[arg-type]


def import_module(name: str, folder: Path) -> ModuleType:
    """Import a firm's module: a dotted name, or a path relative to the workspace.

    Raises
    ------
    Problem
        ``plugin.import`` with what the import said.
    """
    try:
        if not name.endswith(".py"):
            return importlib.import_module(name)
        path = (folder / name).resolve()
        alias = f"waglan_plugin_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
        if alias in sys.modules:
            return sys.modules[alias]
        spec = importlib.util.spec_from_file_location(alias, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[alias] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[alias]
            raise
        return module
    except Problem:
        raise
    except Exception as error:
        raise Problem(
            f"The plug-in {name!r} can't be imported.",
            f"{type(error).__name__}: {error}",
            "Correct the module, or the name under [plugins] modules in waglan.toml.",
            code="plugin.import",
            where=name,
        ) from error


class Catalogue:
    """Use cases by name.

    Parameters
    ----------
    folder
        The workspace; ``usecases/*.toml`` there stand before a plug-in's own manifest.
    modules
        The firm's plug-in modules from the settings.
    """

    def __init__(self, folder: Path, modules: tuple[str, ...] = ()) -> None:
        self._plugins: dict[str, Plugin] = {}
        for name in modules:
            self._add(import_module(name, folder), name)
        self._manifests: dict[str, UseCase] = {}
        for path in sorted((folder / "usecases").glob("*.toml")):
            manifest = parse_manifest(path.read_text(encoding="utf-8"), str(path))
            self._manifests[manifest.name] = manifest
        self._loaded: dict[str, Loaded] = {}

    def _add(self, module: ModuleType, name: str) -> None:
        found = getattr(module, "plugin", None)
        for plugin in found if isinstance(found, (list, tuple)) and not isinstance(found, Plugin) else [found]:
            if isinstance(plugin, Plugin):
                self._plugins[plugin.manifest.name] = plugin
            elif plugin is not None:
                raise Problem(
                    f"{name}: 'plugin' is a {type(plugin).__name__}.",
                    "It must be a waglan.Plugin.",
                    "Make it with waglan.load_plugin(Path(__file__).with_name('manifest.toml'), YourDecider()).",
                    code="plugin.type",
                    where=name,
                )

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._plugins, *use_cases, *self._manifests}))

    def get(self, name: str) -> Loaded:
        """The use case of that name; a Problem that names the nearest."""
        loaded = self._loaded.get(name)
        return loaded if loaded is not None else self._load(name)

    def plugin(self, name: str) -> Plugin | None:
        """The object and manifest installed under a name, the firm's own modules first."""
        return self._plugins.get(name) or (use_cases.get(name) if name in use_cases else None)

    def manifest(self, name: str) -> UseCase | None:
        """The manifest of that name, also where it can't decide; None when nothing has it."""
        found = self._manifests.get(name)
        plugin = self.plugin(name) if found is None else None
        return plugin.manifest if plugin is not None else found

    def _load(self, name: str) -> Loaded:
        manifest = self._manifests.get(name)
        plugin = self.plugin((manifest.plugin or name) if manifest else name)
        if plugin is None:
            raise Problem(
                f"There is no use case {name!r}." if manifest is None else f"Nothing installed decides {name!r}.",
                nearest(name, self),
                "Install it, name its module under [plugins] in waglan.toml, or correct the name.",
                code="use_case.unknown",
                status=404,
                where=name,
            )
        manifest = manifest or plugin.manifest
        if manifest.phase in ("design", "retired"):
            raise Problem(
                f"The use case {name!r} is in phase {manifest.phase!r}.",
                "Only pilot and production decide.",
                'Set phase = "pilot" in its manifest once it may be used.',
                code="use_case.phase",
                status=409,
                where=name,
            )
        if manifest.profile is not None and manifest.profile.prohibited:
            raise _unacceptable(name, manifest.profile.prohibited)
        loaded = Loaded(manifest, InputSchema(manifest.inputs), digest(manifest), plugin)
        self._loaded[name] = loaded
        return loaded


def _unacceptable(name: str, practices: tuple[str, ...]) -> Problem:
    """The refusal of a use of the DPO's unacceptable level (*Generative AI Technical and Application Guideline*)."""
    return Problem(
        f"The use case {name!r} can't be used at all.",
        f"Its profile names what nobody may use AI for: {', '.join(practices)}.",
        "Give the use up, or correct [profile] prohibited in its manifest if it names this wrongly.",
        code="use_case.unacceptable",
        status=409,
        where=name,
    )
