"""``tocsin subscription``: who is told what a status page tells, and ending it."""

from __future__ import annotations

from functools import partial
from typing import Final

import click

from tocsin.app.command_line.connection import desk
from tocsin.app.command_line.fields import described
from tocsin.app.command_line.output import emit, json_options
from tocsin.app.command_line.tickets import limit_options

_COLUMNS: Final = ("id", "kind", "address", "services", "created_at")


def _list(page: str | None, form: str | None, limit: int, everything: bool) -> None:
    from tocsin.app.command_line.client import pages
    from tocsin.app.command_line.tables import record_table

    at = desk(click.get_current_context())
    found = pages(
        at.gateway,
        at.path("subscriptions"),
        query=() if page is None else (("page", page),),
        limit=None if everything else limit,
    )
    emit(found, form=form, human=partial(record_table, columns=_COLUMNS))


def _delete(subscription: str, form: str | None) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.tables import card

    at = desk(click.get_current_context())
    ended = call(at.gateway, "DELETE", at.path("subscriptions", subscription)).body
    emit(ended, form=form, human=card)


subscription = click.Group("subscription", help="Who is told what a status page tells.")
subscription.add_command(
    click.Command(
        "list",
        params=[
            click.Option(["--page"], metavar="CODE", help="Of this status page alone."),
            *limit_options(),
            *json_options(),
        ],
        callback=_list,
        help=described(
            "List subscriptions.",
            examples=("subscription list", "subscription list --page main --json"),
        ),
    )
)
subscription.add_command(
    click.Command(
        "delete",
        params=[click.Argument(["subscription"], metavar="ID"), *json_options()],
        callback=_delete,
        help=described(
            "End a subscription: nothing more is sent there.",
            more="Where it went stays in the log until it is erased: tocsin redact, or the policy's"
            " pii_retention_days.",
            examples=("subscription delete 0197a3c2-…",),
        ),
    )
)
