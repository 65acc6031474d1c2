"""A manifest, a context and registers that hold what a test puts in."""

from __future__ import annotations

import msgspec

from waglan.core import Case, Context, ModelUse, UseCase
from waglan.core.events import ModelRegistration
from waglan.core.usecase import Disclosure, Input

NOW = 1_790_000_000_000
DAY = 86_400_000

INPUTS = {
    "note": Input(type="text"),
    "documents": Input(type="list", required=False),
    "form": Input(type="object", required=False),
    "income": Input(type="number"),
    "region": Input(type="category", values=("HK", "A123456(3)"), required=False),
    "sex": Input(type="category", role="protected"),
    "hkid": Input(type="text", role="identifier"),
    "customer": Input(type="text", role="subject"),
    "old": Input(type="text", role="unused"),
}


class Registry:
    """The registers' protocol over what is given."""

    def __init__(self, models: tuple[ModelRegistration, ...] = (), opted_out: tuple[tuple[str, str], ...] = ()) -> None:
        self._models = {(m.id, m.version): m for m in models}
        self._opted_out = opted_out

    def model(self, model_id: str, version: str) -> ModelRegistration | None:
        return self._models.get((model_id, version))

    def opted_out(self, subject: str, use_case: str) -> bool:
        return (subject, use_case) in self._opted_out


def manifest(**changes: object) -> UseCase:
    use_case = UseCase(
        name="desk",
        version="1",
        title={"en": "Desk"},
        owner="head",
        purposes=("service", "complaints"),
        customer_facing=True,
        adverse_effects=("decline",),
        inputs=INPUTS,
        disclosure=Disclosure(id="d1", text={"en": "AI is used.", "zh-Hant": "使用人工智能。"}),
    )
    return msgspec.structs.replace(use_case, **changes)


def context(
    settings: object = None,
    registers: Registry | None = None,
    models: tuple[ModelUse, ...] = (),
    now_ms: int = NOW,
    **changes: object,
) -> Context:
    return Context(
        use_case=manifest(**changes),
        settings=settings,
        registers=registers or Registry(),
        now_ms=now_ms,
        models=models,
    )


def case(inputs: dict[str, object] | None = None, **changes: object) -> Case:
    return Case(**({"use_case": "desk", "inputs": inputs or {}, "purpose": "service", "subject": "S1"} | changes))
