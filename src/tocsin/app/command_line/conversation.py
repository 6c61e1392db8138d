"""Talking about a ticket: comments, assignment, what the public reads, and the timeline."""

from __future__ import annotations

from typing import Any

import click

from tocsin.app.command_line.connection import desk
from tocsin.app.command_line.fields import (
    DISPOSITION,
    IDEMPOTENCY,
    Pair,
    Prose,
    Words,
    body_of,
    described,
    flag,
    idempotency,
    options,
)
from tocsin.app.command_line.output import emit, json_options
from tocsin.app.command_line.tickets import (
    ROOT_CAUSE_FLAG,
    Kind,
    Verb,
    limit_options,
    ticket_argument,
    version_option,
)

_PUBLIC_STATUSES = {
    "incident": Words("investigating", "identified", "monitoring", "resolved"),
    "maintenance": Words("scheduled", "in_progress", "verifying", "completed", "cancelled"),
}


def _assigned(body: dict[str, Any]) -> dict[str, Any]:
    if body.pop("nobody", False) == ("assignee" in body):
        raise click.UsageError("name --to somebody, or --nobody")
    return {"assignee": body.get("assignee")}


ASSIGN = Verb(
    name="assign",
    path="assignee",
    summary="Give the ticket to a member or a contributor, or take it from whoever has it.",
    flags=(
        flag("--to --assignee", "assignee", "A member's id or a contributor's code."),
        flag("--nobody", "nobody", "Nobody has it.", switch=True),
    ),
    finish=_assigned,
    example="--to alpha",
)


def commenting(kind: Kind) -> click.Command:
    """``comment``: an update, with or without a move of the status."""
    rows = (
        flag("--body", "body", "What to say, Markdown; - reads it.", Prose()),
        flag("--status", "status", "Move to this status in the same commit.", kind.statuses),
        ROOT_CAUSE_FLAG,
        flag("--disposition", "disposition", "Why it ended.", DISPOSITION),
    )

    def run(ticket: str, form: str | None, if_version: int | None, idempotency_key: str | None,
            **values: Any) -> None:  # fmt: skip
        from tocsin.app.command_line.client import call
        from tocsin.app.command_line.tables import text

        body = body_of(rows, values)
        if "body" not in body and "status" not in body:
            raise click.UsageError("nothing to say; give --body, --status or both")
        at = desk(click.get_current_context())
        headers = idempotency(idempotency_key)
        if if_version is not None:
            headers["If-Match"] = f'"{if_version}"'
        where = at.path("tickets", ticket, "updates")
        made = call(at.gateway, "POST", where, body=body, headers=headers).body
        emit(made, form=form, human=lambda update, now: text(f"said: {update.get('update_id')}"))

    return click.Command(
        "comment",
        params=[
            ticket_argument(),
            *options(rows),
            version_option(),
            IDEMPOTENCY,
            *json_options(),
        ],
        callback=run,
        help=described(
            "Add an update: words, a move of the status, or both at once.",
            more="Updates are internal; `publish` is the only way to the public.",
            examples=(
                f'{kind.name} comment {kind.example} --body "splicing has begun"',
                f"git log -1 | tocsin {kind.name} comment {kind.example} --body -",
            ),
        ).replace("tocsin git log", "git log"),
    )


def publishing(kind: Kind) -> click.Command:
    """``publish``: say something to the public, or correct what was said."""
    statuses = _PUBLIC_STATUSES[kind.name]
    rows = (
        flag("--title", "title", "The public title; needed the first time."),
        flag("--status", "status", " | ".join(statuses.words), statuses),
        flag("--body", "body", "What the public reads; - reads it.", Prose()),
        flag(
            "--service", "services", "CODE=IMPACT: degraded, partial or major. Repeatable.",
            Pair(left="code", right="impact"), many=True, metavar="CODE=IMPACT",
        ),
        flag("--page", "pages", "Only on this status page. Repeatable.", many=True),
    )  # fmt: skip

    def run(ticket: str, form: str | None, edit: str | None, idempotency_key: str | None,
            **values: Any) -> None:  # fmt: skip
        from tocsin.app.command_line.client import call
        from tocsin.app.command_line.tables import text

        body = body_of(rows, values)
        if edit is None and ("status" not in body or "body" not in body):
            raise click.UsageError("--status and --body are needed (or --edit ID to correct one)")
        if edit is not None and (not body or not body.keys() <= {"title", "body"}):
            raise click.UsageError("--edit corrects --title and --body")
        at = desk(click.get_current_context())
        if edit is None:
            where = at.path("tickets", ticket, "public-updates")
            headers = idempotency(idempotency_key)
            made = call(at.gateway, "POST", where, body=body, headers=headers).body
        else:
            where = at.path("tickets", ticket, "public-updates", edit)
            made = call(at.gateway, "PATCH", where, body=body).body
        word = "published" if edit is None else "corrected"
        emit(made, form=form, human=lambda update, now: text(f"{word} for {ticket}"))

    return click.Command(
        "publish",
        params=[
            ticket_argument(),
            *options(rows),
            click.Option(["--edit"], metavar="ID", help="Correct this public update instead."),
            IDEMPOTENCY,
            *json_options(),
        ],
        callback=run,
        help=described(
            "Say something to the public. Nothing else ever shows text of a ticket there.",
            more="`resolved` and `completed` set the services operational.",
            examples=(
                (
                    f'{kind.name} publish {kind.example} --title "API slow" '
                    f'--status {statuses.words[0]} --body "We are looking." --service api=degraded'
                ),
                f'{kind.name} publish {kind.example} --edit ID --body "We are looking into it."',
            ),
        ),
    )


def telling(kind: Kind) -> click.Command:
    """``timeline``: everything that happened to a ticket, in order."""

    def run(ticket: str, form: str | None, limit: int, everything: bool) -> None:
        from tocsin.app.command_line.client import pages
        from tocsin.app.command_line.tables import timeline_table

        at = desk(click.get_current_context())
        where = at.path("tickets", ticket, "timeline")
        found = pages(at.gateway, where, limit=None if everything else limit)
        emit(found, form=form, human=timeline_table)

    return click.Command(
        "timeline",
        params=[ticket_argument(), *limit_options(), *json_options()],
        callback=run,
        help=described(
            "Show everything that happened to a ticket, in order.",
            examples=(
                f"{kind.name} timeline {kind.example}",
                f"{kind.name} timeline {kind.example} --all --json",
            ),
        ),
    )
