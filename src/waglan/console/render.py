"""Templates to HTML: one environment per process, one set of words per language."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from datetime import datetime
from functools import cache, partial
from typing import Any

import jinja2
from jinja2.bccache import Bucket
from markupsafe import Markup

from waglan.console import charts, language, static
from waglan.console.saying import said
from waglan.console.words import NOTICES, english
from waglan.core.case import LANGUAGES, Language


@cache
def _compiled() -> _Compiled:
    return _Compiled()


@cache
def _environment(name: Language) -> jinja2.Environment:
    """Templates in one language; made once, because compiled templates hold no data."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("waglan.console"),
        extensions=("jinja2.ext.i18n", "jinja2.ext.do"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=_compiled(),
        cache_size=-1,
    )
    words = language.catalogue(name)
    # Old style on purpose: the new one marks whatever is translated as safe, also what came from outside.
    made.install_gettext_callables(  # type: ignore[attr-defined] # of the i18n extension
        partial(_gettext, words), words.ngettext, newstyle=False
    )
    made.policies["ext.i18n.trimmed"] = True
    made.globals.update(
        language=name,
        languages=language.NAMES,
        static=static.address,
        charts=charts,
        word=partial(_word, words.gettext),
        said=partial(said, name),
        notice_text=lambda code: words.gettext(NOTICES[code]) if code in NOTICES else "",
    )
    made.filters.update(
        when=partial(_when, name),
        day=partial(_day, name),
        ago=partial(_ago, name),
        span=lambda seconds: language.span(seconds, name),
        number=lambda value: "–" if value is None else f"{value:,}",
        percent=lambda share, digits=1: "–" if share is None else f"{100 * share:.{digits}f} %",
        money=lambda value: "–" if value is None else f"HK${value:,.0f}",
        text=partial(_text, name),
        micros=language.micros,
    )
    return made


def render(template: str, name: Language, data: Mapping[str, Any]) -> bytes:
    """A page's HTML in UTF-8."""
    return _environment(name).get_template(template).render(data).encode()


def warm() -> None:
    """Compile every page in every language, so that the first visitor needn't wait."""
    for name in LANGUAGES:
        environment = _environment(name)
        for template in environment.list_templates(("html",)):
            environment.get_template(template)


class _Compiled(jinja2.BytecodeCache):
    """Templates are the same in every language, so each is compiled once for all of them."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        code = self._code.get(bucket.key)
        if code is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


def _word(translate: Any, group: str, code: object) -> str:
    if code is None or code == "":
        return "–"
    found: str = translate(english(group, code))
    return found


def _gettext(words: gettext.NullTranslations, text: str, **values: object) -> str:
    """A translation as plain text, which the template then escapes like any other."""
    found = words.gettext(text)
    return found % values if values else found.replace("%%", "%")


def _stamp(ms: int) -> str:
    at: datetime = language.local(ms)
    return at.isoformat(timespec="seconds")


def _when(name: Language, ms: int | None, seconds: bool = False) -> str | Markup:
    if ms is None:
        return "–"
    return Markup('<time datetime="{}">{}</time>').format(_stamp(ms), language.time(ms, name, seconds))


def _day(name: Language, ms: int | None) -> str | Markup:
    if ms is None:
        return "–"
    return Markup('<time datetime="{}">{}</time>').format(_stamp(ms), language.day(ms, name))


def _ago(name: Language, ms: int, now_ms: int) -> str | Markup:
    """How long ago, or until when, as a duration; the exact time stands in the title."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        _stamp(ms), language.time(ms, name), language.span(abs(now_ms - ms) / 1000, name)
    )


def _text(name: Language, texts: Mapping[Language, str] | str | None) -> str:
    """Text per language, in this one, else in English, else in any."""
    if texts is None:
        return ""
    if isinstance(texts, str):
        return texts
    return texts.get(name) or texts.get("en") or next(iter(texts.values()), "")
