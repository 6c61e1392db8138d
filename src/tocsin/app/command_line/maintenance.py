"""``tocsin maintenance``: plan, carry out and end planned work."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from tocsin.app.command_line.calendars import calendar
from tocsin.app.command_line.conversation import ASSIGN, commenting, publishing, telling
from tocsin.app.command_line.fields import (
    DISPOSITION,
    MAINTENANCE_STATUS,
    SEVERITY,
    Instant,
    Prose,
    Span,
    flag,
)
from tocsin.app.command_line.tickets import (
    CHANGEABLE,
    ON_CREATION,
    SHARED,
    Kind,
    Verb,
    creating,
    force_option,
    listing,
    posting,
    reading,
    title,
    updating,
)
from tocsin.app.command_line.times import instant, span, written

KIND = Kind(name="maintenance", example="M20261120-opub", statuses=MAINTENANCE_STATUS)

_WHEN = flag("--at", "at", "When it happened (default: now).", Instant())
_START = flag("--start-at", "start_at", "Planned start.", Instant(), required=True)
_END = flag("--end-at", "end_at", "Planned end.", Instant())
_AUTO_CLOSE = flag(
    "--auto-close-after-hours",
    "auto_close_after_hours",
    "Close it when quiet so long after its end.",
    click.IntRange(min=0),
)


def _forced(body: dict[str, Any]) -> dict[str, Any]:
    reason = body.pop("force", None)
    return body if reason is None else {**body, "force": {"reason": reason}}


VERBS = (
    Verb(name="start", path="start", summary="Start: work has begun.", flags=(_WHEN,)),
    Verb(name="complete", path="complete", summary="Complete: work is done.", flags=(_WHEN,)),
    Verb(
        name="extend",
        path="extend",
        summary="Give it a later planned end; completed work goes back to in_progress.",
        flags=(
            flag("--end-at", "end_at", "The new planned end.", Instant(), required=True),
            flag("--force", "force", "Over forbid_overlap, as org_admin, with a reason."),
        ),
        finish=_forced,
        example="--end-at +2h",
    ),
    Verb(
        name="cancel",
        path="cancel",
        summary="Cancel: it will not be done, or not finished.",
        flags=(
            flag("--reason", "reason", "Why.", required=True),
            flag("--disposition", "disposition", "Why, in a word.", DISPOSITION),
        ),
        example='--reason "carrier moved the date"',
    ),
    Verb(
        name="close",
        path="close",
        summary="Close: nothing is left to do.",
        flags=(
            flag("--resolution", "resolution", "What was done; - reads it.", Prose()),
            flag("--disposition", "disposition", "Why it ended.", DISPOSITION),
        ),
    ),
    Verb(
        name="confirm",
        path="confirm",
        summary="Confirm, as an owner of what it touches, that it may have effect there.",
    ),
    *SHARED,
    ASSIGN,
)


def _planned(body: dict[str, Any], *, duration: str | None, force: str | None) -> dict[str, Any]:
    if (duration is None) == ("end_at" not in body):
        raise click.UsageError("when does it end? Give --end-at or --duration")
    if duration is not None:
        start = instant(body["start_at"], now=datetime.now(UTC))
        try:
            body = {**body, "end_at": written(start + span(duration))}
        except OverflowError:
            raise click.UsageError(f"--duration {duration} ends outside the calendar") from None
    return body if force is None else {**body, "force": {"reason": force}}


@click.group()
def maintenance() -> None:
    """Plan, carry out and end maintenance: planned, with a window."""


for command in (
    creating(
        KIND,
        flags=(
            title(required=True),
            *CHANGEABLE,
            _START,
            _END,
            flag("--severity", "severity", "Default: sev3.", SEVERITY),
            _AUTO_CLOSE,
            *ON_CREATION,
        ),
        finish=_planned,
        extra=(
            click.Option(["--duration"], type=Span(), help="How long, instead of --end-at: 2h30m."),
            force_option(),
        ),
        summary="Plan a maintenance. Overlaps with others are answered at once.",
        more="At least one --device, --link or --service is needed, and a --description. "
        "A time is RFC 3339, now, or +2h30m (from now).",
        examples=(
            (
                'maintenance create --title "Swap optic" --description "ams-1 Ethernet1" '
                "--link ams-1:fra-1 --start-at 2026-11-21T22:00:00Z --duration 2h"
            ),
            (
                "maintenance create --title … --description … --device ams-1 "
                "--start-at +1d --end-at +26h --dry-run"
            ),
        ),
    ),
    listing(KIND),
    reading(KIND),
    calendar,
    updating(
        KIND,
        flags=(
            title(required=False),
            *CHANGEABLE,
            _START,
            _END,
            _AUTO_CLOSE,
        ),
        force=True,
    ),
    commenting(KIND),
    publishing(KIND),
    telling(KIND),
    *(posting(KIND, verb) for verb in VERBS),
):
    maintenance.add_command(command)
