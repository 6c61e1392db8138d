"""``tocsin redact``: erase text and personal data of an earlier event."""

from __future__ import annotations

import sys

import click

from tocsin.app.command_line.connection import desk
from tocsin.app.command_line.fields import IDEMPOTENCY, described, idempotency
from tocsin.app.command_line.output import emit, json_options


def _redact(
    event: str,
    fields: tuple[str, ...],
    reason: str | None,
    yes: bool,
    form: str | None,
    idempotency_key: str | None,
) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.tables import text

    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("this cannot be undone; say --yes when nobody can be asked")
        click.confirm(f"Erase {', '.join(fields)} of {event} for ever?", abort=True, err=True)
    at = desk(click.get_current_context())
    body: dict[str, object] = {"event": event, "fields": list(fields)}
    if reason is not None:
        body["reason"] = reason
    headers = idempotency(idempotency_key)
    done = call(at.gateway, "POST", at.path("redactions"), body=body, headers=headers).body
    emit(
        done, form=form, human=lambda answer, now: text(f"erased from {event}: {', '.join(fields)}")
    )


redact = click.Command(
    "redact",
    params=[
        click.Argument(["event"], metavar="EVENT"),
        click.Option(
            ["--field", "fields"], multiple=True, required=True, help="A field. Repeatable."
        ),
        click.Option(["--reason"], help="Why; it stays in the log."),
        click.Option(["--yes"], is_flag=True, help="Do not ask."),
        IDEMPOTENCY,
        *json_options(),
    ],
    callback=_redact,
    help=described(
        "Erase fields of an earlier event, for ever (org_admin).",
        more="The chain still verifies; a rebuild shows [removed]. `events list --json` shows ids.",
        examples=("redact 0197a3c2-… --field description --field reporter_email --yes",),
    ),
)
