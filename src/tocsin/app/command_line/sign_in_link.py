"""``tocsin member sign-in-link``: a link that signs somebody in on the dashboard, once."""

from __future__ import annotations

from typing import Any

import click

from tocsin.app.command_line.connection import desk
from tocsin.app.command_line.fields import described
from tocsin.app.command_line.output import emit, json_options


def _sign_in_link(member: str | None, form: str | None) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.tables import text

    at = desk(click.get_current_context())
    if member is None:
        member = call(at.gateway, "GET", "/v1/me").body["member"]["id"]
    made = call(at.gateway, "POST", at.path("members", str(member), "sign-in-link")).body

    def human(answer: dict[str, Any], now: object) -> Any:
        return text(f"Good once, until {answer['expires_at']}: {answer['url']}")

    emit(made, form=form, human=human)


sign_in_link = click.Command(
    "sign-in-link",
    params=[click.Argument(["member"], metavar="[ID]", required=False), *json_options()],
    callback=_sign_in_link,
    help=described(
        "Make a link that signs a member in on the dashboard (default: yourself).",
        more="It is good once, for 15 minutes; whoever has it is that member.",
        examples=("member sign-in-link", "member sign-in-link 0197a3c2-…"),
    ),
)
