"""What axe-core says of a page: the rules of WCAG 2.2, levels A and AA, and nothing waived."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Final

from playwright.sync_api import Page

RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


@cache
def _axe() -> str:
    # Of the package only the file is used: its Python knows fewer settings than the script.
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


def violations(page: Page) -> list[str]:
    """Each rule that *page* breaks, with where and how; of a browser that runs scripts, as this
    is one.

    Where is the element's own text: to find a selector that nothing else on the page has takes as
    long as most rules do.
    """
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_axe())
    found: dict[str, Any] = page.evaluate(
        """(tags) => axe.run(document, {
            runOnly: {type: "tag", values: tags},
            resultTypes: ["violations"],
            selectors: false,
        })""",
        list(RULES),
    )
    return [
        f"{one['id']}: {one['help']} – {node['html'][:200]} – {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
