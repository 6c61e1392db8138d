"""``tocsin maintenance calendar``: what is planned, for calendar programs (Integrations:
MAINTNOTE)."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tocsin.app.command_line.connection import desk
from tocsin.app.command_line.fields import Instant, described

_CALENDAR = "text/calendar"


def _calendar(
    ticket: str | None,
    contributor: tuple[str, ...],
    device: tuple[str, ...],
    link: tuple[str, ...],
    from_: str | None,
    to: str | None,
    output: Path | None,
) -> None:
    from tocsin.app.command_line.client import call

    query = [("contributor", one) for one in contributor]
    query += [("device", one) for one in device]
    query += [("link", one) for one in link]
    query += [(name, at) for name, at in (("from", from_), ("to", to)) if at is not None]
    if ticket is not None and query:
        raise click.UsageError("one maintenance, or a choice of them: not both")
    at = desk(click.get_current_context())
    where = at.path("maintenance.ics") if ticket is None else at.path("tickets", f"{ticket}.ics")
    found = call(
        at.gateway, "GET", where, query=query, headers={"Accept": _CALENDAR}, text=_CALENDAR
    ).body.encode()
    if output is None:
        # As it came: its line ends are its own, on every system.
        sys.stdout.buffer.write(found)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(found)
    except OSError as failure:
        raise click.FileError(str(output), failure.strerror) from None


calendar = click.Command(
    "calendar",
    params=[
        click.Argument(["ticket"], required=False),
        click.Option(
            ["--contributor"],
            multiple=True,
            help="Who planned it, or whose things it has effect on. Repeatable.",
        ),
        click.Option(["--device"], multiple=True, help="By code or pubkey. Repeatable."),
        click.Option(["--link"], multiple=True, help="By code or pubkey. Repeatable."),
        click.Option(["--from", "from_"], type=Instant(), help="In effect after."),
        click.Option(["--to"], type=Instant(), help="In effect before."),
        click.Option(
            ["--output"],
            type=click.Path(dir_okay=False, path_type=Path),
            help="Write it to this file  [default: standard output]",
        ),
    ],
    callback=_calendar,
    help=described(
        "Print the maintenance calendar, or of one TICKET its file, as MAINTNOTE.",
        more="Unless --from is given it has everything planned or under way, and what was over in "
        "the last 90 days.",
        examples=(
            "maintenance calendar --output maintenance.ics",
            "maintenance calendar --contributor alpha --to +30d",
            "maintenance calendar M20261120-opub --output swap.ics",
        ),
    ),
)
