"""``tocsin member link-code``: tie a Slack user to a member."""

from __future__ import annotations

from typing import Any

import click

from tocsin.app.command_line.connection import desk
from tocsin.app.command_line.fields import IDEMPOTENCY, described, idempotency
from tocsin.app.command_line.output import emit, json_options


def _link_code(member: str | None, form: str | None, idempotency_key: str | None) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.tables import text

    at = desk(click.get_current_context())
    if member is None:
        member = call(at.gateway, "GET", "/v1/me").body["member"]["id"]
    path = at.path("members", str(member), "link-code")
    given = call(at.gateway, "POST", path, headers=idempotency(idempotency_key)).body

    def human(answer: dict[str, Any], now: object) -> Any:
        if "command" not in answer:
            return text("given out before under the same idempotency key; it is not shown again")
        return text(f"In Slack, until {answer['expires_at']}: {answer['command']}")

    emit(given, form=form, human=human)


link_code = click.Command(
    "link-code",
    params=[
        click.Argument(["member"], metavar="[ID]", required=False),
        IDEMPOTENCY,
        *json_options(),
    ],
    callback=_link_code,
    help=described(
        "Give out a code that ties a Slack user to a member (default: yourself).",
        more="It is good once, for 15 minutes, whoever says it in Slack.",
        examples=("member link-code", "member link-code 0197a3c2-…"),
    ),
)
