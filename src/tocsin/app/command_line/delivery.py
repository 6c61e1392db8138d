"""``tocsin delivery``: what did not get through to a destination (API: deliveries)."""

from __future__ import annotations

from typing import Any

import click

from tocsin.app.command_line.connection import desk
from tocsin.app.command_line.fields import (
    IDEMPOTENCY,
    Words,
    described,
    idempotency,
)
from tocsin.app.command_line.output import emit, json_options
from tocsin.app.command_line.tickets import limit_options

_STATE = Words("waiting", "held", "parked")
_ROUTE = click.Option(["--route"], help="A route, by name or id.")


@click.group()
def delivery() -> None:
    """What did not get through: look at it, have it tried again."""


def _list(
    form: str | None,
    limit: int,
    everything: bool,
    state: tuple[str, ...],
    route: str | None,
    ticket: str | None,
) -> None:
    from tocsin.app.command_line.client import pages
    from tocsin.app.command_line.tables import delivery_table

    query = [("state", one) for one in state]
    query += [(name, value) for name, value in (("route", route), ("ticket", ticket)) if value]
    at = desk(click.get_current_context())
    where = at.path("deliveries")
    found = pages(at.gateway, where, query=query, limit=None if everything else limit)
    emit(found, form=form, human=delivery_table)


def _get(thing: str, form: str | None) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.tables import card

    at = desk(click.get_current_context())
    emit(call(at.gateway, "GET", at.path("deliveries", thing)).body, form=form, human=card)


def _redrive(
    thing: str | None,
    form: str | None,
    idempotency_key: str | None,
    everything: bool,
    route: str | None,
) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.tables import text

    if sum((thing is not None, everything, route is not None)) != 1:
        raise click.UsageError("which delivery? Name exactly one, or a --route, or --all")
    at = desk(click.get_current_context())
    headers = idempotency(idempotency_key)
    if thing is not None:
        where = at.path("deliveries", thing, "redrive")
        done = call(at.gateway, "POST", where, headers=headers).body
        emit(done, form=form, human=lambda body, now: text(f"delivery {thing} is tried again"))
        return
    body: dict[str, Any] = {} if route is None else {"route": route}
    where = at.path("deliveries", "redrive")
    done = call(at.gateway, "POST", where, body=body, headers=headers).body
    emit(done, form=form, human=lambda body, now: text(f"{body['redriven']} tried again"))


delivery.add_command(
    click.Command(
        "list",
        params=[
            click.Option(["--state"], type=_STATE, multiple=True, help="Repeatable."),
            _ROUTE,
            click.Option(["--ticket"], help="A ticket, by ref or id."),
            *limit_options(),
            *json_options(),
        ],
        callback=_list,
        help=described(
            "List deliveries in trouble, in the order of the log.",
            more="waiting: for their next attempt; held: by one before them; parked: for a person.",
            examples=(
                "delivery list",
                "delivery list --state parked --route noc",
                "delivery list --ticket I20261120-af36 --json",
            ),
        ),
    )
)
delivery.add_command(
    click.Command(
        "get",
        params=[click.Argument(["thing"], metavar="ID"), *json_options()],
        callback=_get,
        help=described("Show one delivery in trouble.", examples=("delivery get dlv_4711_0197…",)),
    )
)
delivery.add_command(
    click.Command(
        "redrive",
        params=[
            click.Argument(["thing"], metavar="[ID]", required=False),
            click.Option(["--all", "everything"], is_flag=True, help="All that are parked."),
            _ROUTE,
            IDEMPOTENCY,
            *json_options(),
        ],
        callback=_redrive,
        help=described(
            "Have parked deliveries tried again: one, a route's, or all.",
            examples=(
                "delivery redrive dlv_4711_0197…",
                "delivery redrive --route noc",
                "delivery redrive --all",
            ),
        ),
    )
)


def _test(thing: str, form: str | None, idempotency_key: str | None) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.tables import trial_line

    at = desk(click.get_current_context())
    where = at.path("routes", thing, "test")
    done = call(at.gateway, "POST", where, headers=idempotency(idempotency_key)).body
    emit(done, form=form, human=trial_line)
    if done.get("outcome") != "delivered":
        click.get_current_context().exit(1)


trying_out = click.Command(
    "test",
    params=[click.Argument(["thing"], metavar="ID"), IDEMPOTENCY, *json_options()],
    callback=_test,
    help=described(
        "Send a message that says it is a test, and say what became of it.",
        more="Exit code 1 where it was not delivered.",
        examples=("route test 0197a3c2-…",),
    ),
)
"""``tocsin route test``."""
