"""``tocsin measures``: how long incidents take, how many there are, how available it all was."""

from __future__ import annotations

import click

from tocsin.app.command_line.connection import desk
from tocsin.app.command_line.fields import IMPACT, Instant, Words, described
from tocsin.app.command_line.output import emit, json_options

_GROUPS = Words(
    "severity", "status", "service", "contributor", "root_cause", "day", "week", "month"
)


def _measures(
    form: str | None,
    from_: str | None,
    to: str | None,
    group_by: str | None,
    include_cancelled: bool,
    impact: tuple[str, ...],
) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.measure_tables import measures_table

    given = (("from", from_), ("to", to), ("group_by", group_by))
    query = [(name, value) for name, value in given if value is not None]
    query += [("impact", one) for one in impact]
    if include_cancelled:
        query.append(("include_cancelled", "true"))
    at = desk(click.get_current_context())
    found = call(at.gateway, "GET", at.path("measures"), query=query).body
    emit(found, form=form, human=measures_table)


measures = click.Command(
    "measures",
    params=[
        click.Option(
            ["--from", "from_"],
            type=Instant(),
            help="Incidents created at or after (default: 30 days before --to).",
        ),
        click.Option(["--to"], type=Instant(), help="Incidents created before (default: now)."),
        click.Option(["--group-by"], type=_GROUPS, help="Have the measures of each group, too."),
        click.Option(["--include-cancelled"], is_flag=True, help="Count cancelled ones, too."),
        click.Option(
            ["--impact"],
            type=IMPACT,
            multiple=True,
            help="Whose incidents make a thing unavailable (default: outage). Repeatable.",
        ),
        *json_options(),
    ],
    callback=_measures,
    help=described(
        "Measure incidents: times to detect, acknowledge, mitigate, resolve and close.",
        more="At most 366 days at once. With --json every figure has its definition beside it.",
        examples=(
            "measures",
            "measures --from 2026-10-01T00:00:00Z --to 2026-11-01T00:00:00Z --group-by severity",
            "measures --from -90d --group-by week --json",
        ),
    ),
)
