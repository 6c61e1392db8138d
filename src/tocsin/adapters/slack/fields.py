"""The pieces that forms are made of, their names, and what a form carries along.

Every input is one block with one element. Block ids name the field; the element's action id is
:data:`VALUE`, except for the external selects, whose action ids say what is looked for
(``PICK_…`` of the contract).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from tocsin.adapters.slack.contract import (
    PICK_DEVICE,
    PICK_LINK,
    PICK_SERVICE,
    PICK_TICKET,
)
from tocsin.adapters.slack.escaping import one_line, plain
from tocsin.core.words import Severity, Status

VALUE: Final = "value"
"""The action id of every element that asks nothing of the server."""

PICK_TEMPLATE: Final = "tocsin_pick_template"
"""The action id of the select of templates: picking one fills the form by ``views.update``."""

TITLE: Final = "title"
DESCRIPTION: Final = "description"
SEVERITY: Final = "severity"
REPORTER: Final = "reporter"
REPORTED_DATE: Final = "reported_date"
REPORTED_TIME: Final = "reported_time"
DEVICES: Final = "devices"
LINKS: Final = "links"
SERVICES: Final = "services"
START_DATE: Final = "start_date"
START_TIME: Final = "start_time"
END_DATE: Final = "end_date"
END_TIME: Final = "end_time"
IMPACT: Final = "impact"
TICKET: Final = "ticket"
ANY_TICKET: Final = "any_ticket"
"""As :data:`TICKET`, where one that is over may be picked too."""
COMMENT: Final = "comment"
STATUS: Final = "status"
RESOLUTION: Final = "resolution"
ROOT_CAUSE: Final = "root_cause"
RESOLVED_DATE: Final = "resolved_date"
RESOLVED_TIME: Final = "resolved_time"
RCA_URL: Final = "rca_url"
TEMPLATE: Final = "template"
BODY: Final = "body"
DEGRADED: Final = "degraded"
PARTIAL: Final = "partial"
MAJOR: Final = "major"
"""Block ids. Where a form was filled from a template, those of what it fills end in
``:<template>``: Slack keeps what was typed into a block while its id stays."""

LONGEST_INPUT: Final = 3_000
"""Characters that a text input takes (Slack: plain-text input, ``max_length``)."""
LONGEST_OPTION: Final = 75
LONGEST_OPTION_VALUE: Final = 150
MOST_OPTIONS: Final = 100
LONGEST_METADATA: Final = 3_000

_ZONE: Final = "Etc/UTC"

View = dict[str, Any]
"""A view, as it goes over the wire."""
Block = dict[str, Any]
Errors = dict[str, str]
"""What is wrong with a form: block id → sentence, as ``response_action: errors`` takes them."""
Option = dict[str, Any]
"""``{"text": {"type": "plain_text", …}, "value": …}``."""


# -- what a form carries ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a form brings back as it was sent: which ticket it is about, where somebody asked.

    ``channel``, ``thread`` and ``message`` are Slack's ids and timestamps, ``permalink`` leads to
    the message that a report is made from; ``template`` is the one the form was filled from.
    """

    org_id: int | None = None
    ticket: str | None = None
    ref: str | None = None
    kind: str | None = None
    status: str | None = None
    channel: str | None = None
    thread: str | None = None
    message: str | None = None
    permalink: str | None = None
    template: str | None = None


NOTHING: Final = Carried()
"""A form that is about no ticket yet, asked for nowhere in particular."""

_CARRIED: Final = frozenset(Carried.__slots__)


def metadata_of(carried: Carried) -> str:
    """*carried* as ``private_metadata``: JSON of at most 3,000 characters; an address that does not
    fit is left out."""
    told = {name: value for name, value in asdict(carried).items() if value is not None}
    text = json.dumps(told, separators=(",", ":"))
    if len(text) > LONGEST_METADATA:
        told = {
            name: value
            for name, value in told.items()
            if not isinstance(value, str) or len(json.dumps(value)) <= 200
        }
        text = json.dumps(told, separators=(",", ":"))
    return text


def carried_by(view: Mapping[str, Any]) -> Carried:
    """What *view* carries; nothing where it carries what this release cannot read."""
    try:
        told = json.loads(view.get("private_metadata") or "{}")
    except (ValueError, TypeError):
        return Carried()
    if not isinstance(told, dict):
        return Carried()
    known: dict[str, Any] = {}
    for name, value in told.items():
        if name == "org_id":
            if type(value) is int:
                known[name] = value
        elif name in _CARRIED and isinstance(value, str):
            known[name] = value
    return Carried(**known)


# -- pieces ----------------------------------------------------------------------------------------


def text_of(text: str) -> dict[str, Any]:
    """*text* as it is, with emoji codes left as typed."""
    return {"type": "plain_text", "text": text, "emoji": True}


def option(text: str, value: str) -> Option:
    """An option of a select; *text* is cut to 75 characters, on one line."""
    shown = plain(one_line(text), longest=LONGEST_OPTION) or "…"
    return {"text": text_of(shown), "value": value}


def words(values: Iterable[str]) -> list[Option]:
    """An option for each word of an enumeration, readable: ``fiber_cut`` is shown as Fiber cut."""
    return [option(readable(value), value) for value in values]


def readable(word: str) -> str:
    """A word of an enumeration as people read it; severities stay as they are."""
    return word if word in _SEVERITIES else word.replace("_", " ").capitalize()


_SEVERITIES: Final = frozenset(Severity)


def field(
    block_id: str,
    label: str,
    element: dict[str, Any],
    *,
    optional: bool = False,
    hint: str | None = None,
    asks: bool = False,
) -> Block:
    """An input block; ``asks`` lets the server hear of it while the form is open."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": text_of(label),
        "element": element,
        "optional": optional,
    }
    if hint is not None:
        block["hint"] = text_of(hint)
    if asks:
        block["dispatch_action"] = True
    return block


def text_input(
    *, initial: str = "", longest: int = LONGEST_INPUT, lines: bool = False, shown: str = ""
) -> dict[str, Any]:
    """A text input; what does not fit of *initial* is cut, *shown* stands there while it is
    empty."""
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": VALUE,
        "multiline": lines,
        "max_length": longest,
    }
    kept = plain(initial if lines else one_line(initial), longest=longest)
    if kept:
        element["initial_value"] = kept
    if shown:
        element["placeholder"] = text_of(shown)
    return element


def address_input(*, initial: str = "") -> dict[str, Any]:
    """An input for an address on the web."""
    element: dict[str, Any] = {
        "type": "url_text_input",
        "action_id": VALUE,
        "placeholder": text_of("https://…"),
    }
    if initial.startswith(("https://", "http://")) and len(initial) <= LONGEST_INPUT:
        element["initial_value"] = initial
    return element


def select(
    options: Sequence[Option], *, initial: str | None = None, action_id: str = VALUE
) -> dict[str, Any]:
    """A static select; the option whose value is *initial* is chosen."""
    element: dict[str, Any] = {
        "type": "static_select",
        "action_id": action_id,
        "options": list(options[:MOST_OPTIONS]),
    }
    chosen = next((one for one in element["options"] if one["value"] == initial), None)
    if chosen is not None:
        element["initial_option"] = chosen
    return element


def search_one(action_id: str, *, shown: str, initial: Option | None = None) -> dict[str, Any]:
    """A select whose options are asked of the server."""
    element: dict[str, Any] = {
        "type": "external_select",
        "action_id": action_id,
        "min_query_length": 0,
        "placeholder": text_of(shown),
    }
    if initial is not None:
        element["initial_option"] = initial
    return element


def search_many(action_id: str, *, shown: str, initial: Sequence[Option] = ()) -> dict[str, Any]:
    """A select of several, whose options are asked of the server."""
    element: dict[str, Any] = {
        "type": "multi_external_select",
        "action_id": action_id,
        "min_query_length": 0,
        "placeholder": text_of(shown),
    }
    if initial:
        element["initial_options"] = list(initial[:MOST_OPTIONS])
    return element


def day_input(*, initial: date | None = None) -> dict[str, Any]:
    """A picker of a day."""
    element: dict[str, Any] = {"type": "datepicker", "action_id": VALUE}
    if initial is not None:
        element["initial_date"] = f"{initial:%Y-%m-%d}"
    return element


def time_input(*, initial: datetime | None = None) -> dict[str, Any]:
    """A picker of a time of day, which says below it that it is in UTC."""
    element: dict[str, Any] = {"type": "timepicker", "action_id": VALUE, "timezone": _ZONE}
    if initial is not None:
        element["initial_time"] = f"{initial.astimezone(UTC):%H:%M}"
    return element


def moment(
    date_id: str,
    time_id: str,
    label: str,
    *,
    day: date | None = None,
    at: datetime | None = None,
    optional: bool = False,
    hint: str | None = None,
) -> list[Block]:
    """A day and a time, both in UTC whatever the zone of who picks them.

    ``at`` fills both; ``day`` the day alone.
    """
    initial = day if at is None else at.astimezone(UTC).date()
    return [
        field(date_id, f"{label}: day (UTC)", day_input(initial=initial), optional=optional),
        field(
            time_id,
            f"{label}: time (UTC)",
            time_input(initial=at),
            optional=optional,
            hint=hint,
        ),
    ]


def affected(
    *,
    devices: Sequence[Option] = (),
    links: Sequence[Option] = (),
    services: Sequence[Option] = (),
    hint: str | None = None,
) -> list[Block]:
    """What is affected: devices, links and services, each searched on the server."""
    return [
        field(
            block_id,
            label,
            search_many(action_id, shown=shown, initial=chosen),
            optional=True,
            hint=hint,
        )
        for block_id, label, action_id, shown, chosen in (
            (DEVICES, "Devices", PICK_DEVICE, "Type a code", devices),
            (LINKS, "Links", PICK_LINK, "Type a code", links),
            (SERVICES, "Services", PICK_SERVICE, "Type a name", services),
        )
    ]


def ticket_picker(*, over_too: bool = False) -> Block:
    """Which ticket; of thousands, as they are searched on the server."""
    return field(
        ANY_TICKET if over_too else TICKET,
        "Ticket",
        search_one(PICK_TICKET, shown="Type a ref or words of the title"),
    )


def about(text: str) -> Block:
    """A line that says what the form is about; shown as it is."""
    return {"type": "section", "text": text_of(plain(text, longest=LONGEST_INPUT) or "…")}


def view_of(
    callback_id: str, title: str, submit: str, blocks: Sequence[Block], *, carried: Carried
) -> View:
    """The modal; *title* and *submit* have at most 24 characters."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": text_of(title),
        "submit": text_of(submit),
        "close": text_of("Cancel"),
        "private_metadata": metadata_of(carried),
        "blocks": list(blocks),
    }


ENDS: Final = frozenset({Status.RESOLVED, Status.COMPLETED, Status.CLOSED})
"""Statuses for which it is asked when, and what helped."""
