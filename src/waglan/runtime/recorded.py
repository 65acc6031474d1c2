"""The Python door: ``waglan.decide`` and ``@waglan.recorded`` around a function that the firm already has."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar, get_args, get_type_hints

from waglan.core.case import Case
from waglan.core.decision import Route
from waglan.core.model import Kit
from waglan.core.outcome import Outcome, Reason
from waglan.core.problem import Problem
from waglan.core.usecase import Input, Plugin, Tier, UseCase, use_cases
from waglan.runtime.ask import Ask, Reply
from waglan.runtime.workspace import Workspace

P = ParamSpec("P")
R = TypeVar("R")

_open: dict[Path, Workspace] = {}
_lock = threading.Lock()
_TYPES: Mapping[Any, Literal["number", "integer", "boolean", "text", "list", "object"]] = {
    float: "number",
    int: "integer",
    bool: "boolean",
    str: "text",
    list: "list",
    dict: "object",
}


def workspace(folder: str | Path = ".") -> Workspace:
    """The open workspace of a folder, one per process; a forked child opens its own."""
    path = Path(folder).resolve()
    with _lock:
        if path not in _open:
            _open[path] = Workspace.open(path)
        return _open[path]


def decide(use_case: str, inputs: Mapping[str, Any], *, folder: str | Path = ".", ask: Ask = Ask()) -> Reply:  # noqa: B008
    """Decide one case in the workspace of a folder and record it.

    Raises
    ------
    Problem
        When the inputs can't be used or the ledger can't commit.
    """
    return workspace(folder).runtime.decide_sync(use_case, inputs, ask)


class _Function:
    """A decider around a plain function; its answer without reasons goes to a person, like any other."""

    def __init__(self, call: Callable[..., Any], reasons: Callable[[Any], tuple[Reason, ...]] | None) -> None:
        self._call = call
        self._reasons = reasons

    def decide(self, case: Case, kit: Kit) -> Outcome:
        answer = self._call(**case.inputs)
        if isinstance(answer, Outcome):
            return answer
        return Outcome(value=answer, effect=str(answer)[:96], reasons=self._reasons(answer) if self._reasons else ())


def recorded(
    name: str,
    *,
    owner: str,
    purpose: str,
    version: str = "1",
    tier: Tier = "high",
    adverse_effects: tuple[str, ...] = (),
    reasons: Callable[[Any], tuple[Reason, ...]] | None = None,
    folder: str | Path = ".",
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Put a function on the record: each call becomes a decision of the use case ``name``.

    The wrapped function takes what it took and returns what it returned (of an `Outcome`, its value). Its
    parameters become the declared inputs, typed by their annotations. A call returns only when it is on the log
    and its route is ``auto``.

    Parameters
    ----------
    name, owner, purpose, version, tier, adverse_effects
        As in a manifest.
    reasons
        Gives the reasons of an answer; the function may also return a `waglan.Outcome` that has them.
    folder
        The workspace.

    Raises
    ------
    Problem
        From a call: ``decision.held`` when a person must decide, with the decision's id in ``where``.
    """

    def wrap(call: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(call)
        manifest = UseCase(
            name=name,
            version=version,
            title={"en": name},
            owner=owner,
            purposes=(purpose,),
            tier=tier,
            adverse_effects=adverse_effects,
            inputs=_inputs(call, signature),
        )
        use_cases.add(name, Plugin(manifest, _Function(call, reasons)))

        @functools.wraps(call)
        def on_record(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            reply = decide(name, bound.arguments, folder=folder)
            outcome = reply.decision.outcome
            if reply.decision.route is not Route.AUTO or outcome is None:
                raise Problem(
                    f"A person decides this case of {name!r}.",
                    f"It was recorded with route {reply.decision.route} because of {', '.join(reply.decision.why)}.",
                    "Wait for the review of the decision named here.",
                    code="decision.held",
                    where=reply.decision.id,
                    status=202,
                )
            return outcome.value  # type: ignore[no-any-return]

        return on_record

    return wrap


def _inputs(call: Callable[..., Any], signature: inspect.Signature) -> dict[str, Input]:
    hints = get_type_hints(call)
    found = {}
    for parameter in signature.parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise TypeError(f"{call.__qualname__}: a recorded function can't take {parameter}")
        hint = hints.get(parameter.name, str)
        optional = type(None) in get_args(hint)
        kind = next((a for a in get_args(hint) if a is not type(None)), hint) if optional else hint
        kind = getattr(kind, "__origin__", kind)
        if kind not in _TYPES:
            raise TypeError(
                f"{call.__qualname__}: annotate {parameter.name} with one of {', '.join(t.__name__ for t in _TYPES)}"
            )
        found[parameter.name] = Input(type=_TYPES[kind], required=not optional)
    return found
