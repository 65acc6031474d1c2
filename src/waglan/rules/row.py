"""Values as rules see them, made once for all rules that look at one decision."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from waglan.core.problem import Problem
from waglan.rules.types import GREATEST_MAGNITUDE, LARGEST, LEAST_MAGNITUDE, Type

_CENTS = re.compile(r"-?[0-9]{1,16}\.[0-9]{2}")  # as the log writes money: six times faster than through Decimal
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MS = datetime.timedelta(milliseconds=1)


def row(values: Mapping[str, Any], schema: Mapping[str, Type]) -> dict[str, Any]:
    """Values as the closures of rules take them.

    Parameters
    ----------
    values
        By field. None and a missing field are unknown. Money is a ``Decimal``, a text or an integer of whole dollars;
        a float is rounded to cents. A time is an integer of milliseconds since 1970 UTC or a ``datetime`` (UTC when it
        has no zone). A number may be text. What isn't in ``schema`` is left out.
    schema
        Types by field, as `waglan.rules.types.types` gives them.

    Raises
    ------
    Problem
        ``rule.value`` when a value isn't of its field's type.
    """
    made = {}
    for name, value in values.items():
        wanted = schema.get(name)
        if value is None or wanted is None:
            continue
        try:
            made[name] = _READ[wanted](value)
        except (TypeError, ValueError, InvalidOperation, OverflowError):
            raise Problem(
                f"{name} isn't of type {wanted}.",
                f"It is a {_kind(value)}.",
                "Give a value of the field's type, or None where it isn't known.",
                code="rule.value",
                where=name,
            ) from None
    return made


def number(value: float) -> float | None:
    """The number itself where it is in the range of rules, else None (NaN, infinities, beyond 1e±30)."""
    return value if LEAST_MAGNITUDE <= abs(value) <= GREATEST_MAGNITUDE or value == 0 else None


def whole(value: int) -> int | None:
    """The integer itself where 64 bits hold it, else None."""
    return value if -LARGEST <= value <= LARGEST else None


def cents(value: str | int | Decimal) -> int | None:
    """An amount of dollars in cents, None where it has more than two digits, isn't finite or is too large."""
    if isinstance(value, str) and _CENTS.fullmatch(value):
        return int(value[:-3] + value[-2:])
    try:
        exact = Decimal(value)
    except InvalidOperation:
        return None
    if not exact.is_finite() or abs(exact) >= 10**16 or exact != exact.quantize(Decimal("0.01")):
        return None
    return int(exact * 100)


def _kind(value: object) -> str:
    return type(value).__name__


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _integer(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return whole(value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise TypeError
    return number(float(value))


def _money(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise TypeError
    exact = cents(f"{value:.2f}" if isinstance(value, float) else value)
    if exact is None:
        raise ValueError
    return exact


def _time(value: Any) -> int | None:
    if isinstance(value, datetime.datetime):
        zoned = value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
        return (zoned - _EPOCH) // _MS
    return _integer(value)


def _date(value: Any) -> int:
    if isinstance(value, datetime.datetime) or not isinstance(value, datetime.date):
        raise TypeError
    return value.toordinal() - _EPOCH.toordinal()


def _duration(value: Any) -> int | None:
    return value // _MS if isinstance(value, datetime.timedelta) else _integer(value)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise TypeError
    return tuple([_text(v) for v in value])


def _verdicts(value: Any) -> dict[str, str]:
    return {_text(name): _text(verdict) for name, verdict in dict(value).items()}


_READ: Mapping[Type, Callable[[Any], Any]] = {
    Type.TEXT: _text,
    Type.BOOLEAN: _boolean,
    Type.INTEGER: _integer,
    Type.NUMBER: _number,
    Type.MONEY: _money,
    Type.TIME: _time,
    Type.DATE: _date,
    Type.DURATION: _duration,
    Type.TEXTS: _texts,
    Type.VERDICTS: _verdicts,
}
