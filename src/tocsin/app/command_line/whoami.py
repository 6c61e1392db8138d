"""``tocsin whoami``: who the gateway thinks we are."""

from __future__ import annotations

import click

from tocsin.app.command_line.connection import connect
from tocsin.app.command_line.fields import described
from tocsin.app.command_line.output import emit, json_options


def _whoami(form: str | None) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.tables import card

    me = call(connect(click.get_current_context()), "GET", "/v1/me").body
    emit(me, form=form, human=card)


whoami = click.Command(
    "whoami",
    params=json_options(),
    callback=_whoami,
    help=described(
        "Show the member, role, contributor and orgs of TOCSIN_API_KEY.",
        examples=("whoami", "whoami --json"),
    ),
)
