"""``tocsin events``: the org's log, page by page or as it grows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import click

from tocsin.app.command_line.connection import Desk, desk
from tocsin.app.command_line.fields import described
from tocsin.app.command_line.output import emit, json_options
from tocsin.app.command_line.problems import Unreachable
from tocsin.app.command_line.tickets import limit_options

_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 10.0


@click.group()
def events() -> None:
    """The org's log: everything that was ever accepted, in order."""


def _list(form: str | None, limit: int, everything: bool, after: int | None) -> None:
    from tocsin.app.command_line.client import pages
    from tocsin.app.command_line.tables import event_table

    at = desk(click.get_current_context())
    query = [] if after is None else [("after", str(after))]
    found = pages(at.gateway, at.path("events"), query=query, limit=None if everything else limit)
    emit(found, form=form, human=event_table)


def _follow(form: str | None, after: int | None, limit: int | None) -> None:
    from tocsin.app.command_line.tables import event_line

    at = desk(click.get_current_context())
    with suppress(KeyboardInterrupt):
        for n, event in enumerate(followed(at, after=None if after is None else str(after)), 1):
            emit(event, form=form and "json-compact", human=event_line)
            if n == limit:
                return


def followed(at: Desk, *, after: str | None) -> Iterator[dict[str, Any]]:
    """The events of the org as they come, over as many connections as it takes; never ends.

    Each new connection resumes after the last position seen: none is missed, none comes twice.

    Raises:
        GatewayError: the first connection could not be made, or the gateway refused.
    """
    from tocsin.app.command_line.client import follow

    where = at.path("stream")
    position, reached, pause = after, False, _FIRST_PAUSE_SECONDS
    while True:
        try:
            for identity, data in follow(at.gateway, where, after=position):
                reached, pause = True, _FIRST_PAUSE_SECONDS
                event = json.loads(data)
                if identity:
                    position = identity
                if isinstance(event, dict) and "kind" in event:
                    yield event
            reached = True
        except Unreachable:
            if not reached:
                raise
        click.echo("the stream ended; connecting again", err=True)
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


_AFTER = click.Option(["--after"], type=click.IntRange(min=0), help="Only after this position.")

events.add_command(
    click.Command(
        "list",
        params=[_AFTER, *limit_options(), *json_options()],
        callback=_list,
        help=described(
            "List events by position, oldest first.",
            examples=("events list --after 1200", "events list --all --json-compact > log.json"),
        ),
    )
)
events.add_command(
    click.Command(
        "follow",
        params=[
            _AFTER,
            click.Option(["--limit"], type=click.IntRange(min=1), help="Stop after so many."),
            *json_options(),
        ],
        callback=_follow,
        help=described(
            "Print events as they come, until interrupted. With --json one to a line.",
            more="A broken connection is made again, from the last position seen.",
            examples=("events follow", "events follow --after 0 --json-compact | jq .kind"),
        ),
    )
)
