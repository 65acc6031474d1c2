"""The pictures in README and docs, taken from a sample bank in a real browser.

waglan demo --folder /tmp/bank --no-serve && python bench/pictures.py /tmp/bank --json
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NamedTuple

sys.path.sort(key=lambda each: Path(each).resolve() == Path(__file__).resolve().parent)
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.common import finish, parser
from bench.console import people, serving

from waglan.console import House
from waglan.index import decisions
from waglan.runtime import Workspace

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"


class Picture(NamedTuple):
    """One file: which page, as whom, in which language, how."""

    name: str
    path: str
    role: str
    lang: str
    options: dict[str, Any]


def pictures(folder: Path) -> list[Picture]:
    """What is taken; a case and a decision are looked for in the bank."""
    wide: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
    with Workspace.open(folder) as workspace:
        house = House.open(workspace)
        house.index.follow()
        with house.index.reading() as connection:
            refused = decisions.latest(connection, decisions.Filter(route="human", effect="decline"), limit=1).rows[0]
        reviewer = house.access.people.find("bench-reviewer@example.com")
        assert reviewer is not None
        item = house.desk.next(reviewer.identity(house.tenant, workspace.clock.now_ms()))
        assert item is not None
        house.close()
    return [
        Picture("overview", "/console/overview?days=30", "approver", "en", wide),
        Picture("case", f"/console/reviews/{item.id}", "reviewer", "zh-Hant", wide),
        Picture("decision", f"/console/decisions/{refused.id}", "auditor", "en", wide),
        Picture("attention", "/console/reviews/attention", "auditor", "zh-Hans", wide),
        Picture("dark", "/console/use-cases/credit", "auditor", "en", {**wide, "color_scheme": "dark"}),
        Picture("phone", "/console/reviews", "reviewer", "zh-Hant", {"viewport": {"width": 390, "height": 780}}),
    ]


def arguments() -> argparse.Namespace:
    made = parser(__doc__ or "")
    made.add_argument("folder", type=Path, help="a sample bank, as waglan demo makes it")
    made.add_argument("--out", type=Path, default=FOLDER)
    return made.parse_args()


def main() -> None:
    from playwright.sync_api import sync_playwright

    args = arguments()
    cookies = people(args.folder)
    wanted = pictures(args.folder)
    args.out.mkdir(parents=True, exist_ok=True)
    with serving(args.folder) as (port, _), sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for each in wanted:
            context = chromium.new_context(base_url=f"http://localhost:{port}", **each.options)
            here = {"domain": "localhost", "path": "/"}
            session = {"name": "__Host-waglan", "value": cookies[each.role], **here, "secure": True}
            context.add_cookies([session, {"name": "waglan-language", "value": each.lang, **here}])
            page = context.new_page()
            page.goto(each.path, wait_until="load")
            page.wait_for_timeout(500)
            page.screenshot(path=str(args.out / f"{each.name}.png"))
            context.close()
        chromium.close()
    finish({"pictures": {each.name: (args.out / f"{each.name}.png").stat().st_size for each in wanted}})


if __name__ == "__main__":
    main()
