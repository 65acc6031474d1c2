"""Documents as one HTML file that needs nothing else: it opens from a folder, prints on A4 and reads on a phone."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from waglan.evidence.pack.blocks import Beside, Block, Cell, Facts, Figures, Heading, Line, Part, Table, anchors

STYLE = Markup("""\
:root{color-scheme:light;--ink:#16242b;--quiet:#51646d;--rule:#d5dcdd;--sea:#0d4a63;--good:#1c6134;--warn:#7a4a00;
--bad:#96241e}
*{box-sizing:border-box}html{font-size:15px}
body{margin:0 auto;padding:1.2rem;max-width:64rem;color:var(--ink);background:#fff;
font:1rem/1.45 system-ui,"Segoe UI",Roboto,"Noto Sans","Noto Sans CJK HK","PingFang HK","Microsoft JhengHei",
sans-serif}
h1{font-size:1.6rem;color:var(--sea);margin:.2rem 0 .6rem}h2{font-size:1.1rem;margin:1.3rem 0 .4rem;break-after:avoid}
p{margin:.4rem 0;max-width:56rem;overflow-wrap:anywhere}
article+article{border-top:3px solid var(--sea);margin-top:2rem;padding-top:1rem;break-before:page}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:0}dt{color:var(--quiet)}
dd{margin:0;overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.7rem}
.figures div{border:1px solid var(--rule);border-radius:.4rem;padding:.5rem .7rem}.figures dt{font-size:.85rem}
.figures dd{font-size:1.25rem;font-weight:650}
.figures small{display:block;font-size:.78rem;font-weight:400;color:var(--quiet)}.figures dl{display:block}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.88rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--rule);
overflow-wrap:break-word}td code{overflow-wrap:anywhere}
th{color:var(--quiet);font-weight:600;overflow-wrap:normal}
.beside{display:grid;grid-template-columns:1fr 1fr;gap:0 1.6rem}
@media screen and (max-width:44rem){.beside{display:block}}thead{display:table-header-group}tr{break-inside:avoid}
code{font-family:ui-monospace,Menlo,"DejaVu Sans Mono",monospace;font-size:.92em}.good{color:var(--good)}
.warn{color:var(--warn)}.bad{color:var(--bad);font-weight:600}.quiet{color:var(--quiet)}
nav{font-size:.9rem;margin-bottom:.5rem}
footer{margin-top:1.2rem;border-top:1px solid var(--rule);color:var(--quiet);font-size:.85rem}a{color:#0b5a7a}
@page{size:A4;margin:14mm 13mm}@media print{html{font-size:9.5pt}body{padding:0;max-width:none}nav{display:none}
.scroll{overflow:visible}}.one{font-size:13px}.one h1{font-size:1.3rem}.one h2{font-size:.98rem;margin:.7rem 0 .2rem}
.one p{margin:.2rem 0}@media print{.one{font-size:8pt}.one body{line-height:1.28}
.one th,.one td{padding:.05rem .5rem .05rem 0}.one .figures div{padding:.2rem .5rem}.one h2{margin:.45rem 0 .1rem}
.one dl{grid-template-columns:max-content 1fr max-content 1fr}.figures dl{display:block}
article+article{margin:0;padding:0;border:0}}
""")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"
_NAMES = {"en": "English", "zh-Hant": "繁體中文"}
_LANG = {"en": "en", "zh-Hant": "zh-Hant-HK"}


def html(parts: Sequence[Part], *, one_page: bool = False) -> bytes:
    """The parts one after the other, each in its language; ``one_page`` sets it small enough for one sheet."""
    links = Markup(" · ").join(
        Markup('<a href="#{0}" lang="{0}">{1}</a>').format(part.tongue, _NAMES[part.tongue]) for part in parts
    )
    return (
        Markup(
            '<!doctype html>\n<html lang="{}"{}>\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta http-equiv="Content-Security-Policy" content="{}">\n'
            '<meta name="robots" content="noindex, nofollow">\n'
            "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n{}{}\n</body>\n</html>\n"
        )
        .format(
            _LANG[parts[0].tongue],
            Markup(' class="one"') if one_page else "",
            _POLICY,
            " · ".join(part.title for part in parts),
            STYLE,
            Markup("<nav>{}</nav>\n").format(links) if len(parts) > 1 else "",
            Markup("\n").join(_part(part) for part in parts),
        )
        .encode()
    )


def _part(part: Part) -> Markup:
    known = anchors(part)
    body = Markup("\n").join(_block(part, block, known) for block in part.blocks)
    return Markup('<article id="{}" lang="{}">\n{}\n<footer><p>{}</p></footer>\n</article>').format(
        part.tongue, _LANG[part.tongue], body, part.foot
    )


def _block(part: Part, block: Block, known: frozenset[str]) -> Markup:
    match block:
        case Heading(level, text):
            return Markup("<h{0}>{1}</h{0}>").format(level, text)
        case Line(text, tone):
            return Markup('<p class="{}">{}</p>' if tone else "<p>{1}</p>").format(tone, text)
        case Facts(pairs):
            return Markup("<dl>{}</dl>").format(_pairs(pairs))
        case Figures(each):
            shown = (
                Markup("<div><dl><dt>{}</dt><dd>{} <small>{}</small></dd></dl></div>").format(f.label, f.value, f.note)
                for f in each
            )
            return Markup('<div class="figures">{}</div>').format(Markup("").join(shown))
        case Beside(left, right):
            sides = (Markup("").join(_block(part, each, known) for each in side) for side in (left, right))
            return Markup('<div class="beside"><div>{}</div><div>{}</div></div>').format(*sides)
        case Table():
            return _table(part, block, known)


def _pairs(pairs: Sequence[tuple[str, str]]) -> Markup:
    return Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(name, value) for name, value in pairs)


def _table(part: Part, table: Table, known: frozenset[str]) -> Markup:
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(each) for each in table.columns)
    body = Markup("").join(
        Markup("<tr>{}</tr>\n").format(Markup("").join(_cell(part, cell, known) for cell in row)) for row in table.rows
    )
    return Markup(
        '<div class="scroll"><table aria-label="{}">\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody></table></div>'
    ).format(table.label, head, body)


def _cell(part: Part, cell: Cell, known: frozenset[str]) -> Markup:
    text = Markup("<code>{}</code>").format(cell.text) if cell.code else escape(cell.text)
    if cell.link in known and cell.link:
        text = Markup('<a href="#{}-{}">{}</a>').format(part.tongue, cell.link, text)
    named = Markup(' id="{}-{}"').format(part.tongue, cell.anchor) if cell.anchor else Markup("")
    tone = Markup(' class="{}"').format(cell.tone) if cell.tone else Markup("")
    return Markup("<td{}{}>{}</td>").format(named, tone, text)
