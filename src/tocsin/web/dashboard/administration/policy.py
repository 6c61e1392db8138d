"""The policy: how the org wants it, every field with what it means and what it is by default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.record_commands import ChangePolicy
from tocsin.core.records import Policy
from tocsin.core.words import Severity
from tocsin.handler.directory import POLICY_STREAM
from tocsin.web.dashboard.administration.finding import may, require, require_reader
from tocsin.web.dashboard.administration.frames import room_page
from tocsin.web.dashboard.administration.histories import history
from tocsin.web.dashboard.forms import Choice, Field, Kind, body, typed_of
from tocsin.web.dashboard.visits import Filled, FormAt, Page, PageAt, Sent, Visit, Wish

HOME: Final = "/admin/policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Fields that are about the same."""

    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One field as it is; ``changed`` where that is not what it is by default."""

    label: str
    meaning: str
    value: str
    default: str
    changed: bool


def _number(name: str, label: str, hint: str, *, required: bool = True) -> Field:
    return Field(name=name, label=label, kind=Kind.NUMBER, required=required, hint=hint)


def _flag(name: str, label: str, hint: str) -> Field:
    return Field(name=name, label=label, kind=Kind.FLAG, hint=hint)


def _choice(name: str, label: str, hint: str, *choices: tuple[str, str]) -> Field:
    return Field(
        name=name,
        label=label,
        kind=Kind.CHOICE,
        required=True,
        hint=hint,
        choices=tuple(Choice(value=value, text=text) for value, text in choices),
    )


PARTS: Final = (
    Part(
        title="Tickets",
        fields=(
            _number(
                "severity_levels",
                "Levels of severity",
                "How many there are, 3 to 5. What is worse or better than these is clipped.",
            ),
            _choice(
                "affected",
                "What a ticket has to name",
                "At least one of these, where a person opens it.",
                ("asset_or_service", "a device, a link or a service"),
                ("asset", "a device or a link"),
            ),
            _choice(
                "ticket_scope",
                "What one may open tickets on",
                "For members of a contributor.",
                ("any", "any device and link"),
                ("own", "their contributor's own"),
            ),
            _flag(
                "require_contributor",
                "Only for a contributor",
                "Tickets are opened only by members that act for one.",
            ),
            _flag(
                "require_root_cause",
                "Root cause required",
                "A person who resolves or closes an incident has to say its root cause.",
            ),
            Field(
                name="runbook_base_url",
                label="Where runbooks are",
                longest=2_000,
                hint="What paths of runbooks are put behind.",
            ),
        ),
    ),
    Part(
        title="Maintenance",
        fields=(
            _flag(
                "auto_start",
                "Begins by itself",
                "At its planned start, unless a person was first.",
            ),
            _flag(
                "forbid_overlap",
                "No overlaps",
                "A window that shares a device or link with another is refused; an administrator"
                " may force it.",
            ),
            _number(
                "reminder_before_hours", "Reminded so many hours before", "Once, to everyone on it."
            ),
        ),
    ),
    Part(
        title="Alerts",
        fields=(
            _number(
                "reopen_within_minutes",
                "Reopened within minutes",
                "Firing again so soon after it was resolved reopens; later it is a new incident.",
            ),
            _number(
                "quiet_minutes",
                "Quiet minutes",
                "How long repeats of an alert open nothing after a person closed what it still"
                " fires on.",
            ),
        ),
    ),
    Part(
        title="Network",
        fields=(
            _number("burn_in_hours", "Burn-in in hours", "How long a new link is watched."),
            _number(
                "reactivation_burn_in_minutes",
                "Burn-in in minutes after a drain",
                "How long a link is watched that comes back.",
            ),
            _number(
                "missing_minutes",
                "Missing after minutes",
                "Without news for so long, what is watched counts as missing.",
            ),
        ),
    ),
    Part(
        title="Messages",
        fields=(
            Field(
                name="slack_incidents_channel",
                label="Slack channel for incidents",
                longest=100,
                hint="Where a route to Slack names none.",
            ),
            Field(
                name="slack_maintenance_channel",
                label="Slack channel for maintenance",
                longest=100,
                hint="Where a route to Slack names none.",
            ),
            _choice(
                "dedicated_channel_for",
                "A Slack channel of its own",
                "For incidents this bad or worse.",
                ("never", "never"),
                *((one.value, f"{one.value} and worse") for one in Severity),
                ("always", "always"),
            ),
            _number(
                "destination_alarm_minutes",
                "A destination is down after minutes",
                "Nothing getting through for so long opens an incident.",
            ),
        ),
    ),
    Part(
        title="What is kept",
        fields=(
            _number(
                "pii_retention_days",
                "Personal data for days",
                "Then names and addresses of people are erased: of tickets that have ended, counted"
                " from their end, and of subscriptions that have. Empty: never.",
                required=False,
            ),
            _number(
                "slack_retention_days",
                "Messages from Slack for days",
                "Then text and author of what was said there are erased, on open tickets too."
                " Empty: never.",
                required=False,
            ),
        ),
    ),
)
FIELDS: Final = tuple(field for part in PARTS for field in part.fields)


def policy_of(visit: Visit) -> Policy:
    """The org's policy as it is."""
    head = visit.turn.head(visit.admitted.org_id, POLICY_STREAM)
    state = None if head is None else head.state
    return state if isinstance(state, Policy) else DEFAULT_POLICY


def policy_page(visit: Visit) -> Page:
    """Every field, what it means, and whether it was changed."""
    require_reader(visit, "policy")
    policy = policy_of(visit)
    return room_page(
        visit,
        "policy.html",
        here="policy",
        topics=[(part.title, [_line(field, policy) for field in part.fields]) for part in PARTS],
        changes=may(visit, ChangePolicy(), policy),
        history=history(visit.turn, visit.admitted.org_id, POLICY_STREAM),
        done=visit.one("done") != "",
        home=HOME,
    )


def _line(field: Field, policy: Policy) -> Line:
    value, default = getattr(policy, field.name), getattr(DEFAULT_POLICY, field.name)
    return Line(
        label=field.label,
        meaning=field.hint,
        value=_said(field, value),
        default=_said(field, default),
        changed=value != default,
    )


def _said(field: Field, value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return next((one.text for one in field.choices if one.value == value), str(value))


def _show(visit: Visit, filled: Filled) -> Page:
    require_reader(visit, "policy")
    policy = policy_of(visit)
    require(visit, ChangePolicy(), policy)
    meanwhile: Sequence[object] = ()
    if filled.stale:
        meanwhile = history(
            visit.turn, visit.admitted.org_id, POLICY_STREAM, after=filled.version or 0
        )
    said = {one.name: getattr(policy, one.name) for one in fields(ChangePolicy)}
    return room_page(
        visit,
        "policy_form.html",
        here="policy",
        filled=filled,
        topics=PARTS,
        every_spec=FIELDS,
        begin=typed_of(FIELDS, said),
        version=policy.version or None,
        meanwhile=meanwhile,
        home=HOME,
    )


def _wish(sent: Sent) -> Wish:
    return Wish(
        method="PATCH",
        path="/policy",
        body=body(FIELDS, sent.typed, change=True),
        version=sent.version,
        once=sent.once,
    )


PAGES: Final = (
    PageAt(path=HOME, look=policy_page),
    FormAt(
        path=f"{HOME}/change",
        wish=_wish,
        show=_show,
        done=lambda sent, told: f"{HOME}?done=changed",
    ),
)
