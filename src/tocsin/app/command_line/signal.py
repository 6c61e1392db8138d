"""``tocsin signal``: observations, attached to a ticket by hand or by a script."""

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
    """Attach observations of monitoring systems to tickets."""


def _send(ticket: str, form: str | None, idempotency_key: str | None, **values: Any) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.tables import text

    body = body_of(_FIELDS, values)
    if "labels" in body:
        body["labels"] = {label["name"]: label["value"] for label in body["labels"]}
    at = desk(click.get_current_context())
    where = at.path("tickets", ticket, "signals")
    made = call(at.gateway, "POST", where, body=body, headers=idempotency(idempotency_key)).body
    emit(made, form=form, human=lambda answer, now: text(f"attached to {ticket}"))


signal.add_command(
    click.Command(
        "send",
        params=[
            click.Option(["--ticket"], required=True, help="The ticket, by ref or id."),
            *options(_FIELDS),
            IDEMPOTENCY,
            *json_options(),
        ],
        callback=_send,
        help=described(
            "Attach a signal to a ticket.",
            examples=(
                'signal send --ticket I20261120-af36 --source prometheus --summary "loss 3 %"',
                (
                    "signal send --ticket I20261120-af36 --source nagios --summary DOWN "
                    "--label host=ams-1 --fingerprint ams-1/ping --state resolved"
                ),
            ),
        ),
    )
)
