"""``tocsin inbox``: what arrived, what became of it, and reading it again (API: inbox)."""

from __future__ import annotations

from typing import Any

import click

from tocsin.app.command_line.connection import desk
from tocsin.app.command_line.fields import IDEMPOTENCY, Instant, Words, described, idempotency
from tocsin.app.command_line.output import emit, json_options
from tocsin.app.command_line.tickets import limit_options

_VERDICT = Words(
    "attached",
    "deduplicated",
    "created",
    "resolved",
    "unattached",
    "mixed",
    "unparseable",
    "refused",
)


def _span() -> list[click.Parameter]:
    return [
        click.Option(["--connector"], help="A connector, by code or id."),
        click.Option(["--since"], type=Instant(), help="That came then or later."),
        click.Option(["--until"], type=Instant(), help="That came before."),
        click.Option(["--verdict"], type=_VERDICT, help="With that verdict."),
    ]


@click.group()
def inbox() -> None:
    """What arrived: look at it, have it read again."""


def _list(form: str | None, limit: int, everything: bool, **filters: str | None) -> None:
    from tocsin.app.command_line.client import pages
    from tocsin.app.command_line.inbox_tables import inbox_table

    query = [(name, value) for name, value in filters.items() if value is not None]
    if form is None:
        # The table has no room for them.
        query.append(("payload", "false"))
    at = desk(click.get_current_context())
    found = pages(at.gateway, at.path("inbox"), query=query, limit=None if everything else limit)
    emit(found, form=form, human=inbox_table)


def _get(thing: str, form: str | None) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.inbox_tables import inbox_card

    at = desk(click.get_current_context())
    emit(call(at.gateway, "GET", at.path("inbox", thing)).body, form=form, human=inbox_card)


def _replay(
    thing: str | None,
    form: str | None,
    idempotency_key: str | None,
    connector: str | None,
    since: str | None,
    until: str | None,
    verdict: str | None,
) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.inbox_tables import replayed_table

    at = desk(click.get_current_context())
    span = {"connector": connector, "since": since, "until": until}
    if thing is not None:
        if any(span.values()) or verdict:
            raise click.UsageError("which payloads? Name one, or a --connector and a span")
        where = at.path("inbox", thing, "replay")
        done = call(at.gateway, "POST", where, headers=idempotency(idempotency_key)).body
        emit({"items": [done]}, form=form, human=replayed_table)
        return
    if not all(span.values()):
        raise click.UsageError("name one payload, or --connector, --since and --until")
    if idempotency_key is not None:
        raise click.UsageError("--idempotency-key goes with one payload")
    body: dict[str, Any] = {**span, **({"verdict": verdict} if verdict else {})}
    items: list[Any] = []
    while True:
        answer = call(at.gateway, "POST", at.path("inbox", "replay"), body=body).body
        items += answer["items"]
        if not answer["items"] or not answer["left"] or answer["next_since"] is None:
            break
        body["since"] = answer["next_since"]
    emit({"items": items}, form=form, human=replayed_table)


inbox.add_command(
    click.Command(
        "list",
        params=[*_span(), *limit_options(), *json_options()],
        callback=_list,
        help=described(
            "List payloads that arrived, newest first, each with its verdict.",
            examples=(
                "inbox list",
                "inbox list --connector am --since -1h",
                "inbox list --verdict unparseable --json",
            ),
        ),
    )
)
inbox.add_command(
    click.Command(
        "get",
        params=[click.Argument(["thing"], metavar="ID"), *json_options()],
        callback=_get,
        help=described(
            "Show one payload, and what became of each thing that it says.",
            examples=("inbox get 0197a3c2-5d00-…",),
        ),
    )
)
inbox.add_command(
    click.Command(
        "replay",
        params=[
            click.Argument(["thing"], metavar="[ID]", required=False),
            *_span(),
            IDEMPOTENCY,
            *json_options(),
        ],
        callback=_replay,
        help=described(
            "Read a payload again, or a connector's of a span of time.",
            more="With the mapping and the rules of now. Repeats of what is known make nothing.",
            examples=(
                "inbox replay 0197a3c2-5d00-…",
                "inbox replay --connector am --since -1h --until now --verdict unparseable",
            ),
        ),
    )
)


def _dry_run(thing: str, form: str | None, hours: int) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.inbox_tables import dry_run_text

    at = desk(click.get_current_context())
    where = at.path("connectors", thing, "dry-run")
    found = call(at.gateway, "GET", where, query=[("hours", str(hours))]).body
    emit(found, form=form, human=dry_run_text)


dry_run = click.Command(
    "dry-run",
    params=[
        click.Argument(["thing"], metavar="CODE"),
        click.Option(
            ["--hours"],
            type=click.IntRange(min=1, max=720),
            default=24,
            show_default=True,
            help="How far back the payloads go that are heard.",
        ),
        *json_options(),
    ],
    callback=_dry_run,
    help=described(
        "Say what a connector would have opened, were it live.",
        more="What is in the inbox is heard again, by the rules of now; nothing is changed.",
        examples=("connector dry-run am", "connector dry-run am --hours 168 --json"),
    ),
)
"""``tocsin connector dry-run``."""
