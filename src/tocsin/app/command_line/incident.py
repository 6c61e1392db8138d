"""``tocsin incident``: open, follow and end incidents."""

from __future__ import annotations

from typing import Any

import click

from tocsin.app.command_line.conversation import ASSIGN, commenting, publishing, telling
from tocsin.app.command_line.fields import (
    DISPOSITION,
    INCIDENT_STATUS,
    SEVERITY,
    Instant,
    Prose,
    flag,
)
from tocsin.app.command_line.tickets import (
    CHANGEABLE,
    ON_CREATION,
    RCA,
    ROOT_CAUSE_FLAG,
    SHARED,
    Kind,
    Verb,
    creating,
    listing,
    posting,
    reading,
    title,
    updating,
)

KIND = Kind(name="incident", example="I20261120-af36", statuses=INCIDENT_STATUS)

_WHEN = flag("--at", "at", "When it happened (default: now).", Instant())
_DUPLICATE_OF = flag("--duplicate-of", "duplicate_of", "The other ticket, by ref or id.")
_RESOLUTION = flag("--resolution", "resolution", "What ended it; - reads it.", Prose())
_DISPOSITION = flag("--disposition", "disposition", "Why it ended.", DISPOSITION)
_STARTED = flag("--start-at", "start_at", "When it was first observed.", Instant())

VERBS = (
    Verb(
        name="ack",
        path="acknowledge",
        summary="Acknowledge: somebody is looking.",
        flags=(_WHEN,),
    ),
    Verb(
        name="status",
        path="status",
        summary="Move to another status.",
        more="Any active incident may go on to any later status; investigating, mitigating and "
        "monitoring may go back among themselves.",
        flags=(
            flag("--to --status", "status", "The new status.", INCIDENT_STATUS, required=True),
            flag("--reason", "reason", "Why."),
            ROOT_CAUSE_FLAG,
            _DISPOSITION,
            _DUPLICATE_OF,
            _WHEN,
        ),
        example='--to mitigating --reason "traffic moved to fra-1"',
    ),
    *SHARED,
    ASSIGN,
    RCA,
    Verb(
        name="resolve",
        path="status",
        summary="Resolve: users are no longer affected.",
        fixed=(("status", "resolved"),),
        flags=(
            _RESOLUTION,
            ROOT_CAUSE_FLAG,
            _DISPOSITION,
            _WHEN,
        ),
        example='--resolution "optic replaced" --root-cause hardware',
    ),
    Verb(
        name="close",
        path="close",
        summary="Close: nothing is left to do. An active incident is resolved at the same instant.",
        flags=(_RESOLUTION, ROOT_CAUSE_FLAG, _DISPOSITION),
        example='--resolution "optic replaced" --root-cause hardware',
    ),
    Verb(
        name="reopen",
        path="status",
        summary="Reopen: it goes back to investigating.",
        more="From closed or cancelled it takes an sre_lead or org_admin, and a reason.",
        fixed=(("status", "investigating"),),
        flags=(flag("--reason", "reason", "Why.", required=True), _WHEN),
        example='--reason "errors are back"',
    ),
    Verb(
        name="cancel",
        path="cancel",
        summary="Cancel: it was none.",
        flags=(
            flag("--reason", "reason", "Why.", required=True),
            flag("--disposition", "disposition", "declined, invalid or duplicate.", DISPOSITION),
            _DUPLICATE_OF,
        ),
        example='--reason "same as the other" --disposition duplicate '
        "--duplicate-of I20261120-opub",
    ),
)


def _opened(body: dict[str, Any], *, on_conflict: str | None) -> dict[str, Any]:
    return body if on_conflict is None else {**body, "on_conflict": on_conflict}


@click.group()
def incident() -> None:
    """Open, follow and end incidents: unplanned, service-impacting."""


for command in (
    creating(
        KIND,
        flags=(
            title(required=True),
            flag("--severity", "severity", "sev1 … sev5.", SEVERITY, required=True),
            *CHANGEABLE,
            flag("--status", "status", "Where it stands (default: open).", INCIDENT_STATUS),
            _STARTED,
            flag("--detected-at", "detected_at", "When monitoring saw it.", Instant()),
            ROOT_CAUSE_FLAG,
            *ON_CREATION,
        ),
        finish=_opened,
        extra=(
            click.Option(
                ["--on-conflict"],
                type=click.Choice(["refuse", "attach"]),
                help="When another incident holds the correlation key.",
            ),
        ),
        summary="Open an incident. On disk before it is answered.",
        more="At least one --device, --link or --service is needed, and a --description.",
        examples=(
            (
                'incident create --title "Loss on ams-1:fra-1" --severity sev2 '
                '--description "3 % since 14:00" --link ams-1:fra-1'
            ),
            "incident create --title … --severity sev1 --description - --service api --dry-run",
        ),
    ),
    listing(KIND),
    reading(KIND),
    updating(
        KIND, flags=(title(required=False), *CHANGEABLE, ROOT_CAUSE_FLAG, _STARTED), force=False
    ),
    commenting(KIND),
    publishing(KIND),
    telling(KIND),
    *(posting(KIND, verb) for verb in VERBS),
):
    incident.add_command(command)
