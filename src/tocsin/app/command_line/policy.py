"""``tocsin policy``: how the org wants things done (API: PATCH /policy)."""

from __future__ import annotations

from typing import Any

import click

from tocsin.app.command_line.connection import desk
from tocsin.app.command_line.fields import (
    Words,
    body_of,
    described,
    flag,
    options,
    unset_option,
)
from tocsin.app.command_line.output import emit, json_options

_HOURS = click.IntRange(min=0)
_DAYS = click.IntRange(min=1)
FIELDS = (
    flag("--severity-levels", "severity_levels", "How many are used.", click.IntRange(3, 5)),
    flag("--affected", "affected", "What a ticket must name.",
         click.Choice(["asset_or_service", "asset"])),
    flag("--require-contributor/--no-require-contributor", "require_contributor",
         "Only members of a contributor open tickets.", switch=True),
    flag("--require-root-cause/--no-require-root-cause", "require_root_cause",
         "People resolve and close with a root cause.", switch=True),
    flag("--ticket-scope", "ticket_scope", "On whose assets tickets may be opened.",
         click.Choice(["any", "own"])),
    flag("--forbid-overlap/--no-forbid-overlap", "forbid_overlap",
         "Refuse overlapping maintenance.", switch=True),
    flag("--auto-start/--no-auto-start", "auto_start",
         "The clock starts maintenance at its planned start.", switch=True),
    flag("--reminder-before-hours", "reminder_before_hours", "Before the planned start.", _HOURS),
    flag("--slack-incidents-channel", "slack_incidents_channel",
         "Where incidents' cards go; #contributor-incidents if not said."),
    flag("--slack-maintenance-channel", "slack_maintenance_channel",
         "Where maintenances' cards go; #contributor-maintenance if not said."),
    flag("--dedicated-channel-for", "dedicated_channel_for",
         "Incidents with a Slack channel of their own: never, sev1, sev2 (and sev1), always.",
         Words("never", "sev1", "sev2", "always")),
    flag("--runbook-base-url", "runbook_base_url", "What runbook paths are under."),
    flag("--burn-in-hours", "burn_in_hours", "Before a first activation.", _HOURS),
    flag("--reactivation-burn-in-minutes", "reactivation_burn_in_minutes",
         "Before another activation.", _HOURS),
    flag("--missing-minutes", "missing_minutes", "Without samples, in 24 h.", _HOURS),
    flag("--reopen-within-minutes", "reopen_within_minutes", "Firing again reopens.", _HOURS),
    flag("--quiet-minutes", "quiet_minutes", "Closed by hand while firing.", _HOURS),
    flag("--destination-alarm-minutes", "destination_alarm_minutes",
         "A destination down so long opens an incident.", _HOURS),
    flag("--pii-retention-days", "pii_retention_days",
         "So long after a ticket or subscription has ended, who people are is erased from it.",
         _DAYS),
    flag("--slack-retention-days", "slack_retention_days",
         "So long after it was recorded, what was said in Slack is erased.", _DAYS),
)  # fmt: skip
_NULLABLE = (
    "slack_incidents_channel",
    "slack_maintenance_channel",
    "runbook_base_url",
    "pii_retention_days",
    "slack_retention_days",
)


@click.group()
def policy() -> None:
    """How the org wants things done: read it, change it (org_admin)."""


def _get(form: str | None) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.tables import card

    at = desk(click.get_current_context())
    emit(call(at.gateway, "GET", at.path("policy")).body, form=form, human=card)


def _update(form: str | None, unset: tuple[str, ...], **values: Any) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.tables import card

    body = {**body_of(FIELDS, values), **dict.fromkeys(unset)}
    if not body:
        raise click.UsageError("nothing to change; name at least one field")
    at = desk(click.get_current_context())
    emit(call(at.gateway, "PATCH", at.path("policy"), body=body).body, form=form, human=card)


policy.add_command(
    click.Command(
        "get",
        params=json_options(),
        callback=_get,
        help=described("Show the policy.", examples=("policy get", "policy get --json")),
    )
)
policy.add_command(
    click.Command(
        "update",
        params=[*options(FIELDS), unset_option(_NULLABLE), *json_options()],
        callback=_update,
        help=described(
            "Change the policy; it holds for the very next decision.",
            examples=(
                "policy update --forbid-overlap --reminder-before-hours 48",
                "policy update --pii-retention-days 365 --slack-retention-days 90",
                "policy update --unset pii_retention_days",
            ),
        ),
    )
)
