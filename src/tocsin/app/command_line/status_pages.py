"""Status pages as rows: what the public is shown, and where (API: status pages)."""

from __future__ import annotations

from typing import Any

from tocsin.app.command_line.fields import Grouped, Picture, flag
from tocsin.app.command_line.records import Sort, group

_CODE = flag("--code", "code", "Part of its public address: a-z 0-9 -", required=True)
_NAME = flag("--name", "name", "What it is called in public.", required=True)
_STATUS_PAGE = (
    flag("--service", "services", "A service by code, in the order shown ('': none). Repeatable.",
         many=True),
    flag("--group", "groups", "Services shown together ('': none). Repeatable.",
         Grouped(), many=True, metavar="NAME=CODE[,CODE…]"),
    flag("--time-zone", "time_zone", "Of its days, such as Europe/Berlin."),
    flag("--about", "about", "What stands at its top."),
    flag("--support-url", "support_url", "Where users ask: https://…"),
    flag("--accent", "accent", "A colour, such as #1f6feb."),
    flag("--network/--no-network", "shows_network",
         "Whether it shows which devices and links are healthy.", switch=True),
    flag("--logo", "logo", "A PNG or WebP of at most 64 KiB.", Picture(), metavar="FILE"),
)  # fmt: skip


def _without_empty(body: dict[str, Any]) -> dict[str, Any]:
    """An empty one among them is how one says that there are none."""
    return {
        name: [one for one in value if one] if isinstance(value, list) else value
        for name, value in body.items()
    }


status_page = group(
    Sort(
        name="status-page",
        path="status-pages",
        about="Status pages: what the public is shown, and where.",
        naming=("code",),
        creation=(_CODE, _NAME, *_STATUS_PAGE),
        change=(_NAME, flag("--new-code", "code", "Another address from now on."), *_STATUS_PAGE),
        nullable=("about", "support_url", "accent", "logo"),
        finish=_without_empty,
        columns=("code", "name", "path", "services", "time_zone"),
        example="main",
        create_example='--code main --name Acme --service api --service dns --group "Web=api"',
        update_example="--service api --service dns --service mail",
    )
)
