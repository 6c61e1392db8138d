"""What is typed to open a ticket, and the request that it becomes (Domain: ticket)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from tocsin.core.ticket_reading import NAME
from tocsin.core.words import Impact, Severity, severities_of
from tocsin.web.dashboard import words
from tocsin.web.dashboard.addresses import NEW_MAINTENANCE
from tocsin.web.dashboard.forms import Choice, Field, Kind, body, typed_of
from tocsin.web.dashboard.visits import Fields, FieldsWrong, Sent, Wish

TICKETS_OF_THE_API: Final = "/tickets"
CHECK: Final = f"{NEW_MAINTENANCE}/check"

NOBODY: Final = Choice(value="", text="Nobody yet")
_ANY_IMPACT: Final = Choice(value="", text="Not known yet")
_DEGRADED: Final = Choice(value="", text="Degraded (if nothing is said)")

_TITLE: Final = Field(
    name="title",
    label="Title",
    required=True,
    hint="What is wrong, as one would say it on the telephone.",
)
_WORK: Final = Field(
    name="title", label="Title", required=True, hint="What is done, and where, in a few words."
)
_DESCRIPTION: Final = Field(
    name="description",
    label="Description",
    kind=Kind.WORDS,
    required=True,
    longest=10_000,
    rows=5,
    hint="What is seen, since when, and what was tried. Markdown; people inside read it only.",
)
_PLAN: Final = Field(
    name="description",
    label="Description",
    kind=Kind.WORDS,
    required=True,
    longest=10_000,
    rows=5,
    hint="What happens step by step, and how it is undone. Markdown; people inside read it only.",
)
AFFECTED: Final = (
    Field(
        name="services",
        label="Services",
        kind=Kind.LISTED,
        longest=4_000,
        suggest="service",
        hint="Codes, with commas between. One that nobody knows yet is made.",
    ),
    Field(
        name="device_pubkey",
        label="Devices",
        kind=Kind.LISTED,
        longest=4_000,
        suggest="device",
        hint="Codes, with commas between.",
    ),
    Field(
        name="affected_link_pubkey",
        label="Links",
        kind=Kind.LISTED,
        longest=4_000,
        suggest="link",
        hint="Codes, with commas between.",
    ),
)
_LABELS: Final = Field(
    name="labels",
    label="Labels",
    kind=Kind.LISTED,
    longest=4_000,
    suggest="label",
    hint="With commas between.",
)
_KEY: Final = Field(
    name="initial_correlation_key",
    label="Correlation key",
    longest=256,
    hint="Alerts with this key join the incident; only one that is open may have it.",
)
_OWN_NUMBER: Final = Field(
    name="internal_reference", label="Your own number", longest=200, hint="As your system calls it."
)
_RUNBOOK: Final = Field(
    name="runbook_path",
    label="Runbook",
    longest=2_000,
    hint="An address, or a path below your runbooks.",
)
_ENVIRONMENT: Final = Field(
    name="environment", label="Environment", longest=64, hint="Production, if nothing is said."
)
_REPORTER: Final = (
    Field(
        name="reporter_name",
        label="Reported by",
        longest=NAME,
        hint="Who noticed it or asks for it, where that is not you.",
    ),
    Field(name="reporter_email", label="Their mail address", longest=NAME),
)
FORCE: Final = Field(
    name="force.reason",
    label="Plan it all the same, because",
    kind=Kind.WORDS,
    longest=2_000,
    rows=2,
    hint="Your policy forbids overlaps; an administrator's reason is recorded with the ticket.",
)
NAMES: Final[Mapping[str, str]] = {"correlation_keys": _KEY.name, "force": FORCE.name}
"""Fields of the API that are called otherwise in the forms."""

SHORT_NAMES: Final[Mapping[str, str]] = {
    "service": "services",
    "device": "device_pubkey",
    "link": "affected_link_pubkey",
    "label": "labels",
    "correlation_key": _KEY.name,
}
"""What an address that fills in the form may call its fields, besides by their names."""


MEANINGS: Final[Mapping[Severity, str]] = {
    Severity.SEV1: "Users are cut off, or data is at risk. People are called now.",
    Severity.SEV2: "An important part is down or hardly usable, with no way round.",
    Severity.SEV3: "Something is impaired, and there is a way round.",
    Severity.SEV4: "Few notice. Working hours will do.",
    Severity.SEV5: "Nobody notices; kept for the record.",
}
"""What each severity means to whoever has to choose one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The fields of one of the two forms, in the parts in which they are shown."""

    said: tuple[Field, ...]
    severity: Field
    affected: tuple[Field, ...]
    window: tuple[Field, ...]
    people: tuple[Field, ...]
    more: tuple[Field, ...]
    forced: tuple[Field, ...] = ()

    @property
    def every(self) -> tuple[Field, ...]:
        """All of them, in the order of the page."""
        return (
            *self.said,
            self.severity,
            *self.affected,
            *self.window,
            *self.people,
            *self.more,
            *self.forced,
        )


def incident_draft(*, levels: int = 5, people: tuple[Choice, ...] = ()) -> Draft:
    """The form for an incident in an org of so many *levels*, of whose *people* one may have it."""
    return Draft(
        said=(_TITLE, _DESCRIPTION),
        severity=_severity(levels, required=True),
        affected=AFFECTED,
        window=(
            Field(
                name="start_at",
                label="Began",
                kind=Kind.INSTANT,
                hint="In UTC. Now, if nothing is said.",
            ),
        ),
        people=(_assignee(people), _LABELS),
        more=(_impact(_ANY_IMPACT), _KEY, _ENVIRONMENT, _OWN_NUMBER, *_REPORTER, _RUNBOOK),
    )


def maintenance_draft(
    *, levels: int = 5, people: tuple[Choice, ...] = (), forced: bool = True
) -> Draft:
    """The form for a maintenance; *forced* is whether it may be planned over a forbidden
    overlap."""
    return Draft(
        said=(_WORK, _PLAN),
        severity=_severity(levels, required=False),
        affected=AFFECTED,
        window=(
            Field(
                name="start_at", label="Begins", kind=Kind.INSTANT, required=True, hint="In UTC."
            ),
            Field(name="end_at", label="Ends", kind=Kind.INSTANT, required=True, hint="In UTC."),
        ),
        people=(_assignee(people), _LABELS),
        more=(
            _impact(_DEGRADED),
            Field(
                name="auto_close_after_hours",
                label="Close by itself after",
                kind=Kind.NUMBER,
                hint="Quiet hours after its end; 24 if nothing is said.",
            ),
            _ENVIRONMENT,
            _OWN_NUMBER,
            *_REPORTER,
            _RUNBOOK,
        ),
        forced=(FORCE,) if forced else (),
    )


def _severity(levels: int, *, required: bool) -> Field:
    return Field(
        name="severity",
        label="Severity",
        kind=Kind.CHOICE,
        required=required,
        choices=tuple(
            Choice(value=one.value, text=words.severity_words(one)) for one in severities_of(levels)
        ),
    )


def _assignee(people: tuple[Choice, ...]) -> Field:
    return Field(
        name="assignee",
        label="Assigned to",
        kind=Kind.CHOICE,
        choices=(NOBODY, *people),
        hint="A person, or a contributor.",
    )


def _impact(unsaid: Choice) -> Field:
    return Field(
        name="impact",
        label="Impact",
        kind=Kind.CHOICE,
        choices=(
            unsaid,
            *(
                Choice(value=one.value, text=one.value.replace("_", " ").capitalize())
                for one in Impact
            ),
        ),
    )


def incident_wish(sent: Sent) -> Wish:
    """The request that opens the incident, or that adds its words to the one that is open.

    Raises:
        FieldsWrong: a field is not what it should be.
    """
    said: dict[str, Any] = {"type": "incident", **_said(incident_draft(), sent)}
    if sent.one("on_conflict") == "attach":
        said["on_conflict"] = "attach"
    return Wish(method="POST", path=TICKETS_OF_THE_API, body=said, once=sent.once)


def maintenance_wish(sent: Sent) -> Wish:
    """The request that plans the maintenance.

    Raises:
        FieldsWrong: a field is not what it should be.
    """
    said = {"type": "maintenance", **_said(maintenance_draft(), sent)}
    return Wish(method="POST", path=TICKETS_OF_THE_API, body=said, once=sent.once)


def check_wish(sent: Sent) -> Wish:
    """The request that only asks what the maintenance would be in the way of.

    Raises:
        FieldsWrong: a field is not what it should be.
    """
    # Without the reason that would force it: what is in the way is what one wants to know.
    said = {"type": "maintenance", **_said(maintenance_draft(forced=False), sent)}
    return Wish(method="POST", path=TICKETS_OF_THE_API, body={**said, "dry_run": True})


def _said(draft: Draft, sent: Sent) -> dict[str, Any]:
    """The body that *sent* makes.

    Raises:
        FieldsWrong: a field is not what it should be, or is empty and must not be. The API reads
            a body up to its first gap; here all of them are told at once.
    """
    empty = {
        spec.name: "This has to be said."
        for spec in draft.every
        if spec.required and not sent.one(spec.name)
    }
    try:
        said = body(draft.every, sent.typed)
    except FieldsWrong as wrong:
        raise FieldsWrong({**wrong.errors, **empty}) from wrong
    if empty:
        raise FieldsWrong(empty)
    return said


def begun_by(fields: Fields, draft: Draft) -> Fields:
    """What the address of the form fills in: by the fields' names, or by :data:`SHORT_NAMES`."""
    found: dict[str, tuple[str, ...]] = {}
    for name, values in fields.items():
        found[SHORT_NAMES.get(name, name)] = values
    begun: dict[str, tuple[str, ...]] = {}
    for spec in draft.every:
        values = found.get(spec.name, ())
        if not values:
            continue
        text = ", ".join(values) if spec.kind is Kind.LISTED else values[-1]
        if spec.kind is Kind.INSTANT:
            text = text[:16].replace(" ", "T")
        begun[spec.name] = (text[: spec.longest],)
    return begun


def begun_as(ticket: Mapping[str, Any]) -> Fields:
    """What the form for a maintenance holds that would become *ticket*, as the API shows one."""
    assignee = ticket.get("assignee") or {}
    record = {
        **ticket,
        "device_pubkey": _codes(ticket.get("devices", ())),
        "affected_link_pubkey": _codes(ticket.get("links", ())),
        "assignee": assignee.get("code") or assignee.get("id"),
    }
    return typed_of(maintenance_draft().every, record)


def _codes(assets: Iterable[Mapping[str, Any]]) -> list[str]:
    return [str(one["code"] or one["pubkey"]) for one in assets]


def filled_in(path: str, fields: Mapping[str, str]) -> str:
    """The address of a form at *path* (:data:`NEW_INCIDENT` or :data:`NEW_MAINTENANCE`) with some
    *fields* filled in."""
    asked = urlencode([(name, value) for name, value in fields.items() if value])
    return f"{path}?{asked}" if asked else path
