"""``tocsin signal``: observations, told to be correlated, or attached to a ticket by hand."""

from __future__ import annotations

from typing import Any

import click

from tocsin.app.command_line.connection import desk
from tocsin.app.command_line.fields import (
    IDEMPOTENCY,
    SEVERITY,
    Instant,
    JsonObject,
    Pair,
    Prose,
    Words,
    body_of,
    described,
    flag,
    idempotency,
    options,
)
from tocsin.app.command_line.known_signals import attaching, listing
from tocsin.app.command_line.output import emit, json_options

_TYPES = Words("ALERT", "METRIC_SPIKE", "ERROR_BURST", "LOG_PATTERN", "TRACE_ANOMALY")
_FIELDS = (
    flag("--source", "source", "Who observed it.", required=True),
    flag("--summary", "summary", "What was seen; - reads it.", Prose(), required=True),
    flag("--signal-type", "signal_type", "Default: ALERT.", _TYPES),
    flag("--state", "state", "firing (default) or resolved.", Words("firing", "resolved")),
    flag("--service", "service_name", "A service's code."),
    flag("--environment", "environment", "production, staging, …"),
    flag("--device", "device", "Code or pubkey."),
    flag("--link", "link", "Code or pubkey."),
    flag("--contributor", "contributor", "A contributor's code."),
    flag("--severity", "severity", "sev1 … sev5, or another system's word.", SEVERITY),
    flag("--correlation-key", "correlation_key", "What it belongs together by."),
    flag("--trace-id", "trace_id", "A trace."),
    flag("--fingerprint", "fingerprint", "The same for each repeat of it."),
    flag("--label", "labels", "NAME=VALUE. Repeatable.", Pair(left="name", right="value"),
         many=True, metavar="NAME=VALUE"),
    flag("--data", "data", "More, as a JSON object.", JsonObject()),
    flag("--ts", "ts", "When it was observed (default: now).", Instant()),
)  # fmt: skip


@click.group()
def signal() -> None:
    """Tell observations of monitoring systems, and attach them to tickets."""


def _send(ticket: str | None, form: str | None, idempotency_key: str | None, **values: Any) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.tables import text

    body = body_of(_FIELDS, values)
    if "labels" in body:
        body["labels"] = {label["name"]: label["value"] for label in body["labels"]}
    at = desk(click.get_current_context())
    where = at.path("signals") if ticket is None else at.path("tickets", ticket, "signals")
    made = call(at.gateway, "POST", where, body=body, headers=idempotency(idempotency_key)).body
    emit(made, form=form, human=lambda answer, now: text(_said(answer, ticket)))


def _said(answer: Any, ticket: str | None) -> str:
    if ticket is not None:
        return f"attached to {ticket}"
    (told,) = answer["results"]
    where = "" if told["ticket_ref"] is None else f" {told['ticket_ref']}"
    return f"{told['verdict']}{where}: {told['reason']}"


signal.add_command(
    click.Command(
        "send",
        params=[
            click.Option(["--ticket"], help="Attach it to this ticket, by ref or id."),
            *options(_FIELDS),
            IDEMPOTENCY,
            *json_options(),
        ],
        callback=_send,
        help=described(
            "Tell a signal: what becomes of it is decided as for any alert, unless a ticket is "
            "named.",
            examples=(
                (
                    'signal send --source cron --summary "backup failed" --severity sev3 '
                    "--correlation-key backup/ams-1"
                ),
                'signal send --ticket I20261120-af36 --source prometheus --summary "loss 3 %"',
                (
                    "signal send --ticket I20261120-af36 --source nagios --summary DOWN "
                    "--label host=ams-1 --fingerprint ams-1/ping --state resolved"
                ),
            ),
        ),
    )
)
signal.add_command(listing)
signal.add_command(attaching)
