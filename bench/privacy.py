"""Speed and exact-span accuracy of the identifier scan; ends with one JSON object of its figures.

``python bench/privacy.py --json`` scans the held-out sentences, ``--set tune`` those the patterns were written on;
``--show`` prints what was missed or wrongly found.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from privacy_texts import Sample, samples
from waglan.controls.identifiers import KINDS, find


def _scores(hits: int, wrong: int, missed: int) -> dict[str, float | int]:
    return {
        "planted": hits + missed,
        "wrong": wrong,
        "missed": missed,
        "f1": round(2 * hits / (2 * hits + wrong + missed), 5) if hits + wrong + missed else 1.0,
    }


def accuracy(texts: list[Sample], show: bool) -> dict[str, object]:
    """Exact-span scores per kind and language, and wrong spans per 10,000 characters."""
    hits, wrong, missed = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for text, planted, language in texts:
        truth, found = set(planted), set(find(text))
        for tally, spans in ((hits, truth & found), (wrong, found - truth), (missed, truth - found)):
            for span in sorted(spans, key=lambda s: s.start):
                tally[span.kind, language] += 1
                if show and tally is not hits:
                    context = text[max(0, span.start - 25) : span.end + 12]
                    name = "WRONG" if tally is wrong else "MISSED"
                    print(name, span.kind, repr(text[span.start : span.end]), "in", repr(context))
    languages = sorted({t.language for t in texts})
    return {
        "f1": _scores(sum(hits.values()), sum(wrong.values()), sum(missed.values())),
        "by_kind": {k: _scores(*(sum(c[k, v] for v in languages) for c in (hits, wrong, missed))) for k in KINDS},
        "by_language": {v: _scores(*(sum(c[k, v] for k in KINDS) for c in (hits, wrong, missed))) for v in languages},
        "wrong_per_10k_characters": round(1e4 * sum(wrong.values()) / sum(len(t.text) for t in texts), 3),
    }


def speed(texts: list[Sample], rounds: int) -> dict[str, float]:
    """Megabytes of UTF-8 per second of CPU, best and median of some rounds over the whole corpus."""
    size = sum(len(t.text.encode()) for t in texts)
    taken = []
    for _ in range(rounds):
        started = time.process_time()
        for text in texts:
            find(text.text)
        taken.append(time.process_time() - started)
    taken.sort()
    return {
        "megabytes": round(size / 1e6, 3),
        "best": round(size / 1e6 / taken[0], 2),
        "median": round(size / 1e6 / taken[len(taken) // 2], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON only")
    parser.add_argument("--set", choices=("held", "check", "tune"), default="held", dest="which")
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--texts", type=int, default=800, help="texts per language")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    texts = samples(given.which, given.seed, given.texts)
    dense = speed(texts, given.rounds)
    prose = [Sample(_diluted(t.text, t.language), (), t.language) for t in texts]
    by_language = {v: speed([t for t in texts if t.language == v], given.rounds) for v in ("en", "zh-Hant", "zh-Hans")}
    figures = {
        "set": given.which,
        "seed": given.seed,
        "mb_per_s_dense": dense,
        "mb_per_s_dense_by_language": by_language,
        "mb_per_s_mixed": speed(prose, given.rounds),
        **accuracy(texts, given.show),
    }
    if not given.json:
        for name, figure in figures.items():
            print(f"{name}: {figure}")
    print(json.dumps(figures))


_PLAIN = {
    "en": "The committee met in spring and agreed on the plan for staff training, with three changes to the text. ",
    "zh-Hant": "委員會於春季開會，同意員工培訓計劃，並對文本作出三項修訂，其後交由管理層審閱及跟進有關安排。",
    "zh-Hans": "委员会于春季开会，同意员工培训计划，并对文本作出三项修订，其后交由管理层审阅及跟进有关安排。",
}


def _diluted(text: str, language: str) -> str:
    """The text among plain prose, about one identifier per 500 bytes as in the corpus of the research note."""
    return text + _PLAIN[language] * max(1, 7 * len(text.encode()) // len(_PLAIN[language].encode()))


if __name__ == "__main__":
    main()
