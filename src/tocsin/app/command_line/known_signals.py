"""``tocsin signal list`` and ``attach``: alerts as they stand, and those that wait for a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from tocsin.app.command_line.connection import desk
from tocsin.app.command_line.fields import IDEMPOTENCY, Words, described, idempotency
from tocsin.app.command_line.output import emit, json_options
from tocsin.app.command_line.tickets import limit_options

if TYPE_CHECKING:
    from rich.console import RenderableType


def _table(page: Mapping[str, Any], now: datetime) -> RenderableType:
    from tocsin.app.command_line.tables import counted, grid, severity, text
    from tocsin.app.command_line.times import human

    made = grid("id", "state", "severity", "summary", "count", "last seen", "ticket", "reason")
    for one in page["items"]:
        firing = one.get("state") == "firing"
        made.add_row(
            text(one.get("signal_id"), "bold"),
            text(one.get("state"), "bold red" if firing else "green"),
            severity(one.get("severity")),
            text(one.get("summary")),
            text(one.get("count")),
            human(one.get("last_seen"), now=now),
            text(one.get("ticket_ref")),
            text(one.get("reason")),
        )
    return counted(made, page)


def _list(
    form: str | None, limit: int, everything: bool, unattached: bool, **filters: str | None
) -> None:
    from tocsin.app.command_line.client import pages

    query = [(name, value) for name, value in filters.items() if value is not None]
    if unattached:
        query.append(("unattached", "true"))
    at = desk(click.get_current_context())
    found = pages(at.gateway, at.path("signals"), query=query, limit=None if everything else limit)
    emit(found, form=form, human=_table)


def _attach(thing: str, ticket: str, form: str | None, idempotency_key: str | None) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.tables import text

    at = desk(click.get_current_context())
    done = call(
        at.gateway,
        "POST",
        at.path("signals", thing, "attach"),
        body={"ticket": ticket},
        headers=idempotency(idempotency_key),
    ).body
    emit(done, form=form, human=lambda body, now: text(f"signal {thing} is on {ticket}"))


listing = click.Command(
    "list",
    params=[
        click.Option(["--unattached"], is_flag=True, help="Those that no ticket has."),
        click.Option(["--state"], type=Words("firing", "resolved"), help="How they stand."),
        click.Option(["--ticket"], help="A ticket, by ref or id."),
        click.Option(["--connector"], help="A connector, by code or id."),
        click.Option(["--service"], help="A service, by code."),
        click.Option(["--correlation-key", "correlation_key"], help="As it is held here."),
        click.Option(["--fingerprint"], help="As it is held here."),
        click.Option(["--trace-id", "trace_id"], help="Of the trace."),
        *limit_options(),
        *json_options(),
    ],
    callback=_list,
    help=described(
        "List alerts as they stand, by when they were first heard, newest first.",
        examples=(
            "signal list --unattached",
            "signal list --ticket I20261120-af36",
            "signal list --connector am --state firing --json",
        ),
    ),
)
"""``tocsin signal list``."""

attaching = click.Command(
    "attach",
    params=[
        click.Argument(["thing"], metavar="ID"),
        click.Option(["--ticket"], required=True, help="The ticket, by ref or id."),
        IDEMPOTENCY,
        *json_options(),
    ],
    callback=_attach,
    help=described(
        "Put a signal that waits for a person on a ticket.",
        examples=("signal attach 0197a3c2-… --ticket I20261120-af36",),
    ),
)
"""``tocsin signal attach``."""
