"""``tocsin ledger``: the registry whole, as a ledger writes it."""

from __future__ import annotations

import click

from tocsin.app.command_line.connection import desk
from tocsin.app.command_line.fields import described
from tocsin.app.command_line.output import emit, json_options


def _ledger(form: str | None) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.provisioning_tables import ledger_table

    at = desk(click.get_current_context())
    found = call(at.gateway, "GET", at.path("ledger")).body
    emit(found, form=form, human=ledger_table)


ledger = click.Command(
    "ledger",
    params=json_options(),
    callback=_ledger,
    help=described(
        "Count devices and links by where they stand; with --json hand the ledger over whole.",
        more="In the JSON everything is named by pubkey; health and desired status are numbers,"
        " whose words are under numbers.",
        examples=("ledger", "ledger --json > ledger.json"),
    ),
)
